#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Victims of attacks elsewhere are found in a darknet, with rates whose intervals hold the truth, and random communications are counted.

usage: backscatter_truth.py [BUILD [PART]]

Parts: simulate (what `yagura simulate backscatter` tells), borders (captures of our own on both sides of each threshold), captures (of YAGURA_DATA:
SYN-ACKs counted as tshark does, ordinary traffic silent).  The last line is `N passed, N failed[, N skipped]`.
"""
import datetime
import ipaddress
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DATA = pathlib.Path(os.environ.get("YAGURA_DATA", ROOT.parent / "shared" / "data")) / "captures"
BEGIN = 1767571200
SYN, RST, ACK = 2, 4, 16
BACKSCATTER, RANDOM = "security/backscatter", "security/random-communications"
RUNS = [["--seed", str(seed)] for seed in range(1, 6)] + [
    ["--seed", "11", "--set", "prefix=44.0.0.0/8", "--set", "rate=3000", "--set", "scans=20"],
    ["--seed", "12", "--set", "prefix=198.51.100.0/24", "--set", "rate=60000000", "--set", "victims=4"],
    ["--seed", "13", "--set", "answers=4", "--set", "victims=3"],
    ["--seed", "14", "--duration", "40m", "--set", "attack_duration=35m", "--set", "rate=50000", "--set", "victims=3"],
]


class Check:
    """Counts comparisons and prints those that fail."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def true(self, what, good):
        self.passed += bool(good)
        self.failed += not good
        if not good:
            print(what)

    def equal(self, what, found, expected):
        self.true(f"{what}: {found}, expected {expected}", found == expected)


def run(*words):
    done = subprocess.run([str(w) for w in words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                          encoding="utf-8", timeout=300)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, words))}: {done.stderr}")
    return done.stdout


class Review:
    """The review of one capture: findings and tables of our two sections."""

    def __init__(self, build, scratch, capture, site, extra=""):
        (scratch / "yagura.yaml").write_text(site + extra, encoding="utf-8")
        run(build / "yagura", "review", "-c", scratch / "yagura.yaml", capture, "--only", BACKSCATTER, "--only", RANDOM, "-o", scratch / "r.html",
            "--json", scratch / "r.json", "-q")
        document = json.loads((scratch / "r.json").read_text(encoding="utf-8"))
        self.findings = document["findings"]
        self.sections = {s["id"]: s for c in document["chapters"] for s in c["sections"]}

    def victims(self):
        return {f["subject"]["victim"]: f for f in self.findings if f["analysis"] == BACKSCATTER}

    def table(self, section, name):
        for table in self.sections.get(section, {"tables": []})["tables"]:
            if table["id"] == name:
                names = [c["name"] for c in table["columns"]]
                return [dict(zip(names, row)) for row in table["rows"]]
        return []


def seconds(text):
    whole, _, fraction = text.rstrip("Z").partition(".")
    return datetime.datetime.fromisoformat(whole + "+00:00").timestamp() + float("0." + (fraction or "0"))


# ------------------------------------------------------------------ what the simulation tells


def check_victim(check, name, truth, finding, covered):
    """One victim; whether the interval holds the truth goes into `covered`."""
    expected, measures = truth["measures"], finding["measures"]
    check.equal(f"{name}: packets", measures["packets"], expected["packets"])
    check.equal(f"{name}: best minute", measures["best_minute"], expected["best_minute"])
    check.equal(f"{name}: service", measures["service"], expected["service"])
    check.equal(f"{name}: non_uniform", measures["non_uniform"], expected["non_uniform"])
    # A sketch counts beyond 64.
    check.true(f"{name}: addresses {measures['addresses']}, truth {expected['addresses']}",
               abs(measures["addresses"] - expected["addresses"]) <= (0.14 * expected["addresses"] if expected["addresses"] >= 64 else 0))
    for key in ("begin", "end"):
        check.true(f"{name}: {key} {finding[key]}, truth {truth[key]}", abs(seconds(finding[key]) - seconds(truth[key])) <= 0.001)
    check.equal(f"{name}: has a rate", "rate_pps" in measures, not expected["non_uniform"])
    if "rate_pps" in measures:
        covered.append(measures["rate_pps_low"] <= expected["rate_pps"] <= measures["rate_pps_high"])
    check.true(f"{name}: evidence and thresholds", finding["evidence"] and finding["thresholds"] and measures["floor_pps"] > 0)


