#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The AF_XDP PMD on veth, in copy mode. Its fill ring keeps buffers when the port closes, so the pool is
# exempt from being full, and the exit line must say so.
# A veth gives this PMD one queue only.
# Shards: 1
. "$(dirname "$0")/../lib.sh"

tg_device()
{
	echo "net_af_xdp0,iface=tg0,start_queue=0,queue_count=1,busy_budget=0"
}

python3 -c 'import socket; socket.socket(44, socket.SOCK_RAW).close()' 2>/dev/null ||
	skip "this kernel has no AF_XDP"
net_up
tg_start
expect "IPv4: fetches" "$(cl curl -sS --max-time 60 -H 'Connection: close' -o /dev/null \
	-w '%{http_code}\n' "http://$S4/?n=[1-500]" | grep -c '^200$')" 500
expect "IPv6: fetches" "$(cl curl -sS --max-time 60 -H 'Connection: close' -o /dev/null \
	-w '%{http_code}\n' "http://[$S6]/?n=[1-500]" | grep -c '^200$')" 500
client echo "$S4" 7 $((16 << 20))
client echo "$S6" 7 $((4 << 20))
wait_until 10 is_idle || fail "connections are left: $(tele usage conns half_open segments)"
tg_stop
grep -q 'pool_exempt=net_af_xdp' "$WORK/out" || fail "the exit line names no exemption"
