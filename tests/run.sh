#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Builds tidegate and runs its tests, ring by ring, from the inside out.
#
#     tests/run.sh                    everything; what CI runs
#     tests/run.sh --quick            gcc only, no sanitizers, short fuzzing, one shard
#     tests/run.sh --nightly          everything, and every emulated NIC in the lab ring, not just one
#     tests/run.sh --only RING[,...]  these rings (and the builds they need)
#     tests/run.sh --list             names the rings
#     tests/run.sh --bench            the benchmarks instead; nothing of them passes or fails
#     tests/run.sh --no-install       never calls apt-get
#
# On Debian, as root, installs what is missing. The namespace tests need root, the others do not.
# Build directories: build, build-asan, build-fuzz. Logs of every step: build/test-logs.
# The last line is "N passed, N failed, N skipped"; exit status 0 when none failed and one passed.
# tests/README.md says what each ring is and how to run one test.

set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT"
shopt -s extglob
# shellcheck source=app/deps.sh
. app/deps.sh

GCC_DIR=$ROOT/build
ASAN_DIR=$ROOT/build-asan
FUZZ_DIR=$ROOT/build-fuzz
LOGS=$GCC_DIR/test-logs
PACKAGES=$LOGS/packages
JOBS=$(nproc)

# The rings of meson's test suites, and all rings in the order they run.
SUITES=(unit model script sim packetdrill embed)
RINGS=(lint "${SUITES[@]}" fuzz net1 net2 wire package lab)
# With the sanitizers each namespace case runs once: all of them twice took a quarter of the whole run.
for r in "${SUITES[@]}" net wire; do
	RINGS+=("asan-$r")
done
QUICK_RINGS=(lint "${SUITES[@]}" fuzz net1)

FUZZ_SECONDS=20     # for each fuzz target
ASAN_SCALE=10       # the sanitizers' build opens a tenth of the connections
LINT_SECONDS=180    # the longest each step may take
BUILD_SECONDS=600
SUITE_SECONDS=600
NET_SECONDS=900     # twice that with the sanitizers
WIRE_SECONDS=240
LAB_SECONDS=420     # for each NIC
LAB_NICS=(e1000e)
PACKAGE_SECONDS=1200 # a build of its own, and a NIC
BENCH_SECONDS=600

PASSED=0
FAILED=0
SKIPPED=0
CHILD=

# A finding must fail the test, and say where it was.
export ASAN_OPTIONS=detect_leaks=1:exitcode=99
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1:exitcode=99
export LSAN_OPTIONS=suppressions=$ROOT/tests/net/lsan.supp:print_suppressions=0

usage()
{
	sed -n '3,18s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
}

# --- results ---------------------------------------------------------------------------------------

# passed NAME [TESTS]
passed()
{
	PASSED=$((PASSED + ${2:-1}))
	printf 'ok   %s\n' "$1"
}

failed()
{
	FAILED=$((FAILED + 1))
	printf 'FAIL %s\n' "$1"
}

skipped()
{
	SKIPPED=$((SKIPPED + 1))
	printf 'skip %s\n' "$1"
}

# show LOG [LINES] - the end of a log, indented
show()
{
	tail -n "${2:-40}" "$1" | sed 's/^/     | /'
}

# check NAME SECONDS COMMAND... - one test: a command
check()
{
	local name=$1 log
	log=$LOGS/$(tr -c 'a-z0-9\n' - <<<"$1").log

	if bounded "$2" "$log" "${@:3}"; then
		passed "$name"
	else
		failed "$name"
		show "$log"
		return 1
	fi
}

# take RING - reads "ok NAME", "ok*N NAME", "FAIL NAME", "skip NAME: why" and other lines, and counts
take()
{
	local line many

	while IFS= read -r line; do
		case $line in
		'ok*'*)
			many=${line#'ok*'}
			passed "$1: ${many#* }" "${many%% *}"
			;;
		'ok '*) passed "$1: ${line##ok *( )}" ;;
		'FAIL '*) failed "$1: ${line##FAIL *( )}" ;;
		'skip '*) skipped "$1: ${line##skip *( )}" ;;
		*) printf '%s\n' "$line" ;;
		esac
	done
}

# bounded SECONDS LOG COMMAND... - in the background, since bash would not act on a signal until a
# command in the foreground has ended
bounded()
{
	local status=0

	timeout -k 30 "$1" "${@:3}" >"$2" 2>&1 </dev/null &
	CHILD=$!
	wait "$CHILD" || status=$?
	CHILD=
	[ "$status" != 124 ] || echo "took longer than $1 s" >>"$2"
	return "$status"
}

