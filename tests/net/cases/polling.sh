#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Without idle_sleep: the loop never sleeps, as on a machine that has cores for it.
. "$(dirname "$0")/../lib.sh"

TG_IDLE_SLEEP=0us
net_up
tg_start
expect "fetches" "$(cl curl -sS --max-time 60 -H 'Connection: close' -o /dev/null \
	-w '%{http_code}\n' "http://$S4/?n=[1-100]" | grep -c '^200$')" 100
client echo "$S6" 7 1000000
tg_stop
