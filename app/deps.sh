# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The Debian packages tidegate needs, in one place: sourced by app/quickstart.sh and tests/run.sh.
# Names are those of Debian 12 (bookworm).

# To build the library and the daemon. libdpdk-dev brings every PMD along.
# (Read by whoever sources this file.)
# shellcheck disable=SC2034
DEPS_BUILD=(gcc libc6-dev meson ninja-build pkg-config libdpdk-dev libcyaml-dev libyaml-dev
	libhttp-parser-dev libjansson-dev libncurses-dev libmicrohttpd-dev
	libcap-ng-dev libseccomp-dev libsystemd-dev)

# For tidegate-flood --veth besides: clang makes its BPF program, nftables is one it is measured
# against. Without them it is built without.
# shellcheck disable=SC2034
DEPS_FLOOD=(clang libbpf-dev iproute2 ethtool procps nftables)

# To run the quickstart and what docs/ has typed: the client's tools, and dpdk-telemetry.py, which is in dpdk-dev.
# shellcheck disable=SC2034
DEPS_RUN=(iproute2 ethtool procps curl netcat-openbsd python3 dpdk-dev)

# To run every test: sanitizers and fuzzers come with clang, llvm names the lines they find, and the
# headers are tried in C++. dpkg-buildpackage wants build-essential, whatever the package asks for.
# shellcheck disable=SC2034
DEPS_TEST=(libcmocka-dev g++ clang libclang-rt-dev llvm clang-format shellcheck iputils-ping wrk
	nftables tcpdump scdoc man-db build-essential debhelper lintian fakeroot adduser)

# To boot tidegate in a virtual machine (tests/lab). The kernel there is downloaded, never installed.
# shellcheck disable=SC2034
DEPS_LAB=(qemu-system-x86 busybox-static cpio kmod dpkg)

# deps_missing PACKAGE... - prints those that are not installed
deps_missing()
{
	local p

	for p in "$@"; do
		# "Status: install ok installed"; a removed package may leave its configuration behind
		case $(dpkg-query -W -f='${Status}' "$p" 2>/dev/null || true) in
		*' installed') ;;
		*) printf '%s\n' "$p" ;;
		esac
	done
}

# deps_install PACKAGE... - installs what is missing; says nothing and asks nobody when all is there
deps_install()
{
	local missing log
	local -a apt=(apt-get -y -q -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300)

	if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
		echo "not Debian: install the likes of these yourself: $*" >&2
		return 0
	fi
	mapfile -t missing < <(deps_missing "$@")
	[ ${#missing[@]} -gt 0 ] || return 0
	if [ "$(id -u)" -ne 0 ]; then
		echo "not root, so install these first: ${missing[*]}" >&2
		return 1
	fi
	echo "installing: ${missing[*]}"
	log=$(mktemp)
	# The index may be older than the mirror; it is only fetched when something must be installed.
	if ! { "${apt[@]}" update &&
		DEBIAN_FRONTEND=noninteractive "${apt[@]}" install --no-install-recommends \
			"${missing[@]}"; } </dev/null >"$log" 2>&1; then
		tail -n 20 "$log" >&2
		rm -f "$log"
		echo "apt-get could not install what is missing" >&2
		return 1
	fi
	rm -f "$log"
}
