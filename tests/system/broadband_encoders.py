#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Exports of `yagura simulate broadband` against programs that know nothing of it: tshark, nfcapd and sfcapd with nfdump.

Every format is read by both; flows, packets and octets must be those of the truth, to the last octet, in each direction; no
sequence number may be missing.

usage: broadband_encoders.py BUILD
"""
import collections
import csv
import io
import ipaddress
import json
import pathlib
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
YAGURA = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else TOP / "build").resolve() / "yagura"
OWN = [ipaddress.ip_network("100.64.0.0/10"), ipaddress.ip_network("2001:db8::/33")]
PORTS = {"v5": 2055, "v9": 9995, "ipfix": 4739, "sflow": 6343}
# A few users and a rate that leaves some ten thousand records.
WEEK = ["--seed", "5", "--set", "preset=mixed", "--set", "users=40", "--set", "days=2", "--set", "sampling=16000"]
failures = []
passed = set()


def check(what, got, expected):
    if got != expected:
        failures.append(what)
        print(f"FAIL {what}: {got} instead of {expected}")
    else:
        passed.add(what)


def simulate(directory, name, *words):
    capture, truth = directory / f"{name}.pcap", directory / f"{name}.json"
    subprocess.run([YAGURA, "simulate", "broadband", *WEEK, *words, "-o", capture, "--truth", truth], check=True, timeout=120)
    return capture, json.loads(truth.read_text())["broadband"]


def payloads(capture):
    """(seconds, source port, destination port, UDP payload) of a pcap file of ours."""
    data = capture.read_bytes()
    at = 24
    while at < len(data):
        seconds, _, size, _ = struct.unpack_from("<4I", data, at)
        frame = data[at + 16:at + 16 + size]
        source, destination, length = struct.unpack_from("!3H", frame, 34)
        yield seconds, source, destination, frame[42:34 + length]
        at += 16 + size


def own(address):
    return any(ipaddress.ip_address(address) in p for p in OWN)


def direction(source, destination):
    """As the report has it: OUT goes to the user."""
    check(f"exactly one end of {source} > {destination} is a customer", own(source) != own(destination), True)
    return "in" if own(source) else "out"


# tshark ----------------------------------------------------------------------------------------------------------------------

FLOW_FIELDS = ["cflow.srcaddr", "cflow.dstaddr", "cflow.srcaddrv6", "cflow.dstaddrv6", "cflow.octets", "cflow.packets", "cflow.srcport",
               "cflow.dstport", "cflow.protocol"]
SAMPLE_FIELDS = ["sflow.flow_sample.sampling_rate", "ip.len", "ip.src", "ip.dst", "ipv6.plen", "ipv6.src", "ipv6.dst"]


def tshark(capture, fields, *more):
    """Lists of the values of each field, a packet a row."""
    ports = [word for name, port in PORTS.items() for word in ("-d", f"udp.port=={port},{'sflow' if name == 'sflow' else 'cflow'}")]
    words = ["tshark", "-n", "-r", capture, *ports, "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=;", *more]
    done = subprocess.run([*words, *[w for f in fields for w in ("-e", f)]], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                          timeout=300, text=True)
    assert done.returncode == 0, done.stderr
    for line in done.stdout.splitlines():
        yield [value.split(";") if value else [] for value in line.split("\t")]


def complaints(capture):
    """What tshark's experts find wrong: warnings and errors."""
    return list(tshark(capture, ["frame.number", "_ws.expert.message"], "-Y", "_ws.expert.severity >= 6291456 or _ws.malformed"))


