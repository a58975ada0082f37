/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_TABLE_BUCKET_H
#define TG_TABLE_BUCKET_H
/**
 * @file
 * A token bucket one second deep.
 */
#include <stdbool.h>
#include <stdint.h>

#include "ticks.h"

/** A bucket. */
struct tg_bucket {
	uint64_t credit; /**< thousandths of a token, so that low rates do not round away */
	tg_ms at;        /**< when it was last topped up */
};

/** Fills it up. @param rate  tokens per second */
static inline void
tg_bucket_init(struct tg_bucket *b, uint32_t rate, tg_ms now)
{
	b->credit = rate * UINT64_C(1000);
	b->at = now;
}

/** Takes a token. @return false when there is none; rate 0 never has any */
static inline bool
tg_bucket_take(struct tg_bucket *b, uint32_t rate, tg_ms now)
{
	uint64_t depth = rate * UINT64_C(1000);

	b->credit += (uint64_t)(now - b->at) * rate;
	if (b->credit > depth)
		b->credit = depth;
	b->at = now;
	if (b->credit < 1000)
		return false;
	b->credit -= 1000;
	return true;
}

#endif
