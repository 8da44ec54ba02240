#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Alerts: findings told to real receivers as they happen, once, with their end, over failures and restarts.

usage: alerts.py [BUILD]

The receivers are servers of Python: syslog over unix datagrams, UDP and TCP (its lines are read by the grammar of RFC 5424, its frames
by RFC 6587), a unix socket, an HTTP server that fails at first.  Inputs are simulated.  The last line is `N passed, N failed`.
"""
import http.server
import json
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

from _collector import Collector, free_port, v9_template, wait_for

BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build").resolve()
YAGURA = BUILD / "yagura"
PORT = 17310  # and the four after it
LINE = re.compile(
    r"<(?P<pri>\d{1,3})>1 (?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z) (?P<host>[!-~]{1,255}) (?P<app>[!-~]{1,48}) (?P<pid>[!-~]{1,128}) "
    r"(?P<id>[!-~]{1,32}) \[finding@32473(?P<data>(?: [!#-<>-\\^-~]{1,32}=\"(?:[^\"\\\]]|\\[\"\\\]])*\")*)\] \ufeff(?P<text>[^\x00-\x1f\x7f]*)", re.S)
PARAM = re.compile(r' ([^ =]+)="((?:[^"\\\]]|\\["\\\]])*)"')

counts = {"passed": 0, "failed": 0}


def check(what, good, detail=""):
    counts["passed" if good else "failed"] += 1
    if not good:
        print(f"{what}: {str(detail)[:700]}")


def run(*words, status=0):
    done = subprocess.run([YAGURA, *map(str, words)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)
    if status is not None and done.returncode != status:
        check(f"{words[:3]} ends with {status}", False, f"{done.returncode} {done.stderr}")
    return done


class Datagrams(threading.Thread):
    """A receiver of datagrams, over UDP or a unix socket."""

    def __init__(self, family, address):
        super().__init__(daemon=True)
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.lines = []
        self.start()

    def run(self):
        while True:
            try:
                self.lines.append(self.socket.recv(65536).decode())
            except OSError:
                return

    def close(self):
        self.socket.close()


class Stream(threading.Thread):
    """A receiver of connections, one after the other; `close_after` so many messages the first is closed."""

    def __init__(self, family, address, framed, close_after=None):
        super().__init__(daemon=True)
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(address)
        self.socket.listen()
        self.framed, self.close_after = framed, close_after
        self.lines, self.connections, self.bad = [], 0, 0
        self.start()

    def split(self, data):
        """Whole messages of what came, and the rest."""
        while data:
            if self.framed:
                match = re.match(rb"([1-9]\d*) ", data)
                if not match:
                    self.bad += not re.fullmatch(rb"\d*", data)
                    return data
                end = match.end() + int(match.group(1))
                if len(data) < end:
                    return data
                self.lines.append(data[match.end():end].decode())
            else:
                end = data.find(b"\n") + 1
                if end == 0:
                    return data
                self.lines.append(data[:end].decode())
            data = data[end:]
        return data

    def run(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            data = b""
            with connection:
                while True:
                    got = connection.recv(65536)
                    if not got:
                        break
                    data = self.split(data + got)
                    if self.connections == 1 and self.close_after is not None and len(self.lines) >= self.close_after:
                        break

    def close(self):
        self.socket.close()


class Web(threading.Thread):
    """An HTTP server: answers with the statuses in order, then 200; keeps what it answered 200 to."""

    def __init__(self, port, statuses):
        super().__init__(daemon=True)
        self.statuses, self.taken, self.asked, self.headers = list(statuses), [], 0, []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.asked += 1
                outer.headers.append(dict(self.headers))
                status = outer.statuses.pop(0) if outer.statuses else 200
                if status == 200:
                    outer.taken.append(json.loads(body))
                if status == "hang":
                    time.sleep(1.5)
                    return
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", f"http://127.0.0.1:{port}/elsewhere")
                self.end_headers()

            def log_message(self, *_):
                pass

        http.server.ThreadingHTTPServer.allow_reuse_address = True
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.start()

    def run(self):
        self.server.serve_forever(poll_interval=0.05)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def configure(path, settings, extra=""):
    lines = "".join(f"  {name}: {json.dumps(str(value))}\n" for name, value in settings.items())
    path.write_text(f"site:\n  name: Site\n{extra}alerts:\n{lines}", encoding="utf-8")
    return path


def lines_of(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def events(messages):
    return sorted((m["id"], m["event"]) for m in messages)


def parse(line):
    match = LINE.fullmatch(line)
    if not match:
        return None
    unescape = {name: re.sub(r'\\(["\\\]])', r"\1", value) for name, value in PARAM.findall(match["data"])}
    return dict(match.groupdict(), data=unescape)


def simulate(directory, name, *settings):
    capture = directory / f"{name}.pcap"
    words = [part for word in ("duration=20s", "rate=100", "attack_begin=1s", "attack_duration=15s", "attack_rate=300", *settings) for part in ("--set", word)]
    run("simulate", "dns-water", "--seed", "3", *words, "-o", capture, "--truth", directory / "truth.json")
    return capture


def test_outputs(directory, capture):
    """Every output gets every message, in its own form; reading again tells nothing."""
    unix, line_socket = directory / "log", directory / "lines"
    datagrams = Datagrams(socket.AF_UNIX, str(unix))
    lines = Stream(socket.AF_UNIX, str(line_socket), framed=False)
    web = Web(PORT, [500, 503])
    secret = directory / "header"
    secret.write_text("Authorization: Bearer secret\n", encoding="utf-8")
    config = configure(directory / "outputs.yaml", {
        "severity": "low", "directory": directory / "spool", "syslog": f"unix:{unix}", "facility": 10, "file": directory / "file.jsonl",
        "socket": f"unix:{line_socket}", "webhook": f"http://127.0.0.1:{PORT}/hook", "webhook_header_file": secret, "retry": "50ms"})
    run("review", capture, "-c", config, "--only", "dns", "--json", directory / "r.json", "-o", directory / "r.html", "-q", "--store", f"duckdb:{directory}/store")
    findings = json.loads((directory / "r.json").read_text(encoding="utf-8"))["findings"]
    wanted = sorted((f"{f['id']}-{event}", event) for f in findings if f["severity"] != "info" for event in ("begin", "end"))
    check("there is something to tell", len(wanted) >= 2, findings)
    told = lines_of(directory / "file.jsonl")
    check("file: every finding once, and its end", events(told) == wanted, events(told))
    check("webhook: the same, after two failures", events(web.taken) == wanted and web.asked == len(wanted) + 2, f"{web.asked} {events(web.taken)}")
    check("webhook: headers", all(h.get("Authorization") == "Bearer secret" and h["Content-Type"] == "application/json" for h in web.headers), web.headers[:1])
    deadline = time.time() + 5
    while len(lines.lines) < len(wanted) and time.time() < deadline:
        time.sleep(0.05)
    check("socket: the same", events(map(json.loads, lines.lines)) == wanted, lines.lines)
    parsed = [parse(line) for line in datagrams.lines]
    check("syslog: every line is RFC 5424", len(parsed) == len(wanted) and all(parsed), datagrams.lines)
    by_id = {f["id"]: f for f in findings}
    severities = {"critical": 2, "high": 3, "medium": 4, "low": 5, "info": 6}
    for line in filter(None, parsed):
        finding = by_id[line["data"]["id"]]
        check("syslog: what it says", line["app"] == "yagura" and line["id"] == f"finding-{line['data']['event']}"
              and int(line["pri"]) == 80 + severities[finding["severity"]] and line["data"]["analysis"] == finding["analysis"]
              and all(line["data"][f"subject_{k}"] == v for k, v in finding["subject"].items() if isinstance(v, str)), line)
    for message in told:
        finding = by_id[message["finding"]["id"]]
        check("a message has the finding", message["schema"] == "yagura.alert/1" and message["site"] == "Site"
              and all(message["finding"][k] == finding[k] for k in ("analysis", "kind", "subject", "measures", "thresholds")), message)
    run("ingest", capture, "-c", config, "--only", "dns", "-q", "--store", f"duckdb:{directory}/store")
    run("ingest", capture, "-c", config, "--only", "dns", "-q", "--store", f"duckdb:{directory}/another")
    check("read again, nothing is told again", events(lines_of(directory / "file.jsonl")) == wanted and events(web.taken) == wanted)
    for receiver in (datagrams, lines, web):
        receiver.close()
    return wanted


def test_failures(directory, capture, wanted):
    """Nobody listens; then, in another run, somebody does."""
    config = configure(directory / "failures.yaml", {
        "severity": "low", "directory": directory / "failures", "syslog": f"tcp://127.0.0.1:{PORT + 1}", "webhook": f"http://127.0.0.1:{PORT + 2}/",
        "file": directory / "failures.jsonl", "retry": "20ms", "retry_most": "100ms", "timeout": "500ms"})
    began = time.time()
    done = run("ingest", capture, "-c", config, "--only", "dns", "-q", "--store", f"duckdb:{directory}/failures.store")
    check("who does not answer holds nobody up", time.time() - began < 60 and events(lines_of(directory / "failures.jsonl")) == wanted)
    check("it is said, once for each", done.stderr.count("waits, and tries again") == 2, done.stderr)
    frames = Stream(socket.AF_INET, ("127.0.0.1", PORT + 1), framed=True, close_after=1)
    web = Web(PORT + 2, [404, 429, "hang", 302])
    empty = simulate(directory, "empty", "attack_rate=1", "start=2026-01-05T12:00:00Z")
    run("ingest", empty, "-c", config, "--only", "dns", "-q", "--store", f"duckdb:{directory}/failures.store")
    deadline = time.time() + 5
    while len(frames.lines) < len(wanted) and time.time() < deadline:
        time.sleep(0.05)
    parsed = [parse(line) for line in frames.lines]
    check("syslog over TCP: what waited is delivered, framed", sorted((f"{p['data']['id']}-{p['data']['event']}", p["data"]["event"]) for p in parsed if p) == wanted
          and not frames.bad, frames.lines)
    check("the webhook too, once each; redirections are not followed", events(web.taken) == wanted, f"{web.asked} {web.taken}")
    frames.close()
    web.close()
    queue = (directory / "failures" / "queue").read_text(encoding="utf-8")
    positions = [int((directory / "failures" / f"{name}.position").read_text()) for name in ("syslog", "file", "webhook")]
    check("every output has come as far", len(set(positions)) == 1, positions)
    # A crash in the middle of a line, and one after delivery before it was noted.
    (directory / "failures" / "queue").write_text(queue + "99 cut", encoding="utf-8")
    run("ingest", capture, "-c", config, "--only", "dns", "-q", "--store", f"duckdb:{directory}/failures.again")
    check("a queue cut by a crash is no obstacle", events(lines_of(directory / "failures.jsonl")) == wanted)


def test_bounds(directory, capture):
    """The spool is bounded, and what goes is the oldest; the severity's floor holds; settings that cannot be meant are refused."""
    config = configure(directory / "high.yaml", {"severity": "critical", "directory": directory / "high", "file": directory / "high.jsonl"})
    run("ingest", capture, "-c", config, "--only", "dns", "-q", "--store", f"duckdb:{directory}/high.store")
    check("below the floor nothing is told", not lines_of(directory / "high.jsonl"))
    for settings, word in (({"syslog": "carrier pigeon"}, "carrier pigeon"), ({"webhook": "ftp://x/"}, "ftp://x/"), ({"file": "x", "severity": "grave"}, "grave"),
                           ({"webhook": "https://x/", "webhook_header_file": "/nowhere"}, "/nowhere")):
        config = configure(directory / "wrong.yaml", dict(settings, directory=directory / "wrong"))
        done = run("ingest", capture, "-c", config, "-q", "--store", f"duckdb:{directory}/wrong.store", status=1)
        check(f"{settings} is refused", word in done.stderr, done.stderr)


