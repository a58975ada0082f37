/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * When a flood, an overflow, a shortage begins and ends, second by second; and how many lines a
 * kind of them may have.
 */
#include <stdio.h>

#include "log_rate.h"
#include "support.h"
#include "watch.h"

static struct watch w;
static struct watch_sample now;
static char said[1024];

static void
say(void *ctx, enum config_log_level level, const char *line)
{
	size_t n = strlen(said);

	assert_ptr_equal(ctx, &w);
	assert_null(strchr(line, '\n'));
	snprintf(said + n, sizeof(said) - n, "%s%d %s", n == 0 ? "" : "|", (int)level, line);
}

static int
setup(void **state)
{
	(void)state;
	memset(&w, 0, sizeof(w));
	memset(&now, 0, sizeof(now));
	/* Whatever was counted before the first look is no news. */
	now.no_place = now.cookies_sent = now.overflows = now.no_buffer = 1u << 20;
	watch_step(&w, &now, say, &w);
	said[0] = '\0';
	return 0;
}

/* A second in which so many SYNs found no place, so many cookies were sent and so many came back.
 */
static const char *
second(unsigned syns, unsigned sent, unsigned proven)
{
	said[0] = '\0';
	now.no_place += syns;
	now.cookies_sent += sent;
	now.cookies_recv += proven;
	watch_step(&w, &now, say, &w);
	return said;
}

static void
a_flood_begins_and_ends_once(void **state)
{
	(void)state;
	assert_string_equal(second(0, 0, 0), "");
	assert_string_equal(second(1000, 990, 0),
		"1 flood begins: 1000 SYN/s that find no place, 99 % of them answered by a cookie");
	assert_true(w.flood.on);
	assert_string_equal(second(5000, 5000, 10), "");
	/* A pause is no end. */
	for (unsigned i = 0; i < WATCH_QUIET_S - 1; i++)
		assert_string_equal(second(0, 0, 0), "");
	assert_string_equal(second(2000, 0, 0), "");
	for (unsigned i = 0; i < WATCH_QUIET_S - 1; i++)
		assert_string_equal(second(9, 0, 0), "");
	assert_string_equal(second(0, 0, 0),
		"2 flood ends: 7 s, 8026 SYNs, at most 4990/s, 5990 answered by a cookie (74 %)");
	assert_false(w.flood.on);
	assert_string_equal(second(0, 0, 0), "");
	assert_non_null(strstr(second(10, 10, 0), "flood begins: 10 SYN/s"));
}

static void
a_few_are_no_flood(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 20; i++)
		assert_string_equal(second(WATCH_FLOOD_SYNS - 1, 9, 0), "");
	/* Clients, however many: they answer. */
	assert_string_equal(second(100000, 100000, 99995), "");
	/* Every SYN is a cookie's turn then. */
	now.cookies_always = true;
	assert_string_equal(second(WATCH_FLOOD_SYNS_ALWAYS - 1, 999, 0), "");
	assert_non_null(strstr(second(WATCH_FLOOD_SYNS_ALWAYS, 1000, 0), "flood begins"));
}

static void
figures_do_not_overflow(void **state)
{
	(void)state;
	now.no_place += UINT64_C(1) << 62;
	now.cookies_sent += UINT64_C(1) << 61;
	assert_non_null(strstr(second(0, 0, 0), " 50 % "));
}

static void
overflows_begin_and_end(void **state)
{
	(void)state;
	now.overflows += 3;
	assert_string_equal(second(0, 0, 0), "1 an accept queue overflows: 3 times in a second");
	now.overflows += 5;
	assert_string_equal(second(0, 0, 0), "");
	for (unsigned i = 0; i < WATCH_QUIET_S - 1; i++)
		assert_string_equal(second(0, 0, 0), "");
	assert_string_equal(
		second(0, 0, 0), "2 accept queues have room again: 2 s, 8 overflows, at most 5/s");
}

static void
a_shortage_begins_and_ends(void **state)
{
	(void)state;
	now.short_of_mbufs = true;
	assert_string_equal(
		second(0, 0, 0), "1 mbufs are short: what is left is for connections, ARP and ND");
	assert_string_equal(second(0, 0, 0), "");
	now.short_of_mbufs = false;
	now.no_buffer += 1;
	assert_string_equal(second(0, 0, 0), "");
	for (unsigned i = 0; i < WATCH_QUIET_S - 1; i++)
		assert_string_equal(second(0, 0, 0), "");
	assert_string_equal(second(0, 0, 0), "2 mbufs are enough again: 3 s");
	now.no_buffer += 1;
	assert_non_null(strstr(second(0, 0, 0), "mbufs are short"));
}

static void
lines_of_a_second_are_bounded(void **state)
{
	struct log_rate r = {0};

	(void)state;
	for (unsigned i = 0; i < LOG_RATE; i++)
		assert_true(log_rate_take(&r, 5));
	assert_false(log_rate_take(&r, 5));
	assert_false(log_rate_take(&r, 5));
	assert_true(log_rate_take(&r, 6));
	assert_int_equal(log_rate_told(&r), 2);
	assert_int_equal(log_rate_told(&r), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_flood_begins_and_ends_once, setup),
		cmocka_unit_test_setup(a_few_are_no_flood, setup),
		cmocka_unit_test_setup(figures_do_not_overflow, setup),
		cmocka_unit_test_setup(overflows_begin_and_end, setup),
		cmocka_unit_test_setup(a_shortage_begins_and_ends, setup),
		cmocka_unit_test(lines_of_a_second_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
