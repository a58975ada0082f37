#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# IP fragments of both families: put together when that is asked for, within bounds, else dropped; and
# every one of them is counted. Over the tap PMD: af_packet's sockets give IPv4 fragments to the kernel to
# put together (docs/ports.md).
# Shards: 1
. "$(dirname "$0")/../lib.sh"

FRAGMENTS_MAX=32

tg_device()
{
	echo "net_tap0,iface=tap0,mac=02:00:00:00:00:01"
}

# fragments SOURCE HOST STEP... - what each step sent, "STEP N" a line
fragments()
{
	cl python3 "$TG_NET_DIR/fragments.py" tap0 "$MAC" "$1" "$2" 7 "${@:3}"
}

# sent STEP - of the last call
sent()
{
	sed -n "s/^$1 //p" "$WORK/sent" | awk '{ n += $1 } END { print n + 0 }'
}

# start LINE...
start()
{
	tg_start "$@"
	wait_until 10 ip -n "$NS_C" link show tap0 >/dev/null || fail "no interface"
	net_client_address tap0
	wait_until 10 cl test -e /proc/sys/net/ipv6/conf/tap0 || fail "no IPv6 on tap0"
	ip netns exec "$NS_C" sysctl -q -w net.ipv6.conf.tap0.router_solicitations=0
	# any answer tells it, on an Ethernet that has no broadcast storms to fear
	cl ping -q -n -c 1 -W 2 "$S4" >/dev/null || fail "no echo reply"
	MAC=$(ip -n "$NS_C" neigh show "$S4" | grep -o '\([0-9a-f]\{2\}:\)\{5\}[0-9a-f]\{2\}')
}

[ -e /dev/net/tun ] || skip "no /dev/net/tun"
net_namespaces
NS_RUN=$NS_C # both ends are in one namespace

start 'fragments: reassemble' "fragments_max: $FRAGMENTS_MAX" 'fragments_timeout: 1s'
for pair in "192.0.2.77 $S4" "2001:db8::77 $S6"; do
	read -r from to <<<"$pair"
	read -r was_received was_whole was_overlap was_room was_timeout <<<"$(counter fragments_received \
		fragments_reassembled fragments_drop_overlap fragments_drop_no_room fragments_drop_timeout)"
	# a fragment that comes late to a set that was dropped waits for its time to end, hence the waits
	fragments "$from" "$to" echo overlap 3 wait 2 incomplete 4 wait 2 first 1000 >"$WORK/sent" ||
		fail "$to: $(cat "$WORK/sent")"
	expect_at_most "$to: held during the flood" "$(counter fragments_held)" "$FRAGMENTS_MAX"
	fragments "$from" "$to" wait 2 echo >>"$WORK/sent" || fail "$to, after the flood"
	cat "$WORK/sent"
	read -r received whole overlap room timeout <<<"$(counter fragments_received fragments_reassembled \
		fragments_drop_overlap fragments_drop_no_room fragments_drop_timeout)"
	expect "$to: fragments" $((received - was_received)) \
		$(($(sent echo) + $(sent overlap) + $(sent incomplete) + $(sent first)))
	# two connections of ten segments and a SYN, one of three and a SYN
	expect "$to: datagrams" $((whole - was_whole)) 26
	expect "$to: overlaps" $((overlap - was_overlap)) 9
	# a flood on a busy machine takes longer than a second, then others take the places of the first
	expect "$to: no room or timed out" $((room + timeout - was_room - was_timeout)) $((1000 + $(sent incomplete)))
	expect_at_least "$to: no room" $((room - was_room)) 500
	expect_at_least "$to: timed out" $((timeout - was_timeout)) $((FRAGMENTS_MAX + $(sent incomplete)))
done
expect "for the engine to drop" "$(counter drop_fragment)" 0
# some are held when it stops
fragments 192.0.2.77 "$S4" first 5
expect "held at the stop" "$(counter fragments_held)" 5
tg_stop
expect "given up at the stop" "$(sed -n 's/^count: fragments_drop_timeout //p' "$WORK/out")" \
	$((timeout + 5))

start
fragments 192.0.2.77 "$S4" silent 5 >"$WORK/sent" || fail "IPv4, dropped"
fragments 2001:db8::77 "$S6" silent 5 >>"$WORK/sent" || fail "IPv6, dropped"
read -r dropped received <<<"$(counter drop_fragment fragments_received)"
expect "dropped" "$dropped" "$(sent silent)"
expect "taken" "$received" 0
tg_stop
