#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Holds the broadband report to the truth of simulated weeks: `yagura simulate broadband`, `yagura review`, and what must agree.

What is exact must be equal: sampled counts, losses by sequence number, observed medians and shares.  What is estimated is held to bounds at
four standard deviations, computed here for the number of users and the sampling rate of each case: doc/analyses/broadband-truth.md
derives them.  What must be wrong without the correction is checked to be wrong.

usage: broadband_truth.py BUILD [CASE…]
"""
import csv
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
YAGURA = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else TOP / "build").resolve() / "yagura"
IN, OUT = "in", "out"
# Octets by octets of packets of clients: what the generator mixes.
PACKET = {IN: 761, OUT: 1406}
OTHERS = ("traffic/volume", "traffic/ports", "traffic/talkers", "traffic/hierarchy", "traffic/trend", "traffic/remote")
# Volumes in the review have six digits.
ROUNDING = 1e-5


class Checks:
    def __init__(self):
        self.passed, self.failed, self.case = 0, 0, ""

    def ok(self, what, good, detail=""):
        self.passed += good
        self.failed += not good
        if not good:
            print(f"FAIL {self.case}: {what}: {detail}")

    def equal(self, what, got, expected):
        self.ok(what, got == expected, f"{got!r} instead of {expected!r}")

    def near(self, what, got, expected, bound):
        self.ok(what, got is not None and abs(got - expected) <= bound, f"{got} is not {expected} ± {bound:.3g}")

    def ratio(self, what, got, expected, bound):
        """Within a relative bound, on the logarithmic scale."""
        self.ok(what, got is not None and got > 0 and abs(math.log(got / expected)) <= bound,
                f"{got} / {expected} is not 1 ± {bound:.3g}")


checks = Checks()


class Week:
    """A simulated week and what is true of it."""

    def __init__(self, directory, name, **settings):
        self.capture = directory / f"{name}.pcap"
        self.site = directory / f"{name}.site.yaml"
        truth = directory / f"{name}.json"
        words = [w for key, value in settings.items() for w in ("--set", f"{key}={value}")]
        subprocess.run([YAGURA, "simulate", "broadband", *seed_words(words), "-o", self.capture, "--truth", truth], check=True, timeout=300)
        self.truth = json.loads(truth.read_text())["broadband"]
        columns = self.truth["user_list"]["columns"]
        self.users = [dict(zip(columns, row)) for row in self.truth["user_list"]["rows"]]
        self.days = self.truth["days"]
        with self.site.open("a") as out:
            out.write("analyses:\n" + "".join(f"  {name}: {{enabled: false}}\n" for name in OTHERS))

    def rate(self, user):
        return self.truth["exporters"][user["exporter"]]["samplers"][user["sampler"] - 1]["rate"]

    def estimates(self, way):
        """Daily volumes as the collector must see them: received octets times the rate."""
        return [u[f"{way}_received_octets"] * self.rate(u) / self.days for u in self.users]

    def realised(self, way):
        return [u[f"{way}_octets"] / self.days for u in self.users]

    def review(self, site=None):
        path = self.capture.with_suffix(".review.json")
        subprocess.run([YAGURA, "review", "-c", site or self.site, self.capture, "-o", path.with_suffix(".html"), "--json", path],
                       check=True, timeout=600, stdout=subprocess.DEVNULL)
        return Review(json.loads(path.read_text()))


def seed_words(words):
    """--set seed=N is --seed N."""
    out = []
    for flag, word in zip(words[::2], words[1::2]):
        out += ["--seed", word[5:]] if word.startswith("seed=") else [flag, word]
    return out


class Review:
    def __init__(self, document):
        self.document = document
        self.sections = {s["id"]: s for c in document["chapters"] for s in c["sections"]}

    def rows(self, section, table):
        for t in self.sections[section]["tables"]:
            if t["id"] == table:
                names = [c["name"] for c in t["columns"]]
                return [dict(zip(names, row)) for row in t["rows"]]
        return []

    def row(self, section, table, **keys):
        found = [r for r in self.rows(section, table) if all(r[k] == v for k, v in keys.items())]
        assert len(found) == 1, (section, table, keys, found)
        return found[0]

    def measure(self, way, name):
        return self.row("traffic/users", "distribution", direction=way.upper(), measure=name)

    def fit(self, way):
        return self.row("traffic/users", "components", direction=way.upper(), component="one")

    def total(self, way):
        return sum(r[way] for r in self.rows("traffic/users", "services"))


def median(values):
    values = sorted(values)
    n = len(values)
    return (values[(n - 1) // 2] + values[n // 2]) / 2


def missing_information(packets_median, sigma):
    """The share of what the volumes would tell of mu that their sampled counts do not: E Var(x | k) / sigma², by quadrature."""
    mu, grid = math.log(packets_median), [(-8 + 16 * i / 160) for i in range(161)]
    prior = [math.exp(-z * z / 2) for z in grid]
    xs = [mu + sigma * z for z in grid]
    top, expected, left, k = sum(prior), 0, 1, 0
    # Small counts one by one; large ones have the variance 1 / k, which is small beside sigma².
    while k < 200 and left > 1e-6:
        weights = [p * math.exp(k * x - math.exp(x) - math.lgamma(k + 1)) if x < 20 else 0 for p, x in zip(prior, xs)]
        total = sum(weights)
        if total / top > 1e-12:
            mean = sum(w * x for w, x in zip(weights, xs)) / total
            expected += sum(w * (x - mean) ** 2 for w, x in zip(weights, xs)) / top
        left -= total / top
        k += 1
    return min(expected / sigma ** 2, 0.9)


def unseen_share(packets_median, sigma):
    """∫ e^(-packets) over the population, and its standard deviation for one user."""
    grid = [(-8 + 16 * i / 4000) for i in range(4001)]
    share = sum(math.exp(-z * z / 2 - packets_median * math.exp(sigma * z)) for z in grid) * 16 / 4000 / math.sqrt(2 * math.pi)
    return share, math.sqrt(share * (1 - share))


# What holds in every case ---------------------------------------------------------------------------------------------------------


def check_counts(week, review):
    """Raw sums are exact: every sampled octet that arrived is somebody's, times its rate."""
    for way in (IN, OUT):
        expected = sum(week.estimates(way))
        checks.ratio(f"{way}: total as received", review.total(way), expected, ROUNDING)
        seen = sum(u[f"{way}_received_packets"] > 0 for u in week.users)
        users = review.row("traffic/users", "users", direction=way.upper())
        checks.equal(f"{way}: users listed", users["listed"], len(week.users))
        checks.equal(f"{way}: users seen", users["seen"], seen)
        checks.equal(f"{way}: users measurable", users["measurable"], sum(u[f"{way}_received_packets"] >= 10 for u in week.users))