interrupted()
{
	trap '' INT TERM HUP
	if [ -n "$CHILD" ]; then
		kill -TERM "$CHILD" 2>/dev/null || true
		# not `wait`: the one this trap interrupts may have taken its place
		while kill -0 "$CHILD" 2>/dev/null; do
			sleep 0.1
		done
	fi
	echo "interrupted after $PASSED passed, $FAILED failed, $SKIPPED skipped" >&2
	exit 130
}

# --- rings -----------------------------------------------------------------------------------------

# need BUILD - a build is a test too, made once, when the first ring needs it
declare -A BUILT
need()
{
	if [ -z "${BUILT[$1]:-}" ]; then
		BUILT[$1]=no
		! check "build: $1, warnings are errors" "$BUILD_SECONDS" tests/build.sh "$1" ||
			BUILT[$1]=yes
	fi
	[ "${BUILT[$1]}" = yes ]
}

ring_lint()
{
	bounded "$LINT_SECONDS" "$LOGS/lint.log" tests/lint.sh || true
	take lint <"$LOGS/lint.log"
	need gcc || return 0
	check "lint: every test is in a ring" 60 \
		tests/meson_results.py strays "$GCC_DIR" "${SUITES[@]}" fuzz || true
}

# meson_ring RING DIR SUITE - a suite of meson's
meson_ring()
{
	local log=$LOGS/$1.log json=$2/meson-logs/$1.json multiplier=1

	[ "$2" = "$GCC_DIR" ] || multiplier=6
	rm -f "$json"
	bounded "$SUITE_SECONDS" "$log" meson test -C "$2" --no-rebuild --suite "$3" --logbase "$1" \
		--timeout-multiplier "$multiplier" --num-processes "$JOBS" || true
	if [ ! -s "$json" ]; then
		failed "$1: no results"
		show "$log"
		return
	fi
	take "$1" < <(tests/meson_results.py results "$json")
	# meson writes a result when a test ends; what it never got to is not in there
	! grep -q 'took longer than' "$log" || failed "$1: took longer than $SUITE_SECONDS s"
}

# fuzz_one NAME PROGRAM - new inputs for a while, from the committed seeds on. Without -entropic=0 libFuzzer
# spends two thirds of the time on statistics of its corpus: 33 runs of the engine a second in place of 161
fuzz_one()
{
	local scratch=$FUZZ_DIR/scratch/$1 seeds=tests/fuzz/corpus/${1#fuzz_} log=$LOGS/$1.log
	local found=$FUZZ_DIR/findings/

	mkdir -p "$scratch" "$found"
	[ -d "$seeds" ] || { failed "fuzz: $1 has no seeds in $seeds" && return; }
	if bounded $((FUZZ_SECONDS + 120)) "$log" "$2" -max_total_time="$FUZZ_SECONDS" -timeout=10 -entropic=0 \
		-error_exitcode=1 -rss_limit_mb=2048 -artifact_prefix="$found" "$scratch" "$seeds"; then
		passed "fuzz: $1, $(grep -oE 'Done [0-9]+ runs in [0-9]+ s' "$log" || echo "$FUZZ_SECONDS s")"
	else
		failed "fuzz: $1; the input is in $found"
		show "$log"
	fi
}

ring_fuzz()
{
	local name program

	need fuzz || { failed "fuzz: not built" && return; }
	meson_ring fuzz "$FUZZ_DIR" fuzz
	while read -r name program; do
		fuzz_one "$name" "$program"
	done < <(tests/build.sh fuzz --list)
}

# net_ring RING DIR SHARDS SCALE
net_ring()
{
	local log=$LOGS/$1.log limit=$NET_SECONDS

	[ "$4" = 1 ] || limit=$((limit * 2))
	bounded "$limit" "$log" tests/net/run.sh --build "$2" --shards "$3" --scale "$4" \
		--logs "$LOGS/$1" || true
	take "$1" <"$log"
	! grep -q 'took longer than' "$log" || failed "$1: took longer than $limit s"
}

# Side by side with the kernel, scripts in parallel
wire_ring()
{
	local log=$LOGS/$1.log

	bounded "$WIRE_SECONDS" "$log" tests/wire/run.sh --build "$2" || true
	take "$1" <"$log"
	! grep -q 'took longer than' "$log" || failed "$1: took longer than $WIRE_SECONDS s"
}

# A bound NIC in a virtual machine, with the daemon of the packages when the package ring has made them
lab_ring()
{
	local log=$LOGS/$1.log limit=$((LAB_SECONDS * ${#LAB_NICS[@]})) deb
	local -a debs=()

	for deb in "$PACKAGES"/tidegate_*.deb "$PACKAGES"/libtidegate0_*.deb; do
		[ ! -e "$deb" ] || debs+=(--deb "$deb")
	done
	bounded "$limit" "$log" tests/lab/qemu.sh --build "$2" --logs "$LOGS/$1" "${debs[@]}" "${LAB_NICS[@]}" ||
		true
	take "$1" <"$log"
	! grep -q 'took longer than' "$log" || failed "$1: took longer than $limit s"
}

# Debian packages, installed into a copy of the machine and run on a bound NIC
package_ring()
{
	local log=$LOGS/package.log

	bounded "$PACKAGE_SECONDS" "$log" tests/package.sh "$PACKAGES" || true
	take package <"$log"
	! grep -q 'took longer than' "$log" || failed "package: took longer than $PACKAGE_SECONDS s"
}

run_ring()
{
	local build=gcc dir=$GCC_DIR scale=1 inner=${1#asan-}

	if [ "$inner" != "$1" ]; then
		build=asan dir=$ASAN_DIR scale=$ASAN_SCALE
	fi
	case $inner in
	lint) ring_lint && return ;;
	fuzz) ring_fuzz && return ;;
	esac
	need "$build" || { failed "$1: not built" && return; }
	case $inner in
	net1) net_ring "$1" "$dir" 1 "$scale" ;;
	net2) net_ring "$1" "$dir" 2 "$scale" ;;
	net) net_ring "$1" "$dir" each "$scale" ;;
	wire) wire_ring "$1" "$dir" ;;
	lab) lab_ring "$1" "$dir" ;;
	package) package_ring ;;
	embed)
		meson_ring "$1" "$dir" embed
		# a build of its own, by an outsider: once is enough
		[ "$build" = asan ] || JOBS=$JOBS check "embed: against an installed copy" \
			"$BUILD_SECONDS" tests/embed/run.sh || true
		;;
	*) meson_ring "$1" "$dir" "$inner" ;;
	esac
}

