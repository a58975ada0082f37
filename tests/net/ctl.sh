# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What the cases with tidegatectl share. Sourced after lib.sh.

# ctl ARGUMENT... - what an operator types
ctl()
{
	XDG_RUNTIME_DIR=$WORK timeout -k 5 60 "$TG_BUILD/app/ctl/tidegatectl" -f "$TG_NAME" "$@"
}

# ctl_status EXPECTED ARGUMENT... - runs it; what it says is in $WORK/ctl and shown
ctl_status()
{
	local status=0

	ctl "${@:2}" >"$WORK/ctl" 2>&1 || status=$?
	sed "s/^/tidegatectl | /" "$WORK/ctl"
	expect "status of tidegatectl ${*:2}" "$status" "$1"
}

# ctl_says PATTERN - a line of what it said last
ctl_says()
{
	grep -Eq -- "$1" "$WORK/ctl" || fail "tidegatectl did not say '$1'"
}

# diagnosed ID... - diagnose finds these, and nothing else
diagnosed()
{
	local status=0 ids

	ctl diagnose -d "${DIAGNOSE_SECONDS:-2}" --json >"$WORK/diagnose" || status=$?
	cat "$WORK/diagnose"
	ids=$(python3 -c '
import json, sys
print(*sorted({f["id"] for f in json.load(sys.stdin)["findings"]}))' <"$WORK/diagnose")
	expect "diagnose" "$ids" "$(printf '%s\n' "$@" | sort | paste -sd ' ')"
	expect "diagnose's status" "$status" $(($# > 0 ? 1 : 0))
}

# listener_row LOCAL - State Recv-Q Send-Q SynQ Young Acked SynBound Cookies of `ss -lnt`, as it is read
# by eye
listener_row()
{
	ctl ss -lnt | awk -v local="$1" '$9 == local { print }'
}
