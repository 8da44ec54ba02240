# SPDX-License-Identifier: ISC
"""A `yagura collect` started and ended by a test, and flow export messages made by hand.

What is made here is independent of the program's decoders: it is packed octet by octet from the RFCs' figures.
"""
import json
import os
import re
import signal
import socket
import struct
import subprocess
import time

WAIT = 20  # s that anything may take on a busy machine
ELEMENTS = ((8, 4), (12, 4), (4, 1), (7, 2), (11, 2), (2, 4), (1, 4), (22, 4), (21, 4))  # of the templates here: id, length


def free_port(kind=socket.SOCK_DGRAM, host="127.0.0.1"):
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind) as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


def wait_for(condition, seconds=WAIT):
    """Whether the condition comes true in time."""
    deadline = time.monotonic() + seconds
    while not (good := condition()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return good


class Collector:
    """One collector, its directory and its configuration."""

    def __init__(self, yagura, directory, listeners, window="2s", run="", **settings):
        self.yagura, self.directory, self.process, self.log = yagura, directory, None, ""
        self.window, self.run, self.settings = window, run, {"user": "root" if os.geteuid() == 0 else "", **settings}
        self.config, self.store, self.state = directory / "yagura.yaml", directory / "store", directory / "state"
        directory.mkdir(exist_ok=True)
        self.configure(listeners)

    def configure(self, listeners, extra=""):
        lines = [f"run:\n  window: {self.window}\n{self.run}", f"store:\n  url: \"duckdb:{self.store}\"", "collect:",
                 f"  state_directory: \"{self.state}\"", "  listeners:"]
        lines += [f"    - {{listen: \"{listen}\", protocol: {protocol}}}" for listen, protocol in listeners]
        lines += [f"  {name}: {json.dumps(value)}" for name, value in self.settings.items()]
        self.config.write_text("\n".join(lines) + "\n" + extra, encoding="utf-8")

    def start(self, wait=True):
        with (self.directory / "log").open("wb") as log:
            self.process = subprocess.Popen([self.yagura, "collect", "-c", self.config], stdin=subprocess.DEVNULL, stderr=log)
        if wait and not wait_for(lambda: self.status() is not None or self.process.poll() is not None):
            raise RuntimeError("the collector does not answer")
        return self

    def read_log(self):
        return (self.directory / "log").read_text(encoding="utf-8", errors="replace")

    def status(self):
        done = subprocess.run([self.yagura, "status", "--json", "-c", self.config], capture_output=True, text=True, check=False,
                              timeout=WAIT)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def wait_status(self, condition):
        """The first status that the condition holds of, or else the last one."""
        wait_for(lambda: (s := self.status()) is not None and condition(s))
        return self.status()

    def tell(self, which):
        self.process.send_signal(which)

    def end(self, which=signal.SIGTERM):
        """Ends it; its exit status."""
        self.tell(which)
        return self.process.wait(timeout=6 * WAIT)

    def query(self, sql):
        done = subprocess.run([self.yagura, "query", "--store", f"duckdb:{self.store}", "--json", sql], capture_output=True, text=True,
                              check=False, timeout=WAIT)
        if done.returncode != 0:
            return done.stderr
        return json.loads(done.stdout)

    def totals(self):
        """Rows, packets and octets of the flows in the store."""
        rows = self.query("SELECT count(*) AS flows, coalesce(sum(packet_delta_count + reverse_packet_delta_count), 0) AS packets, "
                          "coalesce(sum(octet_delta_count + reverse_octet_delta_count), 0) AS octets FROM flows")
        return rows if isinstance(rows, str) else tuple(int(rows[0][name]) for name in ("flows", "packets", "octets"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def record(number):
    """A data record of ELEMENTS: 10 packets and 1000 + number octets."""
    return struct.pack("!4s4sBHHIIII", bytes([192, 0, 2, number % 250]), bytes([198, 51, 100, 7]), 6, 1024 + number, 443, 10,
                       1000 + number, 1000, 2000)


def v9(sequence, sets, source=7):
    """A NetFlow v9 packet (RFC 3954, section 5.1) of whole FlowSets."""
    count = sum(n for n, _ in sets)
    return struct.pack("!HHIIII", 9, count, 100000, int(time.time()), sequence, source) + b"".join(octets for _, octets in sets)


def v9_template(number=300):
    fields = b"".join(struct.pack("!HH", *element) for element in ELEMENTS)
    return 1, struct.pack("!HHHH", 0, 8 + len(fields), number, len(ELEMENTS)) + fields


def v9_data(numbers, template=300):
    octets = b"".join(record(n) for n in numbers)
    octets += bytes(-len(octets) % 4)
    return len(numbers), struct.pack("!HH", template, 4 + len(octets)) + octets


def ipfix(sequence, sets, domain=7):
    """An IPFIX message (RFC 7011, section 3.1) of whole sets."""
    body = b"".join(sets)
    return struct.pack("!HHIII", 10, 16 + len(body), int(time.time()), sequence, domain) + body


def ipfix_template(number=300):
    # flowStartMilliseconds and flowEndMilliseconds (152, 153) instead of uptimes, which IPFIX has not.
    elements = [(152 if i == 22 else 153 if i == 21 else i, 8 if i in (21, 22) else length) for i, length in ELEMENTS]
    fields = b"".join(struct.pack("!HH", *element) for element in elements)
    return struct.pack("!HHHH", 2, 8 + len(fields), number, len(elements)) + fields


def ipfix_data(numbers, template=300):
    now = int(time.time() * 1000)
    octets = b"".join(record(n)[:-8] + struct.pack("!QQ", now - 1000, now) for n in numbers)
    return struct.pack("!HH", template, 4 + len(octets)) + octets


def sender(port, host="127.0.0.1", kind=socket.SOCK_DGRAM):
    client = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind)
    client.connect((host, port))
    return client


def softflowd(capture, target, version, *more):
    """Runs softflowd over a capture; flows and records it exported, and packets and octets it metered."""
    # It removes the file of its process number at the end: one of our own.
    pid_file = f"{capture}.softflowd-pid"
    done = subprocess.run(["softflowd", "-d", "-a", "-r", capture, "-n", target, "-v", str(version), "-p", pid_file, "-c", "none",
                           *more], capture_output=True, text=True, check=False, timeout=WAIT * 3)
    text = done.stdout + done.stderr
    exported = re.search(r"Flows exported: (\d+) \((\d+) records\) in (\d+) packets", text)
    octets = re.findall(r"^ +\S+ \(\d+\): +(\d+) +(\d+)", text, re.M)
    if done.returncode != 0 or exported is None:
        raise RuntimeError(text)
    return {"flows": int(exported.group(1)), "records": int(exported.group(2)), "datagrams": int(exported.group(3)),
            "octets": sum(int(o) for o, _ in octets), "packets": sum(int(p) for _, p in octets)}
