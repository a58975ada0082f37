# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Every SYN answered with a cookie: the same clients work, no SYN-queue entry is ever made, and what
# was negotiated is what both ends use. Sourced by two cases: clients with and without timestamps.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# client_value PORT PATTERN - what follows it in the client's own view of its connection
client_value()
{
	cl ss -tinoH "sport = :$1" | grep -o "\b$2" | head -n 1
}

# negotiated HOST ADDRESS TIMESTAMPS MSS - one connection, looked at from both ends
negotiated()
{
	local name=negotiated port mine theirs

	bg "$name" hold "$1" 7
	bg_says "$name" '^[0-9]'
	port=$(head -n 1 "$WORK/$name.out")
	[ "$(conn_value "$2:$port" cookie)" = 1 ] || fail "$1: not from a cookie"
	expect "$1: timestamps here" "$(conn_value "$2:$port" timestamps)" "$3"
	expect "$1: timestamps there" "$(client_value "$port" 'ts\b' | wc -l)" "$3"
	expect "$1: SACK here" "$(conn_value "$2:$port" sack)" 1
	expect "$1: SACK there" "$(client_value "$port" 'sack\b')" sack
	# ss shows wscale:THEIRS,OWN; with theirs is meant ours
	mine=$(conn_value "$2:$port" rcv_wscale)
	theirs=$(conn_value "$2:$port" snd_wscale)
	expect "$1: window scales" "$(client_value "$port" 'wscale:[0-9,]*')" "wscale:$mine,$theirs"
	expect_at_least "$1: our window scale" "$mine" 1
	expect_at_least "$1: the client's window scale" "$theirs" 1
	# an MSS may be rounded down to what the cookie can say, not up, and not far
	expect_at_most "$1: MSS" "$(conn_value "$2:$port" mss)" "$4"
	expect_at_least "$1: MSS" "$(conn_value "$2:$port" mss)" $(($4 * 8 / 10))
	bg_go "$name"
	bg_end "$name"
}

# syncookies_case TIMESTAMPS - 1 or 0 at the client
syncookies_case()
{
	local n options=$((12 * $1)) opens recv watcher

	n=$(at_scale 1000)
	net_up
	ip netns exec "$NS_C" sysctl -q -w net.ipv4.tcp_timestamps="$1"
	tg_start 'engine: {syncookies: 2}'

	negotiated "$S4" "$C4" "$1" $((1460 - options))
	negotiated "$S6" "[$C6]" "$1" $((1440 - options))
	ip -n "$NS_C" route change 192.0.2.0/24 dev cl0 src "$C4" advmss 536
	negotiated "$S4" "$C4" "$1" $((536 - options))

	tele watch half_open 8 >"$WORK/half_open" &
	watcher=$!
	TG_BACKGROUND+=("$watcher")
	expect "fetches over IPv4" "$(cl curl -sS --max-time 60 -H 'Connection: close' -o /dev/null \
		-w '%{http_code}\n' "http://$S4/?n=[1-$n]" | grep -c '^200$')" "$n"
	expect "fetches over IPv6" "$(cl curl -sS --max-time 60 -H 'Connection: close' -o /dev/null \
		-w '%{http_code}\n' "http://[$S6]/?n=[1-$n]" | grep -c '^200$')" "$n"
	bg crowd many "$S4" 7 "$((n / 5))"
	bg_says crowd "^open"
	bg_go crowd
	bg_end crowd
	client echo "$S4" 7 $((4 << 20))
	client echo "$S6" 7 $((4 << 20))

	wait "$watcher"
	expect "most half-open entries ever seen" "$(cat "$WORK/half_open")" 0
	read -r opens recv <<<"$(counter PassiveOpens SyncookiesRecv)"
	expect_at_least "connections" "$opens" $((2 * n + n / 5))
	expect "connections from cookies" "$recv" "$opens"
	expect_at_least "cookies sent" "$(counter SyncookiesSent)" "$opens"
	wait_until 10 is_idle || fail "connections are left: $(tele usage conns half_open segments)"
	tg_stop
}
