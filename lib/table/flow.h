/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_TABLE_FLOW_H
#define TG_TABLE_FLOW_H
/**
 * @file
 * The flow table: 4-tuple to entry, for half-open entries, connections and TIME_WAIT alike.
 *
 * One look-up answers "established, half-open or unknown" with one bucket and one entry touched;
 * the kinds cannot collide since a tuple is of at most one kind at a time.
 */
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "pool.h"

/** What every entry in the table begins with. Compared as bytes except `free_use`. */
struct tg_flow_key {
	uint8_t raddr[16]; /**< remote address, v4-mapped for IPv4 */
	uint16_t rport;    /**< remote port */
	uint16_t lport;    /**< local port */
	uint16_t laddr;    /**< index of the local address */
	uint16_t free_use; /**< not part of the key: the entry's own */
};
_Static_assert(sizeof(struct tg_flow_key) == 24, "three words");

/** Kinds of entries; each lives in its own pool. */
enum tg_flow_kind {
	TG_FLOW_SYN,
	TG_FLOW_CONN,
	TG_FLOW_TW,
	TG_FLOW_KINDS,
};

/** A table value: kind in the top 2 bits, pool index below. TG_NONE is no entry. */
static inline uint32_t
tg_flow_value(enum tg_flow_kind kind, uint32_t idx)
{
	return (uint32_t)kind << 30 | idx;
}

static inline enum tg_flow_kind
tg_flow_kind_of(uint32_t value)
{
	return (enum tg_flow_kind)(value >> 30);
}

static inline uint32_t
tg_flow_index_of(uint32_t value)
{
	return value & ((UINT32_C(1) << 30) - 1);
}

enum {
	TG_FLOW_BUCKET = 64, /**< bytes */
	TG_FLOW_SLOTS = 10,
	/** A signature is 12 bits of the hash below 4 bits of distance from home, in buckets. */
	TG_FLOW_DIST_SHIFT = 12,
	/**
	 * This far or further: not drawn back, since how far is not known. It takes 15 full
	 * buckets in a row, which keyed hashes do not do.
	 */
	TG_FLOW_DIST_MAX = 15,
};

/** One cache line. All zero is an empty bucket. */
struct tg_flow_bucket {
	alignas(TG_FLOW_BUCKET) uint16_t sig[TG_FLOW_SLOTS]; /**< 0 is a free slot */
	uint32_t spill; /**< entries that passed by here and stand further on */
	uint32_t value[TG_FLOW_SLOTS];
};
_Static_assert(sizeof(struct tg_flow_bucket) == TG_FLOW_BUCKET, "one cache line");
_Static_assert(alignof(struct tg_flow_bucket) == TG_FLOW_BUCKET, "and not two halves");
/* tg_flow_match() loads 16 bytes of signatures, then the last two of them and spill. */
_Static_assert(offsetof(struct tg_flow_bucket, sig) == 0, "aligned load");
_Static_assert(offsetof(struct tg_flow_bucket, value) == 24, "no hole before the values");

/** The table. */
struct tg_flow {
	struct tg_flow_bucket *bucket;
	uint32_t buckets;  /**< 2 / 13 of the capacity: ten slots each, filled to 65 % at most */
	uint32_t count;    /**< entries now */
	uint32_t capacity; /**< entries at most: inserts beyond fail */
	const struct tg_pool *entries[TG_FLOW_KINDS]; /**< where values point */
};

/**
 * Sizes a table for `capacity` entries in all; every one of them can be inserted whatever the
 * hashes are. Costs 9.85 bytes an entry in one allocation.
 *
 * @param pools  one per kind, may be NULL for a kind never inserted; must outlive the table (they
 *               may be initialised after it); each entry starts with its struct tg_flow_key
 * @return 0 or -ENOMEM
 */
int tg_flow_init(struct tg_flow *t, const struct tg_mem *mem, uint32_t capacity,
	const struct tg_pool *const pools[TG_FLOW_KINDS]);

/** Gives the memory back. Safe on a table that is all zero. */
void tg_flow_fini(struct tg_flow *t, const struct tg_mem *mem);

/** Bytes it has allocated. */
uint64_t tg_flow_bytes(const struct tg_flow *t);

/**
 * Home bucket: the hash as a fraction of 2^32 times the number of buckets. One multiplication
 * instead of a mask, and the table has the size it needs rather than the next power of two
 * (which would make the load anything from 33 to 65 %).
 */
static inline uint32_t
tg_flow_home(const struct tg_flow *t, uint32_t hash)
{
	return (uint32_t)(((uint64_t)hash * t->buckets) >> 32);
}

