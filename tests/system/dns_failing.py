#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Real captures without attacks are silent in dns/random-subdomain and dns/nxdomain: a root server's, resolvers', tunnels, ordinary traffic.

usage: dns_failing.py [BUILD]

Captures come from YAGURA_DATA, default ../shared/data beside the repository; what is not there is skipped.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ANALYSES = ("dns/random-subdomain", "dns/nxdomain")
# The attackers that captures/ddos holds are after other things than zones.
FOLDERS = ("captures/dns", "captures/general")


def captures(data):
    for folder in FOLDERS:
        for path in sorted((data / folder).glob("*.pcap*")):
            if path.suffix in (".pcap", ".pcapng"):
                yield path


def findings(program, path, analysis, directory):
    """What the review of one capture finds; None when it cannot be read."""
    done = subprocess.run([program, "review", "--only", analysis, path, "-o", directory / "r.html", "--json", directory / "r.json"],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120, check=False)
    if done.returncode > 1 or not (directory / "r.json").exists():
        return None
    return [f"{finding['analysis']} {finding['subject']}" for finding in json.loads((directory / "r.json").read_bytes())["findings"]
            if finding["analysis"] in ANALYSES]


def main():
    build = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build").resolve()
    data = pathlib.Path(os.environ.get("YAGURA_DATA", ROOT.parent / "shared" / "data"))
    passed = failed = 0
    if not (data / FOLDERS[0]).is_dir():
        print(f"no captures in {data}: skipped")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    with tempfile.TemporaryDirectory() as name:
        for path in captures(data):
            for analysis in ANALYSES:
                found = findings(build / "yagura", path, analysis, pathlib.Path(name))
                passed += found == []
                failed += found != []
                if found is None:
                    print(f"{path.name}: the review ended without a result")
                elif found:
                    print(f"{path.name}: " + ", ".join(found))
    print(f"{passed} passed, {failed} failed")
    return failed != 0


sys.exit(main())