def check_observed(week, review):
    """The observed figures are those of the volumes as received: there is no other arithmetic in them."""
    for way in (IN, OUT):
        volumes = sorted((v for v in week.estimates(way) if v > 0), reverse=True)
        checks.ratio(f"{way}: observed median", review.measure(way, "median")["naive"], median(volumes), ROUNDING)
        checks.ratio(f"{way}: observed mean", review.measure(way, "mean")["naive"], sum(volumes) / len(week.users), ROUNDING)
        for percent in (1, 4, 10, 20):
            top = sum(volumes[:round(len(week.users) * percent / 100)]) / sum(volumes)
            checks.near(f"{way}: observed share of the top {percent} %",
                        review.row("traffic/users", "concentration", direction=way.upper(), users=f"top {percent} %")["share"], top, 2e-3)


def sampling_error(week, way, volumes):
    """Relative, of a total: sqrt(sum of (N - 1) V b_e) / sum of V."""
    total = sum(volumes)
    variance = sum((week.rate(u) - 1) * v * week.days * PACKET[way] for u, v in zip(week.users, volumes))
    return math.sqrt(variance) / (total * week.days)


def check_realised(week, review, loss=0):
    """Against what users really did: sampling alone stands between."""
    for way in (IN, OUT):
        volumes = week.realised(way)
        error = sampling_error(week, way, volumes) + 1e-9
        bound = 4 * error + loss_bound(week, loss)
        checks.ratio(f"{way}: total against the realised one", review.total(way) / (1 - loss), sum(volumes), bound)
        mean = review.measure(way, "mean")["naive"] / (1 - loss)
        checks.ratio(f"{way}: mean against the realised one", mean, sum(volumes) / len(volumes), bound)
        ranked = sorted(volumes, reverse=True)
        for percent, bound in ((4, 0.003), (10, 0.003)):
            top = sum(ranked[:round(len(ranked) * percent / 100)]) / sum(ranked)
            # ±0.3 points at 20,000 users and 1 in 8192; the error of a share of the sum is at most twice that of the sum.
            checks.near(f"{way}: realised share of the top {percent} %",
                        review.row("traffic/users", "concentration", direction=way.upper(), users=f"top {percent} %")["share"], top,
                        max(bound, 8 * error))


