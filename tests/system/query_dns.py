#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""`yagura query dns` against a capture whose questions are counted here, and what `store.dns` lets the store keep.

usage: query_dns.py BUILD

The last line is `N passed, N failed`.
"""
import collections
import csv
import io
import json
import pathlib
import socket
import struct
import subprocess
import sys
import tempfile

BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build").resolve()
YAGURA = BUILD / "yagura"
SERVER = "192.0.2.53"
A, AAAA, NXDOMAIN = 1, 28, 3
BEGIN = 1700000000

counts = {"passed": 0, "failed": 0}


def check(what, good, detail=""):
    counts["passed" if good else "failed"] += 1
    if not good:
        print(f"{what}: {str(detail)[:600]}")


def run(*words):
    return subprocess.run([str(w) for w in (YAGURA, *words)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
                          check=False)


def frame(source, source_port, target, target_port, data):
    udp = struct.pack(">HHHH", source_port, target_port, 8 + len(data), 0) + data
    return struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, socket.inet_aton(source), socket.inet_aton(target)) + udp


def query(number, name, kind):
    labels = b"".join(bytes([len(label)]) + label for label in name) + b"\0"
    return struct.pack(">HHHHHH", number, 0x0100, 1, 0, 0, 0) + labels + struct.pack(">HH", kind, 1)


def answer(question, rcode, address):
    body = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + socket.inet_aton(address) if address else b""
    return question[:2] + struct.pack(">HHHHH", 0x8180 | rcode, 1, int(bool(address)), 0, 0) + question[12:] + body


def name_text(labels):
    """The text that the store has: lower case, RFC 4343 for what is no letter."""
    def one(octet):
        if chr(octet) in '.\\"();@$':
            return "\\" + chr(octet)
        return chr(octet).lower() if 0x20 < octet < 0x7f else f"\\{octet:03d}"
    return ".".join("".join(one(o) for o in label) for label in labels)


# Who asks what, what comes back (None: nothing), after how many microseconds.
ASKED = [(f"198.51.{100 + i % 7}.{i % 200 + 1}", name, kind, rcode, 500 + 10 * i)
         for i, (name, kind, rcode) in enumerate(
             [((b"www", b"example", b"com"), A, 0)] * 30 + [((b"WWW", b"Example", b"com"), AAAA, 0)] * 10 +
             [((b"gone%d" % i, b"example", b"org"), A, NXDOMAIN) for i in range(25)] + [((b"dead", b"example", b"net"), A, None)] * 7 +
             [((b"it's", b"a.b", b"\x00\xff"), A, 2)] * 3 + [((b"xexample", b"com"), A, 0)] * 2)]


def write_capture(path):
    packets = []
    for number, (client, name, kind, rcode, micros) in enumerate(ASKED):
        question = query(number, name, kind)
        packets.append((number * 20000, frame(client, 30000 + number, SERVER, 53, question)))
        if rcode is not None:
            reply = answer(question, rcode, "203.0.113.9" if rcode == 0 and kind == A else None)
            packets.append((number * 20000 + micros, frame(SERVER, 53, client, 30000 + number, reply)))
    # Time goes on, in every part of the conversations, so that what has no answer is given up.  These are given up by nobody.
    packets += [(30_000_000 + i, frame(f"203.0.113.{i}", 5, SERVER, 53, query(1, (b"end",), A))) for i in range(64)]
    with path.open("wb") as out:
        out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
        for at, octets in sorted(packets):
            out.write(struct.pack("<IIII", BEGIN + at // 1000000, at % 1000000, len(octets), len(octets)) + octets)


class Store:
    def __init__(self, directory, capture, profile):
        self.url = f"duckdb:{directory}"
        config = directory.with_suffix(".yaml")
        config.write_text(f"store: {{dns: {profile}}}\n", encoding="utf-8")
        done = run("ingest", "-q", "-c", config, "--store", self.url, capture)
        check(f"ingest {profile}", done.returncode == 0, done.stderr)

    def ask(self, *words):
        done = run("query", "--store", self.url, "--json", *words)
        return json.loads(done.stdout) if done.returncode == 0 else done.stderr


def check_rows(store):
    rows = store.ask("dns")
    got = sorted((r["ip_src"], r["dns_qname"], r["dns_qtype"], r["answered"], r["dns_rcode"], r["dns_proc_time_us"]) for r in rows)
    names = {0: "NOERROR", 2: "SERVFAIL", 3: "NXDOMAIN", None: ""}
    wanted = sorted((client, name_text(name), "A" if kind == A else "AAAA", int(rcode is not None), names[rcode],
                     micros if rcode is not None else 0) for client, name, kind, rcode, micros in ASKED)
    check("every transaction", got == wanted, [x for x in zip(got, wanted) if x[0] != x[1]][:3])
    times = [r["time"] for r in rows]
    check("in order of time", times == sorted(times) and times[0] == BEGIN * 1000, times[:3])


def check_filters(store):
    def count(*words):
        rows = store.ask("dns", *words)
        return len(rows) if isinstance(rows, list) else rows
    for words, number in ((("--name", "www.example.com"), 40), (("--name", "WWW.example.com."), 40), (("--name", "*.example.com"), 40),
                          (("--name", ".example.com"), 40), (("--name", "*.www.example.com"), 0), (("--name", ".com"), 42),
                          (("--name", "*.com"), 42), (("--name", "."), 0), (("--name", "it's.a\\.b.\\000\\255"), 3),
                          (("--name", ".b.\\000\\255"), 0), (("--type", "aaaa"), 10), (("--type", "28"), 10), (("--rcode", "NXDomain"), 25),
                          (("--rcode", "3", "--type", "A"), 25), (("--unanswered",), 7), (("--client", "198.51.100.0/24"), sum(c.startswith("198.51.100.") for c, *_ in ASKED)),
                          (("--server", SERVER), len(ASKED)), (("--server", "192.0.2.54"), 0), (("--view", "wire"), len(ASKED)),
                          (("--view", "it's"), 0), (("--limit", "5"), 5), (("--to", "2023-11-14T22:13:21Z"), 50),
                          (("--from", "2023-11-14T22:13:21Z"), len(ASKED) - 50)):
        check(f"dns {words}", count(*words) == number, count(*words))
    for words in (("--name", "a..b"), ("--type", "AAAAA"), ("--rcode", "NO"), ("--client", "x"), ("--by", "nothing"), ("--top", "x"),
                  ("--top", "3", "--limit", "3"), ("--port", "53"), ("--cof",)):
        done = run("query", "--store", store.url, "dns", *words)
        check(f"refused: {words}", done.returncode in ((1, 2) if words == ("--cof",) else (2,)), (done.returncode, done.stderr))
    check("filters of dns are not for flows", run("query", "--store", store.url, "flows", "--name", "x").returncode == 2)


def check_sums(store):
    rows = store.ask("dns", "--top", "3")
    asked = collections.Counter(name_text(name) for _, name, *_ in ASKED)
    check("top names", [(r["dns_qname"], r["transactions"]) for r in rows] == asked.most_common(3), rows)
    check("clients of it", rows[0]["clients"] == len({c for c, name, *_ in ASKED if name_text(name) == "www.example.com"}), rows[0])
    by_site = {r["dns_domainname"]: r for r in store.ask("dns", "--by", "site", "--top", "0")}
    check("by site", (by_site["example.org"]["transactions"], by_site["example.org"]["nxdomain"]) == (25, 25), by_site)
    check("shares", abs(sum(r["share"] for r in by_site.values()) - 1) < 1e-9, by_site)
    by_rcode = {r["dns_rcode"]: r["transactions"] for r in store.ask("dns", "--by", "rcode", "--top", "0")}
    check("by rcode", by_rcode == {"NOERROR": 42, "NXDOMAIN": 25, "SERVFAIL": 3, "": 7}, by_rcode)
    both = store.ask("dns", "--by", "type,rcode", "--name", ".example.com")
    check("by two", [(r["dns_qtype"], r["dns_rcode"], r["transactions"]) for r in both] == [("A", "NOERROR", 30), ("AAAA", "NOERROR", 10)], both)
    for key in ("tld", "client", "server", "class", "opcode", "labels", "transport", "version", "view", "match", "size", "error"):
        rows = store.ask("dns", "--by", key, "--top", "0")
        check(f"by {key}", isinstance(rows, list) and sum(r["transactions"] for r in rows) == len(ASKED), rows)
    done = run("query", "--store", store.url, "--csv", "dns", "--top", "1")
    check("CSV", next(csv.DictReader(io.StringIO(done.stdout)))["dns_qname"] == "www.example.com", done.stdout)


def check_privacy(store):
    """Clients are networks, and nothing in the directory holds more."""
    rows = store.ask("SELECT DISTINCT address_text(ip_src) AS net, ip_src_length AS kept FROM dns ORDER BY net")
    check("networks of 22 bits", rows == [{"net": "198.51.100.0", "kept": 22}, {"net": "198.51.104.0", "kept": 22}], rows)
    check("a dry query by network", len(store.ask("dns", "--client", "198.51.100.0/22")) == sum(c.split(".")[2] < "104" for c, *_ in ASKED))


def main():
    with tempfile.TemporaryDirectory(prefix="yagura-query-dns-") as name:
        directory = pathlib.Path(name)
        capture = directory / "asked.pcap"
        write_capture(capture)
        store = Store(directory / "full", capture, "full")
        check_rows(store)
        check_filters(store)
        check_sums(store)
        check_privacy(Store(directory / "masked", capture, "iij2020"))
        off = Store(directory / "off", capture, "off")
        check("off keeps none", off.ask("SELECT count(*) AS n FROM dns") == [{"n": 0}] and not list((directory / "off" / "dns").iterdir()))
        wrong = directory / "wrong.yaml"
        wrong.write_text("store: {dns: some}\n", encoding="utf-8")
        done = run("ingest", "-c", wrong, "--store", f"duckdb:{directory / 'wrong'}", capture)
        check("a profile that there is not", done.returncode == 1 and "iij2020" in done.stderr, done.stderr)
    print(", ".join(f"{number} {what}" for what, number in counts.items()))
    return counts["failed"] != 0


if __name__ == "__main__":
    sys.exit(main())
