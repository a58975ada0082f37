#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A healthy tidegate, idle and busy: tidegatectl finds nothing, so that what it finds in the other
# trouble_* cases is a tell-tale.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ctl.sh"

net_up
tg_start
diagnosed
bg idle many "$S4" 7 50
bg_says idle '^open 50'
cl curl -sS -Z --parallel-immediate --parallel-max 20 --max-time 30 -H 'Connection: close' -o /dev/null \
	"http://$S4/?n=[1-20000]" >/dev/null 2>&1 &
TG_BACKGROUND+=("$!")
wait_until 10 test "$(counter PassiveOpens)" -gt 100 || fail "no load"
diagnosed
read -r _ recv_q _ syn_q _ <<<"$(listener_row '*:7')"
expect "Recv-Q, SynQ of the echo service" "$recv_q $syn_q" "0 0"
ctl_status 0 ss -nt state established sport = :7
expect "connections" "$(grep -c ESTAB "$WORK/ctl")" 50
bg_go idle
bg_end idle
tg_stop