def loss_bound(week, loss):
    """Four standard deviations of the part of the octets that is lost with datagrams of some records each."""
    if loss == 0:
        return 0
    sent = sum(x["sent"]["messages"] for x in week.truth["exporters"])
    return 4 * math.sqrt(loss * (1 - loss) / sent) * 3


def check_theory(week, review, way, loss=0):
    """The corrected distribution against the parameters that users were drawn from."""
    parameters, n = week.truth["parameters"]["client"], len(week.users)
    true_median, sigma = parameters[f"{way}_median"] * (1 - loss), parameters[f"{way}_sigma"]
    fit, corrected = review.fit(way), review.measure(way, "median")["corrected"]
    checks.ratio(f"{way}: corrected median against the parameter", fit["median"], true_median, 4 * sigma / math.sqrt(n))
    checks.near(f"{way}: corrected sigma against the parameter", fit["sigma"], sigma, 4 * sigma / math.sqrt(2 * n))
    # Against these very users only the missing information counts (Orchard and Woodbury, 1972).
    true = week.truth["daily_volume"]["all"][way]
    small = week.truth["exporters"][0]["samplers"][0]["rate"]
    mean_packet = sum(u[f"{way}_octets"] for u in week.users) / sum(u[f"{way}_packets"] for u in week.users)
    f = missing_information(true_median * week.days / small / mean_packet, sigma)
    between = sigma / math.sqrt(n) * math.sqrt(f / (1 - f))
    checks.ratio(f"{way}: corrected median against these users'", fit["median"], math.exp(true["log_mean"]) * (1 - loss),
                 4 * between + 0.01)
    checks.near(f"{way}: corrected sigma against these users'", fit["sigma"], true["log_sigma"], 4 * between + 0.01)
    checks.ok(f"{way}: there is a corrected median", corrected is not None)
    mode = review.measure(way, "mode, log density")["corrected"]
    checks.ratio(f"{way}: corrected mode of the log density", mode, true_median, 4 * 3.0 * sigma / math.sqrt(n))


def check_unseen(week, review, way):
    parameters, n = week.truth["parameters"]["client"], len(week.users)
    mean_packet = sum(u[f"{way}_octets"] for u in week.users) / sum(u[f"{way}_packets"] for u in week.users)
    rate = week.truth["exporters"][0]["samplers"][0]["rate"]
    share, deviation = unseen_share(parameters[f"{way}_median"] * week.days / rate / mean_packet, parameters[f"{way}_sigma"])
    users = review.row("traffic/users", "users", direction=way.upper())
    unseen = 1 - users["seen"] / users["listed"]
    checks.near(f"{way}: unseen users", unseen, share, 4 * deviation / math.sqrt(n))
    return share


def check_ports(week, review):
    """Shares of services: raw counts are exact, so the shares are; against the realised ones the sampling stands between."""
    rates = {s["rate"] for x in week.truth["exporters"] for s in x["samplers"]}
    received, realised = {}, {}
    for kind, into in (("received", received), ("realised", realised)):
        for kinds in week.truth["ports"][kind].values():
            for name, ways in kinds.items():
                into[name] = into.get(name, 0) + ways[IN][1] + ways[OUT][1]
    names = {"tcp/443": "tcp/443 (https)", "tcp/80": "tcp/80 (http)", "udp/443": "udp/443 (quic)", "esp": "ESP", "gre": "GRE",
             "icmp": "ICMP"}
    shares = {r["service"]: r for r in review.rows("traffic/services", "ports")}
    for name, service in names.items():
        row, whole = shares[service], sum(received.values())
        if len(rates) == 1:
            checks.near(f"share of {name} as received", row["share"], received[name] / whole, 1e-9)
        # share_error is two standard errors by the counts, which for records of several packets are a lower bound.
        true = realised[name] / sum(realised.values())
        checks.near(f"share of {name}", row["share"], true, 2 * row["share_error"] * 1.3 + 1e-5)
    dynamic = shares["tcp 1024 and above"]["share"]
    expected = sum(v for k, v in received.items() if k in ("tcp/1024+", "tcp/1935", "tcp/8080")) / sum(received.values())
    if len(rates) == 1:
        checks.near("share of dynamic TCP as received", dynamic, expected, 1e-9)


