#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Writes the seeds of the fuzz target `decode`: one frame of every link type, tunnel and header we decode.

usage: decode_corpus.py DIRECTORY
"""
import pathlib
import struct
import sys

MACS = bytes([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2])
SNAP_IP4 = b"\xaa\xaa\3\0\0\0\x08\0"
IP4, IP6, ETHERNET = 0x0800, 0x86DD, 0x6558


def checksum(header):
    total = sum(struct.unpack(f">{len(header) // 2}H", header))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def ip4(protocol, payload, fragment=0):
    def header(check):
        return struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 1, fragment, 64, protocol, check) + bytes(
            [192, 0, 2, 1, 198, 51, 100, 2])
    return header(checksum(header(0))) + payload


def ip6(next_header, payload, length=None):
    source, destination = (bytes([0x20, 1, 0xD, 0xB8]) + bytes(11) + bytes([n]) for n in (1, 2))
    return struct.pack(">IHBB", 0x60000000, len(payload) if length is None else length, next_header,
                       64) + source + destination + payload


def udp(port, payload):
    return struct.pack(">HHHH", 1000, port, 8 + len(payload), 0) + payload


def tcp(payload):
    return struct.pack(">HHIIBBHHH", 1000, 80, 1, 2, 0x50, 0x12, 3, 0, 0) + payload


def ethernet(kind, payload):
    return MACS + struct.pack(">H", kind) + payload


def extension(next_header, payload):
    return bytes([next_header, 0, 1, 4, 0, 0, 0, 0]) + payload


def seeds():
    datagram = udp(2000, b"data")
    in4, in6 = ip4(17, datagram), ip6(17, datagram)
    ppp = b"\0\x21" + in4
    pppoe = b"\x11\0\0\1" + struct.pack(">H", len(ppp)) + ppp
    cooked = MACS[:6] + bytes(2)
    wireless = bytes(2) + MACS + MACS[:6] + b"\x10\0"
    chain = extension(43, extension(60, extension(17, datagram)))
    nested = in4
    for layer in range(5):
        nested = ip6(4, nested) if layer % 2 == 0 else ip4(41, nested)

    yield "ethernet-udp4", 1, ethernet(IP4, in4)
    yield "ethernet-tcp6", 1, ethernet(IP6, ip6(6, tcp(b"hi")))
    yield "vlan", 1, ethernet(0x88A8, b"\0\5\x81\0\0\6\x08\0" + in4)
    yield "mpls", 1, ethernet(0x8847, b"\0\2\0\x40\0\1\1\x40" + in4)
    yield "pppoe", 1, ethernet(0x8864, pppoe)
    yield "snap", 1, ethernet(8 + len(in4), SNAP_IP4 + in4)
    yield "arp", 1, ethernet(0x0806, bytes([0, 1, 8, 0, 6, 4, 0, 1]) + MACS[:6] + bytes([192, 0, 2, 1]) + bytes(10))
    yield "null", 0, b"\2\0\0\0" + in4
    yield "loop", 108, b"\0\0\0\x18" + in6
    yield "raw", 101, in4
    yield "ipv4", 228, in4
    yield "ppp", 9, b"\xff\3" + ppp
    yield "hdlc", 50, b"\x0f\0\x08\0" + in4
    yield "pppoe-link", 51, pppoe
    yield "sll", 113, b"\0\0\0\1\0\6" + cooked + b"\x08\0" + in4
    yield "sll2", 276, b"\x08\0\0\0\0\0\0\2\0\1\0\6" + cooked + in4
    yield "ieee80211", 105, b"\x08\1" + wireless + SNAP_IP4 + in4
    yield "ieee80211-qos-ht", 105, b"\x88\x83" + wireless + MACS[:6] + bytes(6) + SNAP_IP4 + in4
    yield "radiotap", 127, b"\0\0\x09\0\2\0\0\0\x20\x88\1" + wireless + bytes(4) + SNAP_IP4 + in4
    yield "gre", 101, ip4(47, b"\xb0\0\x08\0" + bytes(12) + in4)
    yield "gre-ethernet", 101, ip4(47, b"\0\0\x65\x58" + ethernet(IP6, in6))
    yield "pptp", 101, ip4(
        47, b"\x30\x81\x88\x0b" + struct.pack(">H", 2 + len(ppp)) + b"\0\1" + bytes(8) + b"\xff\3" + ppp)
    yield "erspan-1", 101, ip4(47, b"\0\0\x88\xbe" + ethernet(IP4, in4))
    yield "erspan-2", 101, ip4(47, b"\x10\0\x88\xbe" + bytes(4) + b"\x10\0\0\0\0\0\0\0" + ethernet(IP4, in4))
    yield "ip-in-ip", 101, nested
    yield "vxlan", 101, ip4(17, udp(4789, b"\x08" + bytes(7) + ethernet(IP4, in4)))
    yield "geneve", 101, ip4(17, udp(6081, b"\1\0\x65\x58" + bytes(8) + ethernet(IP4, in4)))
    yield "geneve-ip", 101, ip4(17, udp(6081, b"\0\0\x86\xdd" + bytes(4) + in6))
    yield "gtpu", 101, ip4(17, udp(2152, b"\x30\xff" + struct.pack(">H", len(in4)) + bytes(4) + in4))
    yield "gtpu-extension", 101, ip4(
        17, udp(2152, b"\x34\xff" + struct.pack(">H", 8 + len(in6)) + bytes(4) + b"\0\0\0\x85\1\0\0\0" + in6))
    yield "extensions", 229, ip6(0, chain)
    yield "mobility", 229, ip6(135, b"\x3b\0\0\0\0\0\0\0")
    yield "ah", 101, ip4(51, b"\x11\4" + bytes(22) + datagram)
    yield "esp", 101, ip4(50, bytes(16))
    yield "fragment6", 229, ip6(44, b"\x11\0\0\1\0\0\0\1" + datagram + bytes(4))
    yield "fragment4", 228, ip4(17, datagram + bytes(4), 0x2000)
    yield "fragment4-last", 228, ip4(17, datagram, 0x10)
    yield "jumbo", 229, ip6(0, b"\x11\0\xc2\4\0\1\0\0" + datagram, 0)
    yield "icmp", 228, ip4(1, b"\3\3\0\0\0\0\0\0" + in4)
    yield "icmpv6", 229, ip6(58, b"\1\4\0\0\0\0\0\0" + in6)
    yield "udplite", 228, ip4(136, datagram)
    yield "sctp", 228, ip4(132, struct.pack(">HH", 1000, 2000) + bytes(24))


def main():
    directory = pathlib.Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    for name, link_type, frame in seeds():
        (directory / name).write_bytes(struct.pack("<HH", link_type, 0) + frame)


main()
