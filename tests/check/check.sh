#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check.sh [STEP...]: what is looked at before anything is shipped; all steps, or those named.
# Each prints its time and, when it fails, what is wrong; the status is 1 when any failed.
#   CHECK_BUILD=DIR   where it builds (build): DIR as make does, DIR/check-clang, -analyzer, -tidy (-tidy-N)
#   CHECK_NODES=N     states of a function that clang-tidy's analyzer follows (225000, as clang does by itself)
set -u
cd "$(dirname "$0")/../.."
BUILD=${CHECK_BUILD:-build}
NODES=${CHECK_NODES:-225000}
GCC=$BUILD CLANG=$BUILD/check-clang ANALYZER=$BUILD/check-analyzer TIDY=$BUILD/check-tidy
[ "$NODES" = 225000 ] || TIDY=$TIDY-$NODES
JOBS=${CHECK_JOBS:-$(nproc)}
LOG=$BUILD/check.log
mkdir -p "$BUILD"
failed=''

c_files() {
	find libs services tests -name '*.[ch]' | sort
}

# Objects below directory $1 of the sources on stdin.
objects() {
	sed "s|^|$1/|; s|\.c\$|.o|"
}

# ---- steps: status 0 and silence, or what is wrong ----

step_format() {
	c_files | xargs clang-format --dry-run -Werror 2>&1 | grep 'error:' | cut -d: -f1 | sort | uniq -c |
	    awk '{print $2 ": clang-format would change it in " $1 " places"; bad = 1} END {exit bad}'
}

# Everything: services, tests, tests of adapters, fuzz targets.  $1: where, $2: the compiler, $3: its flags, if not the usual.
build_all() {
	fuzzers=$(ls libs/*/tests/fuzz_*.c services/*/tests/fuzz_*.c | objects "$1")
	# shellcheck disable=SC2086  # a list of names
	make -s -k -j"$JOBS" B="$1" CC="$2" ${3:+CFLAGS="$3"} all tests-built $fuzzers
}

# As make builds it: what is there and newer than its sources had no warning, since each is an error.
step_gcc() {
	build_all "$GCC" gcc
}

# Its warnings are the same without optimization, which would take three quarters of the time.
step_clang() {
	build_all "$CLANG" clang -O0
}

# gcc 12's -fanalyzer over what we ship.  Off, each for a reason:
#   malloc-leak         it loses memory that is kept inside a structure (arena, queue, stream); leaks are
#                       looked for where they happen: make test-san, make test-valgrind
analyzer_off='-Wno-analyzer-malloc-leak'

step_analyzer() {
	# shellcheck disable=SC2046  # a list of names
	make -s -k -j"$JOBS" B="$ANALYZER" CFLAGS="-O1 -fanalyzer -fanalyzer-verbosity=0 $analyzer_off" \
	    $(ls libs/*/*.c services/*/*.c | objects "$ANALYZER")
}

# .clang-tidy says what is looked for.  Files whose object is older than their last pass are left out.
step_tidy() {
	[ -d "$CLANG" ] || step_clang || return 1
	ls libs/*/*.c services/*/*.c | while read -r file; do
		stamp=$TIDY/$file.ok
		{ [ "$stamp" -nt "$CLANG/${file%.c}.o" ] && [ "$stamp" -nt .clang-tidy ]; } || echo "$file"
	done | CLANG=$CLANG TIDY=$TIDY NODES=$NODES xargs -r -P "$JOBS" -n 1 tests/check/tidy.sh
}

step_architecture() {
	step_gcc || return 1
	tests/check/architecture.sh "$GCC" && /usr/bin/python3 -B tests/check/test_architecture.py
}

step_events() {
	/usr/bin/python3 -B tests/check/proto_gate.py tests/check/released proto &&
	    /usr/bin/python3 -B tests/check/test_gate.py &&
	    /usr/bin/python3 -B tests/check/catalogue.py
}

step_routes() {
	/usr/bin/python3 -B tests/check/routes.py
}

step_seed() {
	/usr/bin/python3 -B tests/check/seed_table.py
}

step_scripts() {
	status=0
	for script in $(git ls-files -co --exclude-standard | grep -E '(\.sh|^\.ci/run)$'); do
		[ ! -e "$script" ] || sh -n "$script" || status=1
	done
	for script in $(git ls-files -co --exclude-standard '*.py'); do
		[ ! -e "$script" ] || /usr/bin/python3 -B -c "compile(open('$script').read(), '$script', 'exec')" || status=1
	done
	return $status
}

step_manifests() {
	if ! command -v kubectl >/dev/null; then
		echo "SKIPPED: no kubectl on this machine, so nobody looked at k8s/"
		return 0
	fi
	step_gcc || return 1
	tests/check/manifests.sh "$GCC/bin"
}

# ---- running them ----

run_step() {
	began=$(date +%s)
	if "step_$1" >"$LOG" 2>&1; then
		word=ok
	else
		word=FAILED failed="$failed $1"
	fi
	printf '%-14s %-6s %4d s\n' "$1" "$word" $(($(date +%s) - began))
	[ ! -s "$LOG" ] || sed 's/^/    /' "$LOG"
}

for step in ${*:-format scripts gcc clang analyzer tidy architecture events routes seed manifests}; do
	run_step "$step"
done
[ -z "$failed" ] || { echo "check: failed:$failed"; exit 1; }
echo "check: all is well"
