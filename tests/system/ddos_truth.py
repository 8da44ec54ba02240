#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Each simulated flood is found exactly once, in its class, with its vectors, times and counts; what only looks like one is not found.

usage: ddos_truth.py [BUILD [SCENARIO]]

`yagura simulate ddos-…` writes the attacks into truth.json and the site's configuration beside the capture.  The target's ordinary visitors
(20 sessions a second, a few hundred packets) are counted with the flood by anyone who only sees its destination, and so are up to two
stretches of ten seconds at its ends: counts agree to 5 % (connections and requests, of which there are fewer: 25 %), peaks to 5 % (25 %),
the times of begin and end to 12 s.
"""
import datetime
import json
import pathlib
import subprocess
import sys
import tempfile

SHORT = ["--set", "attack_duration=40s", "--duration", "75s"]  # an attack is one that lasts three stretches of ten seconds
RUNS = [
    ("ddos-udp", SHORT),
    ("ddos-udp", SHORT + ["--set", "ipv6=true"]),
    ("ddos-icmp", SHORT),
    ("ddos-fragment", SHORT + ["--set", "payload=400"]),
    ("ddos-syn", SHORT),
    ("ddos-syn", SHORT + ["--set", "ipv6=true"]),
    ("ddos-connection", SHORT),
    ("ddos-http", SHORT),
    ("ddos-reflection", SHORT),
    ("ddos-reflection", SHORT + ["--set", "vectors=memcached", "--set", "attack_rate=8000", "--set", "sources=200"]),
    ("ddos-reflection", SHORT + ["--set", "vectors=cldap", "--set", "attack_rate=8000", "--set", "ipv6=true"]),
    ("ddos-compound", SHORT),
    ("ddos-compound", SHORT + ["--set", "vectors=ntp:50 syn:50"]),
    ("ddos-carpet", SHORT),
    # One attack with a gap, and two.
    ("ddos-syn", ["--set", "attack_duration=40s", "--set", "pause=9m", "--duration", "12m", "--rate", "2"]),
    ("ddos-syn", ["--set", "attack_duration=40s", "--set", "pause=11m", "--duration", "14m", "--rate", "2"]),
    ("ddos-lookalikes", []),
]
FEW = {"connection", "http"}
TIME_S = 12


class Check:
    """Counts comparisons and prints those that fail."""

    def __init__(self):
        self.passed = self.failed = 0

    def true(self, what, good):
        if good:
            self.passed += 1
            return
        self.failed += 1
        print(what)


def run(*words):
    done = subprocess.run([str(w) for w in words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                          encoding="utf-8", timeout=600)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, words))}: {done.stderr}")
    return done.stdout


def seconds(text):
    whole, _, fraction = text.rstrip("Z").partition(".")
    return datetime.datetime.fromisoformat(whole + "+00:00").timestamp() + float("0." + (fraction or "0"))


def check_attack(check, name, attack, finding):
    names = {v["name"] for v in attack["measures"]["vectors"]}
    error = 0.25 if names & FEW else 0.05
    check.true(f"{name}: kind {finding['kind']}, truth {attack['kind']}", finding["kind"] == attack["kind"])
    for key in ("begin", "end"):
        check.true(f"{name}: {key} {finding[key]}, truth {attack[key]}", abs(seconds(finding[key]) - seconds(attack[key])) <= TIME_S)
    # What is known by its requests alone has no packets; of connections the peak is that of their SYN or of what follows, whichever is more.
    only_requests = finding["measures"].get("packets", 0) is None
    counted = ("requests",) if only_requests else ("packets", "octets") if "connection" in names else ("packets", "octets", "peak_pps", "peak_bps")
    for key in counted:
        expected, found = attack["measures"][key], finding["measures"].get(key)
        check.true(f"{name}: {key} {found}, truth {expected}", found is not None and abs(found - expected) <= error * expected)
    # Distinct forged senders are counted by a sketch, and those who visit count too.
    expected, found = attack["measures"]["sources"], finding["measures"].get("sources")
    check.true(f"{name}: sources {found}, truth {expected}", found is not None and abs(found - expected) <= 0.08 * expected + 70)
    told = {v["name"]: v for v in finding["measures"].get("vectors", [])}
    check.true(f"{name}: vectors {sorted(told)}, truth {sorted(names)}", names <= set(told))
    for vector in attack["measures"]["vectors"]:
        if vector["name"] in told and not names & FEW:
            share = told[vector["name"]]["share_packets"]
            check.true(f"{name}: share of {vector['name']} {share}, truth {vector['share_packets']}", abs(share - vector["share_packets"]) <= 0.05)
    check.true(f"{name}: evidence and thresholds", finding.get("evidence") and finding.get("thresholds"))


def check_run(check, build, scratch, scenario, words):
    name = " ".join([scenario] + [w for w in words if w != "--set"])
    capture, told = scratch / "ddos.pcap", scratch / "ddos.json"
    run(build / "yagura", "simulate", scenario, *words, "-o", capture, "--truth", told)
    attacks = json.loads(told.read_text(encoding="utf-8"))["attacks"]
    run(build / "yagura", "review", "-c", scratch / "ddos.site.yaml", capture, "--only", "security", "-o", scratch / "ddos.html", "--json",
        scratch / "review.json", "-q")
    findings = json.loads((scratch / "review.json").read_text(encoding="utf-8"))["findings"]
    found = sorted((f for f in findings if f["analysis"] == "security/ddos"), key=lambda f: f["begin"])
    check.true(f"{name}: {len(found)} findings, truth {len(attacks)}: {[(f['kind'], f['subject']) for f in found]}", len(found) == len(attacks))
    for attack, finding in zip(attacks, found):
        check.true(f"{name}: subject {finding['subject']}, truth {attack['subject']}", finding["subject"]["target"] == attack["subject"]["target"])
        check_attack(check, name, attack, finding)
    capture.unlink()


def main():
    build = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build").resolve()
    only = sys.argv[2] if len(sys.argv) > 2 else ""
    check = Check()
    if "security/ddos" not in run(build / "yagura", "analyses"):
        print("this build has no security/ddos\n0 passed, 0 failed, 1 skipped")
        return 0
    with tempfile.TemporaryDirectory() as directory:
        for scenario, words in RUNS:
            if only in scenario:
                check_run(check, build, pathlib.Path(directory), scenario, words)
    print(f"{check.passed} passed, {check.failed} failed")
    return 1 if check.failed else 0


sys.exit(main())
