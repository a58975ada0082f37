#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# ARP, neighbour discovery and echo requests of many sizes; silence for addresses that are not ours.
. "$(dirname "$0")/../lib.sh"

# lladdr ADDRESS - what the client's neighbour table has
lladdr()
{
	ip -n "$NS_C" neigh show to "$1" dev cl0 | sed -n 's/.*lladdr \([^ ]*\).*/\1/p'
}

command -v ping >/dev/null || skip "no ping"
net_up
tg_start
mac=$(ip -n "$NS_S" -o link show tg0 | sed -n 's/.*link\/ether \([^ ]*\).*/\1/p')
for host in "$S4" "$S6"; do
	for size in 0 1 56 1000 1400; do
		cl ping -q -n -c 3 -i 0.01 -W 2 -s "$size" "$host" >"$WORK/ping" ||
			fail "ping -s $size $host: $(cat "$WORK/ping")"
	done
	expect "link address of $host" "$(lladdr "$host")" "$mac"
done
expect "echo replies" "$(counter IcmpEchoReps)" 30
expect_at_least "ARP replies" "$(counter ArpReplies)" 1
expect_at_least "neighbour advertisements" "$(counter NdAdverts)" 1
! cl ping -q -n -c 1 -W 1 192.0.2.77 >/dev/null || fail "192.0.2.77 answers"
! cl ping -q -n -c 1 -W 1 2001:db8::77 >/dev/null || fail "2001:db8::77 answers"
expect "link address of a stranger" "$(lladdr 192.0.2.77)" ""
tg_stop
