/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_TESTS_TABLE_SUPPORT_H
#define TG_TESTS_TABLE_SUPPORT_H
/**
 * @file
 * What the tests of the tables share: memory that counts and fails on demand, seeded numbers.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pool.h"

/** A tg_mem that counts; `fail` refuses the fail-th allocation from now (1 is the next one). */
struct test_mem {
	struct tg_mem mem;
	unsigned fail;
	unsigned live;  /**< allocations not given back */
	size_t bytes;   /**< and their size */
	size_t refused; /**< size of the allocation that was refused */
	size_t align;   /**< of the last allocation */
};

static inline void *
test_mem_alloc(void *ctx, size_t size, size_t align)
{
	struct test_mem *m = ctx;
	void *p = NULL;

	m->align = align;
	if (m->fail != 0 && --m->fail == 0) {
		m->refused = size;
		return NULL;
	}
	assert_int_equal(posix_memalign(&p, align, size), 0);
	memset(p, 0, size);
	m->live++;
	m->bytes += size;
	return p;
}

static inline void
test_mem_free(void *ctx, void *p, size_t size)
{
	struct test_mem *m = ctx;

	assert_non_null(p);
	assert_true(m->live > 0 && m->bytes >= size);
	m->live--;
	m->bytes -= size;
	free(p);
}

static inline void
test_mem_init(struct test_mem *m)
{
	memset(m, 0, sizeof(*m));
	m->mem = (struct tg_mem){m, test_mem_alloc, test_mem_free};
}

static inline void
test_mem_fini(const struct test_mem *m)
{
	assert_int_equal(m->live, 0);
	assert_int_equal(m->bytes, 0);
}

/** splitmix64: the same numbers for the same seed everywhere. */
static inline uint64_t
test_rand(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/** A number below n. */
static inline uint32_t
test_below(uint64_t *state, uint32_t n)
{
	return (uint32_t)(test_rand(state) % n);
}

#endif
