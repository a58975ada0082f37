#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The tap PMD: tidegate makes the interface, and the kernel's side of it is the client's.
. "$(dirname "$0")/../lib.sh"

tg_device()
{
	echo "net_tap0,iface=tap0"
}

[ -e /dev/net/tun ] || skip "no /dev/net/tun"
net_namespaces
NS_RUN=$NS_C # both ends are in one namespace
tg_start
wait_until 10 ip -n "$NS_C" link show tap0 >/dev/null || fail "no interface"
net_client_address tap0
expect "IPv4: fetches" "$(cl curl -sS --max-time 60 -H 'Connection: close' -o /dev/null \
	-w '%{http_code}\n' "http://$S4/?n=[1-200]" | grep -c '^200$')" 200
expect "IPv6: fetches" "$(cl curl -sS --max-time 60 -H 'Connection: close' -o /dev/null \
	-w '%{http_code}\n' "http://[$S6]/?n=[1-200]" | grep -c '^200$')" 200
client echo "$S4" 7 $((4 << 20))
client echo "$S6" 7 $((1 << 20))
wait_until 10 is_idle || fail "connections are left: $(tele usage conns half_open segments)"
tg_stop
