/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <errno.h>
#include <stdalign.h>
#include <stddef.h>
#include <string.h>

#include "flow.h"

/*
 * Open addressing over whole cache lines. A bucket is one line with ten entries; an entry whose
 * home bucket is full goes to the next bucket with room, and every full bucket it passed by
 * counts it in `spill`. A look-up goes on to the next bucket only while spill is not 0, so a miss
 * ends at home in the normal case, and removal needs no tombstones: it takes the count back.
 *
 * Why not overflow buckets chained behind the home bucket: whatever the hashes are, `capacity`
 * entries must fit, so (capacity - 1) / 10 overflow buckets would have to be held in reserve, 6.4
 * bytes an entry on top of the 9.8 of the home buckets. Here ten slots times all buckets is more
 * than the capacity, which is the whole proof that an insert below capacity finds a slot.
 *
 * What chains do by themselves, going home when there is room again, is done by the distance from
 * home that is part of each signature: a removal from a bucket that has spilled draws back one of
 * those who passed by. Without that, a table ages: a full one of a million entries, every one of
 * them replaced 20 times, had 35 % of its buckets spilled and read 1.80 lines for a miss.
 *
 * A table is filled to 65 % at most: 64 / 6.5 = 9.85 bytes an entry. Full, fresh or aged,
 * 8 % of its buckets have spilled, 98 % of the entries stand at home, a miss reads 1.11 lines.
 */
enum {
	/* Entries per bucket at capacity, as a fraction: 13 / 2 = 6.5 of 10. */
	LOAD_NUM = 13,
	LOAD_DEN = 2,
};

/* The key is compared as 8 + 8 + 8 overlapping bytes, which leaves out free_use at 22. */
static_assert(offsetof(struct tg_flow_key, rport) == 16, "after the address");
static_assert(offsetof(struct tg_flow_key, free_use) == 22, "not compared");

static uint32_t
next_of(const struct tg_flow *t, uint32_t i)
{
	return i + 1 == t->buckets ? 0 : i + 1;
}

/** The lowest bit's number; m is not 0. */
static unsigned
first(uint32_t m)
{
	return (unsigned)__builtin_ctz(m);
}

static uint64_t
load64(const uint8_t *p)
{
	uint64_t x;

	memcpy(&x, p, sizeof(x));
	return x;
}

static bool
same_key(const void *entry, const struct tg_flow_key *key)
{
	const uint8_t *a = entry;
	const uint8_t *b = (const uint8_t *)key;

	return ((load64(a) ^ load64(b)) | (load64(a + 8) ^ load64(b + 8)) |
		       (load64(a + 14) ^ load64(b + 14))) == 0;
}

static const void *
entry_at(const struct tg_flow *t, uint32_t value)
{
	return tg_pool_at(t->entries[tg_flow_kind_of(value)], tg_flow_index_of(value));
}

int
tg_flow_init(struct tg_flow *t, const struct tg_mem *mem, uint32_t capacity,
	const struct tg_pool *const pools[TG_FLOW_KINDS])
{
	/* Rounded up, and one bucket at least; 2^32 entries would need 0.66 * 10^9: no overflow. */
	const uint32_t buckets = (uint32_t)((uint64_t)capacity * LOAD_DEN / LOAD_NUM) + 1;

	size_t size;

	memset(t, 0, sizeof(*t));
	/* Only where size_t has 32 bits can it overflow. */
	if (__builtin_mul_overflow(buckets, sizeof(*t->bucket), &size))
		return -ENOMEM;
	t->bucket = mem->alloc(mem->ctx, size, alignof(struct tg_flow_bucket));
	if (t->bucket == NULL)
		return -ENOMEM;
	t->buckets = buckets;
	t->capacity = capacity;
	for (unsigned i = 0; i < TG_FLOW_KINDS; i++)
		t->entries[i] = pools[i];
	return 0;
}

void
tg_flow_fini(struct tg_flow *t, const struct tg_mem *mem)
{
	if (t->bucket != NULL)
		mem->free(mem->ctx, t->bucket, t->buckets * sizeof(*t->bucket));
	memset(t, 0, sizeof(*t));
}

uint64_t
tg_flow_bytes(const struct tg_flow *t)
{
	return (uint64_t)t->buckets * sizeof(*t->bucket);
}

/* tg_flow_walk() when the first one alike is another one. */
static __attribute__((noinline)) uint32_t *
walk(const struct tg_flow *t, const struct tg_flow_key *key, uint32_t hash)
{
	uint32_t i = tg_flow_home(t, hash);

	/* In a small table every bucket may have spilled: once round is enough. */
	for (uint32_t dist = 0; dist < t->buckets; dist++) {
		struct tg_flow_bucket *b = &t->bucket[i];

		for (uint32_t m = tg_flow_match(b, tg_flow_sig(hash, dist)); m != 0; m &= m - 1) {
			uint32_t *value = &b->value[first(m)];

			if (same_key(entry_at(t, *value), key))
				return value;
		}
		if (b->spill == 0)
			break;
		i = next_of(t, i);
	}
	return NULL;
}

uint32_t *
tg_flow_walk(const struct tg_flow *t, const struct tg_flow_key *key, uint32_t hash)
{
	struct tg_flow_bucket *b = &t->bucket[tg_flow_home(t, hash)];
	uint32_t m = tg_flow_match(b, tg_flow_sig(hash, 0));

	if (m != 0 && same_key(entry_at(t, b->value[first(m)]), key))
		return &b->value[first(m)];
	return walk(t, key, hash);
}