# Numbers, not verdicts: nothing here passes or fails, but a build that breaks is an error.
bench()
{
	local name program

	need bench || return
	while read -r name program; do
		echo "---- $name"
		bounded "$BENCH_SECONDS" "$LOGS/$name.log" "$program" || echo "$name: status $?"
		cat "$LOGS/$name.log"
	done < <(tests/build.sh bench --list)
}

# --- the run ---------------------------------------------------------------------------------------

SELECTED=("${RINGS[@]}")
INSTALL=yes
BENCH=no
while [ $# -gt 0 ]; do
	case $1 in
	--quick) SELECTED=("${QUICK_RINGS[@]}") FUZZ_SECONDS=5 ;;
	--nightly) mapfile -t LAB_NICS < <(tests/lab/qemu.sh --list) ;;
	--only) IFS=, read -r -a SELECTED <<<"${2:?--only needs a ring}" && shift ;;
	--list) printf '%s\n' "${RINGS[@]}" && exit ;;
	--bench) BENCH=yes ;;
	--no-install) INSTALL=no ;;
	-h | --help) usage && exit ;;
	*) usage >&2 && exit 2 ;;
	esac
	shift
done
for r in "${SELECTED[@]}"; do
	[[ " ${RINGS[*]} " == *" $r "* ]] || { echo "no ring $r; there are: ${RINGS[*]}" >&2 && exit 2; }
done

trap interrupted INT TERM HUP
[[ " ${SELECTED[*]} " == *" lab "* ]] || DEPS_LAB=()
[ "$INSTALL" = no ] || deps_install "${DEPS_BUILD[@]}" "${DEPS_RUN[@]}" "${DEPS_TEST[@]}" \
	"${DEPS_FLOOD[@]}" "${DEPS_LAB[@]}"
mkdir -p "$LOGS"
rm -rf "$PACKAGES" # of another run
if [ "$BENCH" = yes ]; then
	bench
	exit
fi

for r in "${SELECTED[@]}"; do
	began=$SECONDS
	before=("$PASSED" "$FAILED" "$SKIPPED")
	run_ring "$r"
	printf -- '---- %s: %d passed, %d failed, %d skipped, %d s\n' "$r" $((PASSED - before[0])) \
		$((FAILED - before[1])) $((SKIPPED - before[2])) $((SECONDS - began))
done
echo "---- all: $SECONDS s"
echo "$PASSED passed, $FAILED failed, $SKIPPED skipped"
[ "$FAILED" -eq 0 ] && [ "$PASSED" -gt 0 ]
