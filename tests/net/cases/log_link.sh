#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A link goes down and up, and the log has a line for each. The tap PMD is one that tells: with af_packet
# a link is always up.
# Shards: 1
. "$(dirname "$0")/../lib.sh"

tg_device()
{
	echo "net_tap0,iface=tap0"
}

[ -e /dev/net/tun ] || skip "no /dev/net/tun"
net_namespaces
NS_RUN=$NS_C
tg_start
wait_until 10 ip -n "$NS_C" link show tap0 >/dev/null || fail "no interface"
net_client_address tap0
bg live chat "$S4" 7 5
bg_says live up
# the watcher has to have seen it up
sleep 2
ip -n "$NS_C" link set tap0 down
logged 'port 0 \(net_tap\): link down$'
ip -n "$NS_C" link set tap0 up
logged 'port 0 \(net_tap\): link up, [0-9]+ Mbit/s$'
bg_go live
bg_says live '^again 1$'
echo end >&"${BG_IN[live]}"
bg_end live
expect "lines about links" "$(cat "$WORK/out" "$WORK/err" | grep -c ': link \(up\|down\)')" 2
tg_stop
