#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# Prepares a machine for a NIC of tidegate's own: hugepages, and the NIC's driver.
#
#     tidegate-bind show                           hugepages, IOMMU, and every NIC with its driver
#     tidegate-bind [-n] hugepages N               N hugepages of 2 MB, and the file system EAL finds them in
#     tidegate-bind [-n] bind [-d DRIVER] NIC...   to vfio-pci (or uio_pci_generic)
#     tidegate-bind [-n] unbind NIC...             back to the kernel's own driver
#
# NIC is a PCI address (0000:01:00.0) or the name of an interface (eth1). With -n nothing is done, only
# said. Refused are: an interface that carries a default route (yours, perhaps), a NIC whose driver DPDK
# works beside (mlx4, mlx5), and one that shares its IOMMU group with a device in use.
# Nothing here lasts over a restart of the machine; docs/lab-guide.md says what does.

set -eu

SYS=/sys/bus/pci/devices
DRY=no

usage()
{
	sed -n '4,14s/^# \{0,1\}//p' "$0"
}

die()
{
	echo "tidegate-bind: $*" >&2
	exit 1
}

# put VALUE FILE - says and does it
put()
{
	echo "+ echo $1 > $2"
	[ "$DRY" = yes ] || printf '%s\n' "$1" >"$2"
}

run()
{
	echo "+ $*"
	[ "$DRY" = yes ] || "$@"
}

# link_name FILE - the last part of what a symbolic link points to; "-" when there is none
link_name()
{
	if [ -e "$1" ]; then basename "$(readlink -f "$1")"; else echo -; fi
}

driver_of()
{
	link_name "$SYS/$1/driver"
}

interfaces_of()
{
	for i in "$SYS/$1"/net/* "$SYS/$1"/virtio*/net/*; do
		[ ! -e "$i" ] || basename "$i"
	done
}

# pci_of NIC - its PCI address in full
pci_of()
{
	dev=$1
	if [ -e "/sys/class/net/$1" ]; then
		# a virtio interface is one level below its PCI device
		dev=$(readlink -f "/sys/class/net/$1/device" | sed 's|/virtio[0-9]*$||')
		dev=${dev##*/}
	elif [ -e "$SYS/0000:$1" ]; then
		dev=0000:$1
	fi
	[ -e "$SYS/$dev" ] || die "$1: no such PCI device and no such interface; there are:
$(show_nics)"
	case $(cat "$SYS/$dev/class") in
	0x02*) ;;
	*) die "$dev is not a NIC (PCI class $(cat "$SYS/$dev/class"))" ;;
	esac
	echo "$dev"
}

# Interfaces with a default route, IPv4 and IPv6.
default_routes()
{
	[ ! -r /proc/net/route ] || awk '$2 == "00000000" && $8 == "00000000" { print $1 }' /proc/net/route
	[ ! -r /proc/net/ipv6_route ] || awk '$1 ~ /^0*$/ && $2 == "00" && $10 != "lo" { print $10 }' \
		/proc/net/ipv6_route
}

# carries_default IFACE - it, or a bridge, bond or VLAN above it
carries_default()
{
	for r in $(default_routes); do
		[ "$r" != "$1" ] || return 0
	done
	for u in /sys/class/net/"$1"/upper_*; do
		[ -e "$u" ] || continue
		! carries_default "${u##*/upper_}" || return 0
	done
	return 1
}

show_nics()
{
	printf '%-13s %-16s %-12s %-6s %-6s %s\n' NIC DRIVER INTERFACE LINK GROUP VENDOR:DEVICE
	for d in "$SYS"/*; do
		case $(cat "$d/class" 2>/dev/null) in
		0x02*) ;;
		*) continue ;;
		esac
		dev=${d##*/} link=-
		iface=$(interfaces_of "$dev" | head -n 1)
		[ -z "$iface" ] || link=$(cat "/sys/class/net/$iface/operstate")
		printf '%-13s %-16s %-12s %-6s %-6s %s:%s\n' "$dev" "$(driver_of "$dev")" "${iface:--}" "$link" \
			"$(link_name "$d/iommu_group")" "$(sed 's/^0x//' "$d/vendor")" "$(sed 's/^0x//' "$d/device")"
	done
}

