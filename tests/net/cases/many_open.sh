#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# 1,000 connections that are certainly open at the same time, seen in telemetry while they are.
. "$(dirname "$0")/../lib.sh"

N=$(at_scale 1000)
net_up
tg_start
bg many many "$S4" 7 "$N"
bg_says many "^open $N$"
expect "connections held, half open" "$(tele usage conns half_open)" "$N 0"
expect "connections listed" "$(tele conns | grep -c '"state": "ESTAB"')" "$N"
bg_go many
bg_end many
wait_until 10 is_idle || fail "connections are left: $(tele usage conns half_open segments)"
tg_stop
