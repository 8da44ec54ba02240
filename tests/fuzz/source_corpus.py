#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Writes the first inputs of the fuzz targets pcap, pcapng and compressed into tests/fuzz/corpus."""
import gzip
import lzma
import pathlib
import struct
import subprocess

TOP = pathlib.Path(__file__).resolve().parent / "corpus"


def pcap(order, magic, link_type=1):
    head = struct.pack(order + "IHHIIII", magic, 2, 4, 0, 0, 65535, link_type)
    records = [struct.pack(order + "IIII", 1000 + i, i, n, n + 4) + bytes(range(n)) for i, n in enumerate((60, 0, 14))]
    return head + b"".join(records)


def block(order, kind, body):
    body += bytes(-len(body) % 4)
    size = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + size + body + size


def option(order, code, value):
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def section(order):
    return block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))


def interface(order, resolution, offset):
    return block(order, 1, struct.pack(order + "HHI", 1, 0, 96) + option(order, 9, bytes([resolution]))
                 + option(order, 14, struct.pack(order + "q", offset)) + bytes(4))


def pcapng(order):
    return b"".join([
        section(order),
        interface(order, 6, 0), interface(order, 9, -5), interface(order, 0x94, 7),
        block(order, 6, struct.pack(order + "IIIII", 0, 1, 2, 10, 14) + bytes(10)),
        block(order, 6, struct.pack(order + "IIIII", 2, 1, 2, 3, 3) + bytes(4) + option(order, 1, b"hello") + bytes(4)),
        block(order, 3, struct.pack(order + "I", 9) + bytes(9)),
        block(order, 2, struct.pack(order + "HHIIII", 1, 2, 0, 7, 5, 50) + bytes(5)),
        block(order, 4, struct.pack(order + "HH", 1, 8) + bytes(12)),
        block(order, 5, struct.pack(order + "III", 0, 0, 9) + option(order, 5, struct.pack(order + "Q", 3)) + bytes(4)),
        block(order, 10, struct.pack(order + "II", 0x544C534B, 3) + b"abc"),
        block(order, 0x0BAD, struct.pack(order + "I", 32473) + b"data"),
    ])


def zstd(data):
    return subprocess.run(["zstd", "-q", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout


def write(target, name, data):
    (TOP / target).mkdir(parents=True, exist_ok=True)
    (TOP / target / name).write_bytes(data)


def main():
    for i, (order, magic) in enumerate(((">", 0xA1B2C3D4), ("<", 0xA1B2C3D4), (">", 0xA1B23C4D), ("<", 0xA1B23C4D))):
        write("pcap", f"variant-{i}", bytes([i]) + pcap(order, magic)[4:])
    write("pcap", "kuznetzov", bytes([4]) + pcap(">", 0xA1B2CD34)[4:])
    write("pcapng", "little", pcapng("<")[4:])
    write("pcapng", "big", pcapng(">")[4:])
    write("pcapng", "both", (pcapng("<") + pcapng(">"))[4:])
    for name, data in (("pcap", pcap("<", 0xA1B2C3D4)), ("pcapng", pcapng("<"))):
        half = len(data) // 2
        write("compressed", f"{name}-plain", data)
        write("compressed", f"{name}-gzip", gzip.compress(data[:half], mtime=0) + gzip.compress(data[half:], mtime=0))
        write("compressed", f"{name}-xz", lzma.compress(data[:half]) + lzma.compress(data[half:]))
        write("compressed", f"{name}-zstd", zstd(data[:half]) + zstd(data[half:]))


if __name__ == "__main__":
    main()
