#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Web logs against witnesses: regular expressions over real logs, and what nginx logs against what is on the wire.

usage: web_logs.py BUILD

1. Every field of every line of the logs below $YAGURA_DATA/weblogs is what a regular expression of this file says.
2. Logs of things that are no requests are refused by name.
3. A W3C log made here is read, also compressed, in parts, and with columns that change.
4. nginx on loopback logs what curl asks in three formats while the packets are captured: log and packets say the same requests.
"""
import collections
import datetime
import gzip
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
DATA = pathlib.Path(os.environ.get("YAGURA_DATA", TOP.parent / "shared/data"))
PORT = 5480
LINE = re.compile(r'^"?(\S+) (\S+) (\S+) \[([^\]]+)\] "((?:[^"\\]|\\.)*)" (\d{3}|-) (\d+|-)(?: "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)")?')
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "v": "\v", "f": "\f", '"': '"', "\\": "\\"}


class Tally:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def check(self, same, text):
        if same:
            self.passed += 1
        else:
            self.failed += 1
            print("FAIL", text)

    def skip(self, text):
        self.skipped += 1
        print("skip", text)


def records(program, *paths, status=0):
    run = subprocess.run([program, "records", "--http", *paths], capture_output=True, check=False, timeout=120)
    if run.returncode != status:
        print(run.stderr.decode())
        raise RuntimeError(f"yagura records ended with {run.returncode}")
    return [json.loads(line) for line in run.stdout.splitlines()]


def unescaped(text):
    return re.sub(r"\\(x[0-9a-fA-F]{2}|[nrtbvf\"\\])", lambda m: chr(int(m[1][1:], 16)) if m[1][0] == "x" else ESCAPES[m[1]], text)


def expected_of(line):
    """The fields of a line as records print them; None when it is none."""
    match = LINE.match(line)
    if match is None:
        return None
    client, _, user, when, request, status, size, referer, agent = match.groups()
    moment = datetime.datetime.strptime(when, "%d/%b/%Y:%H:%M:%S %z").astimezone(datetime.timezone.utc)
    request = unescaped(request)
    parts = re.match(r"^([^ ]+) (.*) (HTTP/\S+)$", request, re.S)
    fields = {"time": moment.strftime("%Y-%m-%dT%H:%M:%S.000000000Z"), "client_address": client, "status": int(status),
              "response_octets": 0 if size == "-" else int(size), "user": user, "referer": referer, "user_agent": agent}
    if parts is not None:
        fields.update(zip(("method", "target", "protocol"), parts.groups()))
    return {key: unescaped(value) if key in ("user", "referer", "user_agent") else value
            for key, value in fields.items() if value not in ("-", "", None)}


def check_real_log(tally, program, path):
    lines = path.read_text("utf-8", "surrogateescape").splitlines()
    found, wrong = records(program, path), 0
    tally.check(len(found) == len(lines), f"{path.name}: {len(found)} requests of {len(lines)} lines")
    for line, record in zip(lines, found):
        expected = expected_of(line.encode("utf-8", "surrogateescape").decode("latin-1"))
        said = {key: record[key] for key in ("time", "client_address", "status", "response_octets", "user", "referer", "user_agent",
                                             "method", "target", "protocol") if key in record}
        if expected != said:
            wrong += 1
            if wrong < 4:
                print(f"{path.name}: {expected}\n  {said}")
    tally.check(wrong == 0, f"{path.name}: {wrong} of {len(lines)} lines differ")


def check_refused(tally, program, path):
    run = subprocess.run([program, "records", "--http", path], capture_output=True, check=False, timeout=60)
    tally.check(run.returncode == 1 and b"error log" in run.stderr, f"{path.name}: not refused by name: {run.stderr}")


def w3c_log(count):
    lines = ["#Software: Microsoft Internet Information Services 10.0", "#Version: 1.0", "#Date: 2026-11-22 09:00:00"]
    for i in range(count):
        if i % 100 == 0:
            turned = i // 100 % 2
            fields = "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status " \
                     "sc-substatus sc-win32-status time-taken"
            lines.append("#Fields: " + " ".join(reversed(fields.split()) if turned else fields.split()))
        values = f"2026-11-22 09:{i // 60 % 60:02}:{i % 60:02} 192.0.2.80 GET /p{i}.aspx id={i} 443 - 203.0.113.{i % 250} Mozilla/5.0+(X11) " \
                 f"- 200 0 0 {i}"
        lines.append(" ".join(reversed(values.split())) if turned else values)
    return ("\r\n".join(lines) + "\r\n").encode()


def check_w3c(tally, program, directory):
    text = w3c_log(1000)
    plain, packed = directory / "u_ex261122.log", directory / "packed"
    plain.write_bytes(text)
    packed.write_bytes(gzip.compress(text))
    found = records(program, plain)
    tally.check([r["target"] for r in found] == [f"/p{i}.aspx?id={i}" for i in range(1000)], "W3C: targets differ")
    tally.check(all(r["duration_ns"] == 1000000 * i and r["client_address"] == f"203.0.113.{i % 250}" and r["server_port"] == 443
                    and r["server_address"] == "192.0.2.80" for i, r in enumerate(found)), "W3C: fields differ")
    tally.check(records(program, packed) == found, "W3C: compressed differs")
    with subprocess.Popen([program, "records", "--http", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        for at in range(0, len(text), 7001):
            process.stdin.write(text[at:at + 7001])
            process.stdin.flush()
        process.stdin.close()
        tally.check([json.loads(line) for line in process.stdout.read().splitlines()] == found, "W3C: through a pipe differs")


# ------------------------------------------------------------------ nginx

NGINX = """
daemon off; worker_processes 1; pid {dir}/pid; error_log {dir}/error.log;
events {{ worker_connections 64; }}
http {{
  log_format timed '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" '
                   '$request_time "$http_x_forwarded_for"';
  log_format vhost '$host:$server_port $remote_addr - $remote_user [$time_iso8601] "$request" $status $body_bytes_sent '
                   '"$http_referer" "$http_user_agent"';
  access_log {dir}/combined.log combined;
  access_log {dir}/timed.log timed;
  access_log {dir}/vhost.log vhost;
  client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy; fastcgi_temp_path {dir}/f; uwsgi_temp_path {dir}/u; scgi_temp_path {dir}/s;
  server {{ listen 127.0.0.1:{port}; root {dir}/www;
    location /login {{ return 302 /; }}
    location /post {{ return 200 "thanks\\n"; }}
  }}
}}
"""


def wait_for(condition, seconds=15):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def ask(directory):
    """Requests of many shapes; returns how many."""
    base = f"http://127.0.0.1:{PORT}"
    (directory / "big").write_bytes(b"x" * 70000)
    calls = [[base + "/"], [base + "/", base + "/a.txt", base + "/none"], ["-I", base + "/a.txt"],
             ["-A", 'quo"ted \\ agent', "-e", "http://r.example/\u00e4", base + "/a.txt"], ["-u", "bob:secret", base + "/"],
             ["-d", "id=1' or '1'='1", base + "/post"], ["--data-binary", f"@{directory}/big", base + "/post"],
             ["-g", base + "/?q=1%27%20union%20select%201--&x=\"'<>\\"], [base + "/login"], ["-H", "X-Forwarded-For: 203.0.113.7", base + "/"],
             ["-T", str(directory / "big"), base + "/put"], [base + "/large.bin"], ["-0", base + "/a.txt"],
             ["-X", "PROPFIND", base + "/"], ["-H", "Transfer-Encoding: chunked", "-d", "a=b", base + "/post"]]
    for call in calls:
        subprocess.run(["curl", "-s", "-o", "/dev/null", *(["-o", "/dev/null"] * 2), *call], check=False, timeout=20)
    # Pipelined, and what is no HTTP.
    for text in (b"GET /a.txt HTTP/1.1\r\nHost: h\r\n\r\nGET /none HTTP/1.1\r\nHost: h\r\n\r\nGET /?last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
                 b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 \r\n"):
        with socket.create_connection(("127.0.0.1", PORT), 5) as talk:
            talk.sendall(text)
            talk.shutdown(socket.SHUT_WR)
            while talk.recv(65536):
                pass


def key_of(record):
    return tuple(record.get(name, "") for name in ("method", "target", "protocol", "status", "referer", "user_agent"))


def check_nginx(tally, program, directory):
    if any(shutil.which(tool) is None for tool in ("nginx", "curl", "dumpcap")):
        tally.skip("nginx, curl or dumpcap is missing")
        return
    (directory / "www").mkdir()
    (directory / "www/index.html").write_text("<p>hello</p>\n" * 20)
    (directory / "www/a.txt").write_text("text\n")
    (directory / "www/large.bin").write_bytes(os.urandom(300000))
    directory.chmod(0o755)
    for path in directory.rglob("*"):
        path.chmod(0o755)
    (directory / "nginx.conf").write_text(NGINX.format(dir=directory, port=PORT))
    capture = directory / "lo.pcap"
    dumpcap = subprocess.Popen(["dumpcap", "-q", "-P", "-i", "lo", "-f", f"tcp port {PORT}", "-w", capture], stderr=subprocess.DEVNULL)
    nginx = subprocess.Popen(["nginx", "-c", directory / "nginx.conf", "-p", directory], stderr=subprocess.DEVNULL)
    try:
        # A connection without a request is what tells that packets are written.
        if not wait_for(lambda: listens(PORT) and capture.exists() and capture.stat().st_size > 24):
            tally.skip("nginx or dumpcap does not start here")
            return
        ask(directory)
        time.sleep(1)
    finally:
        nginx.send_signal(signal.SIGQUIT)
        dumpcap.send_signal(signal.SIGINT)
        nginx.wait(10)
        dumpcap.wait(10)
    # What is no HTTP has an answer without a request there.
    packets = [r for r in records(program, capture) if not r.get("no_request")]
    logs = {name: records(program, directory / f"{name}.log") for name in ("combined", "timed", "vhost")}
    # What is no HTTP is in the log only.
    seen = collections.Counter(map(key_of, packets))
    for name, said in logs.items():
        requests = collections.Counter(key_of(r) for r in said if not r.get("malformed") and "method" in r)
        tally.check(requests == seen, f"nginx {name}: only in the log {requests - seen}, only in packets {seen - requests}")
        tally.check(len(said) > 18, f"nginx {name}: {len(said)} lines")
    tally.check(any(r.get("malformed") and r["target"].startswith("\x16\x03\x01") for r in logs["combined"]), "nginx: TLS in a log is not told")
    tally.check(all("duration_ns" in r for r in logs["timed"]), "nginx timed: no duration")
    tally.check(any(r.get("forwarded_for") == "203.0.113.7" for r in logs["timed"]), "nginx timed: no X-Forwarded-For")
    tally.check(all(r["host"] == "127.0.0.1" and r["server_port"] == PORT for r in logs["vhost"] if r["status"] == 302), "nginx vhost")
    tally.check(any(r.get("user") == "bob" for r in logs["combined"]), "nginx combined: no user")
    sizes = collections.Counter((r["target"], r["response_octets"]) for r in packets)
    tally.check(all(sizes[(r["target"], r["response_octets"])] > 0 for r in logs["combined"] if not r.get("malformed") and "target" in r),
                "nginx: octets of bodies differ")


def main():
    program = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build").resolve() / "yagura"
    tally = Tally()
    for name in ("elastic-apache_logs", "ocatak-acunetix.txt"):
        if (DATA / "weblogs" / name).exists():
            check_real_log(tally, program, DATA / "weblogs" / name)
        else:
            tally.skip(f"no {name} at $YAGURA_DATA")
    if (DATA / "weblogs/loghub-Apache_2k.log").exists():
        check_refused(tally, program, DATA / "weblogs/loghub-Apache_2k.log")
    with tempfile.TemporaryDirectory() as directory:
        check_w3c(tally, program, pathlib.Path(directory))
        check_nginx(tally, program, pathlib.Path(directory))
    print(f"{tally.passed} passed, {tally.failed} failed, {tally.skipped} skipped")
    return tally.failed != 0


if __name__ == "__main__":
    sys.exit(main())
