#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Searches with the fuzz targets of build-asan/: `make fuzz`.

usage: fuzz.py SECONDS [TARGET…]

What a search finds interesting goes to build-asan/fuzz/TARGET, in front of the corpus of the source tree, which stays as it is.
"""
import os
import pathlib
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
BUILD = TOP / "build-asan"


def search(name, seconds):
    """Runs one target; True when it found no fault."""
    found = BUILD / "fuzz" / name
    found.mkdir(parents=True, exist_ok=True)
    corpus = TOP / "tests/fuzz/corpus" / name
    command = [str(BUILD / "tests" / f"fuzz-{name}"), f"-max_total_time={seconds}", "-print_final_stats=1", "-verbosity=0",
               f"-artifact_prefix={found}/", str(found)]
    if corpus.is_dir():
        command.append(str(corpus))
    log = found.parent / f"{name}.log"
    with log.open("w", encoding="utf-8") as out:
        status = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, check=False,
                                env=dict(os.environ, UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1")).returncode
    text = log.read_text(encoding="utf-8", errors="replace")
    executed = [line.split()[-1] for line in text.splitlines() if "number_of_executed_units" in line]
    print(f"{'ok  ' if status == 0 else 'FAIL'} {name}: {executed[0] if executed else '?'} inputs in {seconds} s", flush=True)
    if status != 0:
        print("".join("    " + line + "\n" for line in text.splitlines()[-40:]))
    return status == 0


def main():
    if len(sys.argv) < 2 or not sys.argv[1].isdigit():
        sys.exit(__doc__)
    names = sys.argv[2:] or sorted(path.stem for path in (TOP / "tests/fuzz").glob("*.c"))
    results = [search(name, int(sys.argv[1])) for name in names]
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    return 1 if False in results else 0


sys.exit(main())
