#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""`yagura incidents` and the chronology: public lists by month, every format of import, damage, merging, approval.

usage: incidents.py [BUILD]

Counts a month come from the .monthly.tsv that lie beside the lists in $YAGURA_DATA/incidents (made by another program), the rest
from inputs written here.  The last line is `N passed, N failed[, N skipped]`.
"""
import csv
import html
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build").resolve()
YAGURA = BUILD / "yagura"
DATA = pathlib.Path(os.environ.get("YAGURA_DATA", pathlib.Path(__file__).resolve().parents[2] / "../shared/data")) / "incidents"
ARABIC = "اختراق \"موقع\" <script>alert(1)</script>"
JAPANESE = "標的型攻撃 ～ 情報漏えい"

counts = {"passed": 0, "failed": 0, "skipped": 0}


def check(what, good, detail=""):
    counts["passed" if good else "failed"] += 1
    if not good:
        print(f"{what}: {str(detail)[:600]}")


def run(*words, status=0):
    done = subprocess.run([YAGURA, *map(str, words)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)
    if status is not None and done.returncode != status:
        check(f"{words[:3]} ends with {status}", False, f"{done.returncode} {done.stderr}")
    return done


class Book:
    def __init__(self, directory, name="incidents.json"):
        self.path = pathlib.Path(directory) / name

    def run(self, what, *words, status=0):
        return run("incidents", what, "-f", self.path, *words, status=status)

    def write(self, name, value):
        path = self.path.parent / name
        path.write_text(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), encoding="utf-8")
        return path

    def entries(self):
        return json.loads(self.path.read_text(encoding="utf-8"))["incidents"]

    def months(self, *words):
        rows = csv.DictReader(io.StringIO(self.run("list", "--months", "--csv", *words).stdout))
        return {row["month"]: int(row["incidents"]) for row in rows}


def section(book, directory, *words, site="Asia/Tokyo", store=None):
    config = pathlib.Path(directory) / "yagura.yaml"
    config.write_text(f"site:\n  time_zone: {site}\nanalyses:\n  security/incidents:\n    file: {book.path}\n", encoding="utf-8")
    out = pathlib.Path(directory) / "review.json"
    page = pathlib.Path(directory) / "review.html"
    run("report", "--store", f"duckdb:{store}", "-c", config, "--json", out, "-o", page, *words)
    review = json.loads(out.read_text(encoding="utf-8"))
    found = [s for c in review["chapters"] for s in c["sections"] if s["id"] == "security/incidents"]
    return (found[0] if found else None), page.read_text(encoding="utf-8")


def table(found, name):
    wanted = next(t for t in found["tables"] if t["id"] == name)
    return [dict(zip((c["name"] for c in wanted["columns"]), row)) for row in wanted["rows"]]


def expected_months(name):
    rows = (line.split("\t") for line in (DATA / name).read_text(encoding="utf-8").split("\n")[1:] if line)
    return {month: int(count) for month, count in rows}


def test_public_lists(directory, store):
    if not DATA.is_dir():
        counts["skipped"] += 1
        print(f"{DATA} is not there")
        return
    for name, period in (("cisa-kev-2021-2022", ("2021-11-01", "2023-01-01")), ("hhs-breaches-2009-2013", ("2009-10-01", "2014-01-01"))):
        book = Book(directory, f"{name}.json")
        book.run("import", DATA / f"{name}.csv")
        wanted = expected_months(f"{name}.monthly.tsv")
        check(f"{name}: counts a month", book.months() == wanted, book.months())
        found, _ = section(book, directory, "--from", period[0], "--to", period[1], store=store)
        shown = {row["month"]: row["incidents"] for row in table(found, "months")}
        check(f"{name}: counts a month of the review", shown == wanted, shown)
        for month, count in wanted.items():
            rows = table(found, f"calendar-{month}")
            items = sum(len(row["incidents"].split("\n")) + (row["more"] or 0) for row in rows if row["incidents"])
            check(f"{name}: {month} of the calendar", items == count, items)
        again = book.run("import", DATA / f"{name}.csv").stdout
        check(f"{name}: twice is once", " 0 added, 0 joined" in again, again)
    book = Book(directory, "vcdb.json")
    book.run("import", DATA / "vcdb-year-pattern.csv")
    with open(DATA / "vcdb-year-pattern.csv", encoding="utf-8") as rows:
        wanted = {}
        for row in csv.DictReader(rows):
            wanted[row["year"]] = wanted.get(row["year"], 0) + 1
    check("VCDB: by year, no month", book.months() == wanted, book.months())
    found, _ = section(book, directory, "--from", "2012-06-01", "--to", "2013-01-01", store=store)
    months = {row["month"]: row["incidents"] for row in table(found, "months")}
    check("VCDB: a year without month", months.pop("2012, month not known") == wanted["2012"] and not any(months.values()), months)


VERIS = [
    {"schema_version": "1.3.4", "incident_id": "A-1", "security_incident": "Confirmed", "summary": "Database of a shop read. More.",
     "timeline": {"incident": {"year": 2013, "month": 9, "day": 18}}, "action": {"hacking": {"variety": ["SQLi"], "vector": ["Web application"]}},
     "actor": {"external": {"name": ["nobody"]}}, "victim": {"victim_id": "Shop", "country": ["JP"], "industry": "454111"},
     "reference": "https://news.example/a; https://news.example/b", "confidence": "High"},
    {"incident_id": "A-2", "timeline": {"incident": {"year": 2013}}, "action": {"environmental": {"variety": ["Flood"]}}, "security_incident": "Suspected"},
    {"incident_id": "A-3", "timeline": {"incident": {"year": 2013, "month": 2}}, "action": {"malware": {"variety": ["C2", "Ransomware"]}}},
    {"incident_id": "A-4", "timeline": {"incident": {"year": 2013}}, "action": {"error": {}}, "security_incident": "False positive"},
    {"incident_id": "A-5", "timeline": {"incident": {}}, "action": {"unknown": {}}},
    {"incident_id": "A-6", "timeline": {"incident": {"year": 2013, "month": 2, "day": 30}}, "action": {"unknown": {}}},
]
NVD = {"format": "NVD_CVE", "vulnerabilities": [
    {"cve": {"id": "CVE-2014-0160", "published": "2014-04-07T22:55:03.893", "vulnStatus": "Modified",
             "descriptions": [{"lang": "es", "value": "no"}, {"lang": "en", "value": "The TLS heartbeat extension …"}],
             "references": [{"url": "https://heartbleed.com/"}]}},
    {"cve": {"id": "CVE-2014-9999", "published": "2014-04-08T00:00:00.000", "vulnStatus": "Rejected", "descriptions": []}}]}
CVE5 = {"dataType": "CVE_RECORD", "cveMetadata": {"cveId": "CVE-2014-0160", "state": "PUBLISHED", "datePublished": "2014-04-07T00:00:00.000Z"},
        "containers": {"cna": {"title": "Heartbleed", "references": [{"url": "https://www.openssl.org/"}]}}}
MISP = {"response": [{"Event": {"uuid": "u-1", "date": "2013-09-18", "info": "Defacements", "Attribute": [
    {"type": "link", "value": "https://misp.example/1"}, {"type": "vulnerability", "value": "CVE-2013-3893"}],
    "Tag": [{"name": 'misp-galaxy:threat-actor="Group X"'}]}}]}
KEV = {"catalogVersion": "1", "vulnerabilities": [{"cveID": "CVE-2014-0160", "dateAdded": "2022-05-04", "vulnerabilityName": "OpenSSL",
                                                   "shortDescription": "…", "notes": "https://nvd.example/"}]}
FINDINGS = {"schema": "yagura.review/1", "findings": [
    {"id": f"d{i}", "analysis": "security/ddos", "kind": "server", "severity": "medium", "confidence": 0.9, "begin": "2013-09-18T00:00:00.000Z",
     "end": "2013-09-18T01:00:00.000Z", "subject": {"target": f"192.0.2.{i}"}, "measures": {"peak_pps": i * 1000, "peak_bps": i * 8000}, "thresholds": [], "evidence": []}
    for i in range(1, 6)] + [
    {"id": "h1", "analysis": "security/heartbleed", "kind": "leak", "severity": "high", "confidence": 1, "begin": "2014-04-10T15:30:00.000Z",
     "end": "2014-04-10T15:31:00.000Z", "subject": {"server": "192.0.2.9", "client": "198.51.100.1"}, "measures": {"leaked_octets": 16384},
     "thresholds": [], "evidence": [], "advice": "Re-issue the certificate."},
    {"id": "n1", "analysis": "dns/nxdomain", "kind": "client", "severity": "low", "confidence": 1, "begin": "2014-04-10T15:30:00.000Z",
     "end": "2014-04-10T15:31:00.000Z", "subject": {"client": "198.51.100.1"}, "measures": {}, "thresholds": [], "evidence": []}]}


def test_formats(directory):
    book = Book(directory, "formats.json")
    done = book.run("import", book.write("veris.json", VERIS), status=1)
    check("VERIS: what is wrong is told with its place", "[4], incident_id A-5" in done.stderr and "[5], incident_id A-6" in done.stderr, done.stderr)
    entries = {e["source_id"]: e for e in book.entries()}
    check("VERIS: three taken", set(entries) == {"A-1", "A-2", "A-3"}, entries)
    check("VERIS: dates as exact as they are", [entries[i]["date"] for i in ("A-1", "A-2", "A-3")] == ["2013-09-18", "2013", "2013-02"], entries)
    check("VERIS: categories", [entries[i]["category"] for i in ("A-1", "A-2", "A-3")] == ["S", "O", "S"], entries)
    check("VERIS: title, references, target", entries["A-1"]["title"] == "Database of a shop read" and len(entries["A-1"]["refs"]) == 2
          and entries["A-1"]["targets"] == [{"country": "JP", "sector": "454111", "name": "Shop"}] and entries["A-1"]["confidence"] == 0.9, entries["A-1"])
    check("VERIS: varieties where there is no summary", entries["A-3"]["title"] == "Incident: malware (C2, Ransomware)", entries["A-3"])

    book = Book(directory, "cve.json")
    book.run("import", book.write("nvd.json", NVD), book.write("cve5.json", CVE5), book.write("kev.json", KEV))
    entries = book.entries()
    check("one CVE told by three is one", len(entries) == 1 and entries[0]["source"] == "nvd+cve+kev", entries)
    check("its references are together", len(entries[0]["refs"]) == 3 and entries[0]["date"] == "2014-04-07T22:55:03.893Z", entries)
    book.run("import", book.write("list.txt", "# ours\nCVE-2014-6271 2014-09-24 Shellshock\ncve-2014-3566\nCVE-2014-0160\n"))
    entries = {e["cve"][0]: e for e in book.entries()}
    check("a list of CVE numbers", len(entries) == 3 and entries["CVE-2014-6271"]["date"] == "2014-09-24"
          and entries["CVE-2014-3566"]["date"] == "2014", entries)

    book = Book(directory, "other.json")
    book.run("import", book.write("misp.json", MISP), book.write("history.csv", "date,history\n1931-09-18,Mukden\n--02-29,Leap\n"),
             book.write("own.csv", f'date,title,category,refs,time_zone,cve\n2013-09-18T23:30,"{JAPANESE}",P,https://a.example/,America/New_York,\n'))
    entries = {e["source"]: e for e in book.entries()}
    check("MISP", entries["misp"]["actors"] == ["Group X"] and entries["misp"]["cve"] == ["CVE-2013-3893"], entries)
    check("days of history", entries["history"]["recurs"] == "yearly" and entries["history"]["category"] == "H", entries)
    check("a table of ours keeps its text and zone", entries["csv"]["title"] == JAPANESE and entries["csv"]["time_zone"] == "America/New_York", entries)
    exported = book.run("export", "--csv").stdout
    other = Book(directory, "again.json")
    other.run("import", other.write("exported.csv", exported))
    check("CSV out and in again is the same list", other.entries() == book.entries(), other.entries())


def test_damage(directory):
    book = Book(directory, "damage.json")
    for name, text, place in (
            ("cut.json", '{"schema": "yagura.incidents/1",\n "incidents": [', "cut.json:2:"),
            ("other.json", '{"a": 1}', "neither incidents"),
            ("heading.csv", "a,b\n1,2\n", "heading.csv:1:"),
            ("empty.csv", "", "nothing in it"),
            ("noise.bin", "\x01\x02\x03", "noise.bin")):
        done = book.run("import", book.write(name, text), status=1)
        check(f"{name} is refused with its place", place in done.stderr, done.stderr)
    done = book.run("import", book.write("rows.csv", 'date,title,category\n2013-02-30,no such day,S\n2013-02-28,good,S\n2013-03-01,"open,S\n2013-03-02,good too,X\n'),
                    status=1)
    check("rows that are wrong are told by line", "line 2" in done.stderr and "2013-02-30" in done.stderr, done.stderr)
    check("the others are taken", [e["title"] for e in book.entries()] == ["good"], book.entries())
    for change in ('"date": "2014-13-01"', '"colour": "red"', '"category": "Z"', '"end": "2013-01-01"', '"confidence": 2', '"refs": "x"'):
        entry = '{"date": "2014-01-01", "category": "S", "title": "t"}'.replace('"date": "2014-01-01"', change if "date" in change
                                                                               else f'"date": "2014-01-01", {change}', 1)
        if "category" in change:
            entry = entry.replace(', "category": "S"', "")
        wrong = Book(directory, "wrong.json")
        wrong.path.write_text('{"schema": "yagura.incidents/1", "incidents": [' + entry + "]}", encoding="utf-8")
        before = wrong.path.read_bytes()
        done = wrong.run("add", "--date", "2014-01-01", "--title", "x", status=1)
        check(f"{change} in the file is refused with its place", "incidents[0]: " in done.stderr, done.stderr)
        check("and the file stays as it was", wrong.path.read_bytes() == before)


def test_approval(directory, store):
    book = Book(directory, "approval.json")
    book.run("import", book.write("review-in.json", FINDINGS))
    entries = {e["source_id"]: e for e in book.entries()}
    check("proposals: the largest attack and the leak", set(entries) == {"d5", "h1"}, entries)
    check("none is approved", not any(e["approved"] for e in entries.values()), entries)
    found, _ = section(book, directory, "--from", "2014-04-01", "--to", "2014-05-01", store=store)
    check("what waits is neither shown nor counted", not found["tables"] and any("approv" in text for text in found["quality"]), found)
    book.run("approve", entries["h1"]["id"])
    book.run("import", book.path.parent / "review-in.json")
    check("importing again takes no approval away", {e["source_id"]: e["approved"] for e in book.entries()} == {"d5": False, "h1": True}, book.entries())
    found, _ = section(book, directory, "--from", "2014-04-01", "--to", "2014-05-01", store=store)
    rows = [row for row in table(found, "calendar-2014-04") if row["incidents"]]
    check("the leak stands on its day in Tokyo", len(rows) == 1 and rows[0]["day"] == "11 Fri"
          and rows[0]["incidents"].startswith("S security/heartbleed leak: 192.0.2.9"), rows)
    found, _ = section(book, directory, "--from", "2014-04-01", "--to", "2014-05-01", "--publish", store=store)
    check("published, it names nobody", "192.0.2" not in json.dumps(found), found)
    done = book.run("approve", "nothing-like-it", status=2)
    check("an id that is not there", "there is no incident" in done.stderr, done.stderr)


def test_scripts(directory, store):
    book = Book(directory, "scripts.json")
    for title in (ARABIC, JAPANESE, "two\nlines"):
        book.run("add", "--date", "2013-09-18", "--title", title)
    check("texts are kept", {e["title"] for e in book.entries()} == {ARABIC, JAPANESE, "two\nlines"}, book.entries())
    found, page = section(book, directory, "--from", "2013-09-01", "--to", "2013-10-01", store=store)
    cell = next(row["incidents"] for row in table(found, "calendar-2013-09") if row["incidents"])
    check("a line each", sorted(cell.split("\n")) == sorted([f"S {ARABIC}", f"S {JAPANESE}", "S two lines"]), cell)
    escaped = html.escape(ARABIC).replace("&#x27;", "&#39;")
    check("each in its own direction, escaped", f'<li><span class="tag">S</span> <bdi>{escaped}</bdi></li>' in page)
    check("no markup of a title is markup", not re.search(r"<script>alert", page))


def test_hands(directory):
    book = Book(directory, "hands.json")
    book.run("add", "--date", "2013-09-18", "--category", "V", "--title", "A", "--ref", "https://a.example/")
    done = book.run("add", "--date", "2013-09-20", "--category", "V", "--title", "B", "--ref", "https://a.example/")
    check("the same reference is the same incident", "joined" in done.stdout or "already" in done.stdout, done.stdout)
    book.run("add", "--date", "2013-09-18T10:00+09:00", "--category", "V", "--title", "A", "--cve", "CVE-2013-0001")
    entries = book.entries()
    check("the same title on the same day too; the exacter date stays", len(entries) == 1 and entries[0]["date"] == "2013-09-18T10:00+09:00", entries)
    for words, status in ((("--date", "2013-02-29", "--title", "x"), 2), (("--title", "x"), 2), (("--date", "2012-02-29", "--title", "x"), 0),
                          (("--date", "2013-09-18T10:00", "--time-zone", "Mars/Base", "--title", "x"), 2), (("--date", "2013", "--title", "x", "--confidence", "much"), 2)):
        check(f"add {words}", book.run("add", *words, status=None).returncode == status)


def main():
    with tempfile.TemporaryDirectory() as directory:
        store = pathlib.Path(directory) / "store"
        capture = pathlib.Path(directory) / "office.pcap"
        run("simulate", "office", "--seed", "1", "--set", "duration=5s", "-o", capture, "--truth", pathlib.Path(directory) / "truth.json")
        run("ingest", capture, "--store", f"duckdb:{store}", "--quiet", "--only", "security/incidents")
        test_public_lists(directory, store)
        test_formats(directory)
        test_damage(directory)
        test_approval(directory, store)
        test_scripts(directory, store)
        test_hands(directory)
    print(f"{counts['passed']} passed, {counts['failed']} failed" + (f", {counts['skipped']} skipped" if counts["skipped"] else ""))
    return counts["failed"] != 0


if __name__ == "__main__":
    sys.exit(main())
