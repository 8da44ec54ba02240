#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Logs of servers and honeypots against what a script finds in them.

usage: honeypot_logs.py [BUILD]

A public sshd log against the events by template in the table beside it and against patterns of our own; T-Pot's tables against their sums; a
Cowrie log of our own making against what was made; and a review of all of them, whose quality section must own up to guessed years.
"""
import collections
import csv
import datetime
import hashlib
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else TOP / "build").resolve()
DATA = pathlib.Path(os.environ.get("YAGURA_DATA", TOP / "../shared/data")) / "honeypot-logs"
UTC = datetime.timezone.utc

count = {"passed": 0, "failed": 0, "skipped": 0}


def check(what, good, why=""):
    count["passed" if good else "failed"] += 1
    if not good:
        print(f"FAIL {what}: {why}")


def skip(what, why):
    count["skipped"] += 1
    print(f"skip {what}: {why}")


def observations(*arguments):
    """(kind, fields) of each line."""
    done = subprocess.run([BUILD / "tests/observations", *map(str, arguments)], stdout=subprocess.PIPE, check=False)
    return [line.split("\t") for line in done.stdout.decode().splitlines()]


def logins(rows):
    names = ("kind", "time", "source", "destination", "source_port", "destination_port", "outcome", "origin", "nobody", "count", "service", "host", "user",
             "password", "client", "offset", "length")
    return [dict(zip(names, row)) for row in rows if row[0] == "login"]


def contacts(rows):
    names = ("kind", "begin", "end", "source", "destination", "source_port", "destination_port", "protocol", "sensor", "count", "aggregate", "octets", "payload",
             "note", "sha256", "offset", "length")
    return [dict(zip(names, row)) for row in rows if row[0] == "contact"]


def sshd():
    log = DATA / "loghub-OpenSSH_2k.log"
    got = logins(observations("--year", "2017", log))
    with open(f"{log}_structured.csv", encoding="utf-8", newline="") as table:
        events = list(csv.DictReader(table))
    templates = collections.Counter(event["EventTemplate"] for event in events)

    def like(pattern):
        return sum(n for template, n in templates.items() if re.match(pattern, template))

    outcome = collections.Counter((row["outcome"], row["nobody"]) for row in got)
    repeated = [event["Content"] for event in events if event["Content"].startswith("message repeated") and "Failed password" in event["Content"]]
    check("failed for invalid users", outcome["0", "1"] == like(r"Failed password for invalid user"), outcome)
    check("failed for others", outcome["0", "0"] == like(r"Failed password for <\*>") + len(repeated), outcome)
    check("accepted", outcome["1", "0"] == like("Accepted"), outcome)
    attempts = sum(int(row["count"]) for row in got if row["outcome"] == "0")
    wanted = like("Failed password") + sum(int(text.split()[2]) for text in repeated)
    check("attempts with repeated ones", attempts == wanted, (attempts, wanted))

    # The same from the text alone, attempt by attempt.
    pattern = re.compile(r"(\S+ +\d+ [\d:]+) (\S+) sshd\[\d+\]: (?:message repeated (\d+) times: \[ )?(Failed|Accepted) password for (?:invalid user )?(.*) "
                         r"from (\S+) port (\d+) ssh2\]?$")
    wanted = []
    for line in log.read_text(encoding="utf-8").splitlines():
        match = pattern.match(line.rstrip())
        if match:
            when, host, times, verdict, user, address, port = match.groups()
            at = datetime.datetime.strptime(f"2017 {when}", "%Y %b %d %H:%M:%S").strftime("%Y-%m-%dT%H:%M:%S.000000Z")
            wanted.append((at, address, port, "0" if verdict == "Failed" else "1", times or "1", host, user))
    found = [(row["time"], row["source"], row["source_port"], row["outcome"], row["count"], row["host"], re.sub("%([0-9A-F]{2})", lambda m: chr(int(m[1], 16)),
             row["user"])) for row in got if row["outcome"] != "2"]
    check("every attempt as the text has it", found == wanted, [pair for pair in zip(found, wanted) if pair[0] != pair[1]][:2])

    # Invalid users without an attempt: of the processes that end.
    invalid, tried, ended = {}, set(), set()
    for event in events:
        if event["Content"].startswith("Invalid user"):
            invalid[event["Pid"]] = event
        if event["Content"].startswith(("Failed password", "Accepted")):
            tried.add(event["Pid"])
        if event["Content"].startswith(("Connection closed by", "Received disconnect")) and event["Pid"] in invalid and event["Pid"] not in tried:
            ended.add(event["Pid"])
    check("unknown users who did not try", outcome["2", "1"] == len(ended), (outcome, ended))
    octets = log.read_bytes()
    check("lines are where it says", all(octets[int(r["offset"]):][:int(r["length"])].find(r["source"].encode()) > 0 for r in got if r["outcome"] != "2"))


def tpot():
    def rows(name):
        with open(DATA / name, encoding="utf-8", newline="") as table:
            return list(csv.DictReader(table))

    def stamp(text):
        return datetime.datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    table = rows("tpot24h-top_ips.csv")
    got = contacts(observations(DATA / "tpot24h-top_ips.csv"))
    check("sources", [(c["source"], c["count"], c["begin"], c["end"], int(c["octets"])) for c in got]
          == [(r["src_ip"], r["events"], stamp(r["first_seen"]), stamp(r["last_seen"]), int(float(r["bytes_to_srv"]))) for r in table], got[:1])
    check("their sum", sum(int(c["count"]) for c in got) == sum(int(r["events"]) for r in table) == 129363)
    table = rows("tpot24h-hourly_counts.csv")
    lines = observations(DATA / "tpot24h-hourly_counts.csv")
    got = contacts(lines)
    check("hours", [(c["begin"], c["count"]) for c in got] == [(stamp(r["_ts_ct"]), r["events"]) for r in table], got[:1])
    check("their sum", sum(int(c["count"]) for c in got) == 165197)
    check("no sources, so that nobody adds them to the others", all(c["source"] == "-" and c["aggregate"] == "1" for c in got))
    check("listening", [line[1] for line in lines if line[0] == "watch"] == [c["begin"] for c in got])
    for name in ("alert_categories", "alert_severity", "top_as_orgs"):
        refused = observations(DATA / f"tpot24h-{name}.csv")
        check(f"{name} is refused by name", refused[0][0] == "refused" and "T-Pot" in refused[0][1], refused)


def together(directory):
    """Both of T-Pot's tables and the sshd log in one review: no event twice, every attempt."""
    out = directory / "together.json"
    inputs = [DATA / name for name in ("tpot24h-top_ips.csv", "tpot24h-hourly_counts.csv", "loghub-OpenSSH_2k.log")]
    done = subprocess.run([BUILD / "yagura", "review", "-q", "--json", out, *inputs], stderr=subprocess.PIPE, check=False)
    check("a review of all", done.returncode == 0, done.stderr)
    if done.returncode != 0:
        return
    result = json.loads(out.read_text(encoding="utf-8"))
    tables = {table["id"]: table for chapter in result["chapters"] for section in chapter["sections"] for table in section["tables"]}
    days = tables.get("days", {"rows": []})["rows"]
    check("each event of T-Pot once", sum(row[2] for row in days) == 165197, days[:3])
    found = [f for f in result["findings"] if f["analysis"] == "security/scans" and f["subject"]["source"] == "183.62.140.253"]
    check("who guessed most", len(found) == 1 and found[0]["measures"]["attempts"] == 286, found)


