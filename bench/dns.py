# SPDX-License-Identifier: ISC
"""The DNS chapter beside public tools on the same captures, and dnstap frames.

`dns` is the generators' dns.pcap; `root` a real root-server capture (YAGURA_DATA), written out ROOT_COPIES times one after the other.
yagura runs the whole chapter with every detector, and the same without dns/encrypted, which is the only one that needs flows.
dnscap's rssm plugin only counts; dnstop counts sources, types and names; tshark prints three fields of a part of the packets.
"""
import os
import pathlib
import shutil
import struct

import inputs
import measure

WORK = inputs.WORK
DATA = pathlib.Path(os.environ.get("YAGURA_DATA", inputs.TOP.parent / "shared" / "data"))
ROOT = DATA / "captures" / "dns" / "rootserver-knot-live.pcap"
ROOT_COPIES = 40
TSHARK_PACKETS = 100000
FRAMES = 2000000
# Million packets (frames) per CPU second: must, aim; and how many times a peer's rate.
MUST_AIM = {"whole chapter": (1.5, 2.5), "no flow table": (4, None), "dnstap file": (1.0, None)}
PEERS = {"dnscap rssm": (1.9, 3.1), "dnstop": (5.8, 9), "tshark, 3 fields": (40, 70)}
PEAK_MUST_MB = 256
RSSM = pathlib.Path("/usr/lib/x86_64-linux-gnu/dnscap/rssm.so")

HEAD = """
## DNS

Whole chapter: `review --only dns`. No flow table: the same `--without dns/encrypted`. Peers run beside it, in turns.

| input | program | CPU s | M packets/CPU s | peak MB | whole chapter is | must | aim |
|---|---|---|---|---|---|---|---|
"""


def blocks(data):
    """Packets of a pcapng of one interface: (microseconds, captured octets, original size)."""
    at = 0
    while at + 12 <= len(data):
        kind, size = struct.unpack_from("<II", data, at)
        if kind == 6:
            high, low, kept, sent = struct.unpack_from("<IIII", data, at + 12)
            yield high << 32 | low, data[at + 28:at + 28 + kept], sent
        at += size


