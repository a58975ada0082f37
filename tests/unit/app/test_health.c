/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "health.h"

static void
healthy_when_all_turn(void **state)
{
	const struct tg_snapshot_loop loops[] = {
		{.shard = 0, .running = true},
		{.shard = 1, .running = true, .turn_age_ms = HEALTH_TURN_MS - 1},
	};
	char reason[HEALTH_REASON_MAX];

	(void)state;
	assert_true(health_of(loops, 2, reason));
	assert_string_equal(reason, "");
}

static void
nothing_is_not_healthy(void **state)
{
	char reason[HEALTH_REASON_MAX];

	(void)state;
	assert_false(health_of(NULL, 0, reason));
	assert_string_equal(reason, "no shard runs");
}

static void
one_that_stands_still_is_named(void **state)
{
	const struct tg_snapshot_loop loops[] = {
		{.shard = 0, .running = true},
		{.shard = 1, .lcore = 7, .running = true, .turn_age_ms = 4321},
	};
	char reason[HEALTH_REASON_MAX];

	(void)state;
	assert_false(health_of(loops, 2, reason));
	assert_non_null(strstr(reason, "shard 1 (lcore 7) has been in one turn for 4321 ms"));
	assert_null(strchr(reason, '\n'));
}

static void
one_that_does_not_run_is_named(void **state)
{
	const struct tg_snapshot_loop loops[] = {
		{.shard = 0, .running = true},
		{.shard = 1, .running = false},
	};
	char reason[HEALTH_REASON_MAX];

	(void)state;
	assert_false(health_of(loops, 2, reason));
	assert_string_equal(reason, "shard 1 does not run");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(healthy_when_all_turn),
		cmocka_unit_test(nothing_is_not_healthy),
		cmocka_unit_test(one_that_stands_still_is_named),
		cmocka_unit_test(one_that_does_not_run_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
