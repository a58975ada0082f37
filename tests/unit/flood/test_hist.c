/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hist.h"

static struct hist h;

static int
empty(void **state)
{
	(void)state;
	memset(&h, 0, sizeof(h));
	return 0;
}

/* Within 1/32 above the true value, never below it. */
static void
assert_near(uint64_t got, uint64_t want)
{
	assert_true(got >= want);
	assert_true(got <= want + want / 32);
}

static void
nothing_is_zero(void **state)
{
	(void)state;
	assert_int_equal(hist_percentile(&h, 50), 0);
}

static void
one_value_is_every_percentile(void **state)
{
	static const uint64_t values[] = {0, 1, 31, 32, 33, 1000, 999999999, UINT64_MAX};
	static const double percents[] = {0, 0.1, 50, 99.9, 100};

	(void)state;
	for (unsigned i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		memset(&h, 0, sizeof(h));
		hist_add(&h, values[i]);
		for (unsigned k = 0; k < sizeof(percents) / sizeof(percents[0]); k++)
			assert_int_equal(hist_percentile(&h, percents[k]), values[i]);
	}
}

static void
percentiles_of_a_line(void **state)
{
	(void)state;
	for (uint64_t v = 1; v <= 100000; v++)
		hist_add(&h, v * 1000);
	assert_int_equal(h.count, 100000);
	assert_near(hist_percentile(&h, 50), 50000 * 1000);
	assert_near(hist_percentile(&h, 90), 90000 * 1000);
	assert_near(hist_percentile(&h, 99), 99000 * 1000);
	assert_near(hist_percentile(&h, 99.9), 99900 * 1000);
	assert_int_equal(hist_percentile(&h, 100), 100000 * 1000);
}

static void
a_tail_shows_where_it_begins(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 989; i++)
		hist_add(&h, 100);
	for (unsigned i = 0; i < 11; i++)
		hist_add(&h, 1000000000);
	assert_near(hist_percentile(&h, 98.8), 100);
	assert_int_equal(hist_percentile(&h, 99), 1000000000);
}

/* Each value is in the bucket whose edge is the first at or above it. */
static void
every_magnitude_is_told_apart(void **state)
{
	uint64_t last = 0;

	(void)state;
	for (unsigned bit = 0; bit < 42; bit++) {
		uint64_t v = UINT64_C(1) << bit;

		memset(&h, 0, sizeof(h));
		hist_add(&h, v);
		hist_add(&h, 2 * v + 1000);
		assert_near(hist_percentile(&h, 50), v);
		assert_true(hist_percentile(&h, 50) > last);
		last = hist_percentile(&h, 50);
	}
}

static void
merging_adds(void **state)
{
	static struct hist other;

	(void)state;
	memset(&other, 0, sizeof(other));
	hist_add(&h, 10);
	hist_add(&other, 20);
	hist_add(&other, 5000);
	hist_merge(&h, &other);
	assert_int_equal(h.count, 3);
	assert_int_equal(h.sum, 5030);
	assert_int_equal(h.max, 5000);
	assert_int_equal(hist_percentile(&h, 60), 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nothing_is_zero, empty),
		cmocka_unit_test_setup(one_value_is_every_percentile, empty),
		cmocka_unit_test_setup(percentiles_of_a_line, empty),
		cmocka_unit_test_setup(a_tail_shows_where_it_begins, empty),
		cmocka_unit_test_setup(every_magnitude_is_told_apart, empty),
		cmocka_unit_test_setup(merging_adds, empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
