#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Each simulated attacker is found exactly once, with its purpose, times and counts, out of packets and out of the access log; visitors are not.

usage: sqli_truth.py [BUILD]

The log has no bodies (the attacker at the login form is not in it), whole seconds, and no times of answers.
"""
import datetime
import json
import pathlib
import subprocess
import sys
import tempfile

build = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build").resolve()
passed = failed = 0


def check(good, text):
    global passed, failed
    passed += bool(good)
    failed += not good
    if not good:
        print(f"FAILED: {text}")


def run(*words):
    done = subprocess.run([str(w) for w in words], stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", timeout=300, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, words))}: {done.stderr}")


def seconds(text):
    whole, _, fraction = text.rstrip("Z").partition(".")
    return datetime.datetime.fromisoformat(whole + "+00:00").timestamp() + float("0." + (fraction or "0"))


def review(room, path, site):
    out = room / "review.json"
    run(build / "yagura", "review", "-c", site, "--only", "security/sql-injection", path, "-o", room / "review.html", "--json", out)
    document = json.loads(out.read_text(encoding="utf-8"))
    return document, {f["subject"]["source"]: f for f in document["findings"]}


def compare(name, truth, findings, logged):
    attacks = [a for a in truth["attacks"] if not (logged and a["measures"]["in_body"])]
    check(len(findings) == len(attacks), f"{name}: {len(findings)} findings of {len(attacks)} attackers")
    for attack in attacks:
        subject, wanted = attack["subject"], attack["measures"]
        finding = findings.get(subject["source"])
        check(finding is not None, f"{name}: {subject} is not found")
        if finding is None:
            continue
        got = finding["measures"]
        check(finding["subject"] == subject, f"{name}: {finding['subject']} is {subject}")
        check(finding["kind"] == attack["kind"], f"{name}: {subject} is {finding['kind']}, not {attack['kind']}")
        check(got["requests"] == wanted["requests"], f"{name}: {subject}: {got['requests']} of {wanted['requests']} requests")
        check(len(finding["evidence"]) == min(5, wanted["requests"]), f"{name}: {subject}: evidence")
        for end in ("begin", "end"):
            apart = abs(seconds(finding[end]) - seconds(attack[end]))
            check(apart <= (1 if logged else 0.01), f"{name}: {subject}: {end} is {apart:.3f} s off")
        if not logged:
            check(got["successes"] == wanted["successes"], f"{name}: {subject}: {got['successes']} of {wanted['successes']} worked")


def main():
    for options in ([], ["--set", "ipv6=true", "--set", "requests=40"], ["--duration", "12m", "--set", "rate=5"]):
        with tempfile.TemporaryDirectory() as name:
            room = pathlib.Path(name)
            run(build / "yagura", "simulate", "sqli", "--seed", 5, *options, "-o", room / "shop.pcap", "--truth", room / "truth.json")
            truth = json.loads((room / "truth.json").read_text(encoding="utf-8"))
            what = " ".join(["sqli", *options])
            document, findings = review(room, room / "shop.pcap", room / "shop.site.yaml")
            compare(what + ", packets", truth, findings, False)
            tables = [t for c in document["chapters"] for s in c["sections"] if s["id"] == "security/sql-injection" for t in s["tables"]]
            campaigns = [t for t in tables if t["id"] == "campaigns"]
            check(len(campaigns) == 1 and campaigns[0]["rows"], f"{what}: the two of one network are a campaign")
            compare(what + ", log", truth, review(room, room / "shop.access.log", room / "shop.site.yaml")[1], True)


main()
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
