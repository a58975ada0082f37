/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FLOOD_REPLIES_H
#define FLOOD_REPLIES_H
/**
 * @file
 * What comes back to the generator: honest clients get theirs, the rest is counted.
 */
#include "honest.h"
#include "result.h"
#include "template.h"

/** One answer in so many has its checksums verified: more would cost the generator too much. */
#define REPLIES_SAMPLE 256

/** Counts of what came back for the flood. */
struct replies {
	uint64_t synacks;
	uint64_t rsts;
	uint64_t others;
	uint64_t sampled;
	uint64_t damaged;
};

/**
 * Takes a frame that came back.
 *
 * @param m      the flood, for the offsets of its frames: answers have the same
 * @param h      NULL without honest clients
 * @param good   the port has verified the checksums already
 */
void replies_take(struct replies *r, const struct flood_mix *m, struct honest *h,
	const uint8_t *frame, unsigned len, bool good, tg_time now);

/** Writes the counts, and those of the clients, into a result. */
void replies_result(const struct replies *r, const struct honest *h, struct flood_result *out);

#endif
