/* SPDX-License-Identifier: BSD-3-Clause */
#include "locate.h"
#include "support.h"

static const char file[] = "# a comment\n"                     /* 1 */
			   "shards: 1\n"                       /* 2 */
			   "engine:\n"                         /* 3 */
			   "    synack_rto: 1s\n"              /* 4 */
			   "ports:\n"                          /* 5 */
			   "  - device: a\n"                   /* 6 */
			   "    addresses: [\"1.2.3.4/8\",\n"  /* 7 */
			   "        \"1.2.3.5/8\"]\n"          /* 8 */
			   "  - device: b\n"                   /* 9 */
			   "listeners:\n"                      /* 10 */
			   "  - {address: \"::\", port: 80}\n" /* 11 */
			   "  - address: x\n"                  /* 12 */
			   "    port: 81\n"                    /* 13 */
			   "shards: 2\n";                      /* 14 */

static size_t
line(const char *path)
{
	return locate_path(file, sizeof(file) - 1, path, 0);
}

static void
finds_keys_and_entries(void **state)
{
	(void)state;
	assert_int_equal(line("shards"), 2);
	assert_int_equal(line("engine"), 3);
	assert_int_equal(line("engine.synack_rto"), 4);
	assert_int_equal(line("ports[0].device"), 6);
	assert_int_equal(line("ports[0].addresses"), 7);
	assert_int_equal(line("ports[0].addresses[0]"), 7);
	assert_int_equal(line("ports[0].addresses[1]"), 8);
	assert_int_equal(line("ports[1].device"), 9);
	assert_int_equal(line("listeners[0].port"), 11);
	assert_int_equal(line("listeners[1].port"), 13);
}

static void
finds_the_second_of_two(void **state)
{
	(void)state;
	assert_int_equal(locate_path(file, sizeof(file) - 1, "shards", 1), 14);
	assert_int_equal(locate_path(file, sizeof(file) - 1, "listeners[1].port", 1), 13);
}

static void
what_is_not_there_is_near_what_is(void **state)
{
	(void)state;
	assert_int_equal(line("ports[1].addresses"), 9);
	assert_int_equal(line("ports[7].device"), 5);
	assert_int_equal(line("listeners[1].service"), 12);
	assert_int_equal(line("engine.nothing"), 3);
	assert_int_equal(line("nothing"), 0);
	assert_int_equal(line(""), 0);
	assert_int_equal(locate_path("", 0, "shards", 0), 0);
	assert_int_equal(locate_path("- 1\n", 4, "shards", 0), 0);
	assert_int_equal(locate_path("a: [\n", 5, "a", 0), 1);
}

static void
finds_syntax_errors(void **state)
{
	static const char tab[] = "a:\n  b: 1\n\tc: 2\n";
	static const char open[] = "a: [1, 2\n";
	static const char two[] = "a: 1\n---\nb: 2\n";
	const char *problem;

	(void)state;
	assert_int_equal(locate_syntax_error(file, sizeof(file) - 1, &problem), 0);
	assert_int_equal(locate_syntax_error("", 0, &problem), 0);
	assert_int_equal(locate_syntax_error(tab, sizeof(tab) - 1, &problem), 3);
	assert_string_equal(problem, "found a tab character that violates indentation");
	assert_int_equal(locate_syntax_error(open, sizeof(open) - 1, &problem), 2);
	assert_int_equal(locate_syntax_error(two, sizeof(two) - 1, &problem), 2);
	assert_string_equal(problem, "a second document begins here, one is read");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_keys_and_entries),
		cmocka_unit_test(finds_the_second_of_two),
		cmocka_unit_test(what_is_not_there_is_near_what_is),
		cmocka_unit_test(finds_syntax_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
