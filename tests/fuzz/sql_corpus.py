#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Writes the corpus of the target sql: one payload of each technique, coding and kind of body.

usage: sql_corpus.py DIRECTORY
"""
import base64
import pathlib
import sys

directory = pathlib.Path(sys.argv[1])
inputs = {
    "boolean": b"\0' oR/**/1=1-- -",
    "union": b"\0-1e0UNION/*!50000ALL*/SELECT(1),`a`.``,@@version,q'[x]',$t$y$t$ from[b]c--",
    "stacked": b"\0" + b"1);DECLARE @S CHAR(99);SET @S=CAST(0x44 AS CHAR(9));EXEC(@S)#\nx",
    "time": b"\0" + b"1 and if(1=1,sleep(0.5),0) or x=1;waitfor delay '0:0:5'",
    "quotes": b"\0" + b"'\"`'\"\\'\\\"''\"\"",
    "comments": b"\0" + b"/* /* */ */ -- a\n--b\n#c\n/*!d*/ /*",
    "percent": b"\0/a/%2527%20or/b?x=%u0027%2bunion&y=%c0%a7+or+1=1",
    "entities": b"\0&#39; or &#x27;a&#x27;=&quot;a&lt;&amp;#39",
    "base64": b"\0Basic " + base64.b64encode(b"admin' or '1'='1:x"),
    "json": b'\1{"a":["\\u0027 or 1=1-- ",{"b":"c\\\\"}],"d"',
    "xml": b"\2<a b='1 or 1=1' c=\"x>y\"><![CDATA[' union select 1,2]]>t</a><",
    "multipart": b"\3--x\r\nContent-Disposition: form-data; name=\"id\"\r\n\r\n1 or 1=1\r\n--x\r\n"
                 b"Content-Disposition: form-data; name=\"f\"; filename=\"a'--\"\r\n\r\nz\r\n--x--",
}
directory.mkdir(parents=True, exist_ok=True)
for name, octets in inputs.items():
    (directory / name).write_bytes(octets)
