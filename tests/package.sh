#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Builds the Debian packages and installs them into a copy of this machine, which is thrown away: an
# overlay over /, in a mount namespace of its own. There the daemon is started as the unit would, a
# program is linked with the library, and the packages are purged again; nothing may be left.
#
#     tests/package.sh [DIR]     builds them into DIR, or uses those that are there
#
# tests/lab/qemu.sh --deb starts their daemon in a virtual machine.
# Prints "ok NAME", "FAIL NAME" or "skip NAME: why". Exit status 0 when none failed.
#
# shellcheck disable=SC2317 # functions are called by way of one()
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
dir=$(mktemp -d "${TMPDIR:-/tmp}/tidegate-package.XXXXXX")
failed=0

# --- inside the copy: everything below runs in the mount namespace ---------------------------------

inside()
{
	chroot "$dir/root" "$@"
}

installs()
{
	# shellcheck disable=SC2016 # the shell inside expands this
	inside sh -c 'dpkg -i $(ls /tmp/*.deb)'
	inside id tidegate
	[ ! -e "$dir/root/etc/systemd/system/multi-user.target.wants/tidegate.service" ]
	[ -e "$dir/root/lib/systemd/system/tidegate.service" ]
}

# The configuration as it comes is good, for a machine that has its interface.
checks()
{
	inside tidegate --check -c /etc/tidegate/tidegate.yaml | tee "$dir/check"
	grep -q '^/etc/tidegate/tidegate.yaml: ok$' "$dir/check"
	! grep -q 'process.user' "$dir/check" || return 1
}

is_ready()
{
	grep -q '^ready: ' "$dir/out" || ! kill -0 "$1" 2>/dev/null
}

starts()
{
	local pid status=0 i

	# a port that every machine has
	sed -i 's/device: .*/device: "net_null0"/' "$dir/root/etc/tidegate/tidegate.yaml"
	: >"$dir/out"
	# not by way of a function, which would be a process of its own
	chroot "$dir/root" tidegate -c /etc/tidegate/tidegate.yaml >"$dir/out" 2>&1 &
	pid=$!
	for ((i = 0; i < 600; i++)); do
		! is_ready "$pid" || break
		sleep 0.05
	done
	if ! grep -q '^ready: ' "$dir/out"; then
		cat "$dir/out"
		kill -KILL "$pid" || true
		return 1
	fi
	grep -E '^(Uid|CapPrm|Seccomp):' "/proc/$pid/status" | tee "$dir/status"
	kill -TERM "$pid"
	wait "$pid" || status=$?
	cat "$dir/out"
	grep -q "^Uid:[[:blank:]]*$(inside id -u tidegate)[[:blank:]]" "$dir/status"
	grep -q '^CapPrm:[[:blank:]]*0000000000000000$' "$dir/status"
	grep -q '^Seccomp:[[:blank:]]*2$' "$dir/status"
	[ "$status" = 0 ]
}

links()
{
	mkdir -p "$dir/root/tmp/embed"
	cp "$top/tests/embed/embed.c" "$dir/root/tmp/embed"
	# shellcheck disable=SC2016 # the shell inside expands this
	inside sh -c 'cd /tmp/embed && gcc $(pkg-config --cflags tidegate) -o embed embed.c $(pkg-config --libs tidegate)'
	inside /tmp/embed/embed --no-huge -m 64 --no-pci --no-shconf --no-telemetry --lcores=0@0
}

# What changed is what lies in the overlay's upper layer.
purges()
{
	inside dpkg -P tidegate libtidegate-dev libtidegate0
	rm -rf "$dir/over/upper/tmp" "$dir/over/upper/root" "$dir/over/upper/var/lib/dpkg" "$dir/over/upper/var/log"
	find "$dir/over/upper" -iname '*tidegate*' | tee "$dir/left"
	[ ! -s "$dir/left" ]
	! grep -s '^tidegate:' "$dir/root/etc/passwd" "$dir/root/etc/group" "$dir/root/etc/shadow" || return 1
}

# one NAME COMMAND... - in the background, since bash ignores -e in what an `if` looks at
one()
{
	("${@:2}") >"$dir/log" 2>&1 &
	if wait "$!"; then
		echo "ok   $1"
	else
		echo "FAIL $1"
		tail -n 30 "$dir/log" | sed 's/^/     | /'
		failed=1
	fi
}

in_the_copy()
{
	local m

	mkdir -p "$dir/over" "$dir/root"
	# not on the file system of a container: an overlay may not lie on an overlay
	mount -t tmpfs tmpfs "$dir/over"
	mkdir "$dir/over/upper" "$dir/over/work"
	if ! mount -t overlay overlay -o "lowerdir=/,upperdir=$dir/over/upper,workdir=$dir/over/work" \
		"$dir/root" 2>"$dir/log"; then
		echo "skip install: no overlay here: $(head -n 1 "$dir/log")"
		return
	fi
	for m in proc sys dev; do
		mount --rbind "/$m" "$dir/root/$m"
	done
	mount -t tmpfs tmpfs "$dir/root/tmp"
	mount -t tmpfs tmpfs "$dir/root/run"
	find "$dir/debs" -name '*.deb' ! -name '*dbgsym*' -exec cp -t "$dir/root/tmp" {} +
	export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
	one "install" installs
	one "the configuration that comes with it is good" checks
	one "starts, becomes its user and ends" starts
	one "a program links with the library" links
	one "purge leaves nothing" purges
}

# --- outside ---------------------------------------------------------------------------------------

if [ "${1:-}" = --in-the-copy ]; then
	rmdir "$dir"
	dir=$2
	in_the_copy
	exit "$failed"
fi
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM

if ! command -v dpkg-buildpackage >/dev/null || ! command -v dh >/dev/null; then
	echo "skip packages: debhelper is not installed"
	exit 0
fi
mkdir "$dir/debs"
if [ $# -gt 0 ] && compgen -G "$1/*.changes" >/dev/null; then
	cp "$1"/*.deb "$1"/*.changes "$1"/*.buildinfo "$dir/debs"
else
	one "build" "$top/config/mkdeb.sh" "$dir/debs"
	[ "$failed" = 0 ] || exit 1
	[ $# -eq 0 ] || { mkdir -p "$1" && cp "$dir/debs"/* "$1"; }
fi
if command -v lintian >/dev/null; then
	one "lintian finds no error and no warning" lintian --allow-root --fail-on error,warning "$dir"/debs/*.changes
fi
if [ "$(id -u)" -ne 0 ]; then
	echo "skip install: not root"
elif ! unshare -m true 2>/dev/null; then
	echo "skip install: no mount namespaces here"
else
	unshare -m --propagation private "${BASH_SOURCE[0]}" --in-the-copy "$dir" || failed=1
fi
exit "$failed"
