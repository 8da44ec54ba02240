#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Writes a capture at the border of a site with a name server, of which every figure can be checked by hand.

usage: input.py OUT.pcap

From 2026-01-05 00:00:00 UTC, raw IPv4, µs; own is 192.0.2.0/24, the servers are 192.0.2.53 and 192.0.2.54:
  an attack on 203.0.113.5: 100 queries a second for 10 s, ANY for big.example.test, 45 octets asked and 2000 answered
  40 clients, each of its own /24, with one question a second for 10 s, 100 octets answered
  one client that asks 8 times a second for one name, for 10 s
  the server 192.0.2.54 refuses 3 strangers, and answers 4 questions by BIND's policy, 2 by Unbound's
  5 queries between 198.51.100.7 and 203.0.113.9: neither is own; 2 from 10.1.2.3; 3 from 198.51.100.8 with TTL 64
"""
import ipaddress
import struct
import sys

BEGIN = 1767571200
QUERY, AUTHORITY, RECURSIVE = 0x0000, 0x8400, 0x8180


def ip(source, destination, payload, ttl):
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0, ttl, 17, 0)
    return head + ipaddress.ip_address(source).packed + ipaddress.ip_address(destination).packed + payload


def udp(source, destination, sport, dport, data, ttl=50):
    return ip(source, destination, struct.pack(">HHHH", sport, dport, 8 + len(data), 0) + data, ttl)


def name(text):
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".")) + b"\0"


def message(ident, bits, qname, qtype, counts=(0, 0, 0), records=b""):
    return struct.pack(">HHHHHH", ident & 0xFFFF, bits, 1, *counts) + name(qname) + struct.pack(">HH", qtype, 1) + records


def record(rtype, data, owner=b"\xc0\x0c"):
    return owner + struct.pack(">HHIH", rtype, 1, 60, len(data)) + data


def asked(time, client, server, ident, qname, qtype, answer, ttl=50):
    port = 1024 + ident * 7 % 60000
    yield time, udp(client, server, port, 53, message(ident, QUERY, qname, qtype), ttl)
    if answer is not None:
        yield time + 0.0002, udp(server, client, 53, port, answer)


def txt(size):
    return record(16, b"".join(bytes([255]) + b"x" * 255 for _ in range(size // 256)))


def packets():
    server = "192.0.2.53"
    for i in range(1000):
        yield from asked(i * 0.01, "203.0.113.5", server, i, "big.example.test", 255,
                         message(i, AUTHORITY, "big.example.test", 255, (1, 0, 0), txt(2000)))
    address = record(1, bytes([192, 0, 2, 80]))
    for i in range(400):
        qname = f"w{i}.example.test"
        yield from asked(i * 0.025 + 0.001, f"198.18.{i % 40}.1", server, 2000 + i, qname, 1,
                         message(2000 + i, AUTHORITY, qname, 1, (1, 0, 0), address))
    for i in range(80):
        yield from asked(i * 0.125 + 0.002, "198.19.0.1", server, 3000 + i, "www.example.test", 1,
                         message(3000 + i, AUTHORITY, "www.example.test", 1, (1, 0, 0), address))
    soa = record(6, b"\0\0" + struct.pack(">IIIII", 1, 1, 1, 1, 1), name("rpz.example"))
    for i in range(9):
        kind = (0x8185, (0, 0, 0), b"") if i < 3 else (0x8183, (0, 0, 1), soa) if i < 7 else (0x8583, (0, 0, 0), b"")
        yield from asked(20 + i, f"198.18.100.{i}", "192.0.2.54", 4000 + i, "bad.example.net", 1,
                         message(4000 + i, kind[0], "bad.example.net", 1, kind[1], kind[2]))
    for i in range(5):
        yield from asked(40 + i, "198.51.100.7", "203.0.113.9", 5000 + i, "example.org", 255, None)
    for i in range(2):
        yield from asked(50 + i, "10.1.2.3", server, 5100 + i, "example.test", 1, None)
    for i in range(3):
        yield from asked(60 + i, "198.51.100.8", server, 5200 + i, "example.test", 1, None, 64)


def main():
    with open(sys.argv[1], "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
        for time, packet in sorted(packets(), key=lambda item: item[0]):
            micro = round(time * 1e6)
            out.write(struct.pack("<IIII", BEGIN + micro // 1000000, micro % 1000000, len(packet), len(packet)) + packet)


main()