def check_random(check, name, darknet, review):
    attacks = sum(row["attacks"] for row in review.table(RANDOM, "days"))
    packets = sum(row["packets"] for row in review.table(RANDOM, "days"))
    check.equal(f"{name}: attacks", attacks, darknet["attacks"])
    check.equal(f"{name}: random packets", packets, darknet["packets"] - darknet["backscatter"] - darknet["mismatched_quotes"] - darknet["short_quotes"])
    found = [f for f in review.findings if f["analysis"] == RANDOM]
    check.equal(f"{name}: worms", len(found), 1)
    if found:
        measures = found[0]["measures"]
        check.equal(f"{name}: the worm's port", measures["port"], 1434)
        check.true(f"{name}: {measures['sources']} sources of the worm", abs(measures["sources"] - darknet["worm_sources"]) <= 6)
        check.equal(f"{name}: the worm's hash", len(measures["payload_sha256"]), 64)


def check_simulation(check, build, scratch):
    covered = []
    for words in RUNS:
        name = " ".join(w for w in words if w not in ("--set", "--seed"))
        capture, told = scratch / "dark.pcap", scratch / "dark.json"
        run(build / "yagura", "simulate", "backscatter", *words, "-o", capture, "--truth", told)
        truth = json.loads(told.read_text(encoding="utf-8"))
        review = Review(build, scratch, capture, (scratch / "dark.site.yaml").read_text(encoding="utf-8"))
        victims = review.victims()
        # Below the floor nothing is promised; what is found has to be true.
        attacks = {a["subject"]["victim"]: a for a in truth["attacks"] if a["analysis"] == BACKSCATTER}
        for address, finding in victims.items():
            check.true(f"{name}: {address} is no victim", address in attacks)
        for address, attack in attacks.items():
            if address in victims:
                check_victim(check, f"{name}: {address}", attack, victims[address], covered)
            else:
                floor = min(f["measures"]["floor_pps"] for f in victims.values())
                check.true(f"{name}: {address} at {attack['measures']['rate_pps']} is above the floor", attack["measures"]["rate_pps"] < 2 * floor)
        reasons = {row["sender"]: row["reason"] for row in review.table(BACKSCATTER, "others")}
        check.equal(f"{name}: look-alikes", reasons, {"192.0.2.97": "too many ports", "192.0.2.98": "one dark address only"})
        kinds = {row["kind"]: row["packets"] for row in review.table(BACKSCATTER, "kinds")}
        check.equal(f"{name}: mismatched", kinds.get("ICMP error about another source (excluded)"), truth["darknet"]["mismatched_quotes"])
        check.equal(f"{name}: short", kinds.get("ICMP error that quotes too little (excluded)"), truth["darknet"]["short_quotes"])
        section = review.sections[BACKSCATTER]
        for table in section["tables"]:
            check.true(f"{name}: the floor under table {table['id']}", "Detection floor" in json.dumps(table, ensure_ascii=False))
        for figure in section["figures"]:
            check.true(f"{name}: the floor under figure {figure['id']}", "Detection floor" in figure.get("caption", ""))
        check_random(check, name, truth["darknet"], review)
    # 95 % of them hold the truth; 3 standard deviations below for so many.
    least = 0.95 - 3 * (0.95 * 0.05 / len(covered)) ** 0.5
    check.true(f"{sum(covered)} of {len(covered)} intervals hold the truth", sum(covered) >= least * len(covered))
    print(f"{sum(covered)} of {len(covered)} intervals hold the truth")


# ------------------------------------------------------------------ borders


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip(source, destination, protocol, payload):
    s, d = ipaddress.ip_address(source), ipaddress.ip_address(destination)
    if s.version == 6:
        return struct.pack(">IHBB", 6 << 28, len(payload), protocol, 64) + s.packed + d.packed + payload
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0x4000, 64, protocol, 0) + s.packed + d.packed
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def tcp(source, destination, sport, dport, flags):
    return ip(source, destination, 6, struct.pack(">HHIIBBHHH", sport, dport, 1, 1, 5 << 4, flags, 65535, 0, 0))


