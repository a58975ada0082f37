#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# tidegatectl changes a running daemon: listeners, settings, the cookie secret, a reload, the end. What the
# daemon refuses comes back with the reason and exit status 1.
# Shards: 1
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ctl.sh"

net_up
tg_start
ctl_status 0 info
ctl_says '^state +ready$'
ctl_says '^generation +1 '
bg live chat "$S4" 7 10
bg_says live up

ctl_status 0 listen add "$S4:81" echo backlog=33
ctl_says "^added $S4:81"
read -r _ _ send_q _ <<<"$(listener_row "$S4:81")"
expect "bound" "$send_q" 33
client echo "$S4" 81 1000
ctl_status 1 listen add "$S4:81" echo
ctl_says 'in use'
ctl_status 1 listen add "$S4:82" nonsense
ctl_says 'service: "nonsense" is unknown'
ctl_status 0 listen del "$S4:81"
client closed "$S4" 81
ctl_status 1 listen del "$S4:81"
ctl_status 0 listen add '*:82' echo
client echo "$S6" 82 1000
client echo "$S4" 82 1000
ctl_status 0 listen del '*:82'

ctl_status 0 set 0.0.0.0:80 backlog=512
read -r _ _ send_q _ <<<"$(listener_row 0.0.0.0:80)"
expect "bound" "$send_q" 512
ctl_status 0 set engine.syncookies=2
ctl_status 0 ss -lnt
ctl_says '  on  +0\.0\.0\.0:80( |$)'
ctl_status 1 set engine.syncookies=9
ctl_says 'is unknown'
ctl_status 1 set shards=2
ctl_says 'cannot change without a restart'
ctl_status 1 set shards=2 --json
ctl_says '"code": "config"'
ctl_status 0 cookie rotate
ctl_says 'cookie secret'
ctl_status 0 reload
ctl_says 'engine.syncookies'
read -r _ _ send_q _ <<<"$(listener_row 0.0.0.0:80)"
expect "bound" "$send_q" 4096
echo "nonsense: 1" >>"$WORK/config.yaml"
ctl_status 1 reload
ctl_says 'nonsense'
bg_go live
bg_says live '^again 1$'
echo end >&"${BG_IN[live]}"
bg_end live

# the end: it is there until the last connection is gone
ctl_status 0 drain --wait 20
is_gone "$TG_PID" || fail "still there"
tg_ended 1
ctl_status 3 usage
