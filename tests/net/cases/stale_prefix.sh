#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A killed tidegate leaves its runtime directory behind: the next one with the same file prefix starts
# over it, and its telemetry answers. While one runs, a second one is turned away and takes nothing.
# Shards: 1
. "$(dirname "$0")/../lib.sh"

RUN=/var/run/dpdk/$TG_NAME

net_up
for _ in 1 2; do
	tg_start
	kill -KILL "$TG_PID"
	wait "$TG_PID" 2>/dev/null || true
	[ -e "$RUN/dpdk_telemetry.v2" ] || fail "a killed tidegate left nothing to clean"
	touch "$RUN/mp_socket_1_2" "$RUN/fbarray_stale"
done
tg_start
[ ! -e "$RUN/mp_socket_1_2" ] || fail "a stale socket is left"
[ ! -e "$RUN/fbarray_stale" ] || fail "a stale memory map is left"
expect "telemetry" "$(tele usage conns)" 0
expect "page" "$(cl curl -sS -m 10 -o /dev/null -w '%{http_code}' "http://$S4/")" 200

status=0
timeout -k 5 30 ip netns exec "$NS_S" "$TG_BUILD/app/tidegate" -c "$WORK/config.yaml" \
	>"$WORK/second.out" 2>"$WORK/second.err" || status=$?
expect "a second one beside it" "$status" 1
grep -q 'EAL does not start' "$WORK/second.err" || fail "second: $(cat "$WORK/second.err")"
expect "telemetry of the first" "$(tele usage conns)" 0
tg_stop
