#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Writes a web log in which a shop is browsed and attacked, for the golden of security/sql-injection.

usage: sqli.py FILE

Each payload is there for one line of the section: the purposes, an answer that is too large, one that took the time
asked for, two sources of one network, and two that send the same payload.
"""
import datetime
import sys
from urllib.parse import quote_plus

BEGIN = datetime.datetime(2013, 9, 18, 3, 0, tzinfo=datetime.timezone.utc)
BROWSER = "Mozilla/5.0 (Windows NT 6.1; WOW64; rv:23.0) Gecko/20100101 Firefox/23.0"
SQLMAP = "sqlmap/1.0-dev (http://sqlmap.org)"
lines = []


def line(seconds, client, target, status=200, octets=5000, agent=BROWSER, referer="-"):
    when = (BEGIN + datetime.timedelta(seconds=seconds)).strftime("%d/%b/%Y:%H:%M:%S +0000")
    lines.append(f'shop.example {client} - - [{when}] "GET {target} HTTP/1.1" {status} {octets} "{referer}" "{agent}"')


def attack(seconds, client, payload, **more):
    line(seconds, client, "/item.php?id=" + quote_plus(payload), **more)


for i in range(60):
    line(20 * i, f"198.51.100.{1 + i % 9}", f"/item.php?id={i % 7}", octets=4900 + 10 * (i % 20))
    line(20 * i + 3, f"198.51.100.{1 + i % 9}", "/search?q=" + quote_plus("rock 'n' roll or O'Connor's union"))
line(31, "198.51.100.3", "/search?q=1950+or+1960")
line(40, "192.0.2.7", "/item.php?id=1%27", status=500, octets=312)
attack(44, "192.0.2.7", "1' and 1=1-- -")
attack(48, "192.0.2.7", "-1' union all select null,concat(login,0x3a,password),null from users-- -", octets=91000)
attack(52, "192.0.2.7", "1' and (select 1 from(select count(*),concat(version(),floor(rand(0)*2))x "
       "from information_schema.tables group by x)a)-- -", status=500, octets=420)
for i, client in enumerate(("203.0.113.8", "203.0.113.9")):
    attack(600 + 4 * i, client, "1;DECLARE @S VARCHAR(4000);SET @S=CAST(0x4445434c AS VARCHAR(4000));EXEC(@S);--")
for i in range(12):
    attack(660 + 7 * i, "2001:db8:5::21", "1 and (select * from (select(sleep(5)))a)", agent=SQLMAP)
attack(1000, "192.0.2.200", "9 AND (SELECT * FROM (SELECT(SLEEP(9)))b)")
line(86400 + 7200, "198.51.100.2", "/item.php?id=3")
attack(86400 + 7300, "192.0.2.7", "1' order by 5-- -")
lines.sort(key=lambda text: text[text.index("["):text.index("]")])
with open(sys.argv[1], "w", encoding="utf-8") as log:
    log.write("\n".join(lines) + "\n")
