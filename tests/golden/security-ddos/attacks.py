#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Writes attacks whose every figure can be counted by hand, with thresholds lowered to match.

usage: attacks.py OUT.pcap

From 2026-01-05 00:00:05 UTC, Ethernet, microseconds; each attack has an address of its own:
  192.0.2.1     60 % UDP and 40 % SYN, 400 packets a second for 40 s: compound of both kinds
  192.0.2.2     DNS answers of three fragments each, 12 reflectors, 20 answers a second for 40 s: bandwidth, one vector
  192.0.2.3     forged SYN, 150 a second for 40 s, from a source each: server
  192.0.2.4     UDP, 300 a second for 35 s, a gap of nine minutes, 300 a second for 35 s: one attack with a gap
  198.51.100.0/24  UDP, 3 a second to each of 100 addresses for 40 s: no address is attacked, the prefix is
  2001:db8::5   ICMPv6, 300 a second for 40 s
and, ordinary, 30 requests a second to 192.0.2.6, answered.
"""
import ipaddress
import struct
import sys

BEGIN = 1767571205


def ip(source, destination, protocol, payload, ident=0, offset=0, more=False):
    s, d = ipaddress.ip_address(source), ipaddress.ip_address(destination)
    if s.version == 6:
        return struct.pack(">IHBB", 6 << 28, len(payload), protocol, 60) + s.packed + d.packed + payload
    flags = offset // 8 | (0x2000 if more else 0)
    return struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), ident & 0xFFFF, flags, 60, protocol, 0) + s.packed + d.packed + payload


def udp(source, destination, sport, dport, size):
    return ip(source, destination, 17, struct.pack(">HHHH", sport, dport, 8 + size, 0) + bytes(size))


def syn(source, destination, sport, dport, seq):
    return ip(source, destination, 6, struct.pack(">HHIIBBHHH", sport, dport, seq, 0, 5 << 4, 2, 8192, 0, 0))


def icmp6(source, destination):
    return ip(source, destination, 58, struct.pack(">BBHHH", 128, 0, 0, 1, 1) + bytes(56))


def spoofed(i):
    return f"{1 + i * 7 % 220}.{i * 13 % 251}.{i * 29 % 241}.{1 + i % 253}"


def steady(begin, seconds, rate, make):
    return [(begin + i / rate, make(i)) for i in range(seconds * rate)]


def fragments(i):
    """One answer of 2,932 octets of UDP in three fragments."""
    source = f"203.0.113.{1 + i % 12}"
    whole = struct.pack(">HHHH", 53, 40000 + i % 100, 2932, 0) + bytes(2924)
    return [ip(source, "192.0.2.2", 17, whole[at:at + 1480], i, at, at + 1480 < len(whole)) for at in range(0, len(whole), 1480)]


def main():
    packets = []
    for i in range(400 * 40):
        packets.append((BEGIN + i / 400, udp(f"203.0.113.{1 + i % 50}", "192.0.2.1", 5000 + i % 100, 9999, 100) if i % 5 < 3 else
                        syn(spoofed(i), "192.0.2.1", 1024 + i % 60000, 80, i)))
    for i in range(20 * 40):
        packets += [(BEGIN + 100 + i / 20 + k * 1e-5, frame) for k, frame in enumerate(fragments(i))]
    packets += steady(BEGIN + 200, 40, 150, lambda i: syn(spoofed(i), "192.0.2.3", 1024 + i % 60000, 443, i))
    packets += steady(BEGIN + 300, 35, 300, lambda i: udp("203.0.113.77", "192.0.2.4", 4444, 5555, 60))
    packets += steady(BEGIN + 300 + 35 + 540, 35, 300, lambda i: udp("203.0.113.77", "192.0.2.4", 4444, 5555, 60))
    packets += steady(BEGIN + 400, 40, 300, lambda i: udp(f"203.0.113.{i % 200}", f"198.51.100.{1 + i % 100}", 7777, i % 60000, 60))
    packets += steady(BEGIN + 500, 40, 300, lambda i: icmp6(f"2001:db8:1::{i % 500 + 1:x}", "2001:db8::5"))
    for i in range(30 * 300):
        packets.append((BEGIN + i / 30, udp(f"203.0.113.{i % 90 + 1}", "192.0.2.6", 30000 + i % 999, 53, 30)))
        packets.append((BEGIN + i / 30 + 0.002, udp("192.0.2.6", f"203.0.113.{i % 90 + 1}", 53, 30000 + i % 999, 400)))
    with open(sys.argv[1], "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
        for time, packet in sorted(packets, key=lambda p: p[0]):
            micro = round(time * 1e6)
            out.write(struct.pack("<IIII", micro // 1000000, micro % 1000000, len(packet), len(packet)) + packet)


main()
