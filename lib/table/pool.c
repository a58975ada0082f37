/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "pool.h"

/** Base alignment: a stride that is a multiple of it never shares a cache line. */
#define POOL_ALIGN 64

/*
 * Link words are moved with memcpy: link_off need not be aligned, and whatever type the entry has
 * there, no aliasing rule is bent. It compiles to one 4-byte move.
 */
static uint32_t
link_load(const struct tg_pool *p, uint32_t idx)
{
	uint32_t next;

	memcpy(&next, (const uint8_t *)tg_pool_at(p, idx) + p->link_off, sizeof(next));
	return next;
}

static void
link_store(struct tg_pool *p, uint32_t idx, uint32_t next)
{
	memcpy((uint8_t *)tg_pool_at(p, idx) + p->link_off, &next, sizeof(next));
}

int
tg_pool_init(struct tg_pool *p, const struct tg_mem *mem, uint32_t stride, uint32_t capacity,
	size_t link_off)
{
	assert(capacity >= 1 && capacity < UINT32_C(1) << 30);
	assert(stride >= sizeof(uint32_t) && link_off <= stride - sizeof(uint32_t));

	memset(p, 0, sizeof(*p));
	if (capacity > SIZE_MAX / stride)
		return -ENOMEM;
	p->base = mem->alloc(mem->ctx, (size_t)stride * capacity, POOL_ALIGN);
	if (p->base == NULL)
		return -ENOMEM;
	p->stride = stride;
	p->capacity = capacity;
	p->free_head = TG_NONE;
	p->link_off = link_off;
	return 0;
}

void
tg_pool_fini(struct tg_pool *p, const struct tg_mem *mem)
{
	if (p->base != NULL)
		mem->free(mem->ctx, p->base, (size_t)p->stride * p->capacity);
	memset(p, 0, sizeof(*p));
}

uint32_t
tg_pool_get(struct tg_pool *p)
{
	uint32_t idx;

	/* Asked first, so that a pool that is all zero is an empty one. */
	if (p->used == p->capacity)
		return TG_NONE;
	p->used++;
	/*
	 * The entry freed last is the likeliest to be in a cache, and the memory beyond `fresh`
	 * stays untouched (not even backed by pages, where the allocator is lazy) until the pool
	 * has really been that full. That is also why creation does not thread the free list.
	 */
	if (p->free_head == TG_NONE)
		return p->fresh++;
	idx = p->free_head;
	p->free_head = link_load(p, idx);
	/* The next one's link is read at the next call, and the entry is written. */
	if (p->free_head != TG_NONE)
		__builtin_prefetch(tg_pool_at(p, p->free_head), 1);
	return idx;
}

void
tg_pool_put(struct tg_pool *p, uint32_t idx)
{
	assert(idx < p->fresh && p->used > 0);
	link_store(p, idx, p->free_head);
	p->free_head = idx;
	p->used--;
}
