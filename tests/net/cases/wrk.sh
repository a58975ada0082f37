#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# wrk for three seconds on 50 connections: no errors, many answers.
. "$(dirname "$0")/../lib.sh"

command -v wrk >/dev/null || skip "wrk is not installed"
net_up
tg_start
# the port as a number: a small system has no /etc/services
cl wrk -t 1 -c 50 -d 3 "http://$S4:80/" | tee "$WORK/wrk"
! grep -E 'Socket errors|Non-2xx' "$WORK/wrk" || fail "wrk saw errors"
expect_at_least "requests" "$(sed -n 's/^ *\([0-9]*\) requests in.*/\1/p' "$WORK/wrk")" "$(at_scale 5000)"
wait_until 10 is_idle || fail "connections are left: $(tele usage conns half_open segments)"
tg_stop
