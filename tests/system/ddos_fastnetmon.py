#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""security/ddos beside FastNetMon (Debian's package) on floods of one vector: what each calls it, and when each knows.

usage: ddos_fastnetmon.py [BUILD]

FastNetMon reads no files, so the test goes into a network namespace of its own, plays the floods, each to an address
of its own, into a pair of virtual interfaces at their own speed, and listens with FastNetMon's AF_PACKET at the other end.
Both have a threshold of 200 packets a second.  Needs root, fastnetmon and tcpreplay.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
YAGURA = str(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else TOP / "build").resolve() / "yagura")
RATE, SECONDS, BEGIN = 2000, 9, 1767571201
FLOODS = {  # number of the last octet of the target: protocol, FastNetMon's word, our vector
    1: (17, "udp", "udp"),
    2: (1, "icmp", "icmp"),
    3: (6, "syn", "syn"),
}
SETTINGS = """analyses:
  security/ddos:
    packets: 200
    syn: 200
    icmp_pattern: 200
"""
FASTNETMON = """disable_usage_report = on
enable_ban = on
process_incoming_traffic = on
process_outgoing_traffic = off
ban_for_pps = on
ban_for_bandwidth = off
ban_for_flows = off
threshold_pps = 200
threshold_mbps = 100000
average_calculation_time = 5
ban_time = 1900
enable_connection_tracking = off
mirror_afpacket = on
interfaces = sink
networks_list_path = {directory}/networks
white_list_path = {directory}/white
pid_path = {directory}/fastnetmon.pid
cli_stats_file_path = {directory}/stats
cli_stats_ipv6_file_path = {directory}/stats6
notify_script_path = /nonexistent
enable_api = off
collect_attack_pcap_dumps = off
"""

count = {"passed": 0, "failed": 0, "skipped": 0}


def check(what, good, why=""):
    count["passed" if good else "failed"] += 1
    if not good:
        print(f"FAIL {what}: {why}")


def done():
    print(f"{count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped")
    sys.exit(count["failed"] != 0)


def skip(why):
    count["skipped"] += 1
    print(f"skip: {why}")
    done()


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packet(last, protocol, i):
    """An Ethernet frame of one of 200 sources; ours and FastNetMon's decoders look at no checksum but IP's."""
    if protocol == 17:
        body = struct.pack(">HHHH", 4000 + i % 1000, 9, 108, 0) + bytes(100)
    elif protocol == 1:
        body = struct.pack(">BBHHH", 8, 0, 0, 1, i & 0xFFFF) + bytes(56)
    else:
        body = struct.pack(">HHIIBBHHH", 1024 + i % 60000, 80, i, 0, 5 << 4, 2, 8192, 0, 0)
    head = struct.pack(">BBHHHBBH4B4B", 0x45, 0, 20 + len(body), i & 0xFFFF, 0x4000, 60, protocol, 0, 198, 18, i % 200, 7, 192, 0, 2, last)
    head = head[:10] + struct.pack(">H", checksum(head)) + head[12:]
    return bytes.fromhex("0200000000010200000000020800") + head + body


def write(path):
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for i in range(RATE * SECONDS):
            for last, (protocol, _, _) in FLOODS.items():
                frame = packet(last, protocol, i)
                out.write(struct.pack("<IIII", BEGIN + i // RATE, i % RATE * 1000000 // RATE, len(frame), len(frame)) + frame)


def ours(directory, path):
    (directory / "yagura.yaml").write_text(SETTINGS, encoding="utf-8")
    out = directory / "review.json"
    subprocess.run([YAGURA, "review", "-q", "-c", str(directory / "yagura.yaml"), "--only", "security/ddos", "--json", str(out), "-o", os.devnull,
                    str(path)], check=True, timeout=60)
    return json.loads(out.read_text(encoding="utf-8"))["findings"]


def banned(log, last):
    """The line of FastNetMon's log that says that an address is attacked; or None."""
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    lines = [line for line in text.splitlines() if re.search(rf"Attack .*\b192\.0\.2\.{last}\b", line)]
    return lines[0] if lines else None


def play(log, path):
    """Seconds from the first packet until FastNetMon's log names each target, with its words."""
    began, found = time.time(), {}
    replay = subprocess.Popen(["tcpreplay", "-q", "-i", "play", str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while len(found) < len(FLOODS) and time.time() < began + SECONDS + 6:
        for last in FLOODS:
            line = banned(log, last)
            if line is not None and last not in found:
                found[last] = time.time() - began, line
        time.sleep(0.1)
    replay.wait(timeout=60)
    return found


def inside(directory):
    directory = pathlib.Path(directory)
    for words in (["ip", "link", "set", "lo", "up"], ["ip", "link", "add", "play", "type", "veth", "peer", "name", "sink"],
                  ["ip", "link", "set", "play", "up"], ["ip", "link", "set", "sink", "up", "promisc", "on"]):
        subprocess.run(words, check=True)
    (directory / "networks").write_text("192.0.2.0/24\n", encoding="utf-8")
    (directory / "white").write_text("", encoding="utf-8")
    (directory / "fastnetmon.conf").write_text(FASTNETMON.format(directory=directory), encoding="utf-8")
    log = directory / "fastnetmon.log"
    peer = subprocess.Popen(["fastnetmon", "--configuration_file", str(directory / "fastnetmon.conf"), "--log_file", str(log), "--disable_pid_logic"],
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(3)
    if peer.poll() is not None:
        print(log.read_text(encoding="utf-8", errors="replace")[-2000:] if log.exists() else "")
        skip(f"fastnetmon ended by itself with status {peer.returncode}")
    try:
        path = directory / "floods.pcap"
        write(path)
        findings = {f["subject"]["target"]: f for f in ours(directory, path)}
        check("ours finds as many", len(findings) == len(FLOODS), list(findings))
        theirs = play(log, path)
        for last, (_, word, vector) in FLOODS.items():
            mine, other = findings.get(f"192.0.2.{last}"), theirs.get(last)
            check(f"{vector}: ours finds it", mine is not None and [v["name"] for v in mine["measures"]["vectors"]] == [vector], mine)
            check(f"{vector}: FastNetMon finds it", other is not None, "nothing in its log")
            if mine is not None and other is not None:
                onset = mine["measures"]["onset"] / 1000 - BEGIN
                print(f"{word}: ours from {onset:.1f} s after the first packet on; FastNetMon says so after {other[0]:.1f} s: {other[1][-70:]}")
                check(f"{vector}: not later", onset <= other[0], f"{onset} and {other[0]}")
    finally:
        peer.send_signal(signal.SIGTERM)
        try:
            peer.wait(timeout=10)
        except subprocess.TimeoutExpired:
            peer.kill()
            peer.wait()
    done()


def main():
    if len(sys.argv) > 3 and sys.argv[2] == "--inside":
        inside(sys.argv[3])
    for program in ("fastnetmon", "tcpreplay", "unshare", "ip"):
        if shutil.which(program) is None:
            skip(f"there is no {program}")
    if os.geteuid() != 0 or subprocess.run(["unshare", "-n", "true"], check=False, stderr=subprocess.DEVNULL).returncode != 0:
        skip("network namespaces need root")
    with tempfile.TemporaryDirectory() as directory:
        build = str(pathlib.Path(YAGURA).parent)
        sys.exit(subprocess.run(["unshare", "-n", sys.executable, __file__, build, "--inside", directory], check=False, timeout=300).returncode)


main()
