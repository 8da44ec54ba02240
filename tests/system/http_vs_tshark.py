#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Compares the HTTP requests of captures with tshark's: methods, targets, hosts, responses and how many octets their bodies have.

usage: http_vs_tshark.py BUILD [CAPTURE…]

Without captures those below $YAGURA_DATA/captures that have HTTP over TCP are compared, and copies of them with packets taken out,
where every request that tshark still sees must be one of ours.
"""
import collections
import json
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
DATA = pathlib.Path(os.environ.get("YAGURA_DATA", TOP.parent / "shared/data")) / "captures"
CAPTURES = ["general/ndpi-1kxun.pcap", "general/ndpi-6in4tunnel.pcap", "general/pcapplusplus-tcp-reassembly.pcap",
            "general/tcpreplay-test.pcap", "http-attack/ndpi-WebattackSQLinj.pcap", "http-attack/ndpi-sql_injection.pcap",
            "http-attack/ndpi-xss.pcap", "http-attack/http_dvwa_sqlinjection.pcapng", "malware/ndpi-trickbot.pcap",
            "malware/cryptowall4_c2.pcapng", "dns/dns_isp_hijack.pcapng", "ddos/amp.dns.RRSIG.fragmented.pcap"]
FIELDS = ["tcp.stream", "http.request.method", "http.request.uri", "http.host", "http.user_agent", "http.cookie",
          "http.response.code"]
# tshark takes a request whose first transmission is not in the capture for a retransmission, and does not look into it.
MORE_IS_OURS = {"amp.dns.RRSIG.fragmented.pcap"}
LOSSY = {"ndpi-1kxun.pcap", "ndpi-WebattackSQLinj.pcap"}  # of these
LOST = 0.05  # of the packets
ANSWER_KEPT = 16 << 10


class Tally:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def check(self, same, text):
        if same:
            self.passed += 1
        else:
            self.failed += 1
            print("FAIL", text)


def decode_as(records):
    """tshark goes by ports where it knows another protocol's: it is told that these are HTTP."""
    return [word for port in sorted({r["server_port"] for r in records}) for word in ("-d", f"tcp.port=={port},http")]


def tshark(path, records):
    """Requests and responses in the order in which they were complete."""
    command = ["tshark", *decode_as(records), "-n", "-r", path, "-Y", "http && tcp && (http.request || http.response)", "-T", "fields",
               "-E", "separator=\x1f", "-E", "occurrence=a", "-E", "aggregator=\x1e"]
    for field in FIELDS:
        command += ["-e", field]
    run = subprocess.run(command, capture_output=True, check=False, timeout=300)
    for line in run.stdout.decode("utf-8", "surrogateescape").splitlines():
        rows = [value.split("\x1e") for value in line.split("\x1f")]
        if len(rows) == len(FIELDS):
            yield dict(zip(FIELDS, rows))


def ours(program, path, *options):
    run = subprocess.run([program, "records", "--http", *options, path], capture_output=True, check=False, timeout=300)
    return [json.loads(line) for line in run.stdout.splitlines()]


def printed(text):
    """tshark's text of ours: it writes octets that are no text as escapes, so only those that are can be compared."""
    return text.encode("latin-1").decode("utf-8", "replace")


def is_plain(text):
    return all(" " <= c <= "~" and c not in "\\\"" for c in text)


def requests_of(rows):
    counts = collections.Counter()
    for row in rows:
        methods, uris = row["http.request.method"], row["http.request.uri"]
        for i, method in enumerate(methods):
            if method:
                counts[(method, uris[min(i, len(uris) - 1)])] += 1
    return counts


def compare_requests(tally, name, rows, records, exact):
    theirs = requests_of(rows)
    mine = collections.Counter((r["method"], printed(r["target"])) for r in records if "method" in r)
    for key, count in theirs.items():
        # A wrapped or escaped URI is not told as it was sent.
        if is_plain(key[1]):
            tally.check(mine[key] == count if exact else mine[key] >= min(count, 1), f"{name}: {key} {mine[key]}, tshark {count}")
    if exact:
        tally.check(sum(mine.values()) == sum(theirs.values()), f"{name}: {sum(mine.values())} requests, tshark {sum(theirs.values())}")


def compare_headers(tally, name, rows, records):
    for field, key in (("http.host", "host"), ("http.user_agent", "user_agent"), ("http.cookie", "cookie")):
        theirs = collections.Counter(value for row in rows if row["http.request.method"][0] for value in row[field]
                                     if value and is_plain(value))
        mine = collections.Counter(r[key] for r in records if "method" in r and is_plain(r.get(key, "\0")))
        tally.check(not theirs - mine, f"{name}: {key}: tshark also has {theirs - mine}")


