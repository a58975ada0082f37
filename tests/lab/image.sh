# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What the virtual machine boots: Debian's kernel, which is downloaded and unpacked but never installed, and
# an initramfs of busybox, the modules to bind a NIC with, and tidegate as it was built or packaged.
# Sourced by qemu.sh; needs WORK, LAB_DIR, LAB_ROOT, LAB_BUILD, LAB_DEBS and skip().

# Kernels are kept here between runs, 13 MB each.
LAB_CACHE=${TG_LAB_CACHE:-${XDG_CACHE_HOME:-${HOME:-/var}/.cache}/tidegate-lab}
LAB_FETCH=/nonexistent # where one is being unpacked
# From the kernel package: vfio-pci, uio_pci_generic and what they need, and one NIC driver of the kernel's,
# to take a NIC away from.
LAB_MODULES=(vfio vfio_iommu_type1 vfio-pci uio_pci_generic e1000e)
# EAL loads these by itself from its plug-in directory; the other 100 stay at home.
LAB_PMDS=(bus_pci bus_vdev mempool_ring net_e1000 net_virtio net_vmxnet3)

# kernel_package - the name of the package behind linux-image-amd64
kernel_package()
{
	apt-cache depends linux-image-amd64 2>/dev/null | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p'
}

# kernel_fetch PACKAGE DIR - downloads it, and leaves kernel and modules in DIR
kernel_fetch()
{
	local tmp version

	LAB_FETCH=$(mktemp -d "$LAB_CACHE/fetch.XXXXXX")
	tmp=$LAB_FETCH
	if ! (cd "$tmp" && timeout 300 apt-get -q -o APT::Sandbox::User=root download "$1") >"$WORK/apt" 2>&1 ||
		! dpkg-deb --fsys-tarfile "$tmp"/*.deb | tar -x -C "$tmp" --wildcards './boot/vmlinuz-*' \
			'./lib/modules/*/modules.*' './lib/modules/*/kernel/drivers/vfio/*' \
			'./lib/modules/*/kernel/drivers/uio/*' './lib/modules/*/kernel/virt/*' \
			'./lib/modules/*/kernel/drivers/net/ethernet/intel/e1000e/*' \
			'./lib/modules/*/kernel/drivers/p[tp]*/p[tp]*.ko'; then
		rm -rf "$tmp"
		return 1
	fi
	rm -f "$tmp"/*.deb
	version=$(basename "$tmp"/lib/modules/*)
	depmod -b "$tmp" "$version" && mv "$tmp/boot/vmlinuz-$version" "$tmp/vmlinuz" && rmdir "$tmp/boot" &&
		{ mv -T "$tmp" "$2" 2>/dev/null || rm -rf "$tmp"; }
}

# kernel_get - KERNEL becomes the directory with vmlinuz and lib/modules
kernel_get()
{
	local package

	mkdir -p "$LAB_CACHE"
	package=$(kernel_package)
	if [ -z "$package" ] && [ "$(id -u)" = 0 ]; then
		timeout 120 apt-get -q update >"$WORK/apt" 2>&1 || true
		package=$(kernel_package)
	fi
	# no network: any kernel of before will do
	KERNEL=$LAB_CACHE/${package:-none}
	if [ ! -e "$KERNEL/vmlinuz" ] && { [ -z "$package" ] || ! kernel_fetch "$package" "$KERNEL"; }; then
		KERNEL=$(dirname "$(find "$LAB_CACHE" -mindepth 2 -maxdepth 2 -name vmlinuz | sort -V | tail -n 1)")
	fi
	[ -e "$KERNEL/vmlinuz" ] ||
		skip "no kernel: apt-get download ${package:-linux-image-amd64} fails: $(tail -n 1 "$WORK/apt" 2>/dev/null)"
}

# copy_program PROGRAM TO - into the image, with the libraries it needs, each where it is here
copy_program()
{
	local lib

	[ "$1" -ef "$IMAGE$2" ] || install -D -m 755 "$1" "$IMAGE$2"
	while read -r lib; do
		[ -e "$IMAGE$lib" ] || install -D -m 755 "$lib" "$IMAGE$lib"
	done < <(ldd "$1" 2>/dev/null | grep -o '/[^ ]*')
}

# put_program NAME BUILT - from the packages, if there are some, else as it was built
put_program()
{
	local packaged=

	[ ${#LAB_DEBS[@]} -eq 0 ] || packaged=$(find "$IMAGE/usr/bin" -name "$1" -type f)
	[ ${#LAB_DEBS[@]} -eq 0 ] || [ -n "$packaged" ] || { echo "FAIL lab: no $1 in the packages" && exit 1; }
	copy_program "${packaged:-$LAB_BUILD/$2}" "/usr/bin/$1"
}

# DPDK as plug-ins: the links that EAL's directory is made of, and what they need
copy_pmds()
{
	local dir p so

	dir=$(find /usr/lib -type d -path '*/dpdk/pmds-*' | sort -V | tail -n 1)
	[ -n "$dir" ] || skip "no DPDK plug-ins in /usr/lib"
	for p in "${LAB_PMDS[@]}"; do
		so=$(echo "$dir/librte_$p.so".[0-9][0-9])
		so=/usr/lib/$(basename "${dir%/dpdk/*}")/$(basename "$so")
		copy_program "$so" "$so"
		# a link, as it is here: a library that is there twice is loaded twice
		mkdir -p "$IMAGE$dir" && ln -s "$so" "$IMAGE$dir/librte_$p.so"
	done
	# loaded by name when a thread is cancelled
	p=$(ldconfig -p | sed -n 's/.*libgcc_s\.so\.1 .*x86-64.*=> //p' | head -n 1)
	[ -z "$p" ] || install -D -m 755 "$p" "$IMAGE$p"
}

