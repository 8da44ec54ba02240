#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Writes the first inputs of the fuzz targets dnstap, cdns and query_log into tests/fuzz/corpus."""
import pathlib
import struct
import sys

TOP = pathlib.Path(__file__).resolve().parent / "corpus"
sys.path.insert(0, str(TOP.parent.parent / "system"))
import _cdns  # noqa: E402  pylint: disable=wrong-import-position

QUESTION = b"\3www\7example\0"
QUERY = struct.pack("!6H", 7, 0x0100, 1, 0, 0, 1) + QUESTION + struct.pack("!HH", 1, 1) + b"\0" + struct.pack("!HHIH", 41, 1232, 0, 0)
RESPONSE = (struct.pack("!6H", 7, 0x8180, 1, 1, 0, 1) + QUESTION + struct.pack("!HH", 1, 1) + b"\xc0\x0c"
            + struct.pack("!HHIH4s", 1, 1, 300, 4, bytes([192, 0, 2, 1])) + b"\0" + struct.pack("!HHIH", 41, 1232, 0, 0))


def varint(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def number(field, value):
    return varint(field << 3) + varint(value)


def octets(field, value):
    return varint(field << 3 | 2) + varint(len(value)) + value


def fixed(field, value):
    return varint(field << 3 | 5) + struct.pack("<I", value)


def frame(kind, query=None, response=None, family=1, protocol=1, identity=b"ns1"):
    size = 4 if family == 1 else 16
    message = number(1, kind) + number(2, family) + number(3, protocol) + octets(4, bytes(size)) + octets(5, bytes([9]) * size)
    message += number(6, 4711) + number(7, 53) + number(8, 1700000000) + fixed(9, 5)
    if query:
        message += octets(10, query) + octets(11, b"\0")
    if response:
        message += number(12, 1700000000) + fixed(13, 7) + octets(14, response)
    return octets(1, identity) + octets(2, b"server") + octets(14, message) + number(15, 1)


def control(kind, content=b""):
    body = struct.pack("!I", kind) + (struct.pack("!II", 1, len(content)) + content if content else b"")
    return struct.pack("!II", 0, len(body)) + body


def stream(*frames):
    return b"".join(struct.pack("!I", len(one)) + one for one in frames) + control(3)


def cdns():
    # Time in ns, source, port, destination, port, TTL, payload.
    ask = (1700000000 * 10**9, bytes([192, 0, 2, 9]), 4711, bytes([192, 0, 2, 1]), 53, 64, QUERY)
    tell = (ask[0] + 10**6, ask[3], 53, ask[1], 4711, 64, RESPONSE)
    block = _cdns.Block(ask[0], 1000, {})
    block.add((ask, _cdns.Message(QUERY)), (tell, _cdns.Message(RESPONSE)))
    block.add((ask, _cdns.Message(QUERY)), None)
    block.add(None, (tell, _cdns.Message(RESPONSE)))
    block.add_malformed((*ask[:6], b"\1\2\3"))
    block.events.append({0: 2, 1: 3, 2: 0, 4: 17})
    return block


LOGS = {
    "bind": "22-Nov-2026 09:10:26.123 queries: info: client @0x7f12 192.0.2.1#53124 (www.example): query: www.example IN A +E(0)K "
            "(192.0.2.53)\n22-Nov-2026 09:10:26.124 client 2001:db8::1#5 (\\000x.example): view v: query: \\000x.example CH TXT -\n",
    "iso": "2026-11-22T09:10:26.123Z client 192.0.2.1#5 (a): query: a IN TYPE65 +SETDCV (2001:db8::53)\n",
    "unbound": "[1700000000] unbound[12:0] info: 127.0.0.1 www.example. A IN\n[1700000000] unbound[12:0] info: 127.0.0.1 www.example. "
               "A IN NOERROR 0.010000 0 45\n",
    "other": "22-Nov-2026 09:10:26.123 general: info: running\n[1700000000] unbound[1:0] notice: init\n",
}


def main():
    for target, name, data in (
            *(("dnstap", f"frame-{kind}", b"\0" + frame(kind, QUERY if kind % 2 else None, RESPONSE, 1 + kind % 2, kind % 8))
              for kind in (1, 4, 6, 14)),
            ("dnstap", "stream", b"\1" + stream(frame(5, QUERY), frame(6, None, RESPONSE), b"", frame(6, QUERY, RESPONSE, 2, 7))),
            ("dnstap", "two-streams", b"\1" + stream(frame(1, QUERY)) + control(2, b"protobuf:dnstap.Dnstap") + stream(frame(2, RESPONSE))),
            ("dnstap", "control", b"\0" + control(4, b"protobuf:dnstap.Dnstap")[8:]),
            ("cdns", "file", _cdns.write([cdns()], 1000, "host")),
            ("cdns", "indefinite", _cdns.write([cdns(), cdns()], 1000, "host", True)),
            ("cdns", "block", b"\0" + _cdns.cbor(cdns().value()) + b"\xff"),
            *(("query_log", name, text.encode()) for name, text in LOGS.items())):
        (TOP / target).mkdir(parents=True, exist_ok=True)
        (TOP / target / name).write_bytes(data)


if __name__ == "__main__":
    main()
