#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Reviews every real capture and compares the figures with capinfos and tshark.

usage: captures.py BUILD [NAME…]

For each file below $YAGURA_DATA/captures:
  - the run ends with status 0 or 1, never by a signal;
  - the number of packets equals `capinfos -c`, where capinfos reads the file;
  - packets and octets of IPv4 and IPv6, and packets of TCP, UDP, ICMP and ICMPv6, equal what tshark says of the innermost packet
    of each frame (not of what ICMP errors, sFlow and OpenFlow quote).
DIFFERENT lists the captures where tshark says something else, with the reason; doc/analyses/quality.md has the long version.
Skips without the data or without tshark.  The last line is `N passed, N failed, N skipped`.
"""
import collections
import concurrent.futures
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DATA = pathlib.Path(os.environ.get("YAGURA_DATA", ROOT.parent / "shared" / "data")) / "captures"
LEAST_EQUAL = 60

# capture -> why tshark's totals differ from ours
DIFFERENT = {
    "general/tcpreplay-test.pcap": "tshark guesses Ethernet pseudowires behind MPLS labels; what follows a label is never guessed here",
    "malformed/tcpdump-LINKTYPE_IPV4_invalid.pcap": "an IPv6 header on a link that carries IPv4 only (ip4.wrong_version)",
    "malformed/tcpdump-bad-ipv4-version-pgm-heapoverflow.pcap": "EtherType IPv6 with an IP header of another version (ip6.wrong_version)",
    "malformed/tcpdump-ipv4_invalid_length.pcap": "tshark counts a packet whose header is cut or contradicts itself",
    "malformed/tcpdump-ipv4_invalid_total_length_2.pcap": "the total length is below the header length (ip4.bad_header_length)",
    "malformed/tcpdump-ipv6_invalid_length.pcap": "tshark counts a packet whose IPv6 header is cut",
    "malformed/tcpdump-vrrp-vrrp_print-oobr.pcap": "Frame Relay: a link type that is counted by name and not decoded",
}

# Formats that are not captures of packets to us; the run ends with status 1 and says so.
OTHER_FORMATS = {"general/libtrace-100_packets.erf"}

IGNORED = {".out", ".gold", ".log", ".info", ".conf", ".xml_gold", ".json_gold", ".tld_list", ".md", ".tsv", ".txt", ".zeek-notice"}
NAMES = {"ip": "IPv4", "ipv6": "IPv6"}
PROTOCOLS = {"6": "TCP", "17": "UDP", "1": "ICMP", "58": "ICMPv6"}


def captures():
    return sorted(p for p in DATA.rglob("*") if p.is_file() and p.suffix not in IGNORED)


def review(build, path, directory):
    """Exit status and review.json of one capture."""
    out = pathlib.Path(directory) / f"{path.parent.name}-{path.name}.json"
    done = subprocess.run([build / "yagura", "review", path, "--only", "traffic", "--only", "quality", "--json", out], stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                          check=False)
    return done.returncode, json.loads(out.read_text(encoding="utf-8")) if out.exists() else None


def capinfos(path):
    """The number of packets, or None where capinfos does not read the file to its end."""
    done = subprocess.run(["capinfos", "-c", "-M", "-r", "-T", path], capture_output=True, text=True, check=False)
    words = done.stdout.split("\t")
    return int(words[1]) if done.returncode == 0 and len(words) > 1 and words[1].strip().isdigit() else None


def tshark(path):
    """Totals by tshark, of the innermost packet of each frame."""
    fields = ["frame.protocols", "ip.len", "ip.proto", "ipv6.plen"]
    command = ["tshark", "-n", "-r", path, "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=;", "-o", "ip.defragment:FALSE",
               "-o", "ipv6.defragment:FALSE", "-o", "tcp.desegment_tcp_streams:FALSE", "-o", "ip.tso_support:FALSE"]
    for field in fields:
        command += ["-e", field]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    totals = collections.Counter()
    for line in done.stdout.splitlines():
        add_frame(totals, *(line.split("\t") + [""] * 4)[:4])
    return totals


def add_frame(totals, protocols, lengths4, numbers4, lengths6):
    chain = protocols.split(":")
    for stop in ("icmp", "icmpv6", "sflow", "openflow"):
        if stop in chain:
            chain = chain[:chain.index(stop) + 1]
    inner = [i for i, word in enumerate(chain) if word in NAMES]
    if not inner:
        return
    family = chain[inner[-1]]
    which = sum(1 for i in inner if chain[i] == family) - 1
    lengths = (lengths4 if family == "ip" else lengths6).split(";")
    if which >= len(lengths) or not lengths[which]:
        return
    totals[NAMES[family] + " packets"] += 1
    totals[NAMES[family] + " octets"] += int(lengths[which]) + (40 if family == "ipv6" else 0)
    if family == "ip":
        numbers = numbers4.split(";")
        name = PROTOCOLS.get(numbers[which]) if which < len(numbers) else None
    else:
        after = chain[inner[-1] + 1:]
        name = next((label for word, label in (("tcp", "TCP"), ("udp", "UDP"), ("icmpv6", "ICMPv6"), ("icmp", "ICMP")) if word in after), None)
    if name:
        totals[name + " packets"] += 1


def ours(document):
    totals = collections.Counter()
    for chapter in document["chapters"]:
        for section in chapter["sections"]:
            if section["id"] != "traffic/volume":
                continue
            for table in section["tables"]:
                for row in table["rows"]:
                    cells = dict(zip((c["name"] for c in table["columns"]), row))
                    if table["id"] == "ip_version" and cells["ip_version"] in NAMES.values():
                        totals[cells["ip_version"] + " packets"] += cells["packets"]
                        totals[cells["ip_version"] + " octets"] += cells["octets"]
                    if table["id"] == "protocol" and cells["protocol"] in PROTOCOLS.values():
                        totals[cells["protocol"] + " packets"] += cells["packets"]
    return totals


def compare(expected, found):
    keys = sorted(k for k in set(expected) | set(found) if expected[k] != found[k])
    return "; ".join(f"{k} {found[k]}, tshark {expected[k]}" for k in keys)


def examine(build, path, directory):
    """Whether tshark's totals are equal, and what is wrong."""
    name = path.relative_to(DATA).as_posix()
    status, document = review(build, path, directory)
    wrong = [] if status in (0, 1) else [f"ended with status {status}"]
    if name in OTHER_FORMATS:
        return False, wrong + ([] if status == 1 else [f"status {status}, 1 expected"])
    if document is None:
        return False, wrong + ["no review"]
    records, packets = sum(i["records"] for i in document["inputs"]), capinfos(path)
    if packets is not None and packets != records:
        wrong.append(f"{records} packets, capinfos {packets}")
    difference = compare(tshark(path), ours(document))
    if bool(difference) != (name in DIFFERENT):
        wrong.append(difference or "equals tshark now, and is still listed as different")
    return not difference, wrong


def main():
    build = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build").resolve()
    if not DATA.is_dir() or not shutil.which("tshark"):
        print(f"no captures in {DATA}" if not DATA.is_dir() else "tshark is not installed")
        print("0 passed, 0 failed, 1 skipped")
        sys.exit(77)
    wanted = [p for p in captures() if len(sys.argv) <= 2 or p.relative_to(DATA).as_posix() in sys.argv[2:]]
    with tempfile.TemporaryDirectory() as directory, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda path: examine(build, path, directory), wanted))
    failed = sum(1 for _, wrong in results if wrong)
    passed = len(results) - failed
    equal = sum(same for same, _ in results)
    for path, (_, wrong) in zip(wanted, results):
        if wrong:
            print(f"{path.relative_to(DATA)}: {'; '.join(wrong)}")
    if len(sys.argv) <= 2 and equal < LEAST_EQUAL:
        print(f"only {equal} captures equal tshark, {LEAST_EQUAL} are wanted")
        failed += 1
    print(f"{equal} captures equal tshark in all totals, {len(DIFFERENT)} differ for known reasons")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
