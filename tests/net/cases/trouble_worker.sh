#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Shards: 1
# Second prepared trouble: a worker is stalled. It takes no connections (the service hold); the loop of its
# shard stands still (its thread is stopped); the whole process is stopped.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ctl.sh"

net_up
tg_config
sed -i '/^listeners:/a\  - {address: "0.0.0.0", port: 6, service: hold, backlog: 8}' "$WORK/config.yaml"
tg_run "$TG_BUILD/app/tidegate" -c "$WORK/config.yaml"
DAEMON=$TG_PID

diagnosed
for ((i = 0; i < 12; i++)); do
	cl nc -d "$S4" 6 >/dev/null 2>&1 &
	TG_BACKGROUND+=("$!")
done
at_bound()
{
	read -r _ recv_q send_q _ <<<"$(listener_row '0.0.0.0:6')"
	[ "$recv_q" -gt "$send_q" ]
}
wait_until 20 at_bound || fail "the accept queue does not fill"
# by hand: the queue stays at its bound, and connections are there that nobody has accepted
ctl_status 0 ss -lnt src :6
ctl_says '^LISTEN +9 +8 '
ctl_status 0 ss -nti sport = :6
ctl_says 'waits_for_accept'
diagnosed worker_stalled
grep -q '"where": "0.0.0.0:6"' "$WORK/diagnose" || fail "not this listener"

# the process is stopped: nothing can be asked, and that is told
kill -STOP "$DAEMON"
ctl_status 3 --timeout 1 usage
ctl_says 'is stopped by a signal or a debugger'
ctl_status 3 --timeout 1 diagnose
kill -CONT "$DAEMON"
wait_until 20 ctl usage || fail "the daemon does not go on"

# the thread of the shard's loop stands still: the last turn is long ago, and it answers nothing
freeze "$(loop_thread "$(ctl shards --json | sed 's/.*"lcore": \([0-9]*\).*/\1/')")" || {
	tg_stop
	skip "all but a thread that stands still: it cannot be stopped here: $(cat "$WORK/freeze")"
}
stands_still()
{
	ctl shards -d 0.01 >"$WORK/shards" && ! grep -Eq ' [0-9]{1,3} ms$' "$WORK/shards"
}
wait_until 20 stands_still || fail "the loop still turns: $(cat "$WORK/shards")"
cat "$WORK/shards"
ctl_status 1 usage
ctl_says 'did not answer for a second'
diagnosed shard_stalled
thaw
wait_until 20 ctl usage || fail "the loop does not go on"
tg_stop
