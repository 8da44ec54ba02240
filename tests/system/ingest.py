#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Ingest through the command line: twice, killed, beside another process, onto a full disk, over damaged files.

usage: ingest.py BUILD

The witness of completeness is the review of a store that was filled without disturbance, and the flows that `yagura query`
counts.  The last line is `N passed, N failed[, N skipped]`.
"""
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

KILLS = 20
BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build").resolve()
YAGURA = BUILD / "yagura"
COUNT_FLOWS = "SELECT count(*) AS flows, sum(octet_delta_count + reverse_octet_delta_count) AS octets FROM flows"

counts = {"passed": 0, "failed": 0, "skipped": 0}


def check(what, good, detail=""):
    counts["passed" if good else "failed"] += 1
    if not good:
        print(f"{what}: {str(detail)[:500]}")


def yagura(*words, **options):
    return subprocess.run([YAGURA, *map(str, words)], stdin=options.pop("stdin", subprocess.DEVNULL), capture_output=True, text=True,
                          timeout=120, check=False, **options)


def report(store, directory):
    """The review of a store, without what names its files."""
    out = directory / "report.json"
    done = yagura("report", "--store", f"duckdb:{store}", "--json", out)
    if done.returncode != 0:
        return done.stderr
    document = json.loads(out.read_text(encoding="utf-8"))
    return document


def packets(document):
    """Packets in the volume section."""
    tables = {t["id"]: t for c in document["chapters"] for s in c["sections"] if s["id"] == "traffic/volume" for t in s["tables"]}
    return sum(row[1] for row in tables["ip_version"]["rows"]) if tables else 0


def flows(store):
    done = yagura("query", "--store", f"duckdb:{store}", "--csv", COUNT_FLOWS)
    return done.stdout if done.returncode == 0 else done.stderr


def test_twice(directory, capture):
    store = directory / "twice"
    first = yagura("ingest", "--store", f"duckdb:{store}", capture)
    check("first ingest", first.returncode == 0, first.stderr)
    before = (report(store, directory), flows(store))
    again = yagura("ingest", "--store", f"duckdb:{store}", capture)
    check("second ingest says so", again.returncode == 0 and "already ingested" in again.stderr, again.stderr)
    copy = directory / "another-name.pcap"
    shutil.copy(capture, copy)
    yagura("ingest", "--store", f"duckdb:{store}", copy)
    with open(capture, "rb") as stream:
        piped = yagura("ingest", "--store", f"duckdb:{store}", "-", stdin=stream)
    check("the same octets from standard input", "already ingested" in piped.stderr, piped.stderr)
    check("nothing changed", before == (report(store, directory), flows(store)))
    reviewed = directory / "reviewed.json"
    yagura("review", capture, "--json", reviewed)
    check("review equals ingest and report", json.loads(reviewed.read_text(encoding="utf-8")) == before[0])
    twice = directory / "both.json"
    yagura("review", capture, copy, "--json", twice)
    check("a file named twice counts once", json.loads(twice.read_text(encoding="utf-8")) == before[0])
    return before


def test_kill(directory, capture, expected):
    """Kills ingest at random moments; then one undisturbed ingest completes it exactly once."""
    generator = random.Random(1)
    config = directory / "often.yaml"
    config.write_text("store:\n  commit_interval: 0s\n", encoding="utf-8")
    store, killed, partial, tries = directory / "killed", 0, 0, 0
    begin = time.monotonic()
    yagura("ingest", "-c", config, "--store", f"duckdb:{directory / 'clean'}", capture)
    duration = time.monotonic() - begin
    while killed < KILLS and tries < 4 * KILLS:
        tries += 1
        process = subprocess.Popen([YAGURA, "ingest", "-c", config, "--store", f"duckdb:{store}", capture], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(generator.uniform(0, duration))
        process.send_signal(signal.SIGKILL)
        if process.wait() != -signal.SIGKILL:
            shutil.rmtree(store)  # it was complete: begin again
            continue
        killed += 1
        if not (store / "summary.duckdb").exists():
            continue
        left = report(store, directory)
        check("a killed store opens", not isinstance(left, str) or "holds nothing yet" in left, left)
        partial += not isinstance(left, str) and 0 < packets(left) < packets(expected[0])
    check("kills", killed == KILLS, f"{killed} of {KILLS}")
    check("some kills left a part", partial > 0)
    done = yagura("ingest", "-c", config, "--store", f"duckdb:{store}", capture)
    check("the run after the kills", done.returncode == 0, done.stderr)
    check("the review is complete, once", report(store, directory) == expected[0])
    check("the flows are complete, once", flows(store) == expected[1], f"{flows(store)} for {expected[1]}")
    print(f"{killed} of {KILLS} runs were killed; {partial} left part of the input in the store")


def test_busy(directory, capture):
    store = directory / "busy"
    fifo = directory / "fifo.pcap"
    os.mkfifo(fifo)
    process = subprocess.Popen([YAGURA, "ingest", "--store", f"duckdb:{store}", "-"], stdin=os.open(fifo, os.O_RDWR), stderr=subprocess.PIPE)
    pipe = os.open(fifo, os.O_RDWR)
    with open(capture, "rb") as source:
        os.write(pipe, source.read(4096))
        deadline = time.monotonic() + 20
        while not (store / "summary.duckdb").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.3)
        for words in (["ingest", "--store", f"duckdb:{store}", capture], ["report", "--store", f"duckdb:{store}", "--json", "-"]):
            done = yagura(*words)
            check(f"{words[0]} of a store being written", done.returncode == 1 and str(store) in done.stderr, done.stderr)
        process.kill()
    process.wait()
    process.stderr.close()


def test_disk_full(directory, capture):
    small = directory / "small"
    small.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", small], check=False,
                                           capture_output=True).returncode != 0:
        print("disk full: a small file system cannot be mounted here")
        counts["skipped"] += 1
        return
    try:
        # Fill most of it with one good ingest, then let the next fail.
        first = directory / "first.pcap"
        yagura("simulate", "office", "--seed", "3", "--duration", "1m", "-o", first)
        store = small / "store"
        done = yagura("ingest", "--store", f"duckdb:{store}", first)
        check("an ingest that fits", done.returncode == 0, done.stderr)
        before = flows(store)
        done = yagura("ingest", "--store", f"duckdb:{store}", capture)
        check("a full disk is an error, said clearly", done.returncode == 1 and "space" in done.stderr, (done.returncode, done.stderr))
        after = report(store, directory)
        check("what was there is still there", isinstance(after, dict) and any(i["path"] == str(first) for i in after["inputs"]), after)
        check("with its flows", int(flows(store).split()[-1].split(",")[0]) >= int(before.split()[-1].split(",")[0]), flows(store))
    finally:
        subprocess.run(["umount", "-l", small], check=False)


def test_bad_places(directory, capture):
    done = yagura("ingest", "--store", "duckdb:/proc/yagura", capture)
    check("an unwritable directory", done.returncode == 1 and "/proc/yagura" in done.stderr, done.stderr)
    done = yagura("report", "--store", f"duckdb:{directory / 'nowhere'}", "--json", "-")
    check("a store that is not there", done.returncode == 1 and "nowhere" in done.stderr, done.stderr)
    store = directory / "damaged"
    yagura("ingest", "--store", f"duckdb:{store}", capture)
    with open(store / "summary.duckdb", "r+b") as file:
        file.write(b"\xff" * 8192)
    done = yagura("report", "--store", f"duckdb:{store}", "--json", "-")
    check("a damaged summary", done.returncode == 1 and "summary.duckdb" in done.stderr, done.stderr)
    bad = directory / "bad.pcap"
    bad.write_bytes(pathlib.Path(capture).read_bytes()[:100000])
    out = directory / "bad.json"
    done = yagura("review", bad, capture, directory / "missing.pcap", "--json", out)
    check("a cut and a missing input: status 1, both named", done.returncode == 1 and "bad.pcap" in done.stderr and "missing.pcap" in
          done.stderr, done.stderr)
    document = json.loads(out.read_text(encoding="utf-8"))
    damage = {pathlib.Path(i["path"]).name: bool(i.get("damage")) for i in document["inputs"]}
    check("the rest is still read", damage == {"bad.pcap": True, "missing.pcap": True, pathlib.Path(capture).name: False}, damage)
    done = yagura("review", "--json", directory / "no" / "such" / "directory.json", capture)
    check("an output that cannot be written", done.returncode == 1 and done.stderr != "", done.stderr)


def main():
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        capture = directory / "office.pcap"
        yagura("simulate", "office", "--seed", "2", "--duration", "6h", "-o", capture)
        expected = test_twice(directory, capture)
        test_kill(directory, capture, expected)
        test_busy(directory, capture)
        test_disk_full(directory, capture)
        test_bad_places(directory, capture)
    skipped = f", {counts['skipped']} skipped" if counts["skipped"] else ""
    print(f"{counts['passed']} passed, {counts['failed']} failed{skipped}")
    sys.exit(1 if counts["failed"] else 0)


main()
