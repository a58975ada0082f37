/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_APP_WATCHDOG_H
#define TIDEGATE_APP_WATCHDOG_H
/**
 * @file
 * Whether every loop turns, the shards' and the main thread's: what the service manager's watchdog
 * is told.
 */
#include <stdbool.h>
#include <stdint.h>

/** A loop as the watchdog sees it. */
struct watchdog_loop {
	const uint64_t *turns; /**< counted up by the loop; read by any thread */
	uint64_t seen;         /**< turns at the last look */
	bool ended;            /**< the loop ended as it was asked to: it need not turn any more */
};

/**
 * Looks at all loops.
 *
 * @param loop  seen is brought up to date
 * @return true when each has turned since the last look, or has ended
 */
bool watchdog_all_turn(struct watchdog_loop loop[], unsigned n);

#endif
