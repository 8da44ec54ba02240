#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Checks of the source's shape: `make tidy`.

usage: lint.py [--quick] [CHECK…]

Each check counts as one test; clang-tidy and cppcheck look at every file, on all cores.  --quick leaves out clang's path-sensitive
analyzer, which takes nine tenths of the time: ./check does without it, `make tidy` has it.  The last line is `N passed, N failed`.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
ASAN = TOP / "build-asan"  # its compile commands are clang's
QUICK = "--quick" in sys.argv
CACHE = TOP / ("build/lint-quick.json" if QUICK else "build/lint.json")
NOT_PROSE = ("package-lock.json", "tests/fuzz/corpus/", "tests/golden/")
SPELL_IGNORE = "te,fo,nd,ue,ede,cna,iif,unio,conext,treshold,nmae"  # the last two are mistakes that tests make on purpose


def tracked(*patterns):
    """Files of the repository, also new ones that git does not ignore."""
    out = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "--deduplicate", "--", *patterns], cwd=TOP,
                         stdout=subprocess.PIPE, text=True, check=True).stdout
    return sorted(name for name in out.splitlines() if (TOP / name).is_file())


def run(*command):
    """The output of a checker that found something, or nothing."""
    done = subprocess.run([str(c) for c in command], cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          encoding="utf-8", errors="replace", check=False)
    return done.stdout.strip() or f"exit status {done.returncode}" if done.returncode != 0 else ""


def check_format():
    return run("clang-format", "--dry-run", "-Werror", "--ferror-limit=3", *tracked("*.c", "*.h"))


def check_layers():
    return run(sys.executable, "tests/layers.py")


def check_spelling():
    return run("codespell", "--ignore-words-list", SPELL_IGNORE, *[n for n in tracked() if not n.startswith(NOT_PROSE)])


def check_shell():
    scripts = [name for name in tracked() if (TOP / name).open("rb").readline().startswith((b"#!/bin/sh", b"#!/bin/bash"))]
    return run("shellcheck", *scripts)


def check_manual():
    pages = tracked("man/*.[1-9]")
    return run("mandoc", "-Tlint", "-Wwarning", *pages) if pages else ""


def check_licence():
    """Every source file says its licence in its first lines."""
    wrong = []
    for name in tracked("*.c", "*.h", "*.py", "*.js", "*.mjs", "meson.build", "*/meson.build", "Makefile"):
        head = (TOP / name).read_text(encoding="utf-8").splitlines()[:4]
        if head and not any("SPDX-License-Identifier: ISC" in line for line in head):
            wrong.append(f"{name}: no SPDX-License-Identifier in its first lines")
    return "\n".join(wrong)


def check_links():
    """Every relative link of a document leads somewhere."""
    wrong = []
    for name in tracked("*.md"):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", (TOP / name).read_text(encoding="utf-8")):
            if not (TOP / name).parent.joinpath(target).exists():
                wrong.append(f"{name}: there is no {target}")
    return "\n".join(wrong)


def check_python():
    """Every script compiles."""
    wrong = []
    for name in tracked("*.py"):
        try:
            compile((TOP / name).read_text(encoding="utf-8"), name, "exec")
        except SyntaxError as error:
            wrong.append(f"{name}:{error.lineno}: {error.msg}")
    return "\n".join(wrong)


def compile_commands():
    """(file, its command's defines and include paths) of what belongs to us, from the clang build."""
    if not (ASAN / "build.ninja").exists():
        subprocess.run(["meson", "setup", "-Dfuzz=true", "-Db_sanitize=address,undefined", "-Db_lundef=false", "-Dwerror=true",
                        "-Dc_args=-fno-sanitize-recover=all", str(ASAN)], cwd=TOP, env=dict(os.environ, CC="clang"),
                       stdout=subprocess.DEVNULL, check=True)
    for entry in json.loads((ASAN / "compile_commands.json").read_text(encoding="utf-8")):
        path = pathlib.Path(os.path.normpath(ASAN / entry["file"]))
        if TOP in path.parents and ASAN not in path.parents:
            yield path.relative_to(TOP).as_posix(), entry["command"]


def digest_of_headers():
    """Changes when any header or the configuration changes."""
    digest = hashlib.sha256()
    for name in tracked("*.h", ".clang-tidy"):
        digest.update(name.encode() + b"\0" + (TOP / name).read_bytes())
    return digest


def check_tidy():
    """clang-tidy over every file, on all cores; a file that passed is looked at again only when it or a header changed."""
    headers = digest_of_headers()
    without = ["--checks=-clang-analyzer-*"] if QUICK else []
    headers.update(b"quick" if QUICK else b"whole")
    try:
        cache = json.loads(CACHE.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        cache = {}

    def look(entry):
        name, command = entry
        digest = headers.copy()
        digest.update((TOP / name).read_bytes() + command.encode())
        if cache.get(name) == digest.hexdigest():
            return name, digest.hexdigest(), ""
        out = run("clang-tidy", "--quiet", *without, "-p", ASAN, name)
        return name, digest.hexdigest(), re.sub(r"^\d+ warnings? .*\n?", "", out, flags=re.M)

    found = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for name, digest, out in pool.map(look, sorted(set(compile_commands()))):
            if out:
                found.append(out)
            else:
                cache[name] = digest
    CACHE.parent.mkdir(exist_ok=True)
    CACHE.write_text(json.dumps(cache), encoding="utf-8")
    return "\n".join(found)


def check_cppcheck():
    return run("cppcheck", "-q", f"-j{os.cpu_count() or 1}", "--std=c11", "--enable=warning,performance,portability",
               "--inline-suppr", "--error-exitcode=1", "--suppress=missingIncludeSystem", "--suppress=unknownMacro",
               # NULL is a pointer in the C libraries this runs on, also as the last argument of section_row
               "--suppress=varFuncNullUB",
               # result_text passes the address of a local to a function that only writes there
               "--suppress=returnDanglingLifetime:src/obs/table.h",
               "-I", "src", "-D_GNU_SOURCE", "-DYAGURA_VERSION=\"0\"", *tracked("src/*.c"))


CHECKS = {
    "clang-format": check_format,
    "layers": check_layers,
    "licence": check_licence,
    "links": check_links,
    "python": check_python,
    "codespell": check_spelling,
    "shellcheck": check_shell,
    "mandoc": check_manual,
    "cppcheck": check_cppcheck,
    "clang-tidy": check_tidy,
}


def main():
    chosen = [word for word in sys.argv[1:] if word != "--quick"] or list(CHECKS)
    unknown = [name for name in chosen if name not in CHECKS]
    if unknown:
        sys.exit(f"lint: there is no check \"{unknown[0]}\"; the checks are {', '.join(CHECKS)}")
    failed = 0
    for name in chosen:
        out = CHECKS[name]()
        print(f"{'FAIL' if out else 'ok  '} {name}", flush=True)
        if out:
            failed += 1
            print("\n".join("    " + line for line in out.splitlines()))
    print(f"{len(chosen) - failed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
