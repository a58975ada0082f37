#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The profiles of config/: --check takes each and finds nothing but that its NIC is not here; on a veth in
# place of that NIC, with less memory, each starts and answers.
# Shards: 1
. "$(dirname "$0")/../lib.sh"

# on_veth PROFILE - the profile with a port and tables for this machine
on_veth()
{
	local shards

	shards=$(sed -n 's/^shards: //p' "$TG_ROOT/config/$1.yaml")
	sed -e "s/^eal: .*/eal: [\"--no-huge\", \"--no-pci\", \"--file-prefix=$TG_NAME\"]/" \
		-e "s/\"0000:01:00.0\"/\"net_af_packet0,iface=tg0,qpairs=$shards,framecnt=4096\"/" \
		-e 's/^\( *max_[a-z_]*:\).*/\1 4096/' \
		-e 's/^idle_sleep: .*//' -e "\$a\\
idle_sleep: 50us" "$TG_ROOT/config/$1.yaml" >"$WORK/config.yaml"
}

net_up
for profile in lab edge bench; do
	"$TG_BUILD/app/tidegate" --check -c "$TG_ROOT/config/$profile.yaml" >"$WORK/check" 2>&1 ||
		fail "$profile: $(cat "$WORK/check")"
	grep -q "^.*/$profile.yaml: ok$" "$WORK/check" || fail "$profile: $(cat "$WORK/check")"
	! grep -vE ": ok$|^note: .*no PCI device 0000:01:00.0" "$WORK/check" || fail "$profile"
	on_veth "$profile"
	tg_run "$TG_BUILD/app/tidegate" -c "$WORK/config.yaml"
	expect "$profile: page" "$(cl curl -sS -m 20 -o /dev/null -w '%{http_code}' "http://$S4/")" 200
	expect "$profile: page" "$(cl curl -sS -m 20 -o /dev/null -w '%{http_code}' "http://[$S6]/")" 200
	tg_stop
done
