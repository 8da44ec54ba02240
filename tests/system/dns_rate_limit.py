#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What dns/countermeasures says rate limiting would do is what real BIND and NSD do.

usage: dns_rate_limit.py [BUILD]

Starts both servers on loopback with a limit of 10 responses a second, sends both the same questions from several networks for some
seconds, and counts what was dropped (no answer) and slipped (truncated).  Then writes a capture of the same questions at the same
times with the answers an unlimited server gives, and compares dropped and slipped: within 5 % (NSD slips at random: the sum within
5 %, the part that slips within 5 % of the sum).
Skips without named or nsd.  The last line is `N passed, N failed, N skipped`.
"""
# alone
import json
import pathlib
import random
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

RATE, SECONDS, ZONE = 10, 7, "example.test"
SERVER = "127.0.0.1"
NAMED_PORT, NSD_PORT = 5391, 5392
# source, questions a second, name (None: ever new names that do not exist)
CLIENTS = [("127.1.1.1", 60, "www"), ("127.1.2.1", 14, "mail"), ("127.1.3.1", 40, None), ("127.1.4.1", 6, "www"), ("127.1.5.1", 150, "big"),
           ("127.1.5.9", 20, "www")]
ZONE_FILE = f"""$ORIGIN {ZONE}.
$TTL 60
@ SOA ns hostmaster 1 3600 600 86400 60
@ NS ns
ns A 127.0.0.1
www A 192.0.2.1
mail A 192.0.2.2
big TXT "{'x' * 200}"
"""
NAMED = """options {{ directory "{d}"; listen-on port {p} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; recursion no; pid-file none;
 session-keyfile none; answer-cookie no; allow-query {{ any; }}; rate-limit {{ responses-per-second {r}; window 15; slip 2; }}; }};
controls {{ }};
zone "example.test" {{ type primary; file "{d}/zone"; }};
"""
NSD = """server:
 ip-address: 127.0.0.1@{p}
 server-count: 1
 zonesdir: "{d}"
 database: ""
 pidfile: "{d}/nsd.pid"
 xfrdfile: "{d}/xfrd.state"
 zonelistfile: "{d}/zone.list"
 username: ""
 rrl-ratelimit: {r}
 rrl-slip: 2
remote-control:
 control-enable: no
zone:
 name: example.test
 zonefile: "{d}/zone"
