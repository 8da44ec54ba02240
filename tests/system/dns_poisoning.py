#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""dns/poisoning is silent over real traffic.

usage: dns_poisoning.py [BUILD]

Reviews every capture below $YAGURA_DATA/captures/dns and captures/general with dns/poisoning alone: none may have a finding of it.
Of the root server's capture the classes are compared with what is known: nothing forged, no second answer that differs.
Skips without the data.  The last line is `N passed, N failed, N skipped`.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DATA = pathlib.Path(os.environ.get("YAGURA_DATA", ROOT.parent / "shared" / "data")) / "captures"
FORGED = {"wrong-id", "wrong-port", "second-answer"}


def review(build, path, directory):
    """The review; None where the program was ended by a signal or wrote none."""
    out = pathlib.Path(directory) / "review.json"
    done = subprocess.run([build / "yagura", "review", path, "--only", "dns/poisoning", "-o", pathlib.Path(directory) / "review.html", "--json", out],
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=120, check=False)
    if done.returncode not in (0, 1) or not out.exists():
        return None
    return json.loads(out.read_text(encoding="utf-8"))


def matches(document):
    for chapter in document["chapters"]:
        for section in chapter["sections"]:
            for table in section["tables"]:
                if section["id"] == "dns/poisoning" and table["id"] == "matches":
                    return {row[0]: row[1] for row in table["rows"]}
    return {}


def main():
    build = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build").resolve()
    passed = failed = 0
    if not DATA.is_dir():
        print(f"there is no {DATA}\n0 passed, 0 failed, 1 skipped")
        return
    captures = sorted(p for name in ("dns", "general") for p in (DATA / name).iterdir() if p.suffix in (".pcap", ".pcapng", ".gz", ".xz"))
    with tempfile.TemporaryDirectory() as directory:
        for path in captures:
            document = review(build, path, directory)
            if document is None:
                print(f"{path.name}: there is no review")
                failed += 1
                continue
            (pathlib.Path(directory) / "review.json").unlink()
            found = [f for f in document["findings"] if f["analysis"] == "dns/poisoning"]
            counts = matches(document)
            if found:
                print(f"{path.name}: {found[0]['kind']} {found[0]['subject']} {found[0]['measures']}")
            elif path.name.startswith("rootserver") and (counts.get("matched", 0) < 8000 or any(counts[name] for name in FORGED)):
                print(f"{path.name}: {counts}")
            else:
                passed += 1
                continue
            failed += 1
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed != 0)


main()
