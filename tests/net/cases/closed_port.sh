#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A port nobody listens on: refused at once; with closed_port: drop, silence.
. "$(dirname "$0")/../lib.sh"

net_up
tg_start
client closed "$S4" 81
client closed "$S6" 81
status=0
cl curl -sS --max-time 5 "http://$S4:81/" 2>/dev/null || status=$?
expect "curl's status (7: could not connect)" "$status" 7
expect "RSTs" "$(counter OutRsts)" 3
tg_stop

tg_start 'engine: {closed_port: drop}'
status=0
cl curl -sS --connect-timeout 3 "http://$S4:81/" 2>/dev/null || status=$?
expect "curl's status (28: timed out)" "$status" 28
expect "RSTs" "$(counter OutRsts)" 0
expect_at_least "drops" "$(counter drop_closed_port)" 1
tg_stop