"""


def wire(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def question(ident, name):
    return struct.pack(">HHHHHH", ident, 0, 1, 0, 0, 0) + wire(name) + struct.pack(">HH", 16 if name.startswith("big") else 1, 1)


def unlimited_answer(ident, name):
    """What a server without limits says."""
    tail = question(ident, name)[12:]
    if name.startswith("no"):
        owner = struct.pack(">H", 0xC000 | 12 + name.index(".") + 1)
        soa = wire("ns." + ZONE) + wire("hostmaster." + ZONE) + struct.pack(">IIIII", 1, 3600, 600, 86400, 60)
        return struct.pack(">HHHHHH", ident, 0x8403, 1, 0, 1, 0) + tail + owner + struct.pack(">HHIH", 6, 1, 60, len(soa)) + soa
    data = b"\xc8" + b"x" * 200 if name.startswith("big") else bytes([192, 0, 2, 1])
    return struct.pack(">HHHHHH", ident, 0x8400, 1, 1, 0, 0) + tail + struct.pack(">HHHIH", 0xC00C, 16 if name.startswith("big") else 1, 1, 60,
                                                                                len(data)) + data


def schedule():
    """(time since the start, client, name), in order."""
    return sorted((k / rate + 0.0007 * index, index, name) for index, (_, rate, name) in enumerate(CLIENTS) for k in range(rate * SECONDS))


class Sender:
    """Questions to one server, and what came back."""

    def __init__(self, port):
        self.port, self.sent, self.answers = port, [], {}
        self.sockets = []
        for source, _, _ in CLIENTS:
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            s.bind((source, 0))
            s.setblocking(False)
            self.sockets.append(s)

    def send(self, index, name):
        ident = len(self.sent)
        name = f"{name or 'no%d' % ident}.{ZONE}"
        self.sent.append((time.time(), index, name))
        self.sockets[index].sendto(question(ident, name), (SERVER, self.port))

    def receive(self):
        for s in self.sockets:
            try:
                while True:
                    data = s.recv(4096)
                    self.answers[struct.unpack(">H", data[:2])[0]] = bool(data[2] & 2)
            except BlockingIOError:
                pass

    def counts(self):
        slipped = sum(self.answers.values())
        return len(self.sent) - len(self.answers), slipped

    def write(self, path):
        def udp(source, destination, sport, dport, data):
            head = struct.pack(">BBHHHBBH", 0x45, 0, 28 + len(data), 0, 0, 64, 17, 0) + socket.inet_aton(source) + socket.inet_aton(destination)
            return head + struct.pack(">HHHH", sport, dport, 8 + len(data), 0) + data

        with open(path, "wb") as out:
            out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
            for ident, (when, index, name) in enumerate(self.sent):
                source, sport = CLIENTS[index][0], self.sockets[index].getsockname()[1]
                for late, packet in ((0, udp(source, SERVER, sport, 53, question(ident, name))),
                                     (1, udp(SERVER, source, 53, sport, unlimited_answer(ident, name)))):
                    micro = int(when * 1e6) + late
                    out.write(struct.pack("<IIII", micro // 1000000, micro % 1000000, len(packet), len(packet)) + packet)


def start(directory, name, text, command):
    """The running server."""
    place = pathlib.Path(directory) / name
    place.mkdir()
    place.chmod(0o777)
    (place / "zone").write_text(ZONE_FILE, encoding="ascii")
    (place / "conf").write_text(text.format(d=place, p=NAMED_PORT if name == "bind" else NSD_PORT, r=RATE), encoding="ascii")
    return subprocess.Popen([*command, place / "conf"], stdout=subprocess.DEVNULL, stderr=(place / "log").open("wb"))


def is_up(port):
    """Asked from a network of its own, so that no limit is used up."""
    deadline = time.time() + 6
    while time.time() < deadline:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind(("127.9.9.9", 0))
            s.settimeout(0.3)
            try:
                s.sendto(question(1, "ns." + ZONE), (SERVER, port))
                if s.recv(512)[3] & 15 == 0:
                    return True
            except (TimeoutError, ConnectionError, OSError):
                pass
    return False


def flood(senders):
    # Begin early in a minute that is not the last of a window, so that all is in one.
    begin = time.time() + 0.05
    for offset, index, name in schedule():
        while (wait := begin + offset - time.time()) > 0:
            time.sleep(min(wait, 0.002))
        for sender in senders:
            sender.send(index, name)
            sender.receive()
    deadline = time.time() + 0.6
    while time.time() < deadline:
        for sender in senders:
            sender.receive()
        time.sleep(0.01)


def predicted(build, sender, directory, algorithm):
    capture, out = pathlib.Path(directory) / f"{algorithm}.pcap", pathlib.Path(directory) / f"{algorithm}.json"
    sender.write(capture)
    subprocess.run([build / "yagura", "review", capture, "--only", "dns/countermeasures", "-o", out.with_suffix(".html"), "--json", out], check=True,
                   stderr=subprocess.DEVNULL)
    document = json.loads(out.read_text(encoding="utf-8"))
    for chapter in document["chapters"]:
        for section in chapter["sections"]:
            for table in section["tables"]:
                if table["id"] == "rate-limits":
                    names = [column["name"] for column in table["columns"]]
                    for row in table["rows"]:
                        cells = dict(zip(names, row))
                        if cells["algorithm"] == algorithm and cells["rate"] == RATE:
                            return cells["dropped"], cells["slipped"]
    return 0, 0


def is_close(algorithm, real, ours):
    total, said = sum(real), sum(ours)
    if algorithm == "nsd":
        return abs(total - said) <= 0.05 * total and abs(real[1] - ours[1]) <= 0.05 * total
    return all(abs(a - b) <= 0.05 * a for a, b in zip(real, ours))


def main():
    build = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build").resolve()
    servers = {"bind": (NAMED, shutil.which("named") or shutil.which("named", path="/usr/sbin"), ["-g", "-n", "1", "-c"], NAMED_PORT),
               "nsd": (NSD, shutil.which("nsd") or shutil.which("nsd", path="/usr/sbin"), ["-d", "-c"], NSD_PORT)}
    missing = [name for name, (_, program, _, _) in servers.items() if program is None]
    servers = {name: server for name, server in servers.items() if name not in missing}
    passed = failed = 0
    random.seed(1)
    running = []
    with tempfile.TemporaryDirectory() as directory:
        pathlib.Path(directory).chmod(0o755)
        try:
            running = [start(directory, name, text, [program, *options]) for name, (text, program, options, _) in servers.items()]
            down = [name for name, server in servers.items() if not is_up(server[3])]
            for name in down:
                print(f"{name} does not answer:\n{(pathlib.Path(directory) / name / 'log').read_text(errors='replace')[-500:]}")
                failed += 1
            senders = {name: Sender(server[3]) for name, server in servers.items() if name not in down}
            # All in one window of 5 minutes.
            time.sleep(max(0, 300 - time.time() % 300) if 300 - time.time() % 300 < SECONDS + 2 else 0)
            flood(list(senders.values()))
            for name, sender in senders.items():
                real, ours = sender.counts(), predicted(build, sender, directory, name)
                print(f"{name}: of {len(sender.sent)} questions {real[0]} dropped and {real[1]} slipped; the what-if says {ours[0]} and {ours[1]}")
                passed, failed = (passed + 1, failed) if is_close(name, real, ours) else (passed, failed + 1)
        finally:
            for process in running:
                process.terminate()
            for process in running:
                process.wait(timeout=10)
    print(f"{passed} passed, {failed} failed" + (f", {len(missing)} skipped" if missing else ""))
    sys.exit(failed != 0)


main()
