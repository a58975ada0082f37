# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A virtual machine without KVM, in a network namespace of its own, whose NIC is a tap there: lab0, with the
# client's addresses. Sourced by qemu.sh; needs WORK, KERNEL and NAME.

NS=$NAME
# tidegate's; of documentation (RFC 5737), used inside the namespace only.
# shellcheck disable=SC2034 # by who sources this
S4=192.0.2.1
MAC=02:00:00:00:00:01
# QEMU ends after so long even if nobody is left to end it.
MACHINE_SECONDS=600
MACHINE=

# The namespace, with every process in it: nobody else's can be there.
net_down()
{
	local pid

	[ -e "/run/netns/$NS" ] || return 0
	for pid in $(ip netns pids "$NS" 2>/dev/null); do
		kill -KILL "$pid" 2>/dev/null || true
	done
	ip netns del "$NS" 2>/dev/null || true
}

machine_down()
{
	[ -z "$MACHINE" ] || end_process "$MACHINE"
	MACHINE=
	net_down
}

# cl COMMAND... - as the client
cl()
{
	timeout -k 5 "${CL_TIMEOUT:-60}" ip netns exec "$NS" "$@"
}

# guest_line - LINE becomes the next line from the machine; false when none has come within a second
PART=
guest_line()
{
	LINE=
	if IFS= read -r -t 1 LINE <&"$FROM_GUEST"; then
		LINE=$PART$LINE PART=
		return 0
	fi
	# what has come of a line so far is not lost
	PART+=$LINE
	return 1
}

# guest COMMAND - in the machine's shell; GUEST_TIMEOUT seconds at most. What it says goes to standard
# output and to $WORK/guest.log; its status is the command's, 125 when there is no answer
guest()
{
	local end=$((SECONDS + ${GUEST_TIMEOUT:-60}))

	printf '%s\n' "$1" >&"$TO_GUEST"
	echo "# $1" >>"$WORK/guest.log"
	while [ "$SECONDS" -le "$end" ]; do
		if ! guest_line; then
			! is_gone "$MACHINE" || break
			continue
		fi
		case $LINE in
		'@@ '*) return "${LINE#@@ }" ;;
		esac
		printf '%s\n' "$LINE" | tee -a "$WORK/guest.log"
	done
	echo "# no answer" >>"$WORK/guest.log"
	return 125
}

# monitor COMMAND - of QEMU
monitor()
{
	printf '%s\n' "$1" >&"$TO_MONITOR"
}

guest_is_up()
{
	guest_line && [ "$LINE" = '@@ up' ]
}

# machine_up CPUS IOMMU DEVICE [NETDEV-OPTION] - boots; true when its shell answers
machine_up()
{
	local -a iommu=()

	ip netns add "$NS"
	ip -n "$NS" link set lo up
	mkfifo "$WORK"/{ctl,mon}.{in,out}
	exec {TO_GUEST}<>"$WORK/ctl.in" {FROM_GUEST}<>"$WORK/ctl.out" {TO_MONITOR}<>"$WORK/mon.in"
	[ "$2" = no ] || iommu=(-device intel-iommu)
	timeout -k 5 "$MACHINE_SECONDS" ip netns exec "$NS" qemu-system-x86_64 \
		-M q35 -accel tcg,thread=multi -cpu max -smp "$1" -m 1024 \
		-nodefaults -display none -no-reboot "${iommu[@]}" \
		-kernel "$KERNEL/vmlinuz" -initrd "$WORK/initrd" \
		-append "console=ttyS0 quiet panic=-1 mitigations=off intel_iommu=on iommu=pt isolcpus=$(seq -s , $(($1 - 1)))" \
		-netdev "tap,id=net0,ifname=lab0,script=no,downscript=no${4:-}" \
		-device pcie-root-port,id=slot0,chassis=1 \
		-device "$3,netdev=net0,id=nic0,bus=slot0,mac=$MAC,romfile=" \
		-serial "file:$WORK/console" \
		-chardev "pipe,id=ctl,path=$WORK/ctl" -serial chardev:ctl \
		-chardev "pipe,id=mon,path=$WORK/mon" -mon chardev=mon \
		</dev/null >"$WORK/qemu.log" 2>&1 &
	MACHINE=$!
	wait_until 120 guest_is_up_or_gone && ! is_gone "$MACHINE"
}

guest_is_up_or_gone()
{
	guest_is_up || is_gone "$MACHINE"
}
