#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# tidegate-flood --veth: honest clients get through a moderate flood; a daemon that dies is an error; and
# nothing is left over, neither after the run nor after an interrupt nor when the program is killed with no
# time to clean up.
# Shards: 1
. "$(dirname "$0")/../lib.sh"

FLOOD=$TG_BUILD/app/tidegate-flood
RATE=$(at_scale 20000)

# ns_of PID - the network namespace of a process
ns_of()
{
	readlink "/proc/$1/ns/net"
}

# ns_gone NAMESPACE - no process is in it
ns_gone()
{
	! readlink /proc/[0-9]*/ns/net 2>/dev/null | grep -qxF "$1"
}

# daemon_of PID - the child of a flood that is in another namespace: the daemon, once it runs
daemon_of()
{
	local child

	for child in $(pgrep -P "$1"); do
		if [ "$(cat "/proc/$child/comm" 2>/dev/null)" = tidegate ]; then
			echo "$child"
			return
		fi
	done
	return 1
}

# flood_on - a long flood in the background; FLOOD_PID, and DAEMON once it is flooded
flood_on()
{
	"$FLOOD" --veth --duration 60 --rate "$RATE" --placement softirq --quiet >"$WORK/flood" 2>&1 &
	FLOOD_PID=$!
	TG_BACKGROUND+=("$FLOOD_PID")
	wait_until 30 daemon_of "$FLOOD_PID" >"$WORK/daemon" || fail "no daemon: $(cat "$WORK/flood")"
	DAEMON=$(tail -n 1 "$WORK/daemon")
	wait_until 5 in_another_ns "$DAEMON" || fail "the daemon is in our namespace"
	NS=$(ns_of "$DAEMON")
	wait_until 30 flood_runs || fail "no flood"
}

# The daemon is flooded once the generator has moved to the namespace at the other end.
flood_runs()
{
	in_another_ns "$FLOOD_PID"
}

# is_dead PID - all of its threads, not only the first one
is_dead()
{
	grep -q '^State:.*Z' "/proc/$1/status" && [ "$(ls "/proc/$1/task")" = "$1" ]
}

in_another_ns()
{
	[ "$(ns_of "$1")" != "$(ns_of $$)" ]
}

left_nothing()
{
	wait_until 10 is_gone "$DAEMON" || fail "$1: the daemon goes on"
	wait_until 10 ns_gone "$NS" || fail "$1: somebody is still in the namespace"
	! ip -br link | grep -E "^f[gs]$FLOOD_PID\b" || fail "$1: an interface is left here"
}

[ "$(id -u)" -eq 0 ] || skip "not root"
unshare -n true 2>/dev/null || skip "no network namespaces here"
[ "$(nproc)" -ge 2 ] || skip "one CPU"
[ -x "$FLOOD" ] || fail "$FLOOD is not built"

status=0
"$FLOOD" --veth --duration 2 --rate "$RATE" --placement softirq --quiet --json "$WORK/flood.json" \
	>"$WORK/flood" 2>&1 || status=$?
! grep -q 'not in this build' "$WORK/flood" || skip "$(tail -n 1 "$WORK/flood")"
! grep -qE '(BPF|XDP).*Operation not permitted' "$WORK/flood" || skip "$(tail -n 1 "$WORK/flood")"
cat "$WORK/flood"
expect "exit status" "$status" 0
python3 - "$WORK/flood.json" "$RATE" <<'PY'
import json, sys

run = json.load(open(sys.argv[1]))["runs"][0]
rate = float(sys.argv[2])
honest = run["honest"]
part = 100 * honest["succeeded"] / honest["started"]
assert honest["started"] >= 400, honest
assert part >= 95, "honest clients with a first byte: %.1f %%" % part
assert run["offered_per_s"] >= 0.5 * rate, run["offered_per_s"]
assert run["synacks_per_s"] >= 0.9 * run["offered_per_s"], run["synacks_per_s"]
assert run["answers_damaged"] == 0 and run["answers_verified"] > 0, run
PY

flood_on
kill -KILL "$DAEMON"
wait_until 10 is_dead "$DAEMON" || fail "the daemon does not die"
kill -INT "$FLOOD_PID"
status=0
wait "$FLOOD_PID" || status=$?
expect "exit status when the daemon dies" "$status" 1
grep -q 'ended during the flood' "$WORK/flood" || fail "no word of the dead daemon: $(cat "$WORK/flood")"

flood_on
kill -INT "$FLOOD_PID"
wait_until 45 is_gone "$FLOOD_PID" ||
	fail "an interrupt does not end the flood: $(cat "$WORK/flood")"
left_nothing "interrupt"

flood_on
kill -KILL "$FLOOD_PID"
left_nothing "kill -9"
