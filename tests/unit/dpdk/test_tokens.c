/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tokens.h"

static void
full_at_first_and_never_fuller(void **state)
{
	struct tg_tokens t;

	(void)state;
	tg_tokens_init(&t, 100, 8, 5);
	assert_int_equal(tg_tokens_left(&t, 5), 8);
	assert_int_equal(tg_tokens_take(&t, 3, 5), 3);
	assert_int_equal(tg_tokens_take(&t, 9, 5), 5);
	assert_int_equal(tg_tokens_take(&t, 1, 5), 0);
	assert_int_equal(tg_tokens_left(&t, 5 + 10 * TG_MSEC), 1);
	assert_int_equal(tg_tokens_left(&t, 1000 * TG_SEC), 8);
}

static void
no_rate_rounds_away(void **state)
{
	static const uint32_t RATE[] = {1, 3, 7, 999, 10000};

	(void)state;
	for (unsigned i = 0; i < sizeof(RATE) / sizeof(RATE[0]); i++) {
		struct tg_tokens t;
		uint64_t got = 0;

		tg_tokens_init(&t, RATE[i], 1000, 0);
		tg_tokens_take(&t, 1000, 0);
		/* Turns of 997 ns, for 2 seconds. */
		for (tg_time now = 0; now < 2 * TG_SEC; now += 997)
			got += tg_tokens_take(&t, 1000, now);
		got += tg_tokens_take(&t, 1000, 2 * TG_SEC);
		assert_int_equal(got, 2 * RATE[i]);
	}
}

static void
the_largest_values_do_not_overflow(void **state)
{
	const tg_time century = UINT64_C(100) * 366 * 86400 * TG_SEC;
	struct tg_tokens t;

	(void)state;
	tg_tokens_init(&t, TG_TOKENS_RATE_MAX, TG_TOKENS_BURST_MAX, 0);
	for (tg_time now = 0; now <= century; now += century / 5)
		assert_int_equal(tg_tokens_take(&t, UINT32_MAX, now), TG_TOKENS_BURST_MAX);
	/* Just as long as it takes to fill up, and a little less. */
	assert_int_equal(
		tg_tokens_take(&t, UINT32_MAX, t.at + t.depth / t.rate + 1), TG_TOKENS_BURST_MAX);
	assert_in_range(tg_tokens_take(&t, UINT32_MAX, t.at + t.depth / t.rate - 1000),
		TG_TOKENS_BURST_MAX - 11, TG_TOKENS_BURST_MAX - 1);
	tg_tokens_init(&t, 1, 1, 0);
	assert_int_equal(tg_tokens_take(&t, 2, 0), 1);
	assert_int_equal(tg_tokens_take(&t, 2, TG_SEC - 1), 0);
	assert_int_equal(tg_tokens_take(&t, 2, TG_SEC), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_at_first_and_never_fuller),
		cmocka_unit_test(no_rate_rounds_away),
		cmocka_unit_test(the_largest_values_do_not_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
