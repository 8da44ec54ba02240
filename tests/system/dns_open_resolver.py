#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""dns/open-resolver against the truth of a simulation, and silent on ordinary traffic.

usage: dns_open_resolver.py [BUILD]
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
DATA = pathlib.Path(os.environ.get("YAGURA_DATA", TOP.parent / "shared/data")) / "captures"
YAGURA = str(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else TOP / "build").resolve() / "yagura")
QUIET = {"dns/rootserver-knot-live.pcap": "178.76.247.229/32", "dns/dnsstats-gold.pcap": "22.58.218.195/32"}

count = {"passed": 0, "failed": 0, "skipped": 0}


def check(what, good, why=""):
    count["passed" if good else "failed"] += 1
    if not good:
        print(f"FAIL {what}: {why}")


def review(directory, capture, config):
    out = pathlib.Path(directory) / "review.json"
    subprocess.run([YAGURA, "review", "--only", "dns/open-resolver", "-q", "--json", str(out), "-o", os.devnull, "-c", str(config),
                    str(capture)], check=True, timeout=120)
    return json.loads(out.read_text(encoding="utf-8"))["findings"]


def simulate(directory, scenario, *words):
    stem = pathlib.Path(directory) / "s"
    subprocess.run([YAGURA, "simulate", scenario, "-o", f"{stem}.pcap", "-t", f"{stem}.json", *words], check=True, timeout=120)
    return f"{stem}.pcap", f"{stem}.site.yaml", json.loads(pathlib.Path(f"{stem}.json").read_text(encoding="utf-8"))


def simulated(directory, *words):
    capture, config, truth = simulate(directory, "dns-open", *words)
    findings = {(f["kind"], f["subject"]["address"]): f for f in review(directory, capture, config)}
    wanted = {(t["kind"], t["subject"]["address"]): t for t in truth["attacks"] if t["analysis"] == "dns/open-resolver"}
    what = "simulated " + " ".join(words)
    check(f"{what}: each exactly once", findings.keys() == wanted.keys(), sorted(findings.keys() ^ wanted.keys()))
    for key in findings.keys() & wanted.keys():
        f, t = findings[key], wanted[key]
        check(f"{what}, {key}: queries", f["measures"]["queries"] == t["measures"]["queries"],
              (f["measures"]["queries"], t["measures"]["queries"]))
        low, high = f["measures"]["outside_clients_low"], f["measures"]["outside_clients_high"]
        check(f"{what}, {key}: clients", low <= t["measures"]["outside_clients"] <= high, (low, t["measures"]["outside_clients"], high))
        check(f"{what}, {key}: evidence", f["evidence"] and all(e["decoded"]["text"] for e in f["evidence"]), f["evidence"])
        for name in ("begin", "end"):
            check(f"{what}, {key}: {name}", f[name][:23] == t[name][:23], (f[name], t[name]))


def quiet(directory):
    config = pathlib.Path(directory) / "quiet.yaml"
    for name, own in QUIET.items():
        if not (DATA / name).is_file():
            count["skipped"] += 1
            print(f"skip {name}: no such file")
            continue
        config.write_text(f"site:\n  own_prefixes: [{own}]\n", encoding="utf-8")
        findings = review(directory, DATA / name, config)
        check(f"{name} is ordinary", not findings, [f["subject"] for f in findings])
    for scenario in ("dns-ordinary", "dns-water", "dns-amplification"):
        capture, site, _ = simulate(directory, scenario, "--duration", "60s")
        findings = review(directory, capture, site)
        check(f"simulated {scenario} has no open resolver", not findings, [f["subject"] for f in findings])


def main():
    with tempfile.TemporaryDirectory() as directory:
        simulated(directory)
        simulated(directory, "--seed", "7", "--set", "attack_rate=2", "--set", "strangers=12")
        quiet(directory)
    print(", ".join(f"{n} {what}" for what, n in count.items()))
    return count["failed"] != 0


if __name__ == "__main__":
    sys.exit(main())
