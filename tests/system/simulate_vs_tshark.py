#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The truth of simulated captures against programs that know nothing of it: capinfos, tshark, nfpcapd, softflowd.

usage: simulate_vs_tshark.py        (YAGURA_BUILD names the build directory)

Everything in truth.json is counted again from tshark's fields and compared; tshark must find every checksum right, nothing
malformed and nothing odd in TCP.  Skipped without tshark; nfpcapd and softflowd are skipped one by one.
"""
import collections
import datetime
import ipaddress
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
YAGURA = pathlib.Path(os.environ.get("YAGURA_BUILD", TOP / "build")) / "yagura"
SKIP_STATUS = 77
ACTIVE, IDLE = 300 * 10**9, 60 * 10**9
CHECKSUMS = [word for name in ("ip", "tcp", "udp") for word in ("-o", f"{name}.check_checksum:TRUE")]
FIELDS = ["frame.time_epoch", "frame.len", "vlan.id", "ip.len", "ipv6.plen", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "ip.proto", "ipv6.nxt",
          "tcp.srcport", "tcp.dstport", "udp.srcport", "udp.dstport", "tcp.flags"]
STATUS_FIELDS = ["ip.checksum.status", "tcp.checksum.status", "udp.checksum.status", "icmp.checksum.status", "icmpv6.checksum.status"]
RUNS = {
    "hour.pcapng": ["--seed", "11", "--start", "2026-01-05T10:00:00Z", "--duration", "1h", "--rate", "0.4"],
    "day.pcap": ["--seed", "12", "--rate", "0.02", "--hosts", "5"],
    "week.pcapng": ["--seed", "13", "--duration", "7d", "--rate", "0.002", "--hosts", "1", "--format", "pcap-ns"],
}


class Checks:
    """Counts what passed; says what did not."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def equal(self, name, got, expected):
        if got == expected:
            self.passed += 1
            return
        self.failed += 1
        print(f"FAIL {name}: {str(got)[:400]} is not {str(expected)[:400]}")

    def skip(self, name):
        self.skipped += 1
        print(f"skip {name}")

    def finish(self):
        print(f"{self.passed} passed, {self.failed} failed" + (f", {self.skipped} skipped" if self.skipped else ""))
        return 1 if self.failed else 0


