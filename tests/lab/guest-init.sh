#!/bin/busybox sh
# shellcheck shell=dash
# SPDX-License-Identifier: BSD-3-Clause
#
# The first process of the virtual machine. Makes the surroundings that any Linux has, then does what comes
# over the second serial line, a command a line; what it says goes back there, and "@@ STATUS" behind it.
# When the line ends, or on "poweroff -f", the machine is switched off.

/bin/busybox --install -s
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/shm /var
ln -s /run /var/run
mount -t tmpfs shm /dev/shm
ip link set lo up
ln -s /proc/self/fd /dev/fd
dmesg -n 1
# kmod's modprobe loads it after vfio, as that asks for by a soft dependency; busybox's knows none
modprobe vfio_iommu_type1

exec </dev/ttyS1 >/dev/ttyS1
stty -echo -icrnl -onlcr -opost intr undef quit undef susp undef
cd /lab || poweroff -f
echo '@@ up'
while read -r line; do
	# in the same shell: variables stay, as for somebody who types
	eval "$line" </dev/null 2>&1
	echo "@@ $?"
done
poweroff -f
