#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Reviews every real DNS capture and compares the overview with other programs.

usage: dns_overview.py [BUILD] [NAME…]

  - query types, response codes and opcodes equal tshark's on every capture but for messages that are malformed (MALFORMED);
  - sizes of messages over UDP equal tshark's on the root server's capture, and so do the quantiles of its latency (dns.time);
  - the messages, transactions and malformed messages of rootserver-knot-live and dnsstats-gold are those that compactor counted (.info);
  - `yagura dns dsc` writes the octets of dsc's own gold files.
Skips without the data or without tshark.  The last line is `N passed, N failed[, N skipped]`.
"""
import collections
import concurrent.futures
import json
import math
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DATA = pathlib.Path(os.environ.get("YAGURA_DATA", ROOT.parent / "shared" / "data")) / "captures" / "dns"

# What tshark counts of messages that are malformed here (dns.qry.type and the like of what came before the damage), as compactor sees it too.
MALFORMED = {
    "ndpi-malformed_dns.pcap": {"rcodes": {0: 4}},
    "rootserver-knot-live.pcap": {"query_types": {28: 2}, "opcodes": {0: 2}},  # names above 255 octets
    "tcpdump-dns-badlabel.pcap": {"rcodes": {15: 1}},
    "zeek-dns-edns-bad-length.pcap": {"rcodes": {0: 1}},
    "zeek-dns-invalid-names.pcap": {"query_types": {1: 1}, "opcodes": {0: 3}},
}

CONFIG = "analyses:\n  dns/overview:\n    top: 1000\n"
NUMBERED = re.compile(r"^(?:TYPE|RCODE|OPCODE)(\d+)$")


class Tally:
    def __init__(self):
        self.passed = self.failed = 0

    def check(self, what, found, expected):
        if found == expected:
            self.passed += 1
        else:
            self.failed += 1
            print(f"{what}: found {found}, expected {expected}")


def run(*command, **more):
    return subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False, **more)


def overview(build, capture, directory):
    """The section of a capture, or None."""
    (directory / "yagura.yaml").write_text(CONFIG, encoding="utf-8")
    out = directory / "review.json"
    out.unlink(missing_ok=True)
    run(build / "yagura", "review", capture, "--only", "dns/overview", "-c", directory / "yagura.yaml", "--json", out)
    review = json.loads(out.read_text(encoding="utf-8")) if out.exists() else {"chapters": []}
    return next((s for chapter in review["chapters"] for s in chapter["sections"] if s["id"] == "dns/overview"), None)


def rows(section, name):
    """The rows of a table as dictionaries."""
    for table in section["tables"] if section else []:
        if table["id"] == name:
            columns = [column["name"] for column in table["columns"]]
            return [dict(zip(columns, row)) for row in table["rows"]]
    return []


def fields(capture, condition, *names):
    """What tshark says of the fields of every message that fulfils a condition: a list of tuples, values of a message in a tuple."""
    options = [word for name in names for word in ("-e", name)]
    done = run("tshark", "-n", "-r", capture, "-o", "tcp.desegment_tcp_streams:TRUE", "-Y", condition, "-T", "fields", "-E", "separator=|",
               "-E", "occurrence=a", "-E", "aggregator=,", *options)
    return [tuple(field.split(",") if field else [] for field in line.split("|")) for line in done.stdout.decode().splitlines()]


def number(value):
    """256, from "256" or "0x0100" or "True"."""
    return {"True": 1, "False": 0}.get(value) if value in ("True", "False") else int(value, 0)


def names(table):
    """Numbers of types and codes by tshark's own reckoning of their names: kept in a small table of the common ones."""
    types = {"A": 1, "NS": 2, "MD": 3, "MF": 4, "CNAME": 5, "SOA": 6, "MB": 7, "MG": 8, "MR": 9, "NULL": 10, "WKS": 11, "PTR": 12, "HINFO": 13, "MINFO": 14, "MX": 15,
             "TXT": 16, "RP": 17, "AFSDB": 18, "X25": 19, "ISDN": 20, "RT": 21, "NSAP": 22, "SIG": 24, "KEY": 25, "AAAA": 28, "LOC": 29, "NXT": 30,
             "SRV": 33, "NAPTR": 35, "CERT": 37, "A6": 38, "DNAME": 39, "OPT": 41, "DS": 43, "SSHFP": 44, "RRSIG": 46, "NSEC": 47, "DNSKEY": 48,
             "NSEC3": 50, "NSEC3PARAM": 51, "TLSA": 52, "SVCB": 64, "HTTPS": 65, "SPF": 99, "UNSPEC": 103, "TKEY": 249, "TSIG": 250, "IXFR": 251, "AXFR": 252, "MAILB": 253, "MAILA": 254,
             "ANY": 255, "CAA": 257, "DLV": 32769}
    codes = {"NOERROR": 0, "FORMERR": 1, "SERVFAIL": 2, "NXDOMAIN": 3, "NOTIMP": 4, "REFUSED": 5, "YXDOMAIN": 6, "YXRRSET": 7, "NXRRSET": 8,
             "NOTAUTH": 9, "NOTZONE": 10, "BADVERS": 16, "BADCOOKIE": 23}
    opcodes = {"QUERY": 0, "IQUERY": 1, "STATUS": 2, "NOTIFY": 4, "UPDATE": 5, "DSO": 6}
    return {"query_types": types, "rcodes": codes, "opcodes": opcodes}[table]


