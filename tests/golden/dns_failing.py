#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Writes a capture of DNS whose failures are known, for dns/random-subdomain and dns/nxdomain.

usage: dns_failing.py OUT.pcap yagura.yaml

From 2026-01-05 00:00:00 UTC, a query and its answer 10 ms later, raw IP, ms:
  0-30 s    10 queries a second of 20 customers for 8 names of example.com, all there
  5-17 s    40 a second of 50 customers for ever-new names of victim.example.org, whose SOA denies them: an attack, 480 queries;
            every third is asked upstream by the resolver as well
  5-25 s    30 a second of one customer, 100.64.7.7, for ever-new names of mistyped.example.net: no attack, but dns/nxdomain
  20-21 s   12 NXDOMAINs of four strangers' resolvers for names of other.example, to addresses of the darknet that asked nothing
  22 s      30 questions of 30 customers to which 198.51.100.53 says nothing
"""
import hashlib
import ipaddress
import struct
import sys

BEGIN = 1767571200
RESOLVER, AUTHORITY = "192.0.2.53", "198.51.100.53"


def name(text):
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".")) + b"\0"


def query(ident, text, recursion=True):
    return struct.pack(">HHHHHH", ident, 0x100 if recursion else 0, 1, 0, 0, 0) + name(text) + struct.pack(">HH", 1, 1)


def answer(ident, text, rcode, zone=None, recursion=True):
    """With an address, or with the SOA of `zone`."""
    flags = 0x8000 | (0x180 if recursion else 0x400) | rcode
    head = struct.pack(">HHHHHH", ident, flags, 1, zone is None and rcode == 0, zone is not None, 0)
    question = name(text) + struct.pack(">HH", 1, 1)
    if zone is not None:
        cut = 12 + len(name(text)) - len(name(zone))
        data = name("ns." + zone) + name("admin." + zone) + struct.pack(">IIIII", 1, 3600, 600, 86400, 300)
        return head + question + struct.pack(">HHHIH", 0xC000 | cut, 6, 1, 300, len(data)) + data
    return head + question + (struct.pack(">HHHIH", 0xC00C, 1, 1, 60, 4) + bytes([203, 0, 113, 5]) if rcode == 0 else b"")


def datagram(source, sport, target, dport, payload):
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 28 + len(payload), 0, 0, 64, 17, 0, ipaddress.ip_address(source).packed,
                       ipaddress.ip_address(target).packed)
    return head + struct.pack(">HHHH", sport, dport, 8 + len(payload), 0) + payload


def label(number, size=12):
    """Letters that look random, the same in every run."""
    return "".join(chr(97 + octet % 26) for octet in hashlib.sha256(b"%d" % number).digest()[:size])


def exchange(ms, client, server, port, text, rcode, zone=None, recursion=True):
    ident = (ms * 7 + port) & 0xFFFF
    yield ms, datagram(client, port, server, 53, query(ident, text, recursion))
    if rcode is not None:
        yield ms + 10, datagram(server, 53, client, port, answer(ident, text, rcode, zone, recursion))


def packets():
    for i in range(300):
        yield from exchange(i * 100, f"100.64.1.{i % 20}", RESOLVER, 20000 + i, f"www{i % 8}.example.com", 0)
    for i in range(480):
        text = f"{label(i)}.victim.example.org"
        yield from exchange(5000 + i * 25, f"100.64.2.{i % 50}", RESOLVER, 21000 + i, text, 3, "victim.example.org")
        if i % 3 == 0:
            yield from exchange(5002 + i * 25, RESOLVER, AUTHORITY, 22000 + i, text, 3, "victim.example.org", False)
    for i in range(600):
        yield from exchange(5000 + i * 100 // 3, "100.64.7.7", RESOLVER, 23000 + i, f"{label(1000 + i)}.mistyped.example.net", 3,
                            "example.net")
    for i in range(12):
        text = f"{label(2000 + i)}.other.example"
        yield 20000 + i * 80, datagram(f"203.0.113.{i % 4}", 53, f"192.0.2.{129 + i}", 1024 + i, answer(i, text, 3, "other.example"))
    for i in range(30):
        yield from exchange(22000 + i, f"100.64.1.{i}", AUTHORITY, 25000 + i, f"{label(3000 + i)}.silent.example", None)


def main():
    with open(sys.argv[1], "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
        for ms, frame in sorted(packets(), key=lambda packet: packet[0]):
            out.write(struct.pack("<IIII", BEGIN + ms // 1000, ms % 1000 * 1000, len(frame), len(frame)) + frame)
    with open(sys.argv[2], "w", encoding="utf-8") as out:
        out.write("site:\n  own_prefixes: [192.0.2.0/24, 100.64.0.0/10]\n  dark_prefixes: [192.0.2.128/25]\n"
                  "  customer_pools:\n    - {prefix: 100.64.0.0/10, service: fiber}\n"
                  f"  servers:\n    - {{address: {RESOLVER}, role: resolver}}\n")


main()
