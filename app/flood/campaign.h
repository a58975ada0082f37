/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FLOOD_CAMPAIGN_H
#define FLOOD_CAMPAIGN_H
/**
 * @file
 * All runs that a command line asks for: every rate, contender and placement, interleaved so that
 * a disturbance of the machine meets all of them.
 */
#include "result.h"
#include "setup.h"

/** One point of a contender's curve: the median of its repeated runs. */
struct campaign_point {
	const struct flood_result *run; /**< the median by SYN-ACKs per second */
	unsigned runs;                  /**< of which it is the median */
	double least, most;             /**< SYN-ACKs per second among them */
	bool better;                    /**< of two placements, the one the contender is judged by;
					     true where there is only one */
};

/** Runs and what they come to. */
struct campaign {
	const struct flood_options *o;
	const struct flood_setup *setup;
	unsigned runs;
	struct flood_result *run;
	unsigned points;
	struct campaign_point *point; /**< by rate, then contender, then placement */
};

/**
 * Runs them all, until one fails or a signal comes; and sums up what there is.
 *
 * @param c    filled; campaign_free() in any case
 * @param err  SETUP_ERROR bytes
 * @return 0, or a negative errno with err filled
 */
int campaign_run(struct campaign *c, const struct flood_options *o, const struct flood_setup *setup,
	char *err);

/** The point tidegate's `p` is compared with: contender's better one at the same rate, or NULL. */
const struct campaign_point *campaign_rival(
	const struct campaign *c, const struct campaign_point *p, enum flood_contender contender);

/** Frees. */
void campaign_free(struct campaign *c);

#endif
