#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Validates review documents against doc/schema/review.schema.json.

usage: schema.py SCHEMA DOCUMENT.json…      exit status 77 when python3-jsonschema is missing
"""
import json
import sys

try:
    import jsonschema
except ImportError:
    print("skipped: python3-jsonschema is not installed")
    sys.exit(77)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    failed = 0
    for path in sys.argv[2:]:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
        errors = [f"{path}: {e.json_path}: {e.message[:200]}" for e in validator.iter_errors(document)]
        # What the schema cannot say: a row has as many cells as its table has columns.
        for chapter in document["chapters"]:
            for section in chapter["sections"]:
                for table in section["tables"]:
                    wide = len(table["columns"])
                    errors += [f"{path}: {section['id']}/{table['id']}: a row of {len(r)} cells" for r in table["rows"] if len(r) != wide]
        print("\n".join(errors[:20]) if errors else f"{path}: valid")
        failed += bool(errors)
    sys.exit(1 if failed else 0)


main()
