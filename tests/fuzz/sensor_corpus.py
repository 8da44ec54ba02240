#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Writes the first inputs of the fuzz targets sensor_input and honeypot_logs into tests/fuzz/corpus."""
import json
import pathlib
import struct

TOP = pathlib.Path(__file__).resolve().parent / "corpus"
FAILED = "Failed password for {}root from 192.0.2.1 port 5 ssh2"


def vector(size, content):
    return len(content).to_bytes(size, "big") + content


def client_hello():
    """RFC 8446, section 4.1.2, with GREASE, a name, groups, formats and ALPN."""
    extensions = [(0x0A0A, b""), (0, vector(2, b"\0" + vector(2, b"www.example"))), (10, vector(2, struct.pack("!HHH", 0x1A1A, 29, 23))),
                  (11, vector(1, b"\0")), (16, vector(2, vector(1, b"h2") + vector(1, b"http/1.1")))]
    body = b"".join(struct.pack("!H", kind) + vector(2, content) for kind, content in extensions)
    hello = b"\3\3" + bytes(range(32)) + vector(1, bytes(32)) + vector(2, struct.pack("!HHH", 0x2A2A, 4865, 49195)) + b"\1\0" + vector(2, body)
    handshake = b"\1" + vector(3, hello)
    return handshake


def record(content):
    return b"\x16\3\1" + vector(2, content)


def smb1():
    dialects = b"".join(b"\2" + name + b"\0" for name in (b"PC NETWORK PROGRAM 1.0", b"NT LM 0.12"))
    message = b"\xffSMB\x72" + bytes(27) + b"\0" + struct.pack("<H", len(dialects)) + dialects
    return struct.pack("!I", len(message)) + message


def smb2():
    message = b"\xfeSMB" + struct.pack("<HHI", 64, 0, 0) + bytes(52) + struct.pack("<HH", 36, 2) + bytes(32) + struct.pack("<HH", 0x0202, 0x0311)
    return struct.pack("!I", len(message)) + message


SENSOR = {
    "http": bytes([0, 255]) + b"GET /x?y HTTP/1.1\r\nHost: a.example\r\nUser-Agent: z\r\nAuthorization: Basic eDp5\r\n\r\n",
    "tls": bytes([0, 255]) + record(client_hello()),
    "tls-cut": bytes([0, 255]) + record(client_hello()[:60]) + record(client_hello()[60:]),
    "ssh": bytes([1, 255]) + b"SSH-2.0-Go\r\n",
    "smb1": bytes([0, 255]) + smb1(),
    "smb2": bytes([0, 255]) + smb2(),
    "telnet": bytes([2, 3]) + b"\xff\xfb\x01\xff\xfa\x18\x00xterm\xff\xf0root\r\0pw\r\nadmin\nadmin\n\n",
    "ftp": bytes([3, 9]) + b"USER a\r\nPASS b\r\nSYST\r\nQUIT\r\n",
    "pop3": bytes([4, 9]) + b"PASS b\r\nUSER a\r\nPASS\r\nCAPA\r\n",
}


def lines(*objects):
    return "".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in objects).encode()


def cowrie(event, seconds, **more):
    return {"eventid": "cowrie." + event, "session": "a1", "src_ip": "192.0.2.1", "timestamp": f"2026-01-01T00:00:{seconds:02}.5Z", **more}


ENDS = {"protocol": "tcp", "source": "192.0.2.1", "source_port": 1, "destination": "::1", "destination_port": 23, "count": 1, "octets": 5}
SPAN = {"sensor": "pot", "begin": "2026-01-01T00:00:00Z", "end": "2026-01-01T00:00:01Z"}
HELLO = {"payload": "aGVsbG8=", "sha256": "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"}
LOGS = {
    "auth": lines("Dec 31 23:59:59 h sshd[1]: Invalid user  from 192.0.2.1", "Dec 31 23:59:59 h sshd[1]: " + FAILED.format("invalid user "),
                  "Jan  1 00:00:01 h sshd[2]: message repeated 5 times: [ " + FAILED.format("") + "]",
                  "Jan  1 00:00:02 h sshd[3]: Invalid user x from ::1 port 5", "Jan  1 00:00:02 h sshd[3]: Connection closed by ::1 [preauth]"),
    "auth-iso": lines("2026-01-01T09:00:00.123+09:00 h sshd-session[1]: Accepted publickey for a from ::1 port 5 ssh2: RSA SHA256:x",
                      "Thu 2026-01-01 09:00:00 JST h sshd[1]: " + FAILED.format(""), "1767571200.5 h sshd[1]: " + FAILED.format("")),
    "auth-5424": lines("<38>1 2026-01-01T00:00:00Z h sshd 1 - [a b=\"\\\"]\"] \ufeff" + FAILED.format("")),
    "journal": lines({"__REALTIME_TIMESTAMP": "1767571200000000", "_HOSTNAME": "h", "_PID": "1", "SYSLOG_IDENTIFIER": "sshd", "MESSAGE": FAILED.format("")}),
    "cowrie": lines(cowrie("session.connect", 0, src_port=5, dst_ip="::1", dst_port=22, protocol="ssh"), cowrie("client.version", 1, version="SSH-2.0-x"),
                    cowrie("login.failed", 2, username="root", password="\0"), cowrie("command.input", 3, input="id"),
                    cowrie("session.file_download", 4, url="http://x/", shasum="ab"), cowrie("session.closed", 5, duration=5.0)),
    "eve": lines({"timestamp": "2026-01-01T00:00:00.000000+0000", "event_type": "flow", "src_ip": "192.0.2.1", "src_port": 1, "dest_ip": "::1",
                  "dest_port": 22, "proto": "TCP", "flow": {"bytes_toserver": 5, "start": "2026-01-01T00:00:00.000000+0000"}}),
    "tpot-sources": lines("src_ip,events,first_seen,last_seen,bytes_to_srv,bytes_to_cli",
                          "192.0.2.1,5,2026-01-01 00:00:00.5+00:00,2026-01-01 00:00:01+00:00,1.0,0.0"),
    "tpot-hours": lines("_ts_ct,events", "2026-01-01 00:00:00-05:00,5"),
    "sensor": lines({"schema": "yagura.sensor/1", "event": "start"},
                    {"schema": "yagura.sensor/1", "event": "contact", **SPAN, **ENDS, "note": "\u00ff", **HELLO,
                     "logins": [{"service": "telnet", "user": "\u00e9", "password": "x"}]},
                    {"schema": "yagura.sensor/1", "event": "watch", **SPAN, "address": "::1"}),
}


def main():
    for target, inputs, first in (("sensor_input", SENSOR, b""), ("honeypot_logs", LOGS, b"\0")):
        (TOP / target).mkdir(parents=True, exist_ok=True)
        for name, content in inputs.items():
            content = content.replace(b'", "', b'","').replace(b'": ', b'":') if target == "honeypot_logs" else content
            (TOP / target / name).write_bytes(first + content)


if __name__ == "__main__":
    main()
