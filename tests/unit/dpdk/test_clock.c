/* SPDX-License-Identifier: BSD-3-Clause */
#include "clock.h"
#include "support.h"

#define YEAR (UINT64_C(31556952) * TG_SEC)

/* What the clock should say after `cycles` at hz: exact, in 128 bits. */
static uint64_t
exact(uint64_t cycles, uint64_t hz)
{
	return (uint64_t)((unsigned __int128)cycles * TG_SEC / hz);
}

static void
starts_at_zero(void **state)
{
	struct tg_clock c = {.tsc0 = 12345, .mult = tg_clock_mult(2450000000)};

	(void)state;
	assert_int_equal(tg_clock_at(&c, 12345), 0);
}

static void
one_gigahertz_counts_nanoseconds(void **state)
{
	struct tg_clock c = {.tsc0 = 7, .mult = tg_clock_mult(1000000000)};

	(void)state;
	assert_int_equal(tg_clock_at(&c, 8), 1);
	assert_int_equal(tg_clock_at(&c, 7 + YEAR), YEAR);
}

static void
is_right_to_a_part_in_a_billion_for_100_years(void **state)
{
	static const uint64_t rates[] = {24000000, 1000000000, 2449999000, 3000000000, 5100000000};

	(void)state;
	for (unsigned i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct tg_clock c = {.tsc0 = 0, .mult = tg_clock_mult(rates[i])};

		for (uint64_t year = 1; year <= 100; year++) {
			uint64_t cycles = (uint64_t)((unsigned __int128)rates[i] * year * 31556952);
			uint64_t want = exact(cycles, rates[i]), got;

			/* A counter of 64 bits itself wraps around after 115 years at 5.1 GHz. */
			got = tg_clock_at(&c, cycles);
			assert_true(got <= want ? want - got <= want / 1000000000
						: got - want <= want / 1000000000);
		}
	}
}

static void
never_steps_back(void **state)
{
	struct tg_clock c = {.tsc0 = 0, .mult = tg_clock_mult(2450000001)};
	uint64_t last = 0, cycles = UINT64_C(1) << 61;

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		uint64_t now = tg_clock_at(&c, cycles + i);

		assert_true(now >= last);
		last = now;
	}
}

static void
runs_from_where_it_was_started(void **state)
{
	struct tg_clock c;
	tg_time a, b;

	(void)state;
	tg_clock_init(&c);
	a = tg_clock_now(&c);
	b = tg_clock_now(&c);
	assert_true(a < TG_SEC);
	assert_true(b >= a);
	/* Another core's counter may be a little behind the one that started it. */
	c.tsc0 += UINT64_C(1) << 40;
	assert_int_equal(tg_clock_now(&c), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_at_zero),
		cmocka_unit_test(one_gigahertz_counts_nanoseconds),
		cmocka_unit_test(is_right_to_a_part_in_a_billion_for_100_years),
		cmocka_unit_test(never_steps_back),
		cmocka_unit_test(runs_from_where_it_was_started),
	};

	return cmocka_run_group_tests(tests, test_eal_setup, test_eal_teardown);
}
