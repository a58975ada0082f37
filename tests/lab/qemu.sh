#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# tidegate on a really bound NIC, without one: boots Debian's kernel under QEMU's emulation, does there what
# docs/lab-guide.md says, and is its client, from a network namespace over a tap.
#
#     tests/lab/qemu.sh [--build DIR] [--logs DIR] [--deb FILE] [NIC...]     default: e1000e
#     tests/lab/qemu.sh --list                                              the NICs
#
# --deb takes the daemon from a Debian package (given for each package), not from the build directory. Prints "ok NAME", "FAIL NAME"
# with the tails of the logs, or "skip NAME: why", a line for each thing tested; exit status 0 when none
# failed. Needs root for the namespace; no KVM, no hugepages, and apt installs nothing (the kernel package is
# only unpacked, into ~/.cache/tidegate-lab or $TG_LAB_CACHE).

set -euo pipefail

LAB_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
LAB_ROOT=$(cd "$LAB_DIR/../.." && pwd)
LAB_BUILD=$LAB_ROOT/build
LAB_DEBS=()
LOGS=
NAME=tglab$$
# The longest a NIC may take; 40 s is usual on two free CPUs.
NIC_SECONDS=300
NICS=(e1000e virtio virtio-plain vmxnet3 e1000)
PCI=0000:01:00.0
# A flood that an emulated NIC can carry on a busy machine too (an idle one takes 40,000 a second), against a SYN
# queue it fills at once, and honest fetches meanwhile. So much of it must be answered that there was one.
FLOOD_RATE=1500
FLOOD_SECONDS=150
FLOOD_LEAST=3000
SYN_BACKLOG=256
FETCHES=20

# shellcheck source=tests/support/process.sh
. "$LAB_ROOT/tests/support/process.sh"
# shellcheck source=tests/lab/machine.sh
. "$LAB_DIR/machine.sh"
# shellcheck source=tests/lab/image.sh
. "$LAB_DIR/image.sh"
# shellcheck source=tests/lab/steps.sh
. "$LAB_DIR/steps.sh"

# --- what differs from NIC to NIC --------------------------------------------------------------------

# Sets DEVICE (QEMU's), NETDEV (options of the tap), SHARDS, DRIVER and IOMMU. With vnet_hdr=off frames have
# finished checksums in both directions, as on a wire, and the client's kernel looks at them.

nic_e1000e()
{
	DEVICE=e1000e NETDEV=,vnet_hdr=off SHARDS=1 DRIVER=vfio-pci IOMMU=yes
}

# Two queues, and RSS decides which: two shards. Checksums are left to a wire that never comes, both ways.
nic_virtio()
{
	DEVICE=virtio-net-pci,mq=on,rss=on,vectors=6,iommu_platform=on,disable-legacy=on
	NETDEV=,queues=2 SHARDS=2 DRIVER=vfio-pci IOMMU=yes
}

# Without RSS and without any offload.
nic_virtio-plain()
{
	DEVICE=virtio-net-pci,mq=on,vectors=6,iommu_platform=on,disable-legacy=on
	NETDEV=,queues=2,vnet_hdr=off SHARDS=2 DRIVER=vfio-pci IOMMU=yes
}

nic_vmxnet3()
{
	DEVICE=vmxnet3 NETDEV=,vnet_hdr=off SHARDS=1 DRIVER=vfio-pci IOMMU=yes
}

# A machine without IOMMU.
nic_e1000()
{
	DEVICE=e1000 NETDEV=,vnet_hdr=off SHARDS=1 DRIVER=uio_pci_generic IOMMU=no
}

# --- one NIC -----------------------------------------------------------------------------------------

CURRENT=

ok()
{
	echo "ok   $NIC: $*"
}

# fail WHAT - what was tried last has failed
fail()
{
	echo "FAIL $NIC: $*"
	CURRENT=
	exit 1
}

# skip WHY - nothing of this can be tried here
skip()
{
	echo "skip lab: $*"
	exit 0
}

show_logs()
{
	local f

	for f in guest.log daemon console qemu.log; do
		[ -s "$WORK/$f" ] || continue
		echo "     | --- $f (tail)"
		tail -n 40 "$WORK/$f" | tr -d '\r' | sed 's/^/     | /'
	done
}

nic_clean_up()
{
	local status=$?

	trap - EXIT
	trap '' INT TERM HUP
	set +e
	[ -z "${FLOOD:-}" ] || end_process "$FLOOD"
	if [ "$status" != 0 ] && [ "$status" != 130 ] && [ "$status" != 143 ]; then
		# a command that failed by itself
		[ -z "$CURRENT" ] || echo "FAIL $NIC: $CURRENT (status $status)"
		GUEST_TIMEOUT=5
		is_gone "${MACHINE:-0}" || guest 'cat out' >"$WORK/daemon" 2>&1
		show_logs
	fi
	machine_down
	[ -z "$LOGS" ] || { mkdir -p "$LOGS/$NIC" && cp "$WORK"/{guest.log,console,qemu.log} "$LOGS/$NIC/" 2>/dev/null; }
	exit "$status"
}

