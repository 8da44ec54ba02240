#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Turns a LIST into a C table: each line `dns/water-torture` of analysis/LIST is `analysis_dns_water_torture`.

usage: list.py analysis LIST OUTPUT.c
"""
import re
import sys

TYPES = {
    "analysis": ("struct analysis", "ANALYSES", "analysis/analysis.h", "analysis_"),
    "cmd": ("struct command", "COMMANDS", "cmd/command.h", "command_"),
    "store": ("struct store_backend", "STORES", "store/backend.h", "store_"),
    "simulate": ("struct scenario", "SCENARIOS", "simulate/scenario.h", "scenario_"),
}


def main():
    kind, source, target = sys.argv[1:4]
    ctype, table, header, prefix = TYPES[kind]
    names = []
    with open(source, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            word = line.split("#")[0].strip()
            if not word:
                continue
            if not re.fullmatch(r"[a-z0-9]+([/-][a-z0-9]+)*", word):
                sys.exit(f"{source}:{number}: not a name: {word}")
            names.append(prefix + re.sub(r"[/-]", "_", word))
    with open(target, "w", encoding="utf-8") as out:
        out.write(f'/* Made from {kind}/LIST by tools/list.py. */\n#include "{header}"\n\n')
        for name in names:
            out.write(f"extern const {ctype} {name};\n")
        out.write(f"\nconst {ctype} *const {table}[] = {{\n")
        for name in names:
            out.write(f"\t&{name},\n")
        out.write("\tNULL,\n};\n")


main()
