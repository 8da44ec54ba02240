#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Writes the first inputs of the fuzz targets tls_records and dtls into tests/fuzz/corpus."""
import pathlib
import struct
import sys

TOP = pathlib.Path(__file__).resolve().parent / "corpus"
sys.path.insert(0, str(TOP.parent.parent / "golden"))
import tls_wire as wire  # noqa: E402  pylint: disable=wrong-import-position


def pieces(*sides):
    """(side, octets) as pieces of up to 255."""
    out = b""
    for side, data in sides:
        for i in range(0, len(data), 255):
            part = data[i:i + 255]
            out += bytes([side, len(part)]) + part
    return out


def streams():
    hellos = [(0, wire.record(wire.HANDSHAKE, wire.client_hello(), 0x0301)),
              (1, wire.record(wire.HANDSHAKE, wire.server_hello(etm=True) + wire.message(14, b"")))]
    change = [(side, wire.record(wire.CHANGE, b"\1") + wire.record(wire.DATA, b"d" * 40)) for side in (0, 1)]
    ask = (0, wire.record(wire.HEARTBEAT, wire.request(600, b"abc")))
    yield "leak", pieces(*hellos, ask, (1, wire.fragments(wire.answer(600, b"m" * 600), most=512)))
    yield "echo", pieces(*hellos, ask, (1, wire.record(wire.HEARTBEAT, wire.answer(600, b"abc"))), ask)
    yield "alert", pieces(*hellos, ask, (1, wire.record(wire.ALERT, b"\2\12")))
    yield "encrypted", pieces(*hellos, *change, (0, wire.record(wire.HEARTBEAT, b"x" * 32)), (1, wire.record(wire.HEARTBEAT, b"y" * 300)))
    yield "unasked", pieces((1, wire.record(wire.HEARTBEAT, wire.answer(90, b"m" * 90))), ask)
    yield "gap", pieces(*hellos) + bytes([0xE9, 200]) + pieces(ask)
    yield "tls13", pieces(hellos[0], (1, wire.record(wire.HANDSHAKE, wire.server_hello(cipher=0x1301, chosen=0x0304))), *change)


def datagrams():
    def one(what, data):
        return struct.pack(">BH", what, len(data)) + data
    hellos = (one(0, wire.dtls(wire.HANDSHAKE, wire.dtls_message(wire.client_hello(0xFEFD, cookie=b"")), 0, 0, 0xFEFF))
              + one(1, wire.dtls(wire.HANDSHAKE, wire.dtls_message(wire.server_hello(0xFEFD)), 0, 0)))
    ask = one(0, wire.dtls(wire.HEARTBEAT, wire.request(100), 0, 2))
    yield "leak", hellos + ask + ask + one(1, wire.dtls(wire.HEARTBEAT, wire.answer(100, b"m" * 100), 0, 1))
    yield "encrypted", hellos + one(0, wire.dtls(wire.HEARTBEAT, b"x" * 30, 1, 0)) + one(0xE1, wire.dtls(wire.ALERT, b"a" * 32, 1, 0))
    yield "several", one(0, wire.dtls(wire.CHANGE, b"\1", 0, 1) + wire.dtls(wire.HEARTBEAT, b"x" * 80, 1, 0) + wire.dtls(wire.DATA, b"d", 1, 1))


for target, inputs in (("tls_records", streams()), ("dtls", datagrams())):
    (TOP / target).mkdir(parents=True, exist_ok=True)
    for name, octets in inputs:
        (TOP / target / name).write_bytes(octets)
