#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A reload that cannot be done changes nothing and says why in one line: a bad file, a key that needs a
# restart, a file behind a key that cannot be read.
# Shards: 1
. "$(dirname "$0")/../lib.sh"

# longer_than N - the daemon's stderr
longer_than()
{
	[ "$(wc -l <"$WORK/err")" -gt "$1" ]
}

# wrong CODE PATTERN SED-SCRIPT - a reload of the good file after one change, by command and by SIGHUP.
# Each time a listener is changed too, which must not arrive.
wrong()
{
	local lines

	# two lines each time, and the log takes ten of a kind a second
	sleep 0.25
	cp "$WORK/good.yaml" "$WORK/config.yaml"
	sed -i -e "s/port: 7,/& backlog: 5,/" -e "$3" "$WORK/config.yaml"
	refused "$1: $WORK/config.yaml(:[0-9]+)?: $2" /tidegate/reload
	lines=$(wc -l <"$WORK/err")
	kill -HUP "$TG_PID"
	wait_until 10 longer_than "$lines" || fail "$2: no line in the log"
	expect "lines of $2" "$(wc -l <"$WORK/err")" $((lines + 1))
	tail -n 1 "$WORK/err" | grep -qE "^tidegate: reload refused: $WORK/config.yaml(:[0-9]+)?: $2" ||
		fail "$2: $(tail -n 1 "$WORK/err")"
	expect "after $2: generation" "$(generation)" 1
	expect "after $2: bound" "$(listener '[::]:7' send_q)" 4096
	bg_go live
	ROUND=$((ROUND + 1))
	bg_says live "^again $ROUND\$"
}

ROUND=0
net_up
head -c 32 /dev/urandom >"$WORK/seed"
chmod 600 "$WORK/seed"
tg_config "engine: {cookie_seed_file: \"$WORK/seed\", fastopen_key: 00000000-00000000-00000000-00000001}"
cp "$WORK/config.yaml" "$WORK/good.yaml"
tg_run "$TG_BUILD/app/tidegate" -c "$WORK/config.yaml"
bg live chat "$S4" 7 5
bg_says live up

wrong config 'not valid YAML' 's/^drain: .*/drain: [/'
wrong config 'shard: unknown key' 's/^shards: /shard: /'
wrong config 'drain: "3" has no unit' 's/^drain: .*/drain: 3/'
wrong config 'listeners\[1\].port: 80 is in use' 's/address: "::", port: 80/address: "0.0.0.0", port: 80/'
wrong config 'http.root_page: /nonexistent cannot be read' "\$ahttp: {root_page: /nonexistent}"
mkfifo "$WORK/fifo"
wrong config 'http.root_page: .*fifo cannot be read: it is no regular file' "\$ahttp: {root_page: $WORK/fifo}"
wrong refused 'shards: cannot change without a restart; nor can engine.max_conns \(line 13\)$' \
	's/^shards: .*/shards: 2/; s/^engine: {/&max_conns: 7, /'
wrong refused 'ports\[0\].addresses: cannot change without a restart$' 's/192.0.2.1\/24/192.0.2.3\/24/'
wrong refused 'engine.cookie_seed_file: .*cannot be opened' 's/seed"/no-seed"/'
wrong refused 'engine: fastopen_key .*cannot be taken out' 's/, fastopen_key: [0-9-]*//'
chmod 644 "$WORK/seed"
wrong refused 'engine.cookie_seed_file: .*has mode 0644' 's/^drain: .*/drain: 3s/'
chmod 600 "$WORK/seed"

# no file at all
rm "$WORK/config.yaml"
refused "config: $WORK/config.yaml: cannot be read: No such file" /tidegate/reload
# nor one that would never end
mkfifo "$WORK/config.yaml"
refused "config: $WORK/config.yaml: cannot be read again: it is no regular file" /tidegate/reload
rm "$WORK/config.yaml"
expect "generation" "$(generation)" 1

# and the good one again
cp "$WORK/good.yaml" "$WORK/config.yaml"
changed 'nothing to change$' /tidegate/reload
echo end >&"${BG_IN[live]}"
bg_end live
tg_stop
