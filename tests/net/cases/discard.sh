#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# 16 MiB into discard, over IPv4 and IPv6: everything is taken, nothing comes back.
. "$(dirname "$0")/../lib.sh"

BYTES=$((16 << 20))
net_up
tg_start
client discard "$S4" 9 "$BYTES"
client discard "$S6" 9 "$BYTES"
wait_until 10 is_idle || fail "connections are left: $(tele usage conns half_open segments)"
tg_stop
