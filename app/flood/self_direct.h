/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FLOOD_SELF_DIRECT_H
#define FLOOD_SELF_DIRECT_H
/**
 * @file
 * Generator and listener in one loop on one core, joined at the burst seam: no port, no ring,
 * nothing between a frame written and the engine's look at it.
 */
#include "generator.h"
#include "listener.h"
#include "stages.h"

/** The port number under which the shard knows this loop. */
#define DIRECT_PORT 0

/**
 * Runs until g->pace ends or a signal comes. The flood goes in bursts of FLOOD_BURST only.
 *
 * @param g  port is not used
 * @param s  cycles per stage are put here
 * @return nanoseconds it lasted
 */
tg_time direct_run(struct generator *g, struct listener *l, struct stages *s, struct progress *p);

#endif
