#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What can be said of the sources without running them. A line for each rule, "ok RULE" or "FAIL RULE"
# with what breaks it below. Exit status 0 when none is broken.

set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

BROKEN=0
FOUND=$(mktemp)
CORE_TEXT=$(mktemp)
trap 'rm -f "$FOUND" "$CORE_TEXT"' EXIT

mapfile -t C_FILES < <(find app lib tests -name '*.[ch]' | sort)
mapfile -t CORE_FILES < <(find lib/wire lib/secret lib/table lib/listen lib/conn lib/engine \
	-name '*.[ch]' | sort)
mapfile -t SCRIPTS < <(find app tests config -name '*.sh' | sort && echo .ci/run)
mapfile -t OTHERS < <(find app lib tests docs config -name meson.build -o -name '*.py' | sort)

# rule TEXT COMMAND... - holds when the command succeeds
rule()
{
	if "${@:2}" >"$FOUND" 2>&1; then
		echo "ok   $1"
	else
		echo "FAIL $1"
		head -n 40 "$FOUND" | sed 's/^/     | /'
		BROKEN=$((BROKEN + 1))
	fi
}

formatted()
{
	local bad

	bad=$(printf '%s\n' "${C_FILES[@]}" | xargs -n 40 -P "$(nproc)" clang-format --dry-run 2>&1 |
		sed -n 's/^\([^ :][^ :]*\):[0-9:]* warning.*/clang-format -i \1/p' | sort -u)
	[ -z "$bad" ] || { echo "$bad" && return 1; }
}

good_scripts()
{
	shellcheck -x "${SCRIPTS[@]}"
}

licensed()
{
	# grep -L lists the files without a match; its status says nothing in every version
	[ -z "$(grep -L 'SPDX-License-Identifier: BSD-3-Clause' "${C_FILES[@]}" "${SCRIPTS[@]}" \
		"${OTHERS[@]}" | tee /dev/stderr)" ]
}

# Headers are included by bare name, so that meson.build alone says which room sees which.
no_upward_include()
{
	! grep -nE '#[[:space:]]*include[[:space:]]*"\.\./' "${C_FILES[@]}"
}

# The core without its comments, which the preprocessor takes away; a line is "FILE: TEXT".
core_text()
{
	local f

	for f in "${CORE_FILES[@]}"; do
		gcc -w -fpreprocessed -dD -E -P "$f" | sed "s|^|$f: |"
	done
}

# core_lacks PATTERN - no line of the core matches
core_lacks()
{
	! grep -E "$1" "$CORE_TEXT"
}

# <sys/auxv.h> is allowed: it is how one asks for CPU features on Arm.
no_foreign_header()
{
	core_lacks '#[[:space:]]*include[[:space:]]*<(rte_|sys/[^a]|unistd|time\.h|pthread|fcntl|poll|arpa/|netinet/)'
}

no_clock()
{
	core_lacks '(^|[^_a-zA-Z0-9>.])(clock|time|clock_gettime|gettimeofday|times|rte_rdtsc|__rdtsc)[[:space:]]*\('
}

no_chance()
{
	core_lacks '(^|[^_a-zA-Z0-9>.])(rand|rand_r|srand|random|drand48|getrandom|getentropy|arc4random)[[:space:]]*\('
}

no_heap()
{
	core_lacks '(^|[^_a-zA-Z0-9>.])(malloc|calloc|realloc|aligned_alloc|posix_memalign|free|strdup)[[:space:]]*\('
}

warnings_are_errors()
{
	grep -q "'werror=true'" meson.build && ! grep -rn --include=meson.build 'werror=false' .
}

# Every page as it is made, but for what the programs say of themselves.
good_man_pages()
{
	local t page text

	command -v scdoc >/dev/null || { echo "scdoc is not installed" && return 1; }
	for t in docs/man/*.scd; do
		page=$FOUND.$(basename "$t" .scd)
		case $t in
		*/tidegate.yaml.5.scd)
			docs/man/gen-man.py "$t" keys config/tidegate.yaml >"$page.scd"
			docs/man/gen-man.py --check "$page.scd" app/tidegate/schema.c
			;;
		*) docs/man/gen-man.py "$t" plain >"$page.scd" ;;
		esac && scdoc <"$page.scd" >"$page" || return 1
		# man is not on every machine; it says on stderr what groff does not like
		! command -v man >/dev/null ||
			text=$(LC_ALL=C.UTF-8 MANROFFSEQ='' man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>&1 >/dev/null)
		rm -f "$page" "$page.scd"
		[ -z "${text:-}" ] || { echo "$t: $text" && return 1; }
	done
}

good_unit()
{
	! command -v systemd-analyze >/dev/null || unit_is_read
}

# systemd reads it, with programs that are there
unit_is_read()
{
	local dir said

	dir=$(mktemp -d)
	sed 's|@bindir@/tidegate|/bin/true|; s|@sysconfdir@|/etc|' config/systemd/tidegate.service.in \
		>"$dir/tidegate.service"
	said=$(systemd-analyze verify --man=no "$dir/tidegate.service" 2>&1 | grep -F tidegate.service || true)
	rm -r "$dir"
	[ -z "$said" ] || { echo "$said" && return 1; }
}

core_text >"$CORE_TEXT"
rule "C sources are clang-format clean" formatted
rule "scripts are shellcheck clean" good_scripts
rule "every source names its licence" licensed
rule "no include by a path upwards" no_upward_include
rule "the core includes neither DPDK nor the system" no_foreign_header
rule "the core reads no clock" no_clock
rule "the core draws no random numbers" no_chance
rule "the core takes no memory but what it is given" no_heap
rule "warnings are errors" warnings_are_errors
rule "man pages are clean and name every key" good_man_pages
rule "systemd understands the unit" good_unit
rule "what docs/conformance.md names is there" tests/conformance.sh
[ "$BROKEN" -eq 0 ]
