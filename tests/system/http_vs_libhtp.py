#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Compares the HTTP requests of made-up connections with libhtp's: methods, targets, hosts, statuses and octets of bodies.

usage: http_vs_libhtp.py BUILD [CONNECTIONS]

Connections have keep-alive, pipelining, bodies by length, in chunks and until the end, codings of transfer, responses without bodies
and interim ones, odd white space and line ends; their octets come in segments of random sizes.  BUILD/tests/oracle-http is libhtp.
"""
import json
import pathlib
import random
import struct
import subprocess
import sys
import tempfile

CONNECTIONS = 300


def body_of(dice):
    return bytes(dice.choice(b"abc<>=&\r\n{}") for _ in range(int(dice.expovariate(1 / 300))))


def chunked(dice, body):
    out, at = [], 0
    while at < len(body):
        size = dice.randint(1, 200)
        piece = body[at:at + size]
        out.append(dice.choice((b"%x", b"%X", b"0%x")) % len(piece) + dice.choice((b"", b";a=b")) + b"\r\n" + piece + b"\r\n")
        at += size
    return b"".join(out) + b"0\r\n" + dice.choice((b"", b"", b"Trailer: x\r\n")) + b"\r\n"


def head(dice, first, headers):
    dice.shuffle(headers)
    lines = [first] + [name + b":" + dice.choice((b" ", b"", b"  ")) + value for name, value in headers]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def request(dice, number):
    method = dice.choice((b"GET", b"GET", b"POST", b"HEAD", b"PUT", b"OPTIONS", b"PROPFIND"))
    target = b"/%d" % number + dice.choice((b"", b"?q=%27%20or%201", b"/a%20b", b"?x=" + b"y" * dice.randint(0, 3000)))
    headers = [(dice.choice((b"Host", b"host", b"HOST")), b"h%d.example" % number), (b"User-Agent", b"made up"), (b"Cookie", b"a=b")]
    if method not in (b"POST", b"PUT", b"PROPFIND"):
        return method, head(dice, method + b" " + target + b" HTTP/1.1", headers), []
    body = body_of(dice)
    if dice.random() < 0.3:
        return method, head(dice, method + b" " + target + b" HTTP/1.1", headers + [(b"Transfer-Encoding", b"chunked")]), [chunked(dice, body)]
    headers.append((b"Content-Length", b"%d" % len(body)))
    return method, head(dice, method + b" " + target + b" HTTP/1.1", headers), [body]


def response(dice, method, last):
    body, interim = body_of(dice), b""
    status = dice.choice((200, 200, 200, 404, 500, 302, 304, 204))
    if dice.random() < 0.1:
        interim = b"HTTP/1.1 100 Continue\r\n\r\n"
    first, headers = b"HTTP/1.1 %d Reason given" % status, [(b"Content-Type", b"text/html"), (b"Server", b"made up")]
    if method == b"HEAD" or status in (204, 304):
        if method == b"HEAD" and status == 200:
            headers.append((b"Content-Length", b"77"))
        return interim + head(dice, first, headers)
    if last and dice.random() < 0.3:
        return interim + head(dice, first, headers) + body
    if dice.random() < 0.4:
        return interim + head(dice, first, headers + [(b"Transfer-Encoding", b"chunked")]) + chunked(dice, body)
    return interim + head(dice, first, headers + [(b"Content-Length", b"%d" % len(body))]) + body


def connection(seed):
    """Segments (direction, octets) in the order of the wire."""
    dice, segments = random.Random(seed), []
    count = dice.randint(1, 6)
    pipelined = dice.random() < 0.3
    asked, answered = [], []
    for i in range(count):
        method, first, rest = request(dice, i)
        asked.append(first + b"".join(rest))
        answered.append(response(dice, method, i == count - 1))
    turns = [(b"".join(asked), b"".join(answered))] if pipelined else list(zip(asked, answered))
    for octets in (part for turn in turns for part in enumerate(turn)):
        at = 0
        while at < len(octets[1]):
            # A connection is known by a segment that begins with a message's method and target.
            size = dice.choice((1, 7, 100, 536, 1400, 1400)) if segments else 100
            segments.append((octets[0], octets[1][at:at + size]))
            at += size
    return segments


def pcap(connections):
    """Every connection with a handshake, from a client port of its own."""
    out = [struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)]
    clock = 0

    def packet(number, direction, sequence, acknowledged, flags, data=b""):
        nonlocal clock
        clock += 1
        ends = [(bytes([192, 0, 2, 1]), 10000 + number), (bytes([192, 0, 2, 2]), 80)]
        (source, sport), (destination, dport) = ends if direction == 0 else ends[::-1]
        tcp = struct.pack("!HHIIBBHHH", sport, dport, sequence, acknowledged, 0x50, flags, 65535, 0, 0) + data
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0) + source + destination
        out.append(struct.pack("<IIII", 1700000000 + clock // 1000, clock % 1000 * 1000, len(ip + tcp), len(ip + tcp)) + ip + tcp)

    for number, segments in enumerate(connections):
        at = [1, 1]
        packet(number, 0, 0, 0, 0x02)
        packet(number, 1, 0, 1, 0x12)
        packet(number, 0, 1, 1, 0x10)
        for direction, data in segments:
            packet(number, direction, at[direction], at[1 - direction], 0x18, data)
            at[direction] += len(data)
        packet(number, 0, at[0], at[1], 0x11)
        packet(number, 1, at[1], at[0] + 1, 0x11)
        packet(number, 0, at[0] + 1, at[1] + 1, 0x10)
    return b"".join(out)


def theirs(oracle, segments):
    text = "".join(f"{direction} {data.hex()}\n" for direction, data in segments)
    run = subprocess.run([oracle], input=text, capture_output=True, text=True, check=True, timeout=60)
    return [tuple(line.split("\t")) for line in run.stdout.splitlines()]


def main():
    build = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build").resolve()
    oracle = build / "tests/oracle-http"
    if not oracle.exists():
        print("skip: libhtp is not installed")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    connections = [connection(seed) for seed in range(int(sys.argv[2]) if len(sys.argv) > 2 else CONNECTIONS)]
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory) / "made.pcap"
        path.write_bytes(pcap(connections))
        run = subprocess.run([build / "yagura", "records", "--http", path], capture_output=True, check=True, timeout=60)
    ours = [[] for _ in connections]
    for record in map(json.loads, run.stdout.splitlines()):
        ours[record["client_port"] - 10000].append((record.get("method", ""), record.get("target", ""), record.get("host", ""),
                                                    str(record.get("status", 0)), record.get("request_octets", -1), record.get("response_octets", -1)))
    passed = failed = 0
    for seed, segments in enumerate(connections):
        mine, other = [tuple(map(str, record)) for record in ours[seed]], theirs(oracle, segments)
        if mine == other:
            passed += 1
        else:
            failed += 1
            print(f"FAIL connection {seed}: ours {mine}\n  libhtp {other}")
    print(f"{passed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
