#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A SYN flood with syncookies: 0. The SYN queue fills to its bound and not further, every other SYN counts
# as TCPReqQFullDrop and ListenDrops, no cookie is sent. With the last quarter of max_syn_backlog kept
# for peers that completed a handshake lately, those still get in, and nobody else does.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../flood.sh"

BOUND=1024
FLOOD_SYNS=$(at_scale 20000)

# what the listener is given: SYNs that the kernel's rings lost do not count
received()
{
	counter InSegs
}

net_up
# More than a quarter of max_syn_backlog is left whatever comes: only the bound counts.
flood_config "$BOUND" "engine: {syncookies: 0, max_syn_backlog: $((4 * BOUND)), synack_rto: 10s}"
# over long before the first entry is given up, 30 s after its SYN where the queue is more than half full
synflood "$(at_scale 20000)" 5 "$FLOOD_SYNS"
expect_at_least "SYNs" "$(received)" $((FLOOD_SYNS * 9 / 10))
read -r queue bound drops <<<"$(listener_value 80 syn_queue syn_bound drops)"
read -r segs full_drop listen_drops cookies dropped unproven <<<"$(counter InSegs TCPReqQFullDrop \
	ListenDrops SyncookiesSent drop_synq_full drop_unproven)"
expect "bound" "$bound" "$BOUND"
expect "half-open entries" "$queue" "$BOUND"
expect "TCPReqQFullDrop" "$full_drop" $((segs - BOUND))
expect "ListenDrops" "$listen_drops" $((segs - BOUND))
expect "the listener's drops" "$drops" $((segs - BOUND))
expect "drop_synq_full" "$dropped" $((segs - BOUND))
expect "cookies" "$cookies" 0
expect "dropped as unproven" "$unproven" 0
expect "a client of now" "$(fetches 1 1)" 0
tg_stop

# Each shard's share of max_syn_backlog, of which three quarters are for everybody.
share=$((BOUND / TG_SHARDS))
open_to_all=$(((share - share / 4 + 1) * TG_SHARDS))
flood_config "$BOUND" "engine: {syncookies: 0, max_syn_backlog: $BOUND, synack_rto: 10s}"
ip -n "$NS_C" addr add 192.0.2.3/24 dev cl0
# so many, that each shard knows the client
expect "fetches before the flood" "$(fetches 40 2)" 40
before=$(counter InSegs)
synflood "$(at_scale 20000)" 5 "$FLOOD_SYNS"
read -r queue <<<"$(listener_value 80 syn_queue)"
read -r segs full_drop listen_drops cookies unproven <<<"$(counter InSegs TCPReqQFullDrop ListenDrops \
	SyncookiesSent drop_unproven)"
expect "half-open entries" "$queue" "$open_to_all"
expect "SYNs of unproven peers" "$unproven" $((segs - before - open_to_all))
expect "ListenDrops" "$listen_drops" "$unproven"
expect "TCPReqQFullDrop" "$full_drop" 0
expect "cookies" "$cookies" 0
expect "a proven client" "$(fetches 20 1)" 20
expect "an unproven one" "$(fetches 1 1 --interface 192.0.2.3)" 0
tg_stop
