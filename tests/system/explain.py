#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""`yagura explain`: the evidence of findings, and their packets cut out of captures.

usage: explain.py [BUILD]

The witness is tshark: the cut's packets are those of the display filter on the original capture, with the same octets and times.
The last line is `N passed, N failed[, N skipped]`.
"""
import gzip
import json
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile

BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build").resolve()
YAGURA = BUILD / "yagura"

counts = {"passed": 0, "failed": 0, "skipped": 0}


def check(what, good, detail=""):
    counts["passed" if good else "failed"] += 1
    if not good:
        print(f"{what}: {str(detail)[:600]}")


def run(*words, status=0, cwd=None):
    done = subprocess.run([YAGURA, *map(str, words)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False, cwd=cwd)
    if status is not None and done.returncode != status:
        check(f"{words[:3]} ends with {status}", False, f"{done.returncode} {done.stderr}")
    return done


def tshark(path, *words):
    return subprocess.run(["tshark", "-n", "-r", path, *words], capture_output=True, text=True, timeout=120, check=True).stdout


def packets(path):
    """(time in ns, octets) of each packet of a pcap (microseconds or nanoseconds) or of a pcapng of ours, little-endian."""
    data = pathlib.Path(path).read_bytes()
    found = []
    if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1"):
        unit = 1000 if data[:4] == b"\xd4\xc3\xb2\xa1" else 1
        at = 24
        while at < len(data):
            seconds, fraction, size, _ = struct.unpack_from("<IIII", data, at)
            found.append((seconds * 10**9 + fraction * unit, data[at + 16:at + 16 + size]))
            at += 16 + size
        return found
    at = 0
    while at < len(data):
        kind, size = struct.unpack_from("<II", data, at)
        if kind == 6:
            _, high, low, captured, _ = struct.unpack_from("<IIIII", data, at + 8)
            found.append((high << 32 | low, data[at + 28:at + 28 + captured]))
        at += size
    return found


def by_filter(path, expression):
    """What tshark's display filter chooses, as `packets` gives it."""
    numbers = tshark(path, "-Y", expression, "-T", "fields", "-e", "frame.number").split()
    every = packets(path)
    return [every[int(number) - 1] for number in numbers]


def explain(*words, status=0, cwd=None):
    done = run("explain", *words, "--json", status=status, cwd=cwd)
    return json.loads(done.stdout) if done.stdout else {}


def finding_like(finding, **changes):
    return dict(finding, **changes)


def test_findings(directory, scenario, review):
    """Every finding of a review explains itself, and its cut is what tshark chooses."""
    capture = directory / f"{scenario}.pcap"
    for finding in review["findings"]:
        name = f"{scenario}: {finding['analysis']} {finding['kind']}"
        cut = directory / "cut.pcapng"
        told = explain(finding["id"], "--review", directory / f"{scenario}.json", "--pcap", cut, "--most", "0")
        check(f"{name}: the finding itself", told["finding"] == finding)
        check(f"{name}: measures and definition", [m["name"] for m in told["measures"]] == list(finding["measures"]) and told["definition"])
        check(f"{name}: inputs are unchanged", [i["state"] for i in told["inputs"]] == ["unchanged"], told["inputs"])
        every = {r["offset"]: r for r in told["records"]}
        check(f"{name}: all evidence is found again", len(every) == len({e['offset'] for e in finding['evidence']})
              and all(r["found"] for r in every.values()), told["records"])
        wanted = by_filter(capture, told["filter"]) if "filter" in told else []
        got = packets(cut)
        chosen = set(wanted)
        extra = [p for p in got if p not in chosen]
        check(f"{name}: the cut is what tshark chooses", len(got) - len(extra) == len(wanted) and len(extra) <= len(finding["evidence"]),
              f"{len(got)} {len(wanted)} {len(extra)}")
        check(f"{name}: tshark reads it, in nanoseconds, with its reasons",
              all(finding["id"] in line for line in tshark(cut, "-T", "fields", "-e", "frame.comment").splitlines())
              and len(tshark(cut).splitlines()) == len(got))
        text = run("explain", finding["id"][:12], "--review", directory / f"{scenario}.json").stdout
        check(f"{name}: text", finding["analysis"] in text and "Thresholds" in text and "0000  " in text
              and all(str(t["source"]) in text for t in finding["thresholds"]), text)


def test_records(directory, review):
    """The octets of a record of evidence are those of the packet at its offset."""
    finding = review["findings"][0]
    told = explain(finding["id"], "--review", directory / "dns-water.json")
    data = (directory / "dns-water.pcap").read_bytes()
    for record in told["records"]:
        _, _, size, _ = struct.unpack_from("<IIII", data, record["offset"])
        check("octets at the offset", record["hex"] == data[record["offset"] + 16:record["offset"] + 16 + size].hex(), record)
    store = explain(finding["id"], "--store", f"duckdb:{directory}/store", cwd=directory)
    check("from the store it is the same", store == told, store)


