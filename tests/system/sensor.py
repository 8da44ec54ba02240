#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""`yagura sensor` in a network namespace, under curl, ssh, nmap, hping3 and sockets: what it wrote against what was sent.

usage: sensor.py [BUILD]

Two namespaces and a pair of interfaces between them are made and taken away again; without root, or where namespaces are not allowed, all of it is
skipped.  Ports, limits, the sandbox (also as an ordinary user), and all ports of dark prefixes through nftables.
"""
import base64
import ctypes
import hashlib
import json
import os
import pathlib
import random
import re
import resource
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
BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else TOP / "build").resolve()
YAGURA = str(BUILD / "yagura")
INSIDE, OUTSIDE = f"ysens-i{os.getpid()}", f"ysens-o{os.getpid()}"  # the sensor's namespace, and that of who comes
HERE, THERE = "192.0.2.1", "192.0.2.2"
HERE6, THERE6 = "2001:db8:77::1", "2001:db8:77::2"
DARK, DARK6 = "198.51.100.0/24", "2001:db8:dead::/64"
KEPT = 4096
CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)
SMB1 = b"\xffSMB\x72" + bytes(27) + b"\0\x0c\0\2NT LM 0.12\0"

STARTED = []
count = {"passed": 0, "failed": 0, "skipped": 0}


def check(what, good, why=""):
    count["passed" if good else "failed"] += 1
    if not good:
        print(f"FAIL {what}: {why}")


def skip(what, why):
    count["skipped"] += 1
    print(f"skip {what}: {why}")


def run(*words, **more):
    return subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                          timeout=30, **more)


def inside(*words):
    return run("ip", "netns", "exec", INSIDE, *words)


def outside(*words):
    return run("ip", "netns", "exec", OUTSIDE, *words)


def in_outside(work):
    """Runs work() in a thread that lives in the outside namespace, and returns what it does."""
    result = []

    def body():
        with open(f"/run/netns/{OUTSIDE}", "rb") as where:
            if LIBC.setns(where.fileno(), CLONE_NEWNET) != 0:
                result.append(OSError(ctypes.get_errno(), "setns"))
                return
        try:
            result.append(work())
        except OSError as error:
            result.append(error)

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    return result[0]


def make_namespaces():
    """None, or why there are none."""
    if os.geteuid() != 0:
        return "not root"
    steps = [f"ip netns add {INSIDE}", f"ip netns add {OUTSIDE}", f"ip link add ys0 netns {INSIDE} type veth peer name ys1 netns {OUTSIDE}"]
    for name, interface, addresses in ((INSIDE, "ys0", [f"{HERE}/24", f"{HERE6}/64"]), (OUTSIDE, "ys1", [f"{THERE}/24", f"{THERE6}/64"])):
        steps += [f"ip -n {name} link set lo up", f"ip -n {name} link set {interface} up"]
        steps += [f"ip -n {name} address add {address} dev {interface} {'nodad' if ':' in address else ''}" for address in addresses]
    many = "".join(f"address add 10.9.{i // 250}.{i % 250 + 1}/16 dev ys1\n" for i in range(300))
    steps += [f"ip -n {INSIDE} route add 10.9.0.0/16 dev ys0", f"ip -n {OUTSIDE} route add {DARK} via {HERE}", f"ip -n {OUTSIDE} -6 route add {DARK6} via {HERE6}"]
    for step in steps:
        done = run(*step.split())
        if done.returncode != 0:
            return f"{step}: {done.stdout.decode().strip()}"
    subprocess.run(["ip", "-n", OUTSIDE, "-batch", "-"], input=many.encode(), check=True)
    return None


def remove_namespaces():
    for name in (INSIDE, OUTSIDE):
        run("ip", "netns", "del", name)


class Sensor:
    """A sensor in its namespace, and its log."""

    def __init__(self, directory, *options):
        self.log = directory
        self.process = subprocess.Popen(["ip", "netns", "exec", INSIDE, YAGURA, "sensor", "-d", directory, "--name", "pot", "--limit", "idle=1s", *options],
                                        stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, encoding="utf-8")
        STARTED.append(self.process)
        self.said = self.process.stderr.readline()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.said += self.process.communicate(timeout=20)[1]
        self.events = [json.loads(line) for path in sorted(self.log.iterdir()) for line in path.read_text(encoding="ascii").splitlines()]
        return [event for event in self.events if event["event"] == "contact"]


def payload(contact):
    octets = base64.b64decode(contact.get("payload", ""))
    if octets:
        check("its digest", hashlib.sha256(octets).hexdigest() == contact["sha256"], contact)
    return octets


def talk(address, port, octets, lines=(), patience=5):
    """A connection: sends the octets, or lines one after another; returns its own port and what came."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as s:
        s.settimeout(patience)
        s.connect((address, port))
        own = s.getsockname()[1]
        got = b""
        if octets:
            s.sendall(octets)
        for line in lines:
            got += s.recv(1000)
            s.sendall(line)
        s.shutdown(socket.SHUT_WR)
        try:
            while part := s.recv(1000):
                got += part
        except OSError:
            pass
        return own, got