/** Starts loading the bucket of `hash`. */
static inline void
tg_flow_prefetch(const struct tg_flow *t, uint32_t hash)
{
	__builtin_prefetch((const uint8_t *)t->bucket + (size_t)tg_flow_home(t, hash) * 64);
}

/**
 * Signature of an entry `dist` buckets from home: the low bits of the hash, since the home bucket
 * has used the high ones, never 0. 10 million entries have 1.5 million buckets, that is 20.5 bits
 * of 32, so that a wider signature would tell nothing new; an entry is loaded in vain in 0.2 % of
 * the look-ups.
 */
static inline uint16_t
tg_flow_sig(uint32_t hash, uint32_t dist)
{
	const uint32_t low = hash & ((1u << TG_FLOW_DIST_SHIFT) - 1);

	return (uint16_t)((low + (low == 0)) |
		(dist < TG_FLOW_DIST_MAX ? dist : TG_FLOW_DIST_MAX) << TG_FLOW_DIST_SHIFT);
}

/** Bit i is set when slot i has signature `sig`. */
static inline uint32_t
tg_flow_match(const struct tg_flow_bucket *b, uint16_t sig)
{
#ifdef __SSE2__
	const __m128i s = _mm_set1_epi16((short)sig);
	const __m128i lo = _mm_load_si128((const __m128i *)(const void *)b->sig);
	const __m128i hi = _mm_loadl_epi64((const __m128i *)(const void *)&b->sig[8]);
	const __m128i eq = _mm_packs_epi16(_mm_cmpeq_epi16(lo, s), _mm_cmpeq_epi16(hi, s));

	return (uint32_t)_mm_movemask_epi8(eq) & ((1u << TG_FLOW_SLOTS) - 1);
#else
	uint32_t m = 0;

	for (unsigned i = 0; i < TG_FLOW_SLOTS; i++)
		m |= (uint32_t)(b->sig[i] == sig) << i;
	return m;
#endif
}

/** Starts loading the entry that `hash` likely means; the bucket should have arrived by now. */
static inline void
tg_flow_prefetch_entry(const struct tg_flow *t, uint32_t hash)
{
	const struct tg_flow_bucket *b = &t->bucket[tg_flow_home(t, hash)];
	uint32_t m = tg_flow_match(b, tg_flow_sig(hash, 0)), value;

	if (m == 0)
		return;
	value = b->value[__builtin_ctz(m)];
	__builtin_prefetch(tg_pool_at(t->entries[tg_flow_kind_of(value)], tg_flow_index_of(value)));
}

/** tg_flow_place() from the home bucket on, when that does not say that there is none. */
uint32_t *tg_flow_walk(const struct tg_flow *t, const struct tg_flow_key *key, uint32_t hash);

/**
 * Where the value of the entry with this key stands, or NULL. It may be overwritten with another
 * entry of the same key; the place is that key's until the next insert or removal.
 *
 * @param hash  the keyed hash of the tuple: all 32 bits are used (the high ones choose the bucket,
 *              the low 12 are the signature), and an entry is found under the hash it was inserted
 *              with only
 */
static inline uint32_t *
tg_flow_place(const struct tg_flow *t, const struct tg_flow_key *key, uint32_t hash)
{
	const struct tg_flow_bucket *b = &t->bucket[tg_flow_home(t, hash)];

	/* The usual end: nobody alike at home, and nobody passed by. */
	if ((tg_flow_match(b, tg_flow_sig(hash, 0)) | b->spill) == 0)
		return NULL;
	return tg_flow_walk(t, key, hash);
}

/** The value of the entry with this key, or TG_NONE. @param hash  see tg_flow_place() */
static inline uint32_t
tg_flow_lookup(const struct tg_flow *t, const struct tg_flow_key *key, uint32_t hash)
{
	const uint32_t *value = tg_flow_place(t, key, hash);

	return value != NULL ? *value : TG_NONE;
}

/**
 * Looks up a burst: all buckets are on their way before the first is read, then all entries.
 *
 * @param n      64 at most
 * @param value  filled: tg_flow_lookup() of each
 */
void tg_flow_lookup_bulk(const struct tg_flow *t, const struct tg_flow_key *const key[],
	const uint32_t hash[], unsigned n, uint32_t value[]);

/**
 * Inserts an entry whose key is not in the table (the entry's key bytes must already be set).
 *
 * @return 0, or -ENOSPC when `capacity` entries are in
 */
int tg_flow_insert(struct tg_flow *t, uint32_t hash, uint32_t value);

/** Removes the entry with this value; returns false when it was not there. */
bool tg_flow_remove(struct tg_flow *t, uint32_t hash, uint32_t value);

/** Puts `value` where `old` stood: a promotion of kind, same key. False when old is not there. */
bool tg_flow_replace(struct tg_flow *t, uint32_t hash, uint32_t old, uint32_t value);

#endif
