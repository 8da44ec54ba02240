# SPDX-License-Identifier: ISC
"""The SQL injection engine over query strings, beside libinjection in the same process (libmodsecurity.so.3 exports it).

Every line is the query string of a request, as shops and searches have them; one in a hundred is an attack. Ours splits, decodes
and judges whole requests; libinjection gets the values, split and decoded.
"""
import random
import subprocess

import inputs

WORK = inputs.WORK
LINES = 200000
ROUNDS = 5
MUST_MB = 150

HEAD = """
## SQL injection engine

| program | MB of query strings per CPU second | must |
|---|---|---|
"""
VALUES = ["{n}", "{n}", "item-{m}", "rock+%27n%27+roll", "blue+suede+shoes", "desc", "en-US", "utm_newsletter_{m}", "%2Fblog%2F{m}%2Fcomments",
          "red+or+blue+%22{m}%22", "3fa85f64-5717-4562-b3fc-2c963f66afa6", "O%27Connor", "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9", "true"]
ATTACKS = ["1%27+or+%271%27%3D%271", "-1+union+all+select+1%2Cversion%28%29--+-", "1+and+sleep%285%29"]
NAMES = ["id", "q", "page", "sort", "lang", "utm_source", "ref", "session"]


def queries():
    path = WORK / "queries.txt"
    if not path.exists():
        dice = random.Random(9)
        with path.open("w", encoding="ascii") as out:
            for i in range(LINES):
                values = [dice.choice(VALUES).format(n=dice.randrange(10 ** 6), m=dice.randrange(1000)) for _ in range(dice.randint(1, 6))]
                if i % 100 == 0:
                    values[0] = dice.choice(ATTACKS)
                out.write("&".join(f"{dice.choice(NAMES)}={value}" for value in values) + "\n")
    return path


def section(build):
    done = subprocess.run([build / "tests" / "sql-judge", "--bench", str(ROUNDS), queries()], capture_output=True, text=True, check=True)
    text = HEAD
    for line in done.stdout.splitlines():
        name, rate, _ = line.split()
        rate = float(rate) / 1e6
        must = f"{MUST_MB}{'' if rate >= MUST_MB else ' **no**'}" if name == "ours" else ""
        text += f"| {'yagura' if name == 'ours' else name} | {rate:.0f} | {must} |\n"
    return text