def compare_responses(tally, name, rows, records):
    theirs = collections.Counter(int(code) for row in rows for code in row["http.response.code"] if code and int(code) >= 200)
    mine = collections.Counter(r["status"] for r in records if r.get("status", 0) >= 200)
    # It does not tell of a response whose body is not whole.
    whole = collections.Counter(r["status"] for r in records if r.get("status", 0) >= 200 and not r.get("gap"))
    tally.check(not theirs - mine and not whole - theirs, f"{name}: statuses {mine}, whole {whole}, tshark {theirs}")


def compare_bodies(tally, name, path, records, directory):
    """What tshark exports as objects are the bodies, their codings undone: the beginnings of all of ours must be among them."""
    objects = directory / "objects"
    subprocess.run(["tshark", *decode_as(records), "-n", "-q", "-r", path, "--export-objects", f"http,{objects}"], capture_output=True, check=False, timeout=300)
    theirs = collections.Counter(file.read_bytes()[:ANSWER_KEPT] for file in objects.iterdir()) if objects.exists() else {}
    shutil.rmtree(objects, ignore_errors=True)
    for record in records:
        answer = record.get("answer", "").encode("latin-1")
        if answer and not record.get("gap") and not record.get("body_coded") and not record.get("no_request"):
            tally.check(theirs[answer] > 0, f"{name}: the answer to {record.get('target')[:60]} is no object of tshark")


def without_packets(path, seed, to):
    """A copy of a capture of little-endian pcap without some packets; False when it is of another format."""
    data = path.read_bytes()
    if data[:4] != b"\xd4\xc3\xb2\xa1":
        return False
    dice, at, kept = random.Random(seed), 24, [data[:24]]
    while at + 16 <= len(data):
        size = 16 + struct.unpack_from("<I", data, at + 8)[0]
        if dice.random() >= LOST:
            kept.append(data[at:at + size])
        at += size
    to.write_bytes(b"".join(kept))
    return True


def compare_lossy(tally, program, path, directory):
    """What tshark still knows as a request without the lost packets' help is a request of ours: those whole in one packet."""
    for seed in range(2):
        copy = directory / "lossy.pcap"
        if not without_packets(path, seed, copy):
            return
        run = subprocess.run(["tshark", "-n", "-r", copy, "-o", "tcp.desegment_tcp_streams:false", "-Y",
                              "tcp.payload && http.request && http.request.version", "-T", "fields", "-e", "http.request.method",
                              "-e", "http.request.uri"], capture_output=True, check=False, timeout=300)
        theirs = collections.Counter(tuple(line.split("\t")) for line in run.stdout.decode("utf-8", "replace").splitlines())
        mine = [(r["method"], printed(r["target"])) for r in ours(program, copy) if "method" in r]
        # One that is longer than a segment tshark tells without its end here.
        missing = {key for key in theirs if len(key) == 2 and is_plain(key[1])
                   and not any(m == key[0] and t.startswith(key[1]) for m, t in mine)}
        # A request may begin inside a segment whose beginning belongs to one that was lost.
        tally.check(len(missing) <= len(theirs) // 50, f"{path.name} seed {seed}: not ours: {len(missing)} of {len(theirs)}")


def main():
    program = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build").resolve() / "yagura"
    tally = Tally()
    paths = [pathlib.Path(a) for a in sys.argv[2:]] or [DATA / name for name in CAPTURES if (DATA / name).exists()]
    if shutil.which("tshark") is None or not paths:
        print("skip: no tshark, or no captures at $YAGURA_DATA")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    with tempfile.TemporaryDirectory() as directory:
        for path in paths:
            records = ours(program, path, "--bodies")
            rows = list(tshark(path, records))
            compare_requests(tally, path.name, rows, records, path.name not in MORE_IS_OURS)
            compare_headers(tally, path.name, rows, records)
            compare_responses(tally, path.name, rows, records)
            compare_bodies(tally, path.name, path, records, pathlib.Path(directory))
            if path.name in LOSSY:
                compare_lossy(tally, program, path, pathlib.Path(directory))
    print(f"{tally.passed} passed, {tally.failed} failed, {tally.skipped} skipped")
    return tally.failed != 0


if __name__ == "__main__":
    sys.exit(main())
