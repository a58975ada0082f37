/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_DPDK_TOKENS_H
#define TG_DPDK_TOKENS_H
/**
 * @file
 * A token bucket for bursts: so many a second, so many in a row. One thread.
 */
#include <tidegate/types.h>

/** Largest rate and burst of a bucket: products of them and a second fit into 64 bits. */
#define TG_TOKENS_RATE_MAX  10000000u
#define TG_TOKENS_BURST_MAX 65536u

/** A bucket. */
struct tg_tokens {
	uint32_t rate;   /**< tokens per second */
	uint64_t depth;  /**< most credit */
	uint64_t credit; /**< in billionths of a token, so that no rate rounds away */
	tg_time at;      /**< when it was last topped up */
};

/**
 * Fills it up.
 *
 * @param rate   tokens per second, 1 to TG_TOKENS_RATE_MAX
 * @param burst  most tokens in a row, 1 to TG_TOKENS_BURST_MAX
 */
static inline void
tg_tokens_init(struct tg_tokens *t, uint32_t rate, uint32_t burst, tg_time now)
{
	t->rate = rate;
	t->depth = burst * TG_SEC;
	t->credit = t->depth;
	t->at = now;
}

/** Tokens there are now. */
static inline uint32_t
tg_tokens_left(struct tg_tokens *t, tg_time now)
{
	tg_time gone = now - t->at;

	t->at = now;
	/* Time that would fill it from empty is not multiplied: that could overflow. */
	if (gone > t->depth / t->rate)
		t->credit = t->depth;
	else
		t->credit += gone * t->rate;
	if (t->credit > t->depth)
		t->credit = t->depth;
	return (uint32_t)(t->credit / TG_SEC);
}

/** Takes up to n tokens. @return how many it got */
static inline uint32_t
tg_tokens_take(struct tg_tokens *t, uint32_t n, tg_time now)
{
	uint32_t left = tg_tokens_left(t, now);

	if (n > left)
		n = left;
	t->credit -= n * TG_SEC;
	return n;
}

#endif
