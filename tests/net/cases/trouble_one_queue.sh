#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Shards: 1
# Fifth prepared trouble: RSS gives one queue everything. The kernel spreads flows over the two queues by a
# hash; a first run finds out which source ports go to shard 0, the second one uses only these.
TG_SHARDS=2
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ctl.sh"

# connections CLIENT-NAME SOURCE-PORT... - open at the same time
connections()
{
	bg "$1" ports "$S4" 7 "${@:2}"
	bg_says "$1" "^open $(($# - 1))\$"
}

net_up
tg_start
mapfile -t all < <(seq 20000 20199)
connections spread "${all[@]}"
# by hand: both shards have some
ctl_status 0 ss -ntc sport = :7
expect "shards with connections" "$(awk '/ESTAB/ { print $6 }' "$WORK/ctl" | sort -u | paste -sd ' ')" "0 1"
mapfile -t one < <(awk '/ESTAB/ && $6 == 0 { sub(/.*:/, "", $5); print $5 }' "$WORK/ctl")
expect_at_least "source ports for shard 0" "${#one[@]}" 40
bg_go spread
bg_end spread
diagnosed
tg_stop

tg_start
for ((i = 0; i < 5; i++)); do
	connections "round$i" "${one[@]}"
	bg_go "round$i"
	bg_end "round$i"
done
# by hand: one shard and one queue with nearly everything
ctl_status 0 shards
ctl_status 0 ports
ctl_says 'queues +2, packets of each: [0-9]{3,} [0-9]{1,2}$'
ctl_status 0 ss -lc src :7
diagnosed one_queue
tg_stop
