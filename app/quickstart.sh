#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# From nothing to a page served by tidegate, on a Debian 12 without NIC or hugepages, as root:
#
#     app/quickstart.sh          installs what is missing, builds, shows it working, cleans up
#     app/quickstart.sh --keep   leaves it running, with the commands to try
#     app/quickstart.sh --stop   ends what --keep left running
#
# Nothing outside build/, two network namespaces and /run is touched. The host's own network is not
# involved: client and tidegate are in a namespace each, joined by a veth pair.

set -euo pipefail

SELF=$(realpath "${BASH_SOURCE[0]}")
ROOT=$(dirname "$(dirname "$SELF")")
# shellcheck source-path=SCRIPTDIR source=deps.sh
. "$ROOT/app/deps.sh"

BUILD=$ROOT/build
KEPT=tgqs # the name of the instance that --keep leaves; any other is called tgqs and its process id
# Documentation addresses (RFC 5737, RFC 3849), used inside the namespaces only.
S4=192.0.2.1
C4=192.0.2.2
S6=2001:db8::1
C6=2001:db8::2

MODE=show
NAME=$KEPT$$
CHILD=
DAEMON=
DONE=no

usage()
{
	sed -n '4,8s/^# \{0,1\}//p' "$SELF"
}

step()
{
	printf '%-9s %s\n' "$1" "$2"
}

give_up()
{
	printf '\nquickstart: %s\n' "$*" >&2
	exit 1
}

# --- cleaning up -----------------------------------------------------------------------------------

# end_process PID - one that we started
end_process()
{
	local tries

	kill -TERM "$1" 2>/dev/null || return 0
	for ((tries = 0; tries < 50; tries++)); do
		kill -0 "$1" 2>/dev/null || return 0
		sleep 0.1
	done
	kill -KILL "$1" 2>/dev/null || true
}

# take_down NAME - ends every process in the instance's namespaces, politely first, and removes them.
# The namespaces are ours, so nobody else's process can be in there.
take_down()
{
	local ns pid tries

	for ns in "$1-gate" "$1-client"; do
		[ -e "/run/netns/$ns" ] || continue
		for pid in $(ip netns pids "$ns" 2>/dev/null); do
			kill -TERM "$pid" 2>/dev/null || true
		done
		for ((tries = 0; tries < 50; tries++)); do
			[ -n "$(ip netns pids "$ns" 2>/dev/null)" ] || break
			sleep 0.1
		done
		for pid in $(ip netns pids "$ns" 2>/dev/null); do
			kill -KILL "$pid" 2>/dev/null || true
		done
		ip netns del "$ns" 2>/dev/null || true
	done
	rm -rf "/run/dpdk/${1:?}" "/run/$1"
}

# At the end, at an error and at an interruption alike.
clean_up()
{
	local status=$?

	trap - EXIT
	trap '' INT TERM HUP
	set +e
	[ -z "$CHILD" ] || end_process "$CHILD"
	if [ "$MODE$DONE" != keepyes ]; then
		# by its id: it may not have reached its namespace yet
		[ -z "$DAEMON" ] || end_process "$DAEMON"
		take_down "$NAME"
	fi
	exit "$status"
}

is_kept()
{
	[ -e "/run/netns/$KEPT-gate" ] && [ -n "$(ip netns pids "$KEPT-gate" 2>/dev/null)" ]
}

# --- building up -----------------------------------------------------------------------------------

# quietly COMMAND... - its output is only shown when it fails. In the background, since bash acts on a
# signal only when a command in the foreground has ended.
quietly()
{
	local status=0

	"$@" >"$WORK/log" 2>&1 </dev/null &
	CHILD=$!
	wait "$CHILD" || status=$?
	CHILD=
	[ "$status" = 0 ] || tail -n 30 "$WORK/log" >&2
	return "$status"
}

build()
{
	local began=$SECONDS

	if [ ! -f "$BUILD/build.ninja" ]; then
		quietly meson setup "$BUILD" "$ROOT" -Dbuildtype=debugoptimized -Dtests=false ||
			give_up "meson does not like the machine, see above"
	fi
	quietly ninja -C "$BUILD" app/tidegate app/ctl/tidegatectl || give_up "the build failed, see above"
	step build "build/app/tidegate, build/app/ctl/tidegatectl ($((SECONDS - began)) s)"
}

network()
{
	local ns

	for ns in "$NAME-gate" "$NAME-client"; do
		ip netns add "$ns" || give_up "no network namespaces here"
		ip -n "$ns" link set lo up
		# a new namespace may inherit forwarding from the host
		ip netns exec "$ns" sysctl -q -w net.ipv4.ip_forward=0
	done
	ip link add tg0 netns "$NAME-gate" type veth peer name client0 netns "$NAME-client" ||
		give_up "no veth devices here"
	# A veth peer leaves checksums unfinished unless its tx offload is off.
	ip netns exec "$NAME-gate" ethtool -K tg0 tx off >/dev/null
	ip netns exec "$NAME-client" ethtool -K client0 tx off >/dev/null
	# The kernel on tidegate's side must not answer in its place: no address there, no IPv6 at all.
	ip netns exec "$NAME-gate" sysctl -q -w net.ipv6.conf.tg0.disable_ipv6=1
	ip -n "$NAME-gate" link set tg0 up
	ip -n "$NAME-client" link set client0 up
	ip -n "$NAME-client" addr add "$C4/24" dev client0
	ip -n "$NAME-client" addr add "$C6/64" dev client0 nodad
	step network "namespaces $NAME-client and $NAME-gate, joined by a veth pair"
}

