#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What tidegatectl prints: commands and their output against a daemon in namespaces, with honest clients
# and then with a flood. docs/tidegatectl.md has its examples from here. As root:
#
#     tests/net/tour.sh
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/flood.sh"
. "$(dirname "$0")/ctl.sh"

# show ARGUMENT... - as an operator sees it; the prefix of the namespaces is left out
show()
{
	echo "\$ tidegatectl $*"
	ctl "$@" || echo "(exit status $?)"
	echo
}

net_up >/dev/null
tg_config
sed -i 's/service: http/&, backlog: 256/; /^listeners:/a\  - {address: "0.0.0.0", port: 6, service: hold, backlog: 2}' \
	"$WORK/config.yaml"
tg_run "$TG_BUILD/app/tidegate" -c "$WORK/config.yaml"
bg idle many "$S4" 7 3
bg_says idle '^open 3'
for ((i = 0; i < 3; i++)); do
	cl nc -d "$S4" 6 >/dev/null 2>&1 &
	TG_BACKGROUND+=("$!")
done
cl curl -sS -Z --parallel-immediate --parallel-max 10 --max-time 60 -H 'Connection: close' -o /dev/null \
	"http://$S4/?n=[1-200000]" >/dev/null 2>&1 &
CURL=$!
TG_BACKGROUND+=("$CURL")
sleep 2
show ss -lnt
show ss -nti sport = :7
show nstat -d 1 --count 1 'Listen*' PassiveOpens InSegs
show shards
show ports
show usage
show diagnose -d 2
end_process "$CURL"
synflood_on 20000 20 >/dev/null
sleep 2
show ss -lnt src 0.0.0.0:80
show drops -d 1
COLUMNS=80 show top -b -n 1 -d 1
show diagnose -d 2
end_process "$FLOOD"
bg_go idle
bg_end idle
