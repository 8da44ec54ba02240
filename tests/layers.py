#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Fails when a file under src/ includes from a directory that src/LAYERS does not allow its own directory to include from."""
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent / "src"
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)


def read_layers():
    allowed = {}
    for line in (ROOT / "LAYERS").read_text().splitlines():
        words = line.split("#")[0].split()
        if not words:
            continue
        unknown = [w for w in words[1:] if w not in allowed]
        if unknown:
            sys.exit(f"LAYERS: {words[0]} names {unknown[0]}, which is not below it")
        allowed[words[0]] = set(words[1:]) | {words[0]}
    return allowed


def main():
    allowed = read_layers()
    wrong = []
    for path in sorted([*ROOT.rglob("*.c"), *ROOT.rglob("*.h")]):
        layer = path.relative_to(ROOT).parts[0]
        if layer not in allowed:
            wrong.append(f"{path.relative_to(ROOT)}: its directory is not in LAYERS")
            continue
        for target in INCLUDE.findall(path.read_text(encoding="utf-8")):
            if "/" not in target:
                wrong.append(f"{path.relative_to(ROOT)}: include \"{target}\" by its full path")
            elif target.split("/")[0] not in allowed[layer]:
                wrong.append(f"{path.relative_to(ROOT)}: {layer} may not include {target}")
    print("\n".join(wrong) if wrong else f"{len(allowed)} layers, every include allowed")
    sys.exit(1 if wrong else 0)


main()