def write(path, packets):
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
        for time, packet in sorted(packets):
            micro = round(time * 1e6)
            out.write(struct.pack("<IIII", BEGIN + micro // 1000000, micro % 1000000, len(packet), len(packet)) + packet)


def spread(prefix, number):
    """Addresses of a prefix, one after the other, evenly spread (golden section)."""
    network = ipaddress.ip_network(prefix)
    return str(network[int((number * 0.6180339887498949 + 0.25) % 1 * network.num_addresses)])


def answers(prefix, times, source="192.0.2.80", flags=SYN | ACK):
    return [(t, tcp(source, spread(prefix, i), 80, 20000 + i, flags)) for i, t in enumerate(times)]


def check_borders(check, build, scratch):
    big, small = "44.0.0.0/8", "198.51.100.0/24"
    loose = "analyses:\n  security/backscatter:\n    best_minute: 20\n"
    even = [60 * i / 23 for i in range(24)]  # 24 packets in 60 s
    cases = [
        ("/8, 29 in the best minute", big, [2.0 * i for i in range(29)] + [70.0], "", 0),
        ("/8, 30 in the best minute", big, [1.9 * i for i in range(30)] + [70.0], "", 1),
        ("/8, 30 in less than 60 s", big, [59.9 * i / 39 for i in range(40)], "", 0),
        ("/8, 40 in 60 s", big, [60.0 * i / 39 for i in range(40)], "", 1),
        ("/8, 24 packets", big, even, loose, 0),
        ("/8, 25 packets", big, even + [61.0], loose, 1),
        ("/24, 4 packets", small, [0, 5, 15, 20], "", 0),
        ("/24, 5 packets", small, [0, 5, 15, 20, 25], "", 1),
        ("/24, one stretch of ten seconds", small, [0, 1, 2, 3, 4, 5, 6], "", 0),
        # Over the border of a window of five minutes.
        ("/24, two windows", small, [290, 295, 301, 305, 310], "", 1),
        ("/24, 3 and 2 with 300 s between", small, [0, 10, 20, 320, 330], "", 1),
        ("/24, 3 and 2 with 301 s between", small, [0, 10, 20, 321.1, 330], "", 0),
        ("/24, twice within ten minutes", small, [0, 5, 15, 20, 25] + [620 + t for t in (0, 5, 15, 20, 25)], "", 1),
        ("/24, twice over more than ten minutes", small, [0, 5, 15, 20, 25] + [630 + t for t in (0, 5, 15, 20, 25)], "", 2),
    ]
    for name, prefix, times, extra, expected in cases:
        write(scratch / "b.pcap", answers(prefix, times))
        review = Review(build, scratch, scratch / "b.pcap", f"site:\n  dark_prefixes: [{prefix}]\n", extra)
        found = [f for f in review.findings if f["analysis"] == BACKSCATTER]
        check.equal(name, len(found), expected)
        if expected == 1 and len(found) == 1:
            check.equal(f"{name}: packets", found[0]["measures"]["packets"], len(times))
    # Two addresses, three addresses.
    for addresses in (2, 3):
        packets = [(5.0 * i, tcp("192.0.2.80", f"198.51.100.{60 * (i % addresses) + 20}", 80, 3000 + i, RST)) for i in range(9)]
        write(scratch / "b.pcap", packets)
        review = Review(build, scratch, scratch / "b.pcap", f"site:\n  dark_prefixes: [{small}]\n")
        check.equal(f"/24, {addresses} addresses", len(review.victims()), addresses == 3)
    # Resets to a sensor may answer it; a SYN-ACK never does.  What they are otherwise is random.
    site = f"site:\n  sensors:\n    - {{name: pot, prefix: {small}}}\n"
    for flags, victims in ((RST, 0), (SYN | ACK, 1)):
        write(scratch / "b.pcap", answers(small, [3.0 * i for i in range(12)], flags=flags))
        review = Review(build, scratch, scratch / "b.pcap", site)
        check.equal(f"a sensor gets flags {flags}", len(review.victims()), victims)
        check.equal(f"a sensor gets flags {flags}: random", sum(row["packets"] for row in review.table(RANDOM, "days")), 0 if victims else 12)
    # IPv6: found, without a rate.
    write(scratch / "b.pcap", answers("2001:db8:dead::/48", [3.0 * i for i in range(12)], source="2001:db8:1::80"))
    victims = Review(build, scratch, scratch / "b.pcap", "site:\n  dark_prefixes: [\"2001:db8:dead::/48\"]\n").victims()
    check.equal("IPv6", sorted(victims), ["2001:db8:1::80"])
    check.true("IPv6 has no rate", all("rate_pps" not in f["measures"] for f in victims.values()))
    check_attacks(check, build, scratch, small)


def check_attacks(check, build, scratch, prefix):
    """What one attack is: a pause of 300 s ends it, over windows too; a list excludes."""
    for pause, expected in ((299, 1), (301, 2)):
        times = [10, 12, 14, 16, 18, 18 + pause, 20 + pause]
        write(scratch / "b.pcap", [(t, tcp("203.0.113.9", "198.51.100.7", 4000 + i, 135, SYN)) for i, t in enumerate(times)])
        review = Review(build, scratch, scratch / "b.pcap", f"site:\n  dark_prefixes: [{prefix}]\n")
        check.equal(f"MSRPC with a pause of {pause} s", sum(row["attacks"] for row in review.table(RANDOM, "days")), expected)
        check.equal(f"MSRPC with a pause of {pause} s: findings", len(review.findings), 0)
    (scratch / "research.txt").write_text("# researchers\n203.0.113.0/28  # one of them\n\n", encoding="utf-8")
    extra = f"analyses:\n  {RANDOM}:\n    research_scanners: {scratch}/research.txt\n"
    packets = [(t, tcp(f"203.0.113.{t}", "198.51.100.7", 4000, 22, SYN)) for t in range(32)]
    write(scratch / "b.pcap", packets)
    review = Review(build, scratch, scratch / "b.pcap", f"site:\n  dark_prefixes: [{prefix}]\n", extra)
    check.equal("researchers are left out", sum(row["attacks"] for row in review.table(RANDOM, "days")), 16)
    # An own host that looks for others in dark space.
    packets = [(t, tcp("192.0.2.5", f"198.51.100.{t}", 4000, 445, SYN)) for t in range(32)]
    write(scratch / "b.pcap", packets)
    review = Review(build, scratch, scratch / "b.pcap", f"site:\n  own_prefixes: [192.0.2.0/24]\n  dark_prefixes: [{prefix}]\n")
    check.equal("an own host", [(f["subject"]["source"], f["measures"]["attacks"]) for f in review.findings], [("192.0.2.5", 32.0)])


# ------------------------------------------------------------------ captures


def check_captures(check, build, scratch):
    capture = DATA / "ddos" / "amp.TCP.reflection.SYNACK.pcap"
    if not capture.exists() or shutil.which("tshark") is None:
        print(f"{capture} or tshark is missing: skipped")
        check.skipped += 1
        return
    review = Review(build, scratch, capture, "site:\n  dark_prefixes: [10.10.10.10/32]\n")
    kinds = {row["kind"]: row["packets"] for row in review.table(BACKSCATTER, "kinds")}
    inside = "ip.dst == 10.10.10.10 and not icmp"
    for kind, what in (("SYN-ACK", "tcp.flags & 0x17 == 0x12"), ("RST", "(tcp.flags & 0x17 == 0x04 or tcp.flags & 0x17 == 0x14)")):
        lines = run("tshark", "-r", capture, "-Y", f"{inside} and {what}", "-T", "fields", "-e", "frame.number").splitlines()
        check.equal(f"{capture.name}: {kind}", kinds.get(kind), len(lines))
    check.equal(f"{capture.name}: victims (all send to one address)", len(review.victims()), 0)
    for path in sorted((DATA / "general").glob("*.pcap*")):
        if path.suffix in (".pcap", ".pcapng"):
            review = Review(build, scratch, path, "site:\n  dark_prefixes: [233.252.0.0/24, \"2001:db8:dead::/48\"]\n")
            ours = [name for name in review.sections if name in (BACKSCATTER, RANDOM)]
            check.equal(f"{path.name}: sections and findings", [ours, review.findings], [[], []])


def main():
    build = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build").resolve()
    only = sys.argv[2] if len(sys.argv) > 2 else ""
    check = Check()
    with tempfile.TemporaryDirectory() as directory:
        for name, part in (("simulate", check_simulation), ("borders", check_borders), ("captures", check_captures)):
            if only in name:
                part(check, build, pathlib.Path(directory))
    print(f"{check.passed} passed, {check.failed} failed" + (f", {check.skipped} skipped" if check.skipped else ""))
    return 1 if check.failed else 0


sys.exit(main())
