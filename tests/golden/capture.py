#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Writes a small capture whose every figure can be checked by hand.

usage: capture.py OUT.pcap

At 2026-01-05 00:00:00 UTC, Ethernet, µs:
  a TCP connection 192.0.2.10:40000 -> 198.51.100.1:443: SYN, SYN-ACK after 20 ms, ACK, 1000 octets of data each way, FIN both ways
  a DNS query and answer over IPv6, [2001:db8::10]:5353 -> [2001:db8:1::53]:53
  ten seconds later an echo request and its reply, 192.0.2.10 <-> 198.51.100.1
  a UDP datagram between two dynamic ports, 192.0.2.11:50000 -> 203.0.113.9:60000, and its copy 10 µs later (a duplicate)
  an ARP request; a frame of EtherType 0x88cc; a frame that ends inside its IPv4 header
"""
import ipaddress
import struct
import sys

BEGIN = 1767571200
SYN, ACK, FIN, PSH = 2, 16, 1, 8


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip(source, destination, protocol, payload, ident=0):
    s, d = ipaddress.ip_address(source), ipaddress.ip_address(destination)
    if s.version == 6:
        return 0x86DD, struct.pack(">IHBB", 6 << 28, len(payload), protocol, 64) + s.packed + d.packed + payload
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), ident, 0x4000, 64, protocol, 0) + s.packed + d.packed
    return 0x0800, head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def pseudo(source, destination, protocol, size):
    s, d = ipaddress.ip_address(source), ipaddress.ip_address(destination)
    return s.packed + d.packed + struct.pack(">IHBB", size, 0, 0, protocol) if s.version == 6 else s.packed + d.packed + struct.pack(
        ">BBH", 0, protocol, size)


def tcp(source, destination, sport, dport, seq, ack, flags, data=b""):
    head = struct.pack(">HHIIBBHHH", sport, dport, seq, ack, 5 << 4, flags, 65535, 0, 0)
    total = checksum(pseudo(source, destination, 6, 20 + len(data)) + head + data)
    return ip(source, destination, 6, head[:16] + struct.pack(">H", total) + head[18:] + data)


def udp(source, destination, sport, dport, data, ident=0):
    head = struct.pack(">HHHH", sport, dport, 8 + len(data), 0)
    total = checksum(pseudo(source, destination, 17, 8 + len(data)) + head + data) or 0xFFFF
    return ip(source, destination, 17, head[:6] + struct.pack(">H", total) + data, ident)


def icmp(source, destination, kind, data):
    head = struct.pack(">BBHHH", kind, 0, 0, 1, 1)
    return ip(source, destination, 1, head[:2] + struct.pack(">H", checksum(head + data)) + head[4:] + data)


def packets():
    a, b = "192.0.2.10", "198.51.100.1"
    yield 0.0, tcp(a, b, 40000, 443, 100, 0, SYN)
    yield 0.02, tcp(b, a, 443, 40000, 500, 101, SYN | ACK)
    yield 0.021, tcp(a, b, 40000, 443, 101, 501, ACK)
    yield 0.03, tcp(a, b, 40000, 443, 101, 501, ACK | PSH, b"q" * 1000)
    yield 0.06, tcp(b, a, 443, 40000, 501, 1101, ACK | PSH, b"r" * 1000)
    yield 0.07, tcp(a, b, 40000, 443, 1101, 1501, ACK | FIN)
    yield 0.09, tcp(b, a, 443, 40000, 1501, 1102, ACK | FIN)
    yield 1.0, udp("2001:db8::10", "2001:db8:1::53", 5353, 53, b"d" * 30)
    yield 1.005, udp("2001:db8:1::53", "2001:db8::10", 53, 5353, b"d" * 100)
    yield 11.0, icmp(a, b, 8, b"p" * 56)
    yield 11.01, icmp(b, a, 0, b"p" * 56)
    for extra in (0, 0.00001):
        yield 11.02 + extra, udp("192.0.2.11", "203.0.113.9", 50000, 60000, b"u" * 472, 7)
    yield 11.03, (0x0806, bytes.fromhex("0001080006040001") + bytes(6) + bytes([192, 0, 2, 10]) + bytes(6) + bytes([192, 0, 2, 1]))
    yield 11.04, (0x88CC, bytes(46))
    yield 11.05, (0x0800, bytes.fromhex("450000") + bytes(7))


def main():
    with open(sys.argv[1], "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for time, (ether_type, payload) in packets():
            frame = bytes.fromhex("020000000001020000000002") + struct.pack(">H", ether_type) + payload
            micro = round(time * 1e6)
            out.write(struct.pack("<IIII", BEGIN + micro // 1000000, micro % 1000000, len(frame), len(frame)) + frame)


if __name__ == "__main__":
    main()
