#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Builds the Debian packages of this tree: tidegate, libtidegate0, libtidegate-dev.
#
#     config/mkdeb.sh [DIR]      into DIR (default: build-deb/ of the tree)
#
# The build happens in a copy of what git knows and of what is new, so nothing is left in the tree.
# Version, licence and date are the tree's. Needs what app/deps.sh lists, and debhelper.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
out=${1:-$top/build-deb}
if [ $# -gt 1 ] || [ "${out#-}" != "$out" ]; then
	sed -n '4,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
	exit 2
fi
mkdir -p "$out"
out=$(cd "$out" && pwd)
dir=$(mktemp -d "${TMPDIR:-/tmp}/tidegate-deb.XXXXXX")
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM

version=$(sed -n "s/^  version: '\(.*\)',$/\1/p" "$top/meson.build")
copy=$dir/tidegate-$version
mkdir "$copy"
cd "$top"
# a released tree may lie in a clone of something else
if [ -e .git ] && git rev-parse --git-dir >/dev/null 2>&1; then
	date=$(git log -1 --format=%ct)
	git ls-files -z --cached --others --exclude-standard |
		tar -c --null -T - --ignore-failed-read -f - | tar -x -C "$copy" -f -
else
	date=$(stat -c %Y CHANGELOG.md)
	tar -c --exclude='./build*' --exclude=./.git -f - . | tar -x -C "$copy" -f -
fi
# dates in the packages are those of the sources
export SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$date}"
cd "$copy"

cp -r config/debian debian
# the licence's text, indented; an empty line is a dot
{
	sed '/@LICENSE@/d' config/debian/copyright
	sed '1,/^Copyright/d' LICENSE | sed '/./,$!d; s/^$/./; s/^/ /'
} >debian/copyright
cat >debian/changelog <<CHANGES
tidegate ($version) unstable; urgency=medium

  * What is new stands in CHANGELOG.md.

 -- the tidegate authors <packages@tidegate.example>  $(date -R -u -d "@$SOURCE_DATE_EPOCH")
CHANGES

DEB_BUILD_OPTIONS="${DEB_BUILD_OPTIONS:+$DEB_BUILD_OPTIONS }parallel=${JOBS:-$(nproc)}" \
	dpkg-buildpackage -us -uc -b
mv "$dir"/*.deb "$dir"/*.changes "$dir"/*.buildinfo "$out"
ls -l "$out"