def check_exporters(week, review):
    """Losses and sampling as the exporters' own numbers tell them."""
    for x in week.truth["exporters"]:
        row = review.row("quality/exporters", "exporters", exporter=x["address"])
        lost = {kind: x["lost"][kind] - x["lost_unseen"][kind] for kind in ("messages", "records")}
        unit = "records" if x["format"] in ("v5", "ipfix") else "messages"
        checks.equal(f"{x['address']}: records", row["records"], x["received"]["records"])
        checks.equal(f"{x['address']}: lost {unit}", row["lost"], lost[unit])
        checks.equal(f"{x['address']}: restarts", row["restarts"], x["restarts"])
        checks.equal(f"{x['address']}: malformed, no template, reordered",
                     [row["malformed"], row["no_template_lost"], row["reordered"]], [0, 0, 0])
        rates = {r["sampling"]: r["records"] for r in review.rows("quality/exporters", "sampling") if r["exporter"] == x["address"]}
        if x["format"] != "sflow":
            checks.equal(f"{x['address']}: rates", set(rates), {s["rate"] for s in x["samplers"]})


def check_days(week, review):
    """The days of the exporters' table: local ones, by the time of the message, which comes 15 s after the flow."""
    octets = [sum(row) for row in week.truth["by_hour"]["octets"]]
    rows = sorted(review.rows("quality/exporters", "days"), key=lambda r: r["day"])
    rate = week.truth["exporters"][0]["samplers"][0]["rate"]
    for day in range(week.days):
        realised = sum(octets[24 * day:24 * day + 24])
        bound = 4 * math.sqrt((rate - 1) * PACKET[OUT] / realised) + 2 * 15 / 86400
        checks.ratio(f"octets of day {day + 1}", rows[day]["octets"], realised, bound)


# The cases ---------------------------------------------------------------------------------------------------------------------


def light(directory):
    """The distribution that is wrong without the correction."""
    week = Week(directory, "light", seed=11, preset="light", users=3000, export="v9")
    review = week.review()
    check_counts(week, review)
    check_observed(week, review)
    check_realised(week, review)
    check_ports(week, review)
    check_exporters(week, review)
    check_days(week, review)
    for way in (IN, OUT):
        check_theory(week, review, way)
    share = check_unseen(week, review, IN)
    checks.near("unseen users by the formula", share, 0.088, 0.008)
    # 1.305 with a standard deviation of 0.040 at 3,000 users; the corrected median is held to 5 % by check_theory.
    true = week.truth["daily_volume"]["all"][IN]["quantiles"]["p50"]
    checks.near("the observed median is wrong", review.measure(IN, "median")["naive"] / true, 1.305,
                4 * 0.040 * math.sqrt(3000 / len(week.users)))
    checks.equal("one component is enough", review.fit(IN)["used"], "yes")


def out(directory):
    week = Week(directory, "out", seed=12, preset="out", users=600, export="ipfix", exporters=2)
    review = week.review()
    check_counts(week, review)
    check_observed(week, review)
    check_realised(week, review)
    check_exporters(week, review)
    check_theory(week, review, OUT)


def formats(directory):
    """Each format, several routers, everything that exporters do."""
    plain = {"preset": "mixed", "users": 200, "sampling": 8192}
    for name, more in {
        "v5": {"export": "v5", "sampler": "count"},
        "sflow": {"export": "sflow"},
        "two-samplers-v9": {"export": "v9", "samplers": 2, "second_sampling": 16384, "options_port": "true"},
        "two-samplers-ipfix": {"export": "ipfix", "samplers": 2, "second_sampling": 16384, "sampler": "count", "ipv6": "0.9"},
        "all": {"export": "v5,v9,ipfix,sflow", "restarts": 2, "uptime": "1190h"},
    }.items():
        checks.case = f"formats/{name}"
        week = Week(directory, name, seed=13, **plain, **more)
        review = week.review()
        if "sflow" not in more["export"]:
            check_counts(week, review)
            check_observed(week, review)
        check_realised(week, review, 0)
        check_exporters(week, review)


