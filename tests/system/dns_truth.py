#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Each attack of the simulated DNS traffic is found exactly once, with the right subject, times and measures; nothing else is found.

usage: dns_truth.py [BUILD [SCENARIO [SEED]]]

`yagura simulate dns-…` writes what it attacks into truth.json and the site's configuration beside the capture; the review with that
configuration must have exactly those findings in the chapter dns.  Attacks of an analysis that this build does not have are skipped.

Times: a finding's begin and end are those of messages, in milliseconds, and so are the truth's, in microseconds: they agree to 5 ms.  What is
known by its answer (name-collision, control) ends with the answer, up to 0.4 s after the last question that the truth notes.  Only an
attack that is told from visitors by ten seconds' worth of names (dns/random-subdomain, form C: a wildcard answers everybody) may begin or end
within the attack by one such stretch.

Measures: sums of messages are exact, but for random-subdomain attacks, where what people want of the zone anyway (1 question a second) counts too
and a stretch at either end may be left out: 2 %; and one forged answer of 10,000 may have the id of another question by chance.  Distinct names and clients are estimates of sketches: their standard error is 1.6 % of many
(names: 5 % allowed) and 6.5 % of few (clients: two standard errors and the resolver's own two addresses).
"""
import datetime
import json
import pathlib
import re
import subprocess
import sys
import tempfile

RUNS = [
    ("dns-ordinary", []),
    ("dns-ordinary", ["--set", "rate=100", "--set", "mixed_case=true", "--seed", "5", "--duration", "12m"]),
    ("dns-water", []),
    ("dns-water", ["--set", "form=B", "--rate", "500", "--set", "attack_rate=150"]),
    ("dns-water", ["--set", "form=C", "--rate", "500", "--set", "attack_rate=150", "--set", "labels=hex"]),
    # Across the border of a window of five minutes.
    ("dns-water", ["--start", "2026-01-05T09:03:45Z", "--rate", "300", "--set", "attack_rate=100", "--set", "labels=base32", "--duration", "3m",
                   "--set", "attack_duration=90s"]),
    ("dns-amplification", []),
    ("dns-amplification", ["--set", "qtype=RRSIG", "--set", "source_port=80", "--start", "2026-01-05T09:04:00Z"]),
    ("dns-amplification", ["--set", "qtype=TXT"]),
    ("dns-amplification", ["--set", "side=victim"]),
    ("dns-poisoning", []),
    ("dns-poisoning", ["--set", "success=1"]),
    ("dns-poisoning", ["--set", "ports=random", "--set", "forged=300"]),
    ("dns-open", []),
    ("dns-collision", []),
    ("dns-control", []),
    ("dns-lookalikes", []),
]
TOLERANCE_S, ANSWER_S, SLOT_S = 0.005, 0.4, 10
SLOTTED = {"dns/random-subdomain"}
ANSWERED = {"dns/name-collision", "dns/control"}
# Relative errors allowed.
EXACT, GUESS, SUMS, NAMES, CLIENTS = 0, 0.0001, 0.02, 0.05, 0.13
MEASURES = {
    "dns/random-subdomain": {"queries": SUMS, "distinct": NAMES, "clients": CLIENTS, "peak_qps": SUMS},
    "dns/amplification": {"factor": 0.001, "queries": EXACT, "responses": EXACT, "octets": EXACT, "qname": EXACT, "qtype": EXACT},
    "dns/open-resolver": {"queries": EXACT, "outside_clients": CLIENTS},
    "dns/poisoning": {"forged": GUESS, "windows": EXACT},
    "dns/name-collision": {"clients": CLIENTS},
    "dns/control": {"answers": EXACT},
}


class Check:
    """Counts comparisons and prints those that fail."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0

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


def is_near(expected, found, error):
    if isinstance(expected, str):
        return str(found).lower() == expected.lower()
    return isinstance(found, (int, float)) and abs(found - expected) <= error * expected


def is_subject(attack, finding):
    """A prefix in the finding may stand for the address in the truth: detectors count victims by their networks."""
    for name, value in attack["subject"].items():
        found = finding["subject"].get(name)
        if found is None and len(attack["subject"]) > 1:
            continue
        if found != value and not ("/" in str(found) and str(found).split("/")[0].rstrip(".0:") in value):
            return False
    return True


def describe(finding):
    return f"{finding['analysis']} {finding['kind']} {finding['subject']} {finding['begin']}…{finding['end']}"


def check_attack(check, name, attack, findings):
    found = [f for f in findings if f["analysis"] == attack["analysis"] and f["kind"] == attack["kind"] and is_subject(attack, f)]
    what = f"{name}: {attack['analysis']} {attack['kind']} {attack['subject']}"
    check.true(f"{what}: found {len(found)} times", len(found) == 1)
    if len(found) != 1:
        return found
    finding = found[0]
    tolerance = ANSWER_S if attack["analysis"] in ANSWERED else TOLERANCE_S
    slot = SLOT_S if attack["analysis"] in SLOTTED else 0
    for key, sign in (("begin", 1), ("end", -1)):
        # Inside the attack by a stretch at most, outside only by the time of an answer.
        late = sign * (seconds(finding[key]) - seconds(attack[key]))
        check.true(f"{what}: {key} {finding[key]}, truth {attack[key]}", -tolerance <= late <= tolerance + slot)
    for key, error in MEASURES[attack["analysis"]].items():
        if key in attack["measures"]:
            expected, got = attack["measures"][key], finding["measures"].get(key)
            check.true(f"{what}: {key} {got}, truth {expected}", is_near(expected, got, error))
    check.true(f"{what}: evidence", finding.get("evidence"))
    check.true(f"{what}: thresholds", finding.get("thresholds"))
    return found


def check_run(check, build, scratch, scenario, words, analyses):
    name = " ".join([scenario] + [w for w in words if w != "--set"])
    capture, told = scratch / "dns.pcap", scratch / "dns.json"
    run(build / "yagura", "simulate", scenario, *words, "-o", capture, "--truth", told)
    truth = json.loads(told.read_text(encoding="utf-8"))
    run(build / "yagura", "review", "-c", scratch / "dns.site.yaml", capture, "-o", scratch / "dns.html", "--json", scratch / "review.json", "-q")
    findings = [f for f in json.loads((scratch / "review.json").read_text(encoding="utf-8"))["findings"] if f["analysis"].startswith("dns/")]
    rest = list(findings)
    for attack in truth["attacks"]:
        if attack["analysis"] not in analyses:
            check.skipped += 1
            continue
        for finding in check_attack(check, name, attack, findings):
            if finding in rest:
                rest.remove(finding)
    check.true(f"{name}: found what is not there:\n    " + "\n    ".join(describe(f) for f in rest[:10]), not rest)


def main():
    build = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build").resolve()
    only = sys.argv[2] if len(sys.argv) > 2 else ""
    analyses = set(re.findall(r"dns/[a-z-]+", run(build / "yagura", "analyses")))
    seed = ["--seed", sys.argv[3]] if len(sys.argv) > 3 else []
    check = Check()
    with tempfile.TemporaryDirectory() as directory:
        for scenario, words in RUNS:
            if only in scenario:
                check_run(check, build, pathlib.Path(directory), scenario, words + seed, analyses)
    print(f"{check.passed} passed, {check.failed} failed" + (f", {check.skipped} skipped" if check.skipped else ""))
    return 1 if check.failed else 0


sys.exit(main())
