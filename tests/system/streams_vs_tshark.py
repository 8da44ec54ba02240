#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Compares TCP streams and reassembled datagrams with tshark's, octet for octet, on real captures.

usage: streams_vs_tshark.py BUILD [CAPTURE…]

BUILD/tests/reassemble is the consumer.  Without captures those below $YAGURA_DATA/captures that STREAMS and DATAGRAMS
name are compared.  A stream passes when both directions have the same octets, and the same octets missing at the same places.
It is skipped, with the reason, where tshark is known to tell less:

- it does not know where a direction began whose first octets were lost; we do, from the other side's acknowledgement,
- it keeps what comes after a hole that nobody acknowledges to itself; we give it at the end.
"""
import collections
import os
import pathlib
import re
import shutil
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
DATA = pathlib.Path(os.environ.get("YAGURA_DATA", TOP.parent / "shared/data")) / "captures"
STREAMS = ["general/*", "http-attack/*", "heartbleed/*", "malware/*", "dns/*tcp*", "scan/*"]
DATAGRAMS = ["ddos/amp.TCP.reflection.SYNACK.pcap", "ddos/amp.dns.RRSIG.fragmented.pcap", "dns/dnscap-frags.pcap", "dns/*frag*",
             "dns/zeek-dns-edns-ecs.pcap", "malformed/*asan*", "malformed/*oobr*", "malformed/ndpi-fuzz-*"]
SIZE_MOST = 4 << 20
MISSING = "[%d bytes missing in capture file]"  # what tshark writes into the octets
AT_ONCE = 50


class Tally:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def check(self, what, same, why, reason=""):
        if same:
            self.passed += 1
        elif reason:
            self.skipped += 1
            print(f"skip {what}: {reason}")
        else:
            self.failed += 1
            print(f"FAIL {what}: {why}")


def tshark(*arguments):
    run = subprocess.run(["tshark", "-n", *map(str, arguments)], capture_output=True, text=True, check=False, timeout=300)
    return run.stdout


def captures(patterns):
    for pattern in patterns:
        for path in DATA.glob(pattern):
            if path.is_file() and path.stat().st_size <= SIZE_MOST and re.search(r"\.(pcap|pcapng|cap)$", path.name):
                yield path


def ours(tool, path):
    """Connections ({endpoint: [octets or count of missing ones]}) by pair of endpoints, and datagrams ((time, octets)) counted."""
    run = subprocess.run([tool, path], capture_output=True, text=True, check=False, timeout=300)
    streams, datagrams, open_ones = collections.defaultdict(list), collections.Counter(), {}
    for line in run.stdout.splitlines():
        kind, *words = line.split()
        if kind == "O":
            ends = [(words[1], words[2]), (words[3], words[4])]
            parts = {ends[0]: [], ends[1]: []}
            open_ones[words[0]] = (ends, parts)
            streams[frozenset(ends)].append(parts)
        elif kind in "DG":
            ends, parts = open_ones[words[0]]
            parts[ends[int(words[1])]].append(bytes.fromhex(words[2]) if kind == "D" else int(words[2]))
        elif kind == "R":
            datagrams[(int(words[0]), words[2])] += 1
    return streams, datagrams


def follow(path):
    """What tshark makes of the TCP streams: the same shape as ours."""
    streams = collections.defaultdict(list)
    numbers = [int(n) for line in tshark("-r", path, "-Y", "tcp", "-T", "fields", "-e", "tcp.stream").split() for n in line.split(",")]
    if not numbers:
        return streams
    for first in range(0, max(numbers) + 1, AT_ONCE):
        wanted = [f"-zfollow,tcp,raw,{n}" for n in range(first, min(first + AT_ONCE, max(numbers) + 1))]
        found = {}
        for block in tshark("-r", path, "-q", *wanted).split("=" * 67 + "\n"):
            head = re.match(r"\nFollow: tcp,raw\nFilter: tcp.stream eq (\d+)\nNode 0: (.*)\nNode 1: (.*)\n", "\n" + block)
            if head:
                ends = [tuple(node.replace("[", "").replace("]", "").rsplit(":", 1)) for node in head.group(2, 3)]
                octets = {ends[0]: bytearray(), ends[1]: bytearray()}
                for line in ("\n" + block)[head.end():].splitlines():
                    octets[ends[line.startswith("\t")]].extend(bytes.fromhex(line.strip()))
                found[int(head.group(1))] = (ends, octets)
        for number in sorted(found):
            ends, octets = found[number]
            streams[frozenset(ends)].append(octets)
    return streams


def text_of(parts):
    """Octets as tshark writes them; one hole that was reported in several pieces is one."""
    text, missing = bytearray(), 0
    for part in [*parts, b""]:
        if isinstance(part, int):
            missing += part
            continue
        if missing and part:
            text += (MISSING % missing).encode() + b"\0"
            missing = 0
        text += part
    return text


def has_octets(parts):
    return any(isinstance(part, bytes) for part in parts)


def reason_for(parts, theirs):
    """Why tshark is known to tell less of a direction; empty when it is not."""
    begun = next((i for i, part in enumerate(parts) if isinstance(part, bytes)), len(parts))
    if begun and text_of(parts[begun:]) == theirs:
        return f"tshark does not count the {sum(parts[:begun])} octets missing at the start"
    for start in {0, begun}:
        holes = [i for i, part in enumerate(parts) if isinstance(part, int) and i >= start]
        if any(text_of(parts[start:i]) == theirs for i in holes):
            return "tshark stops at a hole that was never acknowledged"
    return ""


def difference(end, mine, theirs):
    at = next((i for i, (x, y) in enumerate(zip(mine, theirs)) if x != y), min(len(mine), len(theirs)))
    return (f"from {end[0]}:{end[1]}: {len(mine)} octets, tshark {len(theirs)}, first difference at {at}: "
            f"{bytes(mine[at:at + 24])!r} {bytes(theirs[at:at + 24])!r}")


def compare_streams(tally, name, mine, theirs):
    for pair in sorted(mine.keys() | theirs.keys(), key=sorted):
        what = f"{name} " + " ".join(f"{host}:{port}" for host, port in sorted(pair))
        a = [parts for parts in mine.get(pair, []) if any(map(has_octets, parts.values()))]
        b = [octets for octets in theirs.get(pair, []) if any(octets.values())]
        if len(a) != len(b):
            tally.check(what, False, f"{len(a)} connections with octets, tshark {len(b)}")
            continue
        for x, y in zip(a, b):
            wrong = [end for end in sorted(pair) if text_of(x[end]) != y[end]]
            reasons = [reason_for(x[end], y[end]) for end in wrong]
            why = "; ".join(difference(end, text_of(x[end]), y[end]) for end in wrong)
            tally.check(what, not wrong, why, "; ".join(reasons) if all(reasons) else "")


def their_datagrams(path):
    found = collections.Counter()
    for line in tshark("-r", path, "-o", "ip.defragment:TRUE", "-o", "ipv6.defragment:TRUE", "-Y",
                       "ip.reassembled.data or ipv6.reassembled.data", "-T", "fields", "-e", "frame.time_epoch",
                       "-e", "ip.reassembled.data", "-e", "ipv6.reassembled.data").splitlines():
        time, *octets = line.split("\t")
        seconds, _, fraction = time.partition(".")
        for field in octets:
            for item in filter(None, field.replace(":", "").split(",")):
                found[(int(seconds) * 10**9 + int(fraction.ljust(9, "0")), item)] += 1
    return found


def compare_datagrams(tally, name, mine, theirs):
    for key in sorted(mine.keys() | theirs.keys()):
        why = f"put together {mine[key]} times, by tshark {theirs[key]} times: {len(key[1]) // 2} octets {key[1][:32]}"
        for _ in range(max(mine[key], theirs[key])):
            tally.check(f"{name} datagram at {key[0]}", mine[key] == theirs[key], why)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    tool, named = pathlib.Path(sys.argv[1]) / "tests/reassemble", [pathlib.Path(p) for p in sys.argv[2:]]
    streams_tally, datagrams_tally = Tally(), Tally()
    if not shutil.which("tshark") or (not named and not DATA.is_dir()):
        print(f"skipped: needs tshark and captures below {DATA} (YAGURA_DATA)\n0 passed, 0 failed, 1 skipped")
        return 77
    streams = set(named or captures(STREAMS))
    datagrams = set(named or captures(DATAGRAMS))
    for path in sorted(streams | datagrams):
        name = str(path.relative_to(DATA)) if path.is_relative_to(DATA) else path.name
        my_streams, my_datagrams = ours(tool, path)
        if path in streams:
            compare_streams(streams_tally, name, my_streams, follow(path))
        if path in datagrams:
            compare_datagrams(datagrams_tally, name, my_datagrams, their_datagrams(path))
    for what, tally in ("streams", streams_tally), ("datagrams", datagrams_tally):
        print(f"{what}: {tally.passed} equal, {tally.failed} different, {tally.skipped} of which tshark tells less")
    failed = streams_tally.failed + datagrams_tally.failed
    print(f"{streams_tally.passed + datagrams_tally.passed} passed, {failed} failed, "
          f"{streams_tally.skipped + datagrams_tally.skipped} skipped")
    return 1 if failed else 0


sys.exit(main())
