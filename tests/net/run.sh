#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Runs namespace tests one after another: all, or those named. --shards each: two, but one where a case
# says "# Shards: 1".
#
#     tests/net/run.sh [--build DIR] [--shards N|each] [--scale N] [--logs DIR] [CASE...]
#     tests/net/run.sh --list
#
# Prints a line for each case, "ok NAME", "FAIL NAME" or "skip NAME: why", and for a failed one the tail
# of its log. Exit status 0 when none failed. tests/run.sh counts these lines.

set -euo pipefail

NET_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# The longest a case may take. A sanitizer's build gets three times as long.
CASE_SECONDS=300

BUILD=$NET_DIR/../../build
SHARDS=1
SCALE=1
LOGS=
CHILD=

usage()
{
	sed -n '3,12s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
}

# one_shard FILE - whether a case would be the same again with more
one_shard()
{
	grep -q '^# Shards: 1$' "$1"
}

all_cases()
{
	local f

	for f in "$NET_DIR"/cases/*.sh; do
		case $SHARDS in
		1 | each) ;;
		*) ! one_shard "$f" || continue ;;
		esac
		basename "$f" .sh
	done
}

# A case that was killed could not clean up behind itself; these names are only ours.
sweep()
{
	local ns pid

	for ns in "${NAME}s" "${NAME}c" "${NAME}r"; do
		[ -e "/run/netns/$ns" ] || continue
		for pid in $(ip netns pids "$ns" 2>/dev/null); do
			kill -KILL "$pid" 2>/dev/null || true
		done
		ip netns del "$ns" 2>/dev/null || true
	done
	rm -rf "/run/dpdk/$NAME"
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
	sweep
	exit 143
}

# run_case NAME - 0 ok, 1 failed, 77 skipped
run_case()
{
	local log=$LOGS/$1.log status=0 began=$SECONDS limit=$CASE_SECONDS shards=$SHARDS

	[ "$SCALE" = 1 ] || limit=$((limit * 3))
	if [ "$SHARDS" = each ]; then
		shards=2
		! one_shard "$NET_DIR/cases/$1.sh" || shards=1
	fi
	TG_BUILD=$BUILD TG_SHARDS=$shards TG_SCALE=$SCALE TG_NAME=$NAME \
		timeout -k 20 "$limit" bash "$NET_DIR/cases/$1.sh" </dev/null >"$log" 2>&1 &
	CHILD=$!
	wait "$CHILD" || status=$?
	CHILD=
	case $status in
	0) echo "ok   $1 ($((SECONDS - began)) s)" ;;
	77) echo "skip $1: $(sed -n 's/^SKIP: //p' "$log" | tail -n 1)" ;;
	*)
		[ "$status" != 124 ] || echo "FAIL: took more than $limit s" >>"$log"
		echo "FAIL $1 (status $status, $((SECONDS - began)) s)"
		tail -n 60 "$log" | sed 's/^/     | /'
		sweep
		;;
	esac
	return "$status"
}

while [ $# -gt 0 ]; do
	case $1 in
	--build) BUILD=$2 && shift ;;
	--shards) SHARDS=$2 && shift ;;
	--scale) SCALE=$2 && shift ;;
	--logs) LOGS=$2 && shift ;;
	--list) all_cases && exit ;;
	-h | --help) usage && exit ;;
	-*) usage >&2 && exit 2 ;;
	*) break ;;
	esac
	shift
done
[ $# -gt 0 ] || mapfile -t CASES < <(all_cases)
[ $# -eq 0 ] || CASES=("$@")

NAME=tgn$$
LOGS=${LOGS:-$BUILD/net-logs-$SHARDS}
mkdir -p "$LOGS"
trap interrupted INT TERM HUP

FAILED=0
for c in "${CASES[@]}"; do
	status=0
	run_case "$c" || status=$?
	[ "$status" = 0 ] || [ "$status" = 77 ] || FAILED=$((FAILED + 1))
done
[ "$FAILED" = 0 ]
