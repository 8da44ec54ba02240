#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""`yagura rpz`: its zones, read by named-checkzone and honoured by a real BIND and a real Unbound on loopback.

usage: rpz.py BUILD

The forms of owner names are held against the cases of Unbound's own tests (YAGURA_DATA/rpz, where it is there); what
the dry run counts against transactions that are counted here.  The last line is `N passed, N failed[, N skipped]`.
"""
import ipaddress
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build").resolve()
YAGURA = BUILD / "yagura"
ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = pathlib.Path(os.environ.get("YAGURA_DATA", ROOT.parent / "shared" / "data"))
ZONE = "rpz.yagura"
WAIT = 15  # s for a daemon to come up

counts = {"passed": 0, "failed": 0, "skipped": 0}


def check(what, good, detail=""):
    counts["passed" if good else "failed"] += 1
    if not good:
        print(f"{what}: {str(detail)[:600]}")


def run(*words, **more):
    return subprocess.run([str(w) for w in words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
                          **more)


def rpz(*words):
    return run(YAGURA, "rpz", "-z", ZONE, "--now", "2026-11-22", *words)


def entries(*words):
    """The entries of a dry run, by owner."""
    done = rpz("-n", "--json", *words)
    return {e["owner"]: e for e in json.loads(done.stdout)["entries"]} if done.returncode == 0 else done.stderr


# --- an authority whose answers are known ---------------------------------------------------------------------------

ANSWERS = {"h7.example.test": "192.0.2.7", "h8.example.test": "192.0.2.8", "h6.example.test": "2001:db8:0:0:1::6",
           "ok.bad.test": "198.51.100.5", "tcp.test": "198.51.100.6", "walled.example.test": "198.51.100.9",
           "plain.test": "198.51.100.10", "b.hole.test": "198.51.100.11", "later.test": "198.51.100.12"}


def respond(query):
    """Authoritative, with an address where ANSWERS has one of that family, NXDOMAIN elsewhere."""
    at, labels = 12, []
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode("latin-1").lower())
        at += 1 + query[at]
    kind = struct.unpack(">H", query[at + 1:at + 3])[0]
    question, name = query[12:at + 5], ".".join(labels)
    address = ipaddress.ip_address(ANSWERS[name]) if name in ANSWERS else None
    fits = address is not None and kind == (1 if address.version == 4 else 28)
    flags = 0x8580 | (0 if name in ANSWERS or name in ("", "test") else 3)
    answer = b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(address.packed)) + address.packed if fits else b""
    return query[:2] + struct.pack(">HHHHH", flags, 1, int(fits), 0, 0) + question + answer


class Authority:
    def __init__(self):
        self.udp, self.tcp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket()
        self.udp.bind(("127.0.0.1", 0))
        self.port = self.udp.getsockname()[1]
        self.tcp.bind(("127.0.0.1", self.port))
        self.tcp.listen(16)
        for work in (self.serve_udp, self.serve_tcp):
            threading.Thread(target=work, daemon=True).start()

    def serve_udp(self):
        while True:
            query, peer = self.udp.recvfrom(4096)
            self.udp.sendto(respond(query), peer)

    def serve_tcp(self):
        while True:
            peer = self.tcp.accept()[0]
            threading.Thread(target=self.talk, args=(peer,), daemon=True).start()

    @staticmethod
    def talk(peer):
        with peer, peer.makefile("rb") as stream:
            while len(size := stream.read(2)) == 2:
                answer = respond(stream.read(struct.unpack(">H", size)[0]))
                peer.sendall(struct.pack(">H", len(answer)) + answer)


# --- two resolvers --------------------------------------------------------------------------------------------------

NAMED = """
options {{ directory "{directory}"; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; pid-file none;
  session-keyfile none; recursion yes; allow-query {{ any; }}; dnssec-validation no; empty-zones-enable no;
  forward only; forwarders {{ 127.0.0.1 port {upstream}; }}; response-policy {{ zone "{zone}" log yes; }} qname-wait-recurse no min-update-interval 1; }};
