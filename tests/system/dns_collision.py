#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""dns/name-collision on a real root-server capture: counts by top-level name equal tshark's, name by name.

usage: dns_collision.py [BUILD]

The capture is $YAGURA_DATA/captures/dns/rootserver-knot-live.pcap; without it or tshark the test is skipped.
"""
import collections
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build").resolve()
DATA = pathlib.Path(os.environ.get("YAGURA_DATA", ROOT.parent / "shared" / "data"))
CAPTURE = DATA / "captures" / "dns" / "rootserver-knot-live.pcap"
# What Chromium asks at random.
RANDOM = re.compile(r"^[a-z]{7,15}$")
KNOWN = {"test", "localhost", "invalid", "example", "local", "onion", "alt", "internal", "corp", "home", "mail"}


def from_tshark():
    """NXDOMAINs with the root's SOA by last label (lower case), and how many were random single labels."""
    done = subprocess.run(
        ["tshark", "-r", CAPTURE, "-Y", "dns.flags.response==1 && dns.flags.rcode==3 && !icmp && !icmpv6 && "
         "!dns.retransmit_response", "-T", "fields", "-e", "dns.qry.name"], capture_output=True, check=True)
    labels, chance = collections.Counter(), 0
    for line in done.stdout.splitlines():
        # No segment of this capture has two of them.
        text = line.decode("latin-1").lower()
        if RANDOM.match(text) and text not in KNOWN:
            chance += 1
        else:
            labels[text.rsplit(".", 1)[-1]] += 1
    return labels, chance


def review():
    with tempfile.TemporaryDirectory() as directory:
        out = pathlib.Path(directory) / "review.json"
        subprocess.run([BUILD / "yagura", "review", CAPTURE, "--only", "dns/name-collision", "--json", out,
                        "-o", pathlib.Path(directory) / "review.html", "-q"], check=True)
        return json.loads(out.read_text())


def main():
    if not CAPTURE.exists() or shutil.which("tshark") is None:
        print(f"skipped: {CAPTURE} or tshark is missing\n0 passed, 0 failed, 1 skipped")
        return 0
    passed, failed = 0, 0

    def check(what, found, expected):
        nonlocal passed, failed
        if found == expected:
            passed += 1
        else:
            failed += 1
            print(f"{what}: {found}, expected {expected}")

    labels, chance = from_tshark()
    document = review()
    section = next(s for c in document["chapters"] for s in c["sections"] if s["id"] == "dns/name-collision")
    table = next(t for t in section["tables"] if t["id"] == "suffixes")
    ours = {row[0]: row[2] for row in table["rows"]}
    total = sum(labels.values()) + chance
    check("denials", int(section["summary"][0].split()[0].replace(",", "")), total)
    share = float(re.search(r"([0-9.]+) % of those were random", section["summary"][0])[1])
    check("random single labels", share, round(100 * chance / total, 1))
    for label, count in labels.most_common(20):
        if re.match(r"^[a-z][a-z0-9-]*$", label):
            check(label, ours.get(label), count)
    findings = {f["subject"]["suffix"]: f for f in document["findings"]}
    for label in ("corp", "home", "local", "lan", "internal"):
        check(f"finding {label}", findings.get(label, {}).get("measures", {}).get("queries"), labels[label])
    check("every finding once", len(findings), len(document["findings"]))
    check("no other analysis", {f["analysis"] for f in document["findings"]}, {"dns/name-collision"})
    print(f"{passed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
