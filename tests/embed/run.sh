#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# Installs tidegate's library into a directory of its own, builds programs against that copy as an
# embedding project would (pkg-config, shared and static, C and C++), and runs them.
#
#     tests/embed/run.sh          exit status 0 when everything works
#
# shellcheck disable=SC2046,SC2086  # compiler flags are words: they are meant to be split
#
# CC, CXX: compilers. JOBS: of ninja, default 2. KEEP=1 keeps the directory.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
dir=$(mktemp -d "${TMPDIR:-/tmp}/tidegate-embed.XXXXXX")
[ "${KEEP:-0}" = 1 ] || trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM

cc=${CC:-gcc}
cxx=${CXX:-g++}
strict='-Wall -Wextra -Werror'

step() {
	echo "embed: $*"
}

# What a command says is shown when it fails.
quiet() {
	"$@" > "$dir/log" 2>&1 || {
		cat "$dir/log"
		echo "embed: failed: $*" >&2
		exit 1
	}
}

run() {
	# A tiny EAL that leaves no files and disturbs no other process.
	quiet "$@" --no-huge -m 64 --no-pci --no-shconf --no-telemetry --lcores=0@0 \
		--log-level=lib.eal:warning
	[ "$(tail -n 1 "$dir/log")" = ok ] || {
		cat "$dir/log"
		echo "embed: $1 did not say ok" >&2
		exit 1
	}
}

step "installing the library"
quiet meson setup "$dir/build" "$top" --prefix="$dir/prefix" -Dtests=false -Dapp=false
quiet ninja -C "$dir/build" -j "${JOBS:-2}"
quiet meson install -C "$dir/build"
pc=$(find "$dir/prefix" -name tidegate.pc)
[ -n "$pc" ] || { echo "embed: no pkg-config file was installed" >&2; exit 1; }
libdir=$(dirname "$(dirname "$pc")")
PKG_CONFIG_PATH=$(dirname "$pc")
export PKG_CONFIG_PATH
cflags=$(pkg-config --cflags tidegate)
# DPDK's own headers are not held to our warnings.
sys_cflags=$(echo "$cflags" | sed "s|-I\([^ ]*dpdk[^ ]*\)|-isystem \1|g")

step "C, shared library"
$cc $strict $cflags -o "$dir/embed-shared" "$here/embed.c" $(pkg-config --libs tidegate) \
	-Wl,-rpath,"$libdir"
run "$dir/embed-shared"
ldd "$dir/embed-shared" | grep -q "libtidegate.so" || {
	echo "embed: the program does not use libtidegate.so" >&2
	exit 1
}

step "C, static library"
# DPDK itself stays shared: a static one is the DPDK project's to test.
static=$(pkg-config --libs tidegate | sed "s|-ltidegate|$libdir/libtidegate.a|")
$cc $strict $cflags -o "$dir/embed-static" "$here/embed.c" $static
run "$dir/embed-static"
if ldd "$dir/embed-static" | grep -q "libtidegate"; then
	echo "embed: the static program still wants libtidegate.so" >&2
	exit 1
fi

step "C, static library and static DPDK"
# Static DPDK wants the static or development files of all that its drivers use; where a program
# without any tidegate does not link either, there is nothing to test. libsystemd stands in the
# list by way of libpcap, whose static twin alone would need it.
static_libs() {
	pkg-config --static --libs "$1" | sed "s|-ltidegate|$libdir/libtidegate.a|; s|-lsystemd||g"
}
echo 'int main(void) { return 0; }' > "$dir/nothing.c"
if $cc -o "$dir/nothing" "$dir/nothing.c" $(static_libs libdpdk) 2> "$dir/log"; then
	$cc $strict $cflags -o "$dir/embed-all-static" "$here/embed.c" $(static_libs tidegate)
	run "$dir/embed-all-static"
else
	echo "embed: left out, static DPDK does not link here: $(head -n 1 "$dir/log")"
fi

step "the README's example"
{
	echo '#include <tidegate/tidegate.h>'
	# shellcheck disable=SC2016  # these are Markdown's back quotes
	sed -n '/^```c$/,/^```$/{/^```/d;p}' "$top/README.md"
} > "$dir/readme.c"
grep -q tg_worker_events "$dir/readme.c" || {
	echo "embed: README.md has no example" >&2
	exit 1
}
$cc $strict -Wno-unused-function $cflags -c -o "$dir/readme.o" "$dir/readme.c"

step "C++, every public header"
for std in c++11 c++17 c++20; do
	$cxx -std=$std $strict $sys_cflags -o "$dir/headers" "$here/headers.cpp" \
		$(pkg-config --libs tidegate) -Wl,-rpath,"$libdir"
	quiet "$dir/headers"
done

step "symbols"
# What the library exports is what the public headers declare, neither more nor less.
nm -D --defined-only "$libdir/libtidegate.so" | awk '$2 == "T" {print $3}' | sort > "$dir/exported"
cat "$dir"/prefix/include/tidegate/*.h | tr '\n' ' ' | grep -o 'TG_API [^;(]*(' |
	sed 's/($//; s/.*[ *]//' | grep '^tg_' | sort -u > "$dir/declared"
if ! diff "$dir/declared" "$dir/exported"; then
	echo "embed: exported symbols (>) are not what the headers declare (<)" >&2
	exit 1
fi
if nm -D --defined-only "$libdir/libtidegate.so" | awk '$2 != "T"' | grep -q .; then
	nm -D --defined-only "$libdir/libtidegate.so" | awk '$2 != "T"'
	echo "embed: data is exported" >&2
	exit 1
fi

step "ok"
