#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Writes a capture of NetFlow v5 exports whose every figure can be checked by hand, and a configuration with its customers.

usage: exports.py OUT.pcap OUT.yaml

A router at 192.0.2.254 samples 1 packet in 100; all its packets have 1000 octets. Customers are 10.0.0.1 (fiber, client-type),
10.0.0.2 (fiber, sends 200 MB) and 10.0.0.3 (dsl); the servers are 198.51.100.1 (AS 64500) and 203.0.113.9 (AS 64501).
On Monday, 2014-05-26, and on the same day of 2013 (with half of the HTTPS), each record within a second, UTC:

  20:00  10.0.0.1 <- 198.51.100.1  tcp/443   400 packets sampled     40 MB
  20:00  10.0.0.1 -> 198.51.100.1  tcp/443    20                      2 MB
  21:00  10.0.0.2 <- 203.0.113.9   tcp/80    300                     30 MB
  21:00  10.0.0.2 -> 203.0.113.9   tcp/50000 2000 (both ports high) 200 MB
  22:00  10.0.0.3 <- 203.0.113.9   udp/443   100                     10 MB
  22:00  10.0.0.3 -> 10.0.0.1      icmp       10 (both customers)     1 MB
  23:00  198.51.100.1 -> 203.0.113.9 tcp/25   50 (nobody's)           5 MB
"""
import ipaddress
import struct
import sys

DAYS = [(1369526400, 2), (1401062400, 1)]  # 2013-05-26, 2014-05-26; HTTPS is divided by this
SAMPLING = 100
AS = {"198.51.100.1": 64500, "203.0.113.9": 64501}
ROWS = [
    (20, "198.51.100.1", "10.0.0.1", 6, 443, 40000, 400),
    (20, "10.0.0.1", "198.51.100.1", 6, 40000, 443, 20),
    (21, "203.0.113.9", "10.0.0.2", 6, 80, 40000, 300),
    (21, "10.0.0.2", "203.0.113.9", 6, 40000, 50000, 2000),
    (22, "203.0.113.9", "10.0.0.3", 17, 443, 40000, 100),
    (22, "10.0.0.3", "10.0.0.1", 1, 0, 0, 10),
    (23, "198.51.100.1", "203.0.113.9", 6, 40000, 25, 50),
]
CONFIG = """site:
  time_zone: UTC
  own_prefixes: [10.0.0.0/8]
  customer_pools:
    - {prefix: 10.0.0.0/31, service: fiber}
    - {prefix: 10.0.0.2/32, service: fiber}
    - {prefix: 10.0.0.3/32, service: dsl}
"""


def packed(address):
    return ipaddress.ip_address(address).packed


def datagram(time, sequence, row):
    """One record a datagram; the exporter was started an hour before."""
    _, source, destination, protocol, source_port, destination_port, packets = row
    record = struct.pack(">4s4s4sHHIIIIHHBBBBHHBBH", packed(source), packed(destination), b"\0" * 4, 1, 2, packets, packets * 1000,
                         3599000, 3600000, source_port, destination_port, 0, 0, protocol, 0, AS.get(source, 0), AS.get(destination, 0), 0, 0, 0)
    header = struct.pack(">HHIIIIBBH", 5, 1, 3600000, time, 0, sequence, 0, 0, 1 << 14 | SAMPLING)
    return header + record


def packet(payload):
    udp = struct.pack(">HHHH", 30000, 2055, 8 + len(payload), 0) + payload
    header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, packed("192.0.2.254"), packed("192.0.2.1"))
    total = sum(struct.unpack(">10H", header))
    total = (total & 0xFFFF) + (total >> 16)
    return b"\2" * 6 + b"\4" * 6 + b"\x08\0" + header[:10] + struct.pack(">H", ~total & 0xFFFF) + header[12:] + udp


def main():
    out = bytearray(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
    sequence = 0
    for day, divisor in DAYS:
        for row in ROWS:
            time = day + row[0] * 3600 + 1
            if row[4] == 443 and row[3] == 6:
                row = row[:6] + (row[6] // divisor,)
            frame = packet(datagram(time, sequence, row))
            out += struct.pack("<IIII", time, 0, len(frame), len(frame)) + frame
            sequence += 1
    with open(sys.argv[1], "wb") as f:
        f.write(out)
    with open(sys.argv[2], "w", encoding="utf-8") as f:
        f.write(CONFIG)


main()