controls {{ }};
zone "{zone}" {{ type primary; file "{file}"; allow-query {{ any; }}; notify no; }};
"""

UNBOUND = """
server:
  directory: "{directory}"
  username: ""
  chroot: ""
  pidfile: ""
  use-syslog: no
  do-daemonize: no
  interface: 127.0.0.1@{port}
  port: {port}
  access-control: 127.0.0.0/8 allow
  module-config: "respip validator iterator"
  do-not-query-localhost: no
  qname-minimisation: no
  local-zone: "test." nodefault
  num-threads: 1
rpz:
  name: "{zone}."
  zonefile: "{file}"
  rpz-log: yes
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@{upstream}
remote-control:
  control-enable: no
"""


class Resolver:
    def __init__(self, name, directory, upstream, zone_file):
        self.name, self.directory = name, directory
        directory.mkdir()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        config = directory / "conf"
        text = NAMED if name == "named" else UNBOUND
        config.write_text(text.format(directory=directory, port=self.port, upstream=upstream, zone=ZONE, file=zone_file), encoding="utf-8")
        words = ["named", "-f", "-c", config] if name == "named" else ["unbound", "-d", "-c", config]
        program = shutil.which(words[0], path=os.environ["PATH"] + ":/usr/sbin:/sbin")
        self.log = (directory / "log").open("wb")
        self.process = subprocess.Popen([program, *map(str, words[1:]), *(["-g"] if name == "named" else [])], stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=subprocess.STDOUT)

    def ready(self):
        deadline = time.monotonic() + WAIT
        while time.monotonic() < deadline and self.process.poll() is None:
            if self.ask("plain.test")[1] == ["198.51.100.10"]:
                return True
            time.sleep(0.1)
        return False

    def ask(self, name, kind="A", client="127.0.0.1", *more):
        """(rcode or "timeout", answers, flags)"""
        done = run("dig", "+tries=1", "+time=1", "+noedns", *more, "-b", client, "@127.0.0.1", "-p", self.port, name, kind)
        status = re.search(r"status: (\w+)", done.stdout)
        if status is None:
            return "timeout", [], ""
        flags = re.search(r"flags: ([a-z ]*);", done.stdout).group(1)
        section = done.stdout.partition(";; ANSWER SECTION:")[2].partition("\n\n")[0]
        return status.group(1), [line.split(None, 4)[4] for line in section.splitlines() if line.strip()], flags

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


POLICY = """
garden: [A 127.0.53.53]
rules:
  - {name: c2.bad.test}
  - {name: www.bad.test, action: local, below: false, case: "IR-2026-7"}
  - {name: ok.bad.test, action: passthru, below: false}
  - {name: "*.bad.test", action: nodata}
  - {name: nodata.test, action: nodata}
  - {name: drop.test, action: drop}
  - {name: tcp.test, action: tcp-only}
  - {name: cname.test, action: local, data: CNAME walled.example.test, case: lost}
  - {name: "*.hole.test"}
  - {name: a.b.hole.test, action: nodata, below: false}
  - {response_address: 192.0.2.7}
  - {response_address: "2001:db8:0:0:1::/80"}
  - {client: 127.0.0.99, action: drop}
  - {server_name: ns.evil.test}
  - {server_address: 203.0.113.0/24}
