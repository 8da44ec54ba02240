#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Writes the first inputs of the fuzz target login into tests/fuzz/corpus: a dialogue of each service."""
import pathlib

TOP = pathlib.Path(__file__).resolve().parent / "corpus/login"
CLIENT, SERVER = 0, 1
CLEAR = bytes([0, 0, 0, 12, 4, 20, *range(1, 11), 0, 0, 0, 12, 10, 21]) + bytes(10)

DIALOGUES = {
    "ftp": [(SERVER, b"220 ready\r\n"), (CLIENT, b"USER anna\r\n"), (SERVER, b"331 password\r\n"), (CLIENT, b"PASS x\r\n"),
            (SERVER, b"530 no\r\n"), (CLIENT, b"USER b\r\nPASS y\r\n"), (SERVER, b"230 in\r\n")],
    "smtp": [(SERVER, b"220 mx\r\n"), (CLIENT, b"EHLO me\r\n"), (CLIENT, b"AUTH PLAIN AGFubmEAc2VjcmV0\r\n"), (SERVER, b"535 no\r\n"),
             (CLIENT, b"AUTH LOGIN\r\n"), (CLIENT, b"Ym9i\r\n"), (CLIENT, b"c2VjcmV0\r\n"), (SERVER, b"235 yes\r\n")],
    "pop3": [(SERVER, b"+OK ready\r\n"), (CLIENT, b"USER anna\r\n"), (SERVER, b"+OK\r\n"), (CLIENT, b"PASS x\r\n"), (SERVER, b"-ERR no\r\n"),
             (CLIENT, b"APOP bob c4c9\r\n"), (SERVER, b"+OK in\r\n")],
    "imap": [(SERVER, b"* OK IMAP4\r\n"), (CLIENT, b'a LOGIN "anna" x\r\n'), (SERVER, b"a NO\r\n"), (CLIENT, b"b AUTHENTICATE PLAIN\r\n"),
             (CLIENT, b"AGNhcmwAeA==\r\n"), (SERVER, b"b OK\r\n")],
    "ssh": [(side, text) for side in (SERVER, CLIENT) for text in (b"SSH-2.0-x\r\n", CLEAR)] + [(SERVER, bytes(100)), (SERVER | 2, b"\xff" * 50)],
}


def main():
    TOP.mkdir(parents=True, exist_ok=True)
    for name, parts in DIALOGUES.items():
        (TOP / name).write_bytes(b"".join(bytes([4 | side, len(text)]) + text for side, text in parts))


main()
