#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Answers in the next file: with --dns-state the queries that wait at the end of one run are found by the next.

usage: dns_state.py [BUILD]
"""
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

from dns_control import packet, query

HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)  # pcap, raw IP
CLIENT, SERVER, COUNT, BEGIN = "192.0.2.7", "192.0.2.53", 20, 1700000000


def answer(question):
    return question[:2] + b"\x81\x80" + question[4:]


def records(yagura, capture, *words):
    done = subprocess.run([yagura, "review", "-q", capture, "--only", "dns/overview", "-o", capture.with_suffix(".html"), "--json", capture.with_suffix(".json"),
                           *words], capture_output=True, text=True, check=False)
    review = json.loads(capture.with_suffix(".json").read_text()) if done.returncode == 0 else None
    return done, review


def unsolicited(review):
    """The number of answers that no query is known for, wherever the overview says it."""
    for section in (s for c in review["chapters"] for s in c["sections"]):
        for table in section["tables"]:
            for row in table["rows"]:
                if any(isinstance(cell, str) and "unsolicited" in cell.lower() for cell in row):
                    return next(cell for cell in row if isinstance(cell, int))
    return 0


def main():
    build = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build").resolve()
    passed = failed = 0

    def check(what, good):
        nonlocal passed, failed
        passed, failed = passed + good, failed + (not good)
        if not good:
            print(what)

    with tempfile.TemporaryDirectory() as name:
        scratch = pathlib.Path(name)
        questions = [query(100 + i, f"host{i}.example.test", 1) for i in range(COUNT)]
        first, second, state = scratch / "1.pcap", scratch / "2.pcap", scratch / "state"
        first.write_bytes(HEADER + b"".join(packet(BEGIN + i / 100, CLIENT, SERVER, (40000 + i, 53), q) for i, q in enumerate(questions)))
        second.write_bytes(HEADER + b"".join(packet(BEGIN + 1 + i / 100, SERVER, CLIENT, (53, 40000 + i), answer(q)) for i, q in enumerate(questions)))
        _, alone = records(build / "yagura", second)
        check(f"without a state {unsolicited(alone)} of {COUNT} answers are unsolicited", unsolicited(alone) == COUNT)
        done, _ = records(build / "yagura", first, "--dns-state", state)
        check(f"first run: {done.stderr}", done.returncode == 0)
        check("the state holds every query", state.exists() and state.stat().st_size == 19 + 88 * COUNT)
        done, review = records(build / "yagura", second, "--dns-state", state)
        check(f"second run: {done.stderr}", done.returncode == 0)
        check(f"with it {unsolicited(review)} are", unsolicited(review) == 0)
        check("nothing waits any more", state.stat().st_size == 19)
        state.write_bytes(state.read_bytes() + b"x")
        done, _ = records(build / "yagura", second, "--dns-state", state)
        check(f"a damaged state is refused with its place: {done.returncode} {done.stderr}", done.returncode != 0 and "offset 19" in done.stderr)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
