/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an operator reads: every name and text is there, is like no other, and is documented.
 */
#include <ctype.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <tidegate/engine.h>

static const char *
disposition_name(int i)
{
	return tg_disposition_name((enum tg_disposition)i);
}

static const char *
disposition_text(int i)
{
	return tg_disposition_text((enum tg_disposition)i);
}

static const char *
counter_name(int i)
{
	return tg_counter_name((enum tg_counter)i);
}

static const char *
counter_text(int i)
{
	return tg_counter_text((enum tg_counter)i);
}

static const char *
state_name(int i)
{
	return tg_state_name((enum tg_state)i);
}

static void
expect_unique(const char *(*name)(int), int n)
{
	for (int i = 0; i < n; i++) {
		assert_non_null(name(i));
		assert_true(name(i)[0] != '\0');
		for (int j = 0; j < i; j++)
			assert_string_not_equal(name(i), name(j));
		/* Static storage: the same string each time. */
		assert_ptr_equal(name(i), name(i));
	}
}

static void
expect_null_outside(const char *(*name)(int), int n)
{
	assert_non_null(name(0));
	assert_non_null(name(n - 1));
	assert_null(name(n));
	assert_null(name(n + 1));
	assert_null(name(-1));
	assert_null(name(INT_MAX));
	assert_null(name(INT_MIN));
}

static void
every_disposition_has_a_name_and_a_text_of_its_own(void **state)
{
	(void)state;
	expect_unique(disposition_name, TG_DISP_COUNT);
	expect_unique(disposition_text, TG_DISP_COUNT);
}

static void
every_counter_has_a_name_and_a_text_of_its_own(void **state)
{
	(void)state;
	expect_unique(counter_name, TG_CNT_COUNT);
	expect_unique(counter_text, TG_CNT_COUNT);
}

static void
there_is_no_name_out_of_range(void **state)
{
	(void)state;
	expect_null_outside(disposition_name, TG_DISP_COUNT);
	expect_null_outside(disposition_text, TG_DISP_COUNT);
	expect_null_outside(counter_name, TG_CNT_COUNT);
	expect_null_outside(counter_text, TG_CNT_COUNT);
}

/* Names are keys of JSON and metrics: letters, digits and underscores, and not too many. */
static void
names_are_fit_to_be_keys(void **state)
{
	(void)state;
	for (int i = 0; i < TG_DISP_COUNT + TG_CNT_COUNT; i++) {
		bool disposition = i < TG_DISP_COUNT;
		const char *p = disposition ? disposition_name(i) : counter_name(i - TG_DISP_COUNT);

		assert_true(strlen(p) < 32);
		assert_true(isalpha((unsigned char)*p));
		for (; *p != '\0'; p++) {
			assert_true(isalnum((unsigned char)*p) || *p == '_');
			assert_true(!disposition || !isupper((unsigned char)*p));
		}
	}
}

/* The sum over all drops is made by name. */
static void
drops_are_named_as_drops(void **state)
{
	(void)state;
	for (int i = 0; i < TG_DISP_COUNT; i++)
		assert_int_equal(strncmp(disposition_name(i), "drop_", 5) == 0,
			i != TG_DISP_DELIVERED && i != TG_DISP_ANSWERED && i != TG_DISP_PASSED);
}

/* Order and number of the counts a reader of struct tg_counters sees are those of the lists. */
static void
the_counts_are_as_many_as_their_names(void **state)
{
	(void)state;
	assert_int_equal(
		sizeof(struct tg_counters), sizeof(uint64_t) * (1 + TG_DISP_COUNT + TG_CNT_COUNT));
	assert_string_equal(tg_disposition_name(TG_DISP_DROP_SYNQ_FULL), "drop_synq_full");
	assert_string_equal(tg_counter_name(TG_CNT_LISTEN_OVERFLOWS), "ListenOverflows");
	assert_string_equal(tg_counter_text(TG_CNT_TW),
		"connections that ended in TIME_WAIT and "
		"expired there");
}

static void
states_are_named_as_ss_names_them(void **state)
{
	static const char *const want[] = {"CLOSED", "LISTEN", "SYN-RECV", "ESTAB", "FIN-WAIT-1",
		"FIN-WAIT-2", "CLOSE-WAIT", "CLOSING", "LAST-ACK", "TIME-WAIT"};

	(void)state;
	assert_int_equal(sizeof(want) / sizeof(want[0]), TG_TIME_WAIT + 1);
	for (int i = 0; i <= TG_TIME_WAIT; i++)
		assert_string_equal(state_name(i), want[i]);
	expect_unique(state_name, TG_TIME_WAIT + 1);
}

/* A state is printed without a look at it: there is always a string. */
static void
a_state_out_of_range_is_a_question_mark(void **state)
{
	static const int bad[] = {TG_TIME_WAIT + 1, 255, -1, INT_MAX, INT_MIN};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_string_equal(state_name(bad[i]), "?");
}

static char *
read_whole(const char *path)
{
	FILE *f = fopen(path, "r");
	size_t cap = 1 << 20, n;
	char *text = malloc(cap);

	assert_non_null(f);
	assert_non_null(text);
	n = fread(text, 1, cap - 1, f);
	assert_true(n < cap - 1);
	text[n] = '\0';
	assert_int_equal(fclose(f), 0);
	return text;
}

/* What a shard counts around its engine. */
static const struct {
	const char *key, *text;
} glue[] = {
#define X(f, t) {#f, t},
	TG_GLUE_LIST(X)
#undef X
};
#define GLUE (sizeof(glue) / sizeof(glue[0]))

static const char *
expect_row(const char *from, const char *name, const char *text)
{
	char row[256];
	const char *at;

	snprintf(row, sizeof(row), "\n| `%s` | %s |\n", name, text);
	at = strstr(from, row);
	if (at == NULL)
		fail_msg("run docs/gen-counters.sh: no row, or not in its place:%s", row);
	return at + strlen(row) - 1;
}

/* Every row in the order of the lists, and no row of something that is gone. */
static void
the_documentation_has_a_row_for_each(void **state)
{
	char *doc = read_whole(COUNTERS_MD);
	const char *at = doc;
	int rows = 0;

	(void)state;
	for (int i = 0; i < TG_DISP_COUNT; i++)
		at = expect_row(at, disposition_name(i), disposition_text(i));
	for (int i = 0; i < TG_CNT_COUNT; i++)
		at = expect_row(at, counter_name(i), counter_text(i));
	for (size_t i = 0; i < GLUE; i++)
		at = expect_row(at, glue[i].key, glue[i].text);
	for (at = doc; (at = strstr(at, "\n| `")) != NULL; at++)
		rows++;
	assert_int_equal(rows, TG_DISP_COUNT + TG_CNT_COUNT + GLUE);
	free(doc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_disposition_has_a_name_and_a_text_of_its_own),
		cmocka_unit_test(every_counter_has_a_name_and_a_text_of_its_own),
		cmocka_unit_test(there_is_no_name_out_of_range),
		cmocka_unit_test(names_are_fit_to_be_keys),
		cmocka_unit_test(drops_are_named_as_drops),
		cmocka_unit_test(the_counts_are_as_many_as_their_names),
		cmocka_unit_test(states_are_named_as_ss_names_them),
		cmocka_unit_test(a_state_out_of_range_is_a_question_mark),
		cmocka_unit_test(the_documentation_has_a_row_for_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
