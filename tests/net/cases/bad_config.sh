#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Every class of mistake in a configuration: exit status 2, one line that says where and what, nothing
# left running. The same mistakes are found by --check, save for a device that is not there.
# Shards: 1
. "$(dirname "$0")/../lib.sh"

TIDEGATE=$TG_BUILD/app/tidegate

# refused TEXT PATTERN COMMAND-LINE... - ends at once with status 2 and one line
refused()
{
	local status=0 text=$1 pattern=$2

	shift 2
	timeout -k 5 30 ip netns exec "$NS_S" "$TIDEGATE" "$@" >"$WORK/out" 2>"$WORK/err" || status=$?
	expect "$text: status" "$status" 2
	expect "$text: lines ($(cat "$WORK/err"))" "$(wc -l <"$WORK/err")" 1
	grep -qE "$pattern" "$WORK/err" || fail "$text: '$(cat "$WORK/err")' does not match '$pattern'"
	[ ! -e "/var/run/dpdk/$TG_NAME/dpdk_telemetry.v2" ] || fail "$text: a socket is left"
	expect "$text: processes left" "$(ip netns pids "$NS_S")" ""
	echo "$text: $(cat "$WORK/err")"
}

# mistake TEXT PATTERN SED-SCRIPT - a good configuration after one change
mistake()
{
	tg_config
	sed -i "$3" "$WORK/config.yaml"
	refused "$1" "^tidegate: .*config.yaml:.*($2)" -c "$WORK/config.yaml"
	refused "$1, --check" "^tidegate: .*config.yaml:.*($2)" --check -c "$WORK/config.yaml"
}

net_up
tg_config
"$TIDEGATE" --check -c "$WORK/config.yaml" | grep -q ok || fail "--check of a good configuration"
"$TIDEGATE" --check -c "$TG_ROOT/config/tidegate.yaml" | grep -q ok || fail "--check of the example"

mistake "unknown key" 'shard' 's/^shards:/shard:/'
mistake "unknown nested key" '(:[0-9]+: |listeners.0..*)servise' '0,/service:/s//servise:/'
mistake "wrong type" 'shards' 's/^shards: .*/shards: many/'
mistake "out of range" 'shards' 's/^shards: .*/shards: 0/'
mistake "out of range, nested" 'port' 's/port: 80,/port: 65536,/'
mistake "unknown unit" 'drain' 's/^drain: .*/drain: 3 bananas/'
mistake "not an address" 'address' 's/192.0.2.1/192.0.2.256/'
mistake "duplicate address" 'addresses|192.0.2.1' 's/2001:db8::1/192.0.2.1/; s/\/64/\/24/'
mistake "port in use twice" 'listeners' 's/port: 9,/port: 7,/'
mistake "key missing" 'service' 's/, service: discard//'
mistake "duplicate key" 'shards' 's/^shards: .*/&\n&/'
mistake "not YAML" '[0-9]: not valid YAML' 's/^shards: .*/shards: [1/'
mistake "unknown word" 'syncookies.*adaptive, monitor' "\$aengine: {syncookies: often}"
mistake "key without effect" 'syncookies_start: has no effect' "\$aengine: {syncookies_start: 50}"
mistake "stop above start" 'stop .90. is above start' \
	"\$aengine: {syncookies: adaptive, syncookies_stop: 90}"
mistake "not a Fast Open key" 'fastopen_key: is no Fast Open key' "\$aengine: {fastopen_key: 0123}"
mistake "Fast Open bound 0" 'fastopen_qlen.*out of range' \
	's/service: discard/&, fastopen: cookie, fastopen_qlen: 0/'
mistake "deferred by nothing" 'defer_accept_mode: has no effect' \
	's/service: discard/&, defer_accept_mode: linux/'
mistake "half a second" 'defer_accept.*whole number of seconds' \
	's/service: discard/&, defer_accept: 500ms/'
mistake "fragments over shards" 'fragments: reassemble works on one shard' \
	"s/^shards: .*/shards: 2/; \$afragments: reassemble"
mistake "no seed file" 'cookie_seed_file: .*nosuch.seed cannot be opened.*urandom' \
	"\$aengine: {cookie_seed_file: $WORK/nosuch.seed}"
head -c 32 /dev/urandom >"$WORK/seed"
chmod 644 "$WORK/seed"
mistake "seed for all to read" 'cookie_seed_file: .*seed has mode 0644.*chmod 600' \
	"\$aengine: {cookie_seed_file: $WORK/seed}"
chmod 600 "$WORK/seed"
tg_config "engine: {cookie_seed_file: $WORK/seed}"
"$TIDEGATE" --check -c "$WORK/config.yaml" | grep -q ok || fail "--check with a seed file"
echo >>"$WORK/seed"
mistake "seed of 33 bytes" 'seed holds 33 bytes' "\$aengine: {cookie_seed_file: $WORK/seed}"
tg_config "engine: {fastopen_key: 00112233-44556677-8899aabb-ccddeeff}"
chmod 644 "$WORK/config.yaml"
"$TIDEGATE" --check -c "$WORK/config.yaml" >"$WORK/out"
grep -q '^warning: .*config.yaml.*fastopen_key.*mode 0644' "$WORK/out" ||
	fail "no warning of a key that others may read"
chmod 600 "$WORK/config.yaml"
! "$TIDEGATE" --check -c "$WORK/config.yaml" | grep warning || fail "a warning of a key that none may read"
mistake "nothing to listen on" 'listeners' '/^listeners:/Q'

tg_config
sed -i 's/iface=tg0/iface=nosuch0/' "$WORK/config.yaml"
refused "no such device" 'nosuch0' -c "$WORK/config.yaml"
tg_config 'cpus: [1023]'
refused "no such CPU" 'cpus.0.: CPU 1023 is none that tidegate may use' -c "$WORK/config.yaml"
refused "no such file" 'nosuch.yaml' -c "$WORK/nosuch.yaml"
refused "unknown option" 'tidegate: ' --nosuch
refused "no configuration" 'tidegate: ' --check
