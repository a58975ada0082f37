#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Plays the same packet scripts to a kernel listener and to tidegate, and compares the answers: all, or
# those named.
#
#     tests/wire/run.sh [--build DIR] [--jobs N] [--show] [SCRIPT...]
#     tests/wire/run.sh --list
#
# A line for each script and family, "ok NAME", "FAIL NAME" with the differences, or one "skip: why" for all;
# "again NAME" with the differences when it is played once more, at most twice.
# --show prints both traces. Exit status 0 when none failed. tests/run.sh counts these lines.
# Needs root; the namespaces have no names and end with the processes in them. README.md has the rest.

set -euo pipefail

WIRE_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
BUILD=$WIRE_DIR/../../build
OPTIONS=()

usage()
{
	sed -n '3,14s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
}

skip()
{
	echo "skip all scripts: $*"
	exit 0
}

while [ $# -gt 0 ]; do
	case $1 in
	--build) BUILD=$2 && shift ;;
	--jobs) OPTIONS+=(--jobs "$2") && shift ;;
	--show) OPTIONS+=(--show) ;;
	--list) (cd "$WIRE_DIR/scripts" && printf '%s\n' *.tgw | sed 's/\.tgw$//') && exit ;;
	-h | --help) usage && exit ;;
	-*) usage >&2 && exit 2 ;;
	*) break ;;
	esac
	shift
done
SERVER=$BUILD/tests/wire/tidegate_server
[ -x "$SERVER" ] || { echo "FAIL $SERVER is not built" && exit 1; }
[ "$(id -u)" -eq 0 ] || skip "not root"
WHY=$(unshare -n ip link add wire0 type veth peer name wire1 2>&1) ||
	skip "no network namespaces or no veth devices here: $WHY"

FILES=()
for s; do
	FILES+=("$WIRE_DIR/scripts/$s.tgw")
done
[ $# -gt 0 ] || FILES=("$WIRE_DIR"/scripts/*.tgw)
exec python3 "$WIRE_DIR/wire.py" "${OPTIONS[@]}" "$SERVER" "$WIRE_DIR/differences" "${FILES[@]}"
