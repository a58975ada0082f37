/* SPDX-License-Identifier: BSD-3-Clause */
#include "support.h"
#include "ticks.h"

/** Where 32-bit milliseconds wrap: 49.7 days. */
#define WRAP ((tg_time)(UINT64_C(1) << 32) * TG_MSEC)

static void
a_millisecond_begins_on_its_nanosecond(void **state)
{
	(void)state;
	assert_int_equal(tg_ms_of(0), 0);
	assert_int_equal(tg_ms_of(TG_MSEC - 1), 0);
	assert_int_equal(tg_ms_of(TG_MSEC), 1);
	assert_int_equal(tg_ms_of(TG_SEC), 1000);
	assert_int_equal(tg_ms_of(WRAP - 1), UINT32_MAX);
	assert_int_equal(tg_ms_of(WRAP), 0);
}

static void
a_deadline_is_rounded_up(void **state)
{
	(void)state;
	assert_int_equal(tg_ms_after(0, 0), 0);
	assert_int_equal(tg_ms_after(0, 5), 5);
	assert_int_equal(tg_ms_after(1, 5), 6);
	assert_int_equal(tg_ms_after(TG_MSEC - 1, 5), 6);
	assert_int_equal(tg_ms_after(TG_MSEC, 5), 6);
	assert_int_equal(tg_ms_after(TG_MSEC + 1, 5), 7);
	assert_int_equal(tg_ms_after(WRAP - 1, 0), 0);
	assert_int_equal(tg_ms_after(WRAP - TG_MSEC, 3), 2);
}

static void
a_deadline_is_due_from_its_tick_on(void **state)
{
	(void)state;
	assert_false(tg_ms_due(100, 99));
	assert_true(tg_ms_due(100, 100));
	assert_true(tg_ms_due(100, 101));
	assert_false(tg_ms_due(0, UINT32_MAX));
	assert_true(tg_ms_due(UINT32_MAX, 0));
	assert_false(tg_ms_due(5, 0xfffffff0));
	assert_true(tg_ms_due(0xfffffff0, 5));
	/* 24.8 days: as far as it reaches. */
	assert_true(tg_ms_due(0, 0x7fffffff));
	assert_false(tg_ms_due(0x7fffffff, 0));
}

static void
before_is_strict_and_wraps(void **state)
{
	(void)state;
	assert_true(tg_ms_before(1, 2));
	assert_false(tg_ms_before(2, 2));
	assert_false(tg_ms_before(3, 2));
	assert_true(tg_ms_before(UINT32_MAX, 0));
	assert_false(tg_ms_before(0, UINT32_MAX));
	assert_true(tg_ms_before(0, 0x7fffffff));
	assert_false(tg_ms_before(0x7fffffff, 0));
}

static void
a_deadline_is_found_again_on_the_long_scale(void **state)
{
	(void)state;
	assert_int_equal(tg_ms_time(7, 0), 7 * TG_MSEC);
	assert_int_equal(tg_ms_time(7, 9 * TG_MSEC + 5), 7 * TG_MSEC);
	/* Before the beginning of time: at its beginning. */
	assert_int_equal(tg_ms_time(UINT32_MAX, 0), 0);
	assert_int_equal(tg_ms_time(0, 0), 0);
	/* On either side of the wrap, seen from either side. */
	assert_true(tg_ms_time(3, WRAP - TG_MSEC) == WRAP + 3 * TG_MSEC);
	assert_true(tg_ms_time(UINT32_MAX, WRAP + TG_MSEC) == WRAP - TG_MSEC);
	assert_true(tg_ms_time(3, 5 * WRAP - TG_MSEC) == 5 * WRAP + 3 * TG_MSEC);
}

static void
a_wait_is_never_short_and_at_most_a_millisecond_long(void **state)
{
	static const uint32_t wait[] = {0, 1, 2, 999, 60000, 0x7ffffffe};
	uint64_t seed = 1;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		/* Around the first wraps, and anywhere in some hundred years. */
		tg_time now = i % 2 ? test_rand(&seed) >> 2
				    : (1 + (tg_time)i % 3) * WRAP - 2 * TG_MSEC +
				test_below(&seed, 4 * TG_MSEC);
		uint32_t w = wait[(size_t)i % 6];
		tg_ms d = tg_ms_after(now, w);
		tg_time at = tg_ms_time(d, now);

		assert_true(at >= now + w * TG_MSEC);
		assert_true(at < now + (w + 1) * TG_MSEC);
		assert_true(tg_ms_due(d, tg_ms_of(at)));
		assert_false(at > 0 && tg_ms_due(d, tg_ms_of(at - 1)));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_millisecond_begins_on_its_nanosecond),
		cmocka_unit_test(a_deadline_is_rounded_up),
		cmocka_unit_test(a_deadline_is_due_from_its_tick_on),
		cmocka_unit_test(before_is_strict_and_wraps),
		cmocka_unit_test(a_deadline_is_found_again_on_the_long_scale),
		cmocka_unit_test(a_wait_is_never_short_and_at_most_a_millisecond_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