def test_query(directory, review):
    """`yagura query findings` lists the same findings."""
    store = ("--store", f"duckdb:{directory}/store")
    rows = json.loads(run("query", "findings", *store, "--json").stdout)
    check("query findings: the same, with their measures", [(r["id"], json.loads(r["measures"])) for r in rows]
          == [(f["id"], f["measures"]) for f in review["findings"]], rows)
    check("query findings: in all forms", all(f["id"] in text for f in review["findings"]
                                              for text in (run("query", "findings", *store).stdout, run("query", "findings", *store, "--csv").stdout)))
    least = [f["id"] for f in review["findings"] if f["severity"] in ("medium", "high", "critical")]
    check("query findings: by severity", [r["id"] for r in json.loads(run("query", "findings", *store, "--json", "--severity", "medium").stdout)] == least)
    check("query findings: by analysis and period", not json.loads(run("query", "findings", *store, "--json", "--analysis", "dns/poisoning").stdout)
          and not json.loads(run("query", "findings", *store, "--json", "--to", "2000-01-01").stdout)
          and len(json.loads(run("query", "findings", *store, "--json", "--analysis", "dns").stdout)) == len(rows))
    for words in (("--severity", "grave"), ("--top", "3"), ("--parquet", "x"), ("--cof",)):
        check(f"query findings {words} is refused", run("query", "findings", *store, *words, status=None).returncode == 2)


def crafted(directory, review, **changes):
    path = directory / "crafted.json"
    path.write_text(json.dumps(dict(review, findings=[dict(review["findings"][0], **changes)])), encoding="utf-8")
    return path


def test_subjects(directory, review):
    """Subjects of two addresses, of a prefix, with a service: each is the filter that it prints."""
    capture = directory / "dns-water.pcap"
    one = tshark(capture, "-c", "5000", "-Y", "udp.dstport == 53 && ip", "-T", "fields", "-e", "ip.src", "-e", "ip.dst").splitlines()[0].split("\t")
    six = tshark(capture, "-c", "5000", "-Y", "udp.dstport == 53 && ipv6", "-T", "fields", "-e", "ipv6.src").splitlines()[0]
    prefix = ".".join(one[1].split(".")[:2]) + ".0.0/16"
    for subject in ({"source": one[0], "sensor": one[1]}, {"target": prefix}, {"server": one[1], "service": "udp/53"}, {"client": six},
                    {"name": "Example.ORG."}, {"server": one[1], "suffix": "org"}, {"server": one[1], "port": 53}, {"server": one[1], "service": "tcp/53"}):
        path = crafted(directory, review, subject=subject, evidence=[])
        cut = directory / "cut.pcapng"
        told = explain(review["findings"][0]["id"], "--review", path, "--pcap", cut, "--most", "0")
        wanted = by_filter(capture, told["filter"])
        check(f"subject {subject}", packets(cut) == wanted and (wanted or "tcp/53" in str(subject) or "suffix" in subject), f"{len(packets(cut))} {len(wanted)}")
    path = crafted(directory, review, subject={"client": six})
    told = explain(review["findings"][0]["id"], "--review", path, "--pcap", cut, "--most", "7")
    check("--most counts what it leaves out", told["packets"]["subject"] == 7 and told["packets"]["left_out"] > 0
          and len(packets(cut)) == 7 + told["packets"]["evidence"], told["packets"])


