#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""security/ddos on captures of real attacks, against tshark's counts; and silent on ordinary traffic.

usage: ddos_captures.py [BUILD]
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
VICTIM = "10.10.10.10"
# File, kind, vector, tshark's filter for the packets of the attack.
ATTACKS = [
    ("pkt.TCP.synflood.spoofed.pcap", "server", "syn", "tcp.flags.syn == 1 && tcp.flags.ack == 0"),
    ("amp.TCP.reflection.SYNACK.pcap", "bandwidth", "tcp-other", "tcp.flags.syn == 1 && tcp.flags.ack == 1 && !icmp"),
    ("amp.dns.RRSIG.fragmented.pcap", "bandwidth", "dns", "ip.flags.mf == 1 || ip.frag_offset > 0 || udp.srcport == 53"),
]
QUIET = ["general", "dns/rootserver-knot-live.pcap", "dns/dnsstats-gold.pcap", "dns/oarc-dns.pcap", "dns/ndpi-dns-tunnel-iodine.pcap",
         "ddos/ndpi-ssdp-m-search.pcap", "ddos/tcpdump-ntp-mode7.pcap", "scan", "bitcoin", "heartbleed", "http-attack"]

count = {"passed": 0, "failed": 0, "skipped": 0}


def check(what, good, why=""):
    count["passed" if good else "failed"] += 1
    if not good:
        print(f"FAIL {what}: {why}")


def findings_of(directory, *inputs):
    out = pathlib.Path(directory) / "review.json"
    subprocess.run([YAGURA, "review", "--only", "security/ddos", "-q", "--json", str(out), "-o", os.devnull, *map(str, inputs)],
                   timeout=120, check=False, stderr=subprocess.DEVNULL)
    return json.loads(out.read_text(encoding="utf-8"))["findings"]


def tshark_rows(path, wanted):
    """Time, source and length of the IP packets to the victim that a filter takes; fragments are not put together."""
    fields = subprocess.run(["tshark", "-n", "-o", "ip.defragment:FALSE", "-r", str(path), "-Y", f"ip.dst == {VICTIM} && ({wanted})", "-T", "fields",
                             "-e", "frame.time_epoch", "-e", "ip.src", "-e", "ip.len"],
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8", check=True).stdout.split("\n")
    return [(float(t), source, int(size)) for t, source, size in (line.split("\t") for line in fields if line)]


def peak(rows, weight):
    seconds = {}
    for row in rows:
        seconds[int(row[0])] = seconds.get(int(row[0]), 0) + weight(row)
    return max(seconds.values())


def attack(directory, name, kind, vector, wanted):
    path = DATA / "ddos" / name
    if not path.is_file():
        count["skipped"] += 1
        print(f"skip {name}: no such file")
        return
    rows = tshark_rows(path, wanted)
    findings = findings_of(directory, path)
    check(f"{name}: one finding", len(findings) == 1, f"{len(findings)} findings")
    for f in findings[:1]:
        m = f["measures"]
        check(f"{name}: kind", f["kind"] == kind, f["kind"])
        check(f"{name}: target", f["subject"]["target"] == VICTIM, f["subject"])
        check(f"{name}: vectors", [v["name"] for v in m["vectors"]] == [vector], m["vectors"])
        check(f"{name}: packets", m["packets"] == len(rows), f"{m['packets']}, tshark {len(rows)}")
        check(f"{name}: octets", m["octets"] == sum(r[2] for r in rows), f"{m['octets']}, tshark {sum(r[2] for r in rows)}")
        sources = len({r[1] for r in rows})
        # Estimated (1.6 %), and without who sent later fragments alone.
        check(f"{name}: sources", abs(m["sources"] - sources) <= max(4, 0.04 * sources), f"{m['sources']}, tshark {sources}")
        if vector == "syn":
            check(f"{name}: peak", m["peak_pps"] == peak(rows, lambda r: 1), f"{m['peak_pps']}, tshark {peak(rows, lambda r: 1)}")
            check(f"{name}: peak in bits", m["peak_bps"] == 8 * peak(rows, lambda r: r[2]), m["peak_bps"])
            check(f"{name}: duration", abs(m["duration_s"] - (rows[-1][0] - rows[0][0])) < 0.01, m["duration_s"])
            check(f"{name}: forged sources", m["spoofed"] == "likely", m["spoofed"])
        check(f"{name}: evidence", len(f["evidence"]) > 0 and all(VICTIM in e["decoded"]["text"] for e in f["evidence"]), f["evidence"])


def main():
    with tempfile.TemporaryDirectory() as directory:
        for line in ATTACKS:
            attack(directory, *line)
        for name in QUIET:
            if not (DATA / name).exists():
                count["skipped"] += 1
                print(f"skip {name}: no such file")
                continue
            found = findings_of(directory, DATA / name)
            check(f"{name}: silent", not found, [(f["kind"], f["subject"]) for f in found])
        for scenario, options in (("office", ["--duration", "120s"]), ("dns-ordinary", ["--duration", "60s"])):
            made = pathlib.Path(directory) / f"{scenario}.pcap"
            subprocess.run([YAGURA, "simulate", scenario, "--seed", "3", "-o", str(made), "-t", str(made) + ".json", *options],
                           check=True, timeout=120, stderr=subprocess.DEVNULL)
            found = findings_of(directory, made)
            check(f"simulate {scenario}: silent", not found, [(f["kind"], f["subject"]) for f in found])
    print(f"{count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped")
    sys.exit(count["failed"] != 0)


main()
