#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The command `yagura simulate`: same octets for the same seed, the same packets in every format, and how it fails.

usage: simulate.py        (YAGURA_BUILD names the build directory)
"""
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
YAGURA = pathlib.Path(os.environ.get("YAGURA_BUILD", TOP / "build")) / "yagura"
SHORT = ["--start", "2026-01-05T09:00:00Z", "--duration", "5m", "--rate", "0.5"]


def run(*words, **more):
    return subprocess.run([str(YAGURA), "simulate", *map(str, words)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False, timeout=120, **more)


def pcap_packets(data):
    """(nanoseconds, frame) of each record."""
    unit = {0xa1b2c3d4: 1000, 0xa1b23c4d: 1}[struct.unpack_from("<I", data)[0]]
    at, packets = 24, []
    while at < len(data):
        seconds, fraction, size, _ = struct.unpack_from("<4I", data, at)
        packets.append((seconds * 10**9 + fraction * unit, data[at + 16:at + 16 + size]))
        at += 16 + size
    return packets


def pcapng_packets(data):
    at, packets = 0, []
    while at < len(data):
        kind, size = struct.unpack_from("<2I", data, at)
        assert struct.unpack_from("<I", data, at + size - 4)[0] == size and size % 4 == 0
        if kind == 6:
            high, low, kept = struct.unpack_from("<3I", data, at + 12)
            packets.append((high << 32 | low, data[at + 28:at + 28 + kept]))
        at += size
    return packets


class Simulate(unittest.TestCase):
    def test_same_seed_same_octets(self):
        first, second, other = (run("office", "--seed", seed, *SHORT, "-o", "-") for seed in (5, 5, 6))
        self.assertEqual([first.returncode, first.stderr], [0, b""])
        self.assertGreater(len(first.stdout), 100000)
        self.assertTrue(first.stdout == second.stdout)
        self.assertFalse(first.stdout == other.stdout)
        self.assertIn(b"simulated by yagura simulate office --seed 5 --set start=2026-01-05T09:00:00Z --set duration=5m --set rate=0.5",
                      first.stdout[:200])

    def test_formats_hold_the_same_packets(self):
        ng, usec, nsec = (run("office", *SHORT, "-o", "-", "-f", f).stdout for f in ("pcapng", "pcap", "pcap-ns"))
        packets = pcapng_packets(ng)
        self.assertGreater(len(packets), 1000)
        self.assertTrue(packets == pcap_packets(usec) == pcap_packets(nsec))
        self.assertEqual(packets, sorted(packets, key=lambda p: p[0]))

    def test_format_by_name(self):
        with tempfile.TemporaryDirectory() as directory:
            for name, magic in (("a.pcap", 0xa1b2c3d4), ("a.pcapng", 0x0a0d0d0a), ("a", 0x0a0d0d0a)):
                path = pathlib.Path(directory) / name
                self.assertEqual(run("office", "--duration", "1s", "-o", path).returncode, 0)
                self.assertEqual(struct.unpack("<I", path.read_bytes()[:4])[0], magic)

    def test_truth(self):
        with tempfile.TemporaryDirectory() as directory:
            told = [pathlib.Path(directory) / name for name in "ab"]
            for path in told:
                run("office", *SHORT, "--hosts", "7", "-o", "/dev/null", "--truth", path)
            self.assertEqual(told[0].read_bytes(), told[1].read_bytes())
            truth = json.loads(told[0].read_text(encoding="utf-8"))
            self.assertEqual(truth["options"], {"start": "2026-01-05T09:00:00Z", "duration": "5m", "rate": "0.5", "hosts": "7"})
            self.assertEqual(truth["flows"]["ambiguous"], 0)

    def test_set_is_the_same_as_the_option(self):
        self.assertTrue(run("office", *SHORT, "--hosts", "9", "-o", "-").stdout ==
                        run("office", *SHORT, "--set", "hosts=9", "-o", "-").stdout)

    def test_nothing_to_simulate(self):
        done = run("office", "--duration", "1s", "--rate", "0.001", "-o", "-", "-t", "/dev/null")
        self.assertEqual([done.returncode, done.stderr, pcapng_packets(done.stdout)], [0, b"", []])

    def test_usage_errors(self):
        for words, text in ((["office"], "--output FILE is needed"), (["-o", "x"], "one scenario is needed"),
                            (["offise", "-o", "x"], 'did you mean "office"?'), (["office", "-o", "x", "--seed", "-1"], "whole number"),
                            (["office", "-o", "x", "--set", "hosts"], "NAME=VALUE"), (["office", "-o", "x", "--set", "host=3"], 'did you mean "hosts"?'),
                            (["office", "-o", "x", "--hosts", "0"], "at least 1"), (["office", "-o", "x", "-f", "erf"], "pcapng, pcap or pcap-ns"),
                            (["office", "-o", "-", "--start", "today"], "no time like")):
            with self.subTest(words):
                done = run(*words)
                self.assertEqual(done.returncode, 2)
                self.assertIn(text, done.stderr.decode())

    def test_what_cannot_be_written(self):
        for path, text in (("/nonexistent/x.pcap", "No such file"), ("/dev/full", "No space left")):
            done = run("office", *SHORT, "-o", path)
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"{path}: {text}", done.stderr.decode())
        done = run("office", *SHORT, "-o", "/dev/null", "-t", "/dev/full")
        self.assertEqual(done.returncode, 1)
        self.assertIn("/dev/full: No space left", done.stderr.decode())

    def test_list(self):
        self.assertIn(b"office\n", run("--list").stdout)


def main():
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=0).run(unittest.defaultTestLoader.loadTestsFromTestCase(Simulate))
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
