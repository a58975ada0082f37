/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "pool.h"

/** Base alignment: a stride that is a multiple of it never shares a cache line. */
#define POOL_ALIGN 64

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
