/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A token bucket one second deep.
 */
#include "support.h"

#include "bucket.h"

/* Tokens that can be had at one moment. */
static unsigned
tokens(struct tg_bucket *b, uint32_t rate, tg_ms now)
{
	unsigned n = 0;

	while (n < 100000 && tg_bucket_take(b, rate, now))
		n++;
	return n;
}

static void
it_begins_full_and_holds_a_second(void **state)
{
	static const uint32_t rate[] = {1, 2, 999, 1000, 50000};
	struct tg_bucket b;

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		tg_bucket_init(&b, rate[i], 77);
		assert_int_equal(tokens(&b, rate[i], 77), rate[i]);
		assert_int_equal(tokens(&b, rate[i], 77 + 1000), rate[i]);
		assert_int_equal(tokens(&b, rate[i], 77 + 100000), rate[i]);
	}
}

static void
rate_0_never_has_any(void **state)
{
	struct tg_bucket b;

	(void)state;
	tg_bucket_init(&b, 0, 5);
	assert_false(tg_bucket_take(&b, 0, 5));
	assert_false(tg_bucket_take(&b, 0, 5 + (tg_ms)-6));
}

static void
low_rates_do_not_round_away(void **state)
{
	struct tg_bucket b;
	unsigned n = 0;

	(void)state;
	tg_bucket_init(&b, 3, 0);
	assert_int_equal(tokens(&b, 3, 0), 3);
	/* asked every millisecond: a third of a second each */
	for (tg_ms t = 1; t <= 10000; t++)
		n += tg_bucket_take(&b, 3, t);
	assert_int_equal(n, 30);
	assert_false(tg_bucket_take(&b, 3, 10333));
	assert_true(tg_bucket_take(&b, 3, 10334));
}

static void
in_any_second_at_most_twice_the_rate_leaves_and_in_the_long_run_the_rate(void **state)
{
	uint64_t rand = 3, sum = 0;
	tg_ms now = (tg_ms)-30000, start = now; /* 32 bits wrap on the way */
	struct tg_bucket b;

	(void)state;
	tg_bucket_init(&b, 40, now);
	while (now - start < 60000) {
		sum += tokens(&b, 40, now);
		assert_true(sum <= 40 + (uint64_t)(now - start) * 40 / 1000);
		now += test_below(&rand, 500);
	}
	assert_true(sum >= 40 + UINT64_C(40) * 59);
}

static void
large_rates_and_long_pauses_do_not_overflow_into_nothing(void **state)
{
	struct tg_bucket b;

	(void)state;
	tg_bucket_init(&b, UINT32_MAX, 0);
	assert_int_equal(tokens(&b, UINT32_MAX, 0), 100000);
	assert_int_equal(tokens(&b, UINT32_MAX, 1), 100000);
	assert_int_equal(tokens(&b, UINT32_MAX, (tg_ms)-1), 100000);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_begins_full_and_holds_a_second),
		cmocka_unit_test(rate_0_never_has_any),
		cmocka_unit_test(low_rates_do_not_round_away),
		cmocka_unit_test(
			in_any_second_at_most_twice_the_rate_leaves_and_in_the_long_run_the_rate),
		cmocka_unit_test(large_rates_and_long_pauses_do_not_overflow_into_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
