#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Exit status 0 when node_modules holds what package-lock.json asks for, so that `npm ci` can be left out.

usage: npm_current.py DIRECTORY

npm writes what it installed into node_modules/.package-lock.json.  Comparing the two is right where comparing times is not: a
checkout touches the lock file without changing it.
"""
import json
import pathlib
import sys


def packages(path):
    """What a lock file lists: {path in node_modules: (version, hash, whether npm may leave it out)}."""
    entries = json.loads(path.read_text(encoding="utf-8"))["packages"]
    return {name: (e.get("version"), e.get("integrity"), e.get("optional", False))
            for name, e in entries.items() if name != ""}


def main():
    top = pathlib.Path(sys.argv[1])
    wanted = packages(top / "package-lock.json")
    try:
        found = packages(top / "node_modules/.package-lock.json")
    except (OSError, ValueError, KeyError):
        return 1
    for name, (version, digest, optional) in wanted.items():
        if name not in found:
            if not optional:  # optional ones are for other kinds of machine
                return 1
        elif found[name][:2] != (version, digest) or not (top / name / "package.json").exists():
            return 1
    return 0


sys.exit(main())
