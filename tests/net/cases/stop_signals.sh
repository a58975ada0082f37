#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# SIGINT stops as SIGTERM does. Clients that answer the FIN are not waited for until `drain` is over,
# and a second signal waits for nobody. SIGHUP, of a closed terminal too, stops nothing.
. "$(dirname "$0")/../lib.sh"

TG_DRAIN=30s
net_up

tg_start
expect "page" "$(cl curl -sS -o /dev/null -w '%{http_code}' "http://$S4/")" 200
kill -HUP "$TG_PID"
expect "page after SIGHUP" "$(cl curl -sS -o /dev/null -w '%{http_code}' "http://$S4/")" 200
began=$SECONDS
tg_stop INT
expect_at_most "seconds to stop with no connection" $((SECONDS - began)) 5

tg_start
for name in a b c; do
	bg "$name" until_eof "$S4" 7
	bg_says "$name" up
done
began=$SECONDS
tg_stop TERM
expect_at_most "seconds to stop with clients that close" $((SECONDS - began)) 5
for name in a b c; do
	bg_end "$name"
done

tg_start
bg stubborn hold "$S4" 7
bg_says stubborn '^[0-9]'
began=$SECONDS
kill -INT "$TG_PID"
sleep 0.5
tg_stop INT
expect_at_most "seconds to stop after two signals" $((SECONDS - began)) 5
bg_go stubborn
bg_end stubborn
