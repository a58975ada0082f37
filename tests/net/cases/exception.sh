#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The exception path: ping, UDP, and the kernel's TCP on ports of its own, at tidegate's address and at
# another one, through the port on which tidegate serves http. What the kernel sends finds its way out.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../exception.sh"

command -v ping >/dev/null || skip "no ping"
exception_up 'kernel_ports: [22]'
expect "link address of the interface" "$(host_mac tgx0)" "$(host_mac tg0)"
expect "MTU of the interface" "$(ip -n "$NS_S" -o link show tgx0 | sed -n 's/.* mtu \([0-9]*\) .*/\1/p')" 1500
host_serve 22 "$S4"
host_serve 22 "$S6"
host_serve 8080 "$K4" # at the kernel's own address any port is the kernel's

# tidegate's own
for host in "$S4" "[$S6]"; do
	expect "fetches from $host" "$(cl curl -sS --max-time 60 -H 'Connection: close' -o /dev/null \
		-w '%{http_code}\n' "http://$host/?n=[1-50]" | grep -c '^200$')" 50
done
# the kernel's, at the same address: small, and a stream in both directions
for host in "$S4" "[$S6]"; do
	expect "the kernel's page" "$(cl curl -sS --max-time 20 "http://$host:22/small")" "of the kernel"
	cl curl -sS --max-time 60 "http://$host:22/large" | cmp - "$WORK/www/large" ||
		fail "the large page of $host is not what it was"
	cl curl -sS --max-time 60 -T "$WORK/www/large" "http://$host:22/put" | grep -qx "$(sum)" ||
		fail "the upload to $host is not what it was"
done
expect "the kernel's page at its own address" "$(cl curl -sS --max-time 20 "http://$K4:8080/small")" "of the kernel"
# a port that is nobody's: tidegate's RST at its address, the kernel's at the other
client closed "$S4" 81
client closed "$K4" 81

for host in "$K4" "$K6"; do
	for size in 56 1452; do
		cl ping -q -n -c 3 -i 0.01 -W 2 -s "$size" "$host" >"$WORK/ping" ||
			fail "ping -s $size $host: $(cat "$WORK/ping")"
	done
done
expect "echo requests that tidegate answered" "$(counter IcmpEchoReps)" 0
cl ping -q -n -c 3 -i 0.01 -W 2 "$S4" >"$WORK/ping" || fail "ping $S4: $(cat "$WORK/ping")"
expect "echo requests that tidegate answered" "$(counter IcmpEchoReps)" 3
# the kernel asks by itself: ARP and ND answers find it, and so do the answers to its own pings
for host in "$C4" "$C6"; do
	host ping -q -n -c 3 -i 0.01 -W 2 -I "$([ "$host" = "$C4" ] && echo "$S4" || echo "$S6")" "$host" \
		>"$WORK/ping" || fail "the kernel's ping $host: $(cat "$WORK/ping")"
done
# UDP at the shared address, whole and in fragments; af_packet lets none of IPv4 through (docs/ports.md)
expect "UDP" "$(udp_echo "$S4" 1000)" 1000
for size in 1000 5000; do
	expect "UDP over IPv6, $size bytes" "$(udp_echo "$S6" "$size")" "$size"
done
cl ping -q -n -c 3 -i 0.01 -W 2 -s 4000 "$K6" >"$WORK/ping" || fail "ping -s 4000: $(cat "$WORK/ping")"

# an interface that is down takes nothing, which is counted; tidegate does not mind
dropped=$(counter exception_dropped)
ip -n "$NS_S" link set tgx0 down
! cl ping -q -n -c 2 -i 0.1 -W 1 "$K4" >/dev/null || fail "an interface that is down answers"
expect_at_least "packets dropped" "$(counter exception_dropped)" $((dropped + 1))
expect "tidegate meanwhile" "$(cl curl -sS --max-time 20 -o /dev/null -w '%{http_code}' "http://$S4/")" 200
ip -n "$NS_S" link set tgx0 up
wait_until 10 cl ping -q -n -c 1 -W 1 "$K4" >/dev/null || fail "the interface does not come back"
accounted
stop_and_gone

# An interface of that name is there already: one line, status 2, and it stays what it was.
ip -n "$NS_S" link add tgx0 type veth peer name tgx1
status=0
timeout 60 ip netns exec "$NS_S" "$TG_BUILD/app/tidegate" -c "$WORK/config.yaml" >"$WORK/out" 2>"$WORK/err" || status=$?
expect "status" "$status" 2
expect "lines that say why" "$(grep -c '^tidegate: .*: exception.interface: tgx0 for ports\[0\]: there is an interface' "$WORK/err")" 1
ip -n "$NS_S" link show tgx0 >/dev/null || fail "somebody else's interface is gone"
