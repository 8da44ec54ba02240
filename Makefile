# SPDX-License-Identifier: ISC
# A thin front over Meson for those who work on yagura; `./quickstart` and `./check` need none of it.
BUILD = build
FUZZ_SECONDS = 60

.PHONY: help all check fuzz bench tidy format asan asan-build tsan cover golden-update picture clean

all:
	@tools/build $(BUILD)

help:
	@echo 'make                build (debugoptimized) into build/'
	@echo 'make check          unit, contract, golden and web tests'
	@echo 'make fuzz           search with every fuzz target, FUZZ_SECONDS=60 each (TARGETS=a b: only these)'
	@echo 'make bench          benchmarks against public tools; writes doc/benchmarks.md (BENCH=: its options)'
	@echo 'make tidy           format check, clang-tidy, cppcheck, codespell, shellcheck, mandoc -Tlint'
	@echo 'make format         run clang-format over the sources'
	@echo 'make asan           the tests under the address and undefined-behaviour sanitizers'
	@echo 'make tsan           the tests under the thread sanitizer'
	@echo 'make cover          line and branch coverage with gcovr'
	@echo 'make golden-update  rewrite what golden tests expect; then read the diff'
	@echo 'make picture        take the picture of a review that README.md shows'
	@echo 'make clean          remove the build directories'
	@echo
	@echo './check runs everything, with the set-up, and is what continuous integration calls.'

check: all
	@meson test -C $(BUILD) --print-errorlogs

asan-build:
	@CC=clang tools/build build-asan -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false \
	    -Dc_args=-fno-sanitize-recover=all

asan: asan-build
	@UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 meson test -C build-asan --print-errorlogs

fuzz: asan-build
	@python3 tools/fuzz.py $(FUZZ_SECONDS) $(TARGETS)

tsan:
	@CC=clang tools/build build-tsan -Db_sanitize=thread -Db_lundef=false
	@TSAN_OPTIONS=halt_on_error=1 meson test -C build-tsan --print-errorlogs -t 4

cover:
	@tools/build build-cover -Db_coverage=true --buildtype=debug
	@meson test -C build-cover --print-errorlogs
	@gcovr --root . --filter src/ --print-summary --html-details build-cover/cover.html build-cover
	@echo 'build-cover/cover.html'

bench: all
	@python3 bench/run.py $(BENCH)

tidy:
	@python3 tools/lint.py

format:
	@git ls-files -co --exclude-standard '*.c' '*.h' | xargs clang-format -i

golden-update: all
	@python3 tests/golden/run.py --update $(BUILD)

picture: all
	@$(BUILD)/yagura simulate office --seed 1 -o $(BUILD)/office.pcapng
	@$(BUILD)/yagura review --simulated -o $(BUILD)/office.html $(BUILD)/office.pcapng
	@node tools/picture.mjs $(BUILD)/office.html doc/review.png

clean:
	@rm -rf build build-asan build-tsan build-cover
