#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Writes a capture of heartbeats whose verdicts are known, for security/heartbleed.

usage: heartbleed.py OUT.pcap

From 2026-01-05 00:00:00 UTC, the server's last octet says what it does; every 20 s another client comes:
   1  leaks: three octets of payload, 16,384 claimed, as nmap asks; the answer has 16,365 octets of memory
   2  answers with what was sent and claims more: nothing leaked
   3  an alert
   4  silence of 7 s, then other data
   5  the connection ends after 1 s
   6  a well-formed heartbeat before encryption
   7  encrypted, AES-SHA in TLS 1.2: 32 octets where 64 are the least, answered by three full records
   8  encrypted with encrypt-then-MAC, 64 octets where 68 are the least: silence of 6 s
   9  keeps its connection alive: 96 octets each way, legal; ordinary
  10  after STARTTLS: as 1, over IPv6
  11  DTLS: leaks 1,000 octets; the request comes twice
  12  DTLS: searches for the MTU with 1,200 octets that nobody answers; ordinary
  13  ordinary TLS 1.2 and, at 14, 1.3
"""
import struct
import sys

from capture import BEGIN
from tls_wire import (ALERT, CHANGE, DATA, HANDSHAKE, HEARTBEAT, Connection, answer, client_hello, datagrams, dtls, dtls_message,
                      fragments, record, request, server_hello)

ASK = record(HEARTBEAT, request(16384, b"abc", bytes(16)))
LEAK = fragments(answer(16384, b"abc" + bytes(16) + b"\x5a" * 16365))


def connection(number, ipv6=False, dport=443):
    if ipv6:
        return Connection(f"2001:db8::{number}", f"2001:db8:1::{number}", 40000 + number, dport, 20 * number)
    return Connection(f"192.0.2.{number}", f"198.51.100.{number}", 40000 + number, dport, 20 * number)


def plain(number, *answers, wait=0.0, **how):
    c = connection(number)
    c.open()
    c.hellos(**how)
    c.send(0, ASK)
    for one in answers:
        c.send(1, one)
    c.at += wait
    return c


def plain_cases():
    yield plain(1, LEAK)
    yield plain(2, record(HEARTBEAT, answer(16384, b"abc")))
    yield plain(3, record(ALERT, bytes([2, 10])))
    c = plain(4, wait=7)
    c.send(1, record(HANDSHAKE, bytes(40)))
    yield c
    yield plain(5, wait=1)
    c = connection(6)
    c.open()
    c.hellos()
    c.send(0, record(HEARTBEAT, request(4, b"ping", bytes(16))))
    c.send(1, record(HEARTBEAT, answer(4, b"ping")))
    yield c


def encrypted_cases():
    c = connection(7)
    c.open()
    c.hellos(cipher=0x002F)
    c.encrypt()
    c.send(0, record(HEARTBEAT, b"\x11" * 32))
    c.send(1, record(HEARTBEAT, b"\x22" * 16432) * 3)
    yield c
    c = connection(8)
    c.open()
    c.hellos(cipher=0x002F, etm=True)
    c.encrypt()
    c.send(0, record(HEARTBEAT, b"\x11" * 64))
    c.at += 6
    c.send(0, record(DATA, b"\x33" * 64))
    yield c
    c = connection(9)
    c.open()
    c.hellos(cipher=0x002F)
    c.encrypt()
    c.send(0, record(HEARTBEAT, b"\x11" * 96))
    c.send(1, record(HEARTBEAT, b"\x22" * 96))
    yield c


def starttls():
    c = connection(10, ipv6=True, dport=587)
    c.open()
    for side, line in ((1, "220 mail.example ESMTP"), (0, "EHLO client.example"), (1, "250 STARTTLS"), (0, "STARTTLS"), (1, "220 Ready")):
        c.send(side, line.encode() + b"\r\n")
    c.hellos(0x0301)
    c.send(0, record(HEARTBEAT, request(16384), 0x0301))
    c.send(1, fragments(answer(16384, b"\x5a" * 16384), 0x0301))
    return c


def ordinary():
    for number, chosen in ((13, None), (14, 0x0304)):
        c = connection(number)
        c.open()
        c.hellos(heartbeat=None, cipher=0x1301 if chosen else 0xC02F, chosen=chosen)
        c.encrypt()
        yield c


def dtls_cases():
    hellos = [(0, dtls(HANDSHAKE, dtls_message(client_hello(0xFEFD)), 0, 0, 0xFEFF)),
              (0, dtls(HANDSHAKE, dtls_message(client_hello(0xFEFD, cookie=b"cookie")), 0, 1, 0xFEFF)),
              (1, dtls(HANDSHAKE, dtls_message(server_hello(0xFEFD)), 0, 0))]
    hellos[0] = (0, dtls(HANDSHAKE, dtls_message(client_hello(0xFEFD, cookie=b"")), 0, 0, 0xFEFF))
    ask = dtls(HEARTBEAT, request(1000), 0, 2)
    yield datagrams("192.0.2.11", "198.51.100.11", 40011, 4433, 220,
                    hellos + [(0, ask), (0, ask), (1, dtls(HEARTBEAT, answer(1000, b"\x5a" * 1000), 0, 1))])
    yield datagrams("192.0.2.12", "198.51.100.12", 40012, 4433, 240,
                    hellos + [(0, dtls(CHANGE, b"\1", 0, 2)), (1, dtls(CHANGE, b"\1", 0, 1)), (0, dtls(HEARTBEAT, b"\x11" * 1200, 1, 0)),
                              (0, dtls(DATA, b"\x22" * 200, 1, 1))])


def main():
    packets = []
    for c in (*plain_cases(), *encrypted_cases(), starttls(), *ordinary()):
        c.close()
        packets += c.packets
    for one in dtls_cases():
        packets += one
    with open(sys.argv[1], "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for at, (kind, data) in sorted(packets, key=lambda p: p[0]):
            frame = bytes(6) + bytes([2]) + bytes(5) + struct.pack(">H", kind) + data
            out.write(struct.pack("<IIII", BEGIN + int(at), round(at % 1 * 1e6), len(frame), len(frame)) + frame)


main()
