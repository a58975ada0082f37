#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The log: a flood begins and ends, each with one line; levels; and syslog in place of stdout.
# Shards: 1
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../flood.sh"

flood_is()
{
	[ "$(tele info flood)" = "$1" ]
}

net_up
flood_config 64 'engine: {syncookies: 1}'
synflood_on "$(at_scale 20000)" 60
logged 'flood begins: [0-9]+ SYN/s that find no place, [0-9]+ % of them answered by a cookie$' 20
wait_until 5 flood_is 1 || fail "info does not tell of the flood"
end_process "$FLOOD"
logged '^flood ends: [0-9]+ s, [0-9]+ SYNs, at most [0-9]+/s, [0-9]+ answered by a cookie \([0-9]+ %\)$' 20
wait_until 5 flood_is 0 || fail "info still tells of a flood"
expect "lines about floods" "$(cat "$WORK/out" "$WORK/err" | grep -c 'flood \(begins\|ends\)')" 2

# what is below the level is not there
sed -i 's/^drain: .*/drain: 4s/' "$WORK/config.yaml"
echo 'log: {level: error}' >>"$WORK/config.yaml"
changed 'drain, log.level$' /tidegate/reload
before=$(cat "$WORK/out" "$WORK/err" | wc -l)
changed drain '/tidegate/set,drain=1s'
refused config '/tidegate/set,drain=1'
expect "lines at level error" "$(cat "$WORK/out" "$WORK/err" | wc -l)" $((before + 1))
grep -q 'tidegate: set refused: set: drain: "1" has no unit' "$WORK/err" || fail "no line of the refusal"
tg_stop

# syslog: a socket of our own at /dev/log, in a mount namespace of its own
mkdir -p "$WORK/dev/shm" "$WORK/dev/net"
for f in null zero full random urandom tty; do
	: >"$WORK/dev/$f"
done
cat >"$WORK/in_dev" <<-SH
	#!/bin/sh
	[ "\$1" = inside ] || exec unshare -m "\$0" inside "\$@"
	for f in null zero full random urandom tty; do
		mount --bind "/dev/\$f" "$WORK/dev/\$f" || exit 1
	done
	mount --bind "$WORK/dev" /dev || exit 1
	shift
	exec "\$@"
SH
chmod +x "$WORK/in_dev"
"$WORK/in_dev" true 2>"$WORK/mounts" || skip "no mounts here: $(head -n 1 "$WORK/mounts")"
python3 - "$WORK/dev/log" >"$WORK/syslog" <<-'PY' &
	import socket, sys
	s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
	s.bind(sys.argv[1])
	while True:
	    print(s.recv(65536).decode(), flush=True)
PY
TG_BACKGROUND+=("$!")
wait_until 10 test -S "$WORK/dev/log" || fail "no syslog of our own"
tg_config 'log: {syslog: yes}'
tg_run "$WORK/in_dev" "$TG_BUILD/app/tidegate" -c "$WORK/config.yaml"
changed drain '/tidegate/set,drain=1s'
refused config '/tidegate/set,drain=1'
# <30> is daemon.info, <29> notice, <27> err
for line in '^<3[01]>.*EAL: Selected IOVA mode' '^<29>.* tidegate\[[0-9]+\]: ready: shards=' \
	'^<29>.* set: generation 2: drain' '^<27>.* set refused: set: drain'; do
	wait_until 5 grep -qE "$line" "$WORK/syslog" || fail "syslog lacks $line: $(cat "$WORK/syslog")"
done
! grep -q 'generation' "$WORK/out" || fail "the log is on stdout too: $(cat "$WORK/out")"
expect "stderr" "$(cat "$WORK/err")" ""
changed log.syslog '/tidegate/set,log.syslog=no'
changed drain '/tidegate/set,drain=2s'
logged '^set: generation 4: drain$'
tg_stop
grep -qE '^<29>.* stopping' "$WORK/syslog" && fail "still to syslog"
true
