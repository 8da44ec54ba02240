#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""`yagura dns probe` against real servers on loopback: each class of address, what it refuses, how fast it sends.

usage: dns_probe.py [BUILD]

Unbound open, Unbound refusing, dnsdist before another Unbound, and small programs: a transparent forwarder (raw socket: root only), one that
answers what it likes, one that answers for its zones only, one that is silent.  Everything has an address of its own below 127.77.0.0/16 and port 5390.
"""
# alone
import json
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
YAGURA = str(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else TOP / "build").resolve() / "yagura")
PORT, LISTEN_PORT = 5390, 5391
LISTEN, UPSTREAM = "127.77.0.53", "127.77.9.1"
OPEN, REFUSING, FORWARDER, TRANSPARENT, LIAR, ZONES, SILENT = (f"127.77.{i}.1" for i in range(1, 8))
ZONE = "probe-lab.example"

UNBOUND = """
server:
  interface: {address}@{port}
  outgoing-interface: {address}
  access-control: 127.0.0.0/8 {action}
  do-not-query-localhost: no
  do-daemonize: no
  username: ""
  chroot: ""
  directory: "{directory}"
  pidfile: "{directory}/{address}.pid"
  use-syslog: no
  logfile: "{directory}/{address}.log"
  module-config: "iterator"
  num-threads: 1
stub-zone:
  name: "{zone}"
  stub-addr: {listen}@{listen_port}
stub-zone:
  name: "large.example"
  stub-addr: {zones}@{port}
remote-control:
  control-enable: no
"""
DNSDIST = """
setLocal("{address}:{port}")
setACL("127.0.0.0/8")
newServer({{address="{upstream}:{port}"}})
getServer(0):setUp()
"""

count = {"passed": 0, "failed": 0, "skipped": 0}


def check(what, good, why=""):
    count["passed" if good else "failed"] += 1
    if not good:
        print(f"FAIL {what}: {why}")


def skip(what, why):
    count["skipped"] += 1
    print(f"skip {what}: {why}")


def question_end(message):
    at = 12
    while message[at] != 0:
        at += message[at] + 1
    return at + 5


def reply(query, bits, answers=b"", answer_count=0):
    end = question_end(query)
    return query[:2] + struct.pack(">HHHHH", 0x8000 | bits, 1, answer_count, 0, 0) + query[12:end] + answers


def lie(query):
    return reply(query, 0x0180, b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc6\x33\x64\x01", 1)


def answer_zones(query):
    """Answers for large.example, with 1000 octets; not its business else."""
    if b"\x05large\x07example\x00" not in query:
        return reply(query, 0)
    text = b"\xc0\x0c\0\x10\0\1\0\0\0\x3c" + struct.pack(">H", 251) + b"\xfa" + b"x" * 250
    return reply(query, 0x0400, text * 4, 4)


def checksum(octets):
    total = sum(struct.unpack(f">{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def pass_on(raw, query, client):
    """The same datagram to the upstream, from the client's own address and port."""
    header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 28 + len(query), 0, 0, 60, 17, 0, socket.inet_aton(client[0]), socket.inet_aton(UPSTREAM))
    header = header[:10] + struct.pack(">H", checksum(header)) + header[12:]
    raw.sendto(header + struct.pack(">HHHH", client[1], PORT, 8 + len(query), 0) + query, (UPSTREAM, 0))


class Small(threading.Thread):
    """A small server: `handle` gets the query and its sender, and returns an answer or None."""

    def __init__(self, address, handle):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, PORT))
        self.handle = handle
        self.times = []

    def run(self):
        while True:
            query, client = self.socket.recvfrom(65535)
            self.times.append(time.monotonic())
            answer = self.handle(query, client)
            if answer is not None:
                self.socket.sendto(answer, client)


