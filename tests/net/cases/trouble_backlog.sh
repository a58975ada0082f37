#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Shards: 1
# First prepared trouble: backlog too small. The worker does accept, but more connections complete between
# two turns than four places hold.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ctl.sh"

# A turn only every 5 ms, as on a core that has much to do: the ACKs of many handshakes come at once.
TG_IDLE_SLEEP=5ms
net_up
tg_config
sed -i 's/"0.0.0.0", port: 80, service: http/&, backlog: 4/' "$WORK/config.yaml"
tg_run "$TG_BUILD/app/tidegate" -c "$WORK/config.yaml"
ctl nstat -n
cl curl -sS -Z --parallel-immediate --parallel-max 200 --max-time 60 -H 'Connection: close' -o /dev/null \
	"http://$S4/?n=[1-100000]" >/dev/null 2>&1 &
TG_BACKGROUND+=("$!")
overflowing()
{
	[ "$(counter ListenOverflows)" -gt 20 ]
}
wait_until 20 overflowing || fail "the accept queue never overflowed"

# by hand: the counter that rises, the small bound, and connections that are accepted nevertheless
ctl_status 0 nstat 'Listen*' PassiveOpens
ctl_says '^ListenOverflows +[1-9]'
ctl_says '^PassiveOpens +[1-9]'
ctl_status 0 ss -lnti
ctl_says '^LISTEN +[0-9]+ +4 .* 0\.0\.0\.0:80 '
ctl_says 'overflows:[1-9]'
ctl_status 0 drops -d 1
ctl_says '%  +[0-9.]+  drop_acceptq_full '

diagnosed backlog
grep -q '"where": "0.0.0.0:80"' "$WORK/diagnose" || fail "not this listener"
end_process "$!"
tg_stop
