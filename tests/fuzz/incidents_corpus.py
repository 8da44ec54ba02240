#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Writes the first inputs of the fuzz target incidents into tests/fuzz/corpus: one of every format that is imported."""
import json
import pathlib

TOP = pathlib.Path(__file__).resolve().parent / "corpus/incidents"

FILES = {
    "own.json": {"schema": "yagura.incidents/1", "incidents": [
        {"date": "2012-02-29T16:30:00Z", "end": "2012-03-01", "category": "S", "title": "a", "refs": ["u"], "cve": ["CVE-2012-0001"],
         "targets": [{"country": "JP"}], "confidence": 0.5, "approved": True},
        {"date": "--02-29", "category": "H", "title": "b"}, {"date": "2012-02-29T16:30:00Z", "category": "S", "title": "a", "refs": ["v"]}]},
    "veris.json": [{"incident_id": "1", "timeline": {"incident": {"year": 2013, "month": 2, "day": 3, "time": "10:20"}}, "confidence": "Low",
                    "action": {"hacking": {"variety": ["SQLi", "DoS"]}}, "actor": {"external": {"name": ["x"]}}, "victim": {"country": ["US"]},
                    "summary": "One. Two.", "reference": "a; b", "attribute": {"confidentiality": {"data_total": 5}}}],
    "nvd.json": {"vulnerabilities": [{"cve": {"id": "CVE-2014-0160", "published": "2014-04-07T22:55:03.893",
                                              "descriptions": [{"lang": "en", "value": "d"}], "references": [{"url": "u"}]}}]},
    "cve5.json": {"cveMetadata": {"cveId": "CVE-2014-0160", "datePublished": "2014-04-07"}, "containers": {"cna": {"title": "t"}}},
    "kev.json": {"vulnerabilities": [{"cveID": "CVE-1999-0001", "dateAdded": "2022-01-01", "vulnerabilityName": "n", "notes": "a; b"}]},
    "misp.json": {"Event": {"uuid": "u", "date": "2013-01-01", "info": "i", "Attribute": [{"type": "link", "value": "l"}],
                            "Tag": [{"name": 'misp-galaxy:threat-actor="A"'}]}},
    "review.json": {"schema": "yagura.review/1", "findings": [
        {"id": "a", "analysis": "security/ddos", "kind": "server", "begin": "2014-06-01T00:00:00.000Z", "end": "2014-06-01T00:00:01.000Z",
         "subject": {"target": "192.0.2.1"}, "measures": {"peak_pps": 3.5}, "confidence": 0.5}]},
    "kev.csv": "cveID,vulnerabilityName,dateAdded,notes,shortDescription\nCVE-2018-5430,n,2022-12-29,a;b,\"s, t\"\n",
    "hhs.csv": "date,state,entity,individuals,breach_type,location,description\n2009-10-21,TX,E,1,Theft,Paper,d\n2009-10-21,TX,E,1,Theft,Paper,d\n",
    "vcdb.csv": "year,victim.state,action.Malware,action.Hacking,victim.industry.name,pattern\n2010,MO,0,1,Public,Web\n",
    "own.csv": "date,title,category,refs,approved,confidence\n2013-09-18T10:00+09:00,\"t\nu\",P,a; b,no,0.5\n2013-09-18,t,V,,,\n",
    "history.csv": "date,history\n1931-09-18,x\n--02-29,y\n",
    "cve.txt": "# list\nCVE-2014-6271 2014-09-24 Shellshock\ncve-2014-3566\n",
}

TOP.mkdir(parents=True, exist_ok=True)
for name, value in FILES.items():
    (TOP / name).write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