void
tg_flow_lookup_bulk(const struct tg_flow *t, const struct tg_flow_key *const key[],
	const uint32_t hash[], unsigned n, uint32_t value[])
{
	uint64_t maybe = 0;

	for (unsigned i = 0; i < n; i++)
		tg_flow_prefetch(t, hash[i]);
	for (unsigned i = 0; i < n; i++) {
		const struct tg_flow_bucket *b = &t->bucket[tg_flow_home(t, hash[i])];
		uint32_t m = tg_flow_match(b, tg_flow_sig(hash[i], 0));

		value[i] = TG_NONE;
		if ((m | b->spill) == 0)
			continue;
		maybe |= UINT64_C(1) << i;
		if (m != 0)
			__builtin_prefetch(entry_at(t, b->value[first(m)]));
		else
			__builtin_prefetch(&t->bucket[next_of(t, (uint32_t)(b - t->bucket))]);
	}
	for (; maybe != 0; maybe &= maybe - 1) {
		unsigned i = (unsigned)__builtin_ctzll(maybe);
		const uint32_t *v = tg_flow_walk(t, key[i], hash[i]);

		if (v != NULL)
			value[i] = *v;
	}
}

/** Where `value` stands, or NULL; *at is its bucket. Does not touch the entry. */
static uint32_t *
find(const struct tg_flow *t, uint32_t hash, uint32_t value, uint32_t *at)
{
	uint32_t i = tg_flow_home(t, hash);

	for (uint32_t dist = 0; dist < t->buckets; dist++) {
		struct tg_flow_bucket *b = &t->bucket[i];

		for (uint32_t m = tg_flow_match(b, tg_flow_sig(hash, dist)); m != 0; m &= m - 1) {
			uint32_t *v = &b->value[first(m)];

			if (*v == value) {
				*at = i;
				return v;
			}
		}
		if (b->spill == 0)
			break;
		i = next_of(t, i);
	}
	return NULL;
}

int
tg_flow_insert(struct tg_flow *t, uint32_t hash, uint32_t value)
{
	uint32_t i = tg_flow_home(t, hash);
	struct tg_flow_bucket *b = &t->bucket[i];
	uint32_t dist = 0;
	uint32_t vacant;
	unsigned slot;

	assert(tg_flow_kind_of(value) < TG_FLOW_KINDS);
	if (t->count == t->capacity)
		return -ENOSPC;
	/* Ends: fewer entries than slots. */
	while ((vacant = tg_flow_match(b, 0)) == 0) {
		b->spill++;
		dist++;
		i = next_of(t, i);
		b = &t->bucket[i];
	}
	slot = first(vacant);
	b->sig[slot] = tg_flow_sig(hash, dist);
	b->value[slot] = value;
	t->count++;
	return 0;
}

/** A slot of b whose entry is `dist` or more from home, and known how far; or TG_FLOW_SLOTS. */
static unsigned
passer(const struct tg_flow_bucket *b, uint32_t dist)
{
	unsigned slot = 0;

	while (slot < TG_FLOW_SLOTS &&
		(b->sig[slot] >> TG_FLOW_DIST_SHIFT < dist ||
			b->sig[slot] >> TG_FLOW_DIST_SHIFT == TG_FLOW_DIST_MAX))
		slot++;
	return slot;
}

/**
 * Frees a slot of bucket i. Where entries passed by i, the nearest of them takes the slot and its
 * own is the one to be freed, and so on. 88 % of the removals stay in one bucket; the others go
 * on to adjacent lines.
 */
static void
vacate(struct tg_flow *t, uint32_t i, unsigned slot)
{
	struct tg_flow_bucket *to = &t->bucket[i];
	struct tg_flow_bucket *from = to;
	uint32_t dist = 0;

	while (from->spill != 0 && ++dist < TG_FLOW_DIST_MAX) {
		uint32_t j = next_of(t, (uint32_t)(from - t->bucket));
		unsigned k;

		from = &t->bucket[j];
		k = passer(from, dist);
		if (k == TG_FLOW_SLOTS)
			continue;
		to->sig[slot] = (uint16_t)(from->sig[k] - (dist << TG_FLOW_DIST_SHIFT));
		to->value[slot] = from->value[k];
		for (; i != j; i = next_of(t, i))
			t->bucket[i].spill--;
		to = from;
		slot = k;
		dist = 0;
	}
	to->sig[slot] = 0;
}

/* tg_flow_remove() wherever it stands. */
static __attribute__((noinline)) bool
remove_far(struct tg_flow *t, uint32_t hash, uint32_t value)
{
	uint32_t at;
	uint32_t *v = find(t, hash, value, &at);

	if (v == NULL)
		return false;
	for (uint32_t i = tg_flow_home(t, hash); i != at; i = next_of(t, i))
		t->bucket[i].spill--;
	vacate(t, at, (unsigned)(v - t->bucket[at].value));
	t->count--;
	return true;
}

bool
tg_flow_remove(struct tg_flow *t, uint32_t hash, uint32_t value)
{
	struct tg_flow_bucket *home = &t->bucket[tg_flow_home(t, hash)];
	uint32_t m = tg_flow_match(home, tg_flow_sig(hash, 0));

	/* At home, where nobody passed by: nine of ten in a full table. */
	if (m != 0 && home->spill == 0 && home->value[first(m)] == value) {
		home->sig[first(m)] = 0;
		t->count--;
		return true;
	}
	return remove_far(t, hash, value);
}

bool
tg_flow_replace(struct tg_flow *t, uint32_t hash, uint32_t old, uint32_t value)
{
	uint32_t at;
	uint32_t *v = find(t, hash, old, &at);

	assert(tg_flow_kind_of(value) < TG_FLOW_KINDS);
	if (v == NULL)
		return false;
	*v = value;
	return true;
}
