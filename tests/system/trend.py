#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The monthly trend from round robin databases and tables of months, against the series they were made from.

usage: trend.py BUILD
"""
import calendar
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
passed = failed = 0


def check(what, good, detail=""):
    global passed, failed
    if good:
        passed += 1
    else:
        failed += 1
        print(f"{what}: failed {detail}")


def section(yagura, directory, settings):
    (directory / "y.yaml").write_text("analyses:\n  traffic/trend: {" + ", ".join(f"{k}: {v}" for k, v in settings.items()) + "}\n")
    done = subprocess.run([yagura, "review", "-q", "-c", "y.yaml", "a.pcapng", "-o", "r.html", "--json", "r.json"], cwd=directory, check=False)
    check("exit status", done.returncode == 0, done.returncode)
    review = json.loads((directory / "r.json").read_text())
    found = [s for c in review["chapters"] for s in c["sections"] if s["id"] == "traffic/trend"]
    return found[0] if found else None


def points(figure, name):
    return {p[0]: p[1] for s in figure["series"] if s["name"] == name for p in s["points"]}


def make_rrd(path, begin, days, value):
    """A database with a day's mean in and twice that out, in octets/s."""
    subprocess.run(["rrdtool", "create", path, "--start", str(begin), "--step", "3600", "DS:in:GAUGE:7200:0:U", "DS:out:GAUGE:7200:0:U",
                    "RRA:AVERAGE:0.5:1:200", "RRA:AVERAGE:0.5:24:4000"], check=True)
    for day in range(days):
        if value(day) is None:
            continue
        rows = [f"{begin + day * 86400 + (h + 1) * 3600}:{value(day)}:{2 * value(day)}" for h in range(24)]
        subprocess.run(["rrdtool", "update", path, *rows], check=True)


def rrd(yagura, directory):
    if shutil.which("rrdtool") is None:
        print("skipped: rrdtool is not there")
        return 1
    begin = calendar.timegm((2012, 1, 1, 0, 0, 0))
    days = 800
    gap = range(91, 121)  # all of April 2012

    def value(day):
        return None if day in gap else 1000 + day

    make_rrd(directory / "a:b.rrd", begin, days, value)
    make_rrd(directory / "c.rrd", begin, days, lambda day: 500)
    (directory / "map.csv").write_text("path,ds_in,ds_out,group,scale\na:b.rrd,in,out,access,8\nc.rrd,in,out,access,8\nnone.rrd,in,out,access,8\n")
    s = section(yagura, directory, {"rrd": "map.csv"})
    check("section", s is not None)
    figure = points(s["figures"][0], "OUT, access (rrd)")
    day = 0
    for month in range(24):
        year, number = 2012 + month // 12, month % 12 + 1
        length = calendar.monthrange(year, number)[1]
        at = calendar.timegm((year, number, 1, 0, 0, 0)) * 1000
        known = [value(d) for d in range(day, day + length) if value(d) is not None]
        day += length
        mean = sum(known) / len(known) + 500 if known else 500
        found = figure.get(at)
        # The gap of one database leaves the other: its month is low, not missing.
        want = 2 * 8 * mean
        # A day at an edge of the gap may be unknown to rrdtool.
        check(f"{year}-{number:02}", found is not None and abs(found - want) <= (0.02 if month in (2, 3, 4) else 0.0005) * want, f"{found} is not {want}")
    check("a missing database is named", any("map.csv:4" in q for q in s["quality"]), s["quality"])
    return 0


def csv(yagura, directory):
    rows = ["month,direction,bytes,service"]
    for month in range(36):
        year, number = 2020 + month // 12, month % 12 + 1
        seconds = calendar.monthrange(year, number)[1] * 86400
        rows.append(f"{year}-{number:02},out,{round(1e9 / 8 * 1.5 ** (month / 12) * seconds)},")
    (directory / "m.csv").write_text("\n".join(rows) + "\nnonsense\n")
    s = section(yagura, directory, {"csv": "m.csv"})
    row = dict(zip([c["name"] for c in s["tables"][0]["columns"]], s["tables"][0]["rows"][0]))
    check("growth", abs(row["growth_12"] - 0.5) < 1e-6, row)
    check("cagr", abs(row["cagr"] - 0.5) < 1e-6, row)
    check("ratio", abs(row["ratio"] - 1.5 ** (35 / 12)) < 1e-6, row)
    check("nothing missing", row["missing"] == 0 and row["months"] == 36, row)
    check("a bad row is named", any("m.csv:38" in q for q in s["quality"]), s["quality"])
    for mode, most in (("max", 1), ("latest-out", 1), ("2021-01-out", 1.5 ** (23 / 12))):
        s = section(yagura, directory, {"csv": "m.csv", "normalise": mode})
        check(mode, abs(max(points(s["figures"][0], "OUT").values()) - most) < 1e-6)
    check("silence", section(yagura, directory, {"store": "true"}) is None)


def main():
    yagura = pathlib.Path(sys.argv[1]).resolve() / "yagura"
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        subprocess.run([yagura, "simulate", "office", "--duration", "10m", "-o", directory / "a.pcapng"], check=True)
        skipped = rrd(yagura, directory)
        csv(yagura, directory)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
