#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# nc against echo: with and without a half close, over IPv4 and IPv6.
. "$(dirname "$0")/../lib.sh"

NC=$(command -v nc.openbsd || command -v nc) || skip "no nc"

net_up
tg_start
for host in "$S4" "$S6"; do
	expect "$host: half close" "$(printf 'to and fro\n' | cl "$NC" -N -w 10 "$host" 7)" "to and fro"
	# the client's end of file comes a second after the answer
	expect "$host: no half close" \
		"$({ printf 'one\n' && sleep 1; } | cl "$NC" -w 2 "$host" 7)" "one"
done
head -c 300000 /dev/urandom >"$WORK/sent"
cl "$NC" -N -w 10 "$S4" 7 <"$WORK/sent" >"$WORK/back"
cmp "$WORK/sent" "$WORK/back" || fail "what came back differs"
wait_until 10 is_idle || fail "connections are left: $(tele usage conns half_open segments)"
tg_stop
