#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""`yagura collect` and `yagura status` on loopback: real exporters, losses that are known, signals, crashes, hostile senders.

usage: collect.py BUILD

Witnesses: softflowd's own statistics, a relay that drops what it counts, and messages packed by _collector.py.
The last line is `N passed, N failed[, N skipped]`.
"""
# alone
import json
import os
import pathlib
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import _collector as c

BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build").resolve()
YAGURA = BUILD / "yagura"
TOP = pathlib.Path(__file__).resolve().parents[2]

counts = {"passed": 0, "failed": 0, "skipped": 0}


def check(what, good, detail=""):
    counts["passed" if good else "failed"] += 1
    if not good:
        print(f"{what}: {str(detail)[:800]}")


def skip(why):
    counts["skipped"] += 1
    print(f"skipped: {why}")


def listener(status, index=0):
    return status["listeners"][index]


def entry(status, **wanted):
    """The first exporter of a status that has these fields."""
    return next((e for e in status["exporters"] if all(e[k] == v for k, v in wanted.items())), None)


def make_capture(directory):
    """Traffic of the last ten minutes: exported times are then near those of arrival."""
    start = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 600))
    capture = directory / "office.pcap"
    subprocess.run([YAGURA, "simulate", "office", "--seed", "3", "--rate", "40", "--duration", "5m", "--start", start, "-f", "pcap",
                    "-o", capture], check=True)
    return capture


class Relay:
    """Passes datagrams on and drops every `every`-th one; it knows what it has dropped."""

    def __init__(self, target, every, keep_first=1):
        self.target, self.every, self.keep_first = target, every, keep_first
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.2)
        self.port, self.seen, self.dropped, self.last_dropped = self.socket.getsockname()[1], [], [], False
        self.stop = False
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        out = c.sender(self.target)
        while True:
            try:
                data = self.socket.recv(65535)
            except TimeoutError:
                if self.stop:
                    break
                continue
            self.seen.append(data)
            self.last_dropped = len(self.seen) > self.keep_first and len(self.seen) % self.every == 0
            if self.last_dropped:
                self.dropped.append(data)
            else:
                out.send(data)
        out.close()

    def end(self):
        self.stop = True
        self.thread.join()
        self.socket.close()


def test_softflowd(directory, capture):
    """Octets, packets and flows of three protocols equal what the exporter says of itself; and over TCP."""
    for name, version, more in (("v5", 5, ()), ("v9", 9, ("-6",)), ("ipfix", 10, ("-6",)), ("ipfix-tcp", 10, ("-6", "-P", "tcp"))):
        tcp = name == "ipfix-tcp"
        port = c.free_port(socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM)
        with c.Collector(YAGURA, directory / name, [(f"127.0.0.1:{port}", "ipfix-tcp" if tcp else "any")]).start() as k:
            said = c.softflowd(capture, f"127.0.0.1:{port}", version, *more)
            status = k.wait_status(lambda s, said=said: s["totals"]["records"] >= said["records"] and s["window"]["open_messages"] == 0)
            check(f"{name}: records", status["totals"]["records"] == said["records"], (said, status["totals"]))
            # Over TCP softflowd counts its writes, which are the messages.
            check(f"{name}: messages", listener(status)["received"] == said["datagrams"], (said, listener(status)))
            check(f"{name}: nothing malformed", sum(e["malformed"] + e["no_template"] for e in status["exporters"]) == 0, status)
            if version != 10:
                check(f"{name}: no loss", sum(e["lost"] for e in status["exporters"]) == 0, status["exporters"])
            check(f"{name}: end", k.end() == 0, k.read_log())
            check(f"{name}: flows, packets, octets", k.totals() == (said["records"], said["packets"], said["octets"]), (said, k.totals()))


def test_beside_nfcapd(directory, capture):
    """The same datagrams to nfcapd: both have the same totals."""
    if shutil.which("nfcapd") is None or shutil.which("nfdump") is None:
        skip("nfcapd is not installed")
        return
    archive, ours, theirs = directory / "nfcapd", c.free_port(), c.free_port()
    archive.mkdir()
    where = "-w" if b"-w flowdir" in subprocess.run(["nfcapd", "-h"], capture_output=True, check=False).stdout else "-l"
    with c.Collector(YAGURA, directory / "beside", [(f"127.0.0.1:{ours}", "any")]).start() as k, \
            subprocess.Popen(["nfcapd", "-b", "127.0.0.1", "-p", str(theirs), where, archive, "-t", "3600"], stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL) as peer:
        try:
            time.sleep(1)
            relay = Relay(ours, 1 << 30)
            c.softflowd(capture, f"127.0.0.1:{relay.port}", 9, "-6")
            c.wait_for(lambda: len(relay.seen) > 0)
            time.sleep(0.5)
            relay.end()
            with c.sender(theirs) as out:
                for data in relay.seen:
                    out.send(data)
                    time.sleep(0.001)  # its socket has a small buffer
            time.sleep(1)
        finally:
            peer.terminate()
            peer.wait(timeout=c.WAIT)
        check("beside nfcapd: end", k.end() == 0, k.read_log())
        said = subprocess.run(["nfdump", "-N", "-R", archive, "-o", "fmt:%pkt %byt"], capture_output=True, text=True, check=False)
        tail = {name: int(value) for name, value in
                (part.strip().split(": ") for part in next(line for line in said.stdout.splitlines() if line.startswith("Summary: "))
                 .removeprefix("Summary: ").split(",")) if value.isdigit()}
        check("beside nfcapd: totals", k.totals() == (tail["total flows"], tail["total packets"], tail["total bytes"]),
              (k.totals(), said.stdout[-400:]))


def test_loss(directory, capture):
    """A relay drops every fifth datagram: v9 says exactly how many, v5 how many flows were in them."""
    for version, more in ((9, ("-6",)), (5, ())):
        port = c.free_port()
        with c.Collector(YAGURA, directory / f"loss{version}", [(f"127.0.0.1:{port}", "any")]).start() as k:
            relay = Relay(port, 5)
            c.softflowd(capture, f"127.0.0.1:{relay.port}", version, *more)
            time.sleep(0.5)
            relay.end()
            passed = len(relay.seen) - len(relay.dropped)
            status = k.wait_status(lambda s, passed=passed: listener(s)["received"] == passed and s["totals"]["messages"] == passed)
            lost = sum(e["lost"] for e in status["exporters"])
            # What was dropped behind the last one that arrived cannot be seen by anybody.
            dropped = relay.dropped[:-1] if relay.last_dropped else relay.dropped
            want = len(dropped) if version == 9 else sum(int.from_bytes(data[2:4], "big") for data in dropped)
            check(f"loss: v{version} is exact", lost == want and want > 0, (lost, want, len(relay.seen)))
            expected = passed if version == 9 else status["totals"]["records"]
            check(f"loss: v{version} expected", status["exporters"][0]["expected"] == expected + lost, status["exporters"])
            k.end()


def test_made(directory):
    """Messages made by hand: loss is exact, garbage is counted, templates are kept over a restart, IPv6 works."""
    v4, v6 = c.free_port(), c.free_port(host="::1")
    with c.Collector(YAGURA, directory / "made", [(f"127.0.0.1:{v4}", "any"), (f"[::1]:{v6}", "any")]).start() as k:
        with c.sender(v4) as four, c.sender(v6, "::1") as six:
            four.send(c.v9(0, [c.v9_template()]))
            for sequence in range(1, 101):
                if sequence % 9 != 0:
                    four.send(c.v9(sequence, [c.v9_data(range(5))]))
            six.send(c.v9(0, [c.v9_template(), c.v9_data([1, 2])]))
            status = k.wait_status(lambda s: s["totals"]["messages"] == 91 and s["window"]["open_messages"] == 0)
            mine = entry(status, exporter="127.0.0.1")
            check("made: lost v9 packets", mine["lost"] == 11 and mine["expected"] == 101, mine)
            check("made: records", mine["records"] == 89 * 5, mine)
            check("made: over IPv6", entry(status, exporter="::1")["records"] == 2, status["exporters"])
            check("made: the rate of a window is told", mine["records_per_second"] >= 0, mine)

            generator = random.Random(1)
            garbage = [b"\0", b"\0\x09", b"GET / HTTP/1.0\r\n\r\n", bytes(65507)] + [generator.randbytes(generator.randrange(1, 2000))
                                                                                   for _ in range(500)]
            for data in garbage:
                four.send(data)
                time.sleep(0.0005)
            four.send(b"")
            before = listener(status)["received"]
            status = k.wait_status(lambda s: listener(s)["received"] == before + len(garbage) and listener(s)["malformed"] == 1)
            check("made: garbage is received", listener(status)["received"] == before + len(garbage), listener(status))
            check("made: an empty datagram is counted", listener(status)["malformed"] == 1, listener(status))
            check("made: garbage is counted by name", status["drops"].get("export.unknown_version", 0) > 400, status["drops"])
            four.send(c.v9(101, [c.v9_data([9])]))
            status = k.wait_status(lambda s: entry(s, exporter="127.0.0.1", protocol="netflow9", domain=7)["records"] == 89 * 5 + 1)
            check("made: it still works", entry(status, exporter="127.0.0.1", protocol="netflow9", domain=7)["records"] == 89 * 5 + 1)
        check("made: end", k.end() == 0, k.read_log())
        check("made: totals", k.totals()[0] == 89 * 5 + 2 + 1, k.totals())

        # Another run: data alone decodes, and the position in the sequence is known.
        k.start()
        with c.sender(v4) as four:
            four.send(c.v9(105, [c.v9_data([1, 2, 3])]))
            status = k.wait_status(lambda s: s["totals"]["messages"] == 1)
            mine = entry(status, exporter="127.0.0.1", protocol="netflow9", domain=7)
            check("restart: data without its template again", mine and mine["records"] == 3 and mine["no_template"] == 0, status)
            check("restart: what was lost meanwhile", mine and mine["lost"] == 3, mine)
        check("restart: end", k.end() == 0, k.read_log())
        check("restart: nothing was killed", "killed" not in k.read_log(), k.read_log())
        check("restart: totals", k.totals()[0] == 89 * 5 + 2 + 1 + 3, k.totals())


def test_kill(directory):
    """kill -9 loses the open window and nothing else; the next start says so."""
    port = c.free_port()
    with c.Collector(YAGURA, directory / "kill", [(f"127.0.0.1:{port}", "any")], window="6s").start() as k:
        with c.sender(port) as out:
            out.send(c.v9(0, [c.v9_template(), c.v9_data(range(10))]))
            status = k.wait_status(lambda s: s["window"]["committed"] >= 1 and s["window"]["open_messages"] == 0)
            check("kill: a window is committed", status["window"]["committed"] >= 1, status)
            committed = k.wait_status(lambda s: True)["window"]["committed"]
            while time.time() % 6 > 3:  # early in a window, so that it is open when the collector dies
                time.sleep(0.1)
            for sequence in range(1, 6):
                out.send(c.v9(sequence, [c.v9_data(range(10))]))
            k.wait_status(lambda s: s["window"]["open_messages"] == 5)
            time.sleep(1.5)  # the note is written once a second
            still = k.status()["window"]["committed"] == committed
        k.end(signal.SIGKILL)
        check("kill: what was committed is there", k.totals()[0] == (10 if still else 60), k.totals())
        k.start()
        log = k.read_log()
        check("kill: the next run says what is lost", not still or ("was killed" in log and "5 messages" in log), log)
        with c.sender(port) as out:
            out.send(c.v9(6, [c.v9_data([1])]))
            status = k.wait_status(lambda s: s["totals"]["records"] == 1)
            check("kill: templates are known", status["totals"]["records"] == 1, status)
            check("kill: the lost messages are lost ones", not still or entry(status, protocol="netflow9")["lost"] == 5, status["exporters"])
        check("kill: end", k.end() == 0, k.read_log())
        rows = k.query("SELECT complete, damage FROM inputs ORDER BY id")
        check("kill: the registry says so", [int(r["complete"]) for r in rows] == [1, 1] and (not still or "killed" in rows[0]["damage"]), rows)


def test_hangup(directory):
    """SIGHUP: a bad file changes nothing, a good one does, and no datagram of a listener that stays is lost."""
    stays, comes = c.free_port(), c.free_port()
    with c.Collector(YAGURA, directory / "hangup", [(f"127.0.0.1:{stays}", "any")]).start() as k:
        sent, stop = [0], threading.Event()

        def send():
            with c.sender(stays) as out:
                out.send(c.v9(0, [c.v9_template()]))
                while not stop.is_set():
                    sent[0] += 1
                    out.send(c.v9(sent[0], [c.v9_data([1])]))
                    time.sleep(0.001)

        thread = threading.Thread(target=send)
        thread.start()
        good = k.config.read_text(encoding="utf-8")
        for i, bad in enumerate((good.replace("collect:", "colect:"), good.replace(f"127.0.0.1:{stays}", "203.0.113.77:2055"), good + "run:\n")):
            k.config.write_text(bad, encoding="utf-8")
            k.tell(signal.SIGHUP)
            check("SIGHUP: a bad file is refused", c.wait_for(lambda i=i: k.read_log().count("stays as it was") == i + 1), k.read_log())
        check("SIGHUP: each time with the reason", "did you mean \"collect\"" in k.read_log() and "203.0.113.77" in k.read_log(), k.read_log())
        for i in range(5):
            k.configure([(f"127.0.0.1:{comes}", "any"), (f"127.0.0.1:{stays}", "any")] if i % 2 == 0 else [(f"127.0.0.1:{stays}", "any")],
                        "analyses:\n  traffic/talkers:\n    enabled: false\n" if i % 2 == 0 else "")
            k.tell(signal.SIGHUP)
            c.wait_for(lambda i=i: k.read_log().count("was read again") == i + 1)
            time.sleep(0.3)
        with c.sender(comes) as out:
            out.send(c.v9(0, [c.v9_template(), c.v9_data([1, 2, 3])]))
            status = k.wait_status(lambda s: sum(x["received"] for x in s["listeners"] if x["listen"].endswith(f":{comes}")) == 1)
            check("SIGHUP: the new listener works", any(x["received"] == 1 for x in status["listeners"]), status["listeners"])
        stop.set()
        thread.join()
        status = k.wait_status(lambda s: s["totals"]["records"] == sent[0] + 3)
        check("SIGHUP: no datagram was lost", status["totals"]["records"] == sent[0] + 3, (sent, status["totals"], status["listeners"]))
        check("SIGHUP: nor missed in a sequence", sum(e["lost"] for e in status["exporters"]) == 0, status["exporters"])
        check("SIGHUP: end", k.end() == 0, k.read_log())
        check("SIGHUP: all is in the store", k.totals()[0] == sent[0] + 3, (k.totals(), sent))


def test_tcp(directory):
    """IPFIX over TCP: templates belong to their connection, what is no IPFIX closes it."""
    port = c.free_port(socket.SOCK_STREAM)
    with c.Collector(YAGURA, directory / "tcp", [(f"127.0.0.1:{port}", "ipfix-tcp")], connections=2).start() as k:
        with c.sender(port, kind=socket.SOCK_STREAM) as first, c.sender(port, kind=socket.SOCK_STREAM) as second:
            octets = c.ipfix(0, [c.ipfix_template(), c.ipfix_data([1, 2, 3])]) + c.ipfix(3, [c.ipfix_data([4])])
            for i in range(0, len(octets), 7):
                first.send(octets[i:i + 7])
                time.sleep(0.001)
            second.send(c.ipfix(0, [c.ipfix_data([5])]))
            status = k.wait_status(lambda s: listener(s)["received"] == 3 and s["totals"]["records"] == 4)
            check("TCP: records", status["totals"]["records"] == 4, status)
            check("TCP: the other connection has no template", sum(e["no_template"] for e in status["exporters"]) == 1, status["exporters"])
            with c.sender(port, kind=socket.SOCK_STREAM) as third:
                third.settimeout(c.WAIT)
                check("TCP: one too many is turned away", third.recv(1) == b"", "still open")
            second.send(c.v9(0, [c.v9_template()]))
            second.settimeout(c.WAIT)
            check("TCP: what is no IPFIX closes the connection", second.recv(1) == b"", "still open")
            status = k.wait_status(lambda s: listener(s)["malformed"] == 1 and listener(s)["connections"] == 1)
            check("TCP: counts", listener(status)["malformed"] == 1 and listener(status)["connections_turned_away"] == 1, listener(status))
        status = k.wait_status(lambda s: listener(s)["connections"] == 0)
        check("TCP: closed", listener(status)["connections"] == 0, listener(status))
        check("TCP: end", k.end() == 0, k.read_log())


def test_exporters(directory):
    """Who is not allowed is not listened to, and status says who that was."""
    port = c.free_port()
    with c.Collector(YAGURA, directory / "exporters", [(f"127.0.0.1:{port}", "any")], exporters=["192.0.2.0/24"]).start() as k:
        with c.sender(port) as out:
            out.send(c.v9(0, [c.v9_template(), c.v9_data([1])]))
            status = k.wait_status(lambda s: listener(s)["refused"] == 1)
            check("exporters: refused", listener(status)["refused"] == 1 and listener(status)["received"] == 0, listener(status))
            check("exporters: who", listener(status)["refused_last"] == "127.0.0.1", listener(status))
            done = subprocess.run([YAGURA, "status", "-c", k.config], capture_output=True, text=True, check=False)
            check("exporters: status for people", done.returncode == 0 and "refused was 127.0.0.1" in done.stdout, done.stdout)
        k.end()


def test_alone(directory):
    """One store, one state directory, one port: the second collector says who is there; status of none; other commands."""
    port = c.free_port()
    with c.Collector(YAGURA, directory / "alone", [(f"127.0.0.1:{port}", "any")]) as k:
        done = subprocess.run([YAGURA, "status", "-c", k.config], capture_output=True, text=True, check=False)
        check("status without a collector", done.returncode == 1 and "no collector is running" in done.stderr, done.stderr)
        k.start()
        second = subprocess.run([YAGURA, "collect", "-c", k.config], capture_output=True, text=True, check=False, timeout=c.WAIT)
        check("the port is taken", second.returncode == 1 and f"127.0.0.1:{port}" in second.stderr, second.stderr)
        other = c.Collector(YAGURA, directory / "other", [(f"127.0.0.1:{c.free_port()}", "any")])
        text = other.config.read_text(encoding="utf-8")
        other.config.write_text(text.replace(str(other.state), str(k.state)), encoding="utf-8")
        second = subprocess.run([YAGURA, "collect", "-c", other.config], capture_output=True, text=True, check=False, timeout=c.WAIT)
        check("the state directory is taken", second.returncode == 1 and "another collector" in second.stderr, second.stderr)
        other.config.write_text(text.replace(str(other.store), str(k.store)), encoding="utf-8")
        second = subprocess.run([YAGURA, "collect", "-c", other.config], capture_output=True, text=True, check=False, timeout=c.WAIT)
        check("the store is taken", second.returncode == 1 and "in use" in second.stderr, second.stderr)
        check("query of a store in use", "in use by another process" in str(k.query("SELECT 1")), k.query("SELECT 1"))
        check("still alive", k.status() is not None)
        check("SIGINT", k.end(signal.SIGINT) == 0, k.read_log())
        check("no socket is left", not (k.state / "control.sock").exists())
        check("no note is left", not (k.state / "run.json").exists())


def test_refused_settings(directory):
    """What cannot work is refused at once, in words."""
    port = c.free_port()
    cases = [({"memory_cap": "64MiB"}, [f"127.0.0.1:{port}"], "memory_cap"), ({"user": "no-such-user"}, [f"127.0.0.1:{port}"], "no-such-user"),
             ({}, [], "no listener"), ({}, ["203.0.113.77:2055"], "203.0.113.77")]
    if os.geteuid() == 0:
        cases.append(({"user": ""}, [f"127.0.0.1:{port}"], "collect.user"))
    for i, (settings, listeners, words) in enumerate(cases):
        k = c.Collector(YAGURA, directory / f"refused{i}", [(where, "any") for where in listeners], **settings)
        done = subprocess.run([YAGURA, "collect", "-c", k.config], capture_output=True, text=True, check=False, timeout=c.WAIT)
        check(f"refused: {words}", done.returncode == 1 and words in done.stderr, done.stderr)


def test_privileges(directory):
    """Root binds and becomes nobody before the first datagram, and cannot come back."""
    if os.geteuid() != 0:
        skip("privileges: not root")
        return
    nobody, port = pwd.getpwnam("nobody"), c.free_port()
    # The checkout may be where nobody else may look: the program and the storage engine go where nobody may.
    directory.chmod(0o755)
    program, engine = directory / "yagura", pathlib.Path("node_modules/@duckdb/node-bindings-linux-x64/libduckdb.so")
    shutil.copy(YAGURA, program)
    if (TOP / engine).exists():
        (directory / engine).parent.mkdir(parents=True)
        shutil.copy(TOP / engine, directory / engine)
    if subprocess.run(["su", "-s", "/bin/sh", "nobody", "-c", f"{program} version"], capture_output=True, check=False).returncode != 0:
        skip("privileges: nobody cannot reach the directory for temporary files")
        return
    with c.Collector(program, directory / "drop", [(f"127.0.0.1:{port}", "any")], user="nobody", memory_cap="8GiB").start() as k:
        process = pathlib.Path(f"/proc/{k.process.pid}/status").read_text(encoding="utf-8")
        fields = dict(line.split(":", 1) for line in process.splitlines())
        check("privileges: user", fields["Uid"].split() == [str(nobody.pw_uid)] * 4, fields["Uid"])
        check("privileges: group", fields["Gid"].split() == [str(nobody.pw_gid)] * 4, fields["Gid"])
        check("privileges: other groups", fields["Groups"].split() == [str(nobody.pw_gid)], fields["Groups"])
        check("privileges: capabilities", int(fields["CapEff"], 16) == 0 and int(fields["CapPrm"], 16) == 0, fields["CapEff"])
        check("privileges: no new ones", fields["NoNewPrivs"].strip() == "1", fields["NoNewPrivs"])
        with c.sender(port) as out:
            out.send(c.v9(0, [c.v9_template(), c.v9_data([1])]))
        status = k.wait_status(lambda s: s["window"]["committed"] == 1)
        check("privileges: it works", status["totals"]["records"] == 1, status)
        check("privileges: end", k.end() == 0, k.read_log())
        check("privileges: its files are its own", (k.store / "summary.duckdb").stat().st_uid == nobody.pw_uid)


def test_packaging():
    """The unit and the example configuration are what their readers accept."""
    example = subprocess.run([YAGURA, "config", "check", TOP / "etc/yagura.yaml.example"], capture_output=True, text=True, check=False)
    check("the example", example.returncode == 0, example.stderr)
    shipped = subprocess.run([YAGURA, "config", "check", TOP / "dist/yagura.yaml"], capture_output=True, text=True, check=False)
    check("the collector's example", shipped.returncode == 0, shipped.stderr)
    if shutil.which("systemd-analyze") is None:
        skip("systemd-analyze is not installed")
        return
    with tempfile.TemporaryDirectory() as name:
        unit = pathlib.Path(name) / "yagura-collect.service"
        text = (TOP / "dist/yagura-collect.service").read_text(encoding="utf-8")
        unit.write_text(text.replace("/usr/bin/yagura", str(YAGURA)), encoding="utf-8")
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, check=False)
        check("the unit", "yagura" not in done.stderr, done.stderr)


def main():
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        test_made(directory)
        test_kill(directory)
        test_hangup(directory)
        test_tcp(directory)
        test_exporters(directory)
        test_alone(directory)
        test_refused_settings(directory)
        test_privileges(directory)
        test_packaging()
        if shutil.which("softflowd") is None:
            skip("softflowd is not installed")
        else:
            capture = make_capture(directory)
            test_softflowd(directory, capture)
            test_beside_nfcapd(directory, capture)
            test_loss(directory, capture)
    print(f"{counts['passed']} passed, {counts['failed']} failed" + (f", {counts['skipped']} skipped" if counts["skipped"] else ""))
    return 1 if counts["failed"] else 0


sys.exit(main())
