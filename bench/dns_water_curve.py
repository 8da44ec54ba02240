#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""How weak a random-subdomain attack is still found, and what is taken for one: the tables of doc/analyses/dns-random-subdomain.md.

usage: dns_water_curve.py [--build BUILD] [--seeds N] [--ordinary RATE]

For each form of `yagura simulate dns-water` (A: NXDOMAIN, B: silence and SERVFAIL, C: wildcard), duration and rate of the attack, N seeds are
simulated within ordinary traffic, and the review of each is asked whether it names the zone.  Then ordinary traffic and look-alikes alone, N
seeds each: whatever is named there is a false alarm.  Intervals are Wilson's, 95 %.
"""
import argparse
import json
import math
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
ANALYSIS = "dns/random-subdomain"
CURVES = {("A", 60): [14, 17, 18, 19, 20, 22, 26], ("A", 10): [20, 24, 28, 34, 42], ("B", 60): [14, 18, 20, 22, 26], ("C", 60): [14, 18, 20, 22, 26, 40]}
Z = 1.96


def wilson(hits, count):
    """The 95 % interval of a share."""
    share, scale = hits / count, 1 + Z * Z / count
    middle = (share + Z * Z / 2 / count) / scale
    half = Z * math.sqrt(share * (1 - share) / count + Z * Z / 4 / count / count) / scale
    return max(0, middle - half), min(1, middle + half)


def review(program, directory, scenario, seeds, settings):
    """For each seed the zones that the review says were attacked; all of them in one review, a day apart."""
    captures = []
    for seed in range(1, seeds + 1):
        options = [option for name, value in settings.items() for option in ("--set", f"{name}={value}")]
        captures.append(directory / f"{seed}.pcap")
        subprocess.run([program, "simulate", scenario, "-s", str(seed), "--start", f"2026-01-{seed:02}T09:00:00Z", "-o", captures[-1],
                        "-t", directory / "truth.json", *options], check=True)
    subprocess.run([program, "review", "-c", directory / "1.site.yaml", "--only", ANALYSIS, *captures, "-o", directory / "r.html",
                    "--json", directory / "r.json"], check=True)
    zones = [[] for _ in captures]
    for finding in json.loads((directory / "r.json").read_text(encoding="utf-8"))["findings"]:
        zones[int(finding["begin"][8:10]) - 1].append(finding["subject"]["zone"])
    return zones


def measure_curve(program, directory, options, form, seconds):
    for rate in CURVES[form, seconds]:
        settings = {"form": form, "attack_rate": rate, "rate": options.ordinary, "duration": f"{seconds + 20}s", "attack_begin": "13s",
                    "attack_duration": f"{seconds}s", "domains": 300, "clients": 300}
        zones = review(program, directory, "dns-water", options.seeds, settings)
        hits = sum("example.org" in found for found in zones)
        others = sum(zone != "example.org" for found in zones for zone in found)
        low, high = wilson(hits, options.seeds)
        bar = "#" * round(40 * hits / options.seeds)
        print(f"| {form} | {seconds} s | {rate} | {hits}/{options.seeds} | {hits / options.seeds:.2f} | {low:.2f}–{high:.2f} | {others} | `{bar:40}` |",
              flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=ROOT / "build", type=pathlib.Path)
    parser.add_argument("--seeds", default=20, type=int, choices=range(1, 32), metavar="N")
    parser.add_argument("--ordinary", default=50, type=int, help="ordinary questions a second")
    options = parser.parse_args()
    program = options.build.resolve() / "yagura"
    if not program.exists():
        sys.exit(f"no program in {options.build}")
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        print("| form | lasts | attack (q/s) | found | share | 95 % | other zones named | |\n|---|---|---|---|---|---|---|---|")
        for form, seconds in CURVES:
            measure_curve(program, directory, options, form, seconds)
        print("\n| scenario | runs | zones named | runs with one, 95 % |\n|---|---|---|---|")
        for scenario in ("dns-ordinary", "dns-lookalikes"):
            zones = review(program, directory, scenario, options.seeds, {"rate": options.ordinary})
            low, high = wilson(sum(bool(found) for found in zones), options.seeds)
            print(f"| {scenario} | {options.seeds} | {sum(map(len, zones))} | {low:.2f}–{high:.2f} |")


main()
