# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What is tried with each NIC, in order. Sourced by qemu.sh. The commands of docs/lab-guide.md are files, in the
# machine's /lab (guest-NAME.sh) and in $WORK/guide (client-NAME.sh).

SOCKET=/var/run/dpdk/tidegate/dpdk_telemetry.v2

# guide NAME - these commands of the guide, in the machine; what they say is in $WORK/said
guide()
{
	CURRENT="the guide's \"$1\""
	touch "$WORK/ran-guest-$1.sh"
	guest "sh -ex guest-$1.sh" >"$WORK/said" || fail "$CURRENT: $(tail -n 1 "$WORK/said")"
}

# guide_client NAME - these, as the client
guide_client()
{
	CURRENT="the guide's \"$1\" on the client"
	touch "$WORK/ran-client-$1.sh"
	cl bash -ex "$WORK/guide/client-$1.sh" >"$WORK/said" 2>&1 || fail "$CURRENT: $(tail -n 2 "$WORK/said")"
}

# says PATTERN WHAT - so the last commands
says()
{
	grep -qE "$1" "$WORK/said" || fail "$2: $(tail -n 5 "$WORK/said")"
}

# counter NAME [SHARD] - of tidegate in the machine, while it runs
counter()
{
	guest "ask $SOCKET /tidegate/counters${2:+,$2}" | python3 -c '
import json, sys
print(json.loads(sys.stdin.read())["/tidegate/counters"][sys.argv[1]])' "$1"
}

# at_least NAME N - whether the counter is there
at_least()
{
	[ "$(counter "$1")" -ge "$2" ]
}

driver_is()
{
	guest "tidegate-bind.sh show" >"$WORK/nics"
	grep -q "^$PCI *$1 " "$WORK/nics"
}

step_boot()
{
	CURRENT=boots
	# the machine's first CPU does the rest, the others poll
	machine_up $((SHARDS + 1)) "$IOMMU" "$DEVICE" "$NETDEV" || fail "does not boot"
	ok "boots Linux $(guest 'uname -r') after $SECONDS s"
}

# The kernel's driver has the NIC, with a default route over it.
step_refuse()
{
	local c

	CURRENT="the kernel's driver"
	for c in 'modprobe e1000e' 'ip link set eth0 up' 'ip addr add 198.51.100.1/24 dev eth0' \
		'ip route add default via 198.51.100.2'; do
		guest "$c" >"$WORK/said" || fail "$CURRENT: $c: $(cat "$WORK/said")"
	done
	driver_is e1000e || fail "$CURRENT does not take it"
	! guest "config/tidegate-bind.sh bind eth0" >"$WORK/said" || fail "takes away a default route"
	says 'eth0, which carries a default route' "does not say why it refuses"
	driver_is e1000e || fail "refuses, and takes it away all the same"
	ok "is refused while it carries a default route"
	! guest "build/app/tidegate -c lab.yaml" >"$WORK/said" || fail "starts on a NIC that is not bound"
	says 'lab.yaml:[0-9]+: ports\[0\].device: .*bound to e1000e.*vfio-pci' "unbound, and does not say so"
	ok "not bound: the error names its driver"
	guest 'ip route del default && ip addr del 198.51.100.1/24 dev eth0' >/dev/null
}

step_bind()
{
	guide hugepages
	says 'HugePages_Total: +256' "no hugepages"
	[ "$NIC" != e1000e ] || step_refuse
	guide look
	guide numa
	if [ "$DRIVER" = vfio-pci ]; then
		guide iommu
		guide bind
		says '^\+ echo vfio-pci > .*/driver_override' "-n says nothing"
	else
		CURRENT="bind without an IOMMU"
		! guest "config/tidegate-bind.sh bind $PCI" >"$WORK/said" || fail "vfio-pci without an IOMMU"
		says 'no IOMMU group' "does not say that there is no IOMMU"
		guest "config/tidegate-bind.sh bind -d $DRIVER $PCI" >"$WORK/said" || fail "$(cat "$WORK/said")"
	fi
	driver_is "$DRIVER" || fail "is not bound to $DRIVER"
	ok "binds to $DRIVER"
}

# guest_until SECONDS CONDITION - polls in the machine
guest_until()
{
	guest "i=0; until $2; do i=\$((i + 1)); [ \$i -lt $(($1 * 10)) ] || break; sleep 0.1; done; $2" >/dev/null
}

# It gives up what it was started with; a system call that a NIC's driver needs and the filter refuses ends it.
confine()
{
	guest "printf 'process:\\n    user: tidegate\\n    seccomp: kill\\n' >>lab.yaml" >/dev/null
}

is_confined()
{
	guest "cat /proc/\$(pidof tidegate)/status" >"$WORK/said"
	says '^Uid:.990.990.990.990' "is not user tidegate"
	says '^CapEff:.0*$' "has capabilities"
	says '^Seccomp:.2' "has no filter for system calls"
}

