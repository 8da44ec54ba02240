#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Makes review documents for the tests of the page; all data are computed here, the same at every run.

usage: make_fixture.py plain|hostile|empty OUTPUT.json

plain    every kind of figure, with gaps, intervals and long tables
hostile  the same with hostile text in every string that can come from the input
empty    a review of nothing
"""
import datetime
import json
import math
import sys

HOUR = 3600_000
BEGIN = 1401548400_000  # 2014-06-01 00:00 in Tokyo
HOSTILE = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<!-- <script> -->",
    "\u202egnp.exe \u2066evil\u2069\u200f\u061c",
    "\x00\x01\x1b[31m\x07\n\t\x7f\u0085\u2028end",
    "W" * 300,
    "\U0001f5fc\U0001f468\u200d\U0001f469\u200d\U0001f467 \u6adf",
    "\"'><svg/onload=alert(1)> &amp; &lt;",
    "javascript:alert(1)",
    "]]>{{7*7}}${7*7}",
    "\ufeff\U000e0041\U000e0042\ufffe",
    "__proto__",
]


class Random:
    """A small linear congruential generator: the fixture does not change with the Python version."""

    def __init__(self, seed):
        self.state = seed

    def unit(self):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 11) / 2**53


def iso(ms):
    return datetime.datetime.fromtimestamp(ms / 1000, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def axis(label, kind, unit):
    return {"label": label, "type": kind, "unit": unit}


def figure(ident, title, kind, x, y, series, caption):
    series = [{"name": name, "points": points} for name, points in series]
    return {"id": ident, "title": title, "kind": kind, "x": x, "y": y, "series": series, "caption": caption}


def table(ident, title, columns, rows, notes):
    columns = [dict(zip(("name", "title", "type", "unit"), c)) for c in columns]
    return {"id": ident, "title": title, "columns": columns, "rows": rows, "notes": notes}


def section(ident, title, summary, figures, tables):
    return {
        "id": ident,
        "title": title,
        "summary": summary,
        "definition": ["Octets are counted from the IP header on, as the packet says; frames are counted as seen."],
        "quality": ["Rests on 12,345,678 packets; 3 were cut short by the snapshot length."],
        "tables": tables,
        "figures": figures,
    }


def daily(i, r, base, swing):
    hour = i % 24
    return base * (1 + swing * math.sin((hour - 9) / 24 * 2 * math.pi)) * (0.9 + 0.2 * r.unit())


def time_series(r):
    ipv4, ipv6 = [], []
    for i in range(7 * 24):
        value = round(daily(i, r, 4.2e9, 0.55))
        gap = 60 <= i < 66
        ipv4.append([BEGIN + i * HOUR, None if gap else value])
        value = round(daily(i, r, 9e8, 0.4))
        ipv6.append([BEGIN + i * HOUR, value, round(value * 0.85), round(value * 1.2)])
    return [("IPv4", ipv4), ("IPv6", ipv6)]


def stacked(r):
    names = [("tcp/443", 3.1e9), ("udp/443", 1.6e9), ("tcp/80", 6e8), ("udp/53", 9e7), ("other", 4e8)]
    return [(n, [[BEGIN + i * HOUR, round(daily(i, r, b, 0.5))] for i in range(7 * 24)]) for n, b in names]


def histogram():
    points = []
    for k in range(18):
        low = 2.0**k * 64
        points.append([low, low * 2, round(1e6 * math.exp(-(((k - 8) / 3.5) ** 2)))])
    points[15][2] = 0
    return [("users", points)]


def ccdf(r):
    out = []
    for name, scale in (("inbound", 3e6), ("outbound", 4e5)):
        values = sorted(scale * math.exp(2.2 * math.sqrt(-2 * math.log(1 - r.unit())) * math.cos(6.2831853 * r.unit())) for _ in range(400))
        out.append((name, [[round(v, 3), round(1 - (i + 1) / 401, 6)] for i, v in enumerate(values)]))
    return out


def calendar():
    day = datetime.date(2014, 3, 10)
    points = []
    for i in range(150):
        value = None if 40 <= i < 44 else (i * 7919 % 23) ** 2
        points.append([str(day + datetime.timedelta(days=i)), value])
    return [("attacks", points)]


def timeline():
    def span(hour, hours, text):
        return [BEGIN + int(hour * HOUR), BEGIN + int((hour + hours) * HOUR), text]

    return [
        ("192.0.2.10", [span(3, 2.5, "dns reflection"), span(30, 0.02, "syn flood"), span(31, 6, "ntp reflection")]),
        ("192.0.2.77", [span(12, 40, "http flood")]),
        ("2001:db8::53", [span(100, 9, "udp flood"), span(120, 1, "icmp flood")]),
    ]


def drawn(name, group, style, points):
    return {"name": name, "group": group, "style": style, "points": points}


def guide(kind, label, a, b):
    return {"kind": kind, "label": label, "a": a, "b": b}


def density(mu, sigma, count):
    xs = [mu + sigma * (i / count * 7 - 3.5) for i in range(count + 1)]
    return [[round(math.exp(x)), math.exp(-(((x - mu) / sigma) ** 2) / 2) / sigma * 0.918] for x in xs]


def curves():
    inn, out = density(math.log(2e7), 2.1, 60), density(math.log(4e8), 1.7, 60)
    plane = figure("density", "Distribution of the daily volume", "curve", axis("daily volume of a user", "log", "octets"),
                   axis("share of users per decade", "linear", ""), [], "Lines are corrected for sampling.")
    plane["series"] = [drawn("IN, observed", 0, "steps", inn[::3]), drawn("IN, corrected", 0, "line", inn),
                       drawn("OUT, 2013", 1, "dots", out[::4]), drawn("OUT, corrected", 1, "dashed", out)]
    plane["guides"] = [guide("zone-x", "fewer than 10 packets seen", 1, 1e7), guide("line-x", "100 packets seen", 1e8, 1e8),
                      guide("tick-x", "mode IN", 1.8e7, 2.2e7), guide("tick-x", "mode OUT", 3.6e8, 4.4e8)]
    ratio = figure("ratio", "Who grew", "curve", axis("share of users below", "linear", ""), axis("volume now over volume then", "log", ""), [], "")
    ratio["series"] = [drawn("IN", 0, "line", [[p / 100, 1.1 + p / 900, 1.05 + p / 900, 1.18 + p / 800] for p in range(1, 100, 2)]),
                       drawn("OUT", 1, "line", [[p / 100, 1.3 - p / 900, None, None] for p in range(1, 100, 2)])]
    ratio["guides"] = [guide("line-y", "growth of the mean", 1.13, 1.13)]
    return plane, ratio


def scatter(r):
    cells = {}
    for _ in range(4000):
        x = 8.6 + 0.6 * math.sqrt(-2 * math.log(1 - r.unit())) * math.cos(6.2831853 * r.unit())
        y = x - 1 + 0.5 * math.sqrt(-2 * math.log(1 - r.unit())) * math.cos(6.2831853 * r.unit())
        key = (math.floor(x * 20), math.floor(y * 20))
        cells[key] = cells.get(key, 0) + 1
    points = [[10 ** (x / 20), 10 ** ((x + 1) / 20), 10 ** (y / 20), 10 ** ((y + 1) / 20), n] for (x, y), n in sorted(cells.items())]
    plane = figure("in-out", "Upload against download", "histogram-2d", axis("OUT a day", "log", "octets"), axis("IN a day", "log", "octets"),
                   [("users", points)], "Twenty cells a decade.")
    plane["guides"] = [guide("diagonal", "IN = OUT", 1, 1), guide("line-y", "client-type below", 1e8, 1e8), guide("point", "peers", 2e9, 2e9)]
    return plane


def bars():
    ports = ["tcp/443", "udp/443", "tcp/80", "udp/53", "tcp/22", "tcp/25", "udp/123", "dynamic"]
    inn = [[p, round(4e11 / (i + 1) ** 1.3), round(3.6e11 / (i + 1) ** 1.3), round(4.4e11 / (i + 1) ** 1.3)] for i, p in enumerate(ports)]
    out = [[p, round(1.1e11 / (i + 1)), round(1.0e11 / (i + 1)), round(1.3e11 / (i + 1))] for i, p in enumerate(ports)]
    return [("in", inn), ("out", out)]


def world():
    values = {"JP": 182345, "US": 90211, "CN": 60110, "DE": 12000, "FR": 9100, "GB": 8800, "BR": 7000, "IN": 6100, "RU": 15800, "ZA": 300}
    values.update({"AU": 2500, "KR": 21000, "TW": 9000, "SG": 4200, "HK": 3900, "MT": 11, "CA": 5000, "MX": 900, "NG": 120, "FJ": 7, "XK": 5})
    return [("queries", [[k, v] for k, v in values.items()])]


def talkers(count):
    columns = [
        ("address", "Address", "address", ""),
        ("first", "First seen", "time", ""),
        ("octets", "Octets", "octets", "octets"),
        ("packets", "Packets", "count", "packets"),
        ("share", "Share", "share", ""),
        ("active", "Active", "duration", "s"),
        ("peak", "Peak", "rate", "bps"),
        ("ratio", "Octets per packet", "number", "octets"),
        ("comment", "Remark", "text", ""),
    ]
    rows = []
    for i in range(count):
        octets = 10**13 // (i + 1) ** 2
        address = f"198.51.100.{i % 256}" if i % 3 else f"2001:db8:{i:x}::{i * 7919:x}"
        packets = octets // 731 + 1
        rows.append([address, BEGIN + i * 977_123, octets, packets, round(0.6 / (i + 1) ** 2, 12), round(86400 / (i + 1), 3),
                     octets * 8 / 86400, round(octets / packets, 4), None if i % 4 else "customer"])
    return table("addresses", "Addresses by octets", columns, rows, ["Each count is at most 1,024 octets too low."])


def finding(i):
    return {
        "id": f"f{i:03x}",
        "analysis": "security/ddos",
        "kind": "bandwidth",
        "severity": ["critical", "high", "medium", "low", "info"][i % 5],
        "confidence": 0.97,
        "begin": iso(BEGIN + i * HOUR),
        "end": iso(BEGIN + i * HOUR + 1_500_000),
        "subject": {"target": f"192.0.2.{i + 10}"},
        "measures": {
            "duration_s": 1500,
            "packets": 81234567,
            "octets": 98765432109,
            "peak_pps": 1234567.0,
            "peak_bps": 9.87e9,
            "peak_bps_low": 9.5e9,
            "peak_bps_high": 1.02e10,
            "sources": 5123,
            "vectors": [{"name": "dns", "share_packets": 0.8, "share_octets": 0.95}, {"name": "syn", "share_packets": 0.2, "share_octets": 0.05}],
        },
        "thresholds": [{"name": "bps", "value": 1e9, "source": "yagura.yaml"}],
        "evidence": [{"input": "capture.pcap", "offset": 24 + k * 90, "length": 90} for k in range(3)],
        "advice": "Ask the upstream to filter UDP source port 53 towards the target.",
    }


def plain():
    r = Random(2014)
    when = axis("time", "time", "ms")
    rate = axis("bit rate", "linear", "bps")
    volume = section(
        "traffic/volume",
        "Traffic volume",
        ["Traffic peaked at 7.43 Gbps on Tuesday, 3 June at 15:00 JST and was lowest, 1.82 Gbps, on Sunday night. "
         "IPv6 carried 17 % of all octets.",
         "Between 12:00 and 18:00 on 3 June nothing was received from the IPv4 exporter: that is a gap, not silence."],
        [figure("rate", "Bit rate by IP version", "time-series", when, rate, time_series(r), "Hourly means; the band is the 95 % interval under sampling 1:1000."),
         figure("ports", "Bit rate by service port", "stacked-area", when, rate, stacked(r), "The five largest, hourly."),
         figure("calendar", "Attacks a day", "calendar", axis("day", "time", ""), axis("attacks", "linear", "attacks"), calendar(), "Empty days had no data."),
         figure("single", "A single point", "time-series", when, rate, [("IPv4", [[BEGIN, 5e6]])], "")],
        [talkers(137)])
    ports = section(
        "traffic/ports",
        "Ports",
        ["HTTPS over TCP carried 41 % of the octets."],
        [figure("ports", "Octets by port", "bars", axis("port", "category", ""), axis("octets", "linear", "octets"), bars(), "Rules show the 95 % interval."),
         figure("sizes", "Daily volume of a user", "log-histogram", axis("volume", "log", "octets"), axis("users", "linear", "users"), histogram(), ""),
         figure("ccdf", "Daily volume of a user", "ccdf", axis("volume", "log", "octets"), axis("share of users above", "log", ""), ccdf(r), "Both axes are logarithmic."),
         *curves(), scatter(r)],
        [table("few", "Protocols", [("protocol", "Protocol", "text", ""), ("flows", "Flows", "count", "flows")], [["TCP", 123456], ["UDP", 7890], ["ICMP", 0]], [])])
    where = section(
        "dns/clients",
        "Where queries come from",
        ["Japan asked most."],
        [figure("countries", "Queries by country", "world-map", axis("country", "category", ""), axis("queries", "log", "queries"), world(), ""),
         figure("incidents", "Attacks on customers", "timeline", when, axis("target", "category", ""), timeline(), ""),
         figure("nothing", "Nothing was seen", "bars", axis("port", "category", ""), axis("octets", "linear", "octets"), [], "")],
        [table("none", "No rows", [("name", "Name", "text", "")], [], ["Nothing passed the threshold."])])
    return {
        "schema": "yagura.review/1",
        "generator": {"name": "yagura", "version": "0.1.0", "command": "yagura review capture.pcap"},
        "site": {"name": "Example Networks", "time_zone": "Asia/Tokyo"},
        "period": {"begin": iso(BEGIN), "end": iso(BEGIN + 7 * 24 * HOUR)},
        "simulated": True,
        "inputs": [
            {"path": "capture.pcap", "kind": "pcap", "fingerprint": "xxh3:00112233445566778899aabbccddeeff", "begin": iso(BEGIN), "end": iso(BEGIN + 168 * HOUR), "records": 12345678, "octets": 9876543210},
            {"path": "cut.pcapng.gz", "kind": "pcapng+gzip", "fingerprint": "xxh3:ff", "begin": None, "end": None, "records": 0, "octets": 17,
             "damage": [{"offset": 12, "octets": 5, "reason": "the input ends inside a record"}]},
        ],
        "chapters": [
            {"id": "traffic", "title": "Traffic", "sections": [volume, ports]},
            {"id": "dns", "title": "DNS", "sections": [where]},
        ],
        "findings": [finding(i) for i in range(5)],
        "quality": {
            "drops": {"ip4.bad_length": 3, "dns.label_loop": 0, "tcp.truncated": 12345},
            "evictions": {"flow.table": 17},
            "sampling": [{"exporter": "192.0.2.1", "domain": 0, "rate": 1000, "source": "options template"}],
            "loss": [{"exporter": "192.0.2.1", "domain": 0, "lost": 12, "unit": "packets", "expected": 100000}],
        },
    }


FIXED = {"schema", "kind", "type", "begin", "end", "time_zone", "severity"}


class Poison:
    def __init__(self):
        self.count = 0

    def text(self, original):
        self.count += 1
        return HOSTILE[self.count % len(HOSTILE)] + " " + original

    def walk(self, value, key=""):
        if isinstance(value, dict):
            return {k: self.walk(v, k) for k, v in value.items()}
        if isinstance(value, list):
            return [self.walk(v, key) for v in value]
        if isinstance(value, str) and key not in FIXED:
            return self.text(value)
        return value


def hostile():
    document = plain()
    poison = Poison()
    kinds = [(f, f["kind"], [dict(s, points=list(s["points"])) for s in f["series"]]) for c in document["chapters"] for s in c["sections"] for f in s["figures"]]
    out = poison.walk(document)
    figures = [f for c in out["chapters"] for s in c["sections"] for f in s["figures"]]
    for f, (_, kind, series) in zip(figures, kinds):
        # Days and country codes are checked by whoever makes them; one of each stays hostile.
        if kind in ("calendar", "world-map"):
            for mine, theirs in zip(f["series"], series):
                mine["points"] = [mine["points"][0]] + theirs["points"][1:]
    keys = [h.replace("\x00", "") for h in HOSTILE]  # jansson has no keys with NUL
    out["findings"][0]["subject"] = {k: k for k in keys}
    out["quality"]["drops"] = {k: 1 for k in keys}
    for f in out["findings"]:
        f["kind"] = poison.text(f["kind"])
    for i in out["inputs"]:
        i["kind"] = poison.text(i["kind"])
    return out


def empty():
    document = plain()
    document.update(period={"begin": None, "end": None}, simulated=False, inputs=[], chapters=[], findings=[],
                    site={"time_zone": "UTC"}, quality={"drops": {}, "evictions": {}, "sampling": [], "loss": []})
    return document


def main():
    document = {"plain": plain, "hostile": hostile, "empty": empty}[sys.argv[1]]()
    with open(sys.argv[2], "w", encoding="utf-8") as out:
        json.dump(document, out, ensure_ascii=False, indent=1)
        out.write("\n")


main()
