#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A reload, by SIGHUP and by command: settings, listeners and the page change, and no connection is lost.
. "$(dirname "$0")/../lib.sh"

# edit SED-SCRIPT
edit()
{
	sed -i "$1" "$WORK/config.yaml"
}

# hang_up GENERATION - SIGHUP, and what it makes
hang_up()
{
	kill -HUP "$TG_PID"
	wait_until 10 generation_is "$1" || fail "generation $(generation), not $1: $(cat "$WORK/err")"
}

# talk - everybody who is connected still is, and is answered
ROUND=0
talk()
{
	local name

	ROUND=$((ROUND + 1))
	for name in v4 v6 gone; do
		bg_go "$name"
		bg_says "$name" "^again $ROUND\$"
	done
}

page()
{
	cl curl -sS --max-time 10 "http://$S4/"
}

net_up
echo first >"$WORK/page"
tg_config "http: {root_page: \"$WORK/page\"}"
edit '/port: 9,/a\  - {address: "192.0.2.1", port: 77, service: echo}'
# a relative name, and a directory of its own: a reload must find the file again
cd "$WORK"
tg_run "$TG_BUILD/app/tidegate" -c config.yaml
cd /
expect "file" "$(tele info config)" "$WORK/config.yaml"
expect "state" "$(tele info state generation flood log_level)" "ready 1 0 info"
bg v4 chat "$S4" 7 20
bg v6 chat "$S6" 7 20
bg gone chat "$S4" 77 20
bg_says v4 up
bg_says v6 up
bg_says gone up
expect "page" "$(page)" first

# nothing is different, and that is no change
kill -HUP "$TG_PID"
logged '^reload: nothing to change$'
changed 'nothing to change$' /tidegate/reload
expect "generation" "$(generation)" 1
talk

# a listener in place, settings of the engine
edit 's/port: 7,/& backlog: 33, idle_timeout: 1h,/'
echo 'engine: {syncookies: 2, rst_rate: 7}' >>"$WORK/config.yaml"
hang_up 2
logged '^reload: generation 2: engine.syncookies, engine.rst_rate, \[::\]:7 backlog, \[::\]:7 idle_timeout$'
expect "bound" "$(listener '[::]:7' send_q)" 33
talk
before=$(counter SyncookiesSent)
client echo "$S4" 7 100000
expect_at_least "cookies, every SYN" "$(counter SyncookiesSent)" $((before + 1))

# one goes, one comes; connections of the one that is gone live on
edit '/port: 77,/d; /port: 9,/a\  - {address: "192.0.2.1", port: 78, service: greet}'
hang_up 3
expect "removed" "$(listener "$S4:77" state)" ""
expect "added" "$(listener "$S4:78" state)" LISTEN
client closed "$S4" 77
# a service that no shard had before
cl timeout 5 nc -d "$S4" 78 </dev/null >"$WORK/greeting" || true
[ -s "$WORK/greeting" ] || fail "nobody greets"
talk

# a listener that must make room for another of the same port, and one that changes its service
edit 's/{address: "::", dual_stack: true, port: 9/{address: "0.0.0.0", port: 9/; s/port: 78, service: greet/port: 78, service: echo/'
changed 'added 0.0.0.0:9, 192.0.2.1:78 service, removed \[::\]:9$' /tidegate/reload
expect "dual-stack before" "$(listener '[::]:9' state)" ""
client discard "$S4" 9 100000
client echo "$S4" 78 100000
talk

# the page alone: no key is another
echo second >"$WORK/page"
changed 'the page$' /tidegate/reload
expect "page" "$(page)" second
edit 's|^http: .*|http: {content_type: text/plain}|'
changed 'http.root_page, http.content_type$' /tidegate/reload
expect "type" "$(cl curl -sS -o /dev/null -w '%{content_type}' "http://$S4/")" text/plain
page | grep -q 'It answers' || fail "not the built-in page"

# how the daemon ends
edit 's/^drain: .*/drain: 1s/'
expect "generation" "$(generation)" 6
hang_up 7
talk
for name in v4 v6 gone; do
	echo end >&"${BG_IN[$name]}"
	bg_end "$name"
done
kill -TERM "$TG_PID"
tg_ended 20
grep -q '^stopping: drain=1000ms$' "$WORK/out" || fail "not the new drain: $(grep stopping "$WORK/out")"