def root_capture():
    """The root-server capture, over and over, each copy a minute later than the one before; with its count of packets."""
    if not ROOT.exists():
        return None, 0
    path = WORK / "root.pcap"
    packets = list(blocks(ROOT.read_bytes()))
    if not path.exists():
        with path.open("wb") as out:
            out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
            for copy in range(ROOT_COPIES):
                for time, octets, sent in packets:
                    time += copy * 60000000
                    out.write(struct.pack("<IIII", time // 1000000, time % 1000000, len(octets), sent) + octets)
    return path, len(packets) * ROOT_COPIES


def field(number, value):
    """A protobuf field: octets or a small number."""
    if isinstance(value, bytes):
        return varint(number << 3 | 2) + varint(len(value)) + value
    return varint(number << 3) + varint(value)


def varint(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def dnstap_file():
    """The first FRAMES UDP messages of dns.pcap over IPv4 as dnstap frames of a resolver's client side."""
    source, path = inputs.capture("dns"), WORK / "dns.dnstap"
    if path.exists() or source is None:
        return path if path.exists() else None
    content = b"protobuf:dnstap.Dnstap"
    control = struct.pack(">III", 2, 1, len(content)) + content
    count = 0
    with source.open("rb") as packets, path.open("wb") as out:
        out.write(struct.pack(">II", 0, len(control)) + control)
        packets.read(24)
        while count < FRAMES and len(head := packets.read(16)) == 16:
            seconds, micros, kept, _ = struct.unpack("<IIII", head)
            p = packets.read(kept)
            if p[12:14] != b"\x08\0" or p[14] != 0x45 or p[23] != 17 or len(p) < 54 or 53 not in struct.unpack(">HH", p[34:38]):
                continue
            response = p[44] >> 7
            a, b = p[26:30], p[30:34]
            ports = struct.unpack(">HH", p[34:38])
            client, server = (b, a) if response else (a, b)
            client_port, server_port = ports[::-1] if response else ports
            when = field(8, seconds) + varint(9 << 3 | 5) + struct.pack("<I", micros * 1000) if response == 0 else \
                field(12, seconds) + varint(13 << 3 | 5) + struct.pack("<I", micros * 1000)
            message = field(1, 6 if response else 5) + field(2, 1) + field(3, 1) + field(4, client) + field(5, server) + \
                field(6, client_port) + field(7, server_port) + when + field(14 if response else 10, p[42:])
            frame = field(1, b"bench") + field(14, message) + field(15, 1)
            out.write(struct.pack(">I", len(frame)) + frame)
            count += 1
        stop = struct.pack(">I", 3)
        out.write(struct.pack(">II", 0, len(stop)) + stop)
    return path


class Program:
    def __init__(self, name, command, packets):
        self.name, self.command, self.packets, self.costs = name, command, packets, []

    def run(self):
        cost = measure.run(self.command, 1, WORK / "dns-bench.log")
        if cost.status not in (0,):
            print(f"{self.name}: status {cost.status}: {(WORK / 'dns-bench.log').read_text(errors='replace')[-300:]}")
        self.costs.append(cost)

    def rate(self):
        return self.packets / measure.median(self.costs).cpu / 1e6


def review(yagura, path, *more):
    return [yagura, "review", "-q", "--only", "dns", *more, "-o", WORK / "dns.html", "--json", WORK / "dns.json", path]


def programs(yagura, path, packets, peers):
    yield Program("whole chapter", review(yagura, path), packets)
    yield Program("no flow table", review(yagura, path, "--without", "dns/encrypted"), packets)
    if not peers:
        return
    if shutil.which("dnscap") and RSSM.exists():
        yield Program("dnscap rssm", ["dnscap", "-r", path, "-P", RSSM, "-w", WORK / "rssm", "-D"], packets)
    if shutil.which("dnstop"):
        yield Program("dnstop", ["dnstop", "-l", "2", path], packets)
    if shutil.which("tshark") and shutil.which("editcap"):
        part = WORK / f"{path.stem}-part.pcap"
        if not part.exists():
            measure.run(["editcap", "-r", path, part, f"1-{TSHARK_PACKETS}"])
        yield Program("tshark, 3 fields", ["tshark", "-r", part, "-T", "fields", "-e", "dns.qry.name", "-e", "dns.qry.type",
                                           "-e", "dns.flags.rcode"], TSHARK_PACKETS)


def verdict(value, bounds):
    return tuple("" if bound is None else f"{bound:g} {'yes' if value >= bound else '**no**'}" for bound in bounds or (None, None))


def measure_capture(name, path, packets, options, yagura, lines):
    inputs.warm(path)
    all_programs = list(programs(yagura, path, packets, not options.no_peers))
    for _ in range(options.runs):
        for program in all_programs:
            program.run()
            print(f"dns {name} {program.name}: {program.costs[-1].cpu:.2f} s CPU {program.costs[-1].peak_mb:.0f} MB", flush=True)
    ours = all_programs[0].rate()
    for program in all_programs:
        cost, rate = measure.median(program.costs), program.rate()
        peer = program.name in PEERS
        must, aim = verdict(ours / rate, PEERS[program.name]) if peer else verdict(rate, MUST_AIM.get(program.name))
        lines.append(f"| {name} | {program.name} | {cost.cpu:.2f} | {rate:.3g} | {cost.peak_mb:.0f} | "
                     f"{f'{ours / rate:.1f}×' if peer else ''} | {must} | {aim} |")


def measure_names(options, yagura, notes):
    """Peak memory under ten million names that come once each."""
    path = WORK / "names.pcapng"
    if not path.exists():
        done = measure.run([yagura, "simulate", "dns-names", "-o", path, "--set", "names=10000000"], 2, WORK / "dns-bench.log")
        if done.status != 0:
            notes.append("memory under 10 M names: not measured")
            return
    program = Program("names", review(yagura, path, "--without", "dns/encrypted"), 1)
    program.run()
    cost = program.costs[0]
    notes.append(f"10 M distinct names, every detector, no flow table: peak {cost.peak_mb:.0f} MB (must: {PEAK_MUST_MB} MB), {cost.cpu:.1f} s CPU")


def measure_dnstap(options, yagura, lines):
    path = dnstap_file()
    if path is None:
        return
    inputs.warm(path)
    program = Program("dnstap file", review(yagura, path), FRAMES)
    for _ in range(options.runs):
        program.run()
        print(f"dnstap: {program.costs[-1].cpu:.2f} s CPU", flush=True)
    cost = measure.median(program.costs)
    must, aim = verdict(program.rate(), MUST_AIM["dnstap file"])
    lines.append(f"| dnstap, {FRAMES:,} frames | whole chapter | {cost.cpu:.2f} | {program.rate():.3g} | {cost.peak_mb:.0f} | | {must} | {aim} |")


def section(options, yagura):
    """The section of doc/benchmarks.md."""
    wanted = options.only.split(",")
    lines, notes = [], []
    if "dns" in wanted and inputs.capture("dns") is not None:
        measure_capture("dns.pcap", inputs.capture("dns"), inputs.TRUTH["dns"][1], options, yagura, lines)
        measure_dnstap(options, yagura, lines)
        measure_names(options, yagura, notes)
    if "root" in wanted:
        path, packets = root_capture()
        if path is not None:
            measure_capture(f"root server × {ROOT_COPIES}", path, packets, options, yagura, lines)
    return HEAD + "\n".join(lines) + "\n\n" + "".join(f"- {note}\n" for note in notes) if lines else ""
