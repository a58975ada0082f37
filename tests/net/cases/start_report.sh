#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# What it says at start: what it found and decided, and what will hurt.
# Shards: 1
. "$(dirname "$0")/../lib.sh"

# says PATTERN - a line of the output
says()
{
	grep -qE "$1" "$WORK/out" || fail "no line like '$1': $(cat "$WORK/out")"
}

says_not()
{
	! grep -qE "$1" "$WORK/out" || fail "there is a line like '$1'"
}

net_up
mac=$(ip -n "$NS_S" -br link show tg0 | awk '{print toupper($3)}')

tg_start 'descriptors: 256' 'metrics: {address: "::1", port: 9999}'
says '^tidegate +[0-9.]+, DPDK [0-9.]+, '
says "^port 0 +net_af_packet0, driver net_af_packet, MAC $mac, link up.*, NUMA node .*, MTU 1500"
says '^ +1 queue pair, 256 rx and 256 tx descriptors each; multicast: '
says '^ +RSS: one queue, nothing to spread'
says '^ +checksums: received verified by software, sent computed by software \(net_af_packet'
says '^ +VLAN tags of what is sent: '
says '^memory +no hugepages; [0-9]+ mbufs of [0-9]+ bytes, [0-9]+ MB'
says '^each shard +[0-9]+ MB: 65536 connections 16, 16384 half-open 1, '
says '^shard 0 +lcore 1 on CPU [0-9]+, NUMA node [0-9]+, sleeps when idle'
says '^listeners +0.0.0.0:80 http, each shard: accept queue 4096, SYN queue 4096'
says '^ +\[::\]:7 \(IPv4 too\) echo'
says '^metrics +http://\[::1\]:9999/metrics'
says '^warning: no hugepages'
says_not '^warning: .*(framecnt|share|power)'
expect "the last line" "$(tail -n 1 "$WORK/out" | cut -d ' ' -f 1)" ready:
tg_stop

# two shards where one should be, and a ring that is too small for them
TG_SHARDS=2
TG_IDLE_SLEEP=0us
tg_config 'engine: {somaxconn: 1024}'
sed -i 's/,framecnt=4096//; s/"--no-huge"/&, "--lcores=0@0,1@0,2@0"/' "$WORK/config.yaml"
sed -i 's/^  - {address: "0.0.0.0", port: 80, service: http}$/&\n  - {address: "0.0.0.0", port: 6, service: hold}/' \
	"$WORK/config.yaml"
tg_run "$TG_BUILD/app/tidegate" -c "$WORK/config.yaml"
says '^ +2 queue pairs'
says '^ +RSS: net_af_packet offers none; spread by the kernel \(PACKET_FANOUT_HASH\), which cannot be read'
says '^shard 1 +lcore 2 on CPU 0, NUMA node [0-9]+, polls'
says '^listeners +0.0.0.0:80 http, each shard: accept queue 512, SYN queue 512'
says '^ +0.0.0.0:6 hold, each shard'
says '^warning: shards 0 and 1 share CPU 0'
says '^warning: port 0: af_packet .*framecnt=4096'
grep -qw 0 /sys/devices/system/cpu/isolated || says '^note: CPU 0 of shard 0 is not isolated'
says_not '^metrics'
tg_stop

# a port whose redirection table names one queue of two, and small rings; the last of the services
TG_IDLE_SLEEP=1ms
tg_config 'descriptors: 128'
sed -i 's/^  - device: .*/  - device: "net_null0,no-rx=1"/; s/service: discard/service: hold/' "$WORK/config.yaml"
tg_run "$TG_BUILD/app/tidegate" -c "$WORK/config.yaml"
says '^ +RSS: asked for ipv4 ipv4-tcp ipv6 .*; the table of [0-9]+ names 1 of 2 queues'
says '^warning: port 0 gives packets to 1 of its 2 queues'
says '^warning: port 0 has 128 descriptors a queue'
says '^ +\[::\]:9 \(IPv4 too\) hold, each shard: '
tg_stop
