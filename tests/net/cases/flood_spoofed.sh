#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A spoofed SYN flood of 50,000/s against a SYN queue of 1024 with syncookies: 1: 100 of 100 honest
# fetches are answered, each within 5 s.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../flood.sh"

RATE=50000
# The sender makes up for time it was not given a CPU, so that only a machine that is too small for the
# rate offers less, and then this is not the test that was asked for. A sanitizer's build gets a tenth.
LEAST=$(at_scale 40000)

# cookies_sent N - at least
cookies_sent()
{
	[ "$(counter SyncookiesSent)" -ge "$1" ]
}

net_up
flood_config 1024 'engine: {syncookies: 1}'
synflood_on "$(at_scale "$RATE")" 250
wait_until 20 cookies_sent 1 || fail "no cookies yet"
expect "honest fetches answered" "$(fetches 50 1)" 50
echo "slowest fetch: $(slowest) s"
# the flood has worn on: SYN-ACKs were sent again, to nobody
wait_until 100 cookies_sent $((4 * LEAST)) || fail "the flood dried up: $(counter SyncookiesSent) cookies"
expect "honest fetches answered" "$(fetches 50 2)" 50
echo "slowest fetch: $(slowest) s"
synflood_off
expect_at_least "SYNs offered per second" "$(sed -n 's|.*: \([0-9]*\)/s$|\1|p' "$WORK/flood")" "$LEAST"
read -r sent full recv opens <<<"$(counter SyncookiesSent TCPReqQFullDoCookies SyncookiesRecv PassiveOpens)"
expect "cookies sent, and SYNs that found the queue full" "$sent" "$full"
expect_at_least "connections" "$opens" 100
expect_at_least "connections from cookies" "$recv" 1
expect "bound of the SYN queue" "$(listener_value 80 syn_bound)" 1024
expect_at_most "SYN queue" "$(listener_value 80 syn_queue)" 1024
tg_stop
