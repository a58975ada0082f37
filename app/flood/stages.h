/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FLOOD_STAGES_H
#define FLOOD_STAGES_H
/**
 * @file
 * Cycles per stage of a SYN's way through a shard.
 *
 * The whole way is timed as it is: two readings of the time-stamp counter around a burst of 32.
 * Readings inside of it would disturb what they measure, since packets of a burst overlap in an
 * out-of-order core. So each stage is replayed instead, now and then, on a copy of the burst's
 * frames, with the functions and tables the engine itself uses. "other" is what the parts leave of
 * the whole; where stages overlap in the whole, it is smaller than the work it stands for, and may
 * be 0.
 */
#include "eal.h"
#include "result.h"

/** Samples kept at most; when they are full, every second one goes and half as many are taken. */
#define STAGES_SAMPLES 8192

/** Samples of one run. */
struct stages {
	unsigned n;         /**< samples */
	unsigned every;     /**< one burst of so many is taken */
	unsigned wait;      /**< bursts until the next one is */
	uint64_t generator; /**< cycles the generator spent on the burst at hand: the caller's to
				 set before stages_take() */
	uint64_t loop;      /**< cycles of the last turn of the caller's loop that took a burst and
				 no sample: likewise */
	float *cycles[STAGES];
};

/** Starts without samples. @return 0, -ENOMEM */
int stages_init(struct stages *s);

/** Whether the burst at hand should be sampled: then call stages_take(). */
bool stages_due(struct stages *s);

/**
 * Takes a sample.
 *
 * @param shard    where the burst went
 * @param port     through this port
 * @param m        FLOOD_BURST mbufs with the frames as they were sent; rewritten
 * @param cookies  the burst was answered with cookies
 * @param total    cycles of the whole burst
 */
void stages_take(struct stages *s, struct tg_shard *shard, uint16_t port, struct rte_mbuf *m[],
	bool cookies, uint64_t total);

/** Median and p10 of each stage, per packet, into a result. */
void stages_result(struct stages *s, struct flood_result *r);

/** Frees. */
void stages_fini(struct stages *s);

#endif
