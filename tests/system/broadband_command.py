#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The scenario `broadband` as a command: same octets for the same seed, the files beside the capture, what is refused, and sums that are exact.

usage: broadband_command.py        (YAGURA_BUILD names the build directory)
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
YAGURA = pathlib.Path(os.environ.get("YAGURA_BUILD", TOP / "build")) / "yagura"


def run(*words):
    return subprocess.run([str(YAGURA), "simulate", *map(str, words)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False, timeout=120)


def settings(text):
    """--set for each word."""
    return [part for word in text.split() for part in ("--set", word)]


class Broadband(unittest.TestCase):
    WEEK = ["broadband", *settings("users=30 days=1 sampling=4096")]

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)

    def truth(self, text):
        path = self.directory / "truth.json"
        done = run("broadband", *settings(text), "-o", "-", "--truth", path)
        self.assertEqual([done.returncode, done.stderr], [0, b""])
        return json.loads(path.read_text())["broadband"]

    def test_same_seed_same_octets(self):
        for kind in ("v5", "v9", "ipfix", "sflow", "v9,sflow"):
            first, second, other = (run(*self.WEEK, "--set", f"export={kind}", "--seed", seed, "-o", "-") for seed in (1, 1, 2))
            self.assertEqual([first.returncode, first.stderr], [0, b""])
            self.assertGreater(len(first.stdout), 20000)
            self.assertTrue(first.stdout == second.stdout)
            self.assertFalse(first.stdout == other.stdout)

    def test_files_beside_it(self):
        done = run(*self.WEEK, "-o", self.directory / "a.week.pcap")
        self.assertEqual([done.returncode, done.stderr], [0, b""])
        names = sorted(p.name for p in self.directory.iterdir())
        self.assertEqual(names, ["a.week.pcap", "a.week.sessions.csv", "a.week.site.yaml", "a.week.users.csv"])
        users = (self.directory / "a.week.users.csv").read_text().splitlines()
        self.assertEqual([users[0], len(users)], ["prefix,user_id,service", 61])
        sessions = (self.directory / "a.week.sessions.csv").read_text().splitlines()
        self.assertEqual(sessions[0], "start,stop,user_id,prefix,nas")
        starts = [line.split(",")[0] for line in sessions[1:]]
        self.assertEqual(starts, sorted(starts))
        site = self.directory / "a.week.site.yaml"
        for suffix in ("users", "sessions"):
            self.assertIn(f'"{self.directory}/a.week.{suffix}.csv"', site.read_text())
        checked = subprocess.run([str(YAGURA), "config", "check", str(site)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                 check=False, timeout=60)
        self.assertEqual(checked.returncode, 0, checked.stdout)

    def test_nobody_has_an_address_twice(self):
        """At no time: re-addressing exchanges addresses among those who move."""
        done = run(*self.WEEK, *settings("readdress=0.5 days=2"), "-o", self.directory / "x.pcap")
        self.assertEqual(done.returncode, 0)
        rows = [line.split(",") for line in (self.directory / "x.sessions.csv").read_text().splitlines()[1:]]
        turn = max(row[0] for row in rows)
        for moment in (min(row[0] for row in rows), turn):
            held = [row[3] for row in rows if row[0] <= moment < row[1]]
            self.assertEqual([len(held), len(set(held))], [60, 60])

    def test_a_file_that_cannot_be_written(self):
        (self.directory / "x.users.csv").mkdir()
        done = run(*self.WEEK, "-o", self.directory / "x.pcap")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"x.users.csv", done.stderr)

    def test_what_does_not_fit_is_refused(self):
        for words, why in {
            "export=v5 samplers=2": b"v5 has no way to tell two samplers apart",
            "export=v5 sampling=16384": b"v5 has no room for a rate above 16383",
            "export=v7": b"export is a list of v5, v9, ipfix and sflow",
            "export=v9,v9,v9,v9,v9": b"at most four formats",
            "export=v9,ipfix exporters=40": b"at most 64 exporters",
            "preset=heavy": b"preset is out, light or mixed",
            "sampler=hash": b"sampler is random or count",
            "start=2013-06-03T00:00:00Z": b"start is a day like 2013-06-03",
            "start=2013-02-30": b"start is a day like 2013-06-03",
            "time_zone=Asia/Nowhere": b"Asia/Nowhere",
            "loss=0.95": b"loss",
        }.items():
            done = run("broadband", *settings(words), "-o", self.directory / "x.pcap")
            self.assertEqual(done.returncode, 2, words)
            self.assertIn(why, done.stderr, words)
            self.assertEqual(list(self.directory.iterdir()), [], words)

    def test_summer_time_has_its_hours(self):
        for start, hours in (("2014-03-24", 167), ("2014-10-20", 169), ("2014-06-02", 168)):
            told = self.truth(f"users=3 start={start} time_zone=Europe/Berlin")
            self.assertEqual([told["hours"], len(told["by_hour"]["octets"])], [hours, hours])

    def test_every_packet_is_in_the_sums(self):
        """Nothing is sampled away at 1 in 1: what is received is what was realised, in every sum."""
        for sampler in ("random", "count"):
            told = self.truth(f"users=3 days=1 sampling=1 out_median=1MB out_sigma=0.5 sampler={sampler} export=v5,ipfix,v9")
            columns = told["user_list"]["columns"]
            for at, way in enumerate(("in", "out")):
                realised = told["totals"][way]["realised"]
                self.assertEqual(realised, told["totals"][way]["received"])
                rows = told["by_hour"]["octets"]
                half = len(rows[0]) // 2
                self.assertEqual(sum(sum(row[half * at:half * at + half]) for row in rows), realised[1])
                self.assertEqual(sum(row[columns.index(f"{way}_octets")] for row in told["user_list"]["rows"]), realised[1])
                ports = sum(ways[way][1] for kinds in told["ports"]["realised"].values() for ways in kinds.values())
                self.assertEqual(ports, realised[1])

    def test_counting_knows_the_total(self):
        """Every N-th packet: the number of samples is that of the packets over N, to one."""
        told = self.truth("users=40 days=1 sampling=1000 sampler=count")
        sampler = told["exporters"][0]["samplers"][0]
        self.assertLessEqual(abs(sampler["sampled"] - sampler["packets"] / 1000), 1)


def main():
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=0).run(unittest.defaultTestLoader.loadTestsFromTestCase(Broadband))
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
