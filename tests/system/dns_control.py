#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""dns/control knows the response policies of a real BIND and a real Unbound by their answers, and a provider's rewriting.

usage: dns_control.py BUILD

Both load the zone that `yagura rpz` writes and are asked on loopback; what they answer, octet for octet, is put into a capture as
if it had been seen on port 53.  A resolver without a policy, and root and authority traffic, must stay without a finding.  The last
line is `N passed, N failed[, N skipped]`.
"""
import json
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import tempfile

import rpz

DATA = rpz.DATA / "captures" / "dns"
NAMES = [("c2.bad.test", 1, True), ("x.y.c2.bad.test", 1, True), ("www.bad.test", 1, True), ("nodata.test", 1, True), ("other.bad.test", 28, True),
         ("x.hole.test", 1, True), ("h7.example.test", 1, True), ("plain.test", 1, False), ("h8.example.test", 1, False),
         ("ok.bad.test", 1, False)]


def query(identifier, name, kind):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack(">HHHHHH", identifier, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", kind, 1)


def packet(seconds, source, destination, ports, payload):
    """A packet record of a raw IPv4 capture."""
    udp = struct.pack(">HHHH", *ports, 8 + len(payload), 0) + payload
    header = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + socket.inet_aton(source) + socket.inet_aton(destination)
    total = -(sum(struct.unpack(">10H", header)) % 65535) % 65535
    data = header[:10] + struct.pack(">H", total) + header[12:] + udp
    return struct.pack("<IIII", int(seconds), int(seconds % 1 * 1e6), len(data), len(data)) + data


def ask_all(resolver, address):
    """Packets of a conversation with the resolver, seen as if it had this address."""
    packets = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(3)
        for i, (name, kind, _) in enumerate(NAMES):
            question = query(1000 + i, name, kind)
            client.sendto(question, ("127.0.0.1", resolver.port))
            answer = client.recv(65535)
            packets.append(packet(1700000000 + i, "192.0.2.1", address, (40000 + i, 53), question))
            packets.append(packet(1700000000 + i + 0.01, address, "192.0.2.1", (53, 40000 + i), answer))
    return b"".join(packets)


def findings(capture, directory):
    out = directory / "review.json"
    done = subprocess.run([rpz.YAGURA, "review", "-q", capture, "--only", "dns/control", "-o", directory / "review.html", "--json", out],
                          capture_output=True, text=True, check=False)
    rpz.check(f"review of {capture.name}", done.returncode == 0, done.stderr)
    return json.loads(out.read_text())["findings"] if done.returncode == 0 else []


def check_servers(directory):
    missing = [p for p in ("named", "unbound") if shutil.which(p, path=os.environ["PATH"] + ":/usr/sbin") is None]
    if missing:
        print(f"skipped, not installed: {' '.join(missing)}")
        rpz.counts["skipped"] += 1
        return
    authority = rpz.Authority()
    policy = directory / "policy.yaml"
    policy.write_text(rpz.POLICY, encoding="utf-8")
    changed = sum(1 for _, _, is_changed in NAMES if is_changed)
    # Unbound denies what a response-ip trigger hits without AA: an NXDOMAIN without a SOA, as broken authorities send, and no mark.
    unmarked = {"named": 0, "unbound": 1}
    for name, fingerprint in (("named", "bind-rpz"), ("unbound", "unbound-rpz")):
        zone = directory / f"{name}.zone"
        rpz.rpz("-o", zone, "-p", policy)
        resolver = rpz.Resolver(name, directory / name, authority.port, zone)
        try:
            rpz.check(f"{name} starts", resolver.ready())
            talk = ask_all(resolver, "198.51.100.53")
        finally:
            resolver.stop()
        capture = directory / f"{name}.pcap"
        capture.write_bytes(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101) + talk)
        found = findings(capture, directory)
        rpz.check(f"{name}: one finding", len(found) == 1, found)
        if len(found) != 1:
            continue
        measures = found[0]["measures"]
        rpz.check(f"{name}: blocking", (found[0]["kind"], found[0]["subject"]) == ("blocking", {"resolver": "198.51.100.53"}), found)
        rpz.check(f"{name}: known by its mark", measures["fingerprint"] == fingerprint, measures)
        rpz.check(f"{name}: every changed answer and no other", measures["answers"] == changed - unmarked[name], measures)
        rpz.check(f"{name}: evidence", len(found[0]["evidence"]) == 5, found[0]["evidence"])


def check_captures(directory):
    if not DATA.is_dir():
        print("skipped: no captures in YAGURA_DATA")
        rpz.counts["skipped"] += 1
        return
    found = findings(DATA / "dns_isp_hijack.pcapng", directory)
    rpz.check("a provider rewrites", [(f["kind"], f["subject"]["resolver"], f["measures"]["answers"]) for f in found] == [("rewriting", "4.2.2.1", 1)], found)
    for name in ("rootserver-knot-live.pcap", "dnsstats-gold.pcap", "cznic-udp_simple.pcap", "ndpi-dns-tunnel-iodine.pcap", "oarc-dns.pcap"):
        found = findings(DATA / name, directory)
        rpz.check(f"{name}: silence", not found, found)


def main():
    with tempfile.TemporaryDirectory() as name:
        check_servers(pathlib.Path(name))
        check_captures(pathlib.Path(name))
    text = f"{rpz.counts['passed']} passed, {rpz.counts['failed']} failed"
    print(text + (f", {rpz.counts['skipped']} skipped" if rpz.counts["skipped"] else ""))
    return rpz.counts["failed"] != 0


if __name__ == "__main__":
    sys.exit(main())
