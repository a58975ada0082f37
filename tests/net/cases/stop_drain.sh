#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# SIGTERM with live connections: FIN to each, new clients refused, and when `drain` is over a RST to
# those that still hold on.
. "$(dirname "$0")/../lib.sh"

# hundredths CLIENT WORD - the time that stands after the word
hundredths()
{
	local t

	t=$(sed -n "s/^$2 //p" "$WORK/$1.out")
	[ -n "$t" ] || fail "client $1 has seen no $2"
	echo $((10#${t/./}))
}

TG_DRAIN=3s
net_up
tg_start
bg ipv4 linger "$S4" 7
bg ipv6 linger "$S6" 7
bg_says ipv4 up
bg_says ipv6 up

kill -TERM "$TG_PID"
bg_go ipv4
bg_go ipv6
wait_until 5 grep -q '^stopping: ' "$WORK/out" || fail "does not stop"
sleep 0.2
client closed "$S4" 7
tg_ended 10
for name in ipv4 ipv6; do
	bg_says "$name" '^reset '
	paste -s -d ' ' "$WORK/$name.out"
	expect_at_most "$name: FIN came after" "$(hundredths "$name" eof)" 320
	expect_at_least "$name: RST came after" "$(hundredths "$name" reset)" 270
	expect_at_most "$name: RST came after" "$(hundredths "$name" reset)" 450
	bg_end "$name"
done