def loss(directory):
    for kind in ("v5", "v9", "ipfix"):
        checks.case = f"loss/{kind}"
        week = Week(directory, f"loss-{kind}", seed=14, preset="mixed", users=200, export=kind, loss="0.05")
        review = week.review()
        x = week.truth["exporters"][0]
        check_counts(week, review)
        check_exporters(week, review)
        check_realised(week, review, 0.05)
        told = review.document["quality"]["loss"][0]
        sent = x["sent"]["messages"]
        checks.near("share of messages that are lost", x["lost"]["messages"] / sent, 0.05, 4 * math.sqrt(0.05 * 0.95 / sent))
        checks.equal("quality.loss", told["lost"],
                     x["lost"]["messages" if kind == "v9" else "records"] - x["lost_unseen"]["messages" if kind == "v9" else "records"])


def readdressing(directory):
    """With the session log every octet finds its user; with the list alone those of moved users go to the wrong one."""
    week = Week(directory, "move", seed=15, preset="mixed", users=300, readdress="0.4", ipv6="0.5")
    with_log = week.review()
    checks.case = "readdressing/with log"
    check_counts(week, with_log)
    check_observed(week, with_log)
    text = week.site.read_text()
    bare = week.site.with_name("bare.site.yaml")
    bare.write_text("".join(line + "\n" for line in text.splitlines() if "sessions:" not in line))
    checks.case = "readdressing/without log"
    without = week.review(bare)
    for way in (IN, OUT):
        checks.ratio(f"{way}: the total is the same", without.total(way), with_log.total(way), ROUNDING)
    wrong = without.measure(OUT, "median")["naive"], with_log.measure(OUT, "median")["naive"]
    checks.ok("the distribution is not", wrong[0] != wrong[1], str(wrong))
    with week.capture.with_suffix(".sessions.csv").open(newline="") as file:
        sessions = list(csv.DictReader(file))
    moved = {s["user_id"] for s in sessions if s["start"] != sessions[0]["start"]}
    checks.near("users that moved", len(moved) / 300, 0.4, 4 * math.sqrt(0.4 * 0.6 / 300))


def years(directory):
    """A year on: OUT × 1.27, IN × 1.13, by the same users and by others."""
    n, settings = 1000, {"seed": 16, "preset": "out", "users": 1000, "sampling": 65536}
    first = Week(directory, "first", **settings)
    for name, same in (("same", "true"), ("others", "false")):
        checks.case = f"years/{name}"
        second = Week(directory, name, year=2, same_users=same, **settings)
        store = directory / f"store-{name}"
        for week in (first, second):
            subprocess.run([YAGURA, "ingest", "-c", week.site, "--store", f"duckdb:{store}", week.capture], check=True, timeout=300,
                           stdout=subprocess.DEVNULL)
        path = directory / f"{name}.report.json"
        subprocess.run([YAGURA, "report", "-c", second.site, "--store", f"duckdb:{store}", "--from", "2014-05-26", "--to", "2014-06-02",
                        "--compare", "2013-06-03", "-o", directory / "r.html", "--json", path], check=True, timeout=300,
                       stdout=subprocess.DEVNULL)
        review = Review(json.loads(path.read_text()))
        for way, growth in ((OUT, 1.27), (IN, 1.13)):
            sigma = first.truth["parameters"]["client"][f"{way}_sigma"]
            rows = [r for r in review.rows("traffic/users", "comparison") if r["direction"] == way.upper()]
            ratio = [r for r in rows if "median" in r["measure"] and "corrected" in r["measure"]]
            checks.equal(f"{way}: there is a ratio of corrected medians", len(ratio), 1)
            if same == "true":
                # Two draws of samples from one population: twice the missing information.
                f = missing_information(first.truth["parameters"]["client"][f"{way}_median"] * 7 / 65536 / PACKET[way], sigma)
                bound = 4 * sigma * math.sqrt(2 * f / (1 - f) / n) + 0.02
            else:
                bound = 4 * math.sqrt(2) * sigma / math.sqrt(n)
            for row in ratio:
                checks.ratio(f"{way}: ratio of corrected medians", row["ratio"], growth, bound)


CASES = {"light": light, "out": out, "formats": formats, "loss": loss, "readdressing": readdressing, "years": years}


def main():
    with tempfile.TemporaryDirectory() as name:
        for case in sys.argv[2:] or CASES:
            began = time.process_time(), os.times().children_user
            checks.case = case
            directory = pathlib.Path(name) / case
            directory.mkdir()
            CASES[case](directory)
            print(f"{case}: {checks.passed} passed, {checks.failed} failed so far; "
                  f"{time.process_time() - began[0] + os.times().children_user - began[1]:.1f} s of CPU")
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