class Lab:
    def __init__(self, directory):
        self.directory, self.daemons, self.small = pathlib.Path(directory), {}, {}

    def unbound(self, address, action):
        path = self.directory / f"{address}.conf"
        path.write_text(UNBOUND.format(address=address, port=PORT, action=action, directory=self.directory, zone=ZONE, listen=LISTEN,
                                       listen_port=LISTEN_PORT, zones=ZONES), encoding="utf-8")
        self.daemons[address] = subprocess.Popen(["unbound", "-d", "-c", str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def dnsdist(self):
        path = self.directory / "dnsdist.conf"
        path.write_text(DNSDIST.format(address=FORWARDER, port=PORT, upstream=UPSTREAM), encoding="utf-8")
        self.daemons[FORWARDER] = subprocess.Popen(["dnsdist", "--supervised", "--disable-syslog", "-C", str(path)], stdin=subprocess.DEVNULL,
                                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def start(self):
        self.unbound(OPEN, "allow")
        self.unbound(REFUSING, "refuse")
        self.unbound(UPSTREAM, "allow")
        if shutil.which("dnsdist"):
            self.dnsdist()
        self.small = {LIAR: Small(LIAR, lambda q, c: lie(q)), ZONES: Small(ZONES, lambda q, c: answer_zones(q)),
                      SILENT: Small(SILENT, lambda q, c: None)}
        if os.geteuid() == 0:
            raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
            self.small[TRANSPARENT] = Small(TRANSPARENT, lambda q, c: pass_on(raw, q, c))
        for thread in self.small.values():
            thread.start()
        for address in self.daemons:
            self.wait(address)

    @staticmethod
    def wait(address):
        """Until the server there answers anything."""
        query = b"\0\1\1\0\0\1\0\0\0\0\0\0\7version\4bind\0\0\x10\0\3"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(0.2)
            for _ in range(40):
                try:
                    s.sendto(query, (address, PORT))
                    s.recvfrom(512)
                    return
                except OSError:
                    time.sleep(0.05)

    def stop(self, address):
        daemon = self.daemons.pop(address)
        daemon.send_signal(signal.SIGTERM)
        daemon.wait(10)

    def end(self):
        for address in list(self.daemons):
            self.stop(address)


def probe(config, *words):
    return subprocess.run([YAGURA, "dns", "probe", "-c", str(config), *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, encoding="utf-8", timeout=60, check=False)


def send(config, *words):
    return probe(config, "--send", "--zone", ZONE, "--listen", LISTEN, "--listen-port", str(LISTEN_PORT), "--port", str(PORT), *words)


def refusals(config):
    for words, why in [(["192.0.2.0/24"], "not inside site.own_prefixes"), (["127.0.0.0/8"], "not inside site.own_prefixes"),
                       (["127.77.1.0/24", "127.77.1.1"], "overlaps"), (["127.77.1.1/24"], ""), (["nonsense"], ""),
                       (["--send", "127.77.1.1"], "--zone"), ([], "which prefixes"), (["--rate", "0", "127.77.1.1"], "at least 1"),
                       (["--rate", "5000", "127.77.1.1"], "1000"), (["--any", "a..b", "127.77.1.1"], "")]:
        done = probe(config, *words)
        check(f"refuses {words}", done.returncode == 2 and why in done.stderr, (done.returncode, done.stderr))
    done = probe(config, "127.77.0.0/20")
    check("describes the run and sends nothing", done.returncode == 0 and "4096 addresses, at most 12288 packets" in done.stdout
          and "nothing was sent" in done.stdout, done.stdout)


def classes(config, lab):
    wanted = {OPEN: "open-recursive", REFUSING: "refused", LIAR: "manipulated", ZONES: "authoritative-only"}
    if FORWARDER in lab.daemons:
        wanted[FORWARDER] = "open-forwarder"
    else:
        skip("a forwarder", "there is no dnsdist")
    if TRANSPARENT in lab.small:
        wanted[TRANSPARENT] = "transparent"
    else:
        skip("a transparent forwarder", "needs root")
    addresses = [OPEN, REFUSING, FORWARDER, TRANSPARENT, LIAR, ZONES, SILENT]
    done = send(config, "--json", "--retries", "1", "--wait", "2", "--ask-version", "--any", "large.example", *addresses)
    check("a run ends well", done.returncode == 0, done.stderr)
    run = json.loads(done.stdout)
    found = {a["address"]: a for a in run["addresses"]}
    for address, wanted_class in wanted.items():
        got = found.get(address, {}).get("class")
        check(f"{address} is {wanted_class}", got == wanted_class, got)
    check("nothing else", found.keys() == wanted.keys(), found.keys() ^ wanted.keys())
    check("the silent one is counted", run["classes"]["silent"] == 7 - len(wanted), run["classes"])
    check("it asked itself", found[OPEN]["egress"] == OPEN, found[OPEN])
    check("its version", "unbound" in (found[OPEN]["version"] or ""), found[OPEN]["version"])
    if FORWARDER in wanted:
        check("the upstream asked", found[FORWARDER]["egress"] == UPSTREAM, found[FORWARDER])
        check("its factor", found[FORWARDER]["factor"] and found[FORWARDER]["factor"] > 20, found[FORWARDER]["factor"])
    if TRANSPARENT in wanted:
        check("the upstream answered", found[TRANSPARENT]["answered_from"] == UPSTREAM, found[TRANSPARENT])
    check("its factor is measured", found[OPEN]["factor"] and found[OPEN]["factor"] > 20, found[OPEN]["factor"])
    check("packets as announced", run["counts"]["packets"] <= 7 * 4, run["counts"])
    return done.stdout


def difference(config, lab, before, directory):
    previous = pathlib.Path(directory) / "previous.json"
    previous.write_text(before, encoding="utf-8")
    lab.stop(OPEN)
    done = send(config, "--retries", "0", "--wait", "1", "--previous", str(previous), "--json", OPEN, LIAR, REFUSING)
    run = json.loads(done.stdout)
    check("what closed", [(c["address"], c["after"]) for c in run["difference"]["closed"]] == [(OPEN, "silent")], run["difference"])
    check("what is open still", run["difference"]["still_open"] == 1 and not run["difference"]["opened"], run["difference"])
    text = send(config, "--retries", "0", "--wait", "1", "--previous", str(previous), OPEN, LIAR)
    check("and so in words", "1 closed" in text.stdout and "open-recursive -> silent" in text.stdout, text.stdout)
    csv = send(config, "--retries", "0", "--wait", "1", "--csv", LIAR)
    check("as CSV", csv.stdout.startswith("address,class,") and f"{LIAR},manipulated,{LIAR},NOERROR" in csv.stdout, csv.stdout)


def pace(config, lab):
    """Eight addresses of one network take seven seconds; all are asked once."""
    lab.small[SILENT].times.clear()
    watchers = [Small(f"127.77.7.{i}", lambda q, c: None) for i in range(2, 5)]
    for w in watchers:
        w.start()
    done = send(config, "--retries", "1", "--wait", "0", "--json", "--rate", "1000", "127.77.7.1", "127.77.7.2", "127.77.7.3", "127.77.7.4")
    times = sorted(t for s in [lab.small[SILENT], *watchers] for t in s.times)
    gaps = [b - a for a, b in zip(times, times[1:])]
    check("each asked twice", len(times) == 8 and json.loads(done.stdout)["counts"]["packets"] == 8, len(times))
    check("one packet a second to a network", gaps and min(gaps) > 0.98, gaps)


def main():
    if not shutil.which("unbound"):
        skip("everything", "there is no unbound")
    else:
        with tempfile.TemporaryDirectory() as directory:
            config = pathlib.Path(directory) / "yagura.yaml"
            config.write_text("site:\n  own_prefixes: [127.77.0.0/16]\n", encoding="utf-8")
            lab = Lab(directory)
            refusals(config)
            try:
                lab.start()
                difference(config, lab, classes(config, lab), directory)
                pace(config, lab)
            finally:
                lab.end()
    print(", ".join(f"{n} {what}" for what, n in count.items()))
    return count["failed"] != 0


if __name__ == "__main__":
    sys.exit(main())