def test_tls(directory, capture):
    """A certificate that nobody vouches for is not believed; with its authority it is."""
    key, certificate = directory / "key.pem", directory / "cert.pem"
    made = subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost",
                           "-addext", "subjectAltName=DNS:localhost"], capture_output=True, check=False)
    if made.returncode != 0:
        check("openssl makes a certificate", False, made.stderr)
        return
    import ssl
    web = Web(PORT + 3, [])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    web.server.socket = context.wrap_socket(web.server.socket, server_side=True)
    settings = {"severity": "low", "directory": directory / "tls", "webhook": f"https://localhost:{PORT + 3}/", "retry": "50ms", "timeout": "2s"}
    config = configure(directory / "tls.yaml", settings)
    done = run("ingest", capture, "-c", config, "--only", "dns", "-q", "--store", f"duckdb:{directory}/tls.store")
    check("an unknown certificate is refused", not web.taken and "certificate" in done.stderr, done.stderr)
    config = configure(directory / "tls.yaml", dict(settings, webhook_ca=certificate))
    run("ingest", capture, "-c", config, "--only", "dns", "-q", "--store", f"duckdb:{directory}/tls.store")
    check("a known one is believed, and what waited is delivered", len(web.taken) >= 2, web.taken)
    web.close()


def flood(sequence, target):
    """A NetFlow v9 packet: 24 sources of a UDP flood, 100,000 packets each."""
    records = b"".join(struct.pack("!4s4sBHHIIII", bytes([100, 64, 0, i + 1]), bytes([203, 0, 113, target]), 17, 1024 + i, 443, 100000, 120000000,
                                   99000, 99900) for i in range(24))
    records += bytes(-len(records) % 4)
    template = v9_template()[1]
    return struct.pack("!HHIIII", 9, 25, 100000, int(time.time()), sequence, 7) + template + struct.pack("!HH", 300, 4 + len(records)) + records


