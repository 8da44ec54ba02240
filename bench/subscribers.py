#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A million subscribers over a week of sampled exports: memory and CPU time of `yagura ingest --no-flows` and `yagura report --chapter traffic`.

usage: subscribers.py [--users N] [--days N] [--window TIME] [--memory SIZE] [--cores N] [-o FILE]

The capture is made by subscribers.c: two records a user and day, one of them certain.  What counts is the peak of resident memory of the
whole process, the storage engine included.  With -o the section of doc/benchmarks.md is written there in place of the one before.
Exit status 1: a command failed, packets or users differ from what was written, or memory is beyond what is asked.
"""
import argparse
import json
import pathlib
import os
import re
import shutil
import subprocess
import sys

import inputs
import measure

YAGURA = pathlib.Path(os.environ.get("YAGURA_BUILD", inputs.TOP / "build")) / "yagura"
WORK = inputs.WORK / "subscribers"
PEAK_MUST_MB = 512
HEAD = "\n## A million subscribers\n"
SITE = """site:
  name: Subscribers
  time_zone: Asia/Tokyo
  own_prefixes: ["10.0.0.0/8"]
  customer_pools:
    - {{prefix: 10.0.0.0/8, service: fiber}}
store:
  url: "duckdb:{store}"
  memory_limit: {memory}
run:
  window: {window}
"""


def capture(users, days):
    """The path of the capture and its records, packets and octets."""
    path, program = WORK / f"{users}-{days}.pcap", WORK / "subscribers"
    said = path.with_suffix(".truth")
    if not said.exists():
        subprocess.run(["gcc", "-O2", "-std=gnu17", "-o", program, inputs.TOP / "bench/subscribers.c"], check=True)
        done = subprocess.run([program, str(users), str(days), path], check=True, stdout=subprocess.PIPE, text=True)
        said.write_text(done.stdout, encoding="utf-8")
    return path, [int(word) for word in said.read_text(encoding="utf-8").split()]


def run(name, cores, *words):
    log = WORK / "log"
    cost = measure.run([YAGURA, *words], cores, log)
    if cost.status != 0:
        sys.exit(f"subscribers: {name} ended with status {cost.status}:\n{log.read_text(errors='replace')[-2000:]}")
    print(f"{name:8} {cost.cpu:7.1f} s CPU, {cost.wall:7.1f} s, peak {cost.peak_mb:4.0f} MB", flush=True)
    return cost


def counted(config):
    """Users and packets of the store."""
    done = subprocess.run([YAGURA, "query", "-c", config, "--json", "SELECT (SELECT count(DISTINCT user) FROM traffic_users) AS users, "
                           "(SELECT sum(packets) FROM traffic_users)::UBIGINT AS packets, count(*) AS n FROM traffic_users"],
                          check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)[0]


def write_section(path, text):
    """Puts the section where the one before is, or at the end."""
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    begin = before.find(HEAD)
    end = re.search(r"^## ", before[begin + len(HEAD):], re.M) if begin >= 0 else None
    rest = "\n" + before[begin + len(HEAD) + end.start():] if end else ""
    path.write_text((before[:begin] if begin >= 0 else before) + HEAD + text + rest, encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--users", type=int, default=1000000)
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--window", default="1h", help="run.window")
    parser.add_argument("--memory", default="128MiB", help="store.memory_limit")
    parser.add_argument("--cores", type=int, default=1)
    parser.add_argument("-o", "--output", type=pathlib.Path)
    options = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    path, (records, packets, octets) = capture(options.users, options.days)
    store, config = WORK / "store", WORK / "site.yaml"
    shutil.rmtree(store, ignore_errors=True)
    config.write_text(SITE.format(store=store, memory=options.memory, window=options.window), encoding="utf-8")
    inputs.warm(path)
    ingest = run("ingest", options.cores, "ingest", "-q", "--no-flows", "-c", config, path)
    found = counted(config)
    size = sum(file.stat().st_size for file in store.rglob("*") if file.is_file())
    report = run("report", options.cores, "report", "-q", "-c", config, "--chapter", "traffic", "-o", WORK / "report.html", "--json",
                 WORK / "report.json")
    exact = found["users"] == options.users and found["packets"] == packets
    peak = max(ingest.peak_mb, report.peak_mb)
    print(f"users {found['users']} of {options.users}, packets {found['packets']} of {packets}; peak {peak:.0f} MB")
    if options.output:
        write_section(options.output, f"""
Made by `bench/subscribers.py -o doc/benchmarks.md`: {options.users:,} users of a pool over {options.days} days of NetFlow version 5 sampled 1 in 1000, {records:,}
records ({packets:,} packets, {octets:,} octets), every user on every day. `run.window: {options.window}`, `store.memory_limit: {options.memory}`, every user in the panel
of traffic/services. *Peak MB* is of the whole process, the storage engine included.

| command | CPU s | wall s | M records per CPU s | peak MB | must |
|---|---|---|---|---|---|
""" + "".join(f"| {name} | {c.cpu:.1f} | {c.wall:.1f} | {records / c.cpu / 1e6:.2f} | {c.peak_mb:.0f} | "
              f"{PEAK_MUST_MB} {'yes' if c.peak_mb <= PEAK_MUST_MB else '**no**'} |\n"
              for name, c in (("`yagura ingest --no-flows`", ingest), ("`yagura report --chapter traffic`", report))) + f"""
- users in the store: {found['users']:,} of {options.users:,}; packets: {found['packets']:,} of {packets:,}
- {found['n']:,} rows of users; the store has {size / 1e6:.0f} MB
""")
    shutil.rmtree(store)
    return 0 if exact and peak <= PEAK_MUST_MB else 1


sys.exit(main())
