#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The same document gives the same page and the same JSON, wherever it is written and whatever the environment says.

usage: same_octets.py RENDER DOCUMENT.json…
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile


def render(program, document, directory, **environment):
    page, copy = directory / "page.html", directory / "copy.json"
    subprocess.run([program, document, page, copy], check=True, env={"PATH": os.environ["PATH"], **environment})
    left = sorted(p.name for p in directory.iterdir())
    if left != ["copy.json", "page.html"]:
        sys.exit(f"{document}: unexpected files: {left}")
    return page.read_bytes(), copy.read_bytes()


def load(data):
    """Reals have 15 digits in the output."""
    return json.loads(data, parse_float=lambda text: float(f"{float(text):.15g}"))


def main():
    program, documents = sys.argv[1], sys.argv[2:]
    for document in documents:
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
            first = render(program, document, pathlib.Path(one), TZ="UTC")
            second = render(program, document, pathlib.Path(other), TZ="America/New_York", LC_ALL="ja_JP.UTF-8", HOME="/")
            again = render(program, pathlib.Path(one) / "copy.json", pathlib.Path(other))
        if first != second:
            sys.exit(f"{document}: the environment changed the output")
        if first[1] != again[1]:
            sys.exit(f"{document}: JSON read back and written again differs")
        if load(first[1]) != load(pathlib.Path(document).read_bytes()):
            sys.exit(f"{document}: the JSON written is not the document read")
        print(f"{document}: {len(first[0])} octets of HTML, {len(first[1])} of JSON, the same each time")


main()
