#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Holds `yagura records` to what others read out of the same exports of real devices.

usage: export_goldens.py BUILD

- logstash: for each case, its messages one after the other; every event must be a flow record with the same values, field by field.
- pmacct: the records of its regression captures, all of them and no others.
- tcpdump: the counters in its printed sFlow datagrams.
- nfcapd and sfcapd, where installed: records, packets and octets of every case, collected from loopback and read with nfdump.
What differs is explained one by one in the tables here; an explanation that is not needed any more is a failure.
Skips where the data is absent.  The last line is `N passed, N failed[, N skipped]`.
"""
import calendar
import collections
import csv
import datetime
import io
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FLOWS = pathlib.Path(os.environ.get("YAGURA_DATA", ROOT.parent / "shared" / "data")) / "flows"
BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build").resolve()

# Fields of logstash's events, and of our records: (names there, name here).
FIELDS = [
    (("ipv4_src_addr", "sourceIPv4Address", "sourceIPv6Address"), "source_address"),
    (("ipv4_dst_addr", "destinationIPv4Address", "destinationIPv6Address"), "destination_address"),
    (("l4_src_port", "sourceTransportPort"), "source_port"),
    (("l4_dst_port", "destinationTransportPort"), "destination_port"),
    (("protocol", "protocolIdentifier"), "protocol_identifier"),
    (("in_bytes", "octetDeltaCount", "octetTotalCount", "fwd_flow_delta_bytes"), "octet_delta_count"),
    (("in_pkts", "packetDeltaCount", "packetTotalCount"), "packet_delta_count"),
    (("reverseOctetTotalCount",), "reverse_octet_delta_count"),
    (("reversePacketTotalCount",), "reverse_packet_delta_count"),
    (("tcp_flags", "tcpControlBits"), "tcp_control_bits"),
    (("src_tos", "ipClassOfService"), "ip_class_of_service"),
    (("input_snmp", "ingressInterface"), "ingress_interface"),
    (("output_snmp", "egressInterface"), "egress_interface"),
    (("src_as", "bgpSourceAsNumber"), "bgp_source_as_number"),
    (("dst_as", "bgpDestinationAsNumber"), "bgp_destination_as_number"),
    (("src_mask",), "source_prefix_length"),
    (("dst_mask",), "destination_prefix_length"),
    (("ipv4_next_hop", "ipNextHopIPv4Address", "ipNextHopIPv6Address"), "next_hop_address"),
    (("direction", "flowDirection"), "flow_direction"),
    (("src_vlan", "vlanId"), "vlan_id"),
    (("dst_vlan",), "post_vlan_id"),
    (("first_switched", "flowStartMilliseconds", "flowStartSeconds", "flow_start_msec"), "flow_start_milliseconds"),
    (("last_switched", "flowEndMilliseconds", "flowEndSeconds"), "flow_end_milliseconds"),
    (("in_src_mac", "sourceMacAddress"), "source_mac_address"),
    (("in_dst_mac",), "destination_mac_address"),
    (("out_src_mac",), "post_source_mac_address"),
    (("out_dst_mac",), "post_destination_mac_address"),
    (("xlate_src_addr_ipv4", "postNATSourceIPv4Address"), "post_nat_source_address"),
    (("xlate_dst_addr_ipv4", "postNATDestinationIPv4Address"), "post_nat_destination_address"),
    (("xlate_src_port",), "post_napt_source_transport_port"),
    (("xlate_dst_port",), "post_napt_destination_transport_port"),
    (("username",), "user_name"),
    (("ingressVRFID",), "ingress_vrf_id"),
    (("egressVRFID",), "egress_vrf_id"),
    (("flowEndReason", "flow_end_reason"), "flow_end_reason"),
    (("flow_sampler_id",), "selector_id"),
    (("observationPointId",), "observation_point_id"),
    (("ipv4_ident",), "fragment_identification"),
]

# Where a record rightly is not what logstash says: (case, field here) and why.
BEYOND = "more than an hour before its message: the record has the time of the message"
LOGSTASH_DIFFERENCES = {
    ("Netflow 5 valid 01", "flow_start_milliseconds"): "the exporter began 0xffffffff ms after it started; the record begins 1 ms before that start",
    ("Netflow 9 Streamcore", "flow_start_milliseconds"): "logstash has .999 for .866 and .939 ms, which nfdump reads too",
    ("Netflow 9 Streamcore", "flow_end_milliseconds"): "logstash has .999 for .886 and .936 ms, which nfdump reads too",
    ("Netflow 9 Ubiquiti Edgerouter with MPLS labels", "flow_start_milliseconds"): BEYOND,
    ("Netflow 9 Ubiquiti Edgerouter with MPLS labels", "flow_end_milliseconds"): BEYOND,
    ("Netflow 9 Fortigate FortiOS 5.2.1", "flow_start_milliseconds"): "seven days after its message: the record has the time of the message",
    ("Netflow 9 Fortigate FortiOS 5.2.1", "flow_end_milliseconds"): "seven days after its message: the record has the time of the message",
    ("Netflow 9 template with 0 length fields", "octet_delta_count"): "in_bytes is 0 and out_bytes is not: the record has out_bytes",
    ("Netflow 9 template with 0 length fields", "packet_delta_count"): "in_pkts is 0 and out_pkts is not: the record has out_pkts",
}

# Cases of which logstash makes no event because they are damaged; other cases without events only tell none.
REFUSED = ["Netflow 5 invalid 01", "Netflow 5 invalid 02", "IPFIX Netscaler with variable length fields, missing templates"]

# pmacct prints names, and lists of names.
PROTOCOLS = {"tcp": 6, "udp": 17, "icmp": 1, "ipv6-icmp": 58, "vrrp": 112, "ospf": 89, "ospfigp": 89, "gre": 47, "pim": 103, "igmp": 2, "hopopt": 0}
FLAGS = {"FIN": 1, "SYN": 2, "RST": 4, "PSH": 8, "ACK": 16, "URG": 32, "ECE": 64, "CWR": 128}
STATUS = {"UNKNOWN": 0, "FORWARDED": 1, "DROPPED": 2, "CONSUMED": 3}

# Records of pmacct's that rightly have other fields here: (folder, source), the fields and why.
PMACCT_DIFFERENCES = {
    ("pmacct-106-IPFIXv10-HUAWEI-vrf_name", "192.0.2.110"): (
        ["source_address", "destination_address", "protocol_identifier", "vrf_name"],
        "the template has the IPv6 header outside and the IPv4 header inside; a record here is the outer one, as RFC 7011, 8, orders them; "
        "the name of the VRF comes from options"),
    ("pmacct-106-IPFIXv10-HUAWEI-vrf_name", "fd00::2"): (["vrf_name"], "the name of the VRF comes from options"),
}

# Where totals rightly are not nfdump's: the program, the case and why.
LAYER2 = "sfcapd counts octets of the frame; a record here has those of the IP packet"
NFDUMP_DIFFERENCES = {
    ("nfcapd", "Netflow 5 valid 01"): "twelve messages in one datagram: nfcapd reads on behind the first",
    ("nfcapd", "Netflow 9 invalid 01"): "its options say that one packet in 100 is sampled; nfcapd does not apply them",
    ("nfcapd", "ipfix/pmacct-104-IPFIXv10-IPv6-CISCO-sampling_option/traffic-00.pcap"):
        "its options say that one packet in 256 is sampled; nfcapd does not apply them, pmacct does",
    ("nfcapd", "Netflow 9 template with 0 length fields"): "out_bytes where in_bytes is 0: nfdump prints them as obyt",
    ("nfcapd", "IPFIX Barracuda firewall"): "four records have the total of octets and no difference: nfcapd takes the difference, 0",
    ("nfcapd", "IPFIX Netscaler with variable length fields (2)"): "data before its template: nfcapd drops it, here it waits",
    ("sfcapd", "sflow/ndpi-sflow.pcap"): LAYER2,
    ("sfcapd", "sflow/tcpdump-sflow_expanded.pcap"): LAYER2,
    ("sfcapd", "sflow/tcpdump-sflow_multiple_counter_30_pdus.pcap"): "five datagrams are NetFlow version 5, which sfcapd does not read",
}


def records(capture, *options):
    """Objects that `yagura records` prints."""
    out = subprocess.run([BUILD / "yagura", "records", *options, capture], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                         check=False, timeout=60)
    return [json.loads(line) for line in out.stdout.splitlines()]


def export_time(message):
    """When a message was exported, by its header."""
    version = struct.unpack(">H", message[:2])[0]
    if version in (1, 5, 7, 9):
        return struct.unpack(">I", message[8:12])[0]
    return struct.unpack(">I", message[4:8])[0] if version == 10 else 0


def write_capture(path, messages):
    """UDP datagrams from 192.0.2.1, each captured at its export time, or with the next if that is much later: some cases have templates of
    another day."""
    times = [export_time(message) for message in messages]
    for i in reversed(range(len(times) - 1)):
        if times[i + 1] - times[i] > 1200:
            times[i] = times[i + 1]
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
        for moment, message in zip(times, messages):
            size = 28 + len(message)
            header = struct.pack(">BBHIBBHII", 0x45, 0, size, 0, 64, 17, 0, 0xC0000201, 0xC0000202)
            packet = header + struct.pack(">HHHH", 2055, 2055, size - 20, 0) + message
            out.write(struct.pack("<IIII", moment, 0, size, size) + packet)


def payloads(path):
    """UDP payloads of a capture of Ethernet frames."""
    data = path.read_bytes()
    order = "<" if data[0] in (0xD4, 0x4D) else ">"
    at = 24
    while at + 16 <= len(data):
        size = struct.unpack(order + "I", data[at + 8:at + 12])[0]
        frame = data[at + 16:at + 16 + size]
        at += 16 + size
        ip = 18 if frame[12:14] == b"\x81\x00" else 14
        header = (frame[ip] & 15) * 4 if frame[ip] >> 4 == 4 else 40
        length = struct.unpack(">H", frame[ip + header + 4:ip + header + 6])[0]
        yield frame[ip + header + 8:ip + header + length]


# --- logstash ------------------------------------------------------------------------------------

def logstash_file(name):
    folder = {"netflow5": "netflow5", "netflow9": "netflow9"}.get(name[:8], "ipfix")
    return FLOWS / folder / f"logstash-{name}"


def logstash_cases():
    seen = collections.Counter()
    for case in json.loads((FLOWS / "logstash-netflow-expected.json").read_text(encoding="utf-8")):
        seen[case["case"]] += 1
        name = case["case"].strip() + (f" ({seen[case['case']]})" if seen[case["case"]] > 1 else "")
        yield name, [logstash_file(f).read_bytes() for f in case["files"]], case["events"]


def milliseconds(text):
    """"2015-05-02T18:38:08.280Z", or seconds, or milliseconds since 1970."""
    if isinstance(text, int):
        return text * 1000 if text < 10**11 else text
    moment = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ")
    return calendar.timegm(moment.timetuple()) * 1000 + moment.microsecond // 1000


def is_flow(event):
    """Whether an event speaks of a flow, not of its exporter."""
    return any(name in event for name in FIELDS[0][0] + FIELDS[1][0]) and "version" in event


def wrong_fields(event, record):
    """Names of fields in which a record is not what the event says."""
    icmp = record["protocol_identifier"] in (1, 58)
    for theirs, ours in FIELDS:
        values = [event[name] for name in theirs if name in event]
        if not values or (icmp and ours.endswith("_port")):
            continue
        got = record.get(ours, 0)
        if ours.endswith("_milliseconds"):
            # logstash's times by uptime are mostly a whole second late: it subtracts whole seconds, then adds one less the rest.
            late = (0, 1000) if "first_switched" in event and event["version"] in (5, 9) else (0,)
            if all(abs(milliseconds(values[0]) - more - milliseconds(got)) > 1 for more in late):
                yield ours
        elif got not in values and not (got == 0 and values[0] in ("0.0.0.0", "::", "00:00:00:00:00:00", "")):
            yield ours
    status = event.get("forwarding_status")
    if status is not None and record.get("forwarding_status", 0) != status["status"] << 6 | status["reason"]:
        yield "forwarding_status"
    if icmp and "icmpTypeCodeIPv4" in event and record["destination_port"] != event["icmpTypeCodeIPv4"]:
        yield "destination_port"


def best_match(event, found):
    """The record with the fewest wrong fields, and these."""
    candidates = [(list(wrong_fields(event, record)), i) for i, record in enumerate(found)]
    return min(candidates, key=lambda c: len(c[0]), default=(["no record"], None))


def check_logstash(directory):
    """Yields (what, problem or nothing) for each case."""
    for case, messages, events in logstash_cases():
        capture = directory / "case.pcap"
        write_capture(capture, messages)
        found, problems, matched = records(capture), [], 0
        for event in (e.get("netflow", {}) for e in events):
            if not is_flow(event):
                continue
            wrong, at = best_match(event, found)
            unexplained = [w for w in wrong if (case, w) not in LOGSTASH_DIFFERENCES]
            USED.update((case, w) for w in wrong if (case, w) in LOGSTASH_DIFFERENCES)
            if unexplained:
                shown = {w: ([event.get(n) for n in names if n in event], found[at].get(w) if at is not None else None)
                         for names, w in FIELDS if w in unexplained}
                problems.append(f"{unexplained} {shown}")
            elif at is not None:
                found.pop(at)
            matched += 1
        if case in REFUSED and found:
            problems.append(f"{len(found)} records where none are expected")
        CHECKED["events"] += len(events)
        yield f"logstash: {case}: {matched} of {len(events)} events are flows", "; ".join(problems)


# --- pmacct --------------------------------------------------------------------------------------

def pmacct_expected(event):
    """What a record must say."""
    status = event["fwd_status"].split()[0] if event.get("fwd_status") else "UNKNOWN"
    custom = event.get("custom_primitives", {})
    expected = {
        "source_address": event["ip_src"], "destination_address": event["ip_dst"], "source_port": event["port_src"],
        "destination_port": event["port_dst"], "protocol_identifier": PROTOCOLS.get(event["ip_proto"], event["ip_proto"]),
        "ip_class_of_service": event["tos"], "ingress_interface": event["iface_in"], "egress_interface": event["iface_out"],
        "tcp_control_bits": sum(FLAGS[f] for f in event["tcp_flags"]), "forwarding": STATUS[status],
        "labels": [int(label.split("-")[1]) for label in event["mpls_label_stack"]],
        "packets": event["packets"], "octets": event["bytes"],
    }
    if custom:
        expected["ingress_vrf_id"] = int(custom["vrf_id_ingress"])
        expected["egress_vrf_id"] = int(custom["vrf_id_egress"])
    if event.get("timestamp_start", "0").split(".")[0] != "0":
        expected["start"] = int(event["timestamp_start"].split(".")[0])
        expected["end"] = int(event["timestamp_end"].split(".")[0])
    if event.get("vrf_name"):
        expected["vrf_name"] = event["vrf_name"]
    return expected


def pmacct_found(record, names):
    """The same of a record of ours, as far as pmacct tells."""
    rate = record["sampling_interval"] or 1
    icmp = record["protocol_identifier"] in (1, 58)
    found = {
        **record, "forwarding": record.get("forwarding_status", 0) >> 6, "labels": record.get("mpls_label_stack", []),
        "packets": record["packet_delta_count"] * rate, "octets": record["octet_delta_count"] * rate,
        # pmacct subtracts whole seconds of uptime: it rounds up.
        "start": -(-milliseconds(record["flow_start_milliseconds"]) // 1000), "end": -(-milliseconds(record["flow_end_milliseconds"]) // 1000),
        "destination_port": 0 if icmp else record["destination_port"],
    }
    return {name: found.get(name, 0) for name in names}


def check_pmacct(directory):
    for folder in sorted(FLOWS.glob("*/pmacct-*")):
        events = [json.loads(line) for line in (folder / "output-flow-00.json").read_text(encoding="utf-8").splitlines()]
        write_capture(directory / "pmacct.pcap", list(payloads(folder / "traffic-00.pcap")))
        left = records(directory / "pmacct.pcap")
        problems = []
        for event in events:
            expected = pmacct_expected(event)
            same = [r for r in left if pmacct_found(r, expected) == expected]
            inner = PMACCT_DIFFERENCES.get((folder.name, event["ip_src"]))
            if same:
                left.remove(same[0])
            elif inner:
                USED.add((folder.name, event["ip_src"]))
                same = [r for r in left if all(pmacct_found(r, expected)[k] == v for k, v in expected.items() if k not in inner[0])]
                left.remove(same[0])
            else:
                near = min(left, default=None, key=lambda r: sum(pmacct_found(r, expected)[k] != v for k, v in expected.items()))
                shown = near and {k: (v, pmacct_found(near, expected)[k]) for k, v in expected.items() if pmacct_found(near, expected)[k] != v}
                problems.append(f"no record for {event['ip_src']} > {event['ip_dst']}; nearest differs in {shown}")
        if left:
            problems.append(f"{len(left)} records more than pmacct's")
        yield f"pmacct: {folder.name}: {len(events)} records", "; ".join(problems[:3])


# --- tcpdump -------------------------------------------------------------------------------------

def printed_counters(text):
    """(source, ifIndex, in octets, out octets) in the order of the datagrams."""
    source = interface = None
    for line in text.splitlines():
        found = re.search(r"^\s+([\d.]+)\.\d+ > [\d.]+\.\d+: sFlowv5", line)
        source = found.group(1) if found else source
        found = re.search(r"ifindex (\d+), iftype", line)
        interface = int(found.group(1)) if found else interface
        found = re.search(r"In octets (\d+),", line)
        taken = int(found.group(1)) if found else None
        if taken is not None:
            octets = taken
        found = re.search(r"Out octets (\d+),", line)
        if found:
            yield source, interface, octets, int(found.group(1))


def check_tcpdump():
    for path in sorted(FLOWS.glob("sflow/tcpdump-*.pcap")):
        text = path.with_suffix(".out").read_text(encoding="utf-8")
        counters, last = collections.Counter(), {}
        for source, interface, taken, given in printed_counters(text):
            if (source, interface) in last:
                before = last[source, interface]
                counters[source, interface, taken - before[0], given - before[1]] += 1
            last[source, interface] = (taken, given)
        found = collections.Counter((s["exporter_address"], s["interface"], s["in_octets"], s["out_octets"])
                                    for s in records(path, "--interfaces"))
        problem = "" if found == counters else f"only ours {list((found - counters).items())[:2]}, only tcpdump {list((counters - found).items())[:2]}"
        yield f"tcpdump: {path.name}: {sum(counters.values())} differences of counters", problem
        samples = len(re.findall(r"^\t(?:expanded )?(?:flow|counter) sample", text, re.M))
        reports = [r for r in records(path, "--exporters") if r["export_protocol"] == "sflow5"]
        ours = sum(r["records"] + r["options_records"] for r in reports)
        yield f"tcpdump: {path.name}: {samples} samples", "" if ours == samples else f"ours are {ours}"
        flows = re.findall(r"flow sample \(\d\).*rate (\d+).*input (\d+) \(\d\), output (\d+)", text)
        mine = [(str(r["sampling_interval"]), str(r["ingress_interface"]), str(r["egress_interface"])) for r in records(path)
                if r["export_protocol"] == "sflow5"]
        yield f"tcpdump: {path.name}: {len(flows)} flow samples", "" if flows == mine else f"{flows} and {mine}"


# --- nfdump --------------------------------------------------------------------------------------

def collect(program, cases):
    """Totals by case: each is sent to the collector from an address of its own, and read with nfdump."""
    with tempfile.TemporaryDirectory() as name:
        port = 20000 + os.getpid() % 20000
        process = subprocess.Popen([program, "-b", "127.0.0.1", "-p", str(port), "-w", name, "-t", "3600"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.7)
        for number, (_, messages) in enumerate(cases):
            sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sender.bind((f"127.1.{number // 250}.{number % 250 + 1}", 0))
            for message in messages:
                sender.sendto(message, ("127.0.0.1", port))
                time.sleep(0.003)
            sender.close()
        time.sleep(0.7)
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)
        out = subprocess.run(["nfdump", "-R", name, "-q", "-N", "-o", "csv"], capture_output=True, text=True, check=False, timeout=60,
                             env={**os.environ, "TZ": "UTC"}).stdout
    names = "ts,te,td,sa,da,sp,dp,pr,flg,fwd,stos,ipkt,ibyt,opkt,obyt,in,out,sas,das,smk,dmk,dtos,dir,nh,nhb,svln,dvln"
    totals = collections.defaultdict(lambda: [0, 0, 0])
    for row in csv.DictReader(io.StringIO(names + "\n" + out), restkey="rest"):
        router = next((v for v in row.get("rest") or [] if v.startswith("127.1.")), None)
        if router is None:
            continue
        octets = router.split(".")
        total = totals[cases[int(octets[2]) * 250 + int(octets[3]) - 1][0]]
        for i, value in enumerate((1, int(row["ipkt"]), int(row["ibyt"]))):
            total[i] += value
    return totals


def our_totals(directory, messages, scaled):
    capture = directory / "totals.pcap"
    write_capture(capture, messages)
    total = [0, 0, 0]
    for r in records(capture):
        rate = r["sampling_interval"] or 1 if scaled else 1
        for i, value in enumerate((1, r["packet_delta_count"] * rate, r["octet_delta_count"] * rate)):
            total[i] += value
    return total


def check_nfdump(directory):
    cases = [(case, messages) for case, messages, _ in logstash_cases()]
    cases += [(str(p.relative_to(FLOWS)), list(payloads(p))) for p in sorted(FLOWS.rglob("*.pcap"))]
    groups = {"nfcapd": [c for c in cases if not c[0].startswith("sflow/")], "sfcapd": [c for c in cases if c[0].startswith("sflow/")]}
    for program, group in groups.items():
        if not shutil.which(program) or not shutil.which("nfdump"):
            yield f"{program} is not installed", None
            continue
        theirs = collect(program, group)
        for case, messages in group:
            ours = our_totals(directory, messages, True)
            if ours == theirs[case]:
                problem = ""
            elif (program, case) in NFDUMP_DIFFERENCES:
                USED.add((program, case))
                problem = ""
            else:
                problem = f"records, packets, octets {ours}, nfdump {theirs[case]}"
            yield f"{program}: {case}: {ours}", problem


USED = set()
CHECKED = collections.Counter()


def main():
    if not FLOWS.is_dir():
        print(f"{FLOWS} is absent\n0 passed, 0 failed, 1 skipped")
        sys.exit(77)
    passed = failed = skipped = 0
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        checks = [check_logstash(directory), check_pmacct(directory), check_tcpdump(), check_nfdump(directory)]
        for check in checks:
            for what, problem in check:
                if problem is None:
                    skipped += 1
                elif problem:
                    failed += 1
                else:
                    passed += 1
                print(f"FAILED {what}: {problem}" if problem else what)
    needless = (set(LOGSTASH_DIFFERENCES) | set(PMACCT_DIFFERENCES) | (set() if skipped else set(NFDUMP_DIFFERENCES))) - USED
    if needless:
        failed += 1
        print(f"explanations that nothing needs: {sorted(needless)}")
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    sys.exit(1 if failed else 0)


main()
