#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What every command of the program owes its user.

usage: commands.py YAGURA

`-h` describes it, an unknown option is a usage error with status 2, and the manual knows it and each of its options.
"""
import pathlib
import re
import subprocess
import sys
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
MANUAL = TOP / "man/yagura.1"
YAGURA = sys.argv.pop(1) if len(sys.argv) > 1 else str(TOP / "build/yagura")
OPTION = re.compile(r"^  (?:-(\w), |    )--([a-z0-9-]+)(?: (\S+))? +(\S.*)$")


def run(*words):
    return subprocess.run([YAGURA, *" ".join(words).split()], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, encoding="utf-8", timeout=60, check=False)


def listed():
    lines = (line.split("#")[0].strip() for line in (TOP / "src/cmd/LIST").read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line]


def subcommands(command):
    """Those that a group's `-h` lists, as "dns probe"."""
    words = re.findall(r"(?m)^  ([a-z]+) +\S", run(command, "-h").stdout)
    return [f"{command} {word}" for word in words]


def commands():
    """Every command, and every subcommand as two words."""
    return [name for command in listed() for name in (command, *subcommands(command))]


def options(command):
    """(letter, name, argument) of each option that `-h` prints."""
    found = [OPTION.match(line) for line in run(command, "-h").stdout.splitlines()]
    return [match.groups()[:3] for match in found if match]


def manual_section(command):
    """The text of the manual's subsection on a command, as people see it."""
    text = subprocess.run(["mandoc", "-T", "utf8", str(MANUAL)], stdout=subprocess.PIPE, encoding="utf-8", check=True).stdout
    text = re.sub(r".\x08", "", text)
    match = re.search(rf"^   yagura {re.escape(command)}\b.*?(?=^   yagura |^[A-Z]|\Z)", text, re.M | re.S)
    return match.group(0) if match else ""


class Commands(unittest.TestCase):
    def test_help_lists_every_command(self):
        done = run("help")
        self.assertEqual(done.returncode, 0)
        for command in listed():
            self.assertRegex(done.stdout, rf"(?m)^  {re.escape(command)} +\S")

    def test_each_describes_itself(self):
        for command in commands():
            with self.subTest(command):
                done = run(command, "-h")
                self.assertEqual(done.returncode, 0)
                self.assertIn(f"usage: yagura {command}", done.stdout)
                self.assertEqual(done.stderr, "")
                self.assertEqual(run(command, "--help").stdout, done.stdout)

    def test_an_unknown_option_is_a_usage_error(self):
        for command in commands():
            for option in ("--no-such-option", "-Z"):
                with self.subTest(f"{command} {option}"):
                    done = run(command, option)
                    self.assertEqual(done.returncode, 2)
                    self.assertIn("unknown option", done.stderr)
                    self.assertEqual(done.stdout, "")

    def test_an_option_without_its_argument_is_a_usage_error(self):
        for command in commands():
            for _, name, argument in options(command):
                if argument:
                    with self.subTest(f"{command} --{name}"):
                        self.assertEqual(run(command, f"--{name}").returncode, 2)

    def test_a_switch_with_an_argument_is_a_usage_error(self):
        for command in commands():
            for _, name, argument in options(command):
                if not argument:
                    with self.subTest(f"{command} --{name}"):
                        self.assertEqual(run(command, f"--{name}=1").returncode, 2)

    def test_an_unknown_command_is_a_usage_error(self):
        self.assertEqual(run("no-such-command").returncode, 2)
        self.assertEqual(run().returncode, 2)

    def test_the_manual_knows_them(self):
        for command in commands():
            with self.subTest(command):
                section = manual_section(command)
                self.assertNotEqual(section, "", f"man/yagura.1 has no subsection `yagura {command}`")
                self.assertIn(f".Cm {command}", MANUAL.read_text(encoding="utf-8"))
                for letter, name, _ in options(command):
                    self.assertRegex(section, rf"--{re.escape(name)}\b")
                    if letter:
                        self.assertRegex(section, rf"(?<!-)-{letter}\b")


if __name__ == "__main__":
    unittest.main()
