#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A page over IPv4 and IPv6, twice on one connection, and a page that is not there.
. "$(dirname "$0")/../lib.sh"

# fetch URL... - what curl says of each: status, whether it had to connect
fetch()
{
	cl curl -sS --max-time 10 -o /dev/null -w '%{http_code} %{num_connects}\n' "$@"
}

printf 'the page\n' >"$WORK/page"
net_up
tg_start "http: {root_page: \"$WORK/page\"}"

expect "page over IPv4" "$(cl curl -sS --max-time 10 "http://$S4/")" "the page"
expect "page over IPv6" "$(cl curl -sS --max-time 10 "http://[$S6]/")" "the page"
expect "kept alive" "$(fetch "http://$S4/" -o /dev/null "http://$S4/")" $'200 1\n200 0'
expect "kept alive, IPv6" "$(fetch "http://[$S6]/" -o /dev/null "http://[$S6]/")" $'200 1\n200 0'
expect "no such page" "$(fetch "http://$S4/nothing/here")" "404 1"
expect "HEAD" "$(fetch --head "http://$S4/")" "200 1"
expect "HTTP/1.0" "$(fetch --http1.0 "http://$S4/")" "200 1"

wait_until 10 is_idle || fail "connections are left: $(tele usage conns half_open segments)"
tg_stop
