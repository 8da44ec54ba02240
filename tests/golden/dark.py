#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Writes a small capture of dark space whose every figure can be checked by hand, and the site's configuration.

usage: dark.py OUT.pcap SITE.yaml

198.51.100.0/24 and 2001:db8:dead::/48 are dark, 203.0.113.7 is the sensor pot1.  From 2026-01-05 00:00:00 UTC:
  192.0.2.80 is attacked: 40 SYN-ACK of port 80 in 100 s, to addresses that are spread evenly
  192.0.2.53 is attacked: 10 ICMP errors of its router about UDP port 53, in 50 s
  192.0.2.99 sends 40 SYN-ACK to 198.51.100.16/28 only
  192.0.2.66 sends 9 RST to one dark address
  2001:db8:1::80 is attacked: 8 SYN-ACK of port 443
  an ICMP error about a packet of another source, one that quotes 24 octets
  203.0.113.200 opens 5 connections to port 135 of 198.51.100.9 within 20 s, and one more after 400 s
  203.0.113.201 pings 20 dark addresses
  12 sources send the same datagram to UDP port 1434 of a dark address each
  203.0.113.210 talks to pot1: SYN, ACK, a request, RST; pot1's answers count for nothing
"""
import ipaddress
import struct
import sys

BEGIN = 1767571200
SYN, RST, PSH, ACK = 2, 4, 8, 16
WORM = b"\x04" + b"\x01" * 96 + bytes(range(200))


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip(source, destination, protocol, payload):
    s, d = ipaddress.ip_address(source), ipaddress.ip_address(destination)
    if s.version == 6:
        return struct.pack(">IHBB", 6 << 28, len(payload), protocol, 64) + s.packed + d.packed + payload
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0x4000, 64, protocol, 0) + s.packed + d.packed
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def tcp(source, destination, sport, dport, flags, data=b""):
    return ip(source, destination, 6, struct.pack(">HHIIBBHHH", sport, dport, 1, 1, 5 << 4, flags, 65535, 0, 0) + data)


def udp(source, destination, sport, dport, data):
    return ip(source, destination, 17, struct.pack(">HHHH", sport, dport, 8 + len(data), 0) + data)


def icmp(source, destination, kind, data, code=0):
    head = struct.pack(">BBHI", kind, code, 0, 0)
    return ip(source, destination, 1, head[:2] + struct.pack(">H", checksum(head + data)) + head[4:] + data)


def backscatter():
    for i in range(40):
        yield 2.5 * i, tcp("192.0.2.80", f"198.51.100.{(i * 19 + 3) * 7 % 256}", 80, 1024 + 997 * i, SYN | ACK)
        yield 2.5 * i + 0.5, tcp("192.0.2.99", f"198.51.100.{16 + i % 16}", 80, 1024 + 997 * i, SYN | ACK)
    for i in range(10):
        dark = f"198.51.100.{25 * i + 9}"
        yield 5.0 * i + 0.1, icmp("192.0.2.1", dark, 3, udp(dark, "192.0.2.53", 30000 + i, 53, b"")[:28], 3)
    for i in range(9):
        yield 10.0 * i + 0.2, tcp("192.0.2.66", "198.51.100.77", 6667, 4000 + i, RST)
    for i in range(8):
        yield 6.0 * i + 0.3, tcp("2001:db8:1::80", f"2001:db8:dead:{0x1fff * i:x}::1", 443, 5000 + i, SYN | ACK)
    yield 20.0, icmp("192.0.2.1", "198.51.100.5", 3, udp("198.51.100.6", "192.0.2.53", 30000, 53, b"")[:28], 3)
    yield 21.0, icmp("192.0.2.1", "198.51.100.5", 3, udp("198.51.100.5", "192.0.2.53", 30000, 53, b"")[:24], 3)


def random_communications():
    for at in (0.0, 4.0, 8.0, 12.0, 20.0, 420.0):
        yield at + 1.0, tcp("203.0.113.200", "198.51.100.9", 40000 + int(at), 135, SYN)
    for i in range(20):
        yield 0.1 * i + 30.0, icmp("203.0.113.201", f"198.51.100.{10 * i}", 8, b"ping")
    for i in range(12):
        yield 3.0 * i + 40.0, udp(f"203.0.113.{100 + i}", f"198.51.100.{20 * i + 1}", 2000 + i, 1434, WORM)
    for at, one, flags, data in ((0.0, True, SYN, b""), (0.01, False, SYN | ACK, b""), (0.02, True, ACK, b""),
                                 (0.03, True, PSH | ACK, b"GET / HTTP/1.0\r\n\r\n"), (0.04, False, ACK, b""), (0.05, True, RST | ACK, b"")):
        ends = ("203.0.113.210", "203.0.113.7", 50000, 80) if one else ("203.0.113.7", "203.0.113.210", 80, 50000)
        yield 60.0 + at, tcp(*ends, flags, data)


def main():
    with open(sys.argv[1], "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
        for time, packet in sorted(list(backscatter()) + list(random_communications())):
            micro = round(time * 1e6)
            out.write(struct.pack("<IIII", BEGIN + micro // 1000000, micro % 1000000, len(packet), len(packet)) + packet)
    with open(sys.argv[2], "w", encoding="utf-8") as out:
        out.write("site:\n  dark_prefixes: [198.51.100.0/24, \"2001:db8:dead::/48\"]\n"
                  "  sensors:\n    - {name: pot1, prefix: 203.0.113.7/32}\n")


main()