def test_inputs(directory, review):
    """Inputs that are missing, changed, elsewhere, compressed, or a log."""
    identity = review["findings"][0]["id"]
    away = directory / "away"
    away.mkdir()
    shutil.copy(directory / "dns-water.json", away / "review.json")
    data = json.loads((away / "review.json").read_text(encoding="utf-8"))
    text = json.dumps(data).replace(str(directory / "dns-water.pcap"), "dns-water.pcap")
    (away / "review.json").write_text(text, encoding="utf-8")
    told = explain(identity, "--review", "review.json", cwd=away, status=1)
    check("a missing input is told", told["inputs"][0]["state"] == "missing" and not told["records"][0]["found"], told["inputs"])
    told = explain(identity, "--review", "review.json", "--inputs", directory, cwd=away)
    check("an input that moved is found", told["inputs"][0]["state"] == "unchanged" and told["records"][0]["found"], told["inputs"])
    octets = bytearray((directory / "dns-water.pcap").read_bytes())
    octets[-1] ^= 1
    (away / "dns-water.pcap").write_bytes(octets)
    told = explain(identity, "--review", "review.json", cwd=away, status=1)
    check("a changed input is told, and shown all the same", told["inputs"][0]["state"] == "changed" and told["records"][0]["found"], told["inputs"])
    (away / "packed.pcap.gz").write_bytes(gzip.compress((directory / "dns-water.pcap").read_bytes(), 1))
    run("review", "packed.pcap.gz", "--json", "packed.json", "-o", "packed.html", "-q", "--only", "dns", cwd=away)
    packed = json.loads((away / "packed.json").read_text(encoding="utf-8"))["findings"][0]
    told = explain(packed["id"], "--review", "packed.json", cwd=away)
    check("compressed input", all(r["found"] for r in told["records"]) and told["inputs"][0]["state"] == "unchanged", told["inputs"])
    lines = [f'192.0.2.{i} - - [05/Jan/2026:09:00:{i:02} +0000] "GET /{i} HTTP/1.1" 200 5 "-" "-"\n' for i in range(1, 40)]
    (away / "access.log").write_text("".join(lines), encoding="utf-8")
    offset = sum(map(len, lines[:20]))
    identity_of_log = {"path": "access.log", "kind": "web-log", "fingerprint": "", "begin": "2026-01-05T09:00:01.000Z",
                       "end": "2026-01-05T09:00:39.000Z", "records": 39, "octets": 1}
    (away / "log.json").write_text(json.dumps(dict(data, inputs=[identity_of_log], findings=[
        dict(data["findings"][0], evidence=[{"input": "access.log", "offset": offset, "length": len(lines[20])},
                                            {"input": 0, "offset": offset + 1, "length": 1}])])), encoding="utf-8")
    told = explain(identity, "--review", "log.json", cwd=away)
    if told["inputs"][0]["state"] == "missing":
        counts["skipped"] += 1
    else:
        check("a line of a log", bytes.fromhex(told["records"][0]["hex"]).decode() == lines[20].rstrip("\n"), told["records"])
        check("an offset inside of a record is none", not told["records"][1]["found"], told["records"])


def test_usage(directory, review):
    source = directory / "dns-water.json"
    twins = directory / "twins.json"
    twins.write_text(json.dumps(dict(review, findings=[finding_like(review["findings"][0], id=i) for i in ("aa11", "aa12", "aa1")])), encoding="utf-8")
    check("a prefix of several is refused", "begin with" in run("explain", "a", "--review", twins, status=2).stderr)
    check("a whole id wins", explain("aa1", "--review", twins)["finding"]["id"] == "aa1")
    for words in (("nothing", "--review", source), ((review["findings"][0]["id"]),), ("a", "--review", source, "--store", "duckdb:x"), ("", "--review", source),
                  ("a", "b", "--review", source), ("a", "--review", source, "--most", "many")):
        words = words if isinstance(words, tuple) else (words,)
        check(f"{words} is refused", run("explain", *words, status=None).returncode == 2)
    broken = directory / "broken.json"
    broken.write_text('{"schema": ', encoding="utf-8")
    check("a damaged review is told with its place", "broken.json:1:" in run("explain", "a", "--review", broken, status=1).stderr)
    broken.write_text('{"schema": "yagura.review/1", "findings": [{"id": "a", "begin": 5, "evidence": [3, {"input": 9}, {"offset": -1}], "subject": [], "measures": 4}]}',
                      encoding="utf-8")
    check("a finding of another shape is no crash", run("explain", "a", "--review", broken, status=None).returncode in (0, 1))


def main():
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        reviews = {}
        for scenario, words in (("dns-water", ("duration=12s", "rate=200", "attack_begin=1s", "attack_duration=10s", "attack_rate=300")),):
            capture = directory / f"{scenario}.pcap"
            settings = [part for word in words for part in ("--set", word)]
            run("simulate", scenario, "--seed", "3", *settings, "-o", capture, "--truth", directory / "truth.json")
            store = ("--store", f"duckdb:{directory}/store") if scenario == "dns-water" else ()
            run("review", capture, "--json", directory / f"{scenario}.json", "-o", directory / "r.html", "-q", "--only", "dns", *store)
            reviews[scenario] = json.loads((directory / f"{scenario}.json").read_text(encoding="utf-8"))
            check(f"{scenario}: there are findings", reviews[scenario]["findings"])
            test_findings(directory, scenario, reviews[scenario])
        test_records(directory, reviews["dns-water"])
        test_query(directory, reviews["dns-water"])
        test_subjects(directory, reviews["dns-water"])
        test_inputs(directory, reviews["dns-water"])
        test_usage(directory, reviews["dns-water"])
    print(f"{counts['passed']} passed, {counts['failed']} failed" + (f", {counts['skipped']} skipped" if counts["skipped"] else ""))
    return counts["failed"] != 0


if __name__ == "__main__":
    sys.exit(main())
