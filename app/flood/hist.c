/* SPDX-License-Identifier: BSD-3-Clause */
#include "hist.h"

#define SUB (1u << HIST_SUB_BITS)

/* Values below 2 * SUB stand for themselves; above, the exponent and the five bits below it. */
static unsigned
index_of(uint64_t v)
{
	unsigned exponent, i;

	if (v < SUB)
		return (unsigned)v;
	exponent = 63 - (unsigned)__builtin_clzll(v) - HIST_SUB_BITS;
	i = ((exponent + 1) << HIST_SUB_BITS) + (unsigned)((v >> exponent) & (SUB - 1));
	return i < HIST_BUCKETS ? i : HIST_BUCKETS - 1;
}

/* The largest value that counts in bucket i. */
static uint64_t
edge_of(unsigned i)
{
	unsigned exponent;

	if (i < SUB)
		return i;
	exponent = (i >> HIST_SUB_BITS) - 1;
	return ((uint64_t)(SUB + (i & (SUB - 1)) + 1) << exponent) - 1;
}

void
hist_add(struct hist *h, uint64_t ns)
{
	h->count++;
	h->sum += ns;
	if (ns > h->max)
		h->max = ns;
	h->bucket[index_of(ns)]++;
}

void
hist_merge(struct hist *h, const struct hist *from)
{
	h->count += from->count;
	h->sum += from->sum;
	if (from->max > h->max)
		h->max = from->max;
	for (unsigned i = 0; i < HIST_BUCKETS; i++)
		h->bucket[i] += from->bucket[i];
}

uint64_t
hist_percentile(const struct hist *h, double percent)
{
	double want = percent / 100 * (double)h->count;
	uint64_t seen = 0;

	if (h->count == 0)
		return 0;
	for (unsigned i = 0; i < HIST_BUCKETS; i++) {
		seen += h->bucket[i];
		if (seen != 0 && (double)seen >= want)
			return edge_of(i) < h->max && i != HIST_BUCKETS - 1 ? edge_of(i) : h->max;
	}
	return h->max;
}