is_ready()
{
	grep -q '^ready: ' "$WORK/out"
}

start()
{
	local tries

	cat >"$WORK/tidegate.yaml" <<-YAML
		# Written by app/quickstart.sh; config/tidegate.yaml explains every key.
		eal: ["--no-huge", "--no-pci", "--file-prefix=$NAME"]
		shards: 1
		idle_sleep: 50us
		drain: 1s
		mbufs: 16384
		engine: {max_conns: 4096, max_segments: 8192}
		ports:
		  - device: "net_af_packet0,iface=tg0,qpairs=1"
		    addresses: ["$S4/24", "$S6/64"]
		listeners:
		  - {address: "0.0.0.0", port: 80, service: http}
		  - {address: "::", port: 80, service: http}
		  - {address: "::", dual_stack: true, port: 7, service: echo}
		  - {address: "::", dual_stack: true, port: 9, service: discard}
	YAML
	# a session of its own: a ^C in this terminal is for this script, which then stops it
	setsid ip netns exec "$NAME-gate" "$BUILD/app/tidegate" -c "$WORK/tidegate.yaml" \
		>"$WORK/out" 2>"$WORK/err" </dev/null &
	DAEMON=$!
	for ((tries = 0; tries < 300; tries++)); do
		! is_ready || break
		kill -0 "$DAEMON" 2>/dev/null || break
		sleep 0.1
	done
	is_ready || { tail -n 20 "$WORK/err" >&2 && give_up "tidegate does not start, see above"; }
	step tidegate "on net_af_packet: works with any kernel, binds no driver, needs no hugepages,"
	step "" "and has as many queues as one likes. Faster ports: docs/ports.md"
}

# --- showing ---------------------------------------------------------------------------------------

# say COMMAND - as one would type it
say()
{
	printf '\n$ %s\n' "$*"
}

on_client()
{
	timeout -k 2 20 ip netns exec "$NAME-client" "$@"
}

show_pages()
{
	local url page

	for url in "http://$S4/" "http://[$S6]/"; do
		say "curl '$url'"
		page=$(on_client curl -sS -g --max-time 10 "$url") || give_up "no page; tidegate says:
$(tail -n 5 "$WORK/err")"
		head -n 6 <<<"$page"
	done
}

show_echo()
{
	local nc answer

	nc=$(command -v nc.openbsd || echo nc)
	say "echo 'is anybody there?' | nc -N $S4 7"
	answer=$(echo 'is anybody there?' | on_client "$nc" -N -w 10 "$S4" 7) || true
	echo "$answer"
	[ "$answer" = 'is anybody there?' ] || give_up "no echo"
}

# look COMMAND... - with tidegatectl, at what is inside
look()
{
	say "tidegatectl -f $NAME $*"
	timeout 10 "$BUILD/app/ctl/tidegatectl" -f "$NAME" "$@" || give_up "it does not answer"
}

show_inside()
{
	look ss -lnt
	look nstat -as
}

# The commands for an instance that goes on running.
show_commands()
{
	cat <<-TEXT

		tidegate is running. Try, in this order:
		  ip netns exec $NAME-client curl http://$S4/
		  ip netns exec $NAME-client curl 'http://[$S6]/'
		  ip netns exec $NAME-client nc $S4 7
		  ip netns exec $NAME-client ss -tin
		  $BUILD/app/ctl/tidegatectl -f $NAME top        and ss -nti, nstat, drops, diagnose
		Its configuration is /run/$NAME/tidegate.yaml, its output /run/$NAME/out.
		To stop it and take everything away:
		  $SELF --stop
	TEXT
}

show_next()
{
	cat <<-TEXT

		That was all; everything is taken away again. What next:
		  app/quickstart.sh --keep   the same, left running for you to play with
		  config/tidegate.yaml       every key of the configuration
		  docs/ports.md              net_af_xdp, net_tap
		  docs/tidegatectl.md        looking into it, changing it, finding what is wrong
		  docs/architecture.md       how it works inside
		  tests/run.sh               all tests
	TEXT
}

# --- the run ---------------------------------------------------------------------------------------

case "$#${1:-}" in
0) ;;
1--keep) MODE=keep NAME=$KEPT ;;
1--stop) MODE=stop ;;
1-h | 1--help) usage && exit ;;
*) usage >&2 && exit 2 ;;
esac
[ "$(id -u)" -eq 0 ] || give_up "run me as root: I make network namespaces"

if [ "$MODE" = stop ]; then
	if [ ! -e "/run/netns/$KEPT-gate" ] && [ ! -e "/run/$KEPT" ]; then
		echo "nothing to stop"
		exit
	fi
	take_down "$KEPT"
	echo "stopped, and everything taken away"
	exit
fi
if [ "$MODE" = keep ] && is_kept; then
	echo "It is running already."
	show_commands
	exit
fi
if is_kept; then
	echo "(The instance of an earlier --keep is running; this one does not touch it.)"
fi

WORK=/run/$NAME
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
take_down "$NAME" # what an instance that was killed may have left under this name
mkdir -p "$WORK"

deps_install "${DEPS_BUILD[@]}" "${DEPS_RUN[@]}" || give_up "packages are missing"
step packages "all there"
build
network
start
show_pages
show_echo
show_inside
DONE=yes
if [ "$MODE" = keep ]; then
	show_commands
else
	show_next
fi
