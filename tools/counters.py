#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Keeps doc/counters.md, the list of drop counters, equal to src/obs/drop.h.

usage: counters.py [--check]

Without --check it writes the page; with it, exit status 1 says that the page is old.
"""
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
PAGE = TOP / "doc/counters.md"
STRING = r'"(?:[^"\\]|\\.)*"'
ENTRY = re.compile(rf'\bX\((\w+),[\s\\]*({STRING}),[\s\\]*([01]),[\s\\]*((?:{STRING}[\s\\]*)+)\)')
HEAD = """# Counters

What could not be measured, was cut short or looked odd is counted by name, always, and printed with the results: in the quality
section of the review, in `review.json` as `quality.drops`, and in the store. This page is made from `src/obs/drop.h` by
`tools/counters.py`. *Measured: no* means that the packet, or the rest of it, is missing from the figures; *yes* means that it was
measured and the counter is a remark.

| counter | measured | meaning |
|---|---|---|
"""


def text_of(literals):
    """The value of adjacent C string literals."""
    return "".join(part[1:-1] for part in re.findall(STRING, literals)).replace('\\"', '"')


def page():
    entries = ENTRY.findall((TOP / "src/obs/drop.h").read_text(encoding="utf-8"))
    rows = [f"| `{text_of(name)}` | {'yes' if note == '1' else 'no'} | {text_of(meaning)} |\n" for _, name, note, meaning in entries]
    return HEAD + "".join(rows)


def main():
    if sys.argv[1:] == ["--check"]:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page():
            sys.exit("doc/counters.md is older than src/obs/drop.h: run tools/counters.py")
        return
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")


main()
