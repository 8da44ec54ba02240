#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Live collection on loopback: paced export datagrams to `yagura collect`, every one of them accounted for; nfcapd beside it.

usage: live.py [--rate DATAGRAMS_PER_SECOND] [--seconds N] [--input v9|v5|ipfix|sflow] [--flows] [--queue SIZE] [--no-peers]

The sender is send_nf of $YAGURA_BENCH (default ../shared/bench) over the capture that gen_netflow makes.  What counts:

    sent = received + kernel drops + queue drops        by the sender, and `yagura status`
    received = messages of exporters                    decoded, whatever was in them
    lost                                                by the exporters' own sequence numbers; the sender begins them anew with each loop

Exit status 1: a datagram was lost, or is not accounted for.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

import inputs

YAGURA = pathlib.Path(os.environ.get("YAGURA_BUILD", inputs.TOP / "build")) / "yagura"
RECORDS = {"v9": 12000000, "v5": 12000000, "ipfix": 12000000, "sflow": 3000000}
TICKS = os.sysconf("SC_CLK_TCK")


def exports(kind):
    """The capture of a kind of exports, made when it is missing, and how many datagrams it has."""
    name = f"nf_{kind}.pcap"
    path = next((d / name for d in (inputs.MADE, inputs.WORK) if (d / name).exists()), inputs.WORK / name)
    if not path.exists():
        generator = inputs.compile_tool("gen_netflow", "-O2")
        if generator is None:
            sys.exit("live: gen_netflow.c is not there; set YAGURA_BENCH")
        subprocess.run([generator, kind, str(RECORDS[kind]), path], check=True, stdout=subprocess.DEVNULL)
    return path


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu(pid):
    """User and system seconds of a process, and its peak of resident memory in MB."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    peak = re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8"))
    return (int(fields[11]) + int(fields[12])) / TICKS, int(peak.group(1)) / 1024


def send(path, port, options):
    """Sends for about the time asked; datagrams and the rate that was reached."""
    sender = inputs.compile_tool("send_nf", "-O2")
    if sender is None:
        sys.exit("live: send_nf.c is not there; set YAGURA_BENCH")
    datagrams = RECORDS[options.input] // {"v9": 22, "v5": 30, "ipfix": 22, "sflow": 5}[options.input]
    loops = max(1, round(options.rate * options.seconds / datagrams))
    done = subprocess.run([sender, path, "127.0.0.1", str(port), str(options.rate), str(loops)], capture_output=True, text=True, check=True)
    said = re.search(r"sent (\d+) datagrams in [\d.]+ s = (\d+) pps", done.stderr)
    return int(said.group(1)), int(said.group(2))


def status(config):
    done = subprocess.run([YAGURA, "status", "--json", "-c", config], capture_output=True, text=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else None


def run_yagura(path, options):
    work = inputs.WORK / "live"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    port, config = free_port(), work / "yagura.yaml"
    config.write_text(f"store:\n  url: \"duckdb:{work / 'store'}\"\nrun:\n  window: 10s\ncollect:\n  listeners: [\"127.0.0.1:{port}\"]\n"
                      f"  state_directory: {work / 'state'}\n  queue: {options.queue}\n  keep_flows: {str(options.flows).lower()}\n"
                      f"  user: \"{'root' if os.geteuid() == 0 else ''}\"\n", encoding="utf-8")
    with (work / "log").open("wb") as log, subprocess.Popen([YAGURA, "collect", "-q", "-c", config], stderr=log) as process:
        try:
            while status(config) is None and process.poll() is None:
                time.sleep(0.1)
            sent, rate = send(path, port, options)
            deadline, last = time.monotonic() + 600, None
            while time.monotonic() < deadline:
                last = status(config)
                listener = last["listeners"][0]
                if last["totals"]["messages"] == listener["received"] and listener["queue_used"] == 0:
                    break
                time.sleep(0.2)
            seconds, peak = cpu(process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()
    listener, totals = last["listeners"][0], last["totals"]
    missing = sent - listener["received"] - listener["kernel_drops"] - listener["queue_drops"] - listener["refused"]
    dropped = listener["kernel_drops"] + listener["queue_drops"]
    print(f"yagura: sent {sent} at {rate}/s, received {listener['received']}, kernel drops {listener['kernel_drops']}, "
          f"queue drops {listener['queue_drops']}, unaccounted {missing}; decoded {totals['messages']} messages, {totals['records']} records, "
          f"no template {sum(e['no_template_lost'] for e in last['exporters'])}, malformed {sum(e['malformed'] for e in last['exporters'])}; "
          f"{seconds:.1f} CPU s, {totals['records'] / seconds / 1e6:.2f} M records per CPU s, peak {peak:.0f} MB, "
          f"receive buffer {listener['receive_buffer'] >> 10} KiB")
    return dropped == 0 and missing == 0 and totals["messages"] == listener["received"]


def run_nfcapd(path, options):
    if shutil.which("nfcapd") is None:
        print("nfcapd: not installed")
        return
    work, port = inputs.WORK / "nfcapd-live", free_port()
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    where = "-w" if b"-w flowdir" in subprocess.run(["nfcapd", "-h"], capture_output=True, check=False).stdout else "-l"
    with subprocess.Popen(["nfcapd", "-b", "127.0.0.1", "-p", str(port), where, work, "-t", "3600", "-B", "8000000"],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            time.sleep(1)
            sent, rate = send(path, port, options)
            time.sleep(2)
            seconds, peak = cpu(process.pid)
        finally:
            process.terminate()
            process.wait()
    said = subprocess.run(["nfdump", "-N", "-R", work, "-I"], capture_output=True, text=True, check=False).stdout
    flows = re.search(r"^Flows: (\d+)", said, re.M)
    records = int(flows.group(1)) if flows else 0
    print(f"nfcapd: sent {sent} at {rate}/s, stored {records} records; {seconds:.1f} CPU s, {records / seconds / 1e6:.2f} M records per CPU s, "
          f"peak {peak:.0f} MB")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rate", type=int, default=100000)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--input", choices=RECORDS, default="v9")
    parser.add_argument("--flows", action="store_true", help="store every record too")
    parser.add_argument("--queue", default="256MiB", help="collect.queue")
    parser.add_argument("--no-peers", action="store_true")
    options = parser.parse_args()
    path = exports(options.input)
    inputs.warm(path)
    good = run_yagura(path, options)
    if not options.no_peers:
        run_nfcapd(path, options)
    return 0 if good else 1


sys.exit(main())
