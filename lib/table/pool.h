/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_TABLE_POOL_H
#define TG_TABLE_POOL_H
/**
 * @file
 * A fixed pool of equal entries, addressed by index. Sized once, never grows.
 */
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/** The index that is no entry. */
#define TG_NONE UINT32_MAX

/** Memory callbacks as a table needs them; called at creation and destruction only. */
struct tg_mem {
	void *ctx;
	void *(*alloc)(void *ctx, size_t size, size_t align); /**< zeroed memory, or NULL */
	void (*free)(void *ctx, void *p, size_t size);
};

/** Entries freed last whose indices are held apart, a power of two. */
#define TG_POOL_WARM 64
/** So many entries ahead the next ones are asked for: memory answers after some hundred cycles. */
#define TG_POOL_AHEAD 4

/**
 * A pool. What was freed last is taken first: from a ring of indices, so that entries can be
 * fetched before their turn, and when that is empty from a list through four bytes at link_off of
 * each free entry. All zero: no entries.
 */
struct tg_pool {
	uint8_t *base;
	uint32_t stride;   /**< bytes, at least 4 */
	uint32_t capacity; /**< entries */
	uint32_t used;
	uint32_t fresh;      /**< entries from here on were never handed out: untouched memory */
	uint32_t free_head;  /**< of the list */
	uint32_t warm_first; /**< place of the oldest in the ring */
	uint32_t warm_count;
	size_t link_off; /**< where in a free entry the list link lives */
	uint32_t warm[TG_POOL_WARM];
};

/**
 * Sizes a pool.
 *
 * @param stride    entry size in bytes; the base is on a cache line, so with
 *                  multiples of 64 every entry is
 * @param capacity  entries, 1 to 2^30 - 1
 * @param link_off  offset of a uint32_t in the entry that the free list may use while the entry
 *                  is free (so that e.g. a generation number elsewhere survives)
 * @return 0 or -ENOMEM
 */
int tg_pool_init(struct tg_pool *p, const struct tg_mem *mem, uint32_t stride, uint32_t capacity,
	size_t link_off);

/** Gives the memory back. Safe on a pool that is all zero. */
void tg_pool_fini(struct tg_pool *p, const struct tg_mem *mem);

/** Address of an entry. */
static inline void *
tg_pool_at(const struct tg_pool *p, uint32_t idx)
{
	return p->base + (size_t)idx * p->stride;
}

/*
 * Link words are moved with memcpy: link_off need not be aligned, and whatever type the entry has
 * there, no aliasing rule is bent. It compiles to one 4-byte move.
 */
static inline uint8_t *
tg_pool_link(const struct tg_pool *p, uint32_t idx)
{
	return (uint8_t *)tg_pool_at(p, idx) + p->link_off;
}

/** Place in the ring of the entry that tg_pool_get() gives after `n` others, n < warm_count. */
static inline uint32_t
tg_pool_warm(const struct tg_pool *p, uint32_t n)
{
	return (p->warm_first + p->warm_count - 1 - n) % TG_POOL_WARM;
}

/** tg_pool_get() when nothing was freed lately. */
static inline uint32_t
tg_pool_get_cold(struct tg_pool *p)
{
	uint32_t idx = p->free_head;

	/*
	 * The memory beyond `fresh` stays untouched (not even backed by pages, where the allocator
	 * is lazy) until the pool has really been that full. That is also why creation does not
	 * thread the free list.
	 */
	if (idx == TG_NONE)
		return p->fresh++;
	memcpy(&p->free_head, tg_pool_link(p, idx), sizeof(p->free_head));
	/* The next one's link is read at the next call, and the entry is written. */
	if (p->free_head != TG_NONE)
		__builtin_prefetch(tg_pool_at(p, p->free_head), 1);
	return idx;
}

/**
 * Takes an entry: its index, or TG_NONE when all are in use. Its contents are what they were when
 * it was put back, except for the link's four bytes; zero when it was never in use.
 */
static inline uint32_t
tg_pool_get(struct tg_pool *p)
{
	uint32_t idx;

	/* Asked first, so that a pool that is all zero is an empty one. */
	if (p->used == p->capacity)
		return TG_NONE;
	p->used++;
	if (p->warm_count == 0)
		return tg_pool_get_cold(p);
	idx = p->warm[tg_pool_warm(p, 0)];
	if (p->warm_count > TG_POOL_AHEAD)
		__builtin_prefetch(tg_pool_at(p, p->warm[tg_pool_warm(p, TG_POOL_AHEAD)]), 1);
	p->warm_count--;
	return idx;
}

/** Returns an entry, which must be in use. */
static inline void
tg_pool_put(struct tg_pool *p, uint32_t idx)
{
	assert(idx < p->fresh && p->used > 0);
	if (p->warm_count == TG_POOL_WARM) {
		uint32_t oldest = p->warm[p->warm_first];

		memcpy(tg_pool_link(p, oldest), &p->free_head, sizeof(p->free_head));
		p->free_head = oldest;
		p->warm_first = (p->warm_first + 1) % TG_POOL_WARM;
		p->warm_count--;
	}
	p->warm_count++;
	p->warm[tg_pool_warm(p, 0)] = idx;
	p->used--;
}

#endif
