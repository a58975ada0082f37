/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sets of connection options: ranges, defaults, and that equal ones are one.
 */
#include "conn_util.h"

#include <errno.h>

#include "options.h"

static struct tg_option_table table;

static void
start(void)
{
	tg_options_init(&table, 61, 46);
}

static int
make(struct tg_conn_options o, uint32_t idle_ms, struct tg_options *out)
{
	return tg_options_make(&table, &o, idle_ms, out);
}

static void
zeros_are_the_defaults_of_linux_and_the_engine(void **state)
{
	struct tg_conn_options told;
	struct tg_options s;

	(void)state;
	start();
	assert_int_equal(make((struct tg_conn_options){.dscp = TG_DSCP_ENGINE}, 0, &s), 0);
	assert_int_equal(tg_options_get(&table, &s), 0);
	tg_options_tell(&table.set[0], &told);
	assert_false(told.keepalive);
	assert_int_equal(told.keep_idle_s, 7200);
	assert_int_equal(told.keep_interval_s, 75);
	assert_int_equal(told.keep_count, 9);
	assert_int_equal(told.user_timeout_ms | told.window_clamp, 0);
	assert_int_equal(told.hop_limit, 61);
	assert_int_equal(told.dscp, 46);
	assert_int_equal(make((struct tg_conn_options){.dscp = 0}, 0, &s), 0);
	assert_int_equal(s.tos, 0);
}

static void
what_is_told_can_be_set_again(void **state)
{
	const struct tg_conn_options o = {.keepalive = true,
		.keep_count = 127,
		.keep_idle_s = 32767,
		.keep_interval_s = 1,
		.user_timeout_ms = INT32_MAX - 1,
		.window_clamp = TG_WINDOW_CLAMP_MIN,
		.hop_limit = 255,
		.dscp = 63};
	struct tg_conn_options told;
	struct tg_options s, again;

	(void)state;
	start();
	assert_int_equal(make(o, 5, &s), 0);
	tg_options_tell(&s, &told);
	assert_int_equal(make(told, 5, &again), 0);
	assert_memory_equal(&s, &again, sizeof(s));
	assert_int_equal(o.keepalive, told.keepalive);
	assert_int_equal(o.keep_count, told.keep_count);
	assert_int_equal(o.keep_idle_s, told.keep_idle_s);
	assert_int_equal(o.keep_interval_s, told.keep_interval_s);
	assert_int_equal(o.user_timeout_ms, told.user_timeout_ms);
	assert_int_equal(o.window_clamp, told.window_clamp);
	assert_int_equal(o.hop_limit, told.hop_limit);
	assert_int_equal(o.dscp, told.dscp);
	assert_int_equal(s.idle_ms, 5);
}

static void
values_out_of_range_are_refused(void **state)
{
	struct tg_options s;

	(void)state;
	start();
	assert_int_equal(make((struct tg_conn_options){.keep_idle_s = 32768}, 0, &s), -EINVAL);
	assert_int_equal(make((struct tg_conn_options){.keep_interval_s = 32768}, 0, &s), -EINVAL);
	assert_int_equal(make((struct tg_conn_options){.keep_count = 128}, 0, &s), -EINVAL);
	assert_int_equal(
		make((struct tg_conn_options){.user_timeout_ms = INT32_MAX}, 0, &s), -EINVAL);
	assert_int_equal(make((struct tg_conn_options){.window_clamp = 1}, 0, &s), -EINVAL);
	assert_int_equal(
		make((struct tg_conn_options){.window_clamp = TG_WINDOW_CLAMP_MIN - 1}, 0, &s),
		-EINVAL);
	assert_int_equal(make((struct tg_conn_options){.dscp = 64}, 0, &s), -EINVAL);
	assert_int_equal(make((struct tg_conn_options){.dscp = 254}, 0, &s), -EINVAL);
	assert_int_equal(make((struct tg_conn_options){0}, INT32_MAX, &s), -EINVAL);
}

static void
equal_sets_are_one_until_nobody_has_it(void **state)
{
	struct tg_options a, b;
	uint16_t i, k;

	(void)state;
	start();
	assert_int_equal(make((struct tg_conn_options){.hop_limit = 1}, 0, &a), 0);
	assert_int_equal(make((struct tg_conn_options){.hop_limit = 1}, 7, &b), 0);
	i = tg_options_get(&table, &a);
	assert_int_equal(tg_options_get(&table, &a), i);
	k = tg_options_get(&table, &b);
	assert_int_not_equal(i, k);
	tg_options_put(&table, i);
	assert_int_equal(tg_options_get(&table, &a), i);
	tg_options_put(&table, i);
	tg_options_put(&table, i);
	/* Free now: the next one may have the place, and the old values are forgotten. */
	tg_options_put(&table, k);
	b.idle_ms = 8;
	assert_int_equal(tg_options_get(&table, &b), i);
	assert_int_equal(table.set[i].refs, 1);
	assert_int_equal(table.set[i].idle_ms, 8);
	assert_int_not_equal(tg_options_get(&table, &a), i);
}

static void
a_full_table_still_knows_what_it_has(void **state)
{
	struct tg_options s;

	(void)state;
	start();
	s = table.set[0];
	for (uint32_t i = 1; i < TG_OPTION_SETS; i++) {
		s.idle_ms = i;
		assert_int_equal(tg_options_get(&table, &s), i);
	}
	s.idle_ms = TG_OPTION_SETS;
	assert_int_equal(tg_options_get(&table, &s), TG_OPTIONS_NONE);
	s.idle_ms = 500;
	assert_int_equal(tg_options_get(&table, &s), 500);
	tg_options_put(&table, 77);
	s.idle_ms = TG_OPTION_SETS;
	assert_int_equal(tg_options_get(&table, &s), 77);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zeros_are_the_defaults_of_linux_and_the_engine),
		cmocka_unit_test(what_is_told_can_be_set_again),
		cmocka_unit_test(values_out_of_range_are_refused),
		cmocka_unit_test(equal_sets_are_one_until_nobody_has_it),
		cmocka_unit_test(a_full_table_still_knows_what_it_has),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
