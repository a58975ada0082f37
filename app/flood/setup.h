/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FLOOD_SETUP_H
#define FLOOD_SETUP_H
/**
 * @file
 * A set-up: a way to join generator and contender. One for each place the flood may go to.
 */
#include "options.h"
#include "progress.h"
#include "result.h"

/** Longest error text. */
#define SETUP_ERROR 256

/** A set-up. */
struct flood_setup {
	const char *name;
	uint32_t contenders; /**< bit set of 1 << enum flood_contender it can flood */
	bool placements;     /**< it knows enum flood_placement */

	/**
	 * Makes everything that runs share.
	 *
	 * @param o    stays valid until close
	 * @param ctx  set on success, given to the other two
	 * @param err  SETUP_ERROR bytes, filled on failure
	 * @return 0; -EINVAL: wrong use; another negative errno: it does not work here
	 */
	int (*open)(const struct flood_options *o, void **ctx, char *err);

	/**
	 * Floods one contender at one rate for o->duration seconds, or until stop_wanted().
	 *
	 * @param r  zeroed but for contender, placement, has_placement and wanted; filled
	 * @param p  to be called progress_tick() on now and then
	 * @return 0 or a negative errno with err filled
	 */
	int (*run)(void *ctx, struct flood_result *r, struct progress *p, char *err);

	/** Ends every process and takes away everything open and run have made. */
	void (*close)(void *ctx);
};

extern const struct flood_setup setup_self, setup_memif, setup_port, setup_veth;

#endif
