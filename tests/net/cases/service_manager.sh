#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# What a service manager is told, by a user without privileges: READY=1, WATCHDOG=1 as long as every
# loop and the main thread turn and not while one stands still, RELOADING=1, STOPPING=1.
. "$(dirname "$0")/../lib.sh"

ldd "$TG_BUILD/app/tidegate" | grep libsystemd >/dev/null || skip "built without libsystemd"
getent passwd nobody >/dev/null || skip "no user nobody"

told()
{
	grep -c "^$1" "$WORK/told" || true
}

has_told()
{
	[ "$(told "$1")" -ge "$2" ]
}

# No watchdog message for a second, which is ten times as long as between two
stopped_telling()
{
	local before

	before=$(told WATCHDOG=1)
	sleep 1
	[ "$(told WATCHDOG=1)" = "$before" ]
}

net_up
unset TG_PROCESS
: >"$WORK/told"
python3 "$TG_NET_DIR/manager.py" "$WORK/notify" >"$WORK/told" &
TG_BACKGROUND+=("$!")
wait_until 10 test -S "$WORK/notify" || fail "no socket to be told on"
chmod 711 "$WORK"
chmod 777 "$WORK/notify"
export NOTIFY_SOCKET=$WORK/notify WATCHDOG_USEC=400000
tg_start "process: {user: nobody}"
wait_until 10 has_told READY=1 1 || fail "not told that it is ready"
wait_until 10 has_told WATCHDOG=1 3 || fail "the watchdog is not told"
expect "page" "$(cl curl -sS -o /dev/null -w '%{http_code}' "http://$S4/")" 200

# a reload is told, and its end, also when it is refused
kill -HUP "$TG_PID"
wait_until 10 has_told READY=1 2 || fail "not told that a reload is over"
expect "times reloading" "$(told RELOADING=1)" 1
echo 'no such key: 1' >>"$WORK/config.yaml"
kill -HUP "$TG_PID"
wait_until 10 has_told READY=1 3 || fail "not told that a refused reload is over"
expect "times reloading" "$(told RELOADING=1)" 2

# a loop stands still; then the main thread, which would take no command and no signal
for thread in "$(loop_thread "$TG_SHARDS")" "$TG_PID"; do
	if ! freeze "$thread"; then
		echo "note: no thread can be stopped here: $(cat "$WORK/freeze")"
		break
	fi
	wait_until 10 stopped_telling || fail "thread $thread stands still, and the watchdog hears nothing of it"
	seen=$(told WATCHDOG=1)
	thaw
	wait_until 10 has_told WATCHDOG=1 $((seen + 2)) || fail "thread $thread turns again, and nobody is told"
done
tg_stop
wait_until 10 has_told STOPPING=1 1 || fail "not told that it stops"
expect "times ready" "$(told READY=1)" 3
expect "first word" "$(head -n 1 "$WORK/told")" READY=1
