#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""tools/setup against made-up machines: commands of the system are replaced by scripts that note how they were called."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]

# What each replaced command does; $STATE is the machine's directory, which holds lists of names.
COMMANDS = {
    "dpkg-query": 'for last; do :; done; grep -qx "$last" "$STATE/installed" && echo installed',
    "apt-cache": 'grep -qx "$2" "$STATE/known" && echo "  Candidate: 1.0" || echo "  Candidate: (none)"',
    "apt-get": '''echo "apt-get $*" >>"$STATE/calls"
case "$*" in
*update) cp "$STATE/mirror" "$STATE/known"; rm -f "$STATE/old-lists" ;;
*) [ ! -e "$STATE/old-lists" ] || exit 100
   for word; do case $word in -*|install|DPkg*) ;; *) echo "$word" >>"$STATE/installed" ;; esac; done ;;
esac''',
    "id": 'cat "$STATE/uid"',
    "env": 'while case $1 in *=*) true ;; *) false ;; esac; do shift; done; exec "$@"',
    "node": 'cat "$STATE/node"',
    "npm": 'echo "npm $*" >>"$STATE/calls"',
}
TOOLS = ("sh", "grep", "cat", "cp", "rm", "sed", "dirname", "mkdir")


class Setup(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.root = pathlib.Path(holder.name)
        self.state, self.path = self.root / "state", self.root / "path"
        for directory in (self.state, self.path, self.root / "tools"):
            directory.mkdir()
        for name in ("setup", "npm_current.py"):
            shutil.copy(TOP / "tools" / name, self.root / "tools" / name)
        for name in TOOLS:
            (self.path / name).symlink_to(shutil.which(name))
        (self.path / "python3").symlink_to(sys.executable)
        for name, body in COMMANDS.items():
            self.command(name, body)
        wanted = subprocess.run(["sed", "-n", "/^build_packages=/,/^oldest_node/p", str(TOP / "tools/setup")],
                                stdout=subprocess.PIPE, text=True, check=True).stdout
        build, test = (part.split("'")[1].split() for part in wanted.split("_packages=")[1:])
        self.build, self.test = build, test
        self.note("installed", build)
        self.note("known", build + test + ["nodejs", "npm"])
        self.note("mirror", build + test + ["nodejs", "npm"])
        self.note("uid", ["0"])
        self.note("node", ["v18.20.4"])
        entry = {"version": "1", "integrity": "sha512-x"}
        self.lock(entry, entry)

    def command(self, name, body):
        (self.path / name).write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        (self.path / name).chmod(0o755)

    def note(self, name, words):
        (self.state / name).write_text("".join(word + "\n" for word in words), encoding="utf-8")

    def lock(self, wanted, found):
        (self.root / "node_modules/a").mkdir(parents=True, exist_ok=True)
        (self.root / "node_modules/a/package.json").write_text("{}", encoding="utf-8")
        for path, entry in ((self.root / "package-lock.json", wanted), (self.root / "node_modules/.package-lock.json", found)):
            path.write_text(json.dumps({"packages": {"node_modules/a": entry}}), encoding="utf-8")

    def run_setup(self, *words):
        """Exit status, what was printed, and which of apt-get and npm were called."""
        (self.state / "calls").unlink(missing_ok=True)
        done = subprocess.run([str(self.root / "tools/setup"), *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=60, check=False,
                              env={"PATH": str(self.path), "STATE": str(self.state), "HOME": os.environ.get("HOME", "/")})
        calls = (self.state / "calls").read_text(encoding="utf-8").splitlines() if (self.state / "calls").exists() else []
        return done.returncode, done.stdout, calls

    def test_nothing_missing_does_nothing(self):
        self.assertEqual(self.run_setup(), (0, "", []))

    def test_only_what_is_missing_is_installed(self):
        self.note("installed", [name for name in self.build if name not in ("meson", "zlib1g-dev")])
        status, _, calls = self.run_setup()
        self.assertEqual(status, 0)
        self.assertEqual(len(calls), 1)
        self.assertTrue(calls[0].endswith("install -y --no-install-recommends meson zlib1g-dev"), calls[0])
        self.assertIn("DPkg::Lock::Timeout=", calls[0])
        self.assertEqual(self.run_setup()[2], [])

    def test_the_test_set_comes_on_top(self):
        status, _, calls = self.run_setup("test")
        self.assertEqual(status, 0)
        self.assertTrue(calls[0].endswith(" ".join(self.test)), calls[0])

    def test_lists_are_fetched_when_apt_does_not_know_a_package(self):
        self.note("installed", self.build[1:])
        self.note("known", [])
        status, _, calls = self.run_setup()
        self.assertEqual(status, 0)
        self.assertTrue(calls[0].endswith("update"))
        self.assertTrue(calls[1].endswith(self.build[0]))

    def test_lists_are_fetched_when_they_turn_out_to_be_old(self):
        self.note("installed", self.build[1:])
        self.note("old-lists", [])
        status, _, calls = self.run_setup()
        self.assertEqual(status, 0)
        self.assertEqual([call.split()[-1] for call in calls], [self.build[0], "update", self.build[0]])

    def test_a_package_nobody_has_is_named(self):
        self.note("installed", self.build[1:])
        self.note("known", [])
        self.command("apt-get", "exit 100")
        status, text, _ = self.run_setup()
        self.assertEqual(status, 1)
        self.assertIn("failed", text)

    def test_a_plain_user_without_sudo_is_told_what_to_install(self):
        self.note("installed", self.build[2:])
        self.note("uid", ["1000"])
        status, text, calls = self.run_setup()
        self.assertEqual((status, calls), (1, []))
        self.assertIn(f"apt-get install --no-install-recommends {self.build[0]} {self.build[1]}", text)

    def test_a_plain_user_with_sudo_uses_it(self):
        self.note("installed", self.build[1:])
        self.note("uid", ["1000"])
        self.command("sudo", 'if [ "$1" = -n ]; then exit 0; fi; echo "sudo" >>"$STATE/calls"; exec "$@"')
        status, _, calls = self.run_setup()
        self.assertEqual((status, calls[0]), (0, "sudo"))
        self.assertTrue(calls[1].endswith(self.build[0]))

    def test_an_old_node_is_replaced_by_debian_s(self):
        self.note("node", ["v12.22.0"])
        status, text, calls = self.run_setup()
        self.assertTrue(calls[0].endswith("nodejs npm"), calls)
        self.assertEqual(status, 1)  # the old one still comes first on the path: say so instead of failing later
        self.assertIn("node 18", text)

    def test_another_lock_file_means_npm_ci(self):
        self.lock({"version": "2", "integrity": "sha512-y"}, {"version": "1", "integrity": "sha512-x"})
        status, _, calls = self.run_setup()
        self.assertEqual(status, 0)
        self.assertEqual([call.split()[:2] for call in calls], [["npm", "ci"]])

    def test_an_unknown_word_is_refused(self):
        self.assertEqual(self.run_setup("everything")[0], 1)


if __name__ == "__main__":
    unittest.main()
