/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FLOOD_HIST_H
#define FLOOD_HIST_H
/**
 * @file
 * A log-linear histogram of times: 32 equal steps in each power of two, so that a percentile is
 * off by at most 1/32 (3 %), from 1 ns to beyond an hour, in 10 KB and without allocation.
 */
#include <stdint.h>

/** Steps in a power of two, as a power of two itself. */
#define HIST_SUB_BITS 5
/** Powers of two above the first, linear one: 2^42 ns are 73 minutes. */
#define HIST_EXPONENTS 38
#define HIST_BUCKETS   ((HIST_EXPONENTS + 1) << HIST_SUB_BITS)

/** A histogram; zeroed is empty. */
struct hist {
	uint64_t count;
	uint64_t sum;
	uint64_t max;
	uint64_t bucket[HIST_BUCKETS];
};

/** Adds a value in ns; what is beyond the last bucket counts there. */
void hist_add(struct hist *h, uint64_t ns);

/** Adds all of `from`. */
void hist_merge(struct hist *h, const struct hist *from);

/**
 * The value below or at which `percent` of all values are.
 *
 * @param percent  0 to 100
 * @return upper edge of the bucket in ns, never above the largest value; 0 when empty
 */
uint64_t hist_percentile(const struct hist *h, double percent);

#endif
