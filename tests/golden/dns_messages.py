#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Writes a capture of DNS messages whose every count can be checked by hand.

usage: dns_messages.py OUT.pcap

From 2026-01-05 00:00:00 UTC, Ethernet, µs:
  stub      192.0.2.10 asks the resolver 192.0.2.53 for hostN.example.co.uk A, 150 times, 20 a second, ports one after the other from 40000, EDNS 1232 with
            DO and a client cookie; answered after 20 ms: RA, one A and one RRSIG record
  fixed     [2001:db8::10]:5300 asks the authority 2001:db8:1::53 for nN.Example.Net AAAA, 140 times, always from that port, no EDNS; answered after 5 ms:
            NXDOMAIN, AA, the SOA of example.net
  minimiser 192.0.2.11 asks the same authority's IPv4 side 198.51.100.53 for zoneN.test NS, 140 times, from scattered ports; referred to zoneN.test after 1 ms
  odd       one query that is never answered, one answered after 7 s (late), one answer nobody asked for, one with extended error 18 and SERVFAIL
  noise     7 octets to port 53 (malformed), an ICMP error that quotes a query, a question of multicast DNS, one of LLMNR
  stream    a TCP connection to port 53 with two queries in one segment, and both answers
  dot       a TCP connection to port 853 with 100 octets each way; a datagram to udp/853
