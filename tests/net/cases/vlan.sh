#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A client behind one and two 802.1Q tags: every reply carries them, ARP and SYN-ACK to the last FIN.
# The tags are put on and taken off by a small program, so that the kernel needs no VLAN support.
. "$(dirname "$0")/../lib.sh"

# through VID... - the services, seen through these tags
through()
{
	ip netns exec "$NS_C" python3 "$TG_NET_DIR/vlan_shim.py" tag0 cl0 "$@" >"$WORK/shim" \
		2>"$WORK/other-tags" &
	SHIM=$!
	TG_BACKGROUND+=("$SHIM")
	wait_until 10 grep -q ready "$WORK/shim" || fail "no shim: $(cat "$WORK/other-tags")"
	wait_until 10 cl test -e /proc/sys/net/ipv6/conf/tag0 || fail "no interface tag0"
	ip netns exec "$NS_C" sysctl -q -w net.ipv6.conf.tag0.router_solicitations=0
	ip -n "$NS_C" link set tag0 mtu 1492
	net_client_address tag0
	expect "tags $*: IPv4" "$(cl curl -sS --max-time 10 -o /dev/null -w '%{http_code}' "http://$S4/")" 200
	expect "tags $*: IPv6" "$(cl curl -sS --max-time 10 -o /dev/null -w '%{http_code}' "http://[$S6]/")" 200
	cl ping -q -n -c 1 -W 2 "$S4" >/dev/null || fail "tags $*: no echo reply"
	cl ping -q -n -c 1 -W 2 "$S6" >/dev/null || fail "tags $*: no ICMPv6 echo reply"
	client echo "$S4" 7 200000
	wait_until 5 is_idle || fail "connections are left: $(tele usage conns half_open segments)"
	[ ! -s "$WORK/other-tags" ] || fail "frames with other tags: $(head -n 3 "$WORK/other-tags")"
	end_process "$SHIM"
}

[ -e /dev/net/tun ] || skip "no /dev/net/tun"
net_up
ip -n "$NS_C" addr flush dev cl0
ip netns exec "$NS_C" sysctl -q -w net.ipv6.conf.cl0.disable_ipv6=1
tg_start
through 5
through 100 200
tg_stop
