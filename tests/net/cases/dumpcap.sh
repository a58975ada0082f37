#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Shards: 1
# capture.pdump: dpdk-dumpcap attaches to the running daemon and writes what comes and goes; connections do
# not mind. Needs hugepages: it takes some for itself if it may.
. "$(dirname "$0")/../lib.sh"

PAGES=200 # of 2 MB
HUGE=

huge_down()
{
	[ -z "$HUGE" ] || umount -l "$HUGE" 2>/dev/null || true
	[ -z "${WERE:-}" ] || echo "$WERE" >/proc/sys/vm/nr_hugepages
}

# Hugepages that are free, or made free, and a place for their files.
huge_up()
{
	local free

	free=$(awk '/^HugePages_Free/ {print $2}' /proc/meminfo)
	[ "$(awk '/^Hugepagesize/ {print $2}' /proc/meminfo)" = 2048 ] || skip "hugepages are not of 2 MB"
	if [ "$free" -lt "$PAGES" ]; then
		WERE=$(cat /proc/sys/vm/nr_hugepages)
		{ echo $((WERE + PAGES - free)) >/proc/sys/vm/nr_hugepages; } 2>/dev/null || {
			WERE=
			skip "no hugepages, and none can be had"
		}
		free=$(awk '/^HugePages_Free/ {print $2}' /proc/meminfo)
	fi
	if [ "$free" -lt "$PAGES" ]; then
		skip "no $PAGES hugepages, only $free"
	fi
	mkdir "$WORK/huge"
	mount -t hugetlbfs none "$WORK/huge" 2>/dev/null || skip "no hugetlbfs can be mounted here"
	HUGE=$WORK/huge
}

command -v dpdk-dumpcap >/dev/null || skip "no dpdk-dumpcap (package dpdk-dev)"
trap 'huge_down; clean_up' EXIT
net_up
huge_up
tg_config 'capture: {pdump: yes}' 'mbufs: 8192' \
	'engine: {max_conns: 1000, max_segments: 1000, max_half_open: 1000, max_time_wait: 1000}'
sed -i "s|^eal:.*|eal: [\"--no-pci\", \"--file-prefix=$TG_NAME\", \"--huge-dir=$HUGE\"]|" "$WORK/config.yaml"
tg_run "$TG_BUILD/app/tidegate" -c "$WORK/config.yaml"

: >"$WORK/dumpcap"
timeout -k 5 60 dpdk-dumpcap --file-prefix="$TG_NAME" -i net_af_packet0 -w "$WORK/all.pcapng" \
	>"$WORK/dumpcap" 2>&1 &
DUMPCAP=$!
TG_BACKGROUND+=("$DUMPCAP")
wait_until 20 grep -q '^Packets captured:' "$WORK/dumpcap" || fail "it does not attach: $(cat "$WORK/dumpcap")"
expect "fetches" "$(cl curl -sS --max-time 60 -H 'Connection: close' -o /dev/null \
	-w '%{http_code}\n' "http://$S4/?n=[1-10]" | grep -c '^200$')" 10
kill -INT "$DUMPCAP"
wait_until 20 is_gone "$DUMPCAP" || fail "dpdk-dumpcap does not end"
python3 "$TG_NET_DIR/pcapng.py" "$WORK/all.pcapng" >"$WORK/packets" || fail "the file cannot be read"

# with_flags FROM FLAGS - TCP segments in the file with that source address and these flags
with_flags()
{
	python3 -c '
import ipaddress, json, sys
n, source, flags = 0, ipaddress.ip_address(sys.argv[1]).packed, int(sys.argv[2], 16)
for line in sys.stdin:
    data = bytes.fromhex(json.loads(line)["data"])
    n += data[12:14] == b"\x08\0" and data[23] == 6 and data[26:30] == source and data[47] == flags
print(n)' "$@" <"$WORK/packets"
}
# What comes and what goes; at least, since the mirror may lose some.
expect_at_least "SYNs" "$(with_flags "$C4" 02)" 1
expect_at_least "SYN-ACKs" "$(with_flags "$S4" 12)" 1
expect "fetches afterwards" "$(cl curl -sS --max-time 20 -o /dev/null -w '%{http_code}' "http://$S4/")" 200
tg_stop
