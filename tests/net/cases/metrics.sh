#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Metrics and health: what a scrape says, in both formats; what is no scrape; slow clients; a shard that
# stands still; draining; an address that cannot be had. The dashboard names nothing that is not there.
. "$(dirname "$0")/../lib.sh"

URL=http://127.0.0.1:9464

# get PATH [CURL-OPTION...] - from the host tidegate runs on
get()
{
	ip netns exec "$NS_S" curl -s -m "${GET_SECONDS:-20}" "${@:2}" "$URL$1"
}

om()
{
	python3 "$TG_NET_DIR/openmetrics.py" "$@" || fail "openmetrics.py $*"
}

# scrape FILE
scrape()
{
	get /metrics -f -D "$WORK/head" -o "$1" || fail "no metrics"
	grep -qi '^content-type: application/openmetrics-text; version=1.0.0; charset=utf-8' \
		"$WORK/head" || fail "head: $(cat "$WORK/head")"
	om check "$1"
}

# status PATH [CURL-OPTION...] - the HTTP status, and the body in $WORK/body
status()
{
	get "$1" -o "$WORK/body" -w '%{http_code}' "${@:2}"
}

is_status()
{
	[ "$(status "$1")" = "$2" ]
}

# refused PATTERN LINE - does not start with this line: status 2, one line that says why
refused()
{
	local status=0

	tg_config "$2"
	timeout -k 5 30 ip netns exec "$NS_S" "$TG_BUILD/app/tidegate" -c "$WORK/config.yaml" \
		>"$WORK/out" 2>"$WORK/err" || status=$?
	expect "$2: status" "$status" 2
	expect "$2: lines" "$(wc -l <"$WORK/err")" 1
	grep -qE "config.yaml:[0-9]+: $1" "$WORK/err" || fail "$2: $(cat "$WORK/err")"
	[ ! -e "/var/run/dpdk/$TG_NAME/dpdk_telemetry.v2" ] || fail "$2: a socket is left"
}

command -v curl >/dev/null || skip "curl is not installed"
net_up

ip netns exec "$NS_S" python3 -c '
import socket, sys
s = socket.create_server(("127.0.0.1", 9464))
print("listening", flush=True)
sys.stdin.read()' < <(sleep 60) >"$WORK/holder" &
holder=$!
TG_BACKGROUND+=("$holder")
wait_until 10 grep -qs listening "$WORK/holder" || fail "nobody holds the port"
refused 'metrics.port: cannot listen on 127.0.0.1 port 9464: Address already in use' \
	'metrics: {port: 9464}'
kill "$holder"
wait "$holder" || true
refused 'metrics.address: cannot listen on 198.51.100.1 .*Cannot assign' \
	'metrics: {address: 198.51.100.1}'

TG_DRAIN=20s tg_start 'metrics: {}'
wait_until 10 is_status /readyz 200 || fail "not ready: $(cat "$WORK/body")"
expect "health" "$(status /healthz)" 200
scrape "$WORK/first"
expect "shards" "$(om value "$WORK/first" tidegate_shard_info)" "$TG_SHARDS"
expect "shards that answered" "$(om value "$WORK/first" tidegate_shard_answered)" "$TG_SHARDS"
expect "listener" "$(om value "$WORK/first" tidegate_listener_accept_queue_bound 'listener=[::]:7')" 4096
om dashboard "$WORK/first" "$TG_ROOT/config/grafana/tidegate.json"

for _ in 1 2 3; do
	cl curl -sf -m 10 -o /dev/null "http://$S4/" || fail "curl"
done
wait_until 10 is_idle || fail "connections are left"
scrape "$WORK/second"
om grown "$WORK/first" "$WORK/second"
opens=$(om value "$WORK/second" tidegate_events_total event=PassiveOpens)
expect "connections" "$opens" 3
expect "of a listener" "$(om value "$WORK/second" tidegate_listener_passive_opens_total)" 3
expect "of telemetry" "$opens" "$(counter PassiveOpens)"
expect_at_least "delivered" \
	"$(om value "$WORK/second" tidegate_packets_total disposition=delivered)" 9
expect "packets of queues and shards" \
	"$(om value "$WORK/second" tidegate_port_queue_rx_packets_total)" \
	"$(om value "$WORK/second" tidegate_shard_rx_packets_total)"
expect_at_least "busy" "$(om value "$WORK/second" tidegate_shard_busy_cycles_total)" 1

# the older format, for who asks for it
get /metrics -f -H 'Accept: text/plain;version=0.0.4' -D "$WORK/head" -o "$WORK/old"
grep -qi '^content-type: text/plain; version=0.0.4' "$WORK/head" || fail "$(cat "$WORK/head")"
om check-old "$WORK/old"
! grep -q '^# EOF' "$WORK/old" || fail "an EOF in the old format"

# what is no scrape
expect "HEAD" "$(status /metrics -I)" 200
get /metrics -I | grep -qiE '^content-length: [0-9]{4,}' || fail "HEAD: $(get /metrics -I)"
expect "not there" "$(status /nosuch)" 404
expect "POST" "$(status /metrics -d x=1)" 405
get /metrics -d x=1 -i | grep -qi '^allow: GET, HEAD' || fail "405 without Allow"
# what is no HTTP is cut off
ip netns exec "$NS_S" timeout 20 bash -c \
	'exec 3<>/dev/tcp/127.0.0.1/9464; printf "\1\2 rubbish\r\n\r\n" >&3; cat <&3' >"$WORK/body"
! grep -q ' 200 ' "$WORK/body" || fail "rubbish got $(cat "$WORK/body")"
expect "after rubbish" "$(status /healthz)" 200

# as many clients as there are connections, each sending a byte now and then
ip netns exec "$NS_S" python3 -c '
import socket, time
socks = [socket.create_connection(("127.0.0.1", 9464)) for _ in range(16)]
print("slow", flush=True)
for _ in range(120):
    for s in socks:
        try:
            s.send(b"G")
        except OSError:
            pass
    time.sleep(0.25)' >"$WORK/slow" &
TG_BACKGROUND+=("$!")
wait_until 10 grep -qs slow "$WORK/slow" || fail "no slow clients"
GET_SECONDS=20 expect "beside slow clients" "$(status /healthz)" 200

# one thread stands still
if freeze "$(loop_thread 1)"; then
	wait_until 10 is_status /healthz 503 || fail "healthy, with a thread that stands still"
	grep -qE '^shard 0 \(lcore 1\) has been in one turn for [0-9]+ ms' "$WORK/body" ||
		fail "health: $(cat "$WORK/body")"
	scrape "$WORK/third"
	expect "answers" "$(om value "$WORK/third" tidegate_shard_answered shard=0)" 0
	thaw
	wait_until 10 is_status /healthz 200 || fail "still not healthy: $(cat "$WORK/body")"
	scrape "$WORK/fourth"
	om grown "$WORK/second" "$WORK/fourth"
else
	echo "note: one thread cannot be stopped here: $(cat "$WORK/freeze")"
fi

# draining: alive, but no more connections wanted
bg live hold "$S4" 7
bg_says live '^[0-9]'
kill -TERM "$TG_PID"
wait_until 10 is_status /readyz 503 || fail "ready while draining"
expect "health while draining" "$(status /healthz)" 200
bg_go live
bg_end live
tg_ended 30
