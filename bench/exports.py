# SPDX-License-Identifier: ISC
"""Flow exports: yagura beside nfdump's and pmacct's collectors on the same captures, and questions to what was stored.

nfcapd and sfcapd of Debian only listen: feed.c gives them a capture's datagrams where they would receive, so that nobody is charged
for sockets.  They store records; nfacctd sums by source host, and says so when it lost some between its processes; yagura runs every
analysis (review), or that and stores every record (ingest).
"""
import csv
import io
import json
import os
import shutil
import subprocess
import sys

import inputs
import measure

WORK = inputs.WORK
RECORDS = {"v9": 12000000, "v5": 12000000, "ipfix": 12000000, "sflow": 3000000}
# Million records per CPU second that `yagura review` reaches: must, aim.
MUST_AIM = {"v9": (2, 4), "v5": (2, 4), "ipfix": (1.7, 3), "sflow": (1.7, 3)}
NFACCTD_MUST_AIM = (1.5, 2.8)
# Left out of "four analyses": volume, ports, talkers and users stay.
OTHERS = ("traffic/trend", "traffic/profile", "traffic/hierarchy", "traffic/services", "traffic/remote", "quality", "quality/exporters")
INGEST_MUST = 0.7
QUERY_MUST = 3
NFACCTD = """daemonize: false
plugins: print[a]
aggregate[a]: src_host
print_output[a]: csv
print_output_file[a]: {output}
print_refresh_time[a]: 3600
print_cache_entries[a]: 999983
plugin_buffer_size: 1048576
plugin_pipe_size: 536870912
"""


def capture(kind):
    """The path of a capture of exports, made when it is missing; None when it cannot be made."""
    for directory in (inputs.MADE, WORK):
        path = directory / f"nf_{kind}.pcap"
        if path.exists():
            return path
    generator = inputs.compile_tool("gen_netflow", "-O2")
    if generator is None:
        return None
    part = WORK / f"nf_{kind}.part"
    subprocess.run([str(generator), kind, str(RECORDS[kind]), str(part)], check=True, stderr=subprocess.DEVNULL)
    return part.rename(WORK / f"nf_{kind}.pcap")


def feeder():
    """The library that feeds collectors, compiled."""
    library = WORK / "feed.so"
    subprocess.run(["gcc", "-O2", "-std=gnu17", "-shared", "-fPIC", "-o", str(library), str(inputs.TOP / "bench/feed.c")], check=True)
    return library


def empty(path):
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def fed(path, command):
    return ["env", f"FEED={path}", f"LD_PRELOAD={feeder()}", *command]


def programs(kind, path, yagura, peers):
    """(name, command, directory to empty before, statuses that are good) of each program."""
    store = WORK / f"store-{kind}"
    yield "yagura review", [yagura, "review", "--threads", "1", "-o", WORK / f"nf_{kind}.html", "--json", WORK / f"nf_{kind}.json", path], None
    four = [word for name in OTHERS for word in ("--without", name)]
    yield "yagura review, four analyses", [yagura, "review", "--threads", "1", "-o", WORK / f"nf_{kind}.html", *four, path], None
    yield "yagura ingest, flows stored", [yagura, "ingest", "-q", "--threads", "1", "--store", f"duckdb:{store}", path], store
    if not peers:
        return
    collector = "sfcapd" if kind == "sflow" else "nfcapd"
    for name, option in (("raw", []), ("lz4", ["-y"])):
        directory = WORK / f"{collector}-{kind}-{name}"
        if shutil.which(collector):
            yield f"{collector}, {name}", fed(path, [collector, *option, "-b", "127.0.0.1", "-p", "9995", "-t", "604800", "-w",
                                                     directory]), directory
    if shutil.which("nfacctd") and kind != "sflow":
        config = WORK / "nfacctd.conf"
        config.write_text(NFACCTD.format(output=WORK / f"nfacctd-{kind}.csv"), encoding="utf-8")
        yield "nfacctd, by source host", ["nfacctd", "-f", config, "-I", path], None


def run(name, command, directory, costs):
    if directory is not None:
        empty(directory)
    log = WORK / "exports.log"
    cost = measure.run(command, 1, log)
    if cost.status != 0:
        sys.exit(f"bench: {' '.join(map(str, command))}\nended with status {cost.status}:\n{log.read_text(errors='replace')[-2000:]}")
    costs.setdefault(name, []).append(cost)
    print(f"{name:28} {cost.cpu:7.2f} s CPU {cost.peak_mb:6.0f} MB", flush=True)


def accounted(kind):
    """Packets that nfacctd put into its table."""
    path = WORK / f"nfacctd-{kind}.csv"
    if not path.exists():
        return 0
    with path.open(encoding="utf-8") as file:
        return sum(int(row["PACKETS"]) for row in csv.DictReader(file))


def answer(yagura, kind, *words):
    done = subprocess.run([yagura, "query", "--store", f"duckdb:{WORK / f'store-{kind}'}", "--json", *words], stdout=subprocess.PIPE,
                          check=True)
    return json.loads(done.stdout)