"""

# Question, client: what both servers must say.
TABLE = [
    ("c2.bad.test", "A", "127.0.0.1", "NXDOMAIN", []),
    ("x.y.c2.bad.test", "A", "127.0.0.1", "NXDOMAIN", []),
    ("www.bad.test", "A", "127.0.0.1", "NOERROR", ["127.0.53.53"]),
    ("www.bad.test", "TXT", "127.0.0.1", "NOERROR", ['"IR-2026-7"']),
    ("x.www.bad.test", "A", "127.0.0.1", "NOERROR", []),
    ("ok.bad.test", "A", "127.0.0.1", "NOERROR", ["198.51.100.5"]),
    ("x.ok.bad.test", "A", "127.0.0.1", "NOERROR", []),
    ("other.bad.test", "A", "127.0.0.1", "NOERROR", []),
    ("nodata.test", "A", "127.0.0.1", "NOERROR", []),
    ("drop.test", "A", "127.0.0.1", "timeout", []),
    ("cname.test", "A", "127.0.0.1", "NOERROR", ["walled.example.test.", "198.51.100.9"]),
    ("x.hole.test", "A", "127.0.0.1", "NXDOMAIN", []),
    ("b.hole.test", "A", "127.0.0.1", "NXDOMAIN", []),
    ("x.b.hole.test", "A", "127.0.0.1", "NXDOMAIN", []),
    ("a.b.hole.test", "A", "127.0.0.1", "NOERROR", []),
    ("x.a.b.hole.test", "A", "127.0.0.1", "NXDOMAIN", []),
    ("h7.example.test", "A", "127.0.0.1", "NXDOMAIN", []),
    ("h8.example.test", "A", "127.0.0.1", "NOERROR", ["192.0.2.8"]),
    ("h6.example.test", "AAAA", "127.0.0.1", "NXDOMAIN", []),
    ("plain.test", "A", "127.0.0.1", "NOERROR", ["198.51.100.10"]),
    ("plain.test", "A", "127.0.0.99", "timeout", []),
]


def check_resolver(resolver, zone, policy):
    check(f"{resolver.name} starts", resolver.ready(), (resolver.directory / "log").read_text(errors="replace")[-500:])
    for name, kind, client, rcode, answers in TABLE:
        got = resolver.ask(name, kind, client)
        check(f"{resolver.name}: {name} {kind} from {client}", got[:2] == (rcode, answers), got)
    got = resolver.ask("tcp.test")
    check(f"{resolver.name}: tcp-only is truncated over UDP", "tc" in resolver.ask("tcp.test", "A", "127.0.0.1", "+ignore")[2], got)
    check(f"{resolver.name}: and answered over TCP", got[1] == ["198.51.100.6"], got)
    # Another policy under way: a greater serial, which servers take on SIGHUP.
    more = policy.with_name("more.yaml")
    more.write_text(POLICY + "  - {name: later.test}\n", encoding="utf-8")
    check(f"{resolver.name}: before", resolver.ask("later.test")[0] == "NOERROR")
    rpz("-o", zone, "-p", more)
    resolver.process.send_signal(signal.SIGHUP)
    deadline = time.monotonic() + WAIT
    while (got := resolver.ask("later.test"))[0] != "NXDOMAIN" and time.monotonic() < deadline:
        time.sleep(0.2)
    check(f"{resolver.name}: after SIGHUP", got[0] == "NXDOMAIN", got)


def check_resolvers(directory):
    missing = [p for p in ("named", "unbound", "dig", "named-checkzone") if shutil.which(p, path=os.environ["PATH"] + ":/usr/sbin") is None]
    if missing:
        print(f"skipped, not installed: {' '.join(missing)}")
        counts["skipped"] += 1
        return
    authority = Authority()
    policy = directory / "policy.yaml"
    policy.write_text(POLICY, encoding="utf-8")
    for name in ("named", "unbound"):
        zone = directory / f"{name}.zone"
        done = rpz("-o", zone, "-p", policy)
        check("nothing is refused", done.returncode == 0 and "refused" not in done.stderr, done.stderr)
        read = run("named-checkzone", ZONE, zone)
        check("named-checkzone takes it", read.returncode == 0, read.stdout)
        resolver = Resolver(name, directory / name, authority.port, zone)
        try:
            check_resolver(resolver, zone, policy)
        finally:
            resolver.stop()


# --- files ----------------------------------------------------------------------------------------------------------

def serial_of(zone):
    return int(re.search(r"\tSOA\t\S+ \S+ (\d+) ", zone.read_text(encoding="utf-8")).group(1))


def check_files(directory):
    """Serials, what is left alone, what replaces what."""
    zone, names = directory / "z.zone", directory / "names"
    names.write_text("one.example\n", encoding="utf-8")
    check("made", rpz("-o", zone, "-l", names, "--serial", "4294967295").returncode == 0 and serial_of(zone) == 4294967295)
    before = zone.stat().st_mtime_ns
    done = rpz("-o", zone, "-l", names, "--serial", "1")
    check("the same again is left alone", zone.stat().st_mtime_ns == before and "nothing changed" in done.stderr, done.stderr)
    names.write_text("two.example\n", encoding="utf-8")
    rpz("-o", zone, "-l", names, "--serial", "0", "--now", "1970-01-01")
    check("serials go around (RFC 1982)", serial_of(zone) == 0, serial_of(zone))
    names.write_text("three.example\n", encoding="utf-8")
    rpz("-o", zone, "-l", names)
    check("and follow the clock", serial_of(zone) == 1795305600, serial_of(zone))
    check("nothing else lies there", not [p for p in directory.iterdir() if "tmp" in p.name], list(directory.iterdir()))
    strange = directory / "strange"
    strange.write_text("root:x:0:0\n", encoding="utf-8")
    done = rpz("-o", strange, "-l", names)
    check("a file that is no zone of ours is left alone", done.returncode == 1 and strange.read_text() == "root:x:0:0\n", done.stderr)
    text = zone.read_text()
    done = rpz("-o", zone, "-l", names, "-l", directory / "absent")
    check("a list that is not there stops it", done.returncode == 1 and zone.read_text() == text, done.stderr)
    names.write_text("".join(f"n{i}.example\n" for i in range(11)), encoding="utf-8")
    done = rpz("-o", zone, "-l", names, "--most", "20")
    check("too many entries stop it", done.returncode == 1 and "--most 20" in done.stderr and zone.read_text() == text, done.stderr)
    checker = directory / "bin" / "named-checkzone"
    checker.parent.mkdir()
    checker.write_text("#!/bin/sh\necho it is not to my liking\nexit 1\n", encoding="utf-8")
    checker.chmod(0o755)
    done = run(YAGURA, "rpz", "-z", ZONE, "-o", zone, "-l", names, env={**os.environ, "PATH": f"{checker.parent}:{os.environ['PATH']}"})
    check("what named-checkzone refuses is not published", done.returncode == 1 and "not to my liking" in done.stderr
          and zone.read_text() == text, done.stderr)
    for words in ((), ("-o", zone, "--csv"), ("-o", zone, "--ttl", "x"), ("-o", zone, "-a", "allow"), ("-n", "--approve", "f1")):
        check(f"usage {words}", rpz(*words).returncode == 2, rpz(*words).stderr)


REFUSED = {"com": "public suffix", "co.uk": "public suffix", "github.io": "public suffix", "own.example.org": "one's own",
           "example.org": "one's own", "x.own.example.org": "one's own", "good.example": "allow list", "www.good.example": "allow list",
           "192.0.2.9": "allow list", "198.51.100.9": "one's own", "0.0.0.0/0": "too wide", "2001::/16": "too wide",
           "192.0.2.1/24": "bits set beyond", "x.rpz-ip": "last label", "a.*.example.net": "wildcard", "nothing here": "neither",
           ".": "root", "a" * 64 + ".example": "63 octets", ".".join(["a" * 60] * 4): "255 octets", "bad..example": "63 octets"}


def check_refused(directory):
    config = directory / "site.yaml"
    config.write_text("site:\n  authoritative_zones: [own.example.org]\n  own_prefixes: [198.51.100.0/24]\n", encoding="utf-8")
    allow, names, rejects = directory / "allow", directory / "refused", directory / "rejects"
    allow.write_text("good.example\n192.0.2.0/28 # our partner\n", encoding="utf-8")
    names.write_text("\n".join(REFUSED) + "\nfine.example\ncorp\n", encoding="utf-8")
    got = entries("-c", config, "--allow", allow, "-l", names, "--rejects", rejects)
    check("what is left", sorted(got) == ["*.corp", "*.fine.example", "corp", "fine.example"], got)
    reasons = {line.split("\t")[0].removesuffix("/32"): line.split("\t")[2] for line in rejects.read_text().splitlines()}
    for what, why in REFUSED.items():
        check(f"{what[:30]} is refused", why in reasons.get(what, ""), reasons.get(what))
    allow.write_text("good .example\n", encoding="utf-8")
    check("an allow list must read", rpz("-n", "--allow", allow, "-l", names).returncode == 1)


UNBOUND_ACTIONS = {".": "nxdomain", "*.": "nodata", "rpz-passthru.": "passthru", "rpz-drop.": "drop", "rpz-tcp-only.": "tcp-only"}
UNBOUND_TRIGGERS = {"rpz-ip": "response-ip", "rpz-client-ip": "client-ip", "rpz-nsip": "nsip", "rpz-nsdname": "nsdname"}


def prefix_of(labels):
    """The prefix that labels before rpz-ip stand for, read on its own."""
    length, *words = labels.split(".")
    words.reverse()
    if len(words) == 4 and "zz" not in words:
        return f"{'.'.join(words)}/{length}"
    text = ":".join("" if w == "zz" else w for w in words)
    text = ("::" if words == ["zz"] else (":" + text if words[0] == "zz" else text + ":" if words[-1] == "zz" else text))
    return f"{ipaddress.ip_address(text)}/{length}"


def check_forms(directory):
    """Every owner of Unbound's test zones comes out of our program in the form they have there."""
    files = sorted((DATA / "rpz").glob("*.rpl"))
    if not files:
        print(f"skipped: no {DATA / 'rpz'}")
        counts["skipped"] += 1
        return
    seen = set()
    for file in files:
        for block in re.findall(r"TEMPFILE_CONTENTS.*?\n(.*?)TEMPFILE_END", file.read_text(), re.S):
            origin = re.findall(r"\$ORIGIN (\S+)\.", block)[-1]
            for line in block.rpartition("$ORIGIN")[2].splitlines()[1:]:
                words = [w for w in line.split() if w != "IN" and not w.isdigit()]
                if len(words) < 3 or line[0] in " \t;":
                    continue
                owner = words[0].removesuffix(f".{origin}.")
                seen.add((owner, "local" if words[1] != "CNAME" or words[2] not in UNBOUND_ACTIONS else UNBOUND_ACTIONS[words[2]],
                          f"{words[1]} {words[2]}"))
    check("there are cases", len(seen) > 40, len(seen))
    compared = 0
    for owner, action, data in sorted(seen):
        base, _, last = owner.rpartition(".")
        trigger = UNBOUND_TRIGGERS.get(last, "qname")
        indicator = owner if trigger == "qname" else base
        if trigger.endswith("ip"):
            indicator = prefix_of(base)
        if data.split()[0] not in ("A", "AAAA", "CNAME"):
            continue
        policy = directory / "form.csv"
        policy.write_text(f'indicator,trigger,action,data\n{indicator},{trigger},{action},{data if action == "local" else ""}\n',
                          encoding="utf-8")
        got = entries("--exact", "-l", policy)
        compared += 1
        # Two zero groups written out: BIND would not have it so.
        wanted = {"128.124.0.0.cc.bb.aa.db8.2001.rpz-ip": "128.124.zz.cc.bb.aa.db8.2001.rpz-ip"}.get(owner, owner)
        single = wanted.count(".") == 0
        check(f"form {owner} {action}", single or (isinstance(got, dict) and list(got) == [wanted] and got[wanted]["action"] == action),
              f"{indicator}: {got}")
    check("many were compared", compared > 40, compared)


