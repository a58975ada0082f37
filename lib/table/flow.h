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
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

struct tg_flow_bucket;

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
 * Starts loading the entry that `hash` likely means; the bucket should have arrived by now. For
 * bursts: prefetch all buckets, prefetch all entries, look all up.
 */
void tg_flow_prefetch_entry(const struct tg_flow *t, uint32_t hash);

/**
 * The value of the entry with this key, or TG_NONE. `hash` must be the keyed hash of the tuple:
 * all 32 bits are used (the high ones choose the bucket, the low 12 are the signature), and an
 * entry is found under the hash it was inserted with only.
 */
uint32_t tg_flow_lookup(const struct tg_flow *t, const struct tg_flow_key *key, uint32_t hash);

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