"""
import ipaddress
import struct
import sys

BEGIN = 1767571200
SYN, ACK, FIN, PSH = 2, 16, 1, 8
QR, AA, RD, RA = 0x8000, 0x0400, 0x0100, 0x0080
A, NS, SOA, OPT, RRSIG, AAAA, TXT = 1, 2, 6, 41, 46, 28, 16


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip(source, destination, protocol, payload):
    s, d = ipaddress.ip_address(source), ipaddress.ip_address(destination)
    if s.version == 6:
        return 0x86DD, struct.pack(">IHBB", 6 << 28, len(payload), protocol, 64) + s.packed + d.packed + payload
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0x4000, 64, protocol, 0) + s.packed + d.packed
    return 0x0800, head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def pseudo(source, destination, protocol, size):
    s, d = ipaddress.ip_address(source), ipaddress.ip_address(destination)
    return s.packed + d.packed + (struct.pack(">IHBB", size, 0, 0, protocol) if s.version == 6 else struct.pack(">BBH", 0, protocol, size))


def tcp(source, destination, sport, dport, seq, ack, flags, data=b""):
    head = struct.pack(">HHIIBBHHH", sport, dport, seq, ack, 5 << 4, flags, 65535, 0, 0)
    total = checksum(pseudo(source, destination, 6, 20 + len(data)) + head + data)
    return ip(source, destination, 6, head[:16] + struct.pack(">H", total) + head[18:] + data)


def udp(source, destination, sport, dport, data):
    head = struct.pack(">HHHH", sport, dport, 8 + len(data), 0)
    total = checksum(pseudo(source, destination, 17, 8 + len(data)) + head + data) or 0xFFFF
    return ip(source, destination, 17, head[:6] + struct.pack(">H", total) + data)


def name(text):
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".") if label) + b"\0"


def record(owner, kind, ttl, data, klass=1):
    return (b"\xc0\x0c" if owner is None else name(owner)) + struct.pack(">HHIH", kind, klass, ttl, len(data)) + data


def edns(size, do, options=b""):
    return b"\0" + struct.pack(">HHIH", OPT, size, 0x8000 if do else 0, len(options)) + options


def message(ident, bits, question, kind, answers=(), authority=(), additional=()):
    head = struct.pack(">HHHHHH", ident, bits, 1, len(answers), len(authority), len(additional))
    return head + name(question) + struct.pack(">HH", kind, 1) + b"".join(answers) + b"".join(authority) + b"".join(additional)


def soa(owner):
    return record(owner, SOA, 60, name("ns." + owner) + name("root." + owner) + struct.pack(">IIIII", 1, 2, 3, 4, 5))


def exchange(at, client, server, port, query, delay, answer):
    yield at, udp(client, server, port, 53, query)
    yield at + delay, udp(server, client, 53, port, answer)


def stub():
    cookie = struct.pack(">HH", 10, 8) + b"CLIENT88"
    for n in range(150):
        question = f"host{n}.example.co.uk"
        query = message(n, RD, question, A, additional=[edns(1232, True, cookie)])
        signature = struct.pack(">HBBIIIH", A, 13, 4, 60, 1, 0, 7) + name("example.co.uk") + b"s" * 64
        answer = message(n, QR | RD | RA, question, A, [record(None, A, 60, bytes([203, 0, 113, n % 250])), record(None, RRSIG, 60, signature)],
                         additional=[edns(4096, True)])
        yield from exchange(n * 0.05, "192.0.2.10", "192.0.2.53", 40000 + n, query, 0.02, answer)


def fixed():
    for n in range(140):
        question = f"n{n}.Example.Net"
        yield from exchange(0.01 + n * 0.05, "2001:db8::10", "2001:db8:1::53", 5300, message(n, 0, question, AAAA), 0.005,
                            message(n, QR | AA | 3, question, AAAA, authority=[soa("example.net")]))


def minimiser():
    port = 4711
    for n in range(140):
        port = (port * 31421 + 6927) % 65536
        question = f"zone{n}.test"
        referral = [record(None, NS, 3600, name("ns1." + question)), record(None, NS, 3600, name("ns2." + question))]
        yield from exchange(0.02 + n * 0.05, "192.0.2.11", "198.51.100.53", port | 1024, message(n, 0, question, NS), 0.001,
                            message(n, QR, question, NS, authority=referral))


def odd():
    client, server = "192.0.2.12", "192.0.2.53"
    yield 1.0, udp(client, server, 1111, 53, message(1, RD, "never.example", A))
    yield from exchange(1.1, client, server, 1112, message(2, RD, "late.example", A), 7.0, message(2, QR | RD | RA, "late.example", A))
    yield 1.2, udp(server, client, 53, 1113, message(3, QR | RD | RA, "unasked.example", TXT))
    ede = struct.pack(">HHH", 15, 2, 18)
    yield from exchange(1.3, client, server, 1114, message(4, RD, "refused.example", A, additional=[edns(512, False)]), 0.003,
                        message(4, QR | RD | RA | 2, "refused.example", A, additional=[edns(1232, False, ede)]))


def noise():
    client, server = "192.0.2.12", "192.0.2.53"
    yield 2.0, udp(client, server, 2222, 53, b"notdns!")
    quoted = udp(client, server, 2223, 53, message(9, RD, "quoted.example", A))[1]
    error = struct.pack(">BBHI", 3, 3, 0, 0) + quoted
    yield 2.1, ip(server, client, 1, error[:2] + struct.pack(">H", checksum(error)) + error[4:])
    yield 2.2, udp(client, "224.0.0.251", 5353, 5353, message(0, 0, "printer.local", A))
    yield 2.3, udp(client, "224.0.0.252", 50000, 5355, message(5, 0, "wpad", A))


def connection(at, client, server, sport, dport, request, response):
    yield at, tcp(client, server, sport, dport, 100, 0, SYN)
    yield at + 0.001, tcp(server, client, dport, sport, 500, 101, SYN | ACK)
    yield at + 0.002, tcp(client, server, sport, dport, 101, 501, ACK | PSH, request)
    yield at + 0.006, tcp(server, client, dport, sport, 501, 101 + len(request), ACK | PSH, response)
    yield at + 0.007, tcp(client, server, sport, dport, 101 + len(request), 501 + len(response), ACK | FIN)
    yield at + 0.008, tcp(server, client, dport, sport, 501 + len(response), 102 + len(request), ACK | FIN)


def framed(*messages):
    return b"".join(struct.pack(">H", len(m)) + m for m in messages)


def stream():
    queries = framed(message(1, RD, "one.example", A), message(2, RD, "two.example", TXT))
    answers = framed(message(1, QR | RD | RA, "one.example", A, [record(None, A, 60, b"\xcb\0\x71\1")]),
                     message(2, QR | RD | RA, "two.example", TXT, [record(None, TXT, 60, b"\x04text")]))
    yield from connection(3.0, "192.0.2.13", "192.0.2.53", 45000, 53, queries, answers)


def dot():
    yield from connection(4.0, "192.0.2.14", "198.51.100.8", 46000, 853, b"c" * 100, b"s" * 100)
    yield 5.0, udp("192.0.2.14", "198.51.100.9", 47000, 853, b"q" * 50)


def main():
    packets = sorted((p for part in (stub, fixed, minimiser, odd, noise, stream, dot) for p in part()), key=lambda p: p[0])
    with open(sys.argv[1], "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for time, (ether_type, payload) in packets:
            frame = bytes.fromhex("020000000001020000000002") + struct.pack(">H", ether_type) + payload
            micro = round(time * 1e6)
            out.write(struct.pack("<IIII", BEGIN + micro // 1000000, micro % 1000000, len(frame), len(frame)) + frame)


main()
