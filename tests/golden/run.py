#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Golden tests: a command line and exactly what it must write.

usage: run.py [--update] BUILD [NAME…]

tests/golden/NAME/cmd is a shell script, run in an empty directory with the program of BUILD on its path as `yagura` and $in
naming its own directory.  What it prints is compared with expected.out, and each file F it writes with expected.F where there is
one.  Inputs are simulated or made by the script, so that no captures lie in the tree.  --update rewrites what is expected: read
the diff before you commit it.
"""
import difflib
import os
import pathlib
import subprocess
import sys
import tempfile

GOLDEN = pathlib.Path(__file__).resolve().parent
DIFF_LINES = 60


def execute(name, build, directory):
    """Runs a cmd; what it printed, or None after saying why it failed."""
    environment = dict(os.environ, PATH=f"{build}{os.pathsep}{os.environ['PATH']}", LC_ALL="C.UTF-8", TZ="UTC")
    environment["in"] = str(GOLDEN / name)
    done = subprocess.run(["sh", "-eu", str(GOLDEN / name / "cmd")], cwd=directory, env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300, check=False)
    if done.returncode != 0:
        print(f"{name}: cmd ended with status {done.returncode}\n{done.stderr.decode(errors='replace')}")
        return None
    return done.stdout


def show_difference(name, expected, found):
    before, after = (octets.decode("utf-8", "backslashreplace").splitlines() for octets in (expected, found))
    lines = list(difflib.unified_diff(before, after, f"{name} expected", f"{name} found", lineterm=""))
    print("\n".join(lines[:DIFF_LINES]))
    if len(lines) > DIFF_LINES:
        print(f"… {len(lines) - DIFF_LINES} lines more")


def test(name, build, update):
    """True when everything that is expected was found."""
    with tempfile.TemporaryDirectory() as directory:
        printed = execute(name, build, directory)
        if printed is None:
            return False
        found = {"out": printed}
        kept = {path.name[len("expected."):]: path for path in (GOLDEN / name).glob("expected.*")}
        kept.setdefault("out", GOLDEN / name / "expected.out")
        for suffix in kept:
            path = pathlib.Path(directory) / suffix
            if suffix != "out":
                found[suffix] = path.read_bytes() if path.is_file() else b""
    good = True
    for suffix, path in sorted(kept.items()):
        if update:
            path.write_bytes(found[suffix])
        elif not path.exists() or path.read_bytes() != found[suffix]:
            show_difference(path.name, path.read_bytes() if path.exists() else b"", found[suffix])
            good = False
    return good


def main():
    words = [word for word in sys.argv[1:] if word != "--update"]
    if not words:
        sys.exit(__doc__)
    build = pathlib.Path(words[0]).resolve()
    names = words[1:] or sorted(path.parent.name for path in GOLDEN.glob("*/cmd"))
    failed = [name for name in names if not test(name, build, "--update" in sys.argv)]
    if failed:
        sys.exit(f"failed: {' '.join(failed)} (`make golden-update` rewrites what is expected)")


main()
