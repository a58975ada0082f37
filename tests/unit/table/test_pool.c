/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include "support.h"

static void
gives_zeroed_entries_in_order_until_full(void **state)
{
	static const uint8_t zero[64];
	struct test_mem m;
	struct tg_pool p;

	(void)state;
	test_mem_init(&m);
	assert_int_equal(tg_pool_init(&p, &m.mem, 64, 5, 0), 0);
	assert_int_equal(m.live, 1);
	assert_int_equal(m.bytes, 5 * 64);
	for (uint32_t i = 0; i < 5; i++) {
		assert_int_equal(p.used, i);
		assert_int_equal(tg_pool_get(&p), i);
		assert_memory_equal(tg_pool_at(&p, i), zero, sizeof(zero));
		assert_int_equal((uintptr_t)tg_pool_at(&p, i) % 64, 0);
	}
	assert_int_equal(tg_pool_get(&p), TG_NONE);
	assert_int_equal(tg_pool_get(&p), TG_NONE);
	assert_int_equal(p.used, 5);
	tg_pool_fini(&p, &m.mem);
	test_mem_fini(&m);
}

static void
gives_the_entry_freed_last_first(void **state)
{
	struct test_mem m;
	struct tg_pool p;

	(void)state;
	test_mem_init(&m);
	assert_int_equal(tg_pool_init(&p, &m.mem, 16, 4, 0), 0);
	for (uint32_t i = 0; i < 4; i++)
		tg_pool_get(&p);
	tg_pool_put(&p, 2);
	tg_pool_put(&p, 0);
	tg_pool_put(&p, 3);
	assert_int_equal(p.used, 1);
	assert_int_equal(tg_pool_get(&p), 3);
	assert_int_equal(tg_pool_get(&p), 0);
	assert_int_equal(tg_pool_get(&p), 2);
	assert_int_equal(tg_pool_get(&p), TG_NONE);
	tg_pool_fini(&p, &m.mem);
	test_mem_fini(&m);
}

/* A pool of 10 million that never held more than three entries has touched three. */
static void
leaves_memory_alone_that_was_never_needed(void **state)
{
	struct test_mem m;
	struct tg_pool p;

	(void)state;
	test_mem_init(&m);
	assert_int_equal(tg_pool_init(&p, &m.mem, 8, 100, 0), 0);
	for (int round = 0; round < 50; round++) {
		uint32_t a = tg_pool_get(&p);
		uint32_t b = tg_pool_get(&p);
		uint32_t c = tg_pool_get(&p);

		tg_pool_put(&p, b);
		tg_pool_put(&p, a);
		tg_pool_put(&p, c);
	}
	assert_int_equal(p.fresh, 3);
	assert_int_equal(p.used, 0);
	for (size_t i = 24; i < 800; i++)
		assert_int_equal(p.base[i], 0);
	tg_pool_fini(&p, &m.mem);
	test_mem_fini(&m);
}

/* A generation number must survive; the link may lie anywhere, unaligned and at the very end. */
static void
keeps_all_but_the_link_of_a_free_entry(void **state)
{
	static const struct {
		uint32_t stride;
		size_t link_off;
	} shape[] = {{4, 0}, {8, 4}, {12, 4}, {64, 60}, {24, 20}, {9, 5}, {13, 3}};

	(void)state;
	for (size_t s = 0; s < sizeof(shape) / sizeof(shape[0]); s++) {
		struct test_mem m;
		struct tg_pool p;

		test_mem_init(&m);
		assert_int_equal(
			tg_pool_init(&p, &m.mem, shape[s].stride, 3, shape[s].link_off), 0);
		for (uint32_t i = 0; i < 3; i++) {
			assert_int_equal(tg_pool_get(&p), i);
			memset(tg_pool_at(&p, i), (int)(0xa0 + i), shape[s].stride);
		}
		for (uint32_t i = 0; i < 3; i++)
			tg_pool_put(&p, i);
		for (uint32_t i = 3; i-- > 0;) {
			const uint8_t *e;

			assert_int_equal(tg_pool_get(&p), i);
			e = tg_pool_at(&p, i);
			for (size_t b = 0; b < shape[s].stride; b++)
				if (b < shape[s].link_off || b >= shape[s].link_off + 4)
					assert_int_equal(e[b], 0xa0 + i);
		}
		tg_pool_fini(&p, &m.mem);
		test_mem_fini(&m);
	}
}

static void
works_with_one_entry(void **state)
{
	struct test_mem m;
	struct tg_pool p;

	(void)state;
	test_mem_init(&m);
	assert_int_equal(tg_pool_init(&p, &m.mem, 4, 1, 0), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(tg_pool_get(&p), 0);
		assert_int_equal(tg_pool_get(&p), TG_NONE);
		tg_pool_put(&p, 0);
	}
	tg_pool_fini(&p, &m.mem);
	test_mem_fini(&m);
}

static void
an_all_zero_pool_is_empty_and_can_be_given_back(void **state)
{
	struct tg_pool p;

	(void)state;
	memset(&p, 0, sizeof(p));
	assert_int_equal(tg_pool_get(&p), TG_NONE);
	tg_pool_fini(&p, NULL);
	tg_pool_fini(&p, NULL);
}

static void
fini_leaves_an_all_zero_pool(void **state)
{
	struct test_mem m;
	struct tg_pool p;

	(void)state;
	test_mem_init(&m);
	assert_int_equal(tg_pool_init(&p, &m.mem, 32, 7, 8), 0);
	tg_pool_get(&p);
	tg_pool_fini(&p, &m.mem);
	assert_int_equal(tg_pool_get(&p), TG_NONE);
	tg_pool_fini(&p, &m.mem);
	test_mem_fini(&m);
}

/* Also: the largest pool asks for its true size, 4 TB, not for that modulo 2^32. */
static void
reports_that_memory_is_missing(void **state)
{
	struct test_mem m;
	struct tg_pool p;

	(void)state;
	test_mem_init(&m);
	m.fail = 1;
	assert_int_equal(tg_pool_init(&p, &m.mem, 4096, (1u << 30) - 1, 0), -ENOMEM);
	if (sizeof(size_t) == 8)
		assert_true(m.refused == (size_t)4096 * ((1u << 30) - 1));
	assert_int_equal(tg_pool_get(&p), TG_NONE);
	tg_pool_fini(&p, &m.mem);
	test_mem_fini(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_zeroed_entries_in_order_until_full),
		cmocka_unit_test(gives_the_entry_freed_last_first),
		cmocka_unit_test(leaves_memory_alone_that_was_never_needed),
		cmocka_unit_test(keeps_all_but_the_link_of_a_free_entry),
		cmocka_unit_test(works_with_one_entry),
		cmocka_unit_test(an_all_zero_pool_is_empty_and_can_be_given_back),
		cmocka_unit_test(fini_leaves_an_all_zero_pool),
		cmocka_unit_test(reports_that_memory_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
