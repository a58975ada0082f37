#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Started by root and told a user, tidegate serves as that user: on every thread without a capability,
# nothing executed can gain one, and the filter for system calls kills it if anything needs more. It
# still answers telemetry, ends cleanly and takes its sockets away, whatever the driver. A second start
# finds the directory of the first.
. "$(dirname "$0")/../lib.sh"

USER_NAME=nobody
SECCOMP="kill"
grep -q '^Seccomp:' /proc/self/status || skip "this kernel has no seccomp"
getent passwd "$USER_NAME" >/dev/null || skip "no user $USER_NAME"
if nm "$TG_BUILD/app/tidegate" 2>/dev/null | grep __asan_init >/dev/null; then
	# its leak check traces the process from a clone of it, which is what a filter is there to refuse
	SECCOMP=no
fi
uid=$(id -u "$USER_NAME")
gid=$(id -g "$USER_NAME")

# thread_has THREAD FIELD - of its status, blanks squeezed
thread_has()
{
	sed -n "s/^$2:[[:blank:]]*//p" "$1/status" | tr '\t' ' '
}

# every_thread MAIN_PERMITTED - each one is the user, and holds nothing but what is said of the main one
every_thread()
{
	local t n=0 permitted

	for t in "/proc/$TG_PID/task"/*; do
		permitted=0000000000000000
		[ "${t##*/}" != "$TG_PID" ] || permitted=$1
		expect "$t: user ids" "$(thread_has "$t" Uid)" "$uid $uid $uid $uid"
		expect "$t: group ids" "$(thread_has "$t" Gid)" "$gid $gid $gid $gid"
		expect "$t: permitted" "$(thread_has "$t" CapPrm)" "$permitted"
		expect "$t: effective" "$(thread_has "$t" CapEff)" 0000000000000000
		expect "$t: ambient" "$(thread_has "$t" CapAmb)" 0000000000000000
		expect "$t: no new privileges" "$(thread_has "$t" NoNewPrivs)" 1
		[ "$SECCOMP" = no ] || expect "$t: filter" "$(thread_has "$t" Seccomp)" 2
		n=$((n + 1))
	done
	# main, interrupt, telemetry, and a loop for each shard
	expect_at_least "threads" "$n" $((3 + TG_SHARDS))
}

serves()
{
	expect "IPv4" "$(cl curl -sS --max-time 60 -o /dev/null -w '%{http_code}' "http://$S4/")" 200
	expect "IPv6" "$(cl curl -sS --max-time 60 -o /dev/null -w '%{http_code}' "http://[$S6]/")" 200
	client echo "$S4" 7 $((1 << 20))
	expect_at_least "connections counted" "$(counter PassiveOpens)" 3
}

stops()
{
	wait_until 10 is_idle || fail "connections are left"
	tg_stop
	! find "/run/dpdk/$TG_NAME" -type s | grep . || fail "sockets are left behind"
}

# What changes a running daemon, without privileges: files are read again, threads of telemetry start
changes()
{
	changed 'engine.syncookies' /tidegate/set,engine.syncookies=2
	changed "added $S4:81" "/tidegate/listen_add,{address: $S4, port: 81, service: greet}"
	changed "removed $S4:81" "/tidegate/listen_del,$S4:81"
	changed 'cookie secret from the system' /tidegate/cookie_rotate
	echo 'engine: {syncookies: 0}' >>"$WORK/config.yaml"
	changed 'engine.syncookies' /tidegate/reload
	echo '# nothing' >>"$WORK/config.yaml"
	kill -HUP "$TG_PID"
	wait_until 10 grep -q 'reload: nothing to change' "$WORK/out" || fail "SIGHUP: $(tail -n 3 "$WORK/out")"
	# the user may ask it too, whatever his own directory for such things is
	cp "$TG_BUILD/app/ctl/tidegatectl" "$WORK/tidegatectl"
	setpriv --reuid="$uid" --regid="$gid" --clear-groups env XDG_RUNTIME_DIR=/nonexistent \
		"$WORK/tidegatectl" -f "$TG_NAME" info >"$WORK/info" 2>&1 || fail "as the user: $(cat "$WORK/info")"
	grep -q '^state  *ready$' "$WORK/info" || fail "as the user: $(cat "$WORK/info")"
	# it cannot read what only root may
	chmod 600 "$WORK/config.yaml"
	refused '.*cannot be read: Permission denied' /tidegate/reload
	chmod 644 "$WORK/config.yaml"
}

net_up
unset TG_PROCESS
chmod 711 "$WORK"
for _ in 1 2; do
	tg_start "process: {user: $USER_NAME, seccomp: $SECCOMP}"
	! grep -q 'running as root' "$WORK/out" || fail "it is not root, and warns"
	every_thread 0000000000000000
	expect "owner of EAL's directory" "$(stat -c %u "/run/dpdk/$TG_NAME")" "$uid"
	serves
	changes
	stops
	# what that user could leave for the root of the next start
	ln -sf "$WORK/victim" "/run/dpdk/$TG_NAME/fbarray_extra"
done
echo precious >"$WORK/victim"
ln -sf "$WORK/victim" "/run/dpdk/$TG_NAME/config"
tg_start "process: {user: $USER_NAME}"
expect "the file behind a planted link" "$(cat "$WORK/victim")" precious
[ ! -L "/run/dpdk/$TG_NAME/config" ] || fail "a planted link was followed"
stops

# AF_XDP takes its program away with CAP_NET_ADMIN, which the main thread keeps for that
if [ "$TG_SHARDS" = 1 ] &&
	python3 -c 'import socket; socket.socket(44, socket.SOCK_RAW).close()' 2>/dev/null; then
	tg_device()
	{
		echo "net_af_xdp0,iface=tg0,start_queue=0,queue_count=1,busy_budget=0"
	}
	tg_start "process: {user: $USER_NAME, seccomp: $SECCOMP}"
	every_thread 0000000000001000
	serves
	stops
	! ip -n "$NS_S" -d link show tg0 | grep prog/xdp >/dev/null || fail "its XDP program stays on tg0"
fi

# As root it says so. A filter alone needs no user.
tg_device()
{
	echo "net_af_packet0,iface=tg0,qpairs=$TG_SHARDS"
}
tg_start "process: {seccomp: $SECCOMP}"
grep -q '^warning: running as root' "$WORK/out" || fail "no warning"
serves
tg_stop
