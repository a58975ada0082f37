#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# 10,000 fetches one after another, each on a connection of its own; a tenth of them over IPv6.
. "$(dirname "$0")/../lib.sh"

# fetch N URL - how many were answered 200 on a new connection
fetch()
{
	cl curl -sS --max-time 110 -H 'Connection: close' -o /dev/null \
		-w '%{http_code} %{num_connects}\n' "$2?n=[1-$1]" | grep -c '^200 1$' || true
}

N=$(at_scale 10000)
net_up
tg_start
expect "IPv4: answered" "$(fetch $((N * 9 / 10)) "http://$S4/")" $((N * 9 / 10))
expect "IPv6: answered" "$(fetch $((N / 10)) "http://[$S6]/")" $((N / 10))
expect "connections opened" "$(counter PassiveOpens)" "$N"
wait_until 10 is_idle || fail "connections are left: $(tele usage conns half_open segments)"
tg_stop