# --- findings and traffic -------------------------------------------------------------------------------------------

def check_findings(directory):
    def finding(number, analysis, subject, measures=None):
        return {"id": f"f{number}", "analysis": analysis, "kind": "x", "subject": subject, "measures": measures or {}}
    review = directory / "review.json"
    review.write_text(json.dumps({"findings": [
        finding(1, "dns/name-collision", {"suffix": "corp"}), finding(2, "dns/random-subdomain", {"zone": "victim.example"}),
        finding(3, "dns/nxdomain", {"client": "198.51.100.77"}), finding(4, "dns/amplification", {"server": "192.0.2.53"},
                                                                         {"qname": "big.example.net"}),
        finding(5, "traffic/remote", {"address": "192.0.2.1"}), finding(6, "dns/name-collision", {"suffix": "com"}),
        finding(7, "dns/name-collision", {"suffix": "lan"})]}), encoding="utf-8")
    approved, rejects = directory / "approved", directory / "rejects"
    approved.write_text("f2 # agreed with the customer\n\nf3\nf4\nf5\nf6\nf9\n", encoding="utf-8")
    got = entries("--review", review, "--approve", "f1", "--approved", approved, "--rejects", rejects)
    check("findings", sorted(got) == ["*.corp", "*.victim.example", "32.77.100.51.198.rpz-client-ip", "big.example.net", "corp"], got)
    check("a finding's id is its case", got["corp"]["case"] == "f1", got["corp"])
    refused = [line.split("\t")[0] for line in rejects.read_text().splitlines()]
    check("others are refused", refused == ["f5", "com", "f9"], refused)
    review.write_text("{}", encoding="utf-8")
    check("no review", rpz("-n", "--review", review, "--approve", "f1").returncode == 1)


