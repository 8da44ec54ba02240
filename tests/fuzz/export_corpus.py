#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Writes the first inputs of the fuzz targets sflow, flow_table and export_text into tests/fuzz/corpus."""
import pathlib
import struct

TOP = pathlib.Path(__file__).resolve().parent / "corpus"


def words(*values):
    return struct.pack(f">{len(values)}I", *values)


def part(kind, body):
    return words(kind, len(body)) + body + bytes(-len(body) % 4)


def header_record(protocol=1):
    ip = struct.pack(">BBHHHBBHII", 0x45, 0, 1500, 1, 0, 60, 6, 0, 0x0A000001, 0x0A000002)
    tcp = struct.pack(">HHIIBBHHH", 1000, 80, 1, 2, 0x50, 0x18, 512, 0, 0)
    frame = (bytes(12) + b"\x08\x00" if protocol == 1 else b"") + ip + tcp
    return part(1, words(protocol, 1518, 4, len(frame)) + frame)


def extended():
    return (part(2, words(1514) + bytes(16) + words(0x800))
            + part(3, words(1400, 17, 1, 2, 53, 4444, 0, 7))
            + part(4, words(1300, 6) + bytes(range(32)) + words(443, 50000, 2, 3))
            + part(1001, words(100, 0, 200, 0)) + part(1002, words(1, 0xC0000263, 24, 16))
            + part(1003, words(1, 5, 64500, 64501, 64502, 1, 2, 2, 64503, 64504, 0, 100))
            + part(1004, words(106, 5) + b"alice\0\0\0" + words(106, 0))
            + part(1006, words(1, 9, 2, 0x12345101, 0x00016102, 0)) + part(1007, words(1, 7, 1, 8)) + part(1020, words(80, 81))
            + part(9 << 12 | 1, b"odd"))


def flow(sequence, records, count):
    return part(1, words(sequence, 3, 512, 600 * sequence, 0, 3, 4, count) + records)


def expanded(sequence, records, count):
    return part(3, words(sequence, 0, 3, 512, 600 * sequence, 1, 0, 3, 1, 258, count) + records)


def counters(octets):
    generic = words(8, 6, 0, 10**9, 1, 3, 0, octets, 5, 5, 5, 0, 0, 0, 0, 2 * octets, 5, 5, 5, 0, 0, 0)
    return part(2, words(1, 8, 2) + part(1, generic) + part(2, bytes(52)))


def datagram(sequence, *samples):
    body = words(0xC0000201, 1, sequence, 1000 * sequence, len(samples)) + b"".join(samples)
    return struct.pack(">H", len(body)) + body


def write(target, name, data):
    (TOP / target).mkdir(parents=True, exist_ok=True)
    (TOP / target / name).write_bytes(data)


def main():
    write("sflow", "flow", datagram(1, flow(1, header_record(), 1)))
    write("sflow", "raw", datagram(1, flow(1, header_record(11), 1), flow(2, header_record(13), 1)))
    write("sflow", "expanded", datagram(1, expanded(1, header_record() + extended(), 12), part(4413 << 12 | 1, b"what")))
    write("sflow", "counters", datagram(1, counters(100)) + datagram(2, counters(300)) + datagram(3, counters(1)))
    write("sflow", "sequence", b"".join(datagram(i, flow(i, header_record(), 1)) for i in (1, 2, 5, 4, 99999, 1)))
    row = b"2014-06-01 00:00:01,2014-06-01 00:00:07,6.0,192.0.2.1,2001:db8::2,1,2,TCP,.A..S.,3,4,0,0,0.0.0.0,5,00:11:22:33:44:55,1-2-1,10.0.0.1,1/2\n"
    write("export_text", "row", row.replace(b"192.0.2.1", b"2001:db8::1") + row)
    write("export_text", "icmp", row.replace(b"2001:db8::2", b"192.0.2.2(JP)").replace(b"TCP", b"ICMP").replace(b",2,", b",8.0,"))
    line = b"2014-06-01 00:00:0%d,2014-06-01 00:0%d:07,192.0.2.1,192.0.2.2\n"
    write("flow_table", "table", b"\0" + b"".join(line % (i, i) for i in range(5)) + b"Summary\nflows\n1\nts,te,sa,da\n" + line % (1, 1))
    write("flow_table", "new", b"\1" + b"2025-02-11 09:51:56.123,1,2\nodd\n1739267516,1,2")
    write("flow_table", "ipfix", b"\2" + words(0x000A0018, 2, 0, 0) + b"\1\0\0\x08abcd")
    write("flow_table", "netflow5", b"\3" + bytes(56) + struct.pack(">HH", 5, 1) + bytes(68))


if __name__ == "__main__":
    main()