def counted(section, table):
    counts = collections.Counter()
    for row in rows(section, table):
        value = row["value"]
        match = NUMBERED.match(value)
        value = int(match[1]) if match else names(table).get(value, value)
        # tshark's field holds the four bits of the header.
        counts[value % 16 if table == "rcodes" else value] += row["messages"]
    return dict(counts)


def compare_counts(tally, section, capture):
    """Query types, response codes, opcodes of messages on port 53 that no ICMP error quotes."""
    seen = fields(capture, "dns && !icmp && !icmpv6 && !mdns && !llmnr && (udp.port == 53 || tcp.port == 53)", "dns.flags.response", "dns.qry.type",
                  "dns.flags.rcode", "dns.flags.opcode")
    types, codes, opcodes = collections.Counter(), collections.Counter(), collections.Counter()
    for response, kinds, rcodes, ops in seen:
        queries = [number(r) == 0 for r in response]
        codes.update(number(c) for c in rcodes)
        opcodes.update(number(o) for o, query in zip(ops, queries) if query)
        if len(kinds) == len(queries):
            types.update(number(k) for k, query in zip(kinds, queries) if query)
        elif any(queries):
            types.update(number(k) for k in kinds[:1])
    for table, expected in (("query_types", types), ("rcodes", codes), ("opcodes", opcodes)):
        expected.subtract(MALFORMED.get(capture.name, {}).get(table, {}))
        tally.check(f"{capture.name} {table}", counted(section, table), {value: count for value, count in expected.items() if count})


def compare_captures(tally, build, chosen):
    def one(capture):
        with tempfile.TemporaryDirectory() as name:
            compare_counts(tally, overview(build, capture, pathlib.Path(name)), capture)

    captures = sorted(p for p in DATA.iterdir() if p.suffix in (".pcap", ".pcapng") and (not chosen or p.name in chosen))
    with concurrent.futures.ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(one, captures))


def size_edge(octets):
    """The lower edge of the bin of a size: four bins an octave from 16 octets on."""
    if octets < 16:
        return 1
    log2 = octets.bit_length() - 1
    return (1 << log2) + ((octets >> (log2 - 2)) & 3) * (1 << (log2 - 2))


def compare_root(tally, build, directory):
    """Sizes and latency of the root server's capture."""
    capture = DATA / "rootserver-knot-live.pcap"
    section = overview(build, capture, directory)
    figure = next(f for f in section["figures"] if f["id"] == "sizes")
    sizes = collections.Counter(size_edge(int(length[0]) - 8) for length, in fields(
        capture, "dns && udp && !icmp && !icmpv6 && dns.flags.response == 1 && !_ws.malformed", "udp.length"))
    found = {low: count for s in figure["series"] if s["name"] == "responses (UDP)" for low, _high, count in s["points"]}
    tally.check("sizes of responses", found, dict(sizes))
    times = sorted(float(t[0]) for t, port in fields(capture, "dns.time", "dns.time", "udp.port") if port)
    udp = next(row for row in rows(section, "latency") if row["transport"] == "udp")
    tally.check("answers over UDP", udp["responses"], len(times))
    for column, share in (("p10", 0.1), ("p50", 0.5), ("p90", 0.9), ("p99", 0.99)):
        tally.check(f"latency {column}", round(udp[column] * 1e6), round(times[math.ceil(share * len(times)) - 1] * 1e6))


