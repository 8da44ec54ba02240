#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The small tools that the build and the checks stand on, tested on trees made for it."""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]


def run(*command):
    return subprocess.run([sys.executable, *map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)


class Tree(unittest.TestCase):
    def setUp(self):
        self.holder = tempfile.TemporaryDirectory()
        self.addCleanup(self.holder.cleanup)
        self.root = pathlib.Path(self.holder.name)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


class Layers(Tree):
    def setUp(self):
        super().setUp()
        self.write("LAYERS", "# lowest first\nbase\nnet base\nsource base net\ndecode base net\n")
        self.write("base/a.h", "#include <stdio.h>\n")
        self.write("net/b.c", '#include "net/b.h"\n#include "base/a.h"\n')

    def look(self):
        return run(TOP / "tests/layers.py", self.root)

    def test_what_is_allowed_passes(self):
        self.assertEqual(self.look().returncode, 0)

    def test_upwards_is_found(self):
        self.write("base/a.c", '#include "net/b.h"\n')
        done = self.look()
        self.assertEqual(done.returncode, 1)
        self.assertIn("base/a.c: base may not include net/b.h", done.stdout)

    def test_sideways_is_found(self):
        self.write("decode/c.c", '\t#  include "source/x.h"\n')
        self.assertIn("decode may not include source/x.h", self.look().stdout)

    def test_a_directory_without_a_layer_is_found(self):
        self.write("extra/c.c", "")
        self.assertEqual(self.look().returncode, 1)

    def test_an_include_without_its_directory_is_found(self):
        self.write("net/c.c", '#include "b.h"\n')
        self.assertEqual(self.look().returncode, 1)

    def test_a_layer_cannot_name_a_later_one(self):
        self.write("LAYERS", "base net\nnet\n")
        self.assertNotEqual(self.look().returncode, 0)


class Lists(Tree):
    def make(self, text):
        self.write("LIST", text)
        return run(TOP / "tools/list.py", "analysis", self.root / "LIST", self.root / "out.c")

    def test_names_become_pointers_in_order(self):
        self.assertEqual(self.make("# order\ndns/water-torture\ntraffic/volume # a remark\n\n").returncode, 0)
        text = (self.root / "out.c").read_text(encoding="utf-8")
        self.assertIn("extern const struct analysis analysis_dns_water_torture;", text)
        self.assertLess(text.index("&analysis_dns_water_torture"), text.index("&analysis_traffic_volume"))
        self.assertTrue(text.rstrip().endswith("NULL,\n};"))

    def test_what_is_no_name_is_refused(self):
        for line in ("Traffic", "a b", "a//b", "../x", "a;", "-a"):
            done = self.make(f"ok\n{line}\n")
            self.assertNotEqual(done.returncode, 0, line)
            self.assertIn("LIST:2:", done.stdout)


class Sources(Tree):
    def test_only_directories_of_layers_in_their_order(self):
        self.write("LAYERS", "net\nbase\ncmd\n")
        for name in ("base/a.c", "net/z.c", "net/deep/y.c", "cmd/main.c", "cmd/version.c", "other/no.c"):
            self.write(name, "")
        self.write("cmd/LIST", "version\n")
        self.assertEqual(run(TOP / "tools/sources.py", "library", self.root).stdout.split(),
                         ["net/deep/y.c", "net/z.c", "base/a.c", "cmd/version.c"])
        self.assertEqual(run(TOP / "tools/sources.py", "program", self.root).stdout.split(), ["cmd/main.c"])
        self.assertEqual(run(TOP / "tools/sources.py", "lists", self.root).stdout.split(), ["cmd"])


class NpmCurrent(Tree):
    ENTRY = {"version": "1.0.0", "integrity": "sha512-x"}

    def look(self, wanted, found):
        self.write("package-lock.json", json.dumps({"packages": {"": {"name": "parts"}, **wanted}}))
        self.write("node_modules/.package-lock.json", json.dumps({"packages": found}))
        return run(TOP / "tools/npm_current.py", self.root).returncode

    def test_the_same_is_current(self):
        self.write("node_modules/a/package.json", "{}")
        self.assertEqual(self.look({"node_modules/a": self.ENTRY}, {"node_modules/a": self.ENTRY}), 0)

    def test_another_version_is_not(self):
        self.write("node_modules/a/package.json", "{}")
        self.assertEqual(self.look({"node_modules/a": {**self.ENTRY, "version": "1.0.1"}}, {"node_modules/a": self.ENTRY}), 1)

    def test_a_missing_package_is_not(self):
        self.assertEqual(self.look({"node_modules/a": self.ENTRY}, {}), 1)

    def test_a_package_whose_files_are_gone_is_not(self):
        self.assertEqual(self.look({"node_modules/a": self.ENTRY}, {"node_modules/a": self.ENTRY}), 1)

    def test_an_optional_one_may_be_missing(self):
        self.assertEqual(self.look({"node_modules/a": {**self.ENTRY, "optional": True}}, {}), 0)

    def test_nothing_installed_is_not(self):
        self.write("package-lock.json", json.dumps({"packages": {"": {}}}))
        self.assertEqual(run(TOP / "tools/npm_current.py", self.root).returncode, 1)


class Npm(unittest.TestCase):
    def test_every_package_runs_on_debian_s_node(self):
        oldest = int(re.search(r"^oldest_node=(\d+)", (TOP / "tools/setup").read_text(encoding="utf-8"), re.M).group(1))
        packages = json.loads((TOP / "package-lock.json").read_text(encoding="utf-8"))["packages"]
        for name, entry in packages.items():
            least = re.match(r">= ?(\d+)", entry.get("engines", {}).get("node", ""))
            if least and not entry.get("optional"):
                self.assertLessEqual(int(least.group(1)), oldest, name)


if __name__ == "__main__":
    unittest.main()
