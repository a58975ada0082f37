#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# As many shards as asked for, and each of them gets connections.
. "$(dirname "$0")/../lib.sh"

net_up
tg_start
expect "shards" "$(counter shards)" "$TG_SHARDS"
for host in "$S4" "[$S6]"; do
	expect "$host: fetches" "$(cl curl -sS --max-time 60 -H 'Connection: close' -o /dev/null \
		-w '%{http_code}\n' "http://$host/?n=[1-200]" | grep -c '^200$')" 200
done
sum=0
for ((i = 0; i < TG_SHARDS; i++)); do
	opens=$(tele shard "$i" PassiveOpens)
	echo "shard $i: $opens connections"
	expect_at_least "shard $i: connections" "$opens" $((400 / TG_SHARDS / 4))
	sum=$((sum + opens))
done
expect "connections" "$sum" 400
tg_stop

# A bound below the number of shards is told, with the sum it comes to.
[ "$TG_SHARDS" -gt 1 ] || exit 0
tg_config 'engine: {max_syn_backlog: 1}'
sed -i 's/service: discard/&, backlog: 1, syn_backlog: 1, fastopen: cookie, fastopen_qlen: 1/' \
	"$WORK/config.yaml"
tg_run "$TG_BUILD/app/tidegate" -c "$WORK/config.yaml"
for key in 'listeners\[3\].backlog' 'listeners\[3\].syn_backlog' 'listeners\[3\].fastopen_qlen' \
	engine.max_syn_backlog; do
	grep -q "^warning: $key: bound 1 is below $TG_SHARDS shards, its sum is $TG_SHARDS$" "$WORK/out" ||
		fail "no warning for $key: $(cat "$WORK/out")"
done
tg_stop
