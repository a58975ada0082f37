/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FLOOD_GENERATOR_H
#define FLOOD_GENERATOR_H
/**
 * @file
 * The generator's loop over a DPDK port: flood and honest clients out, answers in.
 */
#include "eal.h"
#include "progress.h"
#include "replies.h"
#include "traffic.h"

/**
 * A run.
 *
 * At a fixed rate the wire behaves as a NIC: a frame that finds its queue full is lost, the
 * clients' as well as the flood's. As fast as possible, frames wait for room instead: then the
 * listener sets the pace, and what it answers is its capacity.
 */
struct generator {
	const struct flood_eal *eal;
	uint16_t port; /**< started, queue 0 */
	struct flood_mix *mix;
	struct honest *honest; /**< NULL: none */
	struct pace pace;

	uint64_t sent;     /**< flood frames */
	uint64_t unsent;   /**< of these, lost for want of room */
	uint64_t forgiven; /**< flood frames not written since the generator came late */
	struct replies replies;
	struct rte_mbuf *waiting[2 * FLOOD_BURST];
	unsigned nb_waiting;
};

/**
 * Runs until the pace ends or a signal comes.
 *
 * @return nanoseconds it lasted
 */
tg_time generator_run(struct generator *g, struct progress *p);

#endif
