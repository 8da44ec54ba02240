# SPDX-License-Identifier: ISC
"""Web logs, and HTTP in captures.

The log is made here: LINES lines of the combined format, with the shares of agents, targets, sizes and referring pages that public logs
have, nothing random but a fixed seed.  Beside yagura runs what people read such logs with: GoAccess where it is installed, a Python
regular expression, and awk counting the requests of each client, which only splits at blanks.
"""
import random
import shutil
import sys

import inputs
import measure

WORK = inputs.WORK
LINES = 2000000
PEER_LINES = 200000  # of the log, for peers that take too long
# Million lines per CPU second: must, aim.
MUST_AIM = {"read and counted": (1, 2), "security chapter": (1, None)}

HEAD = """
## Web logs

Read and counted: `review --only quality`, every field of every line. Security chapter: `review --only security`.

| input | program | CPU s | M lines/CPU s | peak MB | reading is | must | aim |
|---|---|---|---|---|---|---|---|
"""

PYTHON = r"""
import re, sys
line = re.compile(r'^(\S+) (\S+) (\S+) \[([^\]]+)\] "((?:[^"\\]|\\.)*)" (\d{3}|-) (\d+|-) "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)"')
print(sum(line.match(text) is not None for text in open(sys.argv[1], errors="surrogateescape")))
"""
AGENTS = ["Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
          "Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.2 Mobile/15E148",
          "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "curl/7.88.1", "-"]
TARGETS = ["/", "/index.html", "/images/logo.png", "/blog/{n}/comments?page={m}", "/search?q=term{n}&lang=en&sort=date", "/api/v1/items/{n}",
           "/static/js/app.{m}.js", "/wp-login.php"]


def line_of(dice, second):
    """One line; addresses and targets are unevenly popular."""
    n, m = int(dice.paretovariate(1)), dice.randrange(1000)
    client = f"198.{18 + n % 2}.{n // 250 % 250}.{n % 250}" if n % 10 else f"2001:db8:{n & 0xffff:x}::{m:x}"
    target = TARGETS[int(dice.expovariate(0.5)) % len(TARGETS)].format(n=n, m=m)
    status, size = dice.choice((200, 200, 200, 200, 304, 404)), int(dice.lognormvariate(8, 2))
    referer = dice.choice(("-", "https://www.example.com/", f"https://www.example.com/blog/{m}"))
    return (f'{client} - - [{1 + second // 86400 % 28:02}/Nov/2026:{second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02} +0900] '
            f'"GET {target} HTTP/1.1" {status} {size} "{referer}" "{AGENTS[int(dice.expovariate(1)) % len(AGENTS)]}"\n')


def log_file(count):
    path = WORK / f"access-{count}.log"
    if not path.exists():
        dice = random.Random(5)
        with path.open("w", encoding="ascii") as out:
            for i in range(count):
                out.write(line_of(dice, i // 100))
    return path


class Program:
    def __init__(self, name, command, lines):
        self.name, self.command, self.lines, self.costs = name, command, lines, []

    def run(self):
        cost = measure.run(self.command, 1, WORK / "web-bench.log")
        if cost.status != 0:
            sys.exit(f"bench: {self.name}: status {cost.status}: {(WORK / 'web-bench.log').read_text(errors='replace')[-300:]}")
        self.costs.append(cost)
        print(f"web {self.name}: {cost.cpu:.2f} s CPU", flush=True)

    def rate(self):
        return self.lines / measure.median(self.costs).cpu / 1e6


def programs(yagura, peers):
    whole, part = log_file(LINES), log_file(PEER_LINES)
    inputs.warm(whole)
    for name, chapter in (("read and counted", "quality"), ("security chapter", "security")):
        yield Program(name, [yagura, "review", "-q", "--only", chapter, "-o", WORK / "web.html", "--json", WORK / "web.json", whole], LINES)
    if not peers:
        return
    yield Program("awk, requests by client", ["awk", "{ count[$1]++ } END { for (c in count) n++; print n }", whole], LINES)
    yield Program("Python, one expression", [sys.executable, "-c", PYTHON, part], PEER_LINES)
    if shutil.which("goaccess"):
        yield Program("goaccess", ["goaccess", part, "--log-format=COMBINED", "--no-global-config", "-o", WORK / "goaccess.json"], PEER_LINES)


def verdict(value, bounds):
    return tuple("" if bound is None else f"{bound:g} {'yes' if value >= bound else '**no**'}" for bound in bounds)


def section(options, yagura):
    """The section of doc/benchmarks.md."""
    if "web" not in options.only.split(","):
        return ""
    every, lines = list(programs(yagura, not options.no_peers)), []
    for _ in range(options.runs):
        for program in every:
            program.run()
    ours = every[0].rate()
    for program in every:
        cost = measure.median(program.costs)
        own = program.name in MUST_AIM
        must, aim = verdict(program.rate(), MUST_AIM.get(program.name, (None, None)))
        times = "" if own else f"{ours / program.rate():.1f}×"
        lines.append(f"| {program.lines:,} lines | {program.name} | {cost.cpu:.2f} | {program.rate():.3g} | {cost.peak_mb:.0f} | {times} | {must} | {aim} |")
    return HEAD + "\n".join(lines) + "\n"