step_start()
{
	guide cores
	# Here the same CPUs emulate the NIC; the log tells what the port can do; a flood is not to be long.
	guest "sed -i -e 's/^shards: 1/shards: $SHARDS/; s/^cpus: .*/cpus: [$(seq -s ', ' "$SHARDS")]/' \
-e '1i idle_sleep: 50us' -e 's/^eal: .*/eal: [\"--file-prefix=tidegate\", \"--log-level=lib.tidegate:info\"]/' \
-e 's/service: http/&, syn_backlog: $SYN_BACKLOG/' lab.yaml" >/dev/null
	# the address may be written without its domain
	[ "$NIC" != e1000 ] || guest "sed -i 's/0000:01:00.0/01:00.0/' lab.yaml" >/dev/null
	confine
	guide check
	touch "$WORK/ran-guest-start.sh"
	CURRENT="the guide's \"start\""
	guest '{ sh guest-start.sh; echo $? >status; } >out 2>&1 &' >/dev/null
	guest_until 50 'grep -q "^ready: " out || [ -e status ]' || true
	guest '[ ! -e status ]' || fail "tidegate does not start"
	guest 'grep -o "port 0: net_.*, mac .*" out' >"$WORK/said" || fail "no line about the port"
	guest 'cat out' >"$WORK/daemon"
	if [ "$NIC" = virtio ]; then
		says 'rss yes' "$SHARDS shards, but no RSS"
		! grep -E '^warning: port 0 (has|hashes|gives)' "$WORK/daemon" || fail "a warning about RSS"
	elif [ "$NIC" = virtio-plain ]; then
		# the host keeps a flow on the queue it was answered from; nothing says so but the host's habits
		grep -q "RSS: net_virtio offers none; spread by the host" "$WORK/daemon" || fail "no word of RSS"
		ok "two shards without RSS: the report at start says what spreads connections"
	fi
	sed 's/port 0: //; s/mac [0-9a-f:]*, //' "$WORK/said" >"$WORK/port"
	is_confined
	ok "runs as user tidegate, without capabilities, with a filter for system calls"
	ok "starts, $(cat "$WORK/port")"
}

step_talk()
{
	guide_client address
	guide_client talk
	[ "$(grep -c '^to and fro$' "$WORK/said")" = 2 ] || fail "echo: $(cat "$WORK/said")"
	[ "$(grep -ci '</html>' "$WORK/said")" = 2 ] || fail "http: $(cat "$WORK/said")"
	[ "$(counter PassiveOpens)" -ge 4 ] || fail "connections: $(counter PassiveOpens)"
	[ "$(counter drop_tcp_csum) $(counter drop_ip_csum)" = "0 0" ] || fail "good checksums were found bad"
	ok "answers ping, http and echo over IPv4 and IPv6"
	CURRENT="1 MB both ways"
	cl python3 "$LAB_ROOT/tests/net/client.py" echo "$S4" 7 1000000 >"$WORK/said" 2>&1 ||
		fail "$CURRENT: $(cat "$WORK/said")"
	ok "$(cat "$WORK/said")"
}

# What an operator asks.
step_inside()
{
	CURRENT="tidegatectl"
	touch "$WORK/ran-ctl-inside.sh"
	guest "sh -ex ctl-inside.sh" >"$WORK/said" || fail "$CURRENT: $(tail -n 5 "$WORK/said")"
	ok "tidegatectl looks inside, and diagnose finds nothing wrong"
}

# fetches N - how many of N pages, 15 s each, came
fetches()
{
	seq "$1" | CL_TIMEOUT=120 cl xargs -P 4 -I{} curl -sS --max-time 15 -o /dev/null \
		-H 'Connection: close' -w '%{http_code}\n' "http://$S4/?n={}" 2>>"$WORK/curl-errors" |
		grep -c '^200$' || true
}

# RSS spreads connections over both queues, and a connection stays where it is.
step_shards()
{
	local n resets s each=()

	CURRENT="shards"
	resets=$(counter OutRsts)
	n=$(fetches 64)
	[ "$n" = 64 ] || fail "$n of 64 fetches with $SHARDS shards"
	for ((s = 0; s < SHARDS; s++)); do
		each+=("$(counter PassiveOpens "$s")")
		[ "${each[s]}" -ge 8 ] || fail "connections of each shard: ${each[*]}"
	done
	[ "$(counter OutRsts)" = "$resets" ] || fail "packets came to another shard than their connection"
	ok "RSS gives each shard connections: ${each[*]}"
}

