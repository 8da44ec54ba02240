#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""dns/amplification against tshark, against the truth of simulated attacks, and silent on ordinary traffic.

usage: dns_amplification.py [BUILD]
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
DATA = pathlib.Path(os.environ.get("YAGURA_DATA", TOP.parent / "shared/data")) / "captures"
YAGURA = str(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else TOP / "build").resolve() / "yagura")
ATTACK = "ddos/amp.dns.RRSIG.fragmented.pcap"
QUIET = ["dns/rootserver-knot-live.pcap", "dns/dnsstats-gold.pcap", "dns/oarc-dns.pcap", "dns/dnscap-frags.pcap",
         "dns/ndpi-dns-tunnel-iodine.pcap", "dns/dns_isp_hijack.pcapng"]
SITE = 'site:\n  own_prefixes: [%s]\n'

count = {"passed": 0, "failed": 0, "skipped": 0}


def check(what, good, why=""):
    count["passed" if good else "failed"] += 1
    if not good:
        print(f"FAIL {what}: {why}")


def review(directory, inputs, config=None):
    out = pathlib.Path(directory) / "review.json"
    words = [YAGURA, "review", "--only", "dns/amplification", "-q", "--json", str(out), "-o", os.devnull]
    subprocess.run([*words, *(["-c", str(config)] if config else []), *map(str, inputs)], check=True, timeout=120)
    return json.loads(out.read_text(encoding="utf-8"))


def tshark_counts(path):
    """Responses and their octets (UDP payload) to the question of the attack."""
    fields = subprocess.run(["tshark", "-n", "-r", str(path), "-Y", 'dns.qry.name == "pizzaseo.com" && dns.flags.response == 1',
                             "-T", "fields", "-e", "udp.length", "-e", "frame.time_epoch"],
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8", check=True).stdout.split("\n")
    rows = [line.split("\t") for line in fields if line]
    return len(rows), sum(int(row[0]) - 8 for row in rows), float(rows[0][1]), float(rows[-1][1])


def seconds(text):
    """Seconds since the hour began of an RFC 3339 time."""
    return int(text[14:16]) * 60 + float(text[17:-1])


def real_attack(directory):
    if not (DATA / ATTACK).is_file():
        count["skipped"] += 1
        print(f"skip {ATTACK}: no such file")
        return
    responses, octets, first, last = tshark_counts(DATA / ATTACK)
    findings = review(directory, [DATA / ATTACK])["findings"]
    check("one finding", len(findings) == 1, f"{len(findings)} findings")
    for f in findings[:1]:
        m = f["measures"]
        check("its kind and subject", (f["kind"], f["subject"]) == ("victim", {"victim": "10.10.10.10"}), f["subject"])
        check("its question", (m["qname"], m["qtype"]) == ("pizzaseo.com", "RRSIG"), (m["qname"], m["qtype"]))
        check("its responses", m["responses"] == responses, f"{m['responses']}, tshark {responses}")
        check("its octets", m["octets"] == octets, f"{m['octets']}, tshark {octets}")
        check("its factor", abs(m["factor"] - octets / responses / 30.058) < 0.5, m["factor"])
        check("its times", abs(seconds(f["begin"]) - first % 3600) < 0.002 and abs(seconds(f["end"]) - last % 3600) < 0.002,
              (f["begin"], f["end"]))
        check("five messages with their place", len(f["evidence"]) == 5 and all(e["length"] > 0 for e in f["evidence"]), "")


def quiet(directory):
    for name in QUIET:
        if not (DATA / name).is_file():
            count["skipped"] += 1
            print(f"skip {name}: no such file")
            continue
        findings = review(directory, [DATA / name])["findings"]
        check(f"{name} is ordinary", not findings, [f["subject"] for f in findings])


def near(a, b, share):
    return abs(a - b) <= share * max(abs(b), 1)


def simulated(directory, *settings):
    capture, truth_file = pathlib.Path(directory) / "s.pcap", pathlib.Path(directory) / "s.json"
    what = "simulated " + (" ".join(settings) or "reflector")
    words = [YAGURA, "simulate", "dns-amplification", "-o", str(capture), "-t", str(truth_file), "--rate", "80", "--duration", "100s"]
    subprocess.run([*words, *(w for s in ("attack_duration=50s", "attack_rate=120", *settings) for w in ("--set", s))],
                   check=True, timeout=120)
    truth = json.loads(truth_file.read_text(encoding="utf-8"))
    config = pathlib.Path(directory) / "yagura.yaml"
    for prefixes in (truth["own_prefixes"], None):
        config.write_text(SITE % ", ".join(f'"{p}"' for p in prefixes) if prefixes else "", encoding="utf-8")
        findings = review(directory, [capture], config)["findings"]
        known = "own prefixes known" if prefixes else "nothing known of the site"
        check(f"{what}, {known}: one finding", len(findings) == 1, [(f["kind"], f["subject"]) for f in findings])
        for f, t in zip(findings, truth["attacks"]):
            compare(f"{what}, {known}", f, t)


def compare(what, f, t):
    m, n = f["measures"], t["measures"]
    check(f"{what}: kind", f["kind"] == t["kind"], f["kind"])
    check(f"{what}: subject", f["subject"].items() <= t["subject"].items(), f["subject"])
    if t["kind"] == "reflector":
        check(f"{what}: victim", m["victim"] == t["subject"]["victim"], m["victim"])
    check(f"{what}: question", (m["qname"], m["qtype"]) == (n["qname"], n["qtype"]), (m["qname"], m["qtype"]))
    check(f"{what}: factor", near(m["factor"], n["factor"], 0.01), (m["factor"], n["factor"]))
    for name in ("queries", "responses", "octets"):
        check(f"{what}: {name}", near(m[name], n[name], 0.001), (m[name], n[name]))
    for name in ("begin", "end"):
        check(f"{what}: {name}", abs(seconds(f[name]) - seconds(t[name])) < 0.1, (f[name], t[name]))
    if "reflectors_low" in m:
        check(f"{what}: reflectors", m["reflectors_low"] <= n["reflectors"] <= m["reflectors_high"], m["reflectors"])


def ordinary(directory):
    for scenario in ("dns-ordinary", "dns-water", "office"):
        capture = pathlib.Path(directory) / "o.pcap"
        duration = "20m" if scenario == "office" else "60s"
        subprocess.run([YAGURA, "simulate", scenario, "-o", str(capture), "--duration", duration], check=True, timeout=120)
        findings = review(directory, [capture])["findings"]
        check(f"simulated {scenario} is no amplification", not findings, [(f["kind"], f["subject"]) for f in findings])


def main():
    with tempfile.TemporaryDirectory() as directory:
        real_attack(directory)
        quiet(directory)
        simulated(directory)
        simulated(directory, "side=victim", "qtype=RRSIG")
        simulated(directory, "side=victim", "source_port=53")
        simulated(directory, "qtype=TXT", "attack_rate=30")
        ordinary(directory)
    print(", ".join(f"{n} {what}" for what, n in count.items()))
    return count["failed"] != 0


if __name__ == "__main__":
    sys.exit(main())
