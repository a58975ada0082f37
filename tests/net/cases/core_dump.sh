#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A core dump of the running daemon holds neither the cookie seed nor the Fast Open key nor what a client
# sent; with dontdump: no it holds all of them, so the search can find them.
# Shards: 1
. "$(dirname "$0")/../lib.sh"

pattern=$(cat /proc/sys/kernel/core_pattern)
case $pattern in
'|'* | */* | '') skip "kernel.core_pattern \"$pattern\" does not put a core file where the process runs" ;;
esac
! nm "$TG_BUILD/app/tidegate" 2>/dev/null | grep __asan_init >/dev/null ||
	skip "with ASan a core would be terabytes"
ulimit -c unlimited 2>/dev/null || skip "no core dumps here: ulimit -c is $(ulimit -c)"
# not a file system that a core of some hundred megabytes fills
[ "$(df --output=avail -k "$WORK" | tail -n 1)" -gt 1000000 ] || skip "less than 1 GB free in $WORK"

# Bytes that stand nowhere else, and that no text holds as they are in memory.
SEED_HEX=5eedc0de11f05eedc0de22f15eedc0de33f25eedc0de44f35eedc0de55f46677
KEY_GROUPS=c0ffee01-c0ffee12-c0ffee23-c0ffee34
# each group is a little-endian word
KEY_HEX=01eeffc012eeffc023eeffc034eeffc0
PING_HEX=7768617420612063a3f1b2e4d5968778
# more of it than the vector registers of a thread hold, which are in every dump
SENT_HEX=$(printf "$PING_HEX%.0s" {1..20})

# holds CORE HEX-OR-TEXT - status 0 when the bytes stand in it
holds()
{
	python3 - "$1" "$2" <<-'PYTHON'
		import mmap, re, sys
		want = bytes.fromhex(sys.argv[2]) if re.fullmatch("([0-9a-f]{2})+", sys.argv[2]) else sys.argv[2].encode()
		with open(sys.argv[1], "rb") as f:
		    core = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)
		    sys.exit(core.find(want) < 0)
	PYTHON
}

# make_core DIR LINE... - runs it there, with a capture that has copies of all packets, lets a client send
# SENT_HEX, and aborts it; the core is DIR/core*
make_core()
{
	local status=0 dir=$1

	shift
	mkdir -m 777 "$dir"
	tg_config "mbufs: 4096" "engine: {max_conns: 1024, max_half_open: 1024, max_time_wait: 1024," \
		"  max_segments: 1024, cookie_seed_file: $WORK/seed, $KEY_FROM}" "$@"
	cd "$dir"
	tg_run "$TG_BUILD/app/tidegate" -c "$WORK/config.yaml"
	cd - >/dev/null
	[ "$(tele get /tidegate/capture_start,all,2048,60,1000 | tr -d ' ')" = '{"id":1}' ] || fail "no capture"
	# answered where it lies: it is in packet buffers, and no service had it in its hands
	cl ping -q -c 3 -i 0.2 -W 10 -s 1024 -p "$PING_HEX" "$S4" >/dev/null || fail "no answer to a ping"
	kill -ABRT "$TG_PID"
	wait_until 30 is_gone "$TG_PID" || fail "it does not end"
	wait "$TG_PID" || status=$?
	TG_PID=
	expect "exit status" "$status" 134
	[ -n "$(find "$dir" -name 'core*')" ] || skip "the kernel wrote no core file (a container's limits?)"
	CORE=$(find "$dir" -name 'core*')
}

holds_none()
{
	local what

	for what in "$SEED_HEX" "$KEY_HEX" "$KEY_GROUPS" "$SENT_HEX"; do
		! holds "$CORE" "$what" || fail "$1: the core dump holds $what"
	done
}

net_up
unset TG_PROCESS
chmod 711 "$WORK"
printf %s "$SEED_HEX" | python3 -c 'import sys; sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read()))' >"$WORK/seed"
echo "$KEY_GROUPS" >"$WORK/key"
chmod 600 "$WORK/seed" "$WORK/key"

KEY_FROM="fastopen_key_file: $WORK/key"
make_core "$WORK/all" "process: {dontdump: no}"
for what in "$SEED_HEX" "$KEY_HEX" "$SENT_HEX"; do
	holds "$CORE" "$what" || fail "dontdump: no: the core dump does not hold $what, so the search is wrong"
done
rm -r "$WORK/all"

make_core "$WORK/less"
holds_none "as root"
rm -r "$WORK/less"

# the kernel forbids dumps of a process that changed its user, tidegate allows them again
make_core "$WORK/user" "process: {user: nobody}"
holds_none "as a user"
rm -r "$WORK/user"

# a key in the configuration itself: what the YAML library read it with is beyond us, the key is not
chmod 600 "$WORK/config.yaml"
KEY_FROM="fastopen_key: $KEY_GROUPS"
make_core "$WORK/inline"
! holds "$CORE" "$KEY_HEX" || fail "the core dump holds the key of the configuration"
