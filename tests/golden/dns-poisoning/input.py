#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Writes a capture of a resolver's outer side with attempts to poison its cache; every figure can be checked by hand.

usage: input.py OUT.pcap

From 2026-01-05 00:00:00 UTC, Ethernet, µs; the resolver is 192.0.2.53, answers of servers take 20 ms and come with TTL 57:
    0 s  1000 ordinary queries in 10 s for www0.example.org … to 198.51.100.1, source ports spread over 1024…65535
   20 s  12 queries for one name a second, answered twice from different hosts: second answers (TTL 57 and 61), no race
  100 s  Kaminsky's attack on example.com at 198.51.100.2: 40 queries for n0.example.com … every 100 ms, for each 30 answers with
         a wrong id to the right port (ports 4000 to 4003: a pool of 4) and TTL 200; then the true answer
  110 s  one forged answer more, with the right id, TTL 200, then the true one: the success
  200 s  9 answers with wrong ids for a.example.net, 10 for b.example.edu: one below the threshold, and at it
  300 s  99 answers with a wrong port for 33 names under low.test, 100 for 34 names under high.test
  400 s  SAD DNS: 4000 datagrams from 198.51.100.3 to closed ports in 4 s; 250 port-unreachables a second; a query each second
  500 s  20 second fragments from 198.51.100.4 without a first one, then a query to it
"""
import ipaddress
import struct
import sys

BEGIN = 1767571200
RESOLVER = "192.0.2.53"


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip(source, destination, protocol, payload, ttl=64, ident=0, fragment=0):
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), ident, fragment, ttl, protocol, 0)
    head += ipaddress.ip_address(source).packed + ipaddress.ip_address(destination).packed
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def udp(source, destination, sport, dport, data, ttl=64):
    return ip(source, destination, 17, struct.pack(">HHHH", sport, dport, 8 + len(data), 0) + data, ttl)


def name(text):
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".")) + b"\0"


def query(server, port, ident, qname):
    data = struct.pack(">HHHHHH", ident & 0xFFFF, 0, 1, 0, 0, 0) + name(qname) + struct.pack(">HH", 1, 1)
    return udp(RESOLVER, server, port, 53, data)


def answer(server, port, ident, qname, address, ttl=57):
    data = struct.pack(">HHHHHH", ident & 0xFFFF, 0x8400, 1, 1, 0, 0) + name(qname) + struct.pack(">HH", 1, 1)
    data += struct.pack(">HHHIH", 0xC00C, 1, 1, 3600, 4) + ipaddress.ip_address(address).packed
    return udp(server, RESOLVER, 53, port, data, ttl)


def ordinary():
    for i in range(1000):
        port = 1024 + i * 40503 % 64512
        yield i * 0.01, query("198.51.100.1", port, i * 77, f"www{i}.example.org")
        yield i * 0.01 + 0.02, answer("198.51.100.1", port, i * 77, f"www{i}.example.org", "203.0.113.1")
    for i in range(12):
        yield 20 + i, query("198.51.100.1", 30000 + i, i, "blocked.example.org")
        yield 20 + i + 0.01, answer("198.51.100.1", 30000 + i, i, "blocked.example.org", "203.0.113.66", 61)
        yield 20 + i + 0.02, answer("198.51.100.1", 30000 + i, i, "blocked.example.org", "203.0.113.2")


def kaminsky():
    server = "198.51.100.2"
    for i in range(40):
        time, port, qname = 100 + i * 0.1, 4000 + i % 4, f"n{i}.example.com"
        yield time, query(server, port, 10000 + i, qname)
        for k in range(30):
            yield time + 0.001 + k * 0.0005, answer(server, port, 20000 + 30 * i + k, qname, "203.0.113.66", 200)
        yield time + 0.02, answer(server, port, 10000 + i, qname, "203.0.113.3")
    yield 110, query(server, 4001, 7, "last.example.com")
    for k in range(15):
        yield 110.001 + k * 0.0005, answer(server, 4001, 100 + k, "last.example.com", "203.0.113.66", 200)
    yield 110.012, answer(server, 4001, 7, "last.example.com", "203.0.113.66", 200)
    yield 110.02, answer(server, 4001, 7, "last.example.com", "203.0.113.3")


def thresholds():
    for time, count, qname in (200, 9, "a.example.net"), (220, 10, "b.example.edu"):
        yield time, query("198.51.100.1", 5000, 1, qname)
        for k in range(count):
            yield time + 0.001 * (k + 1), answer("198.51.100.1", 5000, 100 + k, qname, "203.0.113.66")
        yield time + 0.02, answer("198.51.100.1", 5000, 1, qname, "203.0.113.4")
    for time, count, zone in (300, 99, "low.test"), (320, 100, "high.test"):
        for k in range(count):
            qname = f"h{k // 3}.{zone}"
            if k % 3 == 0:
                yield time + 0.03 * k, query("198.51.100.1", 6000 + 37 * k, k, qname)
            yield time + 0.03 * k + 0.001, answer("198.51.100.1", 999, k, qname, "203.0.113.66")
            if k % 3 == 2:
                yield time + 0.03 * k + 0.002, answer("198.51.100.1", 6000 + 37 * (k - 2), k - 2, qname, "203.0.113.4")


def probing():
    server = "198.51.100.3"
    for i in range(4000):
        probe = udp(server, RESOLVER, 53, 2000 + i, b"\0" * 12)
        yield 400 + i * 0.001, probe
        if i % 4 == 0:
            body = b"\0\0\0\0" + probe[:28]
            yield 400 + i * 0.001 + 0.0001, ip(RESOLVER, server, 1, struct.pack(">BBH", 3, 3, checksum(b"\3\3\0\0" + body)) + body)
    for i in range(5):
        yield 400.5 + i, query(server, 9000 + i, i, f"p{i}.example.info")


def fragments():
    server = "198.51.100.4"
    for i in range(20):
        yield 500 + i * 0.01, ip(server, RESOLVER, 17, b"\0" * 64, 64, 1000 + i, 1480 // 8)
    yield 501, query(server, 9100, 1, "big.example.info")
    yield 501.02, answer(server, 9100, 1, "big.example.info", "203.0.113.5")


def main():
    packets = sorted([*ordinary(), *kaminsky(), *thresholds(), *probing(), *fragments()], key=lambda packet: packet[0])
    with open(sys.argv[1], "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for time, packet in packets:
            frame = bytes.fromhex("0200000000010200000000020800") + packet
            micro = round(time * 1e6)
            out.write(struct.pack("<IIII", BEGIN + micro // 1000000, micro % 1000000, len(frame), len(frame)) + frame)


main()
