#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""C-DNS files written from a capture by a writer of our own (_cdns.py) and read back: every message must be the one that went in.

usage: cdns.py [BUILD]

Names are written out in what is read, so the capture's messages are compared written out, too.  Skips without the captures below
$YAGURA_DATA.  The last line is `N passed, N failed[, N skipped]`.
"""
import gzip
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile

import _cdns

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DATA = pathlib.Path(os.environ.get("YAGURA_DATA", ROOT.parent / "shared" / "data")) / "captures" / "dns"
CAPTURES = ("dnsstats-gold.pcap", "cznic-udp_simple.pcap", "oarc-dns.pcap", "zeek-dns-edns-ecs.pcap", "ndpi-malformed_dns.pcap",
            "tcpdump-edns-opts.pcap", "zeek-dns-invalid-names.pcap", "packetq-sample-rfc1035escape.pcap", "ndpi-bad-dns-traffic.pcap")
AUTHORITATIVE, UDP = 4, 0


class Results:
    def __init__(self):
        self.passed = self.failed = 0

    def check(self, good, what):
        self.passed += bool(good)
        self.failed += not good
        if not good:
            print(f"FAILED: {what}")


def read(build, octets, directory, name="file.cdns"):
    """Lines of dns-messages about a file of these octets: messages, remarks."""
    path = directory / name
    path.write_bytes(octets)
    done = subprocess.run([build / "tests" / "dns-messages", path], capture_output=True, text=True, check=False, timeout=60)
    lines = done.stdout.splitlines()
    return [line.split(" ") for line in lines if not line.startswith("#")], [line[2:] for line in lines if line.startswith("#")]


def load(path):
    """Pairs of (packet, Message) of a capture, matched by addresses, ports and id, and packets that do not parse."""
    pairs, malformed, waiting = [], [], {}
    for packet in _cdns.datagrams(path):
        if 53 not in (packet[2], packet[4]):
            continue
        try:
            message = _cdns.Message(packet[6])
        except _cdns.Bad:
            malformed.append(packet)
            continue
        if not message.response:
            waiting[(packet[1], packet[2], packet[3], packet[4], message.id)] = len(pairs)
            pairs.append([(packet, message), None])
        else:
            at = waiting.pop((packet[3], packet[4], packet[1], packet[2], message.id), None)
            # One name is kept for both.
            if at is not None and pairs[at][0][1].questions[:1] == message.questions[:1]:
                pairs[at][1] = (packet, message)
            else:
                pairs.append([None, (packet, message)])
    return pairs, malformed


def expected_line(packet, message, query_time, ticks, host, earliest):
    """What dns-messages must print of a message."""
    time = earliest + (packet[0] - earliest) * ticks // 10**9 * 10**9 // ticks
    octets = message.written_out(opt_last=not message.response)
    return [str(time), _cdns.text_of(packet[1]), str(packet[2]), _cdns.text_of(packet[3]), str(packet[4]), str(AUTHORITATIVE), str(UDP),
            str(query_time), str(len(packet[6])), host.encode().hex() or "-", octets.hex()]


def expected_lines(blocks, ticks, host):
    lines = []
    for earliest, pairs, malformed in blocks:
        for query, response in pairs:
            asked = 0
            if query:
                lines.append(expected_line(*query, 0, ticks, host, earliest))
                asked = int(lines[-1][0]) if response else 0
            if response:
                lines.append(expected_line(*response, asked, ticks, host, earliest))
        for packet in malformed:
            time = earliest + (packet[0] - earliest) * ticks // 10**9 * 10**9 // ticks
            lines.append([str(time), _cdns.text_of(packet[1]), str(packet[2]), _cdns.text_of(packet[3]), str(packet[4]),
                          str(AUTHORITATIVE), str(UDP), "0", "0", host.encode().hex() or "-", packet[6].hex() or "-"])
    return lines


def cut(pairs, malformed, size):
    """Blocks of so many pairs: (earliest, pairs, malformed)."""
    blocks = []
    for i in range(0, max(len(pairs), 1), size):
        some = pairs[i:i + size]
        bad = malformed if i == 0 else []
        times = [one[0][0] for pair in some for one in pair if one] + [packet[0] for packet in bad]
        if times:
            earliest = min(times) // 10**9 * 10**9
            blocks.append((earliest, some, bad))
    return blocks


def make(blocks, ticks, keep=None):
    out = []
    for earliest, pairs, malformed in blocks:
        block = _cdns.Block(earliest, ticks, keep or {})
        for query, response in pairs:
            block.add(query, response)
        for packet in malformed:
            block.add_malformed(packet)
        out.append(block)
    return out


def differences(results, found, wanted, what):
    wrong = [(i, a, b) for i, (a, b) in enumerate(zip(found, wanted)) if a != b]
    results.check(len(found) == len(wanted), f"{what}: {len(found)} messages, not {len(wanted)}")
    results.check(not wrong, f"{what}: {len(wrong)} messages differ, first {wrong[:1]}")


def compare(results, build, directory, path):
    pairs, malformed = load(path)
    for ticks, size, host, indefinite in ((1000000, 5000, "ns1.example", False), (10**9, 100, "", True), (1000, 7, "x", False)):
        blocks = cut(pairs, malformed, size)
        octets = _cdns.write(make(blocks, ticks), ticks, host, indefinite)
        what = f"{path.name}, {ticks} ticks, blocks of {size}"
        # Without a host, the generator's name is not written either.
        found, remarks = read(build, octets, directory)
        differences(results, found, expected_lines(blocks, ticks, host), what)
        results.check(remarks == ["end: "], f"{what}: {remarks}")
    return len(pairs), len(malformed)


def partial(results, build, directory, path):
    """What is not kept is not invented."""
    pairs, _ = load(path)
    pairs = [pair for pair in pairs if pair[0] and pair[1]][:500]
    blocks = cut(pairs, [], 5000)

    # Responses without their sections: known to have been larger, so cut behind the question.
    found, _ = read(build, _cdns.write(make(blocks, 10**6, {"response-sections": False}), 10**6), directory)
    results.check(len(found) == 2 * len(pairs), f"without sections: {len(found)} messages of {len(pairs)} pairs")
    for line, (_, (packet, message)) in zip(found[1::2], pairs):
        octets = bytes.fromhex(line[10])
        promised = sum(struct.unpack("!4H", octets[4:12])[1:])
        # One record more than is there, when there was more than the question and OPT.
        more = bool(message.opt) + (sum(message.counts[1:]) > bool(message.opt) or bool(message.opt and message.opt[4]))
        if int(line[8]) != len(packet[6]) or promised != more:
            results.check(False, f"without sections: {line}")
            break
    else:
        results.check(True, "without sections")

    # No flags: a query and, because there is a delay, a response.
    found, _ = read(build, _cdns.write(make(blocks, 10**6, {"no-signature": (4,)}), 10**6), directory)
    results.check(len(found) == 2 * len(pairs), "without qr-sig-flags")
    # No client addresses, ports or ids.
    found, _ = read(build, _cdns.write(make(blocks, 10**6, {"no-item": (1, 2, 3)}), 10**6), directory)
    results.check(all(line[1] == "::" and line[2] == "0" and line[10].startswith("0000") for line in found[0::2]), "without clients")
    # Prefixes of addresses.
    blocks_made = make(blocks, 10**6)
    for block in blocks_made:
        block.tables[0].entries = [entry[:3] if len(entry) == 4 else entry[:6] for entry in block.tables[0].entries]
    found, _ = read(build, _cdns.write(blocks_made, 10**6), directory)
    results.check(all(line[1].endswith(".0") or line[1].endswith("::") for line in found), "prefixes of addresses")


def damaged(results, build, directory, path):
    pairs, malformed = load(path)
    blocks = cut(pairs[:300], malformed, 100)
    made = make(blocks, 10**6)
    whole = _cdns.write(made, 10**6)
    wanted = expected_lines(blocks, 10**6, "")

    # Cut anywhere: whole blocks are read, the rest is reported.
    source = random.Random(1)
    for size in sorted(source.sample(range(40, len(whole)), 40)):
        found, remarks = read(build, whole[:size], directory)
        good = found == wanted[:len(found)] and not remarks[-1].startswith("end")
        results.check(good, f"cut at {size}: {len(found)} messages, {remarks}")

    # An item that points nowhere, and a block without a time: the others are read.
    made[0].items[3][4] = 10**6
    made[1].items[5][7] = 2**40
    found, remarks = read(build, _cdns.write(made, 10**6), directory)
    results.check("cdns.bad_item 2" in remarks and "2 blocks and items are not read" in remarks[-1], f"bad items: {remarks}")
    results.check(len(wanted) - 4 <= len(found) < len(wanted), f"bad items: {len(found)} of {len(wanted)} messages")
    value = [block.value() for block in make(blocks, 10**6)]
    del value[1][0]
    octets = _cdns.cbor(["C-DNS", _cdns.preamble(10**6), value])
    found, remarks = read(build, octets, directory)
    results.check("cdns.bad_block 1" in remarks, f"a block without a time: {remarks}")
    results.check(found == expected_lines([blocks[0], *blocks[2:]], 10**6, ""), "a block without a time: the others")

    # Address events are counted; unknown keys, private ones, statistics and tags are passed over.
    value = [block.value() for block in make(blocks, 10**6)]
    value[0][4] = [{0: 2, 1: 3, 2: 0, 3: 0, 4: 17}, {0: 0, 2: 0, 4: 3}]
    value[0][99] = {"x": [1, 2.5.hex(), {}]}
    value[0][3][0][-5] = [1, [2, [3]]]
    found, remarks = read(build, _cdns.cbor(["C-DNS", {**_cdns.preamble(10**6), -1: "private"}, value]), directory)
    results.check(found == wanted and "cdns.address_event 20" in remarks, f"events and unknown keys: {remarks}")

    found, remarks = read(build, gzip.compress(whole), directory, "file.gz")
    results.check(found == wanted, f"gzip: {remarks}")
    _, remarks = read(build, whole + b"x", directory)
    results.check("after the end" in remarks[-1], f"octets after the end: {remarks}")
    _, remarks = read(build, _cdns.write(made, 10**6, version=(0, 5)), directory)
    results.check("format version" in remarks[-1], f"another version: {remarks}")
    nested = b"\x83" + _cdns.cbor("C-DNS") + _cdns.cbor(_cdns.preamble(10**6))
    nested += b"\x81\xa1\x18\x63" + b"\x81" * 5000
    _, remarks = read(build, nested, directory)
    results.check("no block" in remarks[-1], f"deep nesting: {remarks}")


def main():
    build = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build").resolve()
    results = Results()
    if not DATA.is_dir():
        print("the captures are not there (YAGURA_DATA)")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        total = [0, 0]
        for capture in CAPTURES:
            counts = compare(results, build, directory, DATA / capture)
            total = [a + b for a, b in zip(total, counts)]
        results.check(total[0] > 1000 and total[1] > 0, f"too few messages: {total}")
        partial(results, build, directory, DATA / CAPTURES[0])
        damaged(results, build, directory, DATA / CAPTURES[0])
    print(f"{results.passed} passed, {results.failed} failed")
    return 0 if results.failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
