#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Puts the bundle and the style sheet of the review into a C file, with the policy that allows exactly these two.

usage: embed.py SCRIPT STYLE OUTPUT.c
"""
import base64
import hashlib
import pathlib
import sys


def load(path, end):
    """The octets of an inline element; what would end it, or what a browser would change before hashing, is refused."""
    data = pathlib.Path(path).read_bytes()
    for bad in (end, b"<!--", b"\r", b"\0"):
        if bad in data.lower():
            sys.exit(f"{path}: holds {bad!r}, which cannot stand in an inline element")
    data.decode("utf-8")
    return data


def array(name, data):
    lines = [",".join(str(b) for b in data[i : i + 32]) for i in range(0, len(data), 32)] or ["0"]
    body = ",\n\t".join(lines)
    return f"const unsigned char {name}[] = {{\n\t{body},\n}};\nconst size_t {name}_size = {len(data)};\n"


def digest(data):
    return "'sha256-" + base64.b64encode(hashlib.sha256(data).digest()).decode() + "'"


def main():
    script, style = load(sys.argv[1], b"</script"), load(sys.argv[2], b"</style")
    policy = [
        "default-src 'none'",
        "script-src " + (digest(script) if script else "'none'"),
        "style-src " + digest(style),
        "base-uri 'none'",
        "form-action 'none'",
    ]
    with open(sys.argv[3], "w", encoding="ascii") as out:
        out.write('/* Made from web/ by tools/embed.py. */\n#include "report/assets.h"\n\n')
        out.write(array("report_script", script) + array("report_style", style))
        out.write(f'const char report_policy[] = "{"; ".join(policy)}";\n')


main()
