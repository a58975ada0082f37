#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Settings of a listener reach it: the kernel's client opens fast with a cookie that a configured key
# makes, and a connection without data waits for defer_accept.
. "$(dirname "$0")/../lib.sh"

# what tidegate holds: connections, half-open entries
holds()
{
	[ "$(tele usage conns half_open)" = "$1" ]
}

# fetch HOST - with data in the SYN if there is a cookie
fetch()
{
	expect "$1" "$(cl curl -sS --tcp-fastopen --max-time 10 -H 'Connection: close' -o /dev/null \
		-w '%{http_code}' "http://$1/")" 200
}

net_up
ip netns exec "$NS_C" sysctl -q -w net.ipv4.tcp_fastopen=1
echo 00112233-44556677-8899aabb-ccddeeff >"$WORK/key"
chmod 600 "$WORK/key"
tg_config "engine: {fastopen_key_file: $WORK/key}"
sed -i 's/service: http/&, fastopen: cookie, fastopen_qlen: 10/
	s/service: echo/&, defer_accept: 3s/' "$WORK/config.yaml"
tg_run "$TG_BUILD/app/tidegate" -c "$WORK/config.yaml"
for host in "$S4" "[$S6]"; do
	fetch "$host" # asks for a cookie
	fetch "$host"
	fetch "$host"
done
expect "cookies asked for, connections opened fast, failures" \
	"$(counter TCPFastOpenCookieReqd TCPFastOpenPassive TCPFastOpenPassiveFail)" "2 4 0"

# connected for the client, half-open here, until the time is over
cl sh -c "sleep 8 | nc -N $S4 7" &
TG_BACKGROUND+=("$!")
wait_until 2 holds "0 1" || fail "not deferred: $(tele usage conns half_open)"
wait_until 6 holds "1 0" || fail "deferred for ever: $(tele usage conns half_open)"
# with data at once
client echo "$S4" 7 1000
tg_stop
