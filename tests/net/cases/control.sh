#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Commands that change a running daemon: set, listen_add, listen_del, cookie_rotate, drain; several
# clients at a time, and SIGHUP again and again under load.
. "$(dirname "$0")/../lib.sh"

net_up
head -c 32 /dev/urandom >"$WORK/seed"
chmod 600 "$WORK/seed"
tg_start
bg live chat "$S4" 7 10
bg_says live up

hint='; until the next reload or start, the file is as it was$'
changed "engine.syncookies$hint" /tidegate/set,engine.syncookies=2
changed "0.0.0.0:80 backlog$hint" '/tidegate/set,listeners[0].backlog=512'
expect "bound" "$(listener 0.0.0.0:80 send_q)" 512
changed "0.0.0.0:80 backlog$hint" '/tidegate/set,0.0.0.0:80 backlog=77'
expect "bound" "$(listener 0.0.0.0:80 send_q)" 77
changed "log.level$hint" /tidegate/set,log.level=error
expect "level" "$(tele info log_level)" error
changed "log.level$hint" /tidegate/set,log.level=info
changed 'nothing to change$' /tidegate/set,log.level=info
changed "added $S4:81$hint" "/tidegate/listen_add,{address: $S4, port: 81, service: echo, backlog: 3}"
expect "bound" "$(listener "$S4:81" send_q)" "$((TG_SHARDS > 3 ? TG_SHARDS : 3))"
client echo "$S4" 81 1000
bg more chat "$S4" 81 5
bg_says more up
changed "removed $S4:81$hint" "/tidegate/listen_del,$S4:81"
client closed "$S4" 81
changed "removed \[::\]:80$hint" '/tidegate/listen_del,[::]:80'
bg_go more
bg_says more '^again 1$'
expect "generation" "$(generation)" 9

# what is wrong is said, and nothing has changed
refused 'config: set: engine.syncookies: "5" is unknown' /tidegate/set,engine.syncookies=5
refused 'config: set: shards: cannot change without a restart' /tidegate/set,shards=2
refused 'config: set: no assignment' /tidegate/set,engine
refused 'config: /tidegate/set needs a parameter' /tidegate/set
refused 'config: /tidegate/reload takes no parameter' /tidegate/reload,now
refused 'config: listen_add:1: listeners\[0\].service: is missing' \
	"/tidegate/listen_add,{address: $S4, port: 82}"
refused 'config: listen_add: .*80 is in use by listeners' \
	'/tidegate/listen_add,{address: 0.0.0.0, port: 80, service: echo}'
refused 'config: set: http.root_page: /no\?\?\? cannot be read' $'/tidegate/set,http.root_page=/no\xff\xc3\xa4'
refused 'config: set: engine.a\?: unknown key' $'/tidegate/set,engine.a\e=1'
refused 'config: listen_del: there is no such listener' /tidegate/listen_del,192.0.2.9:80
expect "generation" "$(generation)" 9

# a new secret: connections by cookies of the old and the new one
changed 'cookie secret from the system; cookies of the one before are good for 96 s more$' \
	/tidegate/cookie_rotate
client echo "$S4" 7 1000
changed 'cookie secret from the system; .*no longer those of the one before that' /tidegate/cookie_rotate
changed "engine.cookie_seed_file$hint" "/tidegate/set,engine.cookie_seed_file=$WORK/seed"
refused 'refused: .*seed holds the secret in use' /tidegate/cookie_rotate
head -c 32 /dev/urandom >"$WORK/seed"
changed "cookie secret from $WORK/seed; " /tidegate/cookie_rotate
client echo "$S6" 7 1000
expect "cookies refused" "$(counter SyncookiesFailed)" 0

# the file rules again
expect "generation" "$(generation)" 13
changed 'engine.syncookies, engine.cookie_seed_file, 0.0.0.0:80 backlog, added \[::\]:80$' /tidegate/reload
expect "bound" "$(listener 0.0.0.0:80 send_q)" 4096
expect "back" "$(listener '[::]:80' state)" LISTEN

# clients at the same time: each change is whole, none is lost
ADDERS=()
for i in 1 2 3 4; do
	for k in 1 2 3 4 5; do
		tele change "/tidegate/listen_add,{address: $S4, port: $((1000 + 10 * i + k)), service: echo}"
	done >"$WORK/add$i" &
	ADDERS+=("$!")
done
for pid in "${ADDERS[@]}"; do
	wait "$pid" || fail "$(cat "$WORK"/add?)"
done
expect "changes" "$(cat "$WORK"/add? | grep -c '^ok: added ')" 20
expect "generation" "$(generation)" 34
for i in 1 2 3 4; do
	client echo "$S4" "$((1000 + 10 * i + 5))" 10
done

# 50 times SIGHUP, the file another each time, while bytes flow
client echo "$S4" 7 "$(at_scale $((64 << 20)))" >"$WORK/echo" 2>&1 &
echo=$!
TG_BACKGROUND+=("$echo")
for ((i = 1; i <= 50; i++)); do
	sed -i "s/port: 7,.*/port: 7, service: echo, backlog: $((100 + i))}/" "$WORK/config.yaml"
	kill -HUP "$TG_PID"
	cl curl -sS --max-time 10 -o /dev/null "http://$S4/" || fail "no page at reload $i"
done
bound_is()
{
	[ "$(listener '[::]:7' send_q)" = "$1" ]
}
wait_until 10 bound_is 150 || fail "bound $(listener '[::]:7' send_q)"
wait "$echo" || fail "$(cat "$WORK/echo")"
cat "$WORK/echo"
expect "listeners that only a command made" "$(listener "$S4:1015" state)" ""
bg_go live
bg_says live '^again 1$'
for name in live more; do
	echo end >&"${BG_IN[$name]}"
	bg_end "$name"
done

# as SIGTERM
changed 'stopping: drain=2000ms$' /tidegate/drain
tg_ended 20
