#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The SQL injection engine against labelled sets, with libinjection's verdict beside ours.

usage: sqli_labelled.py [BUILD] [--table] [--misses SET]

Sets of shared/data/weblogs: libinjection's own files (its training set: its figures there are no measure of it), the
payloads of HttpParamsDataset, and web logs; prose of this machine's manuals; and payloads made here by tampering as sqlmap
does it. While rules were written, misses were looked at only where the CRC-32 of the decoded payload is even; "held out" is
the other half. libinjection is asked through libmodsecurity.so.3 where that is installed.
"""
import csv
import glob
import gzip
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import zlib
from urllib.parse import unquote_to_bytes

words = [w for w in sys.argv[1:] if not w.startswith("--")]
build = pathlib.Path(words[0] if words else "build").resolve()
root = pathlib.Path(__file__).resolve().parents[2]
data = pathlib.Path(os.environ.get("YAGURA_DATA", root.parent / "shared" / "data"))
passed = failed = skipped = 0


def check(good, text):
    global passed, failed
    passed += good
    failed += not good
    if not good:
        print(f"FAILED: {text}")


def judge(payloads):
    """[(score, rule, purpose, libinjection: 0, 1 or None)] of raw (percent-encoded) octets."""
    if not payloads:
        return []
    lines = b"\n".join(p.hex().encode() for p in payloads) + b"\n"
    out = subprocess.run([build / "tests/sql-judge"], input=lines, capture_output=True, check=True).stdout.decode().splitlines()
    rows = [line.split() for line in out]
    return [(int(r[0]), r[1], r[3], None if r[5] == "-" else int(r[5])) for r in rows]


def decoded(payload):
    text = unquote_to_bytes(payload.replace(b"+", b" "))
    if re.search(rb"%[0-9a-fA-F]{2}", text):
        text = unquote_to_bytes(text.replace(b"+", b" "))
    return text


def quoted(payload):
    """Percent-encodes what a browser would."""
    return b"".join(bytes([c]) if chr(c).isalnum() and c < 128 or c in b"-_.~" else b"%%%02X" % c for c in payload)


# ---------------------------------------------------------------- tampering, as sqlmap's scripts of these names do

def keywords(text, change):
    return re.sub(r"\b(?:AND|OR|UNION|ALL|SELECT|FROM|WHERE|ORDER|BY|SLEEP|CONCAT|LIKE|BETWEEN|NOT|INSERT|INTO|VALUES|DROP|TABLE|"
                  r"NULL|CASE|WHEN|THEN|ELSE|END|COUNT|HAVING|GROUP)\b", lambda m: change(m.group()), text)


def outside_strings(text, change):
    return "".join(part if i % 2 else change(part) for i, part in enumerate(re.split(r"('[^']*')", text)))


def random_case(rng, word):
    return "".join(rng.choice((c.lower(), c.upper())) for c in word)


TAMPERS = {
    "none": lambda t, r: t,
    "space2comment": lambda t, r: t.replace(" ", "/**/"),
    "space2plus": lambda t, r: t.replace(" ", "+"),
    "space2dash": lambda t, r: t.replace(" ", "--%s\n" % "".join(r.choices("abcdefXYZ", k=8))),
    "space2hash": lambda t, r: t.replace(" ", "#%s\n" % "".join(r.choices("abcdefXYZ", k=8))),
    "space2mssqlblank": lambda t, r: "".join(chr(r.choice((1, 2, 3, 9, 10, 11, 12, 13, 14, 31))) if c == " " else c for c in t),
    "space2randomblank": lambda t, r: "".join(r.choice("\t\n\x0c\r") if c == " " else c for c in t),
    "space2morecomment": lambda t, r: t.replace(" ", "/**_**/"),
    "multiplespaces": lambda t, r: t.replace(" ", " " * r.randint(2, 5)),
    "randomcase": lambda t, r: keywords(t, lambda w: random_case(r, w)),
    "lowercase": lambda t, r: keywords(t, str.lower),
    "versionedkeywords": lambda t, r: keywords(t, lambda w: f"/*!{w}*/"),
    "versionedmorekeywords": lambda t, r: keywords(t, lambda w: f"/*!50000{w}*/"),
    "halfversionedmorekeywords": lambda t, r: keywords(t, lambda w: f"/*!0{w}"),
    "between": lambda t, r: re.sub(r"(\d+)\s*>\s*(\d+)", r"\1 NOT BETWEEN 0 AND \2", re.sub(r"(\d+)=(\d+)", r"\1 BETWEEN \2 AND \2", t)),
    "equaltolike": lambda t, r: re.sub(r"(\d+)=(\d+)", r"\1 LIKE \2", t),
    "symboliclogical": lambda t, r: re.sub(r"\bAND\b", "&&", re.sub(r"\bOR\b", "||", t)),
    "apostrophemask": lambda t, r: t.replace("'", "\uff07"),
    "apostrophenullencode": lambda t, r: t.replace("'", "%00%27"),
    "unmagicquotes": lambda t, r: t.replace("'", "\xbf'") + " -- ",
    "hex2char": lambda t, r: re.sub(r"0x((?:[0-9a-f]{2})+)", lambda m: "CONCAT(%s)" % ",".join(
        f"CHAR({c})" for c in bytes.fromhex(m.group(1))), t),
    "concat2concatws": lambda t, r: re.sub(r"CONCAT\(", "CONCAT_WS(MID(CHAR(0),0,0),", t),
    "commentbeforeparentheses": lambda t, r: re.sub(r"(\w)\(", r"\1/**/(", t),
    "greatest": lambda t, r: re.sub(r"(\d+)>(\d+)", r"GREATEST(\1,\2+1)=\1", t),
    "if2case": lambda t, r: re.sub(r"IF\((.+?),(.+?),(.+?)\)", r"CASE WHEN (\1) THEN (\2) ELSE (\3) END", t),
    "unionalltounion": lambda t, r: t.replace("UNION ALL", "UNION"),
    "scientific": lambda t, r: re.sub(r"\b(\d) (AND|OR|UNION)\b", r"\1e0\2", t),
    "charencode": lambda t, r: t,
    "chardoubleencode": lambda t, r: t,
    "charunicodeencode": lambda t, r: t,
    "htmlencode": lambda t, r: t,
    "base64encode": lambda t, r: t,
}


def wire(name, text):
    raw = text.encode("utf-8") if name != "unmagicquotes" else text.encode("latin-1", "replace")
    if name == "chardoubleencode":
        return b"".join(b"%%25%02X" % c for c in raw)
    if name == "charencode":
        return b"".join(b"%%%02X" % c for c in raw)
    if name == "charunicodeencode":
        return b"".join(b"%%u00%02X" % c for c in raw)
    if name == "htmlencode":
        return quoted("".join(f"&#{ord(c)};" if not c.isalnum() else c for c in text).encode())
    if name == "base64encode":
        import base64
        return quoted(base64.b64encode(raw))
    if name == "space2plus":
        return quoted(raw).replace(b"%2B", b"+")
    if name == "apostrophenullencode":
        return quoted(raw).replace(b"%2500%2527", b"%00%27")
    return quoted(raw)


BOUNDARIES = [("", ""), ("'", " AND 'qxb'='qxb"), ("'", "-- -"), ('"', ' AND "kbv"="kbv'), (")", " AND (7=7"), ("')", " AND ('x'='x"),
              ("'))", "-- kq"), ("%'", " AND '%'='")]
BODIES = [
    " AND {a}={a}", " OR {a}={a}", " AND {a}>{b}", " OR NOT {a}={b}", " AND ASCII(SUBSTRING(DATABASE(),1,1))>{c}",
    " UNION ALL SELECT NULL,NULL,CONCAT(0x7176627071,0x41,0x7162)", " UNION SELECT 1,user,password FROM users",
    " UNION ALL SELECT table_name,2 FROM information_schema.tables", " ORDER BY {n}-- -", " AND SLEEP({n})",
    " AND (SELECT {a} FROM (SELECT(SLEEP({n})))kqwz)", " OR IF({a}={a},SLEEP({n}),0)", " AND BENCHMARK(5000000,MD5(0x61))",
    ";WAITFOR DELAY '0:0:{n}'-- ", ";SELECT PG_SLEEP({n})-- ", ";DROP TABLE users-- ", ";INSERT INTO users VALUES({a},{b})-- ",
    ";UPDATE users SET password={a} WHERE id=1-- ", " AND EXTRACTVALUE({a},CONCAT(0x5c,VERSION()))",
    " AND UPDATEXML({a},CONCAT(0x2e,USER()),{b})", " AND (SELECT COUNT(*) FROM sysobjects)>0", " OR EXISTS(SELECT 1 FROM users)",
    " AND {a}=(SELECT COUNT(*) FROM users WHERE id LIKE 1)", " AND CASE WHEN ({a}={a}) THEN 1 ELSE 0 END=1", " HAVING {a}={a}-- -",
    " GROUP BY user HAVING {a}={a}", " INTO OUTFILE 0x2f746d70-- -", " AND ROW({a},{b})>(SELECT COUNT(*),2 FROM users)",
    " PROCEDURE ANALYSE(EXTRACTVALUE({a},CONCAT(0x5c,VERSION())),1)", " AND LOAD_FILE(0x2f6574632f706173737764) IS NOT NULL",
    ";EXEC master..xp_cmdshell 0x646972-- ", ";EXEC xp_dirtree 'c:'-- ", " AND DBMS_PIPE.RECEIVE_MESSAGE(CHR(97),{n})=1",
    " AND (SELECT UTL_INADDR.GET_HOST_NAME((SELECT banner FROM v$version WHERE ROWNUM=1)) FROM dual)={a}",
    " AND CAST((SELECT version()) AS numeric)={a}", " RLIKE (SELECT (CASE WHEN ({a}={a}) THEN 1 ELSE 0x28 END))",
]
MYSQL = {"versionedkeywords", "versionedmorekeywords", "halfversionedmorekeywords", "space2hash", "scientific"}


def tampered():
    sets = {}
    rng = random.Random(5)
    for name, change in TAMPERS.items():
        out = []
        for body in BODIES:
            if name in MYSQL and re.search(r"WAITFOR|PG_|xp_|DBMS|UTL|sysobjects|numeric", body):
                continue  # that tamper writes MySQL
            for before, after in BOUNDARIES:
                a, b = rng.randint(1000, 9999), rng.randint(1, 99)
                text = body.format(a=a, b=b, c=rng.randint(40, 120), n=rng.randint(2, 9))
                if "--" in text:
                    after = ""
                out.append(wire(name, change(str(rng.randint(1, 9999)) + before + text + after, rng)))
        sets["tamper " + name] = out
    return sets


# ---------------------------------------------------------------- sets

def lines_of(path):
    return [l for l in path.read_bytes().split(b"\n") if l.strip() and not l.startswith(b"#")]


def log_requests(path):
    out = []
    for line in path.read_bytes().split(b"\n"):
        m = re.search(rb'"(?:GET|POST|HEAD|PUT|OPTIONS) (\S+)', line)
        if m:
            out += [part.split(b"=", 1)[-1] for part in m.group(1).partition(b"?")[2].split(b"&") if part]
    return out


def prose(most=int(os.environ.get("SQLI_PROSE", "20000"))):
    out = set()
    names = sorted(glob.glob("/usr/share/man/man[1357]/*.gz")) + sorted(glob.glob("/usr/share/perl/5*/**/*.pod", recursive=True))
    names += sorted(glob.glob("/usr/share/doc/*/README*")) + sorted(glob.glob("/usr/share/doc/*/changelog*"))
    for name in names:
        try:
            text = (gzip.open(name) if name.endswith(".gz") else open(name, "rb")).read(100000)
        except OSError:
            continue
        out.update(l.strip() for l in text.split(b"\n") if len(l) > 8)
    out = sorted(out)
    random.Random(7).shuffle(out)
    return [quoted(line) for line in out[:most]]


def gather():
    positive, negative = {}, {}
    weblogs = data / "weblogs"
    if weblogs.is_dir():
        for path in sorted((weblogs / "libinjection").glob("*.txt")):
            (positive if path.name.startswith("sqli") else negative)["libinjection/" + path.stem] = lines_of(path)
        for payload, _, kind, _ in list(csv.reader(open(weblogs / "httpparams-payload_test.csv", encoding="utf-8",
                                                        errors="surrogateescape")))[1:]:
            where = positive if kind == "sqli" else negative
            where.setdefault("httpparams " + kind, []).append(quoted(payload.encode("utf-8", "surrogateescape")))
        negative["elastic-apache_logs, parameters"] = log_requests(weblogs / "elastic-apache_logs")
    positive.update(tampered())
    negative["prose (manuals, changelogs)"] = prose()
    return positive, negative


def guarded(payload):
    """What spec 2.5 says never suffices: a number, name or variable with a comment behind it."""
    return re.fullmatch(rb"[-+]?[\w.@]+(\s*\*\s*[\w.]+)?\s*(--|/\*|#).{0,2}|\d+-\d+", decoded(payload).strip(), re.S) is not None


def share(count, of):
    return f"{100 * count / of:.2f} %" if of else "-"


def measure(name, payloads, wanted):
    """One row: what was found of it, how much in the held-out half, libinjection's."""
    verdicts = judge(payloads)
    found = [v[0] >= 5 for v in verdicts]
    held = [f for p, f in zip(payloads, found) if zlib.crc32(decoded(p)) & 1]
    peer = [v[3] for v in verdicts if v[3] is not None]
    if "--misses" in sys.argv and name.startswith(words[-1]):
        for p, v in zip(payloads, verdicts):
            if (v[0] >= 5) != wanted:
                print("   ", v, decoded(p)[:200])
    return {"name": name, "count": len(payloads), "found": sum(found), "suspicious": sum(3 <= v[0] < 5 for v in verdicts),
            "held": len(held), "held_found": sum(held), "peer": sum(peer) if peer else None,
            "guarded": sum(not f and guarded(p) for p, f in zip(payloads, found)) if wanted else 0}


