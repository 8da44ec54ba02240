#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Compares flows with nfpcapd's, on real and simulated captures.

usage: flows_vs_nfpcapd.py BUILD [CAPTURE…]

Both meter with active 300 s and idle 60 s.  nfpcapd's flows go one way, so each of ours is split in two; the multisets of (addresses,
ports, protocol, packets, octets) must be equal.  nfpcapd ends a TCP flow at the first FIN or RST and begins another with what follows, and it
makes every DNS message and every ICMP message a flow of its own: those are first added up by their key.  All else is compared record by record.
CAPTURES are those where the two must be equal.
Skips without nfpcapd; real captures are skipped where they are absent.  The last line is `N passed, N failed[, N skipped]`.
"""
import collections
import csv
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DATA = pathlib.Path(os.environ.get("YAGURA_DATA", ROOT.parent / "shared" / "data")) / "captures"
CAPTURES = [
    "general/ndpi-1kxun.pcap",
    "general/ndpi-http_ipv6.pcap",
    "general/pcapplusplus-tcp-reassembly.pcap",
    "general/libtrace-100_packets.pcap",
    "general/zeek-irc-basic.pcap",
    "general/libtrace-10_mpls_ip.pcap",
    "ddos/pkt.TCP.synflood.spoofed.pcap",
    "dns/rootserver-knot-live.pcap",
    "scan/zeek-sshguess.pcap",
    "scan/ppa-portscan-2006.pcap",
    "http-attack/ndpi-WebattackSQLinj.pcap",
    "http-attack/ndpi-xss.pcap",
    "heartbleed/heartbleed-success.pcap",
    "malware/ndpi-trickbot.pcap",
    "dns/dnscap-vlan11.pcap",
]
COLUMNS = ("SELECT source_address, destination_address, source_port AS sp, destination_port AS dp, protocol_identifier AS pr, "
           "packet_delta_count AS p, octet_delta_count AS o, reverse_packet_delta_count AS rp, reverse_octet_delta_count AS ro FROM flows")
NUMBERS = {"TCP": 6, "UDP": 17, "ICMP": 1, "ICMP6": 58, "IGMP": 2, "ESP": 50, "AH": 51, "GRE": 47, "SCTP": 132, "IPv6": 41, "PIM": 103,
           "OSPF": 89, "VRRP": 112, "IPIP": 4}


def run(*words):
    return subprocess.run([str(w) for w in words], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=300)


def flat(records):
    """A multiset of one-way flows: TCP, DNS and ICMP added up by key, ports of ICMP left out."""
    found, added = collections.Counter(), {}
    for source, destination, sport, dport, protocol, packets, octets in records:
        if protocol in (1, 58):
            sport = dport = 0
        key = (source, destination, sport, dport, protocol)
        if protocol in (1, 6, 58) or 53 in (sport, dport):
            before = added.get(key, (0, 0))
            added[key] = (before[0] + packets, before[1] + octets)
        else:
            found[key + (packets, octets)] += 1
    found.update(key + sums for key, sums in added.items())
    return found


def by_yagura(build, capture, directory):
    store = f"duckdb:{directory}/store"
    run(build / "yagura", "ingest", "--store", store, capture)
    rows = json.loads(run(build / "yagura", "query", "--store", store, "--json", COLUMNS).stdout or "[]")
    for r in rows:
        if r["p"]:
            yield r["source_address"], r["destination_address"], r["sp"], r["dp"], r["pr"], r["p"], r["o"]
        if r["rp"]:
            yield r["destination_address"], r["source_address"], r["dp"], r["sp"], r["pr"], r["rp"], r["ro"]


def by_nfpcapd(capture, directory):
    (directory / "nf").mkdir()
    run("nfpcapd", "-r", capture, "-l", directory / "nf", "-e", "300,60")
    out = run("nfdump", "-R", directory / "nf", "-6", "-q", "-o", "csv").stdout
    for row in csv.DictReader(io.StringIO("ts,te,td,sa,da,sp,dp,pr,flg,fwd,stos,ipkt,ibyt\n" + out)):
        if row["ibyt"] is None or not row["ibyt"].isdigit():
            continue
        protocol = NUMBERS.get(row["pr"], int(row["pr"]) if row["pr"].isdigit() else row["pr"])
        yield (row["sa"], row["da"], int(float(row["sp"])), int(float(row["dp"])) if protocol not in (1, 58) else 0, protocol,
               int(row["ipkt"]), int(row["ibyt"]))


def compare(build, capture):
    """An explanation of the difference, or nothing."""
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        ours, theirs = flat(by_yagura(build, capture, directory)), flat(by_nfpcapd(capture, directory))
    if ours == theirs and ours:
        return "", sum(ours.values())
    more, less = list((ours - theirs).items())[:2], list((theirs - ours).items())[:2]
    return f"{sum(ours.values())} flows, nfpcapd {sum(theirs.values())}; only ours {more}; only nfpcapd {less}", 0


def main():
    build = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build").resolve()
    if not shutil.which("nfpcapd"):
        print("nfpcapd is not installed\n0 passed, 0 failed, 1 skipped")
        sys.exit(77)
    passed = failed = skipped = 0
    with tempfile.TemporaryDirectory() as name:
        simulated = pathlib.Path(name) / "office.pcap"
        run(build / "yagura", "simulate", "office", "--seed", "5", "--duration", "1h", "-o", simulated)
        for capture in [simulated] + [DATA / c for c in sys.argv[2:] or CAPTURES]:
            if not capture.exists():
                skipped += 1
                continue
            why, flows = compare(build, capture)
            passed, failed = passed + (not why), failed + bool(why)
            print(f"{capture.name}: {why or f'{flows} one-way flows, all equal'}")
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    sys.exit(1 if failed else 0)


main()
