#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Builds and runs every test, adds the counts up, and shows the log of what failed.  ./check calls it after the set-up.

usage: check.py [STEP…]

Steps, in order (all of them without an argument):

  build    build/ with warnings as errors
  tests    the tests meson knows there: unit, contract, golden, web
  asan     the unit tests and the fuzz corpus under the address and undefined-behaviour sanitizers (build-asan/)
  system   tests/system/*.py: real programs, files and captures; each prints its own counts.  As many at once as there are cores, but for
           those that hold real servers to a pace and say so in a line "# alone": they come last, one after the other
  lint     the checks of tools/lint.py; `make tidy` runs them with clang's analyzer, which takes longer
"""
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
BUILD = TOP / "build"
ASAN = TOP / "build-asan"
ASAN_OPTIONS = ["-Dfuzz=true", "-Db_sanitize=address,undefined", "-Db_lundef=false", "-Dc_args=-fno-sanitize-recover=all"]
LOG_LINES = 60
SYSTEM_TEST_SECONDS = 900
SKIP_STATUS = 77
COUNTS = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$")


class Tally:
    """What passed, failed and was skipped so far, and the names of what failed."""

    def __init__(self):
        self.passed, self.skipped, self.failures, self.failed = 0, 0, [], 0

    def add(self, passed, failed, skipped=0):
        self.passed += passed
        self.failed += failed
        self.skipped += skipped

    def fail(self, name, log):
        """Notes one failure and shows the end of its log."""
        self.failures.append(name)
        print(f"FAIL {name}")
        lines = log.rstrip().splitlines()
        if len(lines) > LOG_LINES:
            print(f"    … {len(lines) - LOG_LINES} lines before these")
        for line in lines[-LOG_LINES:]:
            print(f"    {line}")

    def last_line(self):
        line = f"{self.passed} passed, {self.failed} failed"
        return f"{line}, {self.skipped} skipped" if self.skipped else line


def run(command, **more):
    """Runs a command with its output gathered; undecodable octets in it do no harm."""
    return subprocess.run([str(c) for c in command], cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          encoding="utf-8", errors="replace", check=False, **more)


def configure(directory, options, compiler=None):
    """Makes or adjusts a build directory; the finished process of what went wrong, or None."""
    environment = dict(os.environ)
    if compiler:
        environment["CC"] = compiler
    if (directory / "build.ninja").exists():
        done = run(["meson", "configure", directory, *options])
    else:
        done = run(["meson", "setup", *options, directory], env=environment)
    if done.returncode == 0:
        done = run(["meson", "setup", "--reconfigure", directory])  # finds files that are new
    return None if done.returncode == 0 else done


def build(directory, options, tally, compiler=None):
    """Configures and compiles; counts as one test."""
    failure = configure(directory, ["-Dwerror=true", "-Dtests=true", *options], compiler)
    if failure is None:
        done = run(["ninja", "-C", directory])
        failure = None if done.returncode == 0 else done
    if failure is not None:
        tally.add(0, 1)
        tally.fail(f"{directory.name}: build", failure.stdout)
        return False
    tally.add(1, 0)
    return True


def meson_tests(directory, suites, tally):
    """Runs meson's tests of the suites (all when empty) and counts each."""
    environment = dict(os.environ, ASAN_OPTIONS="detect_leaks=1:abort_on_error=0", UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1",
                       YAGURA_SOURCE=str(TOP))
    log = directory / "meson-logs/testlog.json"
    log.unlink(missing_ok=True)
    chosen = [word for suite in suites for word in ("--suite", suite)]
    done = run(["meson", "test", "-C", directory, "--no-rebuild", *chosen], env=environment)
    if not log.exists():
        tally.add(0, 1)
        tally.fail(f"{directory.name}: meson test", done.stdout)
        return
    for line in log.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        if entry["result"] in ("OK", "EXPECTEDFAIL"):
            tally.add(1, 0)
        elif entry["result"] == "SKIP":
            tally.add(0, 0, 1)
            print(f"skip {entry['name']}")
        else:
            tally.add(0, 1)
            tally.fail(f"{directory.name}: {entry['name']} ({entry['result']})", entry.get("stdout", "") + entry.get("stderr", ""))


def step_build(tally):
    return build(BUILD, [], tally)


def step_tests(tally):
    if step_is_built(BUILD, tally):
        meson_tests(BUILD, [], tally)


def step_asan(tally):
    if build(ASAN, ASAN_OPTIONS, tally, "clang"):
        meson_tests(ASAN, ["unit", "fuzz"], tally)


def step_is_built(directory, tally):
    if (directory / "yagura").exists():
        return True
    tally.add(0, 1)
    tally.fail(f"{directory.name}: there is no program to test", "")
    return False


def system_run(path):
    """Runs one script with the build directory: its output, status and seconds."""
    begin = time.monotonic()
    try:
        done = run([sys.executable, path, BUILD], timeout=SYSTEM_TEST_SECONDS)
        output, status = done.stdout, done.returncode
    except subprocess.TimeoutExpired as expired:
        output, status = (expired.stdout or b"").decode(errors="replace"), "timeout"
    return path, output, status, time.monotonic() - begin


def system_count(tally, path, output, status, seconds):
    """A script's last line holds its counts, and status 77 says that it could not run here."""
    name = f"system/{path.stem}"
    lines = output.rstrip().splitlines() or [""]
    if status == SKIP_STATUS:
        tally.add(0, 0, 1)
        print(f"skip {name}: {lines[-1]}")
        return
    counts = COUNTS.match(lines[-1])
    passed, failed, skipped = (int(n or 0) for n in counts.groups()) if counts else (0, 0, 0)
    if not counts or (status != 0 and failed == 0):  # it died, whatever it counted
        failed += 1
    tally.add(passed, failed, skipped)
    print(f"     {name}: {lines[-1]} ({seconds:.0f} s)")
    if failed:
        tally.fail(f"{name} (exit status {status})", output)


def step_system(tally):
    if not step_is_built(BUILD, tally):
        return
    paths = [p for p in sorted((TOP / "tests/system").glob("*.py")) if not p.stem.startswith("_")]
    alone = [p for p in paths if "\n# alone\n" in p.read_text(encoding="utf-8")]
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for done in concurrent.futures.as_completed([pool.submit(system_run, p) for p in paths if p not in alone]):
            system_count(tally, *done.result())
    for path in alone:
        system_count(tally, *system_run(path))


def step_lint(tally):
    done = run([sys.executable, TOP / "tools/lint.py", "--quick"])
    lines = done.stdout.rstrip().splitlines() or [""]
    counts = COUNTS.match(lines[-1])
    if counts:
        tally.add(*(int(n or 0) for n in counts.groups()))
    else:
        tally.add(0, 1)
    if done.returncode != 0 or not counts:
        tally.fail("lint", done.stdout)


STEPS = {"build": step_build, "tests": step_tests, "asan": step_asan, "system": step_system, "lint": step_lint}


def main():
    chosen = sys.argv[1:] or list(STEPS)
    unknown = [name for name in chosen if name not in STEPS]
    if unknown:
        sys.exit(f"check: there is no step \"{unknown[0]}\"; the steps are {', '.join(STEPS)}")
    sys.stdout.reconfigure(line_buffering=True, encoding="utf-8", errors="replace")
    tally = Tally()
    for name in chosen:
        begin = time.monotonic()
        print(f"== {name}")
        if STEPS[name](tally) is False:
            break  # nothing after a broken build says anything
        print(f"   {time.monotonic() - begin:.0f} s; so far {tally.last_line()}")
    if tally.failures:
        print("\nFailed: " + "; ".join(tally.failures))
    print(tally.last_line())
    return 1 if tally.failed else 0


sys.exit(main())
