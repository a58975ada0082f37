#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The kernel's own VLAN interface as client.
. "$(dirname "$0")/../lib.sh"

net_up
ip -n "$NS_C" link add link cl0 name cl0.5 type vlan id 5 2>"$WORK/vlan" ||
	skip "this kernel has no 802.1Q: $(head -n 1 "$WORK/vlan")"
ip -n "$NS_C" addr flush dev cl0
ip netns exec "$NS_C" ethtool -K cl0.5 tx off >/dev/null
net_client_address cl0.5
tg_start
expect "IPv4" "$(cl curl -sS --max-time 10 -o /dev/null -w '%{http_code}' "http://$S4/")" 200
expect "IPv6" "$(cl curl -sS --max-time 10 -o /dev/null -w '%{http_code}' "http://[$S6]/")" 200
client echo "$S4" 7 1000000
tg_stop
