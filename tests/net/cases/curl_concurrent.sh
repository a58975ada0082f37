#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# 1,000 fetches at the same time, each on a connection of its own, over IPv4 and again over IPv6.
. "$(dirname "$0")/../lib.sh"

PROCESSES=4 # curl does at most 300 transfers at a time

# fetch N URL - N transfers by one curl, all begun at once; a line for each
fetch()
{
	cl curl -sS --no-progress-meter --max-time 100 --parallel --parallel-immediate \
		--parallel-max "$1" -H 'Connection: close' -o /dev/null \
		-w '%{http_code} %{num_connects}\n' "$2?n=[1-$1]"
}

# fetch_all N URL - how many of N were answered 200 on a new connection
fetch_all()
{
	local pids=() i each=$(($1 / PROCESSES))

	for ((i = 0; i < PROCESSES; i++)); do
		fetch "$each" "$2" >"$WORK/curl.$i" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" || echo "a curl ended with $?" >&2
	done
	cat "$WORK"/curl.? | grep -c '^200 1$' || true
}

N=$(at_scale 1000)
net_up
tg_start
expect "IPv4: answered" "$(fetch_all "$N" "http://$S4/")" "$N"
expect "IPv6: answered" "$(fetch_all "$N" "http://[$S6]/")" "$N"
expect "connections opened" "$(counter PassiveOpens)" $((2 * N))
wait_until 10 is_idle || fail "connections are left: $(tele usage conns half_open segments)"
tg_stop
