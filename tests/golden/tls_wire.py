# SPDX-License-Identifier: ISC
"""TLS and DTLS records, hellos and heartbeats as octets, and connections of them as packets."""
import struct

from capture import ACK, FIN, PSH, SYN, tcp, udp

CHANGE, ALERT, HANDSHAKE, DATA, HEARTBEAT = 20, 21, 22, 23, 24
RANDOM = bytes(range(32))


def record(kind, fragment, version=0x0303):
    return struct.pack(">BHH", kind, version, len(fragment)) + fragment


def message(kind, body):
    return struct.pack(">I", kind << 24 | len(body)) + body


def extension(kind, data):
    return struct.pack(">HH", kind, len(data)) + data


def extensions(heartbeat=None, name=None, etm=False, version=None):
    out = b""
    if name is not None:
        host = struct.pack(">BH", 0, len(name)) + name.encode()
        out += extension(0, struct.pack(">H", len(host)) + host)
    if heartbeat is not None:
        out += extension(15, bytes([heartbeat]))
    if etm:
        out += extension(22, b"")
    if version is not None:
        out += extension(43, struct.pack(">H", version))
    return struct.pack(">H", len(out)) + out if out else b""


def client_hello(version=0x0303, ciphers=(0xC02F, 0x002F), heartbeat=1, name="www.example", cookie=None, random=RANDOM):
    body = struct.pack(">H", version) + random + b"\0" + (b"" if cookie is None else bytes([len(cookie)]) + cookie)
    body += struct.pack(">H", 2 * len(ciphers)) + b"".join(struct.pack(">H", c) for c in ciphers) + b"\1\0"
    return message(1, body + extensions(heartbeat, name))


def server_hello(version=0x0303, cipher=0x002F, heartbeat=1, etm=False, chosen=None, random=RANDOM[::-1]):
    return message(2, struct.pack(">H", version) + random + b"\0" + struct.pack(">HB", cipher, 0) + extensions(heartbeat, None, etm, chosen))


def request(claimed, payload=b"", padding=b"", kind=1):
    return struct.pack(">BH", kind, claimed) + payload + padding


def answer(claimed, memory, padding=bytes(16)):
    return request(claimed, memory, padding, 2)


def fragments(data, version=0x0303, most=16384):
    """A heartbeat message in records."""
    return b"".join(record(HEARTBEAT, data[i:i + most], version) for i in range(0, len(data), most))


def dtls(kind, fragment, epoch, number, version=0xFEFD):
    return struct.pack(">BHHHIH", kind, version, epoch, number >> 32, number & 0xFFFFFFFF, len(fragment)) + fragment


def dtls_message(data, sequence=0):
    """A handshake message with the header of DTLS, in one fragment."""
    return data[:4] + struct.pack(">H", sequence) + b"\0\0\0" + data[1:4] + data[4:]


class Connection:
    """A TCP connection as (time, packet) pairs: segments of at most 1400 octets, 1 ms apart."""

    def __init__(self, client, server, sport, dport, at):
        self.ends = [(client, sport), (server, dport)]
        self.next = [1000, 5000]
        self.at = at
        self.packets = []

    def put(self, side, flags, data=b""):
        (source, sport), (target, dport) = self.ends[side], self.ends[1 - side]
        ack = self.next[1 - side] if flags & ACK else 0
        self.packets.append((self.at, tcp(source, target, sport, dport, self.next[side], ack, flags, data)))
        self.next[side] += len(data) + (1 if flags & (SYN | FIN) else 0)
        self.at += 0.001

    def open(self):
        self.put(0, SYN)
        self.put(1, SYN | ACK)
        self.put(0, ACK)

    def send(self, side, data, size=1400):
        for i in range(0, len(data), size):
            self.put(side, ACK | PSH, data[i:i + size])

    def hellos(self, version=0x0303, **server):
        self.send(0, record(HANDSHAKE, client_hello(version), 0x0301))
        self.send(1, record(HANDSHAKE, server_hello(version, **server) + message(14, b""), version))

    def encrypt(self, version=0x0303, data=True):
        for side in (0, 1):
            self.send(side, record(CHANGE, b"\1", version) + record(HANDSHAKE, b"\x55" * 64, version))
        if data:
            self.send(0, record(DATA, b"\xaa" * 300, version))
            self.send(1, record(DATA, b"\xbb" * 3000, version))

    def close(self):
        self.put(0, FIN | ACK)
        self.put(1, FIN | ACK)
        self.put(0, ACK)


def datagrams(client, server, sport, dport, at, octets):
    """(side, payload) pairs as packets, 10 ms apart."""
    ends = [(client, sport), (server, dport)]
    return [(at + i / 100, udp(*ends[side][:1], *ends[1 - side][:1], ends[side][1], ends[1 - side][1], payload))
            for i, (side, payload) in enumerate(octets)]
