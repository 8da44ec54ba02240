#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Recovers the truth of simulated traffic from review.json, exactly, and the same review from any number of threads.

usage: truth.py BUILD

`yagura simulate office` counts what it writes by the definitions of the review (doc/simulate.md).  Every figure that both have must be
equal: totals, IP versions, protocols, directions, service ports, packet sizes, rates by time, addresses, prefixes, pairs, flow records,
and the handshake times in the store.  The last line is `N passed, N failed`.
"""
import collections
import datetime
import ipaddress
import json
import pathlib
import subprocess
import sys
import tempfile

SIZE_EDGES = [0] + [(1 << e) + k * (1 << (e - 2)) for e in range(4, 17) for k in range(4)] + [1 << 17]
NAMES = {"1": "ICMP", "6": "TCP", "17": "UDP", "58": "ICMPv6"}
RUNS = [
    ("pcapng", ["--seed", "7", "--duration", "3h", "--set", "rate=1"]),
    ("pcap", ["--seed", "8", "--duration", "40m", "--hosts", "10", "--set", "rate=2"]),
]


class Check:
    """Counts comparisons and prints those that fail."""

    def __init__(self):
        self.passed = self.failed = 0

    def equal(self, what, expected, found):
        if expected == found:
            self.passed += 1
            return
        self.failed += 1
        print(f"{what}: expected {str(expected)[:300]}, found {str(found)[:300]}")


def run(*words):
    return subprocess.run([str(w) for w in words], stdin=subprocess.DEVNULL, check=True, capture_output=True).stdout


def sections(review):
    return {s["id"]: s for chapter in review["chapters"] for s in chapter["sections"]}


def table(section, name):
    """The rows of a table as dictionaries."""
    found = next(t for t in section["tables"] if t["id"] == name)
    return [dict(zip((c["name"] for c in found["columns"]), row)) for row in found["rows"]]


def pick(row, *keys):
    return {k: row[k] for k in keys}


def check_volume(check, section, truth):
    totals = truth["totals"]
    versions = {r["ip_version"]: r for r in table(section, "ip_version")}
    check.equal("frames", totals["frames"], sum(r["packets"] for r in versions.values()))
    check.equal("frame octets", totals["frame_octets"], sum(r["frame_octets"] for r in versions.values()))
    check.equal("not IP", totals["not_ip"], versions.get("not IP", {"packets": 0})["packets"])
    for number, expected in truth["ip_versions"].items():
        check.equal(f"IPv{number}", expected, pick(versions["IPv" + number], "packets", "octets"))
    protocols = {r["protocol"]: r for r in table(section, "protocol")}
    for number, expected in truth["protocols"].items():
        check.equal(NAMES[number], expected, pick(protocols[NAMES[number]], *expected))
    directions = {r["direction"]: r for r in table(section, "direction")}
    for name, expected in truth["directions"].items():
        if expected["packets"]:
            check.equal(name, expected, pick(directions[name], *expected))
    check.equal("flow records", truth["flows"]["records"], sum(r["flows"] for r in versions.values()))


def check_sizes(check, section, truth):
    expected = collections.Counter()
    for size, packets in truth["sizes"].items():
        expected[max(e for e in SIZE_EDGES if e <= int(size))] += packets
    check.equal("packet sizes", dict(expected), {r["size_low"]: r["packets"] for r in table(section, "packet_sizes")})


def check_rates(check, section, truth):
    """The bit rate of every bin of the figure, all series added, against the octets by second."""
    begin = datetime.datetime.fromisoformat(truth["bins"]["begin"].replace("000000000Z", "000000+00:00")).timestamp() * 1000
    figure = next(f for f in section["figures"] if f["id"] == "bit-rate")
    found = collections.Counter()
    for series in figure["series"]:
        for time, rate in series["points"]:
            found[time] += rate
    times = sorted(found)
    width = (times[1] - times[0]) // 1000
    expected = collections.Counter()
    for second, octets in enumerate(truth["bins"]["octets"]):
        time = int(begin) + second * 1000
        expected[time // (width * 1000) * width * 1000] += octets
    for time in times:
        check.equal(f"octets at {time}", expected[time], round(found[time] * width / 8))
    check.equal("octets in all bins", sum(truth["bins"]["octets"]), sum(expected[t] for t in times))


def check_ports(check, section, truth):
    found = {r["service"].split(" (")[0]: pick(r, "packets", "octets", "flows") for r in table(section, "services")}
    for name, expected in truth["ports"].items():
        check.equal(name, expected, found.get(name))


def check_talkers(check, section, truth):
    addresses = {str(ipaddress.ip_address(a["address"])): a for a in truth["addresses"]}
    for name in ("addresses", "addresses-packets", "addresses-flows"):
        for row in table(section, name):
            a = addresses[row["address"]]
            check.equal(row["address"], (a["sent_packets"] + a["received_packets"], a["sent_octets"] + a["received_octets"], a["flows"]),
                        (row["packets"], row["octets"], row["flows"]))
            near = abs(row["peers"] - a["peers"]) <= max(1, 0.13 * a["peers"])
            check.equal(f"peers of {row['address']} ({row['peers']} for {a['peers']}) within four standard errors", True, near)
    by_octets = sorted((a["sent_octets"] + a["received_octets"] for a in truth["addresses"]), reverse=True)
    shown = [r["octets"] for r in table(section, "addresses")]
    check.equal("the largest addresses", by_octets[:len(shown)], shown)
    pairs = {frozenset((p["a"], p["b"])): p for p in truth["pairs"]}
    for row in table(section, "pairs"):
        p = pairs[frozenset((row["address"], row["peer_address"]))]
        check.equal("pair", (p["a_to_b_octets"] + p["b_to_a_octets"], p["flows"]), (row["octets"], row["flows"]))


def check_hierarchy(check, section, truth):
    rows = table(section, "heavy-hitters")
    check.equal("octets of all heavy hitters and the rest", truth["totals"]["octets"], sum(r["octets"] for r in rows))
    check.equal("packets of all heavy hitters and the rest", truth["totals"]["packets"], sum(r["packets"] for r in rows))


def check_store(check, program, directory, capture, config, truth):
    """The flows of a store: their number, sums, and handshake times."""
    store = f"duckdb:{directory}/store"
    run(program, "ingest", "-c", config, "--store", store, capture)
    query = [program, "query", "--store", store, "--json"]
    sums = json.loads(run(*query, "SELECT count(*) AS n, sum(packet_delta_count + reverse_packet_delta_count) AS p, "
                                  "sum(octet_delta_count + reverse_octet_delta_count) AS o FROM flows"))[0]
    check.equal("stored flows", [truth["flows"]["records"], truth["totals"]["packets"], truth["totals"]["octets"]], list(sums.values()))
    times = json.loads(run(*query, "SELECT rtt_microseconds AS rtt FROM flows WHERE rtt_microseconds > 0 ORDER BY rtt"))
    check.equal("handshake times", sorted(truth["handshakes"]["rtt_us"]), [t["rtt"] for t in times])


def main():
    build = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build").resolve()
    program = build / "yagura"
    check = Check()
    for kind, options in RUNS:
        with tempfile.TemporaryDirectory() as name:
            directory = pathlib.Path(name)
            capture, config = directory / f"office.{kind}", directory / "yagura.yaml"
            run(program, "simulate", "office", "-o", capture, "--truth", directory / "truth.json", "--format", kind, *options)
            truth = json.loads((directory / "truth.json").read_text(encoding="utf-8"))
            config.write_text("site:\n  own_prefixes: [" + ", ".join(f'"{p}"' for p in truth["own_prefixes"]) + "]\n", encoding="utf-8")
            for threads in (1, 2, 4):
                run(program, "review", "-c", config, "-j", threads, capture, "-o", directory / f"{threads}.html", "--json",
                    directory / f"{threads}.json")
            for suffix in ("html", "json"):
                octets = {(directory / f"{threads}.{suffix}").read_bytes() for threads in (1, 2, 4)}
                check.equal(f"{suffix} of 1, 2 and 4 threads", 1, len(octets))
            found = sections(json.loads((directory / "1.json").read_text(encoding="utf-8")))
            check_volume(check, found["traffic/volume"], truth)
            check_sizes(check, found["traffic/volume"], truth)
            check_rates(check, found["traffic/volume"], truth)
            check_ports(check, found["traffic/ports"], truth)
            check_talkers(check, found["traffic/talkers"], truth)
            check_hierarchy(check, found["traffic/hierarchy"], truth)
            check_store(check, program, directory, capture, config, truth)
    print(f"{check.passed} passed, {check.failed} failed")
    sys.exit(1 if check.failed else 0)


main()
