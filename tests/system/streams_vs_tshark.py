#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Compares TCP streams and reassembled datagrams with tshark's, octet for octet, on captures made up at random and on real ones.

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
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile

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


class Maker:
    """A capture of raw IP packets with random streams and fragments: what the real captures have few of."""

    def __init__(self, seed):
        self.random, self.packets, self.ip_id = random.Random(seed), [], 0

    def ip(self, version, source, protocol, payload):
        """One packet from host 1 or 2 to the other."""
        self.ip_id += 1
        if version == 6:
            address = [bytes.fromhex("20010db8") + bytes(11) + bytes([host]) for host in (source, 3 - source)]
            return struct.pack(">IHBB", 6 << 28, len(payload), protocol, 64) + b"".join(address) + payload
        address = [bytes([192, 0, 2, host]) for host in (source, 3 - source)]
        return struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), self.ip_id & 0xffff, 0, 64, protocol, 0) + b"".join(address) + payload

    def tcp(self, version, port, side, flags, seq, ack, octets=b""):
        ports = (port, 80) if side == 0 else (80, port)
        header = struct.pack(">HHIIBBHHH", *ports, seq % 2**32, ack % 2**32, 5 << 4, flags, 65535, 0, 0)
        self.packets.append(self.ip(version, side + 1, 6, header + octets))

    def stream(self, version, port, lossy):
        """A connection cut into segments, shuffled a little, repeated; acknowledgements are honest."""
        rand = self.random
        octets = [rand.randbytes(rand.randrange(1, 20000)) for _ in (0, 1)]
        isn = [rand.choice([rand.randrange(2**32), 2**32 - rand.randrange(1, 9000)]) for _ in (0, 1)]
        arrived, reached = [bytearray(len(o) + 1) for o in octets], [0, 0]
        plan = []
        for side in (0, 1):
            at = 0
            while at < len(octets[side]):
                size = rand.randrange(1, 1400)
                plan.append((at + rand.randrange(3000), side, at, min(size, len(octets[side]) - at)))
                at += size
        plan.sort()
        self.tcp(version, port, 0, 0x02, isn[0], 0)
        self.tcp(version, port, 1, 0x12, isn[1], isn[0] + 1)
        for _, side, at, size in plan:
            for _ in range(1 if lossy or rand.random() < 0.9 else 2):
                if not lossy or rand.random() < 0.95:
                    self.tcp(version, port, side, 0x10, isn[side] + 1 + at, isn[1 - side] + 1 + reached[1 - side],
                             octets[side][at:at + size])
            arrived[side][at:at + size] = b"\1" * size
            reached[side] = arrived[side].index(0)
            self.tcp(version, port, 1 - side, 0x10, isn[1 - side] + 1 + reached[1 - side], isn[side] + 1 + reached[side])
        for side in (0, 1):
            self.tcp(version, port, side, 0x11, isn[side] + 1 + len(octets[side]),
                     isn[1 - side] + 1 + len(octets[1 - side]) + side)
        self.tcp(version, port, 0, 0x10, isn[0] + 2 + len(octets[0]), isn[1] + 2 + len(octets[1]))

    def datagram(self, version):
        """A UDP datagram in fragments, shuffled, some of them twice."""
        rand, size = self.random, self.random.randrange(100, 9000)
        whole = struct.pack(">HHHH", 5000, 5001, size + 8, 0) + rand.randbytes(size)
        step, number, pieces = rand.randrange(8, 170) * 8, rand.randrange(1, 2**16), []
        for at in range(0, len(whole), step):
            part, more = whole[at:at + step], at + step < len(whole)
            if version == 6:
                pieces.append(self.ip(6, 1, 44, struct.pack(">BBHI", 17, 0, at | more, number) + part))
            else:
                packet = bytearray(self.ip(4, 1, 17, part))
                packet[4:8] = struct.pack(">HH", number, more << 13 | at // 8)
                pieces.append(bytes(packet))
        rand.shuffle(pieces)
        for piece in pieces[:-1]:
            self.packets += [piece] * rand.choice([1, 1, 1, 2])
        self.packets.append(pieces[-1])

    def write(self, path):
        with open(path, "wb") as out:
            out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
            for i, packet in enumerate(self.packets):
                out.write(struct.pack("<IIII", 1700000000 + i // 1000, i % 1000 * 1000, len(packet), len(packet)) + packet)


def compare_made_up(tool, streams_tally, datagrams_tally):
    for seed in range(4):
        maker = Maker(seed)
        for i in range(24):
            maker.stream(4 + 2 * (i % 2), 10000 + i, lossy=i % 4 >= 2)
        for i in range(60):
            maker.datagram(4 + 2 * (i % 2))
        with tempfile.NamedTemporaryFile(suffix=".pcap") as file:
            maker.write(file.name)
            my_streams, my_datagrams = ours(tool, file.name)
            compare_streams(streams_tally, f"made up {seed}", my_streams, follow(file.name))
            compare_datagrams(datagrams_tally, f"made up {seed}", my_datagrams, their_datagrams(file.name))


def figures(*tallies):
    return ", ".join(f"{what}: {t.passed} equal, {t.failed} different, tshark tells less of {t.skipped}"
                     for what, t in zip(("streams", "datagrams"), tallies))


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    tool, named = pathlib.Path(sys.argv[1]) / "tests/reassemble", [pathlib.Path(p) for p in sys.argv[2:]]
    streams_tally, datagrams_tally, absent = Tally(), Tally(), 0
    if not shutil.which("tshark"):
        print("skipped: needs tshark\n0 passed, 0 failed, 1 skipped")
        return 77
    if not named:
        compare_made_up(tool, streams_tally, datagrams_tally)
        print("made up: " + figures(streams_tally, datagrams_tally))
        if not DATA.is_dir():
            absent = 1
            print(f"skipped: no captures below {DATA} (YAGURA_DATA)")
    streams = set(named or captures(STREAMS))
    datagrams = set(named or captures(DATAGRAMS))
    for path in sorted(streams | datagrams):
        name = str(path.relative_to(DATA)) if path.is_relative_to(DATA) else path.name
        my_streams, my_datagrams = ours(tool, path)
        if path in streams:
            compare_streams(streams_tally, name, my_streams, follow(path))
        if path in datagrams:
            compare_datagrams(datagrams_tally, name, my_datagrams, their_datagrams(path))
    print("all: " + figures(streams_tally, datagrams_tally))
    failed = streams_tally.failed + datagrams_tally.failed
    print(f"{streams_tally.passed + datagrams_tally.passed} passed, {failed} failed, "
          f"{streams_tally.skipped + datagrams_tally.skipped + absent} skipped")
    return 1 if failed else 0


sys.exit(main())