show()
{
	for h in /sys/kernel/mm/hugepages/*; do
		[ ! -e "$h" ] || echo "hugepages  ${h##*-}: $(cat "$h/nr_hugepages"), $(cat "$h/free_hugepages") free"
	done
	m=$(awk '$3 == "hugetlbfs" { print $2 }' /proc/mounts | tr '\n' ' ')
	echo "hugetlbfs  ${m:-not mounted}"
	set -- /sys/kernel/iommu_groups/*
	if [ -e "$1" ]; then echo "IOMMU      on, $# groups"; else echo "IOMMU      off"; fi
	show_nics
}

hugepages()
{
	dir=/sys/kernel/mm/hugepages/hugepages-2048kB
	[ -d "$dir" ] || die "this kernel has no hugepages of 2 MB"
	put "$1" "$dir/nr_hugepages"
	if ! grep -q ' hugetlbfs ' /proc/mounts; then
		run mkdir -p /dev/hugepages
		run mount -t hugetlbfs nodev /dev/hugepages
	fi
	[ "$DRY" = yes ] || [ "$(cat "$dir/nr_hugepages")" -ge "$1" ] ||
		die "only $(cat "$dir/nr_hugepages") hugepages: memory is short or in pieces; reserve them at boot"
}

# Whether other devices of the group are in the kernel's hands: VFIO hands out whole groups.
group_check()
{
	[ -e "$SYS/$1/iommu_group" ] ||
		die "$1 has no IOMMU group: switch the IOMMU on (firmware, and intel_iommu=on on the kernel's
command line), or use bind -d uio_pci_generic, where the NIC can write to all memory"
	for g in "$SYS/$1"/iommu_group/devices/*; do
		other=${g##*/}
		[ "$other" != "$1" ] || continue
		case $(driver_of "$other") in
		- | vfio-pci | pcieport | pci-stub) ;;
		*) die "$other ($(driver_of "$other")) is in the same IOMMU group as $1: bind it to vfio-pci too, or
use another slot" ;;
		esac
	done
}

bind_nic()
{
	nic=$(pci_of "$1")
	case $(driver_of "$nic") in
	"$DRIVER")
		echo "$nic is bound to $DRIVER"
		return
		;;
	mlx4_core | mlx5_core)
		die "$nic stays with $(driver_of "$nic"): DPDK works beside it; name $nic in ports[].device as it is"
		;;
	esac
	for i in $(interfaces_of "$nic"); do
		! carries_default "$i" || die "$nic is $i, which carries a default route: not touched"
	done
	[ -e "/sys/bus/pci/drivers/$DRIVER" ] || run modprobe "$DRIVER"
	[ "$DRIVER" != vfio-pci ] || group_check "$nic"
	put "$DRIVER" "$SYS/$nic/driver_override"
	[ ! -e "$SYS/$nic/driver" ] || put "$nic" "$SYS/$nic/driver/unbind"
	put "$nic" /sys/bus/pci/drivers_probe
	[ "$DRY" = yes ] || [ "$(driver_of "$nic")" = "$DRIVER" ] ||
		die "$nic did not go to $DRIVER; dmesg may know why"
}

unbind_nic()
{
	nic=$(pci_of "$1")
	case $(driver_of "$nic") in
	vfio-pci | uio_pci_generic | igb_uio) ;;
	*) die "$nic is bound to $(driver_of "$nic"), not by this script" ;;
	esac
	put "" "$SYS/$nic/driver_override"
	put "$nic" "$SYS/$nic/driver/unbind"
	put "$nic" /sys/bus/pci/drivers_probe
	echo "$nic is bound to $(driver_of "$nic")"
}

if [ "${1:-}" = -n ]; then
	DRY=yes
	shift
fi
command=${1:-}
[ $# -eq 0 ] || shift
DRIVER=vfio-pci
if [ "$command" = bind ] && [ "${1:-}" = -d ]; then
	DRIVER=${2:?-d needs a driver}
	shift 2
fi
case $command:$# in
-h:0 | --help:0) usage ;;
show:0) show ;;
hugepages:1)
	case $1 in '' | *[!0-9]*) die "hugepages: $1 is no number" ;; esac
	hugepages "$1"
	;;
bind:[1-9] | unbind:[1-9])
	for n in "$@"; do
		"${command}_nic" "$n"
	done
	;;
*)
	usage >&2
	exit 2
	;;
esac
