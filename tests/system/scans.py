#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Holds security/scans to what others count.

usage: scans.py [BUILD]

Real captures and logs of $YAGURA_DATA: the scans of captures/scan have as many targets and ports as tshark counts; the guessing that Zeek's
notice names is found where Zeek's limit is set; the guessers of an sshd log are those whose "Failed password" lines a regular expression
counts; ordinary captures have no finding.  Then nmap scans a network namespace that is made here, method by method, and each capture of it
must have a finding with as many ports or hosts as tshark counts.  What is not there, or not allowed, is skipped and said.
"""
import collections
import datetime
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else TOP / "build")
DATA = pathlib.Path(os.environ.get("YAGURA_DATA", TOP.parent / "shared/data"))
SCANNER, VICTIM, OTHERS = "10.99.0.1", "10.99.0.2", "10.99.1"
SPACES = (f"ygs{os.getpid()}a", f"ygs{os.getpid()}b")

passed = failed = skipped = 0


def check(good, text):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print(f"failed: {text}")


def skip(text):
    global skipped
    skipped += 1
    print(f"skipped: {text}")


def review(paths, directory, settings=""):
    """The findings of security/scans in a capture or log, or several."""
    out = pathlib.Path(directory) / "review.json"
    site = pathlib.Path(directory) / "yagura.yaml"
    site.write_text(f"analyses:\n  security/scans: {{{settings}}}\n" if settings else "site:\n  name: test\n", encoding="utf-8")
    subprocess.run([BUILD / "yagura", "review", "-c", site, "--only", "security/scans", *(paths if isinstance(paths, list) else [paths]), "-o", out.with_suffix(".html"), "--json", out],
                   check=not isinstance(paths, list), capture_output=True, timeout=60)
    return [f for f in json.loads(out.read_text(encoding="utf-8"))["findings"] if f["analysis"] == "security/scans"]


def tshark(path, what, *fields):
    done = subprocess.run(["tshark", "-n", "-r", path, "-Y", what, "-T", "fields", *(word for f in fields for word in ("-e", f))],
                          capture_output=True, text=True, check=True, timeout=60)
    return [tuple(line.split("\t")) for line in done.stdout.splitlines()]


def one(findings, kind, **subject):
    found = [f for f in findings if f["kind"] == kind and all(f["subject"].get(k) == v for k, v in subject.items())]
    return found[0] if len(found) == 1 else None


# ---------------------------------------------------------------- real captures

def real_scans(directory):
    for name in ("synscan.pcapng", "ppa-portscan-2006.pcap"):
        path = DATA / "captures/scan" / name
        tried = collections.defaultdict(set)
        for source, target, port in tshark(path, "tcp.flags.syn==1 && tcp.flags.ack==0", "ip.src", "ip.dst", "tcp.dstport"):
            tried[source, target].add(port)
        for (source, target), ports in tried.items():
            finding = one(review(path, directory), "port", source=source, victim=target)
            check(finding and finding["measures"]["ports"] == len(ports), f"{name}: {len(ports)} ports of {target}")


def real_guessing(directory):
    path = DATA / "captures/scan/zeek-sshguess.pcap"
    notice = path.with_name("zeek-sshguess.notice.log").read_text(encoding="utf-8")
    limit = int(re.search(r"seen in (\d+) connections", notice).group(1))
    finding = one(review(path, directory, f"guesses: {limit}"), "guessing", source="192.168.56.1", service="ssh")
    # Each connection in which the server spoke encrypted.
    streams = {s for s, in tshark(path, "tcp.flags.syn==1 && tcp.flags.ack==0", "tcp.stream")}
    check(finding and limit <= finding["measures"]["failures"] <= len(streams), "zeek-sshguess: Zeek's notice")
    check(not review(path, directory), "zeek-sshguess: eleven connections are below the default of 30")


def real_log(directory):
    path = DATA / "honeypot-logs/loghub-OpenSSH_2k.log"
    failures = collections.defaultdict(list)
    pattern = re.compile(r"^(\w+ +\d+ [\d:]+) .*Failed password for (?:invalid user )?.* from ([\d.]+) port")
    repeated = re.compile(r"message repeated (\d+) times: \[ Failed password .* from ([\d.]+) port")
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        again = repeated.search(line)
        if match := pattern.match(line):
            when = datetime.datetime.strptime("2016 " + match.group(1), "%Y %b %d %H:%M:%S")
            failures[match.group(2)] += [when] * (int(again.group(1)) if again else 1)
    truth = collections.Counter()
    for source, times in failures.items():
        # More than ten minutes apart are two.
        parts = [[times[0]]]
        for when in times[1:]:
            if when - parts[-1][-1] > datetime.timedelta(minutes=10):
                parts.append([])
            parts[-1].append(when)
        for part in parts:
            best = max(sum(1 for t in part if begin <= t < begin + datetime.timedelta(minutes=30)) for begin in part)
            truth[source] += len(part) if best >= 30 else 0
    truth = {source: count for source, count in truth.items() if count}
    found = {f["subject"]["source"]: f["measures"]["failures"] for f in review(path, directory)}
    check(found == truth, f"sshd log: {found} is not {truth}")


def silence(directory):
    """All at once; some are malformed on purpose, and said to be by the exit status."""
    paths = [path for part in ("general", "dns") for path in sorted((DATA / "captures" / part).iterdir())
             if path.suffix in (".pcap", ".pcapng", ".cap")]
    findings = review(paths, directory)
    check(len(paths) > 20 and not findings, f"captures/general and dns: {[(f['kind'], f['subject']) for f in findings]}")


# ---------------------------------------------------------------- nmap

def run(*words, **more):
    return subprocess.run(words, check=True, capture_output=True, timeout=30, **more)


def inside(space, *words):
    return ["ip", "netns", "exec", SPACES[space], *words]


def make_spaces():
    for space in SPACES:
        run("ip", "netns", "add", space)
    run("ip", "link", "add", "scan0", "netns", SPACES[0], "type", "veth", "peer", "name", "scan1", "netns", SPACES[1])
    for space, device, address in ((0, "scan0", SCANNER), (1, "scan1", VICTIM)):
        run(*inside(space, "ip", "addr", "add", f"{address}/24", "dev", device))
        run(*inside(space, "ip", "link", "set", device, "up"))
        run(*inside(space, "ip", "link", "set", "lo", "up"))
    run(*inside(0, "ip", "route", "add", f"{OTHERS}.0/24", "via", VICTIM))
    # Unreachable ports answer at once.
    run(*inside(1, "sysctl", "-qw", "net.ipv4.icmp_ratelimit=0", "net.ipv4.icmp_msgs_per_sec=100000"))


def drop_spaces():
    for space in SPACES:
        subprocess.run(["ip", "netns", "del", space], check=False, capture_output=True)


def captured(directory, name, *words):
    """A capture of nmap with these words."""
    path = pathlib.Path(directory) / f"{name}.pcapng"
    with subprocess.Popen(inside(1, "dumpcap", "-q", "-i", "scan1", "-w", str(path)), stderr=subprocess.PIPE, text=True) as dump:
        try:
            while "File:" not in dump.stderr.readline():
                pass
            run(*inside(0, "nmap", "-n", "-T5", "--max-retries", "0", *words))
            time.sleep(0.3)
        finally:
            dump.send_signal(signal.SIGINT)
            dump.communicate(timeout=10)
    return path


def ports_scan(directory, method, proto, marks):
    count = 60 if method == "-sU" else 300
    path = captured(directory, f"nmap{method}", method, "-Pn", "-p", f"1-{count}", VICTIM)
    ports = {p for p, in tshark(path, f"{marks} && ip.src=={SCANNER} && ip.dst=={VICTIM}", f"{proto}.dstport")}
    findings = review(path, directory)
    finding = one(findings, "port", source=SCANNER, victim=VICTIM)
    check(finding and len(findings) == 1 and finding["measures"]["ports"] == len(ports) == count,
          f"nmap {method}: {[(f['kind'], f['measures']['ports']) for f in findings]}, tshark counts {len(ports)}")


def ping_sweep(directory):
    path = captured(directory, "nmap-sn", "-sn", f"{OTHERS}.1-40")
    hosts = {h for h, in tshark(path, f"icmp.type==8 && ip.src=={SCANNER}", "ip.dst")}
    finding = one(review(path, directory), "address", source=SCANNER, service="icmp/echo")
    check(finding and finding["measures"]["targets"] == len(hosts) == 40, f"nmap -sn: tshark counts {len(hosts)}")


def version_scan(directory):
    path = captured(directory, "nmap-sV", "-sV", "--version-light", "-Pn", "-p", "1-80", VICTIM)
    findings = review(path, directory)
    finding = one(findings, "port", source=SCANNER, victim=VICTIM)
    check(finding and finding["measures"]["ports"] == 80 and finding["measures"]["successes"] >= 1, "nmap -sV")


def nmap(directory):
    syn = "tcp.flags.syn==1 && tcp.flags.ack==0"
    server = subprocess.Popen(inside(1, sys.executable, "-m", "http.server", "80"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        ports_scan(directory, "-sS", "tcp", syn)
        ports_scan(directory, "-sT", "tcp", syn)
        ports_scan(directory, "-sF", "tcp", "tcp.flags==1")
        ports_scan(directory, "-sX", "tcp", "tcp.flags==0x29")
        ports_scan(directory, "-sN", "tcp", "tcp.flags==0 && tcp")
        ports_scan(directory, "-sU", "udp", "udp")
        ping_sweep(directory)
        version_scan(directory)
    finally:
        server.terminate()
        server.wait(timeout=10)


def main():
    with tempfile.TemporaryDirectory() as directory:
        if (DATA / "captures/scan").is_dir():
            real_scans(directory)
            real_guessing(directory)
            real_log(directory)
            silence(directory)
        else:
            skip(f"{DATA} has no captures")
        try:
            make_spaces()
        except (subprocess.CalledProcessError, OSError) as error:
            skip(f"network namespaces: {getattr(error, 'stderr', None) or error}")
        else:
            nmap(directory)
        finally:
            drop_spaces()
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    sys.exit(failed > 0)


main()
