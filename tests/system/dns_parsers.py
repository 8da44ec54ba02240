#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Our parser of DNS messages beside libknot, ldns and the C library, on every capture of DNS and on changed copies of their messages.

usage: dns_parsers.py [BUILD]

BUILD/tests/oracle-dns does the work and knows why the four may disagree about a message; see its EXPLANATIONS.  What is known of
the captures one by one stands in KNOWN: whatever else they disagree about is a failure.  Captures are those below
$YAGURA_DATA/captures/dns.

Seen elsewhere, and not so: ns_parserr does not refuse TSIG and the records of UPDATE.  libknot takes TSIG out of the message it is
given, so whoever is asked after it finds octets behind the last record; here everyone gets a copy of their own.
"""
import collections
import os
import pathlib
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
DATA = pathlib.Path(os.environ.get("YAGURA_DATA", TOP.parent / "shared/data")) / "captures/dns"
CHANGED = 12  # copies of each message

TRAILING = "octets behind the last record: ns_parserr and libknot refuse"
OPTIONS = "two OPT, or wrong options: libknot refuses too, others do not look"
KNOT = "data or place of a record that libknot alone refuses"
# Messages that are no DNS at all are refused by all, and so are in no need of an explanation.
KNOWN = {
    "dnscap-dnspad.pcap": {TRAILING: 1},        # a query padded by whoever sent it: ok-trailing
    "zeek-conn-count-too-large.pcap": {KNOT: 1},  # ten questions: libknot takes one at most
    "zeek-dns-edns-bad-length.pcap": {OPTIONS: 1},  # one octet is no option
}


def run(tool, captures, changed):
    done = subprocess.run([tool, "-m", str(changed), *captures], capture_output=True, text=True, check=False, timeout=300)
    return done.returncode, done.stdout.splitlines()


def main():
    tool = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else TOP / "build") / "tests/oracle-dns"
    if not tool.exists() or not DATA.is_dir():
        print(f"skipped: needs {tool} (libknot-dev, libldns-dev) and {DATA} (YAGURA_DATA)\n0 passed, 0 failed, 1 skipped")
        return 77
    captures = sorted(path for path in DATA.iterdir() if path.suffix in (".pcap", ".pcapng"))
    status, lines = run(tool, captures, CHANGED)
    print("\n".join(lines))
    failed = int(status != 0)
    found = collections.defaultdict(collections.Counter)
    for line in lines:
        name, _, why = line.partition(": ")
        if name.endswith((".pcap", ".pcapng")):
            found[name][why] += 1
    for path in captures:
        if found[path.name] != collections.Counter(KNOWN.get(path.name, {})):
            failed += 1
            print(f"FAIL {path.name}: {dict(found[path.name])}, known are {KNOWN.get(path.name, {})}")
    print(f"{len(captures) + 1 - failed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
