#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Prints the findings of a review, a line a measure, so that a diff of them can be read.

usage: findings.py REVIEW.json [ANALYSIS]
"""
import json
import sys

review = json.load(open(sys.argv[1], encoding="utf-8"))
for finding in review["findings"]:
    if len(sys.argv) > 2 and finding["analysis"] != sys.argv[2]:
        continue
    print(f"\n# finding {finding['analysis']} {finding['kind']} {json.dumps(finding['subject'])}")
    print(f"  {finding['begin']} to {finding['end']}, {finding['severity']}, confidence {finding['confidence']}")
    for name, value in finding["measures"].items():
        print(f"  {name}: {json.dumps(value, ensure_ascii=False)}")
    for threshold in finding["thresholds"]:
        print(f"  threshold {threshold['name']} {threshold['value']} ({threshold['source']})")
    for evidence in finding["evidence"]:
        decoded = evidence.get("decoded") or {}
        print(f"  evidence at {evidence['offset']}, {evidence['length']} octets; message of {decoded.get('octets')}"
              f" between {decoded.get('client')} and {decoded.get('server')}")
    print(f"  advice: {finding.get('advice')}")
