#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Writes a MaxMind DB file (format 2.0, records of 24 bits) with countries of a few documentation prefixes.

usage: mmdb.py OUT.mmdb
"""
import ipaddress
import struct
import sys

COUNTRIES = {"198.51.100.0/24": "JP", "203.0.113.0/25": "US", "2001:db8::/32": "DE"}
BUILT = 1401062400


def text(value):
    return bytes([2 << 5 | len(value)]) + value.encode()


def short(value):
    return b"\xa2" + struct.pack(">H", value)


def metadata(nodes):
    entries = [("binary_format_major_version", short(2)), ("binary_format_minor_version", short(0)),
               ("build_epoch", b"\x08\x02" + struct.pack(">Q", BUILT)), ("database_type", text("test")), ("description", b"\xe0"),
               ("ip_version", short(6)), ("languages", b"\x00\x04"), ("node_count", b"\xc4" + struct.pack(">I", nodes)), ("record_size", short(24))]
    return b"\xab\xcd\xefMaxMind.com" + bytes([7 << 5 | len(entries)]) + b"".join(text(key) + value for key, value in entries)


def main():
    nodes, data = [[None, None]], b""
    for prefix, code in COUNTRIES.items():
        network = ipaddress.ip_network(prefix)
        bits = int(network.network_address)
        length = network.prefixlen + (96 if network.version == 4 else 0)
        node, offset = 0, len(data)
        data += b"\xe1" + text("country_code") + text(code)
        for i in range(length):
            side = bits >> (127 - i) & 1
            if i + 1 == length:
                nodes[node][side] = ("data", offset)
            elif nodes[node][side] is None:
                nodes.append([None, None])
                nodes[node][side] = len(nodes) - 1
            node = nodes[node][side]
    tree = b""
    for node in nodes:
        for value in node:
            number = len(nodes) if value is None else len(nodes) + 16 + value[1] if isinstance(value, tuple) else value
            tree += number.to_bytes(3, "big")
    with open(sys.argv[1], "wb") as f:
        f.write(tree + b"\0" * 16 + data + metadata(len(nodes)))


main()