def verdict(value, bounds):
    return [f"{bound:g} {'yes' if value >= bound else '**no**'}" for bound in bounds]


def measure_kind(kind, options, yagura, lines, notes):
    """Every program on one capture; False when records are missing."""
    path = capture(kind)
    if path is None:
        lines.append(f"| nf_{kind} | not measured: no input and no generator | | | | | | |")
        return True
    inputs.warm(path)
    costs, records = {}, RECORDS[kind]
    for _ in range(options.runs):
        for name, command, directory in programs(kind, path, yagura, not options.no_peers):
            run(name, command, directory, costs)
    # Compared with what sums as they do: volume, ports, talkers and users.
    ours = records / measure.median(costs["yagura review, four analyses"]).cpu / 1e6
    for name, runs in costs.items():
        cost = measure.median(runs)
        rate = records / cost.cpu / 1e6
        ratio, bounds = "", ["", ""]
        if name.startswith("yagura review"):
            bounds = verdict(rate, MUST_AIM[kind])
        elif name.startswith("yagura"):
            bounds = [*verdict(rate, (INGEST_MUST,)), ""]
        else:
            ratio = f"{ours / rate:.2f}×"
            bounds = verdict(ours / rate, NFACCTD_MUST_AIM) if name.startswith("nfacctd") else bounds
        lines.append(f"| nf_{kind} | {name} | {cost.cpu:.2f} | {rate:.2f} | {cost.peak_mb:.0f} | {ratio} | {bounds[0]} | {bounds[1]} |")
    stored = answer(yagura, kind, "SELECT count(*) AS n, CAST(sum(packet_delta_count) AS UBIGINT) AS packets FROM flows")[0]
    lost = f"; nfacctd accounted {accounted(kind) / stored['packets']:.0%} of the packets" if accounted(kind) else ""
    notes.append(f"nf_{kind}: {stored['n']:,} records stored of {records:,}{lost}")
    return stored["n"] == records


def measure_queries(options, yagura, notes):
    """Top 10 sources of the stored records of nf_v9 against nfdump on its own files of the same."""
    files = {name: next((WORK / f"nfcapd-v9-{name}").glob("nfcapd.2*"), None) for name in ("raw", "lz4")}
    if options.no_peers or not shutil.which("nfdump") or None in files.values():
        return True
    commands = {"yagura": [yagura, "query", "--store", f"duckdb:{WORK / 'store-v9'}", "flows", "--top", "10", "--by", "source_address", "--csv"]}
    commands |= {f"nfdump {name}": ["nfdump", "-r", file, "-s", "srcip/bytes", "-n", "10", "-o", "csv"] for name, file in files.items()}
    costs = {}
    for _ in range(options.runs):
        for name, command in commands.items():
            run(name, command, None, costs)
    texts = {name: subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, text=True, check=True).stdout
             for name, command in commands.items()}
    ours = [(row["source_address"], int(row["octets"]), int(row["packets"]), int(row["flows"]))
            for row in csv.DictReader(io.StringIO(texts["yagura"]))]
    theirs = [(row["val"], int(row["byt"]), int(row["pkt"]), int(row["fl"])) for row in
              csv.DictReader(io.StringIO(texts["nfdump raw"].split("\n\n")[0])) if row.get("fl")]
    cpu = {name: measure.median(runs).cpu for name, runs in costs.items()}
    for name in ("nfdump raw", "nfdump lz4"):
        ratio = cpu[name] / cpu["yagura"]
        notes.append(f"top 10 sources of 12 M stored records: {cpu['yagura']:.2f} CPU s, {name} {cpu[name]:.2f}: {ratio:.1f}× "
                     f"(must: {QUERY_MUST}× {'yes' if ratio >= QUERY_MUST else '**no**'}); the same ten: {ours == theirs[:10]}")
    return ours == theirs[:10]


HEAD = """
## Flow exports

The same for captures of flow exports; M records per CPU second. `yagura review` runs every analysis, or volume, ports,
talkers and users alone, `ingest` every one and stores every record;
nfcapd and sfcapd only store (their datagrams are fed by bench/feed.c: Debian's do not read captures), nfacctd only sums by source host.

| input | program | CPU s | M records per CPU s | peak MB | yagura's four are | must | aim |
|---|---|---|---|---|---|---|---|
"""


def section(options, yagura):
    """The section of doc/benchmarks.md, and whether every record was there."""
    lines, notes, good = [], [], True
    kinds = [kind for kind in RECORDS if f"nf_{kind}" in options.only.split(",")]
    for kind in kinds:
        good &= measure_kind(kind, options, yagura, lines, notes)
    if "v9" in kinds:
        good &= measure_queries(options, yagura, notes)
    for kind in kinds:
        shutil.rmtree(WORK / f"store-{kind}", ignore_errors=True)
        for directory in WORK.glob(f"?fcapd-{kind}-*"):
            shutil.rmtree(directory)
    os.sync()
    return HEAD + "\n".join(lines) + "\n\n" + "".join(f"- {note}\n" for note in notes) if kinds else "", good
