#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The commands an operator has, as dpdk-telemetry.py asks for them.
. "$(dirname "$0")/../lib.sh"

# ask COMMAND - with DPDK's own client
ask()
{
	echo "$1" | timeout 20 dpdk-telemetry.py -f "$TG_NAME"
}

command -v dpdk-telemetry.py >/dev/null || skip "dpdk-telemetry.py is not installed"
net_up
tg_config
sed -i 's/service: discard/&, defer_accept: 7s, defer_accept_mode: linux/
	s/service: echo/&, queue_model: single/' "$WORK/config.yaml"
tg_run "$TG_BUILD/app/tidegate" -c "$WORK/config.yaml"
bg live hold "$S4" 7
bg_says live '^[0-9]'
port=$(head -n 1 "$WORK/live.out")
ask / | grep -q '"/tidegate/counters"' || fail "not listed"
ask /tidegate/listeners | python3 -c '
import json, sys
rows = json.load(sys.stdin)["/tidegate/listeners"]["listeners"].values()
got = {(r["local"], r["state"]) for r in rows}
want = {("0.0.0.0:80", "LISTEN"), ("[::]:80", "LISTEN"), ("[::]:7", "LISTEN"), ("[::]:9", "LISTEN")}
sys.exit(None if got == want else f"listeners: {got}")'
ask /tidegate/listeners,0,0 | python3 -c '
import json, sys
rows = json.load(sys.stdin)["/tidegate/listeners"]["listeners"].values()
keys = ("defer_accept", "defer_mode", "fastopen", "fastopen_bound", "single_queue", "cookies_on")
got = {r["local"]: tuple(r[k] for k in keys) for r in rows}
want = {"[::]:9": (7, "linux", "off", 0, 0, 0), "[::]:7": (0, "off", "off", 0, 1, 0)}
sys.exit(None if all(got[k] == v for k, v in want.items()) else f"shard 0: {got}")'
ask /tidegate/conns | grep -q '"ecn": ' || fail "a connection without ecn"
ask /tidegate/conns | grep -q "\"peer\": \"$C4:$port\"" || fail "the connection is not listed"
ask /tidegate/counters | grep -q '"PassiveOpens": 1,' || fail "PassiveOpens"
ask /tidegate/usage | grep -q '"conns": 1,' || fail "usage"
ask /tidegate/conns,nonsense | grep -q '"error"' || fail "nonsense is not an error"
ask /tidegate/shards | python3 -c '
import json, sys
rows = list(json.load(sys.stdin)["/tidegate/shards"]["shards"].values())
assert len(rows) == int(sys.argv[1]), rows
for i, r in enumerate(rows):
    assert r["shard"] == i and r["lcore"] == i + 1 and r["cpu"] >= 0 and r["running"] == 1, r
    assert r["turns"] > 0 and r["idle_cycles"] > 0 and r["tsc_hz"] > 0, r
    assert r["turn_age_ms"] < 1000, r
    assert r["rx_foreign"] <= r["rx"] and r["tx_dropped"] == 0, r
assert sum(r["busy_cycles"] for r in rows) > 0 and sum(r["rx"] for r in rows) > 0, rows
' "$TG_SHARDS" || fail "/tidegate/shards"
ask /tidegate/ports | python3 -c '
import json, sys
rows = list(json.load(sys.stdin)["/tidegate/ports"]["ports"].values())
assert len(rows) == 1, rows
p = rows[0]
assert p["port"] == 0 and p["name"] == "net_af_packet0" and p["driver"] == "net_af_packet", p
assert len(p["mac"]) == 17 and p["link"] == "up" and p["mtu"] == 1500, p
assert p["rx_checksum"] == p["tx_checksum"] == "software", p
assert p["queues"] == len(p["queue_rx"]) == int(sys.argv[1]), p
assert 0 < sum(p["queue_rx"]) <= p["ipackets"] and p["opackets"] > 0 and p["ibytes"] > 0, p
' "$TG_SHARDS" || fail "/tidegate/ports"
# several clients at the same time (DPDK turns the eleventh away)
asking=()
for i in 1 2 3 4 5 6 7 8; do
	ask /tidegate/conns >"$WORK/answer.$i" &
	asking+=($!)
done
for i in "${asking[@]}"; do
	wait "$i" || fail "a client ended with $?"
done
expect "answers" "$(cat "$WORK"/answer.* | grep -c "\"peer\": \"$C4:$port\"")" 8
bg_go live
bg_end live
tg_stop
