#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Writes the first inputs of the fuzz targets review and zone into tests/fuzz/corpus."""
import json
import pathlib
import struct

TOP = pathlib.Path(__file__).resolve().parent / "corpus"
MARK = "<fuzz onload='x'>"


def section(kind, x, y, points):
    columns = [{"name": t, "title": MARK, "type": t, "unit": MARK} for t in ("text", "count", "share", "time", "duration", "rate", "number")]
    return {
        "id": "a/b" + MARK, "title": MARK, "summary": [MARK], "definition": [MARK], "quality": MARK,
        "tables": [{"id": "t", "title": MARK, "columns": columns, "rows": [[MARK, 1, 0.5, 1401548400123, 90.5, 1e9, -2.5], [None] * 7], "notes": [MARK]}],
        "figures": [{"id": "f", "title": MARK, "kind": kind, "x": {"label": MARK, "type": x, "unit": MARK}, "y": {"label": MARK, "type": y, "unit": MARK},
                     "series": [{"name": MARK, "points": points}], "caption": MARK}],
    }


def finding():
    return {"id": MARK, "analysis": MARK, "kind": MARK, "severity": "high", "confidence": 0.5, "begin": "2014-06-01T00:00:00Z", "end": MARK,
            "subject": {MARK: MARK}, "measures": {"peak_bps": 1, "peak_bps_low": 0, "peak_bps_high": 2, "vectors": [{"name": MARK}]},
            "thresholds": [{"name": MARK, "value": 1, "source": MARK}], "evidence": [{"input": MARK, "offset": 1, "length": 2}], "advice": MARK}


def reviews():
    yield "time", section("time-series", "time", "linear", [[1401548400000, 1, 0, 2], [1401548401000, None]])
    yield "histogram", section("log-histogram", "log", "linear", [[1, 2, 3]])
    yield "timeline", section("timeline", "time", "category", [[1401548400000, 1401548401000, MARK]])
    yield "bars", section("bars", "category", "linear", [[MARK, 1]])


def block(width, times, types, letters):
    data = struct.pack(">5s15x6I", b"TZif2", 0, 0, 0, len(times), len(types), len(letters))
    data += b"".join(struct.pack(">q" if width == 8 else ">i", t) for t in times) + bytes(i % len(types) for i in range(len(times)))
    return data + b"".join(struct.pack(">iBB", east, dst, at) for east, dst, at in types) + letters


def zones():
    types = [(32400, 0, 0), (-10800, 1, 4)]
    for name, rule in (("fixed", b"JST-9"), ("months", b"CET-1CEST,M3.5.0,M10.5.0/3"), ("days", b"<-03>3<-02>,J60/-1:30,300/167"), ("none", b"")):
        yield name, block(4, [0], types, b"JST\0-03\0") + block(8, [0, 1000], types, b"JST\0-03\0") + b"\n" + rule + b"\n"


def main():
    for target in ("review", "zone"):
        (TOP / target).mkdir(parents=True, exist_ok=True)
    for name, value in reviews():
        (TOP / "review" / name).write_text(json.dumps({"sections": [value]}))
    (TOP / "review/finding").write_text(json.dumps({"findings": [finding(), None, 1]}))
    for name, data in zones():
        (TOP / "zone" / name).write_bytes(data)


main()