# Behind a tag the checksum offload has other offsets, and the NIC may have a filter for tags.
step_vlan()
{
	local shim

	CURRENT="VLAN"
	ip netns exec "$NS" timeout 120 python3 "$LAB_ROOT/tests/net/vlan_shim.py" tag0 lab0 5 >"$WORK/shim" 2>&1 &
	shim=$!
	wait_until 10 grep -q ready "$WORK/shim" || fail "$CURRENT: no shim: $(cat "$WORK/shim")"
	ip -n "$NS" link set tag0 mtu 1496 up
	ip -n "$NS" addr add 192.0.2.3/32 dev tag0
	ip -n "$NS" route add "$S4/32" dev tag0 src 192.0.2.3
	cl ping -q -c 1 -w 10 "$S4" >"$WORK/said" || fail "$CURRENT: $(tail -n 2 "$WORK/said")"
	# The shim would hand on unfinished checksums as they are.
	[ "$NIC" = virtio ] || is_fetched || fail "$CURRENT: no page behind a tag"
	ip -n "$NS" route del "$S4/32" dev tag0
	end_process "$shim"
	ok "answers behind a VLAN tag"
}

# echoed TEXT - whether it came back
echoed()
{
	grep -q "^$1\$" "$WORK/echoed"
}

is_fetched()
{
	cl curl -sS --max-time 2 -o /dev/null "http://$S4/" 2>>"$WORK/curl-errors"
}

# A cable that is pulled out and put in again, while a connection lives.
step_link()
{
	local talk nc

	CURRENT="link down and up"
	mkfifo "$WORK/talk"
	: >"$WORK/echoed"
	ip netns exec "$NS" timeout 120 nc "$S4" 7 <"$WORK/talk" >"$WORK/echoed" 2>>"$WORK/curl-errors" &
	nc=$!
	exec {talk}>"$WORK/talk"
	echo before >&"$talk"
	wait_until 20 echoed before || fail "no echo before"
	monitor 'set_link nic0 off'
	wait_until 20 not is_fetched || fail "the link is off, and pages come"
	echo meanwhile >&"$talk"
	! is_fetched || fail "the link is off, and pages come"
	! echoed meanwhile || fail "the link is off, and an echo comes"
	monitor 'set_link nic0 on'
	wait_until 30 is_fetched || fail "no page when the link is up again"
	wait_until 60 echoed meanwhile || fail "the connection has not survived"
	echo after >&"$talk"
	wait_until 20 echoed after || fail "the connection is dead after a while"
	exec {talk}>&-
	end_process "$nc"
	rm "$WORK/talk"
	ok "a connection outlives link down and up"
}

not()
{
	! "$@"
}

step_flood()
{
	local n seen sent

	CURRENT="flood"
	ip netns exec "$NS" timeout 180 "$LAB_BUILD/tests/net/synflood" lab0 "$MAC" "$S4" 80 "$FLOOD_RATE" \
		"$FLOOD_SECONDS" >"$WORK/flood" 2>&1 &
	FLOOD=$!
	wait_until 40 at_least SyncookiesSent 1 || fail "no cookies: $(counter received) packets received"
	n=$(fetches "$FETCHES")
	! is_gone "$FLOOD" || fail "the flood ended before the fetches did"
	wait_until 20 at_least SyncookiesSent "$FLOOD_LEAST" || fail "the flood dried up"
	end_process "$FLOOD"
	FLOOD=
	sent=$(counter SyncookiesSent) seen=$(counter SyncookiesRecv)
	[ "$n" = "$FETCHES" ] || fail "$n of $FETCHES honest fetches in a flood"
	[ "$seen" -ge 1 ] || fail "no connection came by a cookie"
	ok "$n of $FETCHES honest fetches in a flood that had $sent SYN cookies sent, $seen came back"
}

step_stop()
{
	guide stop
	CURRENT="ends"
	guest_until 40 '[ -e status ]' || fail "does not end"
	guest 'cat status; tail -n 1 out' >"$WORK/said"
	says '^0$' "exit status"
	says '^exit: conns=0 segments=0 pool=([0-9]+)/\1 accounted=yes' "exit line"
	ok "$(tail -n 1 "$WORK/said")"
}

step_unbind()
{
	guide unbind
	if [ "$NIC" = e1000e ]; then
		driver_is e1000e || fail "the kernel's driver does not have it back"
		guest 'ip link show eth0' >"$WORK/said" || fail "its interface is not there again"
		ok "goes back to the kernel's driver"
	else
		driver_is - || fail "is still bound"
		ok "is unbound"
	fi
}

# Whether each command of the guide was run.
step_guide()
{
	local f

	CURRENT=
	for f in "$WORK"/guide/*.sh; do
		[ -e "$WORK/ran-$(basename "$f")" ] || fail "the guide's $(basename "$f" .sh) was not run"
	done
	! grep -nE '^```(sh|yaml)?$' "$LAB_ROOT/docs/lab-guide.md" | grep -E '`(sh|yaml)$' ||
		fail "commands in docs/lab-guide.md that nobody runs"
	ok "every command of docs/lab-guide.md was run"
}
