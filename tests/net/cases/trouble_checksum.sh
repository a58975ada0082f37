#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Shards: 1
# Fourth prepared trouble: wrong checksum offload. The client leaves checksums to hardware that a veth pair
# does not have, so that every segment of it arrives with an unfinished one.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ctl.sh"

net_up
tg_start
expect "fetched" "$(cl curl -sS -o /dev/null -w '%{http_code}' "http://$S4/")" 200
cl ethtool -K cl0 tx on >/dev/null
for ((i = 0; i < 5; i++)); do
	cl curl -sS --max-time 30 -o /dev/null "http://$S4/" 2>/dev/null &
	TG_BACKGROUND+=("$!")
done
damaged()
{
	[ "$(counter drop_tcp_csum)" -ge 5 ]
}
wait_until 10 damaged || fail "checksums are right"
# by hand
ctl_status 0 drops
ctl_says '^ +[0-9]+ +[0-9.]+% +drop_tcp_csum  +TCP checksum wrong'
ctl_status 0 ports
ctl_says 'checksums +received: (software|port)'
DIAGNOSE_SECONDS=4 diagnosed checksum
tg_stop
