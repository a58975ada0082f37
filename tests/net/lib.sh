# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What the namespace tests share: two namespaces joined by a veth pair, tidegate in one of them, the
# kernel's TCP in the other. A case sources this file, which cleans up when the case ends, however.
#
# Read from the environment, all optional:
#   TG_BUILD   build directory (default: build/ of the repository)
#   TG_SHARDS  shards of tidegate, each with a queue pair (default 1)
#   TG_SCALE   divides the number of connections of the large cases (default 1)
#   TG_PROCESS what stands in the section process, such as "seccomp: kill" (default none)
#   TG_NAME    name of the namespaces and of the EAL's file prefix (default tgn and the process id)
#
# Names of functions begin with what they are about; cl runs a command as the client.

set -euo pipefail

TG_NET_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TG_ROOT=$(cd "$TG_NET_DIR/../.." && pwd)
# shellcheck source=tests/support/process.sh
. "$TG_ROOT/tests/support/process.sh"
TG_BUILD=$(realpath "${TG_BUILD:-$TG_ROOT/build}")
TG_SHARDS=${TG_SHARDS:-1}
TG_SCALE=${TG_SCALE:-1}
TG_NAME=${TG_NAME:-tgn$$}

NS_S=${TG_NAME}s
NS_C=${TG_NAME}c
NS_R=${TG_NAME}r # behind a router, where a case makes it
NS_RUN=$NS_S # where tidegate runs
# Documentation addresses (RFC 5737, RFC 3849): they are only ever used inside the namespaces.
S4=192.0.2.1
C4=192.0.2.2
S6=2001:db8::1
C6=2001:db8::2
SKIP_STATUS=77

WORK=$(mktemp -d)
TG_PID=
TG_PROGRAM=tidegate
TG_BACKGROUND=()

# A sanitizer's finding must end the daemon with a status that no test expects.
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0:exitcode=99}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-halt_on_error=1:print_stacktrace=1:exitcode=99}
export LSAN_OPTIONS=${LSAN_OPTIONS:-suppressions=$TG_NET_DIR/lsan.supp:print_suppressions=0}

fail()
{
	echo "FAIL: $*"
	exit 1
}

skip()
{
	echo "SKIP: $*"
	exit "$SKIP_STATUS"
}

# expect TEXT ACTUAL EXPECTED
expect()
{
	[ "$2" = "$3" ] || fail "$1: got '$2', expected '$3'"
}

# expect_at_most TEXT ACTUAL BOUND, expect_at_least TEXT ACTUAL BOUND: integers
expect_at_most()
{
	[ "$2" -le "$3" ] || fail "$1: got $2, expected at most $3"
}

expect_at_least()
{
	[ "$2" -ge "$3" ] || fail "$1: got $2, expected at least $3"
}

# --- a thread that stands still -------------------------------------------------------------------