def cowrie(directory):
    """Sessions that overlap, 300 of them, 20 without an end."""
    dice = random.Random(5)
    start = datetime.datetime(2026, 3, 1, tzinfo=UTC)
    events, wanted, tried = [], {}, 0
    for number in range(300):
        session, begin = f"{number:012x}", dice.random() * 3000
        address, port = f"198.51.100.{number % 200 + 1}", 1024 + number
        common = {"session": session, "src_ip": address, "sensor": "pot"}
        at = begin

        def add(event, **more):
            time = (start + datetime.timedelta(seconds=at)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            events.append((at, {"eventid": f"cowrie.{event}", **common, **more, "timestamp": time}))

        add("session.connect", src_port=port, dst_ip="192.0.2.1", dst_port=2222, protocol="ssh")
        commands = [f"echo {dice.randrange(9)}" for _ in range(dice.randrange(3))]
        for word in range(dice.randrange(4)):
            at += dice.random()
            add("login.failed" if word else "login.success", username="root", password=f"päss{word}\u0000")
            tried += 1
        for command in commands:
            at += dice.random()
            add("command.input", input=command)
        at += 1
        if number % 15:
            add("session.closed", duration=at - begin)
        wanted[address, str(port)] = "\n".join(commands)
    log = directory / "cowrie.json"
    log.write_text("".join(json.dumps(event) + "\n" for _, event in sorted(events, key=lambda e: e[0])), encoding="utf-8")
    rows = observations(log)
    got = {(c["source"], c["source_port"]): c for c in contacts(rows)}
    check("each session once", len(contacts(rows)) == 300 and set(got) == set(wanted), len(got))
    check("its commands", all(got[key]["payload"].replace("%20", " ").replace("%0A", "\n") == text for key, text in wanted.items()))
    check("their digests", all(got[key]["sha256"] == (hashlib.sha256(text.encode()).hexdigest() if text else "") for key, text in wanted.items()))
    check("attempts", len(logins(rows)) == tried, (len(logins(rows)), tried))
    check("passwords as they were", all(re.fullmatch(r"p%C3%A4ss\d%00", row["password"]) for row in logins(rows)), logins(rows)[:1])


def review(directory):
    """The year of the log comes from its modification, and the review says that it was guessed."""
    log = directory / "auth.log"
    log.write_text("Dec 10 06:55:46 h sshd[1]: Failed password for root from 192.0.2.1 port 5 ssh2\n" * 3, encoding="utf-8")
    os.utime(log, (datetime.datetime(2016, 1, 5, tzinfo=UTC).timestamp(),) * 2)
    out = directory / "review.json"
    done = subprocess.run([BUILD / "yagura", "review", "-q", "--json", out, log], stderr=subprocess.PIPE, check=False)
    result = json.loads(out.read_text(encoding="utf-8")) if done.returncode == 0 else {}
    check("a review", done.returncode == 0, done.stderr)
    if result:
        check("its year", result["inputs"][0]["begin"].startswith("2015-12-10T06:55:46"), result["inputs"])
        drops = result["quality"]["drops"]
        check("and that it was guessed", drops.get("log.year_assumed") == 3 and drops.get("log.zone_assumed") == 3, drops)
        check("its kind", result["inputs"][0]["kind"] == "auth-log" and result["inputs"][0]["records"] == 3, result["inputs"])


def main():
    if DATA.is_dir():
        sshd()
        tpot()
    else:
        skip("public logs", f"{DATA} is not there")
    with tempfile.TemporaryDirectory() as directory:
        if DATA.is_dir():
            together(pathlib.Path(directory))
        cowrie(pathlib.Path(directory))
        review(pathlib.Path(directory))
    print(", ".join(f"{n} {what}" for what, n in count.items()))
    return count["failed"] != 0


if __name__ == "__main__":
    sys.exit(main())
