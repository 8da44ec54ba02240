#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Lists what the build compiles, from src/LAYERS: `library` sources, `program` sources, or the directories with a LIST."""
import pathlib
import sys


def layers(source):
    for line in (source / "LAYERS").read_text().splitlines():
        words = line.split("#")[0].split()
        if words:
            yield words[0]


def main():
    what, source = sys.argv[1], pathlib.Path(sys.argv[2])
    for layer in layers(source):
        if what == "lists":
            if (source / layer / "LIST").exists():
                print(layer)
            continue
        for path in sorted((source / layer).rglob("*.c")):
            name = path.relative_to(source).as_posix()
            if (name == "cmd/main.c") == (what == "program"):
                print(name)


main()
