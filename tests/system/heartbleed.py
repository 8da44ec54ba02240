#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""security/heartbleed: the truth of `yagura simulate heartbleed`, real captures with tshark beside them, and what hides in segments.

usage: heartbleed.py [BUILD]

The real captures are found by YAGURA_DATA (default ../shared/data) and left out where they are not.
"""
import datetime
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "tests/golden"))
from capture import BEGIN  # noqa: E402  pylint: disable=wrong-import-position
from tls_wire import DATA, HEARTBEAT, Connection, record  # noqa: E402  pylint: disable=wrong-import-position

YAGURA = str(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else TOP / "build").resolve() / "yagura")
DATA_DIR = pathlib.Path(os.environ.get("YAGURA_DATA", TOP / "../shared/data"))
# file: verdict, requests, leaked octets, encrypted
REAL = {"heartbleed": ("attempt", 1, 0, False), "heartbleed-success": ("answered", 1, 0, False), "heartbleed-encrypted": ("suspicious", 1, 0, True),
        "tls1.2": None}
passed = failed = skipped = 0


def check(condition, text):
    global passed, failed
    if condition:
        passed += 1
    else:
        failed += 1
        print(f"FAIL {text}")


def review(capture, scratch, *words):
    done = subprocess.run([YAGURA, "review", "--only", "security/heartbleed", "-q", capture, "-o", scratch / "r.html", "--json", scratch / "r.json", *words],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", timeout=300, check=False)
    if not (scratch / "r.json").exists():
        raise SystemExit(f"{capture}: {done.stderr}")
    return [f for f in json.loads((scratch / "r.json").read_text(encoding="utf-8"))["findings"] if f["analysis"] == "security/heartbleed"]


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def check_truth(scratch):
    for seed, threads in ((1, 1), (7, 3)):
        capture, told = scratch / "s.pcap", scratch / "s.json"
        subprocess.run([YAGURA, "simulate", "heartbleed", "--seed", str(seed), "-o", capture, "--truth", told, "--set", "duration=5m"],
                       stdout=subprocess.DEVNULL, timeout=300, check=True)
        attacks = json.loads(told.read_text(encoding="utf-8"))["attacks"]
        found = review(capture, scratch, "-c", scratch / "s.site.yaml", "-j", str(threads))
        check(len(attacks) == 24 and len(found) == 24, f"seed {seed}: {len(found)} findings of {len(attacks)} attacks")
        by_client = {f["subject"]["client"]: f for f in found}
        for attack in attacks:
            f = by_client.get(attack["subject"]["client"])
            if f is None:
                check(False, f"seed {seed}: {attack} was not found")
                continue
            check(f["kind"] == attack["kind"] and f["subject"]["server"] == attack["subject"]["server"], f"seed {seed}: {f['kind']} {f['subject']}, truth {attack}")
            for name, value in attack["measures"].items():
                check(f["measures"][name] == value, f"seed {seed}: {attack['kind']} {name} {f['measures'][name]}, truth {value}")
            for key in ("begin", "end"):
                check(abs(seconds(f[key]) - seconds(attack[key])) <= 1, f"seed {seed}: {attack['kind']} {key} {f[key]}, truth {attack[key]}")
            check(f["evidence"] and f["thresholds"] and f["advice"], f"seed {seed}: {attack['kind']} has no evidence")
        capture.unlink()


def tshark_counts(capture):
    """Heartbeat records and the octets in them, as tshark sees them."""
    text = subprocess.run(["tshark", "-r", capture, "-Y", "tls.record.content_type==24", "-T", "fields", "-e", "tls.record.content_type", "-e", "tls.record.length"],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8", check=False).stdout
    records = [pair for line in text.splitlines() for pair in zip(*(part.split(",") for part in line.split("\t")))]
    sizes = [int(size) for kind, size in records if kind == "24"]
    return len(sizes), sum(sizes)


def check_real(scratch):
    global skipped
    directory = DATA_DIR / "captures/heartbleed"
    if not directory.is_dir():
        skipped += 1
        print(f"skipped: no {directory}")
        return
    for name, expected in REAL.items():
        found = review(directory / f"{name}.pcap", scratch)
        told = [(f["kind"], f["measures"]["requests"], f["measures"]["leaked_octets"], f["measures"]["encrypted"]) for f in found]
        check(told == ([expected] if expected else []), f"{name}: {told}, not {expected}")
        if shutil.which("tshark") is None or expected is None:
            continue
        records, octets = tshark_counts(directory / f"{name}.pcap")
        answered = found[0]["measures"]["answered"]
        asked = octets - found[0]["measures"]["answer_octets"]
        check(records == 1 + answered and asked == {"heartbleed-encrypted": 86}.get(name, 16368), f"{name}: tshark has {records} records of {octets} octets")
    for capture in sorted((DATA_DIR / "captures/general").glob("*.pcap*")):
        if capture.suffix in (".pcap", ".pcapng"):
            found = review(capture, scratch)
            check(not found, f"{capture.name}: {[(f['kind'], f['subject']) for f in found]}")


ASK, ANSWER = record(HEARTBEAT, b"\x11" * 48), record(HEARTBEAT, b"\x22" * 5000)


def hidden(number):
    """An encrypted connection that has long been put aside."""
    c = Connection(f"192.0.2.{number}", f"198.51.100.{number}", 40000 + number, 443, 20 * number)
    c.open()
    c.hellos(cipher=0x002F)
    c.encrypt()
    for _ in range(5):
        c.send(0, record(DATA, b"\xaa" * 400))
        c.send(1, record(DATA, b"\xbb" * 9000))
    return c


def hidden_cases():
    c = hidden(1)
    c.send(0, record(DATA, b"\xaa" * 100) + ASK)  # behind another record
    c.send(1, ANSWER)
    yield "behind a record", c
    c = hidden(2)
    c.send(0, record(DATA, b"\xaa" * 3000) + ASK, 1000)  # behind one that began in a segment before
    c.send(1, ANSWER)
    yield "in the middle of a segment", c
    c = hidden(3)
    c.send(0, record(DATA, b"\xaa" * 100) + ASK[:3])  # its header is cut
    c.send(0, ASK[3:])
    c.send(1, ANSWER)
    yield "with its header cut", c
    c = hidden(4)
    c.send(0, ASK, 1)  # an octet a segment
    c.send(1, ANSWER)
    yield "octet by octet", c
    c = hidden(5)
    c.send(0, record(DATA, b"\xaa" * 100))
    lost = c.packets.pop()  # a segment that was not captured
    c.send(0, ASK)
    c.send(1, ANSWER)
    assert lost
    yield "behind a hole", c
    c = hidden(6)
    c.send(0, ASK)
    last = c.packets[-1]
    c.packets.append((last[0] + 0.0001, last[1]))  # sent again
    c.send(1, ANSWER)
    yield "sent again", c


def check_hidden(scratch):
    capture = scratch / "hidden.pcap"
    for name, c in hidden_cases():
        c.close()
        with open(capture, "wb") as out:
            out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
            for at, (kind, data) in c.packets:
                frame = bytes(12) + struct.pack(">H", kind) + data
                out.write(struct.pack("<IIII", BEGIN + int(at), round(at % 1 * 1e6), len(frame), len(frame)) + frame)
        found = review(capture, scratch)
        told = [(f["kind"], f["measures"]["requests"], f["measures"]["leaked_octets"], f["subject"]["client"]) for f in found]
        check(told == [("leak", 1, 4952, c.ends[0][0])], f"a heartbeat {name}: {told}")


def main():
    with tempfile.TemporaryDirectory() as directory:
        scratch = pathlib.Path(directory)
        check_hidden(scratch)
        check_truth(scratch)
        check_real(scratch)
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    sys.exit(1 if failed else 0)


main()
