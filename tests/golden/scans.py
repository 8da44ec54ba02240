#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Writes a capture whose scans are known, a web log whose guessing is, and the site's file, for security/scans.

usage: scans.py OUT.pcap access.log yagura.yaml

From 2026-01-05 14:30:00 UTC (half an hour before midnight in the site's zone), raw IP; the site is 192.0.2.0/24, its upper half dark:
  203.0.113.5    SYN to 40 ports of 192.0.2.10: 36 refused, 4 answered and left half open with RST
  203.0.113.6    SYN to port 23 of 20 own hosts, no answer; 203.0.113.16 the same with FIN at port 22
  203.0.113.7    SYN to port 25 of 4 own hosts, no answer: the sequential test; 203.0.113.8 of 3: nothing
  203.0.113.9    SYN to port 445 of one own host every four minutes, of 20
  203.0.113.10   a datagram to port 5060 of 3 dark hosts
  2001:db8:5::1  SYN to ports 1-30 of 2001:db8::10, refused
  192.0.2.20     a client: 60 servers at port 443 that answer, 10 that do not
  192.0.2.30     an own host: SYN to port 445 of 260 hosts elsewhere, no answer

In the log 203.0.113.20 tries wp-login.php 35 times in vain, every ten seconds, and then is let in; 203.0.113.21 mistypes twice.
"""
import ipaddress
import struct
import sys

BEGIN = 1767623400
FIN, SYN, RST, ACK = 1, 2, 4, 16


def ip(source, target, protocol, payload):
    s, t = ipaddress.ip_address(source), ipaddress.ip_address(target)
    if s.version == 6:
        return struct.pack(">IHBB", 6 << 28, len(payload), protocol, 64) + s.packed + t.packed + payload
    return struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0, 64, protocol, 0) + s.packed + t.packed + payload


def tcp(source, sport, target, dport, flags):
    return ip(source, target, 6, struct.pack(">HHIIBBHHH", sport, dport, 1, 1 if flags & ACK else 0, 0x50, flags, 1024, 0, 0))


def udp(source, sport, target, dport, payload):
    return ip(source, target, 17, struct.pack(">HHHH", sport, dport, 8 + len(payload), 0) + payload)


def refused(ms, source, sport, target, dport):
    yield ms, tcp(source, sport, target, dport, SYN)
    yield ms + 5, tcp(target, dport, source, sport, RST | ACK)


def half_open(ms, source, sport, target, dport):
    yield ms, tcp(source, sport, target, dport, SYN)
    yield ms + 5, tcp(target, dport, source, sport, SYN | ACK)
    yield ms + 6, tcp(source, sport, target, dport, RST)


def connection(ms, source, sport, target, dport):
    yield ms, tcp(source, sport, target, dport, SYN)
    yield ms + 5, tcp(target, dport, source, sport, SYN | ACK)
    yield ms + 6, tcp(source, sport, target, dport, ACK)
    yield ms + 50, tcp(source, sport, target, dport, FIN | ACK)
    yield ms + 55, tcp(target, dport, source, sport, FIN | ACK)
    yield ms + 56, tcp(source, sport, target, dport, ACK)


def packets():
    for i in range(36):
        yield from refused(1000 + 20 * i, "203.0.113.5", 40000, "192.0.2.10", 1000 + i)
    for i, port in enumerate((22, 25, 80, 443)):
        yield from half_open(2000 + 20 * i, "203.0.113.5", 40000, "192.0.2.10", port)
    for i in range(20):
        yield 3000 + 10 * i, tcp("203.0.113.6", 50000 + i, f"192.0.2.{1 + i}", 23, SYN)
        yield 3005 + 10 * i, tcp("203.0.113.16", 50000 + i, f"192.0.2.{1 + i}", 22, FIN)
        yield 240000 * i, tcp("203.0.113.9", 51000 + i, f"192.0.2.{40 + i}", 445, SYN)
    for i in range(4):
        yield 5000 + 10 * i, tcp("203.0.113.7", 52000 + i, f"192.0.2.{60 + i}", 25, SYN)
    for i in range(3):
        yield 6000 + 10 * i, tcp("203.0.113.8", 53000 + i, f"192.0.2.{60 + i}", 25, SYN)
        yield 7000 + 10 * i, udp("203.0.113.10", 5060, f"192.0.2.{200 + i}", 5060, b"OPTIONS")
    for i in range(30):
        yield from refused(8000 + 20 * i, "2001:db8:5::1", 44444, "2001:db8::10", 1 + i)
    for i in range(60):
        yield from connection(10000 + 200 * i, "192.0.2.20", 30000 + i, f"198.51.100.{1 + i}", 443)
    for i in range(10):
        yield 12000 + 100 * i, tcp("192.0.2.20", 31000 + i, f"198.51.100.{100 + i}", 443, SYN)
    for i in range(260):
        yield 20000 + 10 * i, tcp("192.0.2.30", 1024 + i, f"100.64.{i // 250}.{1 + i % 250}", 445, SYN)


def line(out, source, second, status):
    out.write(f'{source} - - [05/Jan/2026:14:{40 + second // 60}:{second % 60:02} +0000] "POST /wp-login.php HTTP/1.1" {status} 4211 '
              '"http://www.example/wp-login.php" "Mozilla/5.0"\n')


def main():
    with open(sys.argv[1], "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
        for ms, data in sorted(packets(), key=lambda packet: packet[0]):
            out.write(struct.pack("<IIII", BEGIN + ms // 1000, ms % 1000 * 1000, len(data), len(data)) + data)
    with open(sys.argv[2], "w", encoding="utf-8") as out:
        for i in range(36):
            line(out, "203.0.113.20", i * 10, 200 if i < 35 else 302)
            if i < 3:
                line(out, "203.0.113.21", i * 10 + 1, 200 if i < 2 else 302)
    with open(sys.argv[3], "w", encoding="utf-8") as out:
        out.write("site:\n  time_zone: Asia/Tokyo\n  own_prefixes: [192.0.2.0/24, 2001:db8::/64]\n  dark_prefixes: [192.0.2.128/25]\n")


main()
