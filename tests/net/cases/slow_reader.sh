#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A client that does not read fills every buffer on the way; windows close, and open again.
. "$(dirname "$0")/../lib.sh"

net_up
tg_start
for host in "$S4" "$S6"; do
	client stall "$host" 7 $((16 << 20)) 3
done
wait_until 10 is_idle || fail "connections are left: $(tele usage conns half_open segments)"
tg_stop