copy_modules()
{
	local version m file

	version=$(basename "$KERNEL"/lib/modules/*)
	while read -r file; do
		[ -e "$IMAGE/$file" ] || install -D -m 644 "$KERNEL/$file" "$IMAGE/$file"
	done < <(for m in "${LAB_MODULES[@]}"; do
		modprobe -d "$KERNEL" -S "$version" --show-depends "$m" 2>/dev/null |
			sed -n "s|^insmod $KERNEL/\([^ ]*\).*|\1|p"
	done)
	for file in "$KERNEL/lib/modules/$version"/modules.{builtin,order}*; do
		[ ! -e "$file" ] || cp "$file" "$IMAGE/lib/modules/$version/"
	done
	depmod -b "$IMAGE" "$version"
}

# image_make - $WORK/initrd, for all machines of this run
image_make()
{
	local p

	IMAGE=$WORK/image
	mkdir -p "$IMAGE"/{dev,proc,sys,run,tmp,etc,lab,usr/{bin,sbin,lib,lib64}}
	ln -s usr/{bin,sbin,lib,lib64} "$IMAGE/"
	echo 'tidegate:x:990:990::/:/bin/false' >"$IMAGE/etc/passwd"
	echo 'tidegate:x:990:' >"$IMAGE/etc/group"
	install -m 755 "$(command -v busybox)" "$IMAGE/bin/busybox"
	install -m 755 "$LAB_DIR/guest-init.sh" "$IMAGE/init"
	copy_modules
	copy_pmds
	for p in "${LAB_DEBS[@]}"; do
		# dpkg-deb -x would put a directory in the place of the link /lib
		dpkg-deb --fsys-tarfile "$p" | tar -x -C "$IMAGE" --keep-directory-symlink
	done
	put_program tidegate app/tidegate
	put_program tidegatectl app/ctl/tidegatectl
	copy_program "$LAB_BUILD/tests/lab/ask" /usr/bin/ask
	install -m 755 "$LAB_ROOT/config/tidegate-bind.sh" "$IMAGE/usr/bin/tidegate-bind.sh"
	# as in the source tree, where the guide's commands are typed
	mkdir -p "$IMAGE/lab/config" "$IMAGE/lab/build/app"
	ln -s /usr/bin/tidegate-bind.sh "$IMAGE/lab/config/"
	ln -s /usr/bin/tidegate "$IMAGE/lab/build/app/"
	cp "$WORK"/guide/* "$IMAGE/lab/"
	(cd "$IMAGE" && find . | cpio -o -H newc -R 0:0 --quiet | gzip -1) >"$WORK/initrd"
}
