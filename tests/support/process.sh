# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Waiting for something, and ending what we started: for the tests that run processes of their own.

is_gone()
{
	! kill -0 "$1" 2>/dev/null
}

# wait_until SECONDS COMMAND... - true as soon as the command is
wait_until()
{
	local end=$((SECONDS + $1 + 1))

	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.05
	done
}

# end_process PID - one that we started: politely first
end_process()
{
	is_gone "$1" && return
	kill -TERM "$1" 2>/dev/null || return 0
	wait_until 5 is_gone "$1" || kill -KILL "$1" 2>/dev/null || true
	wait "$1" 2>/dev/null || true
}
