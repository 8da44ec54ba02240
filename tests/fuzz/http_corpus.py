#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Writes the first inputs of the fuzz targets http and web_log into tests/fuzz/corpus."""
import gzip
import pathlib
import zlib

TOP = pathlib.Path(__file__).resolve().parent / "corpus"


def events(*parts, limit=255):
    """Parts are (direction, octets); a count instead of octets is a gap."""
    out = bytearray([limit])
    for direction, what in parts:
        if isinstance(what, int):
            out += bytes([direction | 6, what]) + bytes(what)
            continue
        for at in range(0, len(what), 255):
            piece = what[at:at + 255]
            out += bytes([direction, len(piece)]) + piece
    return bytes(out)


def answer(body, *headers):
    return b"".join([b"HTTP/1.1 200 OK\r\n", *(h + b"\r\n" for h in headers), b"Content-Length: %d\r\n\r\n" % len(body), body])


GET = b"GET /a?b=1 HTTP/1.1\r\nHost: h\r\nCookie: a=b\r\n\r\n"
PACKED = gzip.compress(b"<p>hello</p>" * 20, mtime=0)
HTTP = {
    "plain": events((0, GET), (1, answer(b"hello"))),
    "pipelined": events((0, GET * 3), (1, answer(b"a") * 3)),
    "chunked": events((0, b"POST /p HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\nA: b\r\n\r\n"),
                      (1, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n")),
    "coded": events((0, GET), (1, answer(PACKED, b"Content-Encoding: gzip"))),
    "deflate": events((0, GET), (1, answer(zlib.compress(b"hello" * 9), b"Content-Encoding: deflate"))),
    "raw-deflate": events((0, GET), (1, answer(zlib.compress(b"hello" * 9)[2:-4], b"Content-Encoding: deflate"))),
    "until-close": events((0, b"GET / HTTP/1.0\r\n\r\n"), (1, b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\nhello")),
    "continue": events((0, b"PUT /p HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"),
                       (1, b"HTTP/1.1 100 Continue\r\n\r\n"), (0, b"abc"), (1, answer(b""))),
    "connect": events((0, b"CONNECT a:443 HTTP/1.1\r\n\r\n"), (1, b"HTTP/1.1 200 OK\r\n\r\n"), (0, b"\x16\x03\x01")),
    "upgrade": events((0, b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"), (1, b"HTTP/1.1 101 Switching\r\n\r\n\x81\x01a")),
    "http2": events((0, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")),
    "no-request": events((1, answer(b"a") + answer(b"b")), (0, GET)),
    "gaps": events((0, GET), (1, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"), (1, 6), (0, 9), (0, GET), (1, answer(b"x"))),
    "folded": events((0, b"GET / HTTP/1.1\r\nCookie: a\r\n b\r\nX: y\r\nCookie: c\r\nX-Forwarded-For: 1.1.1.1\r\n\r\n")),
    "smuggled": events((0, b"POST / HTTP/1.1\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG")),
    "waiting": events((0, GET * 40), (1, answer(b"") * 40)),
    "no-memory": events((0, GET), (1, answer(b"hello")), limit=0),
}

WHEN = "22/Nov/2025:09:10:26 +0900"
WEB_LOG = {
    "common": f'203.0.113.9 - frank [{WHEN}] "GET /a?b HTTP/1.0" 200 2326\n',
    "combined": f'2001:db8::1 - - [{WHEN}] "GET /\\x41\\" HTTP/1.1" 304 - "http://r/" "agent \\\\"\n',
    "more": f'www.example:80 192.0.2.1 - - [{WHEN}] "POST / HTTP/1.1" 200 1 "-" "-" 0.125 "203.0.113.7, 10.0.0.1" rt=1.5 77\n',
    "wrapped": f'"192.0.2.1 - - [{WHEN}] "GET /?q="x" y HTTP/1.1" 200 1 "-" "a""\n',
    "syslog": f'<190>Nov 22 09:10:26 w nginx: 192.0.2.1:99 - a b [{WHEN}] "\\x16\\x03" 400 0 "-" "-"\n',
    "iso": 'host.example - - [2025-11-22T09:10:26.5+09:00] "-" 408 0\n',
    "bad": f'192.0.2.1\n192.0.2.1 - - [{WHEN}] GET\n[Sun Dec 04 04:47:44 2005] [error] x\n',
    "w3c": "#Software: Microsoft IIS\n#Date: 2025-11-22 00:00:00\n#Fields: date time c-ip cs-method cs-uri-stem cs-uri-query sc-status "
           'time-taken cs(User-Agent)\n2025-11-22 09:10:26 192.0.2.1 GET /a b=1 200 15 "a ""b"""\n#Fields: time c-dns cs-uri\n09:10:26 h /\n',
}


def main():
    for target, inputs in (("http", HTTP), ("web_log", WEB_LOG)):
        (TOP / target).mkdir(parents=True, exist_ok=True)
        for name, data in inputs.items():
            (TOP / target / name).write_bytes(data if isinstance(data, bytes) else data.encode())


if __name__ == "__main__":
    main()
