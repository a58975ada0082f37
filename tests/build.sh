#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# One of the builds the tests run on, warnings being errors in each:
#
#     tests/build.sh gcc     build/        as it is used: gcc, debugoptimized
#     tests/build.sh asan    build-asan/   clang with ASan and UBSan
#     tests/build.sh fuzz    build-fuzz/   the same with libFuzzer, fuzz targets only
#     tests/build.sh bench   build/        the benchmarks
#     tests/build.sh fuzz --list           a line "NAME PROGRAM" for each target; likewise bench

set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
COMMON=(-Dbuildtype=debugoptimized -Dtests=true -Dapp=true -Dwerror=true)
SANITIZE=('-Db_sanitize=address,undefined' -Db_lundef=false)

# configure DIR CC OPTION... - also a directory that was configured otherwise before
configure()
{
	if [ -f "$1/build.ninja" ]; then
		CC=$2 meson setup --reconfigure "$1" "${COMMON[@]}" "${@:3}" ||
			CC=$2 meson setup --wipe "$1" "${COMMON[@]}" "${@:3}"
	else
		CC=$2 meson setup "$1" "${COMMON[@]}" "${@:3}"
	fi
}

# programs DIR PREFIX - names and paths of executables that begin so
programs()
{
	meson introspect --targets "$1" | python3 -c '
import json, sys
for t in json.load(sys.stdin):
    if t["type"] == "executable" and t["name"].startswith(sys.argv[1]):
        print(t["name"], t["filename"][0])' "$2"
}

# make_programs DIR PREFIX - builds these and nothing else
make_programs()
{
	local -a files

	mapfile -t files < <(programs "$1" "$2" | sed "s|^[^ ]* $PWD/$1/||")
	[ ${#files[@]} -gt 0 ] || { echo "no $2 programs" >&2 && return 1; }
	ninja -C "$1" "${files[@]}"
}

case "${1:-} ${2:-}" in
'gcc ')
	configure build gcc
	ninja -C build
	;;
'asan ')
	configure build-asan clang "${SANITIZE[@]}"
	ninja -C build-asan
	;;
'fuzz ')
	# the rest of the tree is not meant to be linked with the fuzzer's coverage hooks
	configure build-fuzz clang "${SANITIZE[@]}" -Dfuzz=true
	make_programs build-fuzz fuzz_
	;;
'bench ')
	configure build gcc
	make_programs build bench_
	;;
'fuzz --list') programs build-fuzz fuzz_ ;;
'bench --list') programs build bench_ ;;
*)
	sed -n '4,10s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
	exit 2
	;;
esac