def packet(client, number, name, address):
    """A query and its answer, as two packets of a capture."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
    query = struct.pack(">HHHHHH", number, 0x0100, 1, 0, 0, 0) + labels + struct.pack(">HH", 1, 1)
    answer = respond_with(query, address)
    server = "192.0.2.53"
    return [frame(client, 40000 + number % 20000, server, 53, query), frame(server, 53, client, 40000 + number % 20000, answer)]


def respond_with(query, address):
    body = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + socket.inet_aton(address) if address else b""
    return query[:2] + struct.pack(">HHHHH", 0x8180 | (0 if address else 3), 1, int(bool(address)), 0, 0) + query[12:] + body


def frame(source, source_port, target, target_port, data):
    udp = struct.pack(">HHHH", source_port, target_port, 8 + len(data), 0) + data
    return struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, socket.inet_aton(source), socket.inet_aton(target)) + udp


def check_traffic(directory):
    """The dry run counts what was in a capture."""
    capture, number = directory / "traffic.pcap", 0
    with capture.open("wb") as out:
        out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
        for client in range(40):
            asked = ["www.popular.example"] + (["c2.bad.example", "x.c2.bad.example"] if client == 3 else []) + \
                    (["cdn.example"] if client in (5, 6) else []) + (["ok.bad.example"] if client == 7 else [])
            for name in asked:
                number += 1
                for octets in packet(f"10.{client}.0.7", number, name, "192.0.2.99" if name == "cdn.example" else "192.0.2.1"):
                    out.write(struct.pack("<IIII", 1000000000 + number, 0, len(octets), len(octets)) + octets)
    store, names = f"duckdb:{directory / 'store'}", directory / "traffic"
    check("ingest", run(YAGURA, "ingest", "-q", "--store", store, capture).returncode == 0)
    names.write_text("c2.bad.example\npopular.example\n192.0.2.99\n*.bad.example\nunseen.example\n", encoding="utf-8")
    rules = directory / "traffic.yaml"
    rules.write_text("rules:\n  - {client: 10.3.0.7, action: drop}\n  - {client: 10.39.0.0/16, action: drop}\n", encoding="utf-8")
    rejects = directory / "popular"
    got = entries("-p", rules, "-l", names, "--store", store, "--rejects", rejects)
    hits = {owner: (e["queries"], e["clients"], e["at_most"]) for owner, e in got.items() if e["queries"]}
    check("hits", hits == {"c2.bad.example": (1, 1, False), "*.c2.bad.example": (1, 1, False), "*.bad.example": (1, 1, False),
                           "32.99.2.0.192.rpz-ip": (2, 2, False), "32.7.0.3.10.rpz-client-ip": (3, 1, True),
                           "16.0.0.39.10.rpz-client-ip": (1, 1, False)}, hits)
    check("what everybody asks for is refused", "of 40 clients asked for it" in rejects.read_text(), rejects.read_text())
    check("a table", "c2.bad.example" in rpz("-n", "-l", names, "--store", store).stdout)
    check("CSV", rpz("-n", "--csv", "-l", names, "--store", store).stdout.splitlines()[1].startswith('"32.99.2.0.192.rpz-ip",response-ip,'),
          rpz("-n", "--csv", "-l", names, "--store", store).stdout)


def main():
    with tempfile.TemporaryDirectory(prefix="yagura-rpz-") as name:
        directory = pathlib.Path(name)
        directory.chmod(0o755)
        for work in (check_files, check_refused, check_forms, check_findings, check_traffic, check_resolvers):
            place = directory / work.__name__
            place.mkdir()
            work(place)
    print(", ".join(f"{number} {what}" for what, number in counts.items() if number or what != "skipped"))
    return counts["failed"] != 0


if __name__ == "__main__":
    sys.exit(main())
