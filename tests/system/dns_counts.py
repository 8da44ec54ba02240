#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Counts DNS messages, in real captures and in captures made up of what is hard about TCP and fragments, and compares with tshark's.

usage: dns_counts.py [BUILD]

Messages are compared one by one: id, query or response, whether an ICMP error quotes it, transport.  Latencies of responses are
compared with tshark's dns.time.  In the captures made up here the truth is known as well, and ours must be the truth: every message of
which all octets are there, once.  Where tshark finds others than the truth that is said, and is no failure of ours.
Real captures are those of $YAGURA_DATA/captures/dns.
"""
import collections
import json
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else TOP / "build")
DATA = pathlib.Path(os.environ.get("YAGURA_DATA", TOP.parent / "shared/data")) / "captures/dns"
PORTS = "udp.port in {53,5353,5355} or tcp.port in {53,5353,5355}"


def ours(path):
    done = subprocess.run([BUILD / "yagura", "records", "--dns", path], capture_output=True, text=True, check=True, timeout=120)
    messages, latencies, bad = collections.Counter(), collections.Counter(), False
    for record in map(json.loads, done.stdout.splitlines()):
        # A quoted message of which not even the header was quoted is none to tshark.
        if record["kind"] == "pending" or (record["kind"] == "quoted" and record["questions"] == 0):
            continue
        messages[(record["id"], record["message"] == "response", record["kind"] == "quoted", record["transport"])] += 1
        bad = bad or record["kind"] == "bad"
        if record.get("match") in ("matched", "late") and "latency_ns" in record:
            latencies[record["latency_ns"]] += 1
    return messages, latencies, bad


def tshark(path, disordered=False):
    """What tshark finds.  It puts segments in order only when told to, and then stops at the first hole."""
    fields = ("dns.id", "dns.flags.response", "icmp.type", "icmpv6.type", "tcp.srcport", "dns.time")
    done = subprocess.run(["tshark", "-n", "-r", path, "-o", f"tcp.reassemble_out_of_order:{str(disordered).upper()}", "-Y",
                           f"(dns or mdns or llmnr) and ({PORTS})", "-T", "fields",
                           *(word for field in fields for word in ("-e", field))],
                          capture_output=True, text=True, check=True, timeout=120)
    messages, latencies = collections.Counter(), collections.Counter()
    for line in done.stdout.splitlines():
        ids, responses, icmp, icmp6, tcp, times = line.split("\t")
        for number, response in zip(ids.split(","), responses.split(",")):
            messages[(int(number, 16), response in ("1", "True"), bool(icmp or icmp6), "tcp" if tcp else "udp")] += 1
        latencies.update(round(float(time) * 1e9) for time in times.split(",") if time)
    return messages, latencies


class Maker:
    """A capture of raw IP packets between a client and a server, and the messages that can be found in it."""

    def __init__(self, seed):
        self.random, self.packets, self.truth, self.number = random.Random(seed), [], collections.Counter(), 0

    def message(self, response, size=0):
        self.number += 1
        question = b"\3www\7example\3com\0" + struct.pack(">HH", 16, 1)
        answer = b"\xc0\x0c" + struct.pack(">HHIH", 16, 1, 60, size) + bytes(size) if response else b""
        return struct.pack(">HHHHHH", self.number, 0x8400 if response else 0x0100, 1, int(response), 0, 0) + question + answer

    def found(self, message, transport):
        self.truth[(struct.unpack(">H", message[:2])[0], bool(message[2] & 0x80), False, transport)] += 1

    def ip(self, version, from_server, protocol, payload, fragment=0, ip_id=0):
        hosts = (2, 1) if from_server else (1, 2)
        if version == 6:
            address = [bytes.fromhex("20010db8") + bytes(11) + bytes([host]) for host in hosts]
            return struct.pack(">IHBB", 6 << 28, len(payload), protocol, 64) + b"".join(address) + payload
        address = [bytes([192, 0, 2, host]) for host in hosts]
        return struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), ip_id, fragment, 64, protocol, 0) + b"".join(address) + payload

    def tcp(self, port, from_server, flags, seq, ack, octets=b""):
        ports = (53, port) if from_server else (port, 53)
        header = struct.pack(">HHIIBBHHH", *ports, seq % 2**32, ack % 2**32, 5 << 4, flags, 65535, 0, 0)
        self.packets.append(self.ip(4, from_server, 6, header + octets))

    def stream(self, port, from_server, messages, cuts, handshake=True, lost=(), shuffled=False, again=False):
        """One direction of a connection: octets cut into segments at `cuts`, those numbered in `lost` missing but acknowledged."""
        octets = b"".join(struct.pack(">H", len(m)) + m for m in messages)
        ends = sorted({*cuts, len(octets)} - {0})
        segments = list(zip([0, *ends[:-1]], ends))
        isn, other = self.random.randrange(2**32), self.random.randrange(2**32)
        if handshake:
            self.tcp(port, False, 0x02, (other if from_server else isn), 0)
            self.tcp(port, True, 0x12, (isn if from_server else other), (other if from_server else isn) + 1)
        order = list(range(len(segments)))
        if shuffled:
            order = [i for first in range(0, len(order), 4) for i in reversed(order[first:first + 4])]
        for i in order:
            begin, end = segments[i]
            if i not in lost:
                for _ in range(2 if again else 1):
                    self.tcp(port, from_server, 0x18, isn + 1 + begin, other + 1, octets[begin:end])
            if not shuffled:
                self.tcp(port, not from_server, 0x10, other + 1, isn + 1 + end)
        missing = [segments[i] for i in lost]
        at = 0
        for message in messages:
            end = at + 2 + len(message)
            if not any(begin < end and at < stop for begin, stop in missing):
                self.found(message, "tcp")
            at = end
        if handshake:
            self.tcp(port, from_server, 0x11, isn + 1 + len(octets), other + 1)
            self.tcp(port, not from_server, 0x11, other + 1, isn + 2 + len(octets))
            self.tcp(port, from_server, 0x10, isn + 2 + len(octets), other + 2)

    def starts(self, messages):
        at, starts = 0, []
        for message in messages:
            starts.append(at)
            at += 2 + len(message)
        return starts

    def datagram(self, version, size, step, order):
        message = self.message(True, size)
        whole = struct.pack(">HHHH", 53, 4000 + self.number, len(message) + 8, 0) + message
        pieces = []
        for at in range(0, len(whole), step):
            part, more = whole[at:at + step], at + step < len(whole)
            if version == 6:
                pieces.append(self.ip(6, True, 44, struct.pack(">BBHI", 17, 0, at | more, self.number) + part))
            else:
                pieces.append(self.ip(4, True, 17, part, more << 13 | at // 8, self.number))
        self.packets += order(pieces)
        self.found(message, "udp")

    def write(self, path):
        with open(path, "wb") as out:
            out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
            for i, packet in enumerate(self.packets):
                out.write(struct.pack("<IIII", 1700000000 + i // 1000, i % 1000 * 1000, len(packet), len(packet)) + packet)


def queries(maker, count):
    return [maker.message(False) for _ in range(count)]


def responses(maker, count, size=40):
    return [maker.message(True, size * (i % 5)) for i in range(count)]


def one_a_segment(maker):
    for from_server, messages in ((False, queries(maker, 530)), (True, responses(maker, 475))):
        maker.stream(4000 + from_server, from_server, messages, maker.starts(messages))


def many_a_segment(maker):
    messages = queries(maker, 82)
    maker.stream(4000, False, messages, maker.starts(messages)[::4])
    maker.stream(4001, False, queries(maker, 4), [])


def cut_anywhere(maker):
    for i, step in enumerate((1, 2, 3, 7, 40, 41, 100)):
        messages = responses(maker, 6)
        maker.stream(4000 + i, True, messages, range(step, sum(len(m) + 2 for m in messages), step))


def large(maker):
    messages = [maker.message(True, size) for size in (65000, 10, 30000, 5000)]
    maker.stream(4000, True, messages, range(1460, 101000, 1460))


def disordered_segments(maker):
    for i in range(6):
        messages = responses(maker, 20)
        maker.stream(4000 + i, True, messages, range(100, 2500, 100), shuffled=True, again=i % 2 == 1)


def without_syn(maker):
    messages = queries(maker, 12)
    maker.stream(4000, False, messages, maker.starts(messages), handshake=False)


def message_lost(maker):
    messages = responses(maker, 8)
    maker.stream(4000, True, messages, maker.starts(messages), lost=(3,))


def large_hole(maker):
    messages = responses(maker, 60)
    maker.stream(4000, True, messages, maker.starts(messages), lost=range(10, 30))


def unaligned_holes(maker):
    for i in range(20):
        messages = responses(maker, 30)
        cuts = range(57 + i, sum(len(m) + 2 for m in messages), 57 + i)
        maker.stream(4000 + i, True, messages, cuts, lost=maker.random.sample(range(1, len(cuts) - 1), 3))


def fragments(maker):
    orders = [lambda p: p, lambda p: p[::-1], lambda p: p[1:] + p[:1], lambda p: [*p[:-1], p[0], p[-1]]]
    for i in range(82):
        maker.datagram(4 if i % 3 else 6, 1500 + 50 * i, 1480 if i % 2 else 256, orders[i % 4])


CASES = (one_a_segment, many_a_segment, cut_anywhere, large, disordered_segments, without_syn, message_lost, large_hole, unaligned_holes,
         fragments)


def difference(mine, theirs):
    return f"we alone {list((mine - theirs).items())[:3]}, tshark alone {list((theirs - mine).items())[:3]}"


def check_made_up(directory):
    failed = 0
    for number, case in enumerate(CASES):
        maker, path = Maker(number), pathlib.Path(directory) / f"{case.__name__}.pcap"
        case(maker)
        maker.write(path)
        mine, theirs = ours(path)[0], tshark(path, case is disordered_segments)[0]
        same = f"{sum((theirs & maker.truth).values())} of them, {sum((theirs - maker.truth).values())} others"
        print(f"{case.__name__}: {sum(maker.truth.values())} messages; tshark: {'equal' if theirs == maker.truth else same}")
        if mine != maker.truth:
            failed += 1
            missing, surplus = list((maker.truth - mine).items()), list((mine - maker.truth).items())
            print(f"FAIL {case.__name__}: missing {missing[:5]}, too many {surplus[:5]}")
    return failed


def check_real():
    count = failed = 0
    for path in sorted(DATA.iterdir() if DATA.is_dir() else []):
        if path.suffix not in (".pcap", ".pcapng"):
            continue
        (mine, my_times, bad), (theirs, their_times) = ours(path), tshark(path)
        count += 1
        print(f"{path.name}: {sum(mine.values())} messages, {sum(my_times.values())} latencies")
        if mine != theirs:
            failed += 1
            print(f"FAIL {path.name}: {difference(mine, theirs)}")
        # Ours are never negative: an answer that stands before its query has 0.  Malformed messages are not matched.
        elif not bad and my_times != collections.Counter(max(time, 0) for time in their_times.elements()):
            failed += 1
            print(f"FAIL {path.name}: latencies: {difference(my_times, their_times)}")
    return count, failed


def main():
    if not shutil.which("tshark"):
        print("skipped: needs tshark\n0 passed, 0 failed, 1 skipped")
        return 77
    with tempfile.TemporaryDirectory() as directory:
        failed = check_made_up(directory)
    real, real_failed = check_real()
    failed += real_failed
    if real == 0:
        print(f"skipped: no captures in {DATA} (YAGURA_DATA)")
    print(f"{len(CASES) + real - failed} passed, {failed} failed, {int(real == 0)} skipped")
    return 1 if failed else 0


sys.exit(main())
