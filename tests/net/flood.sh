# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What the cases with a SYN flood share. Sourced after lib.sh.

# Large rings: what does not fit into one while the daemon waits for a CPU is lost, honest or not.
tg_device()
{
	echo "net_af_packet0,iface=tg0,qpairs=$TG_SHARDS,framecnt=4096"
}

# flood_config SYN_BACKLOG LINE... - the configuration with this bound on every listener's SYN queue
flood_config()
{
	tg_config "${@:2}"
	sed -i "s/service: [a-z]*/&, syn_backlog: $1/" "$WORK/config.yaml"
	tg_run "$TG_BUILD/app/tidegate" -c "$WORK/config.yaml"
}

tg_mac()
{
	ip -n "$NS_S" link show tg0 | sed -n 's|.*link/ether \([0-9a-f:]*\).*|\1|p'
}

# synflood RATE SECONDS [COUNT] - to port 80; what it says is in $WORK/flood
synflood()
{
	cl "$TG_BUILD/tests/net/synflood" cl0 "$(tg_mac)" "$S4" 80 "$@" >"$WORK/flood"
	cat "$WORK/flood"
}

# synflood_on RATE SECONDS - the same in the background
synflood_on()
{
	ip netns exec "$NS_C" "$TG_BUILD/tests/net/synflood" cl0 "$(tg_mac)" "$S4" 80 "$@" >"$WORK/flood" &
	FLOOD=$!
	TG_BACKGROUND+=("$FLOOD")
}

# synflood_off - ends it and shows what it sent
synflood_off()
{
	! is_gone "$FLOOD" || fail "the flood ended before the clients: $(cat "$WORK/flood")"
	end_process "$FLOOD"
	cat "$WORK/flood"
}

# listener_value PORT KEY... - of the IPv4 listener, over all shards
listener_value()
{
	tele get /tidegate/listeners | python3 -c '
import json, sys
rows = [r for r in json.load(sys.stdin)["listeners"].values() if r["local"] == "0.0.0.0:" + sys.argv[1]]
print(*(rows[0][k] for k in sys.argv[2:]))' "$@"
}

# fetches N AT-A-TIME [CURL-OPTION...] - how many of N fetches, 5 s each, were answered
fetches()
{
	seq "$1" | CL_TIMEOUT=280 cl xargs -P "$2" -I{} curl -sS --max-time 5 -o /dev/null \
		-H 'Connection: close' -w '%{http_code} %{time_total}\n' "${@:3}" "http://$S4/?n={}" \
		>"$WORK/fetches" 2>"$WORK/fetch-errors" || true
	grep -c '^200 ' "$WORK/fetches" || true
}

# slowest - seconds of the slowest one of them
slowest()
{
	sort -n -k 2 "$WORK/fetches" | tail -n 1 | cut -d ' ' -f 2
}