def information(path):
    """The figures of a .info of compactor's, by what stands before the colon."""
    pairs = re.findall(r"^([^:\n]+?) +: +(\d+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {name.strip(): int(value) for name, value in pairs}


def compare_compactor(tally, build, directory):
    for capture, info in (("rootserver-knot-live.pcap", "rootserver-knot-live.info"), ("dnsstats-gold.pcap", "dnsstats-gold.pcap.info")):
        expected = information(DATA / info)
        view = rows(overview(build, DATA / capture, directory), "views")[0]
        drops = json.loads((directory / "review.json").read_text(encoding="utf-8"))["quality"]["drops"]
        again = sum(row["messages"] for row in rows(overview(build, DATA / capture, directory), "matches") if row["value"] == "duplicate")
        tally.check(f"{capture} messages", view["queries"] + view["responses"], expected["Processed DNS messages           (C-DNS)"])
        # compactor pairs a query that is sent again, and its answer; it does not wait for the rest of the timeout at the end.
        tally.check(f"{capture} pairs", view["matched"] + again, expected["Matched DNS query/response pairs (C-DNS)"])
        tally.check(f"{capture} queries alone", view["unanswered"] + drops.get("dns.transaction_open", 0),
                    expected["Unmatched DNS queries            (C-DNS)"])
        tally.check(f"{capture} responses alone", view["unsolicited"], expected["Unmatched DNS responses          (C-DNS)"])
        tally.check(f"{capture} malformed", view["malformed"], expected["Malformed DNS messages           (C-DNS)"])


def compare_dsc(tally, build, directory):
    """The gold files name their inputs, so these are linked under these names."""
    for capture, link, conf, tlds, gold, form in (
            ("dsc-1458044657.pcap", "1458044657.pcap.dist", "dsc-1458044657.conf", "1458044657.tld_list.dist", "dsc-1458044657.json_gold", "json"),
            ("dsc-test_285.pcap", "test_285.pcap.dist", "dsc-test_285.conf", "test_285.tldlist.dist", "dsc-test_285.xml_gold", "xml")):
        (directory / link).symlink_to(DATA / capture)
        (directory / conf).write_text((DATA / conf).read_text(encoding="utf-8"), encoding="utf-8")
        (directory / tlds).symlink_to(DATA / "dsc-1458044657.tld_list")
        done = run(build / "yagura", "dns", "dsc", "-d", conf, "-f", form, f"./{link}", cwd=directory)
        tally.check(f"{gold} octets", done.stdout == (DATA / gold).read_bytes(), True)
    # The sample's 21 datasets are those of the gold file with the same names.
    gold = {array["name"]: array for array in json.loads((DATA / "dsc-1458044657.json_gold").read_text(encoding="utf-8"))}
    done = run(build / "yagura", "dns", "dsc", "1458044657.pcap.dist", cwd=directory)
    sample = [array for array in json.loads(done.stdout) if array["name"] != "pcap_stats"]
    tally.check("datasets of the sample", len(sample), 21)
    for array in sample:
        # Without the gold file's masks and list of TLDs.
        if array["name"] not in ("client_subnet", "client_subnet2", "qtype_vs_tld"):
            tally.check(f"sample {array['name']}", array, gold.get(array["name"]))


def main():
    build = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build").resolve()
    tally = Tally()
    if not DATA.is_dir() or shutil.which("tshark") is None:
        print("no captures of DNS, or no tshark")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        compare_captures(tally, build, sys.argv[2:])
        if not sys.argv[2:]:
            compare_root(tally, build, directory)
            compare_compactor(tally, build, directory)
            compare_dsc(tally, build, directory)
    print(f"{tally.passed} passed, {tally.failed} failed")
    return tally.failed != 0


if __name__ == "__main__":
    sys.exit(main())
