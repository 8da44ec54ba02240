#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Writes a capture of authoritative answers whose records are known, for dns/passive.

usage: dns_records.py OUT.pcap

From 2026-01-05 00:00:00 UTC, the resolver 192.0.2.53 asks 198.51.100.53, which answers after 10 ms; raw IP, ms:
  0-20 s     www.example.com A, 20 times, with two addresses; its authority section names example.com
  30 s       alias.example.com A: CNAME www.example.net and the address of that, which example.com has no say over
  31 s       a.b.sub.example.com A; the authority section names sub.example.com; an address of www.example.com is slipped in
  32 s       example.com MX, TXT (with quotes and octets that are no letters) and a record of a type nobody knows
  33 s       example.org A, where the authority section claims org: the registrable domain counts
  40 s       race.example.net A, first answered by somebody with another id, then truly: suspect
  41 s       late.example.net A, answered although nobody asked: unmatched
  42-46 s    answers that do not count: not authoritative; with recursion offered; truncated; NXDOMAIN; without data
  47 s       long.example.com TXT of 3000 octets
  1 h        www.example.com A again, and new.example.com AAAA
"""
import ipaddress
import struct
import sys

BEGIN = 1767571200
RESOLVER, AUTHORITY = "192.0.2.53", "198.51.100.53"
A, NS, CNAME, MX, TXT, AAAA, STRANGE = 1, 2, 5, 15, 16, 28, 65280
AA, TC, RA = 0x400, 0x200, 0x80


def name(text):
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".")) + b"\0"


def record(owner, kind, data):
    return name(owner) + struct.pack(">HHIH", kind, 1, 300, len(data)) + data


def address(owner, text):
    return record(owner, A if "." in text else AAAA, ipaddress.ip_address(text).packed)


def message(ident, flags, text, kind, answers=(), authority=()):
    return struct.pack(">HHHHHH", ident, flags, 1, len(answers), len(authority), 0) + name(text) + struct.pack(">HH", kind, 1) + \
        b"".join(answers) + b"".join(authority)


def datagram(source, sport, target, dport, payload):
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 28 + len(payload), 0, 0, 64, 17, 0, ipaddress.ip_address(source).packed,
                       ipaddress.ip_address(target).packed)
    return head + struct.pack(">HHHH", sport, dport, 8 + len(payload), 0) + payload


packets = []
port = 20000


def exchange(ms, text, answers, zone=None, kind=A, flags=AA, asked=True, forged=False):
    global port
    port += 1
    authority = [record(zone, NS, name("ns." + zone))] if zone else []
    ident = port * 3 & 0xFFFF
    if asked:
        packets.append((ms, datagram(RESOLVER, port, AUTHORITY, 53, message(ident, 0, text, kind))))
    if forged:
        packets.append((ms + 5, datagram(AUTHORITY, 53, RESOLVER, port, message(ident ^ 1, 0x8000 | AA, text, kind, [address(text, "203.0.113.66")]))))
    packets.append((ms + 10, datagram(AUTHORITY, 53, RESOLVER, port, message(ident, 0x8000 | flags, text, kind, answers, authority))))


WWW = [address("www.example.com", "203.0.113.1"), address("www.example.com", "203.0.113.2")]
for second in range(20):
    # Servers turn their records round; it is the same answer.
    exchange(second * 1000, "www.example.com", WWW if second % 2 else WWW[::-1], "example.com")
exchange(30000, "alias.example.com", [record("alias.example.com", CNAME, name("www.example.net")), address("www.example.net", "203.0.113.3")],
         "example.com")
exchange(31000, "a.b.sub.example.com", [address("a.b.sub.example.com", "203.0.113.4"), address("www.example.com", "203.0.113.66")], "sub.example.com")
exchange(32000, "example.com", [record("example.com", MX, struct.pack(">H", 10) + name("mail.example.com"))], "example.com", MX)
exchange(32100, "example.com", [record("example.com", TXT, b'\x08say "hi"\x02\x00\xff')], "example.com", TXT)
exchange(32200, "example.com", [record("example.com", STRANGE, b"\x01\x02\x03")], "example.com", STRANGE)
exchange(33000, "example.org", [address("example.org", "203.0.113.5"), address("other.org", "203.0.113.66")], "org")
exchange(40000, "race.example.net", [address("race.example.net", "203.0.113.6")], "example.net", forged=True)
exchange(41000, "late.example.com", [address("late.example.com", "203.0.113.7")], "example.com", asked=False)
exchange(42000, "notauth.example.com", [address("notauth.example.com", "203.0.113.8")], flags=0)
exchange(43000, "offered.example.com", [address("offered.example.com", "203.0.113.8")], flags=AA | RA)
exchange(44000, "cut.example.com", [address("cut.example.com", "203.0.113.8")], flags=AA | TC)
exchange(45000, "gone.example.com", [], flags=AA | 3)
exchange(46000, "empty.example.com", [])
exchange(47000, "long.example.com", [record("long.example.com", TXT, b"".join(b"\xff" + b"x" * 255 for _ in range(12)))], "example.com", TXT)
exchange(3600000, "www.example.com", WWW, "example.com")
exchange(3601000, "new.example.com", [address("new.example.com", "2001:db8::1")], "example.com", AAAA)
# Time goes on.
exchange(3630000, "www.example.com", WWW, "example.com")
with open(sys.argv[1], "wb") as out:
    out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
    for at, octets in sorted(packets):
        out.write(struct.pack("<IIII", BEGIN + at // 1000, at % 1000 * 1000, len(octets), len(octets)) + octets)
