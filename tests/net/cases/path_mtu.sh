#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Path MTU discovery: a page fetched through a kernel that routes into a link of 1400 bytes and says so by ICMP.
# The client offers the MSS of 1500, so without that the page would never arrive.
# Shards: 1
. "$(dirname "$0")/../lib.sh"

# net_up's client becomes the router, and the client is one hop further.
far()
{
	timeout -k 5 60 ip netns exec "$NS_R" "$@"
}

[ "$(id -u)" -ne 0 ] || ip netns add "$NS_R" 2>/dev/null || skip "no network namespaces here"
net_up
ip -n "$NS_R" link set lo up
ip -n "$NS_C" link add r0 mtu 1400 type veth peer name far0 netns "$NS_R"
ip netns exec "$NS_R" ethtool -K far0 tx off tso off >/dev/null
ip netns exec "$NS_C" ethtool -K r0 tx off tso off >/dev/null
ip netns exec "$NS_C" sysctl -q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
ip -n "$NS_C" link set r0 up
ip -n "$NS_C" addr add 198.51.100.1/24 dev r0
ip -n "$NS_C" addr add 2001:db8:1::1/64 dev r0 nodad
ip -n "$NS_R" link set far0 mtu 1500 up
ip -n "$NS_R" addr add 198.51.100.2/24 dev far0
ip -n "$NS_R" addr add 2001:db8:1::2/64 dev far0 nodad
ip -n "$NS_R" route add default via 198.51.100.1
ip -n "$NS_R" route add default via 2001:db8:1::1

head -c 50000 /dev/zero | tr '\0' x >"$WORK/page"
tg_start "http: {root_page: \"$WORK/page\"}"
for to in "$S4" "[$S6]"; do
	before=$(counter PathMtuLowered)
	far curl -sS --max-time 20 -o "$WORK/got" "http://$to/" || fail "$to: the page does not come"
	cmp "$WORK/page" "$WORK/got" || fail "$to: another page"
	expect "$to: lowered" "$(counter PathMtuLowered)" $((before + 1))
done
expect "out of window" "$(counter OutOfWindowIcmps)" 0
tg_stop
