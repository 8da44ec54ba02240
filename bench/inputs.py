# SPDX-License-Identifier: ISC
"""The captures the benchmarks read, made once by the generators of $YAGURA_BENCH (default ../shared/bench)."""
import os
import pathlib
import subprocess

TOP = pathlib.Path(__file__).resolve().parent.parent
WORK = TOP / "build/bench"
GENERATORS = pathlib.Path(os.environ.get("YAGURA_BENCH", TOP.parent / "shared/bench"))
MADE = pathlib.Path(os.environ.get("YAGURA_BENCH_INPUTS", WORK))  # captures made before are used from here

# kind: (megabytes, packets, IP octets): the oracle of the generators' README, byte-exact in YAF and nfpcapd
TRUTH = {
    "mixed": (1500, 2278806, 1428446024),
    "small": (500, 5734751, 326923251),
    "dns": (500, 3756331, 387310083),
}


def compile_tool(name, *flags):
    """A generator or reference program, compiled into build/bench; None when its source is absent."""
    source, program = GENERATORS / f"{name}.c", WORK / name
    if not source.exists():
        return None
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        WORK.mkdir(parents=True, exist_ok=True)
        subprocess.run(["gcc", *flags, "-std=gnu17", "-o", str(program), str(source), "-lm"], check=True)
    return program


def capture(kind):
    """The path of a capture, made when it is missing; None when it cannot be made."""
    for directory in (MADE, WORK):
        path = directory / f"{kind}.pcap"
        if path.exists():
            return path
    generator = compile_tool("gen_traffic", "-O2")
    if generator is None:
        return None
    part = WORK / f"{kind}.part"
    subprocess.run([str(generator), kind, str(TRUTH[kind][0]), str(part)], check=True, stdout=subprocess.DEVNULL)
    part.rename(WORK / f"{kind}.pcap")
    return WORK / f"{kind}.pcap"


def first_packets(kind, count):
    """The first `count` packets of a capture, for programs that are too slow for all of it."""
    path = WORK / f"{kind}-{count}.pcap"
    if not path.exists():
        WORK.mkdir(parents=True, exist_ok=True)
        subprocess.run(["editcap", "-r", str(capture(kind)), str(path), f"1-{count}"], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
    return path


def warm(path):
    """Reads a file once, so that every run finds it in the page cache."""
    with path.open("rb", buffering=0) as file:
        while file.read(1 << 20):
            pass
