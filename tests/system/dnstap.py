#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""dnstap: files against dnstap-ldns, and a collector fed by real name servers under load.

usage: dnstap.py [BUILD]

Unbound, BIND and Knot write dnstap to the unix socket of one `yagura collect` while dnsperf asks each of them 8,000 questions a
second: two frames must come for every answered question, and still so after a producer and the collector were restarted. Servers
throw frames away when their own queue is full (libfstrm's has room for 512, 32 ms at that rate), which on a busy machine happens
before anything is sent; so there are three attempts, each at half the rate of the one before. Parts whose programs or data are not there are skipped. The last line is
`N passed, N failed[, N skipped]`.
"""
# alone
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from _collector import Collector, free_port, wait_for

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DATA = pathlib.Path(os.environ.get("YAGURA_DATA", ROOT.parent / "shared" / "data")) / "dnstap"
RATE, SECONDS, ATTEMPTS = 8000, 1, 3
VIEWS = {"A": 4, "R": 2, "C": 1, "F": 3, "S": 5, "T": 5, "U": 6}  # first letter of dnstap-ldns: enum dns_view
TRANSPORTS = {"UDP": 0, "TCP": 1, "DOT": 2, "DOH": 3}
ZONE = "$TTL 60\n@ SOA ns h 1 3600 600 86400 60\n@ NS ns\nns A 192.0.2.53\nwww A 192.0.2.1\n* TXT yes\n"


class Results:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def check(self, good, what):
        self.passed += bool(good)
        self.failed += not good
        if not good:
            print(f"FAILED: {what}")

    def skip(self, what):
        self.skipped += 1
        print(f"skipped: {what}")


def compare_file(results, build, path):
    """Type, time, sizes and protocol of every message are what dnstap-ldns prints."""
    ours = subprocess.run([build / "tests" / "dns-messages", path], capture_output=True, text=True, check=False, timeout=30).stdout
    theirs = subprocess.run(["dnstap-ldns", "-q", "-r", path], capture_output=True, text=True, check=False, timeout=30).stdout
    lines = [line.split() for line in ours.splitlines() if not line.startswith("#")]
    for line, other in zip(lines, theirs.splitlines()):
        date, clock, kind, address, transport, size = other.split()[:6]
        seconds, fraction = divmod(int(line[0]), 10**9)
        text = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds)) + f".{fraction // 1000:06}"
        client = line[1] if kind[1] == "Q" else line[3]
        good = (text == f"{date} {clock}" and int(line[5]) == VIEWS[kind[0]] and int(line[6]) == TRANSPORTS[transport]
                and size == f"{len(line[-1]) // 2}b" and (client == address or kind[0] in "RFT"))
        results.check(good, f"{path.name}: {line} is not {other}")
    results.check(len(lines) == len(theirs.splitlines()) > 0, f"{path.name}: {len(lines)} messages")


class Server:
    """A name server that a test starts and ends."""

    def __init__(self, directory, port, command, files):
        self.directory, self.port, self.command, self.process = directory, port, command, None
        for name, text in files.items():
            (directory / name).write_text(text, encoding="utf-8")

    def start(self):
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(self.command, cwd=self.directory, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        return wait_for(self.answers)

    def answers(self):
        done = subprocess.run(["dig", "+short", "+tries=1", "+time=1", "@127.0.0.1", "-p", str(self.port), "www.example.test"],
                              capture_output=True, text=True, check=False)
        return "192.0.2.1" in done.stdout

    def end(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def unbound(directory, port, socket):
    config = f"""server:
  directory: "{directory}"
  username: ""
  chroot: ""
  pidfile: ""
  use-syslog: no
  interface: 127.0.0.1@{port}
  module-config: "iterator"
  local-zone: "example.test." static
  local-data: "www.example.test. A 192.0.2.1"
dnstap:
  dnstap-enable: yes
  dnstap-socket-path: "{socket}"
  dnstap-bidirectional: yes
  dnstap-send-identity: yes
  dnstap-identity: "unbound.test"
  dnstap-log-client-query-messages: yes
  dnstap-log-client-response-messages: yes
remote-control:
  control-enable: no
"""
    return Server(directory, port, ["unbound", "-d", "-c", "unbound.conf"], {"unbound.conf": config})


def bind(directory, port, socket):
    config = f"""options {{
  directory "{directory}";
  listen-on port {port} {{ 127.0.0.1; }};
  listen-on-v6 {{ none; }};
  pid-file none;
  session-keyfile none;
  recursion no;
  dnssec-validation no;
  dnstap {{ auth; client; }};
  dnstap-output unix "{socket}";
  dnstap-identity "bind.test";
  fstrm-set-input-queue-size 16384;
  fstrm-set-reopen-interval 1;
}};
controls {{ }};
zone "example.test" {{ type primary; file "zone"; }};
"""
    return Server(directory, port, ["named", "-g", "-c", str(directory / "named.conf")], {"named.conf": config, "zone": ZONE})


def knot(directory, port, socket):
    config = f"""server:
  rundir: "{directory}"
  listen: 127.0.0.1@{port}
  identity: "knot.test"
database:
  storage: "{directory}"
mod-dnstap:
  - id: cap
    sink: "unix:{socket}"
    identity: "knot.test"
    log-queries: on
    log-responses: on
template:
  - id: default
    storage: "{directory}"
    global-module: mod-dnstap/cap
zone:
  - domain: example.test
    file: zone
"""
    return Server(directory, port, ["knotd", "-c", "knot.conf"], {"knot.conf": config, "zone": ZONE})


MAKERS = {"unbound": unbound, "bind": bind, "knot": knot}
PROGRAMS = {"unbound": "unbound", "bind": "named", "knot": "knotd"}


def load(server, directory, rate):
    """Questions that dnsperf saw answered."""
    questions = directory / "questions"
    questions.write_text("".join(f"www.example.test A\nh{i}.example.test TXT\n" for i in range(500)), encoding="ascii")
    done = subprocess.run(["dnsperf", "-s", "127.0.0.1", "-p", str(server.port), "-d", questions, "-l", str(SECONDS), "-Q", str(rate)],
                          capture_output=True, text=True, check=False, timeout=60)
    return next((int(line.split()[2]) for line in done.stdout.splitlines() if "Queries completed" in line), 0)


def frames(status):
    return {one["producer"]: one["frames"] for one in (status or {}).get("producers", [])}


def settled(collector, name, wanted):
    """The frames of a producer, once they are as many as wanted or no more come."""
    wait_for(lambda: frames(collector.status()).get(f"{name}.test", 0) >= wanted, 3)
    time.sleep(0.3)
    return frames(collector.status()).get(f"{name}.test", 0)


def connected(collector, servers):
    """Servers find out that a connection is gone when they write to it."""
    return wait_for(lambda: all(server.answers() for server in servers.values()) and (s := collector.status()) is not None
                    and s["listeners"][0]["connections"] >= len(servers), 30)


def quiet(collector, name):
    """The frames of a producer when none come any more: servers gather them for up to a second."""
    before = -1
    while (now := frames(collector.status()).get(f"{name}.test", 0)) != before:
        before = now
        time.sleep(1.2)
    return now


def measure(results, collector, servers, directory, what):
    """Two frames for every answered question."""
    for name, server in servers.items():
        for attempt in range(ATTEMPTS):
            rate = RATE >> attempt
            before = quiet(collector, name)
            answered = load(server, directory, rate)
            got = settled(collector, name, before + 2 * answered) - before
            if answered > rate * SECONDS // 2 and got == 2 * answered:
                break
            print(f"attempt at {rate}/s, {what}: {name} answered {answered} questions, {got} frames came")
        results.check(answered > rate * SECONDS // 2, f"{what}: {name} answered {answered} questions only")
        results.check(got == 2 * answered, f"{what}: {name} answered {answered} questions, {got} frames came")
        status = collector.status()
        results.check(status["listeners"][0]["received"] == sum(frames(status).values()), f"{what}: frames are lost here")


def live(results, yagura, directory):
    names = [name for name in MAKERS if shutil.which(PROGRAMS[name])]
    for name in MAKERS.keys() - set(names):
        results.skip(f"{PROGRAMS[name]} is not installed")
    socket = directory / "tap.sock"
    with Collector(yagura, directory / "collector", [(f"unix:{socket}", "dnstap")]) as collector:
        collector.start()
        servers = {}
        for name in names:
            (directory / name).mkdir()
            servers[name] = MAKERS[name](directory / name, free_port(), socket)
        try:
            for name, server in servers.items():
                results.check(server.start(), f"{name} does not answer")
            results.check(connected(collector, servers), "not all servers connect")
            measure(results, collector, servers, directory, "first run")

            first = next(iter(servers.values()))
            first.end()
            results.check(first.start() and connected(collector, servers), "the producer does not come back")
            measure(results, collector, dict([next(iter(servers.items()))]), directory, "after a producer's restart")
            status = collector.status()
            results.check(status["listeners"][0]["queue_drops"] == 0, f"frames are lost: {status['listeners']}")
            results.check(not any(key.startswith("dnstap.bad") for key in status["drops"]), f"bad frames: {status['drops']}")

            # Killed, it leaves its socket behind.
            collector.end(signal.SIGKILL)
            results.check(socket.exists(), "the socket is not left behind")
            collector.start()
            results.check(connected(collector, servers), "the servers do not connect to the new collector")
            measure(results, collector, dict([next(iter(servers.items()))]), directory, "after the collector's restart")
        finally:
            for server in servers.values():
                server.end()
        results.check(collector.end() == 0, f"the collector fails: {collector.read_log()}")
        results.check(not socket.exists(), "the socket stays")


def replay(results, yagura, directory):
    """Files sent by fstrm_replay, over the unix socket and TCP; a second collector is refused the socket."""
    socket, port = directory / "replay.sock", free_port(__import__("socket").SOCK_STREAM)
    listeners = [(f"unix:{socket}", "dnstap"), (f"tcp://127.0.0.1:{port}", "dnstap")]
    with Collector(yagura, directory / "replay", listeners) as collector:
        collector.start()
        other = Collector(yagura, directory / "other", listeners[:1])
        other.start(wait=False)
        results.check(other.process.wait(timeout=20) == 1 and "in use" in other.read_log(), f"a second collector: {other.read_log()}")
        results.check(socket.is_socket(), "the second collector took the socket")
        for path, where in ((DATA / "dnsstats-test.dnstap", ["-u", socket]), (DATA / "dsc-test.dnstap", ["-a", "127.0.0.1", "-p", str(port)])):
            done = subprocess.run(["fstrm_replay", "-t", "protobuf:dnstap.Dnstap", "-r", path, *where], capture_output=True, text=True,
                                  check=False, timeout=30)
            results.check(done.returncode == 0, f"fstrm_replay: {done.stderr}")
        status = collector.wait_status(lambda s: sum(frames(s).values()) == 12)
        results.check(frames(status) == {"resolver": 10, "kdig 2.6.5": 2}, f"replayed: {frames(status)}")
        results.check(sum(one["malformed"] for one in status["listeners"]) == 0, f"replayed: {status['listeners']}")
        results.check(status["drops"].get("dnstap.clock_wrong") == 12, f"old messages: {status['drops']}")
        results.check(collector.end() == 0, "the collector fails")


def main():
    build = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build").resolve()
    results = Results()
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        if DATA.is_dir() and shutil.which("dnstap-ldns"):
            for path in sorted(DATA.glob("*.dnstap")):
                compare_file(results, build, path)
        else:
            results.skip("no dnstap files (YAGURA_DATA) or no dnstap-ldns")
        if DATA.is_dir() and shutil.which("fstrm_replay"):
            replay(results, build / "yagura", directory)
        else:
            results.skip("no dnstap files (YAGURA_DATA) or no fstrm_replay")
        if shutil.which("dnsperf") and shutil.which("dig"):
            live(results, build / "yagura", directory)
        else:
            results.skip("dnsperf or dig is not installed")
    print(f"{results.passed} passed, {results.failed} failed, {results.skipped} skipped")
    return 0 if results.failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
