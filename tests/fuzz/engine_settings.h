/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_FUZZ_ENGINE_SETTINGS_H
#define TG_FUZZ_ENGINE_SETTINGS_H
/**
 * @file
 * How fuzz_engine's input chooses the engine's and the listeners' configuration.
 */
#include <stddef.h>
#include <stdint.h>

#include <tidegate/engine.h>

#include "rig.h"

/** What is left of the input. */
struct fuzz_bytes {
	const uint8_t *at;
	size_t left;
};

/** The next byte, 0 when there is none. */
uint8_t fuzz_take(struct fuzz_bytes *in);

/**
 * Takes the settings from the input: three bytes, four more when the first has its top bit.
 *
 *   0  bits 0-6 manner of the bench + 5 * Fast Open (its bits 0-1 the mode, 2 late delivery,
 *      3 under flood, 4 a short fastopen_qlen)
 *   1  bits 0-1 syncookies, 2 abort_on_overflow, 3-5 no timestamps, SACK, window scale, 6 silent
 *      closed ports, 7 no Nagle
 *   2  bits 0-1 buffer sizes, 2-3 backlog, 4 few entries, 5 few in TIME_WAIT, 6 few segments,
 *      7 idle timeout
 *
 * The four more are the queues' rules; the lists they index are in engine_settings.c:
 *
 *   3  bits 0-2 syncookies, 3-4 defer_mode, 5-7 defer_accept_s
 *   4  bit 0 single_queue, 1 accept_exact, 2 accept_full young, 3 defer_cookies, 4-5 syn_backlog,
 *      6 shared cookie seed, 7 synack_rto 3 s
 *   5  bits 0-1 synack_prefix_rate, 2-3 its burst, 4-5 proven_peers, 6-7 cookie_check_rate
 *   6  bits 0-3 max_syn_backlog - 1, 4-5 synack_retries, 6-7 start and stop of adaptive cookies
 *
 * @param rig  initialised here, not opened
 * @param l    two listeners on one port, the first of IPv4, the second of IPv6; without worker
 */
void engine_settings(struct fuzz_bytes *in, struct rig *rig, struct tg_listener_config l[2]);

#endif
