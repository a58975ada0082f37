#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Third prepared trouble: a SYN flood.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../flood.sh"
. "$(dirname "$0")/../ctl.sh"

net_up
flood_config 256
ctl nstat -n
synflood_on "$(at_scale 10000)" 60
flooded()
{
	[ "$(counter SyncookiesSent)" -gt 1000 ]
}
wait_until 20 flooded || fail "no flood"
# by hand: SYNs answered by cookies that nobody sends back, half-open entries at their bound
ctl_status 0 nstat 'Syncookies*' PassiveOpens -z
ctl_says '^SyncookiesSent +[1-9]'
ctl_says '^SyncookiesRecv +0 '
ctl_says '^PassiveOpens +0 '
ctl_status 0 ss -lnt
ctl_says '^LISTEN +0 +4096 +[1-9][0-9]+ +.* 256  on  +0\.0\.0\.0:80'
ctl_status 0 top -b -n 1 -d 1
ctl_says '^cookies/s +[1-9]'
ctl_says '^completed/s +0'
diagnosed flood
synflood_off
tg_stop
