#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# 4 MiB both ways against the kernel while, in either direction, 1 % of the packets is dropped, 1 %
# repeated, 1 % overtaken and 1 % has a bit flipped; by an application with its own loop.
# Shards: 1
. "$(dirname "$0")/../lib.sh"

SEED=${SEED:-2} # another one may be tried from outside
echo "seed $SEED"
net_up
tg_run "$TG_BUILD/tests/net/impaired_echo" --no-huge --no-pci -m 256 --no-telemetry -l 0 \
	--file-prefix="$TG_NAME" --vdev="net_af_packet0,iface=tg0" \
	-- "$SEED" 10 7 "$S4/24" "$S6/64"
CL_TIMEOUT=200 client echo "$S4" 7 $((4 << 20))
CL_TIMEOUT=200 client echo "$S6" 7 $((1 << 20))
tg_stop
grep '^wire: ' "$WORK/out"
