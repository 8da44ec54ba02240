#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""`yagura query` against traffic whose truth is known, with other readers of its CSV and JSON.

usage: query.py BUILD

The witnesses are the truth that `yagura simulate` writes, Python's csv, json and ipaddress, and a pseudo-terminal.  The last
line is `N passed, N failed`.
"""
import csv
import io
import ipaddress
import json
import os
import pathlib
import pty
import subprocess
import sys
import tempfile

BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build").resolve()
YAGURA = BUILD / "yagura"
HOSTILE = "it's \x1b[31mred\x1b[0m \u202etxt.pcapng\x07"
BIG = "18446744073709551615"

counts = {"passed": 0, "failed": 0}


def check(what, good, detail=""):
    counts["passed" if good else "failed"] += 1
    if not good:
        print(f"{what}: {str(detail)[:500]}")


def run(*words):
    return subprocess.run([YAGURA, *map(str, words)], stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)


class Store:
    def __init__(self, directory):
        self.directory = directory

    def query(self, *words):
        return run("query", "--store", f"duckdb:{self.directory}", *words)

    def text(self, *words):
        done = self.query(*words)
        return done.stdout.decode() if done.returncode == 0 else done.stderr.decode()

    def csv(self, *words):
        return list(csv.DictReader(io.StringIO(self.text("--csv", *words), newline="")))

    def json(self, *words):
        return json.loads(self.text("--json", *words))


def at_terminal(store, *words):
    """What a person at a terminal would get."""
    here, there = pty.openpty()
    subprocess.run([YAGURA, "query", "--store", f"duckdb:{store.directory}", *words], stdin=subprocess.DEVNULL, stdout=there,
                   stderr=subprocess.DEVNULL, timeout=120, check=False)
    os.close(there)
    text = b""
    try:
        while part := os.read(here, 65536):
            text += part
    except OSError:
        pass
    os.close(here)
    return text


def same_in_every_format(store):
    rows, objects = store.csv("flows"), store.json("flows")
    check("CSV and JSON have as many flows", len(rows) == len(objects) > 0, (len(rows), len(objects)))
    check("CSV and JSON have the same columns", list(rows[0]) == list(objects[0]), rows[0])
    check("CSV and JSON have the same cells", all(all(str(o[k]) == r[k] for k in r) for r, o in zip(rows, objects)))
    check("addresses are in their shortest form",
          all(str(ipaddress.ip_address(o[k])) == o[k] for o in objects for k in ("source_address", "destination_address")))
    check("flows come in order", [o["flow_start_milliseconds"] for o in objects] ==
          sorted(o["flow_start_milliseconds"] for o in objects))
    return objects


def filters(store, objects, truth):
    def compare(what, words, keep):
        got, expected = store.json("flows", *words), [o for o in objects if keep(o)]
        check(what, got == expected and 0 < len(got) < len(objects), (len(got), len(expected)))

    for protocol, name in (("6", "tcp"), ("17", "UDP"), ("17", "17")):
        got = store.json("flows", "--protocol", name)
        check(f"--protocol {name} gives the true octets",
              sum(o["octet_delta_count"] + o["reverse_octet_delta_count"] for o in got) == truth["protocols"][protocol]["octets"])
    compare("--port", ["--port", "53"], lambda o: 53 in (o["source_port"], o["destination_port"]))
    for prefix in ("192.0.2.0/24", truth["addresses"][0]["address"], "2001:db8::/32"):
        network = ipaddress.ip_network(prefix)
        compare(f"--address {prefix}", ["--address", prefix],
                lambda o, n=network: any(ipaddress.ip_address(o[k]) in n for k in ("source_address", "destination_address")))
    middle = objects[len(objects) // 2]["flow_start_milliseconds"] // 1000 * 1000
    time = subprocess.run(["date", "-u", "-d", f"@{middle // 1000}", "+%Y-%m-%dT%H:%M:%SZ"], capture_output=True, text=True,
                          check=True).stdout.strip()
    compare("--from", ["--from", time], lambda o: o["flow_start_milliseconds"] >= middle)
    compare("--to", ["--to", time], lambda o: o["flow_start_milliseconds"] < middle)
    check("--limit", store.json("flows", "--limit", "3") == objects[:3])


def sums(store, objects):
    """--top against sums made here."""
    def make(keys, keep=lambda o: True):
        groups = {}
        for o in filter(keep, objects):
            group = groups.setdefault(tuple(o[k] for k in keys), [0, 0, 0])
            for i, n in enumerate((1, o["packet_delta_count"] + o["reverse_packet_delta_count"],
                                   o["octet_delta_count"] + o["reverse_octet_delta_count"])):
                group[i] += n
        return groups

    for keys, words, keep in ((["source_address"], [], lambda o: True),
                              (["protocol_identifier", "destination_address", "destination_port"], ["--protocol", "udp"],
                               lambda o: o["protocol_identifier"] == 17),
                              (["exporter_address", "sampling_interval"], ["--port", "53"],
                               lambda o: 53 in (o["source_port"], o["destination_port"]))):
        expected = make(keys, keep)
        got = store.json("flows", "--top", "0", "--by", ",".join(keys), *words)
        total = sum(group[2] for group in expected.values())
        check(f"--top 0 --by {keys}", {tuple(g[k] for k in keys): [g["flows"], g["packets"], g["octets"]] for g in got} == expected,
              got[:3])
        check(f"metered flows are estimates of themselves: {keys}",
              all(g["estimated_octets"] == g["octets"] and g["estimated_packets"] == g["packets"] for g in got))
        check(f"shares are of all: {keys}", all(abs(g["share_octets"] - g["octets"] / total) < 1e-9 for g in got))
        check(f"the largest first: {keys}", [g["octets"] for g in got] == sorted((g["octets"] for g in got), reverse=True))
    top = store.csv("flows", "--by", "source_address")
    check("--by alone is the top 10", len(top) == 10 and top == store.csv("flows", "--top", "10"), len(top))
    check("no exporter exported what was metered", store.json("flows", "--exporter", "192.0.2.0/24") == []
          and len(store.json("flows", "--exporter", "::/128")) == len(objects))
    check("nor has it interfaces or AS numbers", store.json("flows", "--interface", "1") == store.json("flows", "--as", "1") == [])
    check("sums of nothing", store.json("flows", "--top", "3", "--as", "1") == [])


def cells(store):
    row = store.csv(f"SELECT {BIG}::UBIGINT AS big, 0.1 AS tenth, 'a\"b,c' AS text, NULL AS nothing, 'x'::BLOB AS octets")[0]
    check("cells of CSV", row == {"big": BIG, "tenth": "0.1", "text": 'a"b,c', "nothing": "", "octets": "78"}, row)
    row = store.json(f"SELECT {BIG}::UBIGINT AS big, 'a\"\\' || chr(10) AS text, NULL AS nothing, 'inf'::DOUBLE AS much, true AS yes")
    check("cells of JSON", row == [{"big": int(BIG), "text": 'a"\\\n', "nothing": None, "much": None, "yes": 1}], row)
    check("no rows", store.json("SELECT * FROM inputs WHERE false") == [] and store.csv("SELECT 1 AS a WHERE false") == [])
    lines = store.text("SELECT range AS n, repeat('x', range::INT) AS text FROM range(1200)").splitlines()
    check("long tables are whole", len(lines) == 1202 and lines[-1].endswith("x" * 1199), len(lines))
    table = store.text("flows", "--limit", "2").splitlines()
    check("tables are aligned", len(table) == 4 and set(table[1]) == {" ", "─"} and table[0].startswith("flow_start_milliseconds"), table)


def reader_that_leaves(store, directory):
    """`| head`: no complaint, and nothing stays behind in the temporary directory."""
    command = f"'{YAGURA}' query --store 'duckdb:{store.directory}' 'SELECT range FROM range(1000000)' | head -3"
    done = subprocess.run(["sh", "-c", command], capture_output=True, timeout=120, check=False,
                          env=dict(os.environ, TMPDIR=str(directory / "tmp")))
    check("a reader may leave", done.stdout.splitlines()[2:] == [b"    0"] and done.stderr == b"", done)
    check("nothing stays in the temporary directory", os.listdir(directory / "tmp") == [])


def untrusted_text(store):
    path = store.json("SELECT path FROM inputs")[0]["path"]
    check("JSON gives the path back", path.endswith(HOSTILE), repr(path))
    check("CSV in a pipe gives the path back", store.csv("SELECT path FROM inputs")[0]["path"] == path)
    for words in (["SELECT path FROM inputs"], ["--csv", "SELECT path FROM inputs"], ["--json", "SELECT path FROM inputs"]):
        shown = at_terminal(store, *words)
        check(f"nothing steers the terminal: {words[0]}",
              b"red" in shown and b"\x1b" not in shown and b"\x07" not in shown and "\u202e".encode() not in shown, shown)
    shown = store.text('SELECT 1 AS "\x1b]0;x\x07"')
    check("column names are escaped too", "\x1b" not in shown and "\\x1b" in shown, repr(shown))


def parquet(store, directory):
    target = directory / "flows.parquet"
    done = store.query("flows", "--parquet", target)
    data = target.read_bytes() if target.exists() else b""
    check("Parquet", done.returncode == 0 and data[:4] == data[-4:] == b"PAR1", done.stderr)
    check("addresses in Parquet are text", b"source_address" in data and done.stdout == b"")
    done = store.query("flows", "--parquet", directory / "no" / "such")
    check("Parquet into nowhere", done.returncode == 1 and b"No such file" in done.stderr, done.stderr)


def refusals(store, directory):
    outside = directory / "outside.csv"
    outside.write_text("a\n1\n", encoding="utf-8")
    for words in (["DELETE FROM inputs"], ["SELEC 1"], ["SELECT nothing"], [f"SELECT * FROM '{outside}'"],
                  [f"COPY inputs TO '{directory}/x.csv'"], ["SELECT 1", "SELECT 2"], [], ["--csv", "--json", "SELECT 1"],
                  ["--port", "53", "SELECT 1"], ["flows", "--port", "65536"], ["flows", "--address", "192.0.2.1/24"],
                  ["flows", "--from", "yesterday"], ["flows", "--limit", "-1"], ["flows", "--protocol", "tpc"],
                  ["flows", "--top", "ten"], ["flows", "--by", "colour"], ["flows", "--by", "source_address,"], ["flows", "--top", "1", "--limit", "1"],
                  ["flows", "--as", "4294967296"], ["flows", "--interface", "eth0"], ["flows", "--exporter", "router"], ["--top", "1", "SELECT 1"]):
        done = store.query(*words)
        check(f"usage: {words}", done.returncode == 2 and done.stdout == b"" and done.stderr.startswith(b"yagura query: "), done)
    check("nothing was written", not (directory / "x.csv").exists() and len(store.json("SELECT * FROM inputs")) == 1)
    done = Store(directory / "nowhere").query("SELECT 1")
    check("no store", done.returncode == 1 and b"there is no store" in done.stderr, done.stderr)


def damage(store):
    days = sorted((store.directory / "flows").glob("*.duckdb"))
    good = store.json("SELECT count(*) AS n FROM flows")[0]["n"]
    with open(days[0], "r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * 8192)
    done = store.query("flows")
    check("a damaged day is named", done.returncode == 1 and str(days[0]).encode() in done.stderr, done.stderr)
    left = store.json("--skip-damaged", "SELECT count(*) AS n FROM flows")[0]["n"]
    check("the other days are still there", 0 < left < good and len(days) > 1, (left, good))


def main():
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        capture, truth = directory / HOSTILE, directory / "truth.json"
        made = run("simulate", "office", "--seed", "7", "--start", "2026-01-05T23:50:00Z", "--duration", "20m", "-o", capture,
                   "-t", truth)
        store = Store(directory / "store")
        done = run("ingest", "-q", "--store", f"duckdb:{store.directory}", capture)
        check("a store was made", made.returncode == done.returncode == 0, made.stderr + done.stderr)
        objects = same_in_every_format(store)
        sums(store, objects)
        filters(store, objects, json.loads(truth.read_text(encoding="utf-8")))
        cells(store)
        (directory / "tmp").mkdir()
        reader_that_leaves(store, directory)
        untrusted_text(store)
        parquet(store, directory)
        refusals(store, directory)
        damage(store)
    print(f"{counts['passed']} passed, {counts['failed']} failed")
    return 1 if counts["failed"] else 0


sys.exit(main())
