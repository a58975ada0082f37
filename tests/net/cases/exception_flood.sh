#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A flood of 50,000 SYN/s beside the exception path. To a port of the kernel: the rate holds, and 50 of 50
# honest fetches from tidegate are answered. To a port of tidegate's: 20 of 20 fetches from the kernel are; so are
# they beside UDP for the kernel at 50 times the rate.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../flood.sh"
. "$(dirname "$0")/../exception.sh"

FLOOD_RATE=50000
LIMIT=1000
BURST=64

# is_limited N - so many packets for the kernel were over the rate
is_limited()
{
	[ "$(counter exception_limited)" -ge "$1" ]
}

cookies_are_out()
{
	[ "$(counter SyncookiesSent)" -ge 1 ]
}

# flood_on PORT
flood_on()
{
	ip netns exec "$NS_C" "$TG_BUILD/tests/net/synflood" cl0 "$(tg_mac)" "$S4" "$1" \
		"$(at_scale "$FLOOD_RATE")" 250 >"$WORK/flood" &
	FLOOD=$!
	TG_BACKGROUND+=("$FLOOD")
}

exception_up 'kernel_ports: [22]' "rate: $LIMIT" "burst: $BURST"
host_serve 22 "$S4"
began=$(date +%s)
flood_on 22
wait_until 20 is_limited 1 || fail "nothing is limited"
expect "honest fetches answered" "$(fetches 50 1)" 50
echo "slowest fetch: $(slowest) s"
wait_until 60 is_limited "$(at_scale $((3 * FLOOD_RATE)))" || fail "the flood dried up: $(counter exception_limited)"
synflood_off
expect_at_most "packets the kernel got" "$(counter exception_rx)" \
	$((LIMIT * TG_SHARDS * ($(date +%s) - began + 1) + BURST * TG_SHARDS))
# the kernel may be slow to get over it
wait_until 30 cl curl -sS --max-time 5 -o /dev/null "http://$S4:22/small" 2>/dev/null ||
	fail "the kernel's port does not come back"

flood_on 80
wait_until 20 cookies_are_out || fail "no cookies"
for ((i = 0; i < 20; i++)); do
	expect "the kernel's page" "$(cl curl -sS --max-time 5 "http://$S4:22/small")" "of the kernel"
done
cl ping -q -n -c 20 -i 0.05 -W 2 "$K4" >"$WORK/ping" || fail "no ping: $(cat "$WORK/ping")"
synflood_off

# udp_flood - 50,000 datagrams a second to the kernel, for 60 s at most: so few at a time that no token is left
# between them
udp_flood()
{
	exec ip netns exec "$NS_C" timeout 60 python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
due = time.monotonic()
while True:
    for _ in range(10):
        try:
            s.sendto(b"x" * 64, (sys.argv[1], 9))
        except OSError:
            pass
    due += 0.0002
    time.sleep(max(0, due - time.monotonic()))' "$S4"
}
before=$(counter exception_limited)
udp_flood &
UDP=$!
TG_BACKGROUND+=("$UDP")
wait_until 20 is_limited $((before + $(at_scale 10000))) || fail "UDP is not limited"
for ((i = 0; i < 20; i++)); do
	expect "the kernel's page" "$(cl curl -sS --max-time 5 "http://$S4:22/small")" "of the kernel"
done
wait_until 20 is_limited $((before + $(at_scale 20000))) || fail "the flood dried up: $(counter exception_limited)"
kill "$UDP"
accounted
stop_and_gone
