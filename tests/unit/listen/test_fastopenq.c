/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Slots of pending Fast Open connections: the bound, and what a RST keeps for a minute.
 */
#include "support.h"

#include "fastopenq.h"

static void
the_bound_holds(void **state)
{
	struct tg_fastopenq q = {.bound = 2};

	(void)state;
	assert_true(tg_fastopenq_room(&q, 0));
	q.pending = 1;
	assert_true(tg_fastopenq_room(&q, 0));
	q.pending = 2;
	assert_false(tg_fastopenq_room(&q, 0));
	q.bound = 0; /* Fast Open off */
	q.pending = 0;
	assert_false(tg_fastopenq_room(&q, 0));
}

/* RFC 7413 5.1; never less than 60 s, never more than 61. */
static void
a_reset_keeps_a_slot_for_a_minute(void **state)
{
	static const tg_time start[] = {
		0, 1, TG_SEC - 1, TG_SEC, 1000 * TG_SEC + 300 * TG_MSEC, UINT64_MAX / 4};

	(void)state;
	for (unsigned i = 0; i < sizeof(start) / sizeof(start[0]); i++) {
		struct tg_fastopenq q = {.bound = 1};

		tg_fastopenq_reset(&q, start[i]);
		assert_int_equal(tg_fastopenq_used(&q, start[i]), 1);
		assert_false(tg_fastopenq_room(&q, start[i] + 60 * TG_SEC));
		assert_int_equal(tg_fastopenq_used(&q, start[i] + 60 * TG_SEC), 1);
		assert_int_equal(tg_fastopenq_used(&q, start[i] + 61 * TG_SEC), 0);
		assert_true(tg_fastopenq_room(&q, start[i] + 61 * TG_SEC));
		assert_int_equal(q.kept, 0);
	}
}

/* Against a list of every RST's time: a minute's worth each step, gaps of all lengths. */
static void
it_agrees_with_a_list(void **state)
{
	static uint64_t second[4096];
	struct tg_fastopenq q = {.bound = UINT32_MAX};
	uint64_t k = 88172645463325252u;
	tg_time now = 12345 * TG_MSEC;
	unsigned n = 0;

	(void)state;
	while (n < 4096) {
		unsigned want = 0;

		k ^= k << 13;
		k ^= k >> 7;
		k ^= k << 17;
		if (k % 4 != 0) {
			tg_fastopenq_reset(&q, now);
			second[n++] = now / TG_SEC;
		}
		now += (k >> 8) % (k % 97 == 0 ? 200 * TG_SEC : TG_SEC);
		for (unsigned i = 0; i < n; i++)
			want += now / TG_SEC - second[i] < TG_FASTOPENQ_SECONDS;
		assert_int_equal(tg_fastopenq_used(&q, now), want);
		if (k % 3 == 0) {
			assert_true(tg_fastopenq_room(&q, now));
			assert_int_equal(q.kept, want);
		}
	}
}

/* Slots in use by connections and by RSTs add up. */
static void
both_kinds_count(void **state)
{
	struct tg_fastopenq q = {.bound = 3, .pending = 1};

	(void)state;
	tg_fastopenq_reset(&q, TG_SEC);
	assert_true(tg_fastopenq_room(&q, TG_SEC));
	tg_fastopenq_reset(&q, 2 * TG_SEC);
	assert_false(tg_fastopenq_room(&q, 2 * TG_SEC));
	assert_int_equal(tg_fastopenq_used(&q, 2 * TG_SEC), 3);
	assert_false(tg_fastopenq_room(&q, 61 * TG_SEC));
	assert_true(tg_fastopenq_room(&q, 62 * TG_SEC));
	q.pending = 0;
	assert_int_equal(tg_fastopenq_used(&q, 63 * TG_SEC), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_bound_holds),
		cmocka_unit_test(a_reset_keeps_a_slot_for_a_minute),
		cmocka_unit_test(it_agrees_with_a_list),
		cmocka_unit_test(both_kinds_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