def test_collector(directory):
    """A collector tells while the attack goes on; killed and started again, it tells of the same attack no more, of another it does."""
    port = free_port()
    web = Web(PORT + 4, [500])
    listeners = [(f"127.0.0.1:{port}", "any")]
    told = directory / "collect.jsonl"
    extra = (f"alerts:\n  interval: 0s\n  file: {told}\n  webhook: http://127.0.0.1:{PORT + 4}/\n  retry: 100ms\n"
             "site:\n  own_prefixes: [203.0.113.0/24]\n")
    with Collector(YAGURA, directory / "collect", listeners, window="1s") as collector, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        collector.configure(listeners, extra)
        collector.start()
        out.connect(("127.0.0.1", port))

        def attack(target, count):
            for _ in range(count):
                attack.sequence += 1
                out.send(flood(attack.sequence, target))
                time.sleep(0.25)
        attack.sequence = 0
        attack(9, 12)
        check("collect: told while it goes on", wait_for(lambda: len(lines_of(told)) >= 1), collector.read_log())
        first = lines_of(told)
        check("collect: as an attack on its target", first and first[0]["finding"]["analysis"] == "security/ddos"
              and first[0]["finding"]["subject"].get("target") == "203.0.113.9", first)
        status = collector.status()
        check("collect: the status counts it", status["alerts"]["open"] >= 1 and status["alerts"]["dropped"] == 0, status.get("alerts"))
        capture = simulate(directory, "beside", "attack_rate=1")
        done = run("ingest", capture, "-c", collector.config, "--only", "dns", "-q", "--store", f"duckdb:{directory}/beside")
        check("collect: an ingest beside it reads, and tells nothing", "tells alerts already" in done.stderr, done.stderr)
        collector.end(signal.SIGKILL)
        collector.start()
        attack(9, 8)
        attack(77, 8)
        check("collect: after a kill, another attack is told", wait_for(lambda: any(m["finding"]["subject"].get("target") == "203.0.113.77"
                                                                                    for m in lines_of(told))), collector.read_log())
        check("collect: it ends well", collector.end() == 0)
        messages = lines_of(told)
        ids = [m["id"] for m in messages]
        check("collect: each once", len(ids) == len(set(ids)) and len({(m["finding"]["kind"], json.dumps(m["finding"]["subject"])) for m in messages}) == len(ids), ids)
        check("collect: the webhook has the same", events(web.taken) == events(messages), web.taken)
    web.close()


def main():
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        capture = simulate(directory, "water")
        wanted = test_outputs(directory, capture)
        test_failures(directory, capture, wanted)
        test_bounds(directory, capture)
        test_tls(directory, capture)
        test_collector(directory)
    print(f"{counts['passed']} passed, {counts['failed']} failed")
    return counts["failed"] != 0


if __name__ == "__main__":
    sys.exit(main())
