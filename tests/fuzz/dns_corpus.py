#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Writes the first inputs of the fuzz targets dns_message and dns_stream into tests/fuzz/corpus."""
import pathlib
import struct

TOP = pathlib.Path(__file__).resolve().parent / "corpus"
POINTER = b"\xc0\x0c"  # to the question's name

RDATA = {
    "a": (1, bytes([192, 0, 2, 1])), "ns": (2, b"\2ns" + POINTER), "cname": (5, b"\1c" + POINTER),
    "soa": (6, b"\2ns" + POINTER + b"\1h" + POINTER + struct.pack(">5I", 1, 2, 3, 4, 5)), "ptr": (12, POINTER),
    "mx": (15, b"\0\x0a\2mx" + POINTER), "txt": (16, b"\5a \"b\\\0\3xyz"), "aaaa": (28, bytes(15) + b"\1"),
    "srv": (33, struct.pack(">3H", 1, 2, 5060) + b"\1s\0"), "naptr": (35, struct.pack(">2H", 1, 2) + b"\1s\3SIP\0" + b"\1n\0"),
    "dname": (39, b"\1d\0"), "ds": (43, struct.pack(">HBB", 1, 8, 2) + bytes(32)), "sshfp": (44, b"\4\2" + bytes(32)),
    "rrsig": (46, struct.pack(">HBBIIIH", 1, 8, 2, 60, 1 << 30, 1 << 29, 7) + b"\1z\0" + b"signature"),
    "nsec": (47, b"\1b\0" + b"\0\6@\1\0\0\0\3" + b"\1\1\x40"), "dnskey": (48, struct.pack(">HBB", 257, 3, 8) + b"key"),
    "nsec3": (50, b"\1\0\0\x0a\2ab\5hash5" + b"\0\1\x40"), "nsec3param": (51, b"\1\0\0\x0a\0"), "tlsa": (52, b"\3\1\1digest"),
    "https": (65, b"\0\1\0" + b"\0\1\0\6\2h2\2,\\" + b"\0\2\0\0" + b"\0\3\0\2\1\xbb" + b"\0\4\0\4\xc0\0\2\1" + b"\0\6\0\x10" + bytes(16)
              + b"\0\x2a\0\1x"),
    "uri": (256, b"\0\1\0\1ftp://x"), "caa": (257, b"\0\5issueca.example"), "unknown": (65280, b"data"),
}


def header(bits, *counts):
    return struct.pack(">HHHHHH", 0x1234, bits, *counts)


def name(text):
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".") if label) + b"\0"


def question(text, kind=1):
    return name(text) + struct.pack(">HH", kind, 1)


def record(kind, data, owner=POINTER, klass=1, ttl=60):
    return owner + struct.pack(">HHIH", kind, klass, ttl, len(data)) + data


def opt(*options):
    data = b"".join(struct.pack(">HH", code, len(value)) + value for code, value in options)
    return record(41, data, b"\0", 1232, 0x8000)


def messages():
    asked = question("wWw.Example.com")
    yield "query", header(0x0100, 1, 0, 0, 0) + asked
    yield "query-edns", header(0x0100, 1, 0, 0, 1) + asked + opt((10, b"12345678"), (8, bytes([0, 1, 24, 0, 192, 0, 2])), (3, b""))
    yield "errors", header(0x8182, 1, 0, 0, 1) + asked + opt((15, b"\0\x16no"), (15, b"\0\x0f"), (10, bytes(24)))
    for kind, (number, data) in RDATA.items():
        yield f"type-{kind}", header(0x8400, 1, 1, 0, 0) + question("example", number) + record(number, data)
    answer = header(0x8180, 1, 3, 2, 2) + asked
    answer += record(*RDATA["cname"]) + record(*RDATA["a"]) + record(*RDATA["aaaa"]) + record(*RDATA["soa"]) + record(2, b"\1a\0", b"\0")
    yield "response", answer + record(*RDATA["rrsig"]) + opt()
    yield "update", header(0x2800, 1, 1, 1, 0) + question("example", 6) + record(1, b"", klass=255, ttl=0) + record(6, b"", klass=254)
    yield "notify", header(0x2400, 1, 1, 0, 0) + question("example", 6) + record(*RDATA["soa"])
    yield "stateful", header(0x3000, 0, 0, 0, 0) + b"\0\1\0\2ab"
    yield "two-questions", header(0, 2, 0, 0, 0) + asked + POINTER + b"\0\1\0\1"
    yield "loop", header(0, 1, 0, 0, 0) + b"\1a" + POINTER + b"\0\1\0\1"
    yield "two-opt", header(0, 1, 0, 0, 2) + asked + opt() + opt()
    yield "http", b"GET / HTTP/1.1\r\nHost: example\r\n\r\n"


def event(what, octets=b"", size=None):
    return bytes([what, len(octets) if size is None else size]) + octets


def streams():
    whole = [message for _, message in messages() if len(message) < 250]
    framed = [struct.pack(">H", len(message)) + message for message in whole]
    yield "one-each", b"\x08\xff" + b"".join(map(event, [0] * len(framed), framed))
    joined = b"".join(framed[:4])
    yield "joined", b"\x08\xff" + event(0, joined[:200]) + event(0, joined[200:400])
    yield "cut", b"\x08\xff" + b"".join(event(0x04, joined[at:at + 7]) for at in range(0, 200, 7))
    missing = event(0, framed[1][:20]) + event(0xe0, size=2) + event(0, framed[1][35:])
    yield "gap", b"\x08\xff" + event(0, framed[0]) + missing + event(0, framed[2])
    yield "hole", b"\x08\xff" + event(0xe1, size=40) + event(1, framed[1][9:] + framed[2] + framed[0]) + event(0xf1)
    yield "midstream", b"\x02\x20" + event(0x08, framed[2][11:] + framed[0]) + event(0x0a, framed[1])
    halves = event(1, framed[0][:30]) + event(2, framed[0][:30]) + event(1, framed[0][30:])
    yield "no-memory", b"\x01\x01" + event(0, b"\xff\xff" + bytes(200)) + halves


def main():
    for target, inputs, prefix in (("dns_message", messages(), b"\0\0"), ("dns_stream", streams(), b"")):
        (TOP / target).mkdir(parents=True, exist_ok=True)
        for label, data in inputs:
            (TOP / target / label).write_bytes(prefix + data)
    (TOP / "dns_message/snapped").write_bytes(b"\0\x20" + header(0x8180, 1, 1, 0, 0) + question("example") + POINTER)


if __name__ == "__main__":
    main()
