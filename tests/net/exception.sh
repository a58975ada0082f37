# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What the cases about the exception path share. Sourced after lib.sh.

# An address of the kernel alone, beside the shared ones.
K4=192.0.2.9
K6=2001:db8::9

# host COMMAND... - on tidegate's host
host()
{
	timeout -k 5 "${HOST_TIMEOUT:-120}" ip netns exec "$NS_S" "$@"
}

# host_mac INTERFACE
host_mac()
{
	ip -n "$NS_S" link show "$1" | sed -n 's|.*link/ether \([0-9a-f:]*\).*|\1|p'
}

# exception_up LINE... - the network, and tidegate with these lines in its exception section; the kernel
# has tidegate's addresses and others on tgx0
exception_up()
{
	local line

	[ -e /dev/net/tun ] || skip "no /dev/net/tun"
	command -v nft >/dev/null || skip "no nft"
	net_up
	# Under a real port there is no interface of the kernel. Here there is, and with addresses of its
	# own the kernel would answer what comes in there.
	host nft "add table netdev quiet; add chain netdev quiet ingress { \
		type filter hook ingress device tg0 priority 0; policy drop; }" 2>"$WORK/nft" ||
		skip "no ingress hook of nft here: $(head -n 1 "$WORK/nft")"
	tg_config "exception:" "  interface: tgx%d" "  device: tap" "${@/#/  }"
	tg_run "$TG_BUILD/app/tidegate" -c "$WORK/config.yaml"
	for line in "$S4/24" "$K4/24"; do
		ip -n "$NS_S" addr add "$line" dev tgx0
	done
	for line in "$S6/64" "$K6/64"; do
		ip -n "$NS_S" addr add "$line" dev tgx0 nodad
	done
	mkdir -p "$WORK/www"
	echo "of the kernel" >"$WORK/www/small"
	head -c "$(at_scale $((2 << 20)))" /dev/urandom >"$WORK/www/large"
}

# host_serve PORT ADDRESS - an HTTP server of the kernel's TCP
host_serve()
{
	: >"$WORK/serve"
	ip netns exec "$NS_S" python3 "$TG_NET_DIR/host_server.py" http "$2" "$1" "$WORK/www" \
		>"$WORK/serve" 2>&1 </dev/null &
	TG_BACKGROUND+=("$!")
	wait_until 60 grep -q up "$WORK/serve" || fail "no server of the kernel: $(cat "$WORK/serve")"
}

# udp_echo ADDRESS BYTES - how many bytes came back from the kernel
udp_echo()
{
	if [ ! -e "$WORK/udp$1" ]; then
		: >"$WORK/udp$1"
		ip netns exec "$NS_S" python3 "$TG_NET_DIR/host_server.py" udp "$1" 7 \
			>"$WORK/udp$1" 2>&1 </dev/null &
		TG_BACKGROUND+=("$!")
		wait_until 60 grep -q up "$WORK/udp$1" || fail "no UDP server: $(cat "$WORK/udp$1")"
	fi
	cl python3 "$TG_NET_DIR/host_server.py" ask "$1" 7 "$2"
}

# sum - of the large file, as the server says it
sum()
{
	sha256sum <"$WORK/www/large" | cut -d ' ' -f 1
}

# Every packet that was not tidegate's went one of the four ways.
accounted()
{
	local passed rx limited other dropped

	read -r passed rx limited other <<<"$(counter passed exception_rx exception_limited \
		exception_other_host)"
	dropped=$((passed - rx - limited - other))
	# what the port did not take of the kernel's own is in exception_dropped too
	expect_at_most "packets passed on that no counter tells of" "$dropped" "$(counter exception_dropped)"
	expect_at_least "the same" "$dropped" 0
}

# Stops tidegate: the interface is gone.
stop_and_gone()
{
	tg_stop
	! ip -n "$NS_S" link show tgx0 >/dev/null 2>&1 || fail "tgx0 is still there"
}
