/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Token buckets of prefixes: see prefix.h.
 */
#include <errno.h>
#include <string.h>

#include "prefix.h"

enum {
	WAYS = 4,
	TOKEN = 1000, /**< thousandths */
	V4_BYTES = 3, /**< of a /24 */
	V6_BYTES = 7, /**< of a /56 */
};

/** A bucket. */
struct bucket {
	uint64_t prefix; /**< family (4 or 6) in the top byte; 0: never used, so full */
	uint32_t tokens; /**< thousandths, at `at` */
	tg_ms at;        /**< when it was last taken from */
};

/** The buckets that a prefix may have: one cache line. */
struct tg_prefix_set {
	struct bucket b[WAYS];
};
_Static_assert(sizeof(struct tg_prefix_set) == 64, "one cache line");

int
tg_prefix_init(struct tg_prefixes *t, const struct tg_mem *mem, uint32_t buckets, uint32_t rate,
	uint32_t burst)
{
	memset(t, 0, sizeof(*t));
	t->set = mem->alloc(mem->ctx, (buckets + WAYS - 1) / WAYS * sizeof(*t->set), 64);
	if (t->set == NULL)
		return -ENOMEM;
	t->sets = (buckets + WAYS - 1) / WAYS;
	tg_prefix_rate(t, rate, burst);
	return 0;
}

void
tg_prefix_rate(struct tg_prefixes *t, uint32_t rate, uint32_t burst)
{
	t->rate = rate;
	t->full = burst * TOKEN;
}

void
tg_prefix_fini(struct tg_prefixes *t, const struct tg_mem *mem)
{
	if (t->set != NULL)
		mem->free(mem->ctx, t->set, t->sets * sizeof(*t->set));
	memset(t, 0, sizeof(*t));
}

struct tg_addr
tg_prefix_of(const struct tg_addr *a)
{
	const size_t n = tg_addr_is_v4(a) ? 12 + V4_BYTES : V6_BYTES;
	struct tg_addr p = {{0}};

	memcpy(p.b, a->b, n);
	return p;
}

/* The prefix as one number, different for all prefixes of both families, never 0. */
static uint64_t
number_of(const struct tg_addr *a)
{
	const bool v4 = tg_addr_is_v4(a);
	const uint8_t *p = v4 ? a->b + 12 : a->b;
	uint64_t x = v4 ? 4 : 6;

	for (unsigned i = 0; i < V6_BYTES; i++)
		x = x << 8 | (v4 && i >= V4_BYTES ? 0 : p[i]);
	return x;
}

/* Thousandths of a token that a bucket holds at `now`. */
static uint32_t
tokens_at(const struct tg_prefixes *t, const struct bucket *b, tg_ms now)
{
	uint64_t n;

	if (b->prefix == 0)
		return t->full;
	n = b->tokens + (uint64_t)(tg_ms)(now - b->at) * t->rate;
	return n < t->full ? (uint32_t)n : t->full;
}

bool
tg_prefix_take(struct tg_prefixes *t, const struct tg_addr *a, uint32_t hash, tg_ms now)
{
	const uint64_t prefix = number_of(a);
	struct bucket *b, *from = NULL;
	uint32_t most = 0;

	if (t->rate == 0)
		return true;
	b = t->set[(uint64_t)hash * t->sets >> 32].b;
	for (unsigned i = 0; i < WAYS; i++) {
		const uint32_t n = tokens_at(t, &b[i], now);

		if (b[i].prefix == prefix) {
			from = &b[i];
			most = n;
			break;
		}
		/* Which of equals does not matter: names come and go, tokens are what counts. */
		if (from == NULL || n > most) {
			from = &b[i];
			most = n;
		}
	}
	if (most < TOKEN)
		return false;
	from->prefix = prefix;
	from->tokens = most - TOKEN;
	from->at = now;
	return true;
}
