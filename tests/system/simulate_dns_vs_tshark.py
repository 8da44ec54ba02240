#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The messages of the scenarios dns-… against tshark, which knows nothing of them.

usage: simulate_dns_vs_tshark.py [BUILD]

tshark must read every message, find nothing malformed and every checksum right, and count what the truth counts: queries and responses
by transport and IP version, types, rcodes, EDNS options, TC, fragments, messages quoted by ICMP.  Skipped without tshark.
"""
import collections
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SKIP_STATUS = 77
FIELDS = ["ip.version", "udp.length", "tcp.len", "icmp.type", "icmpv6.type", "dns.flags.response", "dns.flags.rcode", "dns.flags.truncated",
          "dns.qry.type", "dns.resp.type", "dns.opt.code", "dns.resp.edns0_version", "dns.resp.z.do", "ip.fragments", "ipv6.fragments"]
ODD = ["_ws.malformed", "ip.checksum.status", "udp.checksum.status", "tcp.checksum.status", "icmp.checksum.status", "icmpv6.checksum.status"]
CHECKSUMS = [word for name in ("ip", "tcp", "udp") for word in ("-o", f"{name}.check_checksum:TRUE")]
RUNS = {
    "dns-ordinary": [[], ["--set", "mixed_case=true"]],
    "dns-water": [["--set", "attack_rate=50"], ["--set", "form=B", "--set", "labels=hex"], ["--set", "form=C", "--set", "labels=base32"]],
    "dns-amplification": [["--set", "qtype=RRSIG"], ["--set", "side=victim", "--set", "source_port=53"], ["--set", "qtype=TXT"]],
    "dns-poisoning": [[], ["--set", "ports=random", "--set", "success=1"]],
    "dns-open": [[]],
    "dns-collision": [[]],
    "dns-control": [[]],
    "dns-lookalikes": [[]],
    "dns-names": [["--set", "names=3000"]],
}
SHORT = ["--duration", "12s", "--rate", "50"]
ATTACK = ["--set", "attack_begin=1s", "--set", "attack_duration=8s"]


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
    return subprocess.run([str(w) for w in words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                          encoding="utf-8", errors="replace", timeout=300)


def layers(text):
    """Of a frame with several messages, one list of fields per message: tshark joins the values of a field by a semicolon."""
    return text.split(";") if text else []


def count(path):
    """What tshark sees, in the names of the truth.  Frames of ICMP hold a quoted message, counted apart."""
    words = [w for f in FIELDS + ODD for w in ("-e", f)]
    out = run("tshark", "-n", "-r", path, *CHECKSUMS, "-T", "fields", "-E", "aggregator=;", *words).stdout
    got, rcodes, types = collections.Counter(), collections.Counter(), collections.Counter()
    for line in out.splitlines():
        f = dict(zip(FIELDS + ODD, line.split("\t")))
        got["frames"] += 1
        got["odd"] += bool(f["_ws.malformed"]) or any("0" in layers(f[status]) for status in ODD[1:])
        if f["icmp.type"] or f["icmpv6.type"]:
            got["quoted"] += 1
            continue
        messages = layers(f["dns.flags.response"])
        udp = bool(f["udp.length"])
        for _ in messages:
            got["udp" if udp else "tcp"] += 1
            got["ipv4" if f["ip.version"] == "4" else "ipv6"] += 1
        got["queries"] += sum(m in ("0", "False") for m in messages)
        got["responses"] += sum(m in ("1", "True") for m in messages)
        got["truncated"] += sum(t in ("1", "True") for t, m in zip(layers(f["dns.flags.truncated"]), messages) if m in ("1", "True"))
        got["fragmented"] += udp and bool(f["ip.fragments"] or f["ipv6.fragments"])
        got["edns"] += len(layers(f["dns.resp.edns0_version"]))
        got["dnssec_ok"] += sum(d in ("1", "True") for d in layers(f["dns.resp.z.do"]))
        for code, name in (("10", "cookies"), ("8", "client_subnets"), ("15", "extended_errors")):
            got[name] += layers(f["dns.opt.code"]).count(code)
        for code in layers(f["dns.flags.rcode"]):
            rcodes[code] += 1
        # A frame of TCP may hold several messages, but here each has its own.
        if messages and messages[0] in ("0", "False"):
            types[layers(f["dns.qry.type"])[0]] += 1
    return got, rcodes, types


def check_one(check, name, path, truth):
    got, rcodes, types = count(path)
    told = truth["dns"]
    for key, value in told.items():
        if key not in ("octets", "rcodes", "types"):
            check.equal(f"{name}: {key}", value, got[key])
    check.equal(f"{name}: rcodes", told["rcodes"], dict(rcodes))
    check.equal(f"{name}: types", told["types"], dict(types))
    check.equal(f"{name}: malformed frames, wrong checksums", 0, got["odd"])
    check.equal(f"{name}: frames", truth["totals"]["frames"], got["frames"])
    # Forged and unanswered questions look like retransmissions.
    experts = run("tshark", "-n", "-r", path, *CHECKSUMS, "-q", "-z", "expert,warn").stdout
    odd = [row for row in re.findall(r"(?m)^ +\d+ .*$", experts) if "retransmission" not in row]
    check.equal(f"{name}: tshark's errors and warnings", [], odd)


def main():
    build = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build").resolve()
    if not shutil.which("tshark"):
        print("there is no tshark")
        return SKIP_STATUS
    check = Check()
    with tempfile.TemporaryDirectory() as directory:
        scratch = pathlib.Path(directory)
        for scenario, variants in RUNS.items():
            for number, words in enumerate(variants):
                name = f"{scenario} {' '.join(w for w in words if w != '--set')}"
                path, told = scratch / f"{number}.pcapng", scratch / f"{number}.json"
                more = ATTACK if "attack_begin" in run(build / "yagura", "simulate", "--list").stdout.split(f"{scenario}\n")[1].split("\nd", 1)[0] else []
                done = run(build / "yagura", "simulate", scenario, "--seed", 3, *SHORT, *more, *words, "-o", path, "--truth", told)
                check.equal(f"{name}: simulate", [0, ""], [done.returncode, done.stderr])
                check_one(check, name, path, json.loads(told.read_text(encoding="utf-8")))
    print(f"{check.passed} passed, {check.failed} failed")
    return 1 if check.failed else 0


sys.exit(main())