# one_nic NIC - in a process of its own
one_nic()
{
	NIC=$1
	trap nic_clean_up EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	"nic_$NIC"
	step_boot
	step_bind
	step_start
	step_talk
	step_inside
	[ "$NIC" != virtio ] || step_shards
	step_vlan
	step_link
	step_flood
	step_stop
	step_unbind
	[ "$NIC" != e1000e ] || step_guide
}

# --- the run -----------------------------------------------------------------------------------------

# The blocks of the guide, each a file: "```sh guest NAME", "```sh client NAME" and "```sh ctl NAME" are
# commands, "```yaml guest FILE" is a file
guide_extract()
{
	mkdir -p "$WORK/guide"
	awk -v dir="$WORK/guide/" '
		/^```/ && to != "" { close(to); to = ""; next }
		/^```sh (guest|client|ctl) / { to = dir $2 "-" $3 ".sh"; next }
		/^```yaml guest / { to = dir $3; next }
		to != "" { print > to }' "$LAB_ROOT/docs/lab-guide.md"
}

run_clean_up()
{
	trap - EXIT
	trap '' INT TERM HUP
	[ -z "${CHILD:-}" ] || kill -TERM "$CHILD" 2>/dev/null
	# what the inner run waits for would keep it from acting on the signal
	net_down
	[ -z "${CHILD:-}" ] || end_process "$CHILD"
	net_down
	rm -rf "$WORK" "$LAB_FETCH"
}

# What is needed, and what of it is not there.
look_around()
{
	local p

	[ "$(id -u)" = 0 ] || skip "not root"
	[ "$(uname -m)" = x86_64 ] || skip "only x86-64 is emulated"
	for p in qemu-system-x86_64 busybox cpio modprobe depmod dpkg-deb apt-get ip ethtool curl nc python3; do
		command -v "$p" >/dev/null || skip "no $p here"
	done
	! ldd "$(command -v busybox)" >/dev/null 2>&1 || skip "busybox is not static"
	unshare -n true 2>"$WORK/netns" || skip "no network namespaces here: $(head -n 1 "$WORK/netns")"
	{ : <>/dev/net/tun; } 2>/dev/null || skip "no /dev/net/tun here, or it cannot be opened"
	for p in app/tidegate app/ctl/tidegatectl tests/lab/ask tests/net/synflood; do
		[ -x "$LAB_BUILD/$p" ] || { echo "FAIL lab: $LAB_BUILD/$p is not built" && exit 1; }
	done
}

main()
{
	local failed=0 nic status

	WORK=$(mktemp -d)
	trap run_clean_up EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	look_around
	kernel_get
	guide_extract
	image_make
	for nic in "$@"; do
		status=0
		timeout -k 20 "$NIC_SECONDS" bash "$LAB_DIR/qemu.sh" --build "$LAB_BUILD" --logs "$LOGS" \
			--one "$nic" "$WORK" "$NAME" "$KERNEL" </dev/null &
		CHILD=$!
		wait "$CHILD" || status=$?
		CHILD=
		[ "$status" != 124 ] || echo "FAIL $nic: took more than $NIC_SECONDS s"
		[ "$status" = 0 ] || failed=1
		net_down
	done
	return "$failed"
}

while [ $# -gt 0 ]; do
	case $1 in
	--build) LAB_BUILD=$(realpath "$2") && shift ;;
	--logs) LOGS=$2 && shift ;;
	--deb) LAB_DEBS+=("$(realpath "$2")") && shift ;;
	--list) printf '%s\n' "${NICS[@]}" && exit ;;
	--one)
		# the inner run, of one machine
		WORK=$3/$2 NAME=$4 NS=$4 KERNEL=$5
		mkdir -p "$WORK"
		ln -s "$3/initrd" "$3/guide" "$WORK/"
		one_nic "$2"
		exit
		;;
	-h | --help) sed -n '4,14s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" && exit ;;
	-*) sed -n '4,14s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2 && exit 2 ;;
	*) break ;;
	esac
	shift
done
[ $# -gt 0 ] || set -- e1000e
for n in "$@"; do
	[[ " ${NICS[*]} " == *" $n "* ]] || { echo "no NIC $n; there are: ${NICS[*]}" >&2 && exit 2; }
done
main "$@"
