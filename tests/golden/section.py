#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Prints one section of a review, a line a table row, so that a diff of it can be read.

usage: section.py REVIEW.json SECTION
"""
import json
import sys

review = json.load(open(sys.argv[1], encoding="utf-8"))
sections = [s for chapter in review["chapters"] for s in chapter["sections"] if s["id"] == sys.argv[2]]
for section in sections:
    print("\n".join(section["summary"]))
    for table in section["tables"]:
        print(f"\n# {table['id']}: {' '.join(column['name'] for column in table['columns'])}")
        for row in table["rows"]:
            print("  " + " | ".join(str(cell) for cell in row))
    for figure in section["figures"]:
        print(f"\n# figure {figure['id']} ({figure['kind']})")
        for series in figure["series"]:
            print(f"  {series['name']}: {json.dumps(series['points'])}")
if not sections:
    sys.exit(f"there is no section {sys.argv[2]}")