# loop_thread LCORE - the thread of the daemon's loop there: rte-worker-N or lcore-worker-N, as DPDK's
# version has it
loop_thread()
{
	local t

	for t in "/proc/$TG_PID/task"/*; do
		# other threads come and go
		[[ $(cat "$t/comm" 2>/dev/null) != *-worker-"$1" ]] || basename "$t"
	done
}

frozen_or_not()
{
	is_gone "$FREEZE" || grep -q '^frozen$' "$WORK/freeze"
}

# freeze TID - stops that thread alone, as a debugger does, until thaw. Status 1 where that is not
# allowed: $WORK/freeze says why.
freeze()
{
	"$TG_BUILD/tests/net/freeze" "$1" >"$WORK/freeze" 2>&1 &
	FREEZE=$!
	TG_BACKGROUND+=("$FREEZE")
	wait_until 10 frozen_or_not || fail "freeze says nothing"
	! is_gone "$FREEZE"
}

thaw()
{
	end_process "$FREEZE"
}

# --- cleaning up -----------------------------------------------------------------------------------

# Takes away the namespaces, with every process in them: nobody else's can be there.
net_down()
{
	local ns pid

	for ns in "$NS_S" "$NS_C" "$NS_R"; do
		[ -e "/run/netns/$ns" ] || continue
		for pid in $(ip netns pids "$ns" 2>/dev/null); do
			kill -KILL "$pid" 2>/dev/null || true
		done
		ip netns del "$ns" 2>/dev/null || true
	done
}

show_logs()
{
	local f

	for f in config.yaml out err; do
		[ -s "$WORK/$f" ] || continue
		echo "--- $f (tail)"
		tail -n 40 "$WORK/$f"
	done
}

clean_up()
{
	local status=$? pid

	trap - EXIT
	trap '' INT TERM HUP
	set +e
	for pid in "${TG_BACKGROUND[@]}" $TG_PID; do
		end_process "$pid"
	done
	# after the end of tidegate, whose counters tell what became of the packets
	[ "$status" = 0 ] || [ "$status" = "$SKIP_STATUS" ] || show_logs
	net_down
	rm -rf "$WORK" "/run/dpdk/$TG_NAME" "/var/run/dpdk/$TG_NAME"
	exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# --- the wire --------------------------------------------------------------------------------------

# Two empty namespaces.
net_namespaces()
{
	local ns

	[ "$(id -u)" -eq 0 ] || skip "not root"
	unshare -n true 2>"$WORK/netns" ||
		skip "no network namespaces here: $(head -n 1 "$WORK/netns")"
	ip netns add "$NS_S"
	ip netns add "$NS_C"
	for ns in "$NS_S" "$NS_C"; do
		ip -n "$ns" link set lo up
		# a fresh namespace may inherit forwarding from the host
		ip netns exec "$ns" sysctl -q -w net.ipv4.ip_forward=0
	done
	# ten thousand connections from one address in a few seconds, none of them turned away here
	ip netns exec "$NS_C" sysctl -q -w net.ipv4.ip_local_port_range='10000 65000'
}

# Gives the client's interface its addresses.
net_client_address()
{
	ip -n "$NS_C" link set "$1" up
	ip -n "$NS_C" addr add "$C4/24" dev "$1"
	ip -n "$NS_C" addr add "$C6/64" dev "$1" nodad
}

# The namespaces and a veth pair: tg0 for tidegate, cl0 with the client's addresses.
net_up()
{
	net_namespaces
	ip link add tg0 netns "$NS_S" type veth peer name cl0 netns "$NS_C" ||
		skip "no veth devices here"
	# A veth peer leaves checksums and segmentation to a wire that never comes.
	ip netns exec "$NS_S" ethtool -K tg0 tx off tso off gso off gro off >/dev/null
	ip netns exec "$NS_C" ethtool -K cl0 tx off tso off >/dev/null
	# The kernel on tidegate's side must not answer in its place: no address, and no IPv6 at all.
	ip netns exec "$NS_S" sysctl -q -w net.ipv6.conf.tg0.disable_ipv6=1
	ip -n "$NS_S" link set tg0 up
	net_client_address cl0
}

# cl COMMAND... - as the client, for a minute or two at most
cl()
{
	timeout -k 5 "${CL_TIMEOUT:-120}" ip netns exec "$NS_C" "$@"
}

client()
{
	cl python3 "$TG_NET_DIR/client.py" "$@"
}

# Clients in the background, by a name. What they say is in $WORK/NAME.out.
declare -A BG_PID BG_IN

# bg NAME ARGUMENT... - starts client.py; its input stays open until bg_go
bg()
{
	local fd

	mkfifo "$WORK/$1.in"
	client "${@:2}" <"$WORK/$1.in" >"$WORK/$1.out" 2>&1 &
	BG_PID[$1]=$!
	TG_BACKGROUND+=("$!")
	exec {fd}>"$WORK/$1.in"
	BG_IN[$1]=$fd
}

# bg_says NAME PATTERN - waits for a line
bg_says()
{
	wait_until 60 grep -q "$2" "$WORK/$1.out" || fail "client $1: $(cat "$WORK/$1.out")"
}

# bg_go NAME - a line of input: go on
bg_go()
{
	echo go >&"${BG_IN[$1]}"
}

# bg_end NAME - waits until it has ended well
bg_end()
{
	wait "${BG_PID[$1]}" || fail "client $1: $(cat "$WORK/$1.out")"
	rm -f "$WORK/$1.in" "$WORK/$1.out"
}

# --- tidegate --------------------------------------------------------------------------------------

# Where tidegate's port is; cases for other drivers change it. With several queues the rings are large:
# the kernel gives what does not fit into one to another queue, and that shard knows nothing of the
# connection (docs/ports.md).
tg_device()
{
	local rings=

	[ "$TG_SHARDS" = 1 ] || rings=,framecnt=4096
	echo "net_af_packet0,iface=tg0,qpairs=$TG_SHARDS$rings"
}

# tg_config [LINE...] - writes the configuration: three services on both families, and more top-level
# lines of YAML. With idle_sleep the client gets a share of a small machine's CPUs.
tg_config()
{
	cat >"$WORK/config.yaml" <<-YAML
		eal: ["--no-huge", "--no-pci", "--file-prefix=$TG_NAME"]
		shards: $TG_SHARDS
		idle_sleep: ${TG_IDLE_SLEEP:-50us}
		drain: ${TG_DRAIN:-2s}
		ports:
		  - device: "$(tg_device)"
		    addresses: ["$S4/24", "$S6/64"]
		listeners:
		  - {address: "0.0.0.0", port: 80, service: http}
		  - {address: "::", port: 80, service: http}
		  - {address: "::", dual_stack: true, port: 7, service: echo}
		  - {address: "::", dual_stack: true, port: 9, service: discard}
	YAML
	[ $# -eq 0 ] || printf '%s\n' "$@" >>"$WORK/config.yaml"
	# last, so that no line has another number
	[ -z "${TG_PROCESS:-}" ] || echo "process: {$TG_PROCESS}" >>"$WORK/config.yaml"
}

is_ready()
{
	grep -q '^ready: ' "$WORK/out" || is_gone "$TG_PID"
}

# tg_run PROGRAM ARGUMENT... - starts it in its namespace and waits until it is ready
tg_run()
{
	[ -x "$1" ] || fail "$1 is not built"
	TG_PROGRAM=$(basename "$1")
	# the job below empties it too, but perhaps only after a "ready" of the run before was seen
	: >"$WORK/out"
	ip netns exec "$NS_RUN" "$@" >"$WORK/out" 2>"$WORK/err" </dev/null &
	TG_PID=$!
	wait_until 30 is_ready || fail "$TG_PROGRAM is not ready after 30 s"
	! is_gone "$TG_PID" || fail "$TG_PROGRAM ended at start"
}

# tg_start [LINE...] - tidegate, configured as by tg_config
tg_start()
{
	tg_config "$@"
	tg_run "$TG_BUILD/app/tidegate" -c "$WORK/config.yaml"
}

# What must be true of every run that was stopped: nothing held, every packet accounted for, the pool
# full again, unless the port is one that keeps buffers and says so.
tg_check_exit()
{
	local line=$1 pool

	[[ $line =~ ^exit:\ conns=0\ segments=0\ pool=([0-9]+)/([0-9]+)\ accounted=yes ]] ||
		fail "exit line: $line"
	pool=${BASH_REMATCH[1]}
	[ "$pool" = "${BASH_REMATCH[2]}" ] || [[ $line == *pool_exempt=net_af_xdp* ]] ||
		fail "mbufs lost: $line"
	[[ $line == *' tx_dropped='* ]] || fail "exit line: $line"
}

# tg_ended SECONDS - after a signal: waits for the end, and looks at how it came
tg_ended()
{
	local status=0

	wait_until "$1" is_gone "$TG_PID" || fail "$TG_PROGRAM does not end"
	wait "$TG_PID" || status=$?
	TG_PID=
	! grep -E 'Sanitizer|runtime error' "$WORK/err" || fail "a sanitizer has found something"
	expect "$TG_PROGRAM's exit status" "$status" 0
	tg_check_exit "$(tail -n 1 "$WORK/out")"
}

# tg_stop [SIGNAL]
tg_stop()
{
	! is_gone "$TG_PID" || fail "$TG_PROGRAM ended by itself"
	kill -"${1:-TERM}" "$TG_PID"
	tg_ended 20
}

# --- looking inside --------------------------------------------------------------------------------

tele()
{
	timeout -k 5 60 python3 "$TG_NET_DIR/telemetry.py" "$TG_NAME" "$@"
}

counter()
{
	tele counter "$@"
}

# changed PATTERN COMMAND, refused PATTERN COMMAND - what became of a telemetry command that changes
changed()
{
	tele change "$2" >"$WORK/change" || fail "$2: $(cat "$WORK/change")"
	grep -qE "^ok: $1" "$WORK/change" || fail "$2: $(cat "$WORK/change")"
}

refused()
{
	! tele change "$2" >"$WORK/change" || fail "$2: $(cat "$WORK/change")"
	grep -qE "^$1" "$WORK/change" || fail "$2: $(cat "$WORK/change")"
}

# listener ADDRESS:PORT KEY... - values of a listener, or nothing when there is none
listener()
{
	tele get /tidegate/listeners | python3 -c '
import json, sys
for row in json.load(sys.stdin)["listeners"].values():
    if row["local"] == sys.argv[1]:
        print(*(row[k] for k in sys.argv[2:]))' "$@"
}

# generation - how many changes were applied, and one
generation()
{
	tele info generation
}

# generation_is N
generation_is()
{
	[ "$(generation)" = "$1" ]
}

# logged PATTERN [SECONDS] - waits for a line of the log, on stdout or stderr
logged()
{
	wait_until "${2:-10}" grep -qhE "$1" "$WORK/out" "$WORK/err" || fail "no line in the log: $1"
}

# conn_value PEER KEY - of the one connection from that address:port
conn_value()
{
	tele conns "$1" | python3 -c '
import json, sys
rows = [json.loads(line) for line in sys.stdin]
if len(rows) != 1:
    sys.exit(f"{len(rows)} connections from {sys.argv[1]}")
print(rows[0][sys.argv[2]])' "$1" "$2"
}

# Whether tidegate holds no connection and no half-open entry (TIME_WAIT apart).
is_idle()
{
	[ "$(tele usage conns half_open segments)" = "0 0 0" ]
}

# at_scale N - N, or a tenth of it where every step takes ten times as long
at_scale()
{
	echo $(($1 / TG_SCALE))
}
