#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Measures yagura beside public tools on the same inputs, in the same run: `make bench`.

usage: run.py [--runs N] [--only INPUT[,INPUT…]] [--no-peers] [-o FILE]

Every program runs pinned to one core with its input in the page cache; what counts is user and system CPU, the median of N runs
(default 5), and the peak of resident memory.  Programs take turns, so that a slow minute of the machine hits all of them.  The
table goes to doc/benchmarks.md.  Exit status 1: a program failed, or octets differ from the generators' truth.
"""
import argparse
import contextlib
import json
import os
import pathlib
import platform
import shutil
import socket
import subprocess
import sys

import dns
import exports
import inputs
import measure
import sqli
import web

TOP = inputs.TOP
BUILD = pathlib.Path(os.environ.get("YAGURA_BUILD", TOP / "build"))
YAGURA = BUILD / "yagura"
WORK = inputs.WORK
NDPI_PACKETS = 1000000

# What the project asks of itself: million packets per CPU second, and how many times a peer's rate.
MUST_AIM = {
    ("mixed", "yagura"): (2.0, 3.0),
    ("small", "yagura"): (1.2, 2.5),
    ("mixed", "nfpcapd"): (4.3, 6.5),
    ("mixed", "softflowd"): (6.4, 10),
    ("mixed", "ndpiReader"): (17, 34),
    ("small", "nfpcapd"): (13, 23),
    ("small", "softflowd"): (13, 23),
}
TWO_CORES_MUST = 0.6
PEAK_MUST_MB = 1536
INGEST_MUST = 0.7


class Program:
    """Something that is measured on an input: its name, its command line and how many packets it is given."""

    def __init__(self, name, command, packets, cleanup=None):
        self.name, self.command, self.packets, self.cleanup = name, command, packets, cleanup
        self.costs = []

    def run(self, core_count=1):
        if self.cleanup is not None:
            shutil.rmtree(self.cleanup, ignore_errors=True)
            self.cleanup.mkdir(parents=True)
        log = WORK / f"{self.name}.log"
        cost = measure.run(self.command, core_count, log)
        if cost.status != 0:
            sys.exit(f"bench: {' '.join(map(str, self.command))}\nended with status {cost.status}:\n" +
                     log.read_text(errors="replace")[-2000:])
        self.costs.append(cost)
        return cost

    def rate(self):
        """Million packets per CPU second."""
        return self.packets / measure.median(self.costs).cpu / 1e6


def review_command(path, kind):
    return [YAGURA, "review", "-o", WORK / f"{kind}.html", "--json", WORK / f"{kind}.json", path]


def peers(kind, path, packets, port):
    """The public tools that are installed, with the same timeouts: active 300 s, idle 60 s."""
    flows = WORK / "nfpcapd"
    if shutil.which("nfpcapd"):
        where = "-w" if b"-w flowdir" in subprocess.run(["nfpcapd", "-h"], capture_output=True, check=False).stdout else "-l"
        yield Program("nfpcapd", ["nfpcapd", "-e", "300,60", "-r", path, where, flows], packets, flows)
    if shutil.which("softflowd"):
        timeouts = [f"{name}=60" for name in ("tcp", "tcp.rst", "tcp.fin", "udp", "icmp", "general")] + ["maxlife=300"]
        yield Program("softflowd", ["softflowd", "-d", "-6", "-a", "-v", "9", "-m", "16000000", "-p", WORK / "softflowd.pid", "-c", "none",
                                    *[word for t in timeouts for word in ("-t", t)], "-n", f"127.0.0.1:{port}", "-r", path], packets)
    if kind == "mixed" and shutil.which("ndpiReader") and shutil.which("editcap"):
        yield Program("ndpiReader", ["ndpiReader", "-q", "-i", inputs.first_packets(kind, NDPI_PACKETS)], NDPI_PACKETS)
    reference = inputs.compile_tool("walk64r", "-O3", "-march=x86-64-v3")
    if reference is not None:
        yield Program("walk64r", [reference, "all", path], packets)


@contextlib.contextmanager
def sink():
    """A bound UDP socket on loopback that exports go to and nobody reads."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        yield receiver.getsockname()[1]


def ip_octets(review):
    """IP octets of a review, from its traffic/volume section."""
    for chapter in review["chapters"]:
        for section in chapter["sections"]:
            if section["id"] == "traffic/volume":
                for table in section["tables"]:
                    names = [column["name"] for column in table["columns"]]
                    if table["id"] == "ip_version":
                        return sum(row[names.index("octets")] for row in table["rows"])
    return None


def row(*cells):
    return "| " + " | ".join(cells) + " |"


def verdict(value, bounds, smaller=False):
    """`must` and `aim` columns: what was asked, and whether it was reached."""
    if bounds is None:
        return "", ""
    return tuple(f"{bound:g} {'yes' if (value <= bound if smaller else value >= bound) else '**no**'}" for bound in bounds)


