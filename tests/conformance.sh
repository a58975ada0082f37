#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Is what docs/conformance.md names there? Prints what is not, a line each; exit status 0 when all is.
# How its cells are written stands at its top. With --unnamed: the scripts that no row names instead.

set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

TABLE=docs/conformance.md
DEVIATIONS=docs/deviations.md
BROKEN=0

say()
{
	echo "$1"
	BROKEN=$((BROKEN + 1))
}

# has_test FILE FUNCTION - rooms may have test files of the same name: one that has it is enough
has_test()
{
	find tests -name "$1" -exec grep -lE "^$2\(void \*\*state\)" {} + | grep -q .
}

# defines FILE FUNCTION - is the function defined there? Return types stand on a line of their own.
defines()
{
	[ -f "$1" ] && grep -q "^$2(" "$1"
}

# token LINE TEXT - what stands between two backticks
token()
{
	local at="$TABLE:$1" text="$2" name

	case "$text" in
	*.tgs) [ -f "tests/script/$text" ] || say "$at: no packet script $text" ;;
	*.tgw) [ -f "tests/wire/scripts/$text" ] || say "$at: no wire script $text" ;;
	test_*.c:* | model_*.c:*)
		has_test "${text%%:*}" "${text#*:}" || say "$at: no test $text"
		;;
	*.[ch]:*) defines "lib/${text%%:*}" "${text#*:}" || say "$at: no function $text" ;;
	*/*) [ -e "$text" ] || [ -e "lib/$text" ] || say "$at: no file $text" ;;
	*.sh) [ -f "tests/net/cases/$text" ] || say "$at: no namespace case $text" ;;
	*"()") grep -rqE "\b${text%??}\(" lib/include || say "$at: no public function $text" ;;
	-*) ;; # an option of a command
	*)
		name=${text%%[^A-Za-z0-9_]*}
		grep -rqw -- "$name" lib/include config tests/script/README.md ||
			say "$at: nothing is called $text"
		;;
	esac
}

tokens()
{
	local line text

	while IFS=: read -r line text; do
		token "$line" "$text"
	done < <(awk -F'`' '/^\|/ { for (i = 2; i <= NF; i += 2) print NR ":" $i }' "$TABLE")
}

# Four cells, none empty; in the code cell a file; in the test cell a test, a deviation or a reason.
rows()
{
	awk -F' *\\| *' '
	/^\| (---|rule )/ || !/^\|/ { next }
	NF != 6 { print FILENAME ":" FNR ": " NF - 2 " cells"; next }
	$2 == "" || $3 == "" { print FILENAME ":" FNR ": an empty cell" }
	$4 !~ /`[a-z\/_0-9]+\.[ch]/ { print FILENAME ":" FNR ": no code" }
	$5 !~ /\.tg[sw]`|\.sh`|\.c[:`]|n\/a|\*\*gap\*\*: .|see (RFC|S)[ 0-9]/ { print FILENAME ":" FNR ": no test" }
	' "$TABLE"
}

# The first cell of each deviation is its name.
names_of_deviations()
{
	awk -F'`' '$1 == "| " { print $2 }' "$DEVIATIONS"
}

deviations()
{
	local name

	awk '/^\|/ && !/^\| (---|name )/ && !/^\| `[a-z0-9-]+` \|/ { print FILENAME ":" FNR ": a row without a name" }' \
		"$DEVIATIONS"
	names_of_deviations | sort | uniq -d | sed "s|^|$DEVIATIONS: twice |"
	while read -r name; do
		grep -qF "[$name](deviations.md)" "$TABLE" || echo "$DEVIATIONS: no row of $TABLE names $name"
	done < <(names_of_deviations)
	while read -r name; do
		grep -qF "| \`$name\` |" "$DEVIATIONS" || echo "$TABLE: no deviation $name"
	done < <(sed -n '/^|/p' "$TABLE" | grep -oE '\[[a-z0-9-]+\]\(deviations\.md\)' | sed 's/^\[//; s/\].*//' | sort -u)
}

unnamed()
{
	local f

	for f in tests/script/*.tgs tests/wire/scripts/*.tgw; do
		grep -qF "\`${f##*/}\`" "$TABLE" || echo "$f"
	done
}

if [ "${1:-}" = --unnamed ]; then
	unnamed
	exit
fi
tokens
while read -r problem; do
	say "$problem"
done < <(rows && deviations)
[ "$BROKEN" -eq 0 ]
