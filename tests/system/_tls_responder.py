# SPDX-License-Identifier: ISC
"""TLS responders for heartbeats, each with one way to answer: threads of this process, on loopback.

A responder speaks up to TLS 1.2: ServerHello with the heartbeat extension, a certificate that need not be one, ServerHelloDone; then it does to a
heartbeat what its mode says.
"""
import os
import pathlib
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "golden"))
import tls_wire as wire  # noqa: E402  pylint: disable=wrong-import-position

# Memory as it may be: never sent by anybody.
MEMORY = os.urandom(65536)
SECRET = b"this was never meant to be seen "
MODES = ("leak", "echo", "echo-padded", "echo-honest", "alert", "silent", "closed", "patched", "plaintext", "huge", "slow", "fragments", "tls13",
         "half")


def exactly(conn, size):
    data = b""
    while len(data) < size:
        more = conn.recv(size - len(data))
        if not more:
            raise ConnectionError
        data += more
    return data


def read_record(conn):
    kind, version, size = struct.unpack(">BHH", exactly(conn, 5))
    return kind, version, exactly(conn, size)


def memory(size):
    return (SECRET * (size // len(SECRET) + 1))[:size // 2] + MEMORY[:size - size // 2]


def heartbeat(mode, conn, body, version):
    """Answers one; false: the connection is over."""
    claimed = struct.unpack(">H", body[1:3])[0]
    sent = body[3:]
    if mode == "leak":
        conn.sendall(wire.fragments(wire.answer(claimed, (sent + memory(claimed))[:claimed]), version))
    elif mode == "fragments":
        conn.sendall(wire.fragments(wire.answer(claimed, (sent + memory(claimed))[:claimed]), version, 10))
    elif mode == "huge":
        conn.sendall(wire.fragments(wire.answer(65535, (sent + memory(65535))[:65535]), version))
    elif mode == "echo":
        conn.sendall(wire.record(wire.HEARTBEAT, wire.request(claimed, sent, kind=2), version))
    elif mode == "echo-padded":
        conn.sendall(wire.record(wire.HEARTBEAT, wire.answer(claimed, sent), version))
    elif mode == "echo-honest":
        conn.sendall(wire.record(wire.HEARTBEAT, wire.answer(len(sent), sent), version))
    elif mode == "alert":
        conn.sendall(wire.record(wire.ALERT, b"\2\12", version))
        return False
    elif mode == "half":
        conn.sendall(wire.record(wire.HEARTBEAT, wire.answer(claimed, sent), version)[:7])
        time.sleep(8)
        return False
    return mode != "closed"


def choose(hello):
    """AES with SHA-1, or what the client would like best."""
    at = 4 + 2 + 32
    at += 1 + hello[at]
    ciphers = struct.unpack(f">{struct.unpack_from('>H', hello, at)[0] // 2}H", hello[at + 2:at + 2 + struct.unpack_from(">H", hello, at)[0]])
    return 0x002F if 0x002F in ciphers else ciphers[0]


STARTTLS = {
    "smtp": ((None, b"220-mail.example\r\n220 ESMTP\r\n"), (b"EHLO", b"250-mail.example\r\n250 STARTTLS\r\n"), (b"STARTTLS", b"220 go\r\n")),
    "imap": ((None, b"* OK ready\r\n"), (b"a1 STARTTLS", b"* NOOP\r\na1 OK go\r\n")),
    "pop3": ((None, b"+OK ready\r\n"), (b"STLS", b"+OK go\r\n")),
    "ftp": ((None, b"220 ready\r\n"), (b"AUTH TLS", b"234 go\r\n")),
    "nntp": ((None, b"200 ready\r\n"), (b"STARTTLS", b"382 go\r\n")),
    "refusing": ((None, b"220 ready\r\n"), (b"EHLO", b"250 mail.example\r\n"), (b"STARTTLS", b"454 not now\r\n")),
}


def until(conn, end):
    data = b""
    while end not in data:
        data += exactly(conn, 1)
    return data


def starttls(protocol, conn):
    if protocol == "postgres":
        assert exactly(conn, 8) == bytes.fromhex("0000000804d2162f")
        conn.sendall(b"S")
    elif protocol == "ldap":
        head = exactly(conn, 2)
        exactly(conn, head[1])
        conn.sendall(bytes.fromhex("300c02010178070a010004000400"))
    elif protocol == "xmpp":
        until(conn, b"version='1.0'>")
        conn.sendall(b"<?xml version='1.0'?><stream:stream><stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>")
        until(conn, b"/>")
        conn.sendall(b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    else:
        for expected, said in STARTTLS[protocol]:
            if expected is not None:
                assert until(conn, b"\n").startswith(expected)
            conn.sendall(said)


def certificate():
    """A certificate as DER, made by OpenSSL; or octets that are none."""
    try:
        with tempfile.TemporaryDirectory() as directory:
            return subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{directory}/k.pem", "-days", "2",
                                   "-subj", "/CN=localhost", "-outform", "DER"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return b"\x30" * 80


CERTIFICATE = certificate()


def certificates():
    one = len(CERTIFICATE).to_bytes(3, "big") + CERTIFICATE
    return wire.message(11, len(one).to_bytes(3, "big") + one)


class Responder:
    """Listens on 127.0.0.1:port until stop(); remembers when connections came, and what was sent to it."""

    def __init__(self, port, mode, protocol=None):
        self.mode, self.protocol, self.port = mode, protocol, port
        self.times, self.heartbeats = [], []
        self.sock = socket.create_server(("127.0.0.1", port))
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def accept(self):
        while True:
            try:
                conn, _ = self.sock.accept()
            except OSError:
                return
            self.times.append(time.monotonic())
            threading.Thread(target=self.serve, args=(conn,), daemon=True).start()

    def serve(self, conn):
        conn.settimeout(20)
        try:
            with conn:
                self.talk(conn)
        except (OSError, AssertionError, ConnectionError, struct.error):
            pass

    def talk(self, conn):
        if self.protocol:
            starttls(self.protocol, conn)
        if self.mode == "plaintext":
            conn.recv(1000)
            conn.sendall(b"421 this is no TLS at all, try again later\r\n" * 3)
            time.sleep(0.2)
            return
        _, _, body = read_record(conn)
        version = min(struct.unpack(">H", body[4:6])[0], 0x0303)
        if self.mode == "tls13" or version < 0x0301:
            conn.sendall(wire.record(wire.ALERT, b"\2\106"))
            return
        flight = (wire.server_hello(version, choose(body), None if self.mode == "patched" else 1, random=os.urandom(32))
                  + certificates() + wire.message(14, b""))
        for i in range(0, len(flight), 20 if self.mode == "slow" else len(flight)):
            conn.sendall(wire.record(wire.HANDSHAKE, flight[i:i + (20 if self.mode == "slow" else len(flight))], version))
            time.sleep(0.01 if self.mode == "slow" else 0)
        while True:
            kind, _, body = read_record(conn)
            if kind == wire.HEARTBEAT and body[:1] == b"\1":
                self.heartbeats.append(body)
                if not heartbeat("leak" if self.mode == "slow" else self.mode, conn, body, version):
                    return
            else:
                # Whoever goes on with the handshake is told that it failed.
                conn.sendall(wire.record(wire.ALERT, b"\2\50", version))
                return

    def stop(self):
        self.sock.close()
