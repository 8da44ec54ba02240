#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Writes the seeds of the fuzz targets `netflow` and `exports_state`: every kind of message, set and field we read.

usage: netflow_corpus.py DIRECTORY STATE_DIRECTORY
"""
import pathlib
import struct
import sys

TIME, UPTIME = 1401580800, 3600000
FLOW = [8, 4, 12, 4, 7, 2, 11, 2, 4, 1, 2, 4, 1, 4]
RECORD = bytes([192, 0, 2, 1, 198, 51, 100, 2]) + struct.pack(">HHBII", 40000, 443, 6, 2, 100)
PACKET = bytes.fromhex("45100020000100003f110000c0000201c633640230390035000c000001020304")


def words(values):
    return struct.pack(f">{len(values)}H", *values)


def flowset(number, octets):
    return struct.pack(">HH", number, 4 + len(octets)) + octets


def template(version, number, pairs):
    return flowset(2 if version == 10 else 0, struct.pack(">HH", number, len(pairs) // 2) + words(pairs))


def options(version, number, pairs, scopes=1):
    if version == 10:
        head = struct.pack(">HHH", number, len(pairs) // 2, scopes)
    else:
        head = struct.pack(">HHH", number, 4 * scopes, 2 * len(pairs) - 4 * scopes)
    return flowset(3 if version == 10 else 1, head + words(pairs))


def message(version, sequence, *sets):
    body = b"".join(sets)
    if version == 10:
        return struct.pack(">HHIII", 10, 16 + len(body), TIME, sequence, 7) + body
    return struct.pack(">HHIIII", 9, len(sets), UPTIME, TIME, sequence, 7) + body


def netflow5(version, count):
    head = struct.pack(">HHIII", version, count, UPTIME, TIME, 0) + (b"" if version == 1 else bytes(8))
    record = bytes([192, 0, 2, 1, 198, 51, 100, 2, 0, 0, 0, 0]) + struct.pack(
        ">HHIIIIHH", 1, 2, 3, 400, UPTIME - 9, UPTIME - 1, 40000, 443) + bytes(12 if version == 5 else 16)
    return head + record * count


def sequence(*messages, how=0):
    return b"".join(struct.pack("<BBH", how, 1, len(m)) + m for m in messages)


def seeds():
    for version in (1, 5, 7):
        yield f"v{version}", sequence(netflow5(version, 2))
    every = [1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 21, 22, 23, 24, 27, 28, 32, 34, 48, 50, 54, 56, 57,
             58, 59, 60, 61, 62, 70, 71, 80, 81, 85, 86, 89, 95, 96, 128, 130, 136, 138, 139, 150, 151, 152, 153, 154, 157, 158,
             160, 161, 176, 177, 225, 227, 230, 231, 232, 234, 236, 252, 298, 302, 305, 306, 309, 310, 311, 371]
    sizes = {8: 4, 12: 4, 15: 4, 18: 4, 27: 16, 28: 16, 62: 16, 56: 6, 57: 6, 80: 6, 81: 6, 70: 3, 71: 3, 96: 5, 236: 5,
             371: 7, 225: 4, 130: 4, 152: 8, 153: 8, 154: 8, 157: 8}
    pairs = [v for e in every for v in (e, sizes.get(e, 4))]
    size = sum(pairs[1::2])
    for version in (9, 10):
        plain = template(version, 256, FLOW)
        yield f"plain-{version}", sequence(message(version, 0, plain, flowset(256, RECORD * 3)))
        yield f"before-{version}", sequence(message(version, 0, flowset(256, RECORD)), message(version, 1, plain), how=16)
        yield f"every-{version}", sequence(message(version, 0, template(version, 300, pairs),
                                                   flowset(300, bytes(range(256))[:size % 256] + bytes(size))), how=0x40)
        rates = options(version, 400, [2 if version == 9 else 10, 4, 48, 4, 50, 4])
        yield f"options-{version}", sequence(message(
            version, 0, rates, flowset(400, struct.pack(">III", 9, 1, 1000)), template(version, 301, [8, 4, 48, 4, 10, 4]),
            flowset(301, struct.pack(">III", 1, 1, 9) * 2)), how=16)
        variable = [4, 1, 371, 65535, 8, 4, 999, 65535, 1, 4]
        yield f"variable-{version}", sequence(message(
            version, 0, template(version, 302, variable), flowset(302, b"\6\4user\1\2\3\4\0\0\0\0\1\6\xff\0\2ab\1\2\3\4\0\0\0\0\1")))
        yield f"section-{version}", sequence(message(
            version, 0, template(version, 303, [313, 32, 314, 12, 315, 46, 410, 2]),
            flowset(303, PACKET + PACKET[20:] + bytes(12) + b"\x08\0" + PACKET + b"\0\x20")))
        yield f"change-{version}", sequence(message(
            version, 0, plain, flowset(256, RECORD), template(version, 256, FLOW[2:]), flowset(256, RECORD)))
        yield f"zero-{version}", sequence(message(version, 0, plain, flowset(256, RECORD)) + bytes(40))
    yield "withdrawal", sequence(message(10, 0, template(10, 256, FLOW)), message(10, 0, flowset(2, b"\1\0\0\0")),
                                 message(10, 0, flowset(2, b"\0\2\0\0")), how=1)
    reverse = struct.pack(">HH", 256, 3) + words([8, 4, 1, 4, 0x8001, 4]) + struct.pack(">I", 29305)
    yield "biflow", sequence(message(10, 0, flowset(2, reverse), flowset(256, bytes([192, 0, 2, 1, 0, 0, 0, 1, 0, 0, 0, 2]))))


def part(kind, octets):
    return kind + struct.pack("<H", len(octets)) + octets


def state_seeds():
    exporter = part(b"E", bytes(10) + b"\xff\xff\n\0\0\1" + b"\0\0")
    rate = part(b"R", struct.pack("<IIBI", 7, 1, 0, 1000))
    for version in (9, 10):
        domain = part(b"D", struct.pack("<BIBBIIIqq", version, 7, 1, 7, 10, 20, UPTIME, TIME * 10**9, 0) + bytes(16))
        record = struct.pack(">HH", 256, len(FLOW) // 2) + words(FLOW)
        known = part(b"T", struct.pack("<HBqq", 256, 0, TIME * 10**9, 60 * 10**9) + record)
        yield f"state-{version}", exporter + rate + domain + known + part(b"Z", struct.pack("<Q", 4))
    yield "empty", part(b"Z", bytes(8))


def main():
    for directory, made in zip(sys.argv[1:3], (seeds(), state_seeds())):
        path = pathlib.Path(directory)
        path.mkdir(parents=True, exist_ok=True)
        for name, octets in made:
            (path / name).write_bytes(octets)


main()
