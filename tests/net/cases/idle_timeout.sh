#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A listener with an idle timeout resets a connection on which nothing moves, and no other.
. "$(dirname "$0")/../lib.sh"

net_up
tg_start '  - {address: "0.0.0.0", port: 17, service: echo, idle_timeout: 1s}'
bg busy hold "$S4" 7
bg_says busy '^[0-9]'
bg idle hold "$S4" 17
bg_says idle '^[0-9]'
sleep 2.5
expect "idle timeouts" "$(counter IdleTimeouts)" 1
expect "connections" "$(tele usage conns)" 1
bg_go busy
bg_go idle
bg_end busy
bg_end idle
tg_stop
