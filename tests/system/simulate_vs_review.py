#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Recovers the truth of simulated traffic from review.json: every figure that is exact must be equal.

usage: simulate_vs_review.py        (YAGURA_BUILD names the build directory)
"""
import collections
import ipaddress
import json
import os
import pathlib
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
YAGURA = pathlib.Path(os.environ.get("YAGURA_BUILD", TOP / "build")) / "yagura"
RUNS = {
    "day.pcapng": ["--seed", "1", "--rate", "0.1"],
    "hour.pcap": ["--seed", "2", "--start", "2026-01-05T10:00:00Z", "--duration", "1h", "--rate", "1", "--hosts", "20"],
}
PROTOCOLS = {"6": "TCP", "17": "UDP", "1": "ICMP", "58": "ICMPv6"}


class Checks:
    """Counts what passed; says what did not."""

    def __init__(self):
        self.passed = self.failed = 0

    def equal(self, name, got, expected):
        if got == expected:
            self.passed += 1
            return
        self.failed += 1
        print(f"FAIL {name}: {str(got)[:400]} is not {str(expected)[:400]}")

    def finish(self):
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed else 0


class Review:
    """Tables of a review by section and name, rows as dictionaries."""

    def __init__(self, path):
        document = json.loads(path.read_text(encoding="utf-8"))
        self.inputs = document["inputs"]
        self.tables = {(s["id"], t["id"]): t for c in document["chapters"] for s in c["sections"] for t in s["tables"]}

    def rows(self, section, table):
        found = self.tables.get((section, table))
        if found is None:
            return []
        names = [c["name"] for c in found["columns"]]
        return [dict(zip(names, row)) for row in found["rows"]]


def counts(row):
    return [row["packets"], row["octets"], row["flows"]]


def check_volume(checks, name, truth, review):
    checks.equal(f"{name}: records", [i["records"] for i in review.inputs], [truth["totals"]["frames"]])
    not_ip = truth["totals"]["not_ip"]  # its octets are of no L3 packet: 0
    by_version = {r["ip_version"]: [r["packets"], r["octets"]] for r in review.rows("traffic/volume", "ip_version")}
    checks.equal(f"{name}: versions", by_version, {**{f"IPv{v}": [c["packets"], c["octets"]] for v, c in truth["ip_versions"].items()}, "not IP": [not_ip, 0]})
    checks.equal(f"{name}: flows", sum(r["flows"] for r in review.rows("traffic/volume", "ip_version")), truth["flows"]["records"])
    checks.equal(f"{name}: protocols", {r["protocol"]: counts(r) for r in review.rows("traffic/volume", "protocol")},
                 {**{PROTOCOLS[p]: counts(c) for p, c in truth["protocols"].items()}, "not IP": [not_ip, 0, 0]})
    checks.equal(f"{name}: directions", {r["direction"]: [r["packets"], r["octets"]] for r in review.rows("traffic/volume", "direction")},
                 {**{d: [c["packets"], c["octets"]] for d, c in truth["directions"].items() if c["packets"]}, "unknown": [not_ip, 0]})
    for row in review.rows("traffic/volume", "packet_sizes"):
        inside = [n for size, n in truth["sizes"].items() if row["size_low"] <= int(size) < row["size_high"]]
        checks.equal(f"{name}: packets of {row['size_low']} octets and up", row["packets"], sum(inside))
    totals = {r["name"]: r["value"] for r in review.rows("quality", "packets")}
    checks.equal(f"{name}: IP and ARP", [totals.get("packets.ip"), totals.get("packets.arp")], [truth["totals"]["packets"], not_ip])
    checks.equal(f"{name}: nothing dropped", review.rows("quality", "counters"), [])


def check_ports(checks, name, truth, review):
    services = {r["service"].split(" ")[0]: counts(r) for r in review.rows("traffic/ports", "services") if "/" in r["service"]}
    checks.equal(f"{name}: services", services, {p: counts(c) for p, c in truth["ports"].items()})


def check_talkers(checks, name, truth, review):
    ends = {a["address"]: [a["sent_packets"] + a["received_packets"], a["sent_octets"] + a["received_octets"], a["flows"], a["peers"]]
            for a in truth["addresses"]}
    rows = review.rows("traffic/talkers", "addresses")
    checks.equal(f"{name}: addresses", {r["address"]: counts(r) for r in rows}, {r["address"]: ends.get(r["address"], [])[:3] for r in rows})
    # Peers are estimated by HyperLogLog, whose standard error is below 2 %.
    far = [r["address"] for r in rows if abs(r["peers"] - ends[r["address"]][3]) > max(2, 0.06 * ends[r["address"]][3])]
    checks.equal(f"{name}: peers", far, [])
    best = sorted((e[1] for e in ends.values()), reverse=True)[:len(rows)]
    checks.equal(f"{name}: they are the largest", [r["octets"] for r in rows], best)
    pairs, prefixes = {}, collections.defaultdict(lambda: [0, 0, 0])
    for p in truth["pairs"]:
        both = [p["a_to_b_packets"] + p["b_to_a_packets"], p["a_to_b_octets"] + p["b_to_a_octets"], p["flows"]]
        pairs[frozenset((p["a"], p["b"]))] = both
        for prefix in {str(ipaddress.ip_network((a, 24 if "." in a else 48), strict=False)) for a in (p["a"], p["b"])}:
            prefixes[prefix] = [x + y for x, y in zip(prefixes[prefix], both)]
    rows = review.rows("traffic/talkers", "prefixes")
    checks.equal(f"{name}: prefixes", {r["prefix"]: counts(r) for r in rows}, {r["prefix"]: prefixes.get(r["prefix"]) for r in rows})
    rows = review.rows("traffic/talkers", "pairs")
    got = {frozenset((r["address"], r["peer_address"])): counts(r) for r in rows if r["octets"] == r.get("octets_high", r["octets"])}
    checks.equal(f"{name}: pairs", got, {k: pairs.get(k) for k in got})
    checks.equal(f"{name}: some pairs", len(got) > 0, True)


def main():
    checks = Checks()
    with tempfile.TemporaryDirectory() as directory:
        scratch = pathlib.Path(directory)
        for name, words in RUNS.items():
            path, told, written, config = (scratch / (name + end) for end in ("", ".truth.json", ".review.json", ".yaml"))
            subprocess.run([YAGURA, "simulate", "office", *words, "-o", path, "--truth", told], check=True, timeout=120)
            truth = json.loads(told.read_text(encoding="utf-8"))
            config.write_text(f"site: {{own_prefixes: {json.dumps(truth['own_prefixes'])}}}\n", encoding="utf-8")
            done = subprocess.run([YAGURA, "review", "-q", "-c", config, path, "-o", scratch / "review.html", "--json", written],
                                  check=False, timeout=300)
            checks.equal(f"{name}: review", done.returncode, 0)
            if done.returncode == 0:
                review = Review(written)
                check_volume(checks, name, truth, review)
                check_ports(checks, name, truth, review)
                check_talkers(checks, name, truth, review)
    return checks.finish()


sys.exit(main())
