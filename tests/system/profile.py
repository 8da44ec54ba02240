#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The week profile of a real series against means that another program made.

usage: profile.py BUILD
"""
import csv
import json
import os
import pathlib
import subprocess
import sys
import tempfile

DATA = pathlib.Path(os.environ.get("YAGURA_DATA", "../shared/data")).resolve() / "traffic-series"
SERIES = DATA / "isp-transatlantic-hourly-2005.csv"


def main():
    yagura = pathlib.Path(sys.argv[1]).resolve() / "yagura"
    if not SERIES.exists():
        print(f"skipped: {SERIES} is not there\n0 passed, 0 failed, 1 skipped")
        return 0
    passed = failed = 0
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        (directory / "y.yaml").write_text(f"analyses:\n  traffic/profile: {{series: {SERIES}, unit: bits}}\n")
        subprocess.run([yagura, "simulate", "office", "--duration", "1m", "-o", directory / "a.pcapng"], check=True)
        subprocess.run([yagura, "review", "-q", "-c", "y.yaml", "a.pcapng", "-o", "r.html", "--json", "r.json"], cwd=directory, check=True)
        review = json.loads((directory / "r.json").read_text())
    section = [s for c in review["chapters"] for s in c["sections"] if s["id"] == "traffic/profile"][0]
    found = {row[1]: row for row in section["tables"][0]["rows"]}
    expected = list(csv.reader((DATA / "isp-transatlantic-hourly-2005.profile.tsv").open(), delimiter="\t"))[1:]
    means = {f"{row[1]:02}": row[2] for row in section["tables"][0]["rows"]} | {row[1][:3]: row[2] for row in section["tables"][1]["rows"]}
    for name, mean in expected:
        good = abs(means[name] * 3600 - float(mean)) <= 1
        passed, failed = passed + good, failed + (not good)
        if not good:
            print(f"{name}: {means[name] * 3600} is not {mean}")
    # Every value of the file is in some hour, and the week figure has all 168.
    rows = sum(1 for _ in SERIES.open()) - 1
    for good in (sum(r[6] for r in found.values()) == rows, len(section["figures"][0]["series"][0]["points"]) == 168):
        passed, failed = passed + good, failed + (not good)
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
