#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Writes a small capture of flow exports whose every figure can be checked by hand.

usage: netflow5.py OUT.pcap

From 2026-01-05 00:00:00 UTC, one datagram every 10 s, 31 of them, NetFlow v5 to port 2055; the last ones fall into a second window:
  203.0.113.1, engine 7, sampling 1 in 100: two records in each, a download 198.51.100.1:443 -> 192.0.2.10:50000 of 10 packets of 1420
  octets within 9 s, and a DNS answer of 1 packet of 200 octets; datagrams 5 and 6 are lost on the way
  203.0.113.2, engine 0, which says nothing about sampling: one record of UDP 192.0.2.11:40000 -> 198.51.100.9:60000, 3 packets of 100 octets
"""
import ipaddress
import struct
import sys

BEGIN = 1767571200
BOOT = BEGIN - 3600


def udp(source, payload):
    head = struct.pack(">BBHHHBBH", 0x45, 0, 28 + len(payload), 0, 0x4000, 64, 17, 0)
    head += ipaddress.ip_address(source).packed + ipaddress.ip_address("203.0.113.200").packed
    total = sum(struct.unpack(">10H", head))
    total = (total & 0xFFFF) + (total >> 16)
    head = head[:10] + struct.pack(">H", ~total & 0xFFFF) + head[12:]
    return bytes(12) + b"\x08\x00" + head + struct.pack(">HHHH", 40000, 2055, 8 + len(payload), 0) + payload


def record(source, destination, ports, protocol, packets, octets, begin, end):
    s, d = ipaddress.ip_address(source).packed, ipaddress.ip_address(destination).packed
    return (s + d + bytes(4) + struct.pack(">HHII", 3, 4, packets, octets) +
            struct.pack(">IIHH", int((begin - BOOT) * 1000), int((end - BOOT) * 1000), *ports) +
            struct.pack(">BBBBHHBBH", 0, 0, protocol, 0, 64500, 64501, 24, 24, 0))


def message(records, now, sequence, engine, sampling):
    return struct.pack(">HHIIIIBBH", 5, len(records), (now - BOOT) * 1000, now, 0, sequence, 0, engine, sampling) + b"".join(records)


def main():
    frames = []
    for i in range(31):
        now = BEGIN + 10 * i + 10
        first = message([record("198.51.100.1", "192.0.2.10", (443, 50000), 6, 10, 14200, now - 10, now - 1),
                         record("198.51.100.53", "192.0.2.10", (53, 50001), 17, 1, 200, now - 5, now - 5)], now, 2 * i, 7, 1 << 14 | 100)
        if i not in (5, 6):
            frames.append((now, udp("203.0.113.1", first)))
        frames.append((now, udp("203.0.113.2", message([record("192.0.2.11", "198.51.100.9", (40000, 60000), 17, 3, 300, now - 2, now - 1)],
                                                       now, i, 0, 0))))
    with open(sys.argv[1], "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for now, frame in frames:
            out.write(struct.pack("<IIII", now, 0, len(frame), len(frame)) + frame)


main()
