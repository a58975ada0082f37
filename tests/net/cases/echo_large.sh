#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# 64 MiB through echo, both ways at once, compared; over IPv6 16 MiB, and both families with small MTUs.
. "$(dirname "$0")/../lib.sh"

net_up
tg_start
client echo "$S4" 7 $((64 << 20))
client echo "$S6" 7 $((16 << 20))
# a client behind a smaller MTU: our segments must fit it
ip -n "$NS_C" link set cl0 mtu 1280
client echo "$S4" 7 $((2 << 20))
client echo "$S6" 7 $((2 << 20))
wait_until 10 is_idle || fail "connections are left: $(tele usage conns half_open segments)"
tg_stop
