#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""`yagura heartbleed` against responders that leak, echo, alert, keep silent …, with nmap, sslscan and testssl.sh beside it.

usage: heartbleed_active.py [BUILD]

What the others say is printed and must be what doc/analyses/security-heartbleed.md records of them; OpenSSL's s_server is the patched server, and one
that speaks TLS 1.3 alone.  Ports 5600 to 5649 of loopback.
"""
# alone
import concurrent.futures
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from _tls_responder import MEMORY, MODES, SECRET, STARTTLS, Responder  # noqa: E402

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
YAGURA = str(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else TOP / "build").resolve() / "yagura")
PORT = 5600
# mode: (verdict, result of the last connection, exit status)
EXPECTED = {
    "leak": ("vulnerable", "leaks", 1), "fragments": ("vulnerable", "leaks", 1), "huge": ("vulnerable", "leaks", 1), "slow": ("vulnerable", "leaks", 1),
    "echo": ("non-conforming", "echo", 0), "echo-padded": ("non-conforming", "echo", 0), "echo-honest": ("non-conforming", "echo", 0),
    "alert": ("not-vulnerable", "alert", 0), "silent": ("not-vulnerable", "silent", 0), "closed": ("not-vulnerable", "closed", 0),
    "patched": ("not-vulnerable", "no-extension", 0), "tls13": ("not-vulnerable", "version-refused", 0),
    "plaintext": ("unknown", "service-error", 3), "half": ("unknown", "unfinished", 3),
}
passed = failed = skipped = 0


def check(condition, text):
    global passed, failed
    if condition:
        passed += 1
    else:
        failed += 1
        print(f"FAIL {text}")


def skip(text):
    global skipped
    skipped += 1
    print(f"skipped: {text}")


def start(*words):
    return subprocess.Popen([YAGURA, "heartbleed", "--json", "--wait", "1", "--i-am-allowed", "--allow", "127.0.0.0/8", *words],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")


def finish(process):
    out, err = process.communicate(timeout=30)
    return process.returncode, json.loads(out)["targets"][0] if out else {}, out + err


def holds_memory(text):
    """Whether anything that leaked is in the text, as it is or in hex."""
    return any(piece in text or piece.encode().hex() in text for piece in (SECRET[:12].decode(),)) or MEMORY[:8].hex() in text


def check_modes(responders):
    processes = {mode: start(f"127.0.0.1:{r.port}") for mode, r in responders.items()}
    for mode, process in processes.items():
        status, target, text = finish(process)
        verdict, result, expected = EXPECTED[mode]
        last = (target.get("connections") or [{}])[-1]
        check(target.get("verdict") == verdict and last.get("result") == result and status == expected,
              f"{mode}: {target.get('verdict')} {last.get('result')} status {status}, not {verdict} {result} {expected}: {text[:400]}")
        check(not holds_memory(text), f"{mode}: leaked octets were printed")
        times = responders[mode].times
        check(all(b - a > 0.9 for a, b in zip(times, times[1:])), f"{mode}: connections {times} are closer than a second")
        if verdict == "vulnerable":
            check(len(times) == 1, f"{mode}: {len(times)} connections though the first leaked")
            check(last["foreign_octets_read"] <= 39 and len(last["sha256"]) == 64, f"{mode}: read {last.get('foreign_octets_read')} octets")
        elif mode not in ("tls13", "plaintext"):
            check({c["asked"] for c in target["connections"]} == {"TLS 1.0", "TLS 1.1", "TLS 1.2"}, f"{mode}: versions {target['connections']}")
        check(all(len(h) == 22 and h[1:3] == b"\x40\x00" for h in responders[mode].heartbeats), f"{mode}: other heartbeats were sent")


def check_starttls():
    for i, protocol in enumerate([*STARTTLS, "postgres", "ldap", "xmpp"]):
        responder = Responder(PORT + 20 + i, "leak", protocol)
        name = "smtp" if protocol == "refusing" else protocol
        status, target, text = finish(start("--starttls", name, f"127.0.0.1:{responder.port}"))
        expected = ("unknown", 3) if protocol == "refusing" else ("vulnerable", 1)
        check((target.get("verdict"), status) == expected, f"starttls {protocol}: {target.get('verdict')} {status}: {text[:300]}")
        responder.stop()


def refused(*words):
    done = subprocess.run([YAGURA, "heartbleed", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", timeout=20, check=False)
    return done.returncode == 2 and done.stdout == ""


def check_consent(responder):
    before = len(responder.times)
    target = f"127.0.0.1:{responder.port}"
    check(refused(target), "a target without --allow was not refused")
    check(refused("--allow", "127.0.0.0/8", target), "something was sent without --i-am-allowed")
    check(refused("--i-am-allowed", target), "a target was asked that nothing allows")
    check(refused("--i-am-allowed", "--allow", "192.0.2.0/24", target), "a target outside the allowed prefix was asked")
    check(refused("--i-am-allowed", "--allow", "127.0.0.1", "--wait", "1", target, "192.0.2.1"), "one target that is not allowed did not stop the run")
    check(refused("--i-am-allowed", "--allow", "127.0.0.1/8", target), "a prefix with host bits was taken")
    check(len(responder.times) == before, "a connection was made all the same")
    with tempfile.TemporaryDirectory() as directory:
        config = pathlib.Path(directory) / "yagura.yaml"
        config.write_text("site:\n  own_prefixes: [127.0.0.0/8]\n", encoding="utf-8")
        done = subprocess.run([YAGURA, "heartbleed", "-c", config, "--i-am-allowed", target], stdout=subprocess.PIPE, encoding="utf-8", timeout=20, check=False)
        check(done.returncode == 1 and "vulnerable" in done.stdout and not holds_memory(done.stdout), f"own_prefixes: {done.returncode} {done.stdout}")
        names = pathlib.Path(directory) / "allowed"
        names.write_text("# ours\nlocalhost\n", encoding="utf-8")
        done = subprocess.run([YAGURA, "heartbleed", "--allow-file", names, "--i-am-allowed", f"localhost:{responder.port}"],
                              stdout=subprocess.PIPE, encoding="utf-8", timeout=20, check=False)
        check(done.returncode == 1 and "(localhost): vulnerable" in done.stdout, f"a name: {done.returncode} {done.stdout}")


def check_openssl():
    openssl = shutil.which("openssl")
    if openssl is None:
        skip("openssl is not there")
        return
    with tempfile.TemporaryDirectory() as directory:
        key, certificate = f"{directory}/k.pem", f"{directory}/c.pem"
        subprocess.run([openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=x"],
                       stderr=subprocess.DEVNULL, check=True)
        for port, words, result in ((PORT + 40, [], "no-extension"), (PORT + 41, ["-tls1_3"], "version-refused")):
            server = subprocess.Popen([openssl, "s_server", "-accept", f"127.0.0.1:{port}", "-key", key, "-cert", certificate, "-quiet", *words],
                                      stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(0.5)
            status, target, text = finish(start(f"127.0.0.1:{port}"))
            check(status == 0 and target["verdict"] == "not-vulnerable" and target["connections"][0]["result"] == result,
                  f"s_server {words}: {status} {text[:400]}")
            server.terminate()
            server.wait(10)


def output(*words, seconds=60):
    try:
        return subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace",
                              timeout=seconds, check=False).stdout
    except subprocess.TimeoutExpired as late:
        return (late.stdout or b"").decode("utf-8", "replace")


def nmap_says(port):
    text = output("nmap", "-Pn", "-n", "-p", str(port), "--script", "ssl-heartbleed", "--script-args", "vulns.showall,unsafe", "127.0.0.1")
    if "ERROR: Script execution failed" in text:
        return None
    return "State: VULNERABLE" in text


def sslscan_says(port):
    text = output("sslscan", "--no-colour", "--no-ciphersuites", "--no-fallback", "--no-renegotiation", "--no-compression", "--no-groups",
                  "--no-check-certificate", f"127.0.0.1:{port}")
    return bool(re.search(r"(?m) vulnerable to heartbleed", re.sub(r"not vulnerable", "safe", text)))


def testssl_says(port):
    return "VULNERABLE (NOT ok)" in output("testssl", "--heartbleed", "--color", "0", "--warnings", "off", f"127.0.0.1:{port}", seconds=90)


def check_others(responders):
    """All at once: they wait most of the time."""
    asked = []
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        for tool, (says, modes) in OTHERS.items():
            if shutil.which(tool) is None:
                skip(f"{tool} is not there")
                continue
            asked += [(tool, mode, expected, pool.submit(says, responders[mode].port)) for mode, expected in modes.items()]
    for tool, mode, expected, future in asked:
        said = future.result()
        print(f"{tool} of {mode}: {'crashes' if said is None else 'vulnerable' if said else 'not'}")
        check(said == expected, f"{tool} of {mode}: {said}, recorded is {expected}")


# What the others say of the same responders: True, False, or None for a crash.
OTHERS = {
    "nmap": (nmap_says, {"leak": True, "echo": None, "echo-padded": None, "alert": False, "silent": False, "patched": False}),
    "sslscan": (sslscan_says, {"leak": True, "echo": False, "echo-padded": True, "alert": False, "silent": False, "patched": False}),
    "testssl": (testssl_says, {"leak": True, "echo-padded": True}),
}


def main():
    responders = {mode: Responder(PORT + i, mode) for i, mode in enumerate(MODES)}
    check_modes(responders)
    check_consent(responders["leak"])
    check_starttls()
    check_openssl()
    check_others(responders)
    for responder in responders.values():
        responder.stop()
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    sys.exit(1 if failed else 0)


main()