def print_table(rows):
    print("| set | payloads | attack | suspicious | held out | libinjection |\n|---|---|---|---|---|---|")
    for r in rows:
        peer = "-" if r["peer"] is None else f"{r['peer']} ({share(r['peer'], r['count'])})"
        print(f"| {r['name']} | {r['count']} | {r['found']} ({share(r['found'], r['count'])}) | {r['suspicious']} | "
              f"{r['held_found']} of {r['held']} ({share(r['held_found'], r['held'])}) | {peer} |")


def total(name, rows):
    return {key: name if key == "name" else None if key == "peer" and any(r[key] is None for r in rows)
            else sum(r[key] for r in rows) for key in rows[0]}


def review(path):
    with tempfile.TemporaryDirectory() as room:
        out = pathlib.Path(room) / "review.json"
        subprocess.run([build / "yagura", "review", "--only", "security/sql-injection", path, "-o", os.devnull, "--json", out],
                       check=True, capture_output=True)
        return json.load(open(out, encoding="utf-8"))["findings"]


def check_captures():
    global skipped
    captures = data / "captures" / "http-attack"
    if not captures.is_dir():
        skipped += 1
        print("skipped: no captures")
        return
    for name, requests in (("ndpi-WebattackSQLinj.pcap", 9), ("http_dvwa_sqlinjection.pcapng", 3), ("ndpi-sql_injection.pcap", 1)):
        findings = review(captures / name)
        got = [(f["kind"], f["measures"]["requests"]) for f in findings]
        check(got == [("steal", requests)], f"{name}: {got}")
    check(review(captures / "ndpi-xss.pcap") == [], "ndpi-xss.pcap is no SQL injection")
    check(review(data / "weblogs" / "elastic-apache_logs") == [], "elastic-apache_logs is benign")
    scan = review(data / "weblogs" / "ocatak-acunetix.txt")
    check(len(scan) == 1 and scan[0]["measures"]["requests"] >= 100, "ocatak-acunetix.txt holds a scan")


