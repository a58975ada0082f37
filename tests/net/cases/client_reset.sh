#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Clients that end with RST: the connection is gone at once, and nothing of it is left.
. "$(dirname "$0")/../lib.sh"

net_up
tg_start
for _ in 1 2 3 4 5; do
	client reset "$S4" 7
	client reset "$S6" 7
done
wait_until 5 is_idle || fail "connections are left: $(tele usage conns half_open segments)"
expect "resets" "$(counter EstabResets)" 10
expect "TIME_WAIT entries" "$(tele usage time_wait)" 0
tg_stop