def measure_input(kind, options, lines):
    """All programs on one input; False when octets are wrong."""
    path = inputs.capture(kind)
    if path is None:
        lines.append(row(kind, "not measured: no input and no generator", *[""] * 6))
        return True
    _, packets, octets = inputs.TRUTH[kind]
    inputs.warm(path)
    with sink() as port:
        programs = [Program("yagura", review_command(path, kind), packets)]
        if not options.no_peers:
            programs += peers(kind, path, packets, port)
        for _ in range(options.runs):
            for program in programs:
                cost = program.run()
                print(f"{kind:6} {program.name:11} {cost.cpu:7.2f} s CPU {cost.peak_mb:6.0f} MB", flush=True)
    ours = programs[0].rate()
    for program in programs:
        cost, rate = measure.median(program.costs), program.rate()
        given = f" (first {program.packets:,} packets)" if program.packets != packets else ""
        if program.name == "yagura":
            must, aim = verdict(rate, MUST_AIM.get((kind, "yagura")))
            ratio = ""
        else:
            must, aim = verdict(ours / rate, MUST_AIM.get((kind, program.name)))
            ratio = f"{ours / rate:.1f}×"
        lines.append(row(kind + given, program.name, f"{cost.cpu:.2f}", f"{rate:.2f}", f"{cost.peak_mb:.0f}", ratio, must, aim))
    counted = ip_octets(json.loads((WORK / f"{kind}.json").read_text(encoding="utf-8")))
    options.notes.append(f"IP octets of {kind}.pcap: {counted:,} counted, {octets:,} generated" if counted is not None else
                         f"IP octets of {kind}.pcap: not in the review")
    if kind == "small":
        peak = measure.median(programs[0].costs).peak_mb
        options.notes.append(f"peak resident memory on small.pcap: {peak:.0f} MB (must: {PEAK_MUST_MB} MB)")
    return counted == octets


def measure_cores(options):
    """Wall time on two cores against one."""
    if len(measure.cores()) < 2 or inputs.capture("mixed") is None:
        return
    inputs.warm(inputs.capture("mixed"))
    program, walls = Program("yagura", review_command(inputs.capture("mixed"), "mixed"), 1), {1: [], 2: []}
    for _ in range(options.runs):
        for count, seen in walls.items():
            seen.append(program.run(count).wall)
    one, two = (sorted(walls[count])[options.runs // 2] for count in (1, 2))
    options.notes.append(f"two cores on mixed.pcap: {two:.2f} s of wall time against {one:.2f} s on one core, {two / one:.2f} of it "
                         f"(must: {TWO_CORES_MUST})")


def measure_ingest(options):
    """Rows of flows written per CPU second."""
    path = inputs.capture("small")
    if path is None:
        return
    inputs.warm(path)
    store = WORK / "store"
    program = Program("ingest", [YAGURA, "ingest", path, "--store", f"duckdb:{store}"], 1, store)
    for _ in range(options.runs):
        print(f"ingest {program.run().cpu:.2f} s CPU", flush=True)
    answer = subprocess.run([YAGURA, "query", "--store", f"duckdb:{store}", "--csv", "SELECT count(*) AS n FROM flows"],
                            stdout=subprocess.PIPE, text=True, check=True).stdout
    rows, cost = int(answer.split()[-1]), measure.median(program.costs)
    options.notes.append(f"ingest of small.pcap into duckdb: {rows:,} flows in {cost.cpu:.2f} CPU s, reading and metering included: "
                         f"{rows / cost.cpu / 1e6:.2f} M rows per CPU second (must: {INGEST_MUST}); peak {cost.peak_mb:.0f} MB")
    shutil.rmtree(store)


def machine():
    """One line on where this ran."""
    model = next((line.split(":")[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
                  if line.startswith("model name")), platform.machine())
    return f"{len(measure.cores())} cores of {model}, Linux {platform.release().split('-')[0]}"


def versions():
    """Debian's versions of the peers."""
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Version}, ", "nfdump", "softflowd", "libndpi-bin", "pmacct"],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    return done.stdout.rstrip(", ")


HEAD = """# Benchmarks

Made by `make bench`, which runs everything below in turns in one run. {machine}; {versions}. Every program is pinned to one core
and finds its input in the page cache; *CPU s* is user and system time with all children, the median of {runs} runs; *peak MB* is the
largest resident memory of any run. *yagura is* says how many times the rate of that program yagura has. `yagura review` meters
flows, runs every analysis and writes the review; the others only meter. walk64r is an unchecked reference without timeouts, checks or output: what
one core can do. All meters use 300 s active and 60 s idle timeouts. Ratios hold within one run only: machines and their minutes differ.

| input | program | CPU s | M packets per CPU s | peak MB | yagura is | must | aim |
|---|---|---|---|---|---|---|---|
"""


def kept_section(path):
    """The last section of the file, which subscribers.py measures and writes."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    begin = text.find("\n## A million subscribers\n")
    return text[begin:] if begin >= 0 else ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", default="mixed,small,dns,root,web,sqli,nf_v9,nf_ipfix,nf_v5,nf_sflow")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("-o", dest="output", type=pathlib.Path, default=TOP / "doc/benchmarks.md")
    options = parser.parse_args()
    options.notes = []
    if not YAGURA.exists():
        sys.exit(f"bench: there is no {YAGURA}; run `make` first")
    captures = [kind for kind in inputs.TRUTH if kind in options.only.split(",")]
    if captures and inputs.capture(captures[0]) is None:
        sys.exit(f"bench: no captures in {inputs.MADE} and no generators in {inputs.GENERATORS}: set YAGURA_BENCH")
    WORK.mkdir(parents=True, exist_ok=True)
    lines, good = [], True
    for kind in captures:
        good = measure_input(kind, options, lines) and good
    if "mixed" in captures:
        measure_cores(options)
    if "small" in captures:
        measure_ingest(options)
    section, complete = exports.section(options, YAGURA)
    good = good and complete
    section += dns.section(options, YAGURA)
    section += web.section(options, YAGURA)
    if "sqli" in options.only.split(","):
        section += sqli.section(YAGURA.parent)
    head = HEAD.format(machine=machine(), versions=versions(), runs=options.runs)
    kept = kept_section(options.output)
    options.output.write_text(head + "\n".join(lines) + "\n\n" + "".join(f"- {note}\n" for note in options.notes) + section + kept,
                              encoding="utf-8")
    print(options.output.read_text(encoding="utf-8"))
    return 0 if good else 1


sys.exit(main())