def check_tshark_flows(name, capture, truth):
    sums, ways, kinds = collections.Counter(), collections.Counter(), collections.Counter()
    for source4, destination4, source6, destination6, octets, packets, sources, destinations, protocols in tshark(capture, FLOW_FIELDS):
        sums["records"] += len(octets)
        sums["octets"] += sum(map(int, octets))
        sums["packets"] += sum(map(int, packets))
        for source, destination in [*zip(source4, destination4), *zip(source6, destination6)]:
            ways[direction(source, destination)] += 1
        for source, destination, protocol, number in zip(sources, destinations, protocols, octets):
            kinds[kind_of(int(source), int(destination), int(protocol))] += int(number)
    totals = truth["totals"]
    check(f"{name}: tshark's octets", sums["octets"], sum(totals[d]["received"][1] for d in totals))
    check(f"{name}: tshark's packets", sums["packets"], sum(totals[d]["received"][0] for d in totals))
    check(f"{name}: tshark's records", sums["records"], sum(x["received"]["records"] for x in truth["exporters"]))
    check(f"{name}: tshark's addresses", ways["in"] + ways["out"], sums["records"])
    check(f"{name}: tshark's ports", kinds, port_octets(truth))
    # tshark counts sequences by source port, so another one for options looks like a gap.
    if "another_port" not in name:
        check(f"{name}: tshark's complaints", complaints(capture), [])


def kind_of(source, destination, protocol):
    """The name that the truth has for it."""
    if protocol not in (6, 17):
        return {50: "esp", 47: "gre", 1: "icmp", 58: "icmp"}[protocol]
    port = min(source, destination)
    known = port < 1024 or port in (1935, 8080)
    return ("tcp/" if protocol == 6 else "udp/") + (str(port) if known else "1024+")


def port_octets(truth):
    sums = collections.Counter()
    for kinds in truth["ports"]["received"].values():
        for kind, ways in kinds.items():
            sums[kind] += ways["in"][1] + ways["out"][1]
    return +sums


RATE_FIELDS = {
    "v5": ["cflow.samplerate"],
    "v9": ["cflow.sampling_interval", "cflow.sampling_algorithm"],
    "v9-another_port": ["cflow.sampler_id", "cflow.sampler_random_interval"],
    "ipfix": ["cflow.sampling_size", "cflow.sampling_population"],
    "ipfix-two": ["cflow.selector_id", "cflow.sampling_packet_interval", "cflow.sampling_packet_space"],
}
RATES = {
    "v5": {("16000",)},
    "v9": {("16000", "2")},
    "v9-another_port": {("1;2", "16000;4096")},
    "ipfix": {("1", "16000")},
    "ipfix-two": {("1;2", "1;1", "15999;4095")},
}


def check_tshark_rates(name, capture):
    """What the exporter says of its sampling; rows of data have no such fields, or not all of them."""
    found = set()
    for row in tshark(capture, RATE_FIELDS[name]):
        if row[-1]:
            found.add(tuple(";".join(values) for values in row))
    check(f"{name}: tshark's rates", found, RATES[name])


def check_tshark_sflow(name, capture, truth):
    octets, packets = collections.Counter(), collections.Counter()
    known = {str(s["rate"]) for s in truth["exporters"][0]["samplers"]}
    for rates, lengths, sources, destinations, payload6, sources6, destinations6 in tshark(capture, SAMPLE_FIELDS):
        check(f"{name}: tshark's rates", set(rates) <= known, True)
        # The first of each is the datagram's own.
        for length, source, destination in zip(lengths[1:], sources[1:], destinations[1:]):
            way = direction(source, destination)
            octets[way] += int(length)
            packets[way] += 1
        for length, source, destination in zip(payload6, sources6, destinations6):
            way = direction(source, destination)
            octets[way] += int(length) + 40
            packets[way] += 1
    for way in ("in", "out"):
        check(f"{name}: tshark's {way}", [packets[way], octets[way]], truth["totals"][way]["received"])