def ports(directory):
    """Ports of services and others: everybody's payload, credentials and answers."""
    dice = random.Random(7)
    sensor = Sensor(directory, "--tcp", "21-23,80,110,443,445,7000-7009", "--udp", "53,123,7000", "--banner", "ssh=SSH-2.0-Test")
    status = pathlib.Path(f"/proc/{sensor.process.pid}/status").read_text(encoding="utf-8")
    check("seccomp is on", re.search(r"Seccomp:\s*2", status) and re.search(r"NoNewPrivs:\s*1", status), status)
    check("nobody, without powers", re.search(r"Uid:(\s*65534){4}", status) and re.search(r"CapEff:\s*0+\n", status), status)
    check("it says its sandbox", "not root, chroot" in sensor.said and "seccomp" in sensor.said, sensor.said)
    sent, answers = {}, {}
    for size in (0, 1, 100, KEPT - 1, KEPT, KEPT + 1, 60000):
        octets = dice.randbytes(size)
        own, _ = in_outside(lambda octets=octets: talk(HERE, 7001, octets))
        sent[own] = octets
    own, _ = in_outside(lambda: talk(HERE6, 7002, b"over IPv6"))
    sent[own] = b"over IPv6"
    dialogues = {"telnet": (23, [b"\xff\xfd\x03root\r\n", b"p\xe4ss\r\n", b"admin\r\0", b"\r\n"]), "ftp": (21, [b"USER anonymous\r\n", b"PASS a@b c\r\n", b"QUIT\r\n"]),
                 "pop3": (110, [b"USER joe\r\n", b"PASS secret\r\n", b"QUIT\r\n"])}
    for name, (port, lines) in dialogues.items():
        answers[name] = in_outside(lambda port=port, lines=lines: talk(HERE, port, b"", lines=lines))[1]
    web = outside("curl", "-s", "-m", "5", "-o", "/dev/null", "-w", "%{http_code}", "-A", "agent", f"http://{HERE}/path?query=1").stdout
    outside("curl", "-sk", "-m", "5", "--http1.1", "--resolve", f"name.example:443:{HERE}", "https://name.example/")
    outside("curl", "-s", "-m", "5", f"ftp://user:word@{HERE}/")
    outside("timeout", "3", "ssh", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", f"root@{HERE}")
    in_outside(lambda: talk(HERE, 445, struct.pack("!I", len(SMB1)) + SMB1))
    datagrams = in_outside(send_datagrams)
    scans(sensor)
    contacts = sensor.stop()
    check_ports(contacts, sent, answers, web)
    check_datagrams(contacts, datagrams)
    ended = [event for event in sensor.events if event["event"] == "stop"]
    check("counts at the end", len(ended) == 1 and ended[0]["contacts"] == len(contacts) and ended[0]["turned_away"] == 0, ended)
    watches = [event for event in sensor.events if event["event"] == "watch"]
    check("watches meet", all(a["end"] == b["begin"] for a, b in zip(watches, watches[1:])) and watches[0]["begin"] == sensor.events[0]["begin"], watches)
    check("nothing but ASCII, a line each", all(path.read_bytes().isascii() for path in directory.iterdir()))
    consume(directory, contacts)


def check_ports(contacts, sent, answers, web):
    by_port = {c["source_port"]: c for c in contacts if c["protocol"] == "tcp" and c["destination_port"] in (7001, 7002)}
    for own, octets in sent.items():
        contact = by_port.get(own)
        check(f"a contact of {len(octets)} octets", contact is not None and contact["octets"] == len(octets) and payload(contact) == octets[:KEPT], contact)
    six = [c for c in contacts if c["destination"] == HERE6]
    check("IPv6", len(six) == 1 and six[0]["source"] == THERE6, six)
    logins = {}
    for c in contacts:
        for login in c.get("logins", []):
            logins.setdefault(login["service"], []).append((login["user"], login["password"]))
    check("telnet's credentials", logins.get("telnet") == [("root", "p\xe4ss"), ("admin", "")], logins)
    check("ftp's credentials", logins.get("ftp") == [("anonymous", "a@b c"), ("user", "word")], logins)
    check("pop3's credentials", logins.get("pop3") == [("joe", "secret")], logins)
    check("prompts", answers["telnet"].startswith(b"login: Password: ") and answers["ftp"].startswith(b"220 ") and b"530 " in answers["ftp"]
          and b"-ERR" in answers["pop3"], answers)
    http = [c for c in contacts if c["destination_port"] == 80 and c["kind"] == "http"]
    check("curl's request", web == b"404" and http[0]["facts"] == {"method": "GET", "target": "/path?query=1", "host": HERE, "user_agent": "agent"}, (web, http))
    tls = [c for c in contacts if c["kind"] == "tls"]
    check("curl's hello", len(tls) >= 1 and tls[0]["facts"]["server_name"] == "name.example" and "http/1.1" in tls[0]["facts"]["alpn"], tls)
    if tls:
        check("its JA3 is tshark's", ja3(payload(tls[0])) in (tls[0]["facts"]["ja3"], None), (ja3(payload(tls[0])), tls[0]["facts"]))
    ssh = [c for c in contacts if c["destination_port"] == 22 and c["kind"] == "ssh"]
    check("ssh's banner", len(ssh) == 1 and ssh[0]["facts"]["banner"].startswith("SSH-2.0-OpenSSH"), ssh)
    smb = [c for c in contacts if c["kind"] == "smb1"]
    check("SMB's dialects", len(smb) >= 1 and smb[0]["facts"]["dialects"] == "NT LM 0.12", smb)


def ja3(hello):
    """What tshark says of a hello in a packet of our own; None without tshark."""
    if not shutil.which("tshark"):
        return None
    tcp = struct.pack("!HHIIBBHHH", 40000, 443, 1, 1, 0x50, 0x18, 65535, 0, 0) + hello
    packet = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 1, 0, 64, 6, 0, bytes([192, 0, 2, 2]), bytes([192, 0, 2, 1])) + tcp
    with tempfile.NamedTemporaryFile(suffix=".pcap") as capture:
        capture.write(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101) + struct.pack("<IIII", 1, 0, len(packet), len(packet)) + packet)
        capture.flush()
        done = subprocess.run(["tshark", "-r", capture.name, "-T", "fields", "-e", "tls.handshake.ja3"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return done.stdout.decode().strip()


def send_datagrams():
    """Three to one port from one socket, one to another; nobody may answer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((THERE, 0))
        s.settimeout(0.3)
        for octets in (b"first", b"second one", b""):
            s.sendto(octets, (HERE, 7000))
        s.sendto(b"\x17\0\x03\x2a" + bytes(4), (HERE, 123))
        try:
            answer = s.recv(100)
        except TimeoutError:
            answer = None
        return s.getsockname()[1], answer


def check_datagrams(contacts, datagrams):
    own, answer = datagrams
    mine = {c["destination_port"]: c for c in contacts if c["protocol"] == "udp" and c["source_port"] == own}
    check("nobody answers UDP", answer is None, answer)
    check("a conversation", mine[7000]["count"] == 3 and mine[7000]["octets"] == 15 and payload(mine[7000]) == b"first", mine)
    check("another", mine[123]["count"] == 1 and payload(mine[123]) == b"\x17\0\x03\x2a" + bytes(4), mine)


def scans(sensor):
    """Scanners: what connects is a contact, half-open scans are not."""
    if not shutil.which("nmap") or not shutil.which("hping3"):
        skip("scanners", "nmap and hping3 are not both here")
        return
    outside("nmap", "-n", "-Pn", "-sS", "-p", "7003", HERE)
    done = outside("nmap", "-n", "-Pn", "-sT", "-p", "7004-7009,7050", HERE).stdout.decode()
    check("nmap sees its ports", done.count("open") == 6 and "7050/tcp closed" in done, done)
    outside("nmap", "-n", "-Pn", "-sU", "-p", "53", "--max-retries", "0", HERE)
    outside("hping3", "-q", "-2", "-p", "7000", "-d", "30", "-c", "4", "-i", "u1000", "-s", "4000", "-k", HERE)
    outside("hping3", "-q", "-S", "-p", "7003", "-c", "20", "-i", "u1000", HERE)
    time.sleep(1.5)
    sensor.scanned = True


def check_scans(contacts):
    full = {c["destination_port"] for c in contacts if c["protocol"] == "tcp" and 7004 <= c["destination_port"] <= 7009}
    check("connect scan", full == set(range(7004, 7010)), full)
    half = [c for c in contacts if c["destination_port"] == 7003]
    check("half-open scans leave nothing", not half, half)
    dns = [c for c in contacts if c["protocol"] == "udp" and c["destination_port"] == 53]
    check("UDP scan", len(dns) >= 1 and dns[0]["octets"] > 0, dns)
    flood = [c for c in contacts if c["protocol"] == "udp" and c["source_port"] == 4000]
    check("hping3's datagrams", len(flood) == 1 and flood[0]["count"] == 4 and flood[0]["octets"] == 120, flood)


def consume(directory, contacts):
    """The log as an input: every contact, every login, every watch; and a review of it."""
    done = subprocess.run([BUILD / "tests/observations", *sorted(directory.iterdir())], stdout=subprocess.PIPE, encoding="utf-8", check=False)
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    check("all of it is read", done.returncode == 0, [row for row in rows if row[0] in ("damaged", "refused")])
    got = sorted((row[3], int(row[5]), row[4], int(row[6]), int(row[9]), int(row[11]), row[14]) for row in rows if row[0] == "contact")
    wanted = sorted((c["source"], c["source_port"], c["destination"], c["destination_port"], c["count"], c["octets"], c.get("sha256", "")) for c in contacts)
    check("contacts", got == wanted, [pair for pair in zip(got, wanted) if pair[0] != pair[1]][:2])
    check("attempts to log in", sum(row[0] == "login" for row in rows) == sum(len(c.get("logins", [])) for c in contacts))
    check("watches", any(row[0] == "watch" for row in rows))
    out = directory.parent / "review.json"
    done = run(YAGURA, "review", "-q", "--json", out, directory)
    check("a review", done.returncode == 0 and json.loads(out.read_text(encoding="utf-8"))["inputs"][0]["kind"] == "sensor-log", done.stdout)
    check_scans(contacts)


def limits(directory):
    """Ten thousand connections at once from 300 sources, slow ones, and more log than a day may have."""
    sensor = Sensor(directory, "--tcp", "7001", "--limit", "connections=200", "--limit", "per_source=3", "--limit", "time=3s", "--limit", "idle=2s", "--limit",
                    "rotate=64KiB", "--limit", "per_day=128KiB")
    pid = sensor.process.pid
    resource.setrlimit(resource.RLIMIT_NOFILE, (12000, 12000))

    def open_many():
        held = []
        for i in range(10000):
            s = socket.socket()
            s.setblocking(False)
            s.bind((f"10.9.{i % 300 // 250}.{i % 300 % 250 + 1}", 0))
            s.connect_ex((HERE, 7001))
            held.append(s)
        time.sleep(1)
        descriptors = len(os.listdir(f"/proc/{pid}/fd"))
        memory = int(re.search(r"VmRSS:\s*(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8"))[1])
        for s in held:
            s.close()
        return descriptors, memory

    many = in_outside(open_many)
    check("connections at once are bounded", isinstance(many, tuple) and many[0] < 230 and many[1] < 40000, many)
    time.sleep(0.5)

    def slow():
        with socket.socket() as s:
            s.connect((HERE, 7001))
            begin = time.monotonic()
            try:
                while time.monotonic() - begin < 6:
                    s.send(b"X")
                    time.sleep(0.3)
            except OSError:
                pass
            return time.monotonic() - begin

    took = in_outside(slow)
    check("slow ones are ended", 2.5 < took < 5, took)

    def chatter():
        for _ in range(120):
            talk(HERE, 7001, b"Y" * KEPT)

    in_outside(chatter)
    contacts = sensor.stop()
    total = sensor.events[-1]
    check("all connections are counted", total["connections"] >= 10000 + 121, total)
    check("each is a contact, turned away, or not logged", total["connections"] == total["contacts"] + total["turned_away"] + total["turned_away_source"]
          + total["unlogged"] and total["turned_away"] > 5000, total)
    check("of a source", max(sum(c["source"] == f"10.9.0.{i}" and c["octets"] == 0 for c in contacts) for i in range(1, 20)) <= 3 * 8)
    slow_ones = [c for c in contacts if c["closed"] == "time"]
    check("one took too long", len(slow_ones) == 1 and payload(slow_ones[0]).strip(b"X") == b"", slow_ones)
    sizes = [path.stat().st_size for path in directory.iterdir()]
    check("files of bounded size", len(sizes) >= 2 and max(sizes) <= 64 * 1024, sizes)
    check("the day's octets", total["unlogged"] > 0 and sum(sizes) < 160 * 1024, (total, sizes))


def all_ports(directory):
    """Dark prefixes: any address, any port, with rules that come and go."""
    sensor = Sensor(directory, "--apply-nft", "--interface", "ys0", "--prefix", DARK, "--prefix", DARK6, "--except", "22")
    rules = inside("nft", "list", "tables").stdout.decode()
    if "yagura_sensor" not in rules:
        sensor.stop()
        skip("all ports", f"no nftables here: {sensor.said.strip()}")
        return
    dice = random.Random(9)
    wanted = set()
    for i in range(12):
        address = f"198.51.100.{dice.randrange(1, 255)}" if i % 3 else f"2001:db8:dead::{dice.randrange(1, 60000):x}"
        port = dice.randrange(1000, 65000)
        octets = f"hello {i}".encode()
        own = in_outside(lambda address=address, port=port, octets=octets: talk(address, port, octets))
        if isinstance(own, tuple):
            wanted.add(("tcp", socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, address)) if ":" in address else address, port, octets))
        else:
            check("a connection to dark space", False, (address, port, own))

    def datagrams():
        for address, family in (("198.51.100.77", socket.AF_INET), ("2001:db8:dead::77", socket.AF_INET6)):
            with socket.socket(family, socket.SOCK_DGRAM) as s:
                s.sendto(b"datagram", (address, 31337))

    in_outside(datagrams)
    wanted |= {("udp", "198.51.100.77", 31337, b"datagram"), ("udp", "2001:db8:dead::77", 31337, b"datagram")}
    left = in_outside(lambda: talk("198.51.100.5", 22, b"x", patience=0.5))
    check("a port that is left alone", isinstance(left, OSError), left)
    time.sleep(0.5)
    contacts = sensor.stop()
    got = {(c["protocol"], c["destination"], c["destination_port"], payload(c)) for c in contacts}
    check("destinations as they were meant", got == wanted, (got - wanted, wanted - got))
    rules = inside("nft", "list", "tables").stdout.decode() + inside("ip", "rule").stdout.decode() + inside("ip", "-6", "rule").stdout.decode()
    check("the rules are gone", "yagura_sensor" not in rules and "7921" not in rules, rules)


def sandbox(directory):
    """What it refuses, as root and as somebody; what it says where a step is missing."""
    directory.mkdir()
    directory.chmod(0o755)
    # A checkout may be where nobody else may look.
    program = directory / "yagura"
    shutil.copy(YAGURA, program)
    program.chmod(0o755)
    for user in (0, 65534):
        where = directory / str(user)
        where.mkdir()
        os.chown(where, 65534, 65534)
        done = run(program, "sensor", "-d", where, "--name", "pot", "--tcp", "7001", "--check-sandbox", user=user)
        text = done.stdout.decode()
        landlock = "Landlock ABI" in text
        check(f"the sandbox of user {user}", text.count(": refused") == (11 if user == 0 or landlock else 10), text)
        check("its status", (done.returncode == 0) == (user == 0 or landlock), text)
        check("what it says of itself", ("chroot to" in text) == (user == 0), text)
    if shutil.which("strace"):
        done = run("strace", "-f", "-o", directory / "trace", YAGURA, "sensor", "-d", directory / "0", "--name", "pot", "--tcp", "7001", "--check-sandbox")
        trace = (directory / "trace").read_text(encoding="utf-8", errors="replace")
        after = trace[trace.rfind("seccomp("):]
        for call in ("connect", "execve", "socket", "sendto"):
            check(f"{call}() is refused by the kernel", re.search(rf"\b{call}\(.*= -1 EPERM", after), after[:2000])


def refusals(directory):
    for options, words in ((["--tcp", "7001"], "--directory"), (["-d", directory], "--tcp"), (["-d", directory, "--tcp", "0"], "ports"),
                           (["-d", directory, "--tcp", "9-5"], "before it begins"), (["-d", directory, "--tcp", "5", "--service", "5=gopher"], "service"),
                           (["-d", directory, "--tcp", "5", "--limit", "connexions=5"], "connections"), (["-d", directory, "--tcp", "5", "--name", "../x"], "name"),
                           (["-d", directory, "--tcp", "5", "--banner", "silent=x"], "banner"), (["-d", directory, "--tcp", "5", "--all-ports"], "--all-ports"),
                           (["--print-nft", "--interface", "a\"b"], "interface")):
        done = run(YAGURA, "sensor", *options)
        check(f"refuses {options[-1]}", done.returncode == 2 and words in done.stdout.decode(), done.stdout)
    done = run(YAGURA, "sensor", "-d", directory / "none" / "none", "--tcp", "7001")
    check("a directory that cannot be", done.returncode == 1 and b"No such file" in done.stdout, done.stdout)


def main():
    with tempfile.TemporaryDirectory() as directory:
        where = pathlib.Path(directory)
        where.chmod(0o755)
        refusals(where)
        why = make_namespaces()
        try:
            if why:
                skip("everything in namespaces", why)
            else:
                for work in (ports, limits, all_ports, sandbox):
                    work(where / work.__name__)
        finally:
            for process in STARTED:  # those that a failure left
                if process.poll() is None:
                    process.kill()
            remove_namespaces()
    print(", ".join(f"{n} {what}" for what, n in count.items()))
    return count["failed"] != 0


if __name__ == "__main__":
    sys.exit(main())