def main():
    global skipped
    positive, negative = gather()
    rows = {name: measure(name, p, True) for name, p in positive.items()}
    benign = {name: measure(name, p, False) for name, p in negative.items()}
    if "--table" in sys.argv:
        own = [r for n, r in rows.items() if n.startswith("tamper")]
        theirs = [r for n, r in rows.items() if n.startswith("libinjection")]
        print_table([r for n, r in rows.items() if not n.startswith("tamper")] + ([total("libinjection, all", theirs)] if theirs else []))
        print()
        print_table(own + [total("tampered, all", own)])
        print()
        print_table(benign.values())
    own = total("", [r for n, r in rows.items() if n.startswith("tamper")])
    check(own["found"] >= 0.99 * own["count"], f"tampered payloads: {own}")
    for name, r in benign.items():
        most = 0 if name.startswith("libinjection") else 0.001 * r["count"]
        check(r["found"] <= most, f"{name}: {r['found']} of {r['count']} are called attacks")
    if data.joinpath("weblogs").is_dir():
        theirs = total("", [r for n, r in rows.items() if n.startswith("libinjection")])
        check(theirs["found"] >= 0.97 * theirs["count"], f"libinjection's sets: {theirs}")
        check(theirs["found"] + theirs["guarded"] >= 0.99 * theirs["count"], f"libinjection's sets but for the guards: {theirs}")
        check(rows["httpparams sqli"]["found"] >= 0.995 * rows["httpparams sqli"]["count"], f"{rows['httpparams sqli']}")
    else:
        skipped += 1
        print("skipped: no weblogs")
    check_captures()


main()
print(f"{passed} passed, {failed} failed, {skipped} skipped")
sys.exit(failed > 0)