def run(*words, **more):
    return subprocess.run([str(w) for w in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
                          errors="replace", check=False, timeout=600, **more)


def nanoseconds(text):
    """Of "1767607200.912296000" or of an ISO time."""
    if "T" in text:
        whole, fraction = text.rstrip("Z").split(".")
        seconds = datetime.datetime.fromisoformat(whole + "+00:00").timestamp()
        return int(seconds) * 10**9 + int(fraction.ljust(9, "0"))
    whole, _, fraction = text.partition(".")
    return int(whole) * 10**9 + int(fraction.ljust(9, "0"))


class Recount:
    """Everything the truth holds, counted from one line of fields a frame."""

    def __init__(self, truth):
        self.truth = truth
        self.own = [ipaddress.ip_network(p) for p in truth["own_prefixes"]]
        self.begin = nanoseconds(truth["bins"]["begin"].replace("Z", ".0Z"if "." not in truth["bins"]["begin"] else "Z"))
        self.frames = self.frame_octets = self.not_ip = self.records = self.one_way = 0
        self.versions, self.protocols, self.directions, self.ports, self.bins = (collections.defaultdict(lambda: [0, 0, 0]) for _ in range(5))
        self.vlans, self.sizes = collections.Counter(), collections.Counter()
        self.pairs = collections.defaultdict(lambda: [0, 0, 0])   # ordered: packets, octets, records begun
        self.flows, self.syns, self.rtts = {}, {}, []

    def begins(self, key, side, now):
        """Whether this packet begins a record of its flow."""
        flow = self.flows.get(key)
        begins = flow is None or now - flow[1] > IDLE or now - flow[0] > ACTIVE
        if begins:
            flow = self.flows[key] = [now, now, set()]
            self.records += 1
        flow[1] = now
        if side not in flow[2]:
            flow[2].add(side)
            self.one_way += 1
        return begins

    def is_own(self, address):
        return any(address.version == p.version and address in p for p in self.own)

    def frame(self, line):
        f = dict(zip(FIELDS, line.split("\t")))
        now = nanoseconds(f["frame.time_epoch"])
        self.frames += 1
        self.frame_octets += int(f["frame.len"])
        self.vlans[f["vlan.id"] or "none"] += 1
        if not f["ip.len"] and not f["ipv6.plen"]:
            self.not_ip += 1
            return
        ipv4 = bool(f["ip.len"])
        octets = int(f["ip.len"]) if ipv4 else int(f["ipv6.plen"]) + 40
        source, destination = (ipaddress.ip_address(f[("ip." if ipv4 else "ipv6.") + end]) for end in ("src", "dst"))
        protocol = f["ip.proto"] or f["ipv6.nxt"]
        layer = {"6": "tcp", "17": "udp"}.get(protocol)
        ports = [int(f[f"{layer}.srcport"]), int(f[f"{layer}.dstport"])] if layer else [0, 0]
        ends = [(source, ports[0]), (destination, ports[1])]
        begins = self.begins((protocol, *sorted(ends, key=lambda e: (e[0].packed, e[1]))), source, now)
        keys = [(self.versions, "4" if ipv4 else "6"), (self.protocols, protocol),
                (self.directions, (self.is_own(source), self.is_own(destination))),
                (self.pairs, (source, destination)), (self.bins, (now - self.begin) // 10**9 // self.truth["bins"]["seconds"])]
        if layer:
            service = min(ports)
            keys.append((self.ports, f"{layer}/{service if service < 1024 else 'dynamic'}"))
        for table, key in keys:
            table[key][0] += 1
            table[key][1] += octets
            table[key][2] += begins
        self.sizes[str(octets)] += 1
        if layer == "tcp":
            self.handshake(int(f["tcp.flags"], 16) & 0x12, ends, now)

    def handshake(self, flags, ends, now):
        if flags == 0x02:
            self.syns[tuple(ends)] = now
        elif flags == 0x12 and (ends[1], ends[0]) in self.syns:
            self.rtts.append((now - self.syns.pop((ends[1], ends[0]))) // 1000)

    def ends(self, network):
        """Per address, or prefix of it: sent and received packets and octets, flows, peers."""
        ends = collections.defaultdict(lambda: [0, 0, 0, 0, 0, set()])
        for (source, destination), (packets, octets, begun) in self.pairs.items():
            for at, end, other in ((0, source, destination), (2, destination, source)):
                row = ends[str(network(end))]
                row[at] += packets
                row[at + 1] += octets
                row[4] += begun
                row[5].add(other)
        return ends


def check_counts(checks, name, truth, r):
    totals = truth["totals"]
    checks.equal(f"{name}: totals", [r.frames, r.frame_octets, r.not_ip, r.frames - r.not_ip, sum(v[1] for v in r.versions.values())],
                 [totals[k] for k in ("frames", "frame_octets", "not_ip", "packets", "octets")])
    checks.equal(f"{name}: versions", {k: v[:2] for k, v in r.versions.items()},
                 {k: [v["packets"], v["octets"]] for k, v in truth["ip_versions"].items() if v["packets"]})
    for table in ("protocols", "ports"):
        checks.equal(f"{name}: {table}", dict(getattr(r, table)),
                     {k: [v["packets"], v["octets"], v["flows"]] for k, v in truth[table].items()})
    names = {(False, True): "in", (True, False): "out", (True, True): "internal", (False, False): "transit"}
    checks.equal(f"{name}: directions", {names[k]: v[:2] for k, v in r.directions.items()},
                 {k: [v["packets"], v["octets"]] for k, v in truth["directions"].items() if v["packets"]})
    checks.equal(f"{name}: VLANs", dict(r.vlans), truth["vlans"])
    checks.equal(f"{name}: sizes", dict(r.sizes), truth["sizes"])
    for at, what in enumerate(("packets", "octets")):
        checks.equal(f"{name}: {what} by bin", {k: v[at] for k, v in r.bins.items()}, {i: n for i, n in enumerate(truth["bins"][what]) if n})
    checks.equal(f"{name}: flow records", [r.records, r.one_way, 0], [truth["flows"][k] for k in ("records", "one_way_records", "ambiguous")])
    checks.equal(f"{name}: handshakes", [len(r.rtts), sorted(r.rtts)], [truth["handshakes"]["count"], truth["handshakes"]["rtt_us"]])


def check_talkers(checks, name, truth, r):
    sides = ("sent_packets", "sent_octets", "received_packets", "received_octets")
    checks.equal(f"{name}: addresses", {k: [*v[:5], len(v[5])] for k, v in r.ends(lambda a: a).items()},
                 {a["address"]: [a[s] for s in sides] + [a["flows"], a["peers"]] for a in truth["addresses"]})
    prefixes = r.ends(lambda a: ipaddress.ip_network((a, 24 if a.version == 4 else 48), strict=False))
    checks.equal(f"{name}: prefixes", {k: v[:4] for k, v in prefixes.items()}, {p["prefix"]: [p[s] for s in sides] for p in truth["prefixes"]})
    expected, flows, got = {}, {}, collections.Counter()
    for p in truth["pairs"]:
        a, b = ipaddress.ip_address(p["a"]), ipaddress.ip_address(p["b"])
        flows[(a, b)] = p["flows"]
        for key, way in (((a, b), "a_to_b"), ((b, a), "b_to_a")):
            if p[f"{way}_packets"]:
                expected[key] = [p[f"{way}_packets"], p[f"{way}_octets"]]
    for (a, b), row in r.pairs.items():
        got[(a, b) if a.packed < b.packed else (b, a)] += row[2]
    checks.equal(f"{name}: pairs", {k: v[:2] for k, v in r.pairs.items()}, expected)
    checks.equal(f"{name}: flows of pairs", dict(got), flows)


def check_tshark(checks, name, path, truth):
    done = subprocess.run(["tshark", "-n", "-r", str(path), *CHECKSUMS, "-T", "fields", *(w for f in FIELDS + STATUS_FIELDS for w in ("-e", f))],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8", check=False, timeout=600)
    r, bad = Recount(truth), 0
    for line in done.stdout.splitlines():
        words = line.split("\t")
        r.frame("\t".join(words[:len(FIELDS)]))
        bad += any(word not in ("", "1") for word in words[len(FIELDS):])
    checks.equal(f"{name}: checksums that are not good", bad, 0)
    check_counts(checks, name, truth, r)
    check_talkers(checks, name, truth, r)
    experts = run("tshark", "-n", "-r", path, *CHECKSUMS, "-q", "-z", "expert,warn").stdout
    checks.equal(f"{name}: tshark's errors and warnings", re.findall(r"(?m)^ +\d+ .*$", experts), [])
    odd = run("tshark", "-n", "-r", path, "-Y", "tcp.analysis.flags && !tcp.analysis.window_update || _ws.malformed || _ws.short", "-T", "fields", "-e", "frame.number").stdout
    checks.equal(f"{name}: frames tshark finds odd", re.findall(r"(?m)^\d+$", odd), [])
    tcp = run("tshark", "-n", "-r", path, "-q", "-z", "conv,tcp").stdout
    checks.equal(f"{name}: TCP conversations", tcp.count("<->"), truth["protocols"]["6"]["flows"])


def check_capinfos(checks, name, path, truth, words):
    table = run("capinfos", "-TMr", "-cdaek", "-S", path).stdout.strip().split("\t")
    checks.equal(f"{name}: capinfos", [int(table[1]), int(table[2])], [truth["totals"]["frames"], truth["totals"]["frame_octets"]])
    checks.equal(f"{name}: first and last frame", [nanoseconds(t) for t in table[3:5]],
                 [nanoseconds(truth["totals"][k]) for k in ("first", "last")])
    if name.endswith(".pcapng") and "--format" not in words:
        checks.equal(f"{name}: label", "simulated by yagura simulate office --seed 11" in run("capinfos", path).stdout, True)


def check_nfpcapd(checks, name, path, truth, scratch):
    if not shutil.which("nfpcapd") or not shutil.which("nfdump"):
        checks.skip(f"{name}: no nfpcapd")
        return
    flows = scratch / f"{name}.flows"
    flows.mkdir()
    run("nfpcapd", "-r", path, "-l", flows, "-e", "300,60")
    rows = run("nfdump", "-R", flows, "-q", "-N", "-o", "fmt:%pr %pkt %byt").stdout.splitlines()
    got = collections.defaultdict(lambda: [0, 0, 0])
    for protocol, packets, octets in (row.split() for row in rows if row.strip()):
        for at, value in enumerate((int(packets), int(octets), 1)):
            got[protocol][at] += value
    for number, t in truth["protocols"].items():
        checks.equal(f"{name}: nfpcapd's protocol {number}", got[number][:2], [t["packets"], t["octets"]])
        if number in ("6", "17"):  # every flow is answered, nfpcapd's are one way; it cuts ICMP per packet
            checks.equal(f"{name}: nfpcapd's records of {number}", got[number][2], 2 * t["flows"])


def check_softflowd(checks, name, path, truth):
    if not shutil.which("softflowd"):
        checks.skip(f"{name}: no softflowd")
        return
    text = run("softflowd", "-a", "-D", "-r", path, "-m", "200000").stdout
    rows = {number: [int(packets), int(octets)] for number, octets, packets in re.findall(r"(?m)^ +\S+ \((\d+)\): +(\d+) +(\d+) ", text)}
    # softflowd counts the padding of short frames as octets; only TCP has packets that short.
    for number, t in truth["protocols"].items():
        got = rows.get(number, [0, 0])
        checks.equal(f"{name}: softflowd's protocol {number}", got if number != "6" else got[:1],
                     [t["packets"], t["octets"]] if number != "6" else [t["packets"]])


def main():
    if not shutil.which("tshark") or not shutil.which("capinfos"):
        print("there is no tshark")
        return SKIP_STATUS
    checks = Checks()
    with tempfile.TemporaryDirectory() as directory:
        scratch = pathlib.Path(directory)
        for name, words in RUNS.items():
            path, told = scratch / name, scratch / f"{name}.json"
            done = run(YAGURA, "simulate", "office", *words, "-o", path, "--truth", told)
            checks.equal(f"{name}: simulate", [done.returncode, done.stdout], [0, ""])
            truth = json.loads(told.read_text(encoding="utf-8"))
            check_capinfos(checks, name, path, truth, words)
            check_tshark(checks, name, path, truth)
            check_nfpcapd(checks, name, path, truth, scratch)
            check_softflowd(checks, name, path, truth)
    return checks.finish()


sys.exit(main())
