#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# tidegatectl capture: dropped packets by reason, and answered ones as they came, in a pcapng file that
# another reader understands; from every shard, bounded in number, and one at a time.
. "$(dirname "$0")/../lib.sh"

CTL=$TG_BUILD/app/ctl/tidegatectl

ctl()
{
	timeout -k 5 60 "$CTL" -f "$TG_NAME" "$@"
}

# field KEY - of all packets in $WORK/cap, one a line
field()
{
	python3 -c 'import json, sys
for line in sys.stdin: print(json.loads(line)[sys.argv[1]])' "$1" <"$WORK/cap"
}

# capture ARGUMENT... - in the background, armed when this returns
capture_on()
{
	rm -f "$WORK/cap.pcapng"
	ctl capture "$@" -w "$WORK/cap.pcapng" >"$WORK/said" 2>&1 &
	CAPTURE=$!
	TG_BACKGROUND+=("$CAPTURE")
	wait_until 10 test -s "$WORK/cap.pcapng" || fail "not armed: $(cat "$WORK/said")"
}

# three_syns - to closed ports. One SYN each: the sockets are closed long before it would be sent again.
three_syns()
{
	cl python3 -c 'import socket, sys
for port in 81, 82, 83:
    s = socket.socket()
    s.setblocking(False)
    s.connect_ex((sys.argv[1], port))' "$S4"
}

# capture_ends - waits for it and reads the file
capture_ends()
{
	wait "$CAPTURE" || fail "capture failed: $(cat "$WORK/said")"
	cat "$WORK/said"
	python3 "$TG_NET_DIR/pcapng.py" "$WORK/cap.pcapng" >"$WORK/cap" || fail "the file cannot be read"
}

[ -x "$CTL" ] || fail "tidegatectl is not built"
net_up
tg_start 'engine: {closed_port: drop}'

# Wrong use: usage, status 2, and nothing started.
for wrong in "" "-w" "-w a -c 0" "-w a -s 13" "-w a -t 3601" "-w a -d nonsense" "-w a -d synq_full," "-w a b" \
	"--json -w -"; do
	status=0
	# shellcheck disable=SC2086 # words
	ctl capture $wrong >"$WORK/usage" 2>&1 || status=$?
	expect "status of: capture $wrong" "$status" 2
	grep -q '^usage: ' "$WORK/usage" || fail "no usage: capture $wrong: $(cat "$WORK/usage")"
done
status=0
ctl capture -t 1 -w /nowhere/cap.pcapng >"$WORK/said" 2>"$WORK/why" || status=$?
expect "status where no file can be written" "$status" 1
expect "what it says then" "$(cat "$WORK/said")" ""
grep -q '/nowhere/cap.pcapng: No such file' "$WORK/why" || fail "not told why: $(cat "$WORK/why")"

# Dropped: connections to a closed port, among fetches that are none.
capture_on --drops closed_port -c 3 -t 30
began=$(date +%s%N)
expect "fetches" "$(cl curl -sS --max-time 60 -H 'Connection: close' -o /dev/null \
	-w '%{http_code}\n' "http://$S4/?n=[1-10]" | grep -c '^200$')" 10
three_syns
capture_ends
expect "packets" "$(wc -l <"$WORK/cap")" 3
expect "comments" "$(field comment | sort -u)" drop_closed_port
expect "ports" "$(field data | cut -c 73-76 | sort -u | tr '\n' ' ')" "0051 0052 0053 "
expect "lengths" "$(field len | sort -u)" 74
field ns | while read -r ns; do
	expect_at_least "a timestamp" "$ns" "$began"
	expect_at_most "a timestamp" "$ns" "$(date +%s%N)"
done
if command -v tcpdump >/dev/null; then
	expect "SYNs that tcpdump sees" "$(tcpdump -nr "$WORK/cap.pcapng" 2>/dev/null | grep -c 'Flags \[S\]')" 3
fi

# Answered: the SYN is in the buffer no more, and still it is what was captured. Cut off where asked.
capture_on -d answered,delivered -c 1000 -s 60 -t 3
expect "fetches" "$(cl curl -sS --max-time 60 -H 'Connection: close' -o /dev/null \
	-w '%{http_code}\n' "http://$S4/?n=[1-10]" | grep -c '^200$')" 10
capture_ends
expect "SYNs, by their flags" "$(field data | cut -c 95-96 | grep -c '^02$')" 10
expect "SYN-ACKs" "$(field data | cut -c 95-96 | grep -c '^12$')" 0
expect "bytes kept at most" "$(field data | awk '{ if (length > m) m = length } END { print m / 2 }')" 60
expect "dispositions" "$(field comment | sort -u | tr '\n' ' ')" "answered delivered "
[ "$TG_SHARDS" = 1 ] || expect_at_least "shards" "$(field interface | sort -u | wc -l)" 2

# One at a time; interrupted, it ends and lets the next one in.
capture_on -d any -t 60
! ctl capture -w "$WORK/second.pcapng" 2>"$WORK/busy" || fail "two captures at a time"
grep -q 'another capture runs' "$WORK/busy" || fail "not told why: $(cat "$WORK/busy")"
[ ! -e "$WORK/second.pcapng" ] || fail "a file of a capture that never was"
pid=$(pgrep -P "$CAPTURE" -f capture || echo "$CAPTURE")
kill -INT "$pid"
capture_ends
expect "packets" "$(wc -l <"$WORK/cap")" 0
expect "as JSON" "$(ctl --json capture -t 1 -w "$WORK/cap.pcapng")" \
	"{\"file\": \"$WORK/cap.pcapng\", \"written\": 0, \"missed\": 0}"

# A reader of the standard output that goes away ends it too.
(
	status=0
	ctl capture -d any -t 60 -w - 2>"$WORK/why" || status=$?
	echo "$status" >"$WORK/status"
) | head -c 4 >"$WORK/head" &
TG_BACKGROUND+=("$!")
wait_until 10 test -s "$WORK/head" || fail "not armed"
has_ended()
{
	three_syns
	[ -s "$WORK/status" ]
}
wait_until 30 has_ended || fail "it goes on without a reader"
expect "status without a reader" "$(cat "$WORK/status")" 1
ctl capture -t 1 -w "$WORK/second.pcapng" >"$WORK/said" 2>&1 || fail "still armed: $(cat "$WORK/said")"

# More than the rings hold while nobody reads: bounded, and said.
python3 - "$TG_NET_DIR" "$TG_NAME" >"$WORK/id" <<'PY'
import sys
sys.path.insert(0, sys.argv[1])
import telemetry
print(telemetry.Telemetry(sys.argv[2]).ask("/tidegate/capture_start,drops,64,60,100000")["id"])
PY
CL_TIMEOUT=20 cl "$TG_BUILD/tests/net/synflood" cl0 "$(ip -n "$NS_S" link show tg0 |
	sed -n 's|.*link/ether \([0-9a-f:]*\).*|\1|p')" "$S4" 81 20000 60 20000
dropped()
{
	[ "$(counter drop_closed_port)" -ge 10000 ]
}
wait_until 20 dropped || fail "the flood did not arrive"
python3 -c 'import json, sys
st = json.loads(sys.argv[1]); sys.exit(not (st["missed"] > 0 and st["written"] == 0))' \
	"$(tele get "/tidegate/capture_status,$(cat "$WORK/id")")" || fail "no packet found its ring full"
# The daemon ends with the capture armed: nothing is left over.
tg_stop
