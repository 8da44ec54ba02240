#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Writes the seeds of the fuzz target `run`: the hand-made capture, and it again with its clock going wild.

usage: run_corpus.py DIRECTORY
"""
import pathlib
import struct
import subprocess
import sys

out = pathlib.Path(sys.argv[1])
capture = pathlib.Path(__file__).resolve().parent.parent / "golden" / "capture.py"
subprocess.run([sys.executable, capture, out / "small.pcap"], check=True)
octets = bytearray((out / "small.pcap").read_bytes())
offset, number = 24, 0
while offset < len(octets):
    size = struct.unpack_from("<I", octets, offset + 8)[0]
    struct.pack_into("<I", octets, offset, (1767571200 + (number * 7919) % 100000 * (-1) ** number) & 0xFFFFFFFF)
    offset, number = offset + 16 + size, number + 1
(out / "clock.pcap").write_bytes(octets)