# nfcapd and sfcapd ---------------------------------------------------------------------------------------------------------------


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def collect(capture, program, directory):
    """What the collector stores when the capture's datagrams are sent to it: rows of nfdump, and its log."""
    directory.mkdir()
    port = free_port()
    log = directory.parent / f"{directory.name}.log"
    with log.open("w") as out:
        # Interval of a day: one file.  A large socket buffer, so that nothing has to be sent twice.
        daemon = subprocess.Popen([program, "-w", directory, "-b", "127.0.0.1", "-p", str(port), "-B", "4000000", "-t", "86400"],
                                  stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        try:
            time.sleep(0.5)
            send(capture, port, daemon)
            time.sleep(1)
        finally:
            daemon.send_signal(signal.SIGTERM)
            daemon.wait(timeout=30)
    done = subprocess.run(["nfdump", "-R", directory, "-N", "-o", "csv"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True,
                          timeout=120, text=True)
    return list(csv.DictReader(io.StringIO(done.stdout))), log.read_text()


def waiting(port):
    """Octets in the receive buffer of the local UDP port."""
    for line in pathlib.Path("/proc/net/udp").read_text().splitlines()[1:]:
        fields = line.split()
        if int(fields[1].split(":")[1], 16) == port:
            return int(fields[4].split(":")[1], 16)
    return 0


def send(capture, port, daemon):
    """Sends in order, never more than the daemon's buffer holds."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect(("127.0.0.1", port))
        for number, (_, _, _, payload) in enumerate(payloads(capture)):
            s.send(payload)
            while number % 16 == 0 and waiting(port) > 50000:
                assert daemon.poll() is None
                time.sleep(0.001)
        while waiting(port) > 0:
            time.sleep(0.01)


def check_collector(name, capture, truth, program, directory):
    kind = name.split("-", maxsplit=1)[0]
    rows, log = collect(capture, program, directory)
    octets, packets = collections.Counter(), collections.Counter()
    for row in rows:
        if row["ts"] == "Summary":
            break
        way = direction(row["sa"], row["da"])
        octets[way] += int(row["ibyt"])
        packets[way] += int(row["ipkt"])
    for way in ("in", "out"):
        expected_packets, expected_octets = truth["totals"][way]["received"]
        # sfcapd counts Ethernet headers and check sequences.
        expected_octets += expected_packets * 18 if kind == "sflow" else 0
        # nfdump multiplies by the rates of sFlow and v5; of these options it takes no notice.
        factor = truth["exporters"][0]["samplers"][0]["rate"] if kind in ("v5", "sflow") else 1
        if len(truth["exporters"][0]["samplers"]) == 1 or factor == 1:
            check(f"{name}: {program}'s {way}", [packets[way], octets[way]], [expected_packets * factor, expected_octets * factor])
    return log


def sequence_errors(log):
    return sum(int(n) for n in re.findall(r"Sequence Errors: (\d+)", log))


def check_format(directory, name, *settings):
    """One format, read by everybody."""
    kind = name.split("-")[0]
    capture, truth = simulate(directory, name, "--set", f"export={kind}", *settings)
    if kind == "sflow":
        check_tshark_sflow(name, capture, truth)
    else:
        check_tshark_flows(name, capture, truth)
        check_tshark_rates(name, capture)
    log = check_collector(name, capture, truth, "sfcapd" if kind == "sflow" else "nfcapd", directory / name)
    # RFC 7011 counts records of options among the data records; nfcapd 1.7.1 does not, and sees a gap at each.
    if kind != "ipfix":
        check(f"{name}: sequence errors", sequence_errors(log), 0)
    records = sum(x["received"]["records"] for x in truth["exporters"])
    print(f"{name}: {records} records, {capture.stat().st_size} octets")
    return truth


def main():
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        for kind in PORTS:
            check_format(directory, kind)
        check_format(directory, "v9-another_port", "--set", "samplers=2", "--set", "options_port=true", "--set", "uptime=1190h")
        check_format(directory, "ipfix-two", "--set", "samplers=2", "--set", "sampler=count")
        check_format(directory, "sflow-two", "--set", "samplers=2", "--set", "sampler=count")
    print(f"{len(passed)} passed, {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
