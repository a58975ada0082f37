/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>

#include "support.h"
#include "text.h"

static void
clean(const char *from, const char *to)
{
	char out[64];

	assert_string_equal(text_clean(from, out, sizeof(out)), to);
}

static void
nothing_moves_a_cursor(void **state)
{
	char small[4];

	(void)state;
	clean("plain", "plain");
	clean("\033[2J\033]0;x\007", "?[2J?]0;x?");
	clean("a\nb\tc\rd\x7f", "a?b?c?d?");
	clean("\xc2\x9b"
	      "31m",
		"??31m"); /* CSI as a C1 control, in UTF-8 */
	clean("\x9b"
	      "31m",
		"?31m"); /* and by itself */
	clean("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80",
		"gr\xc3\xbc\xc3\x9f \xe2\x82\xac "
		"\xf0\x9f\x98\x80");
	clean("\xc0\xaf", "??");           /* overlong */
	clean("\xe0\x80\xaf", "???");      /* overlong */
	clean("\xed\xa0\x80", "???");      /* surrogate */
	clean("\xf4\x90\x80\x80", "????"); /* beyond Unicode */
	clean("\xe2\x80\xae"
	      "abc",
		"???abc"); /* right-to-left override */
	clean("cut\xe2\x82", "cut??");
	/* cut between characters */
	assert_string_equal(text_clean("ab\xc3\xbc", small, sizeof(small)), "ab");
	assert_string_equal(text_clean("abcdef", small, sizeof(small)), "abc");
}

static void
numbers_of_an_object(void **state)
{
	json_t *j = json("{'a': 7, 'b': -1, 'c': 'x', 'd': 1.5, 's': 'text'}");

	(void)state;
	assert_int_equal(text_u64(j, "a"), 7);
	assert_int_equal(text_u64(j, "b"), 0);
	assert_int_equal(text_u64(j, "c"), 0);
	assert_int_equal(text_u64(j, "d"), 0);
	assert_int_equal(text_u64(j, "none"), 0);
	assert_int_equal(text_u64(NULL, "a"), 0);
	assert_string_equal(text_str(j, "s", "-"), "text");
	assert_string_equal(text_str(j, "a", "-"), "-");
	assert_string_equal(text_str(NULL, "a", "-"), "-");
	json_decref(j);
}

static void
short_numbers(void **state)
{
	static const struct {
		double v;
		const char *text;
	} of[] = {{0, "0"}, {1, "1"}, {1.5, "1.5"}, {999, "999"}, {1000, "1.00k"}, {1234, "1.23k"},
		{99940, "99.9k"}, {123456, "123k"}, {999600, "1.00M"}, {12345678, "12.3M"},
		{5e12, "5.00T"}, {-3, "-3"}};
	char out[16];

	(void)state;
	for (unsigned i = 0; i < sizeof(of) / sizeof(of[0]); i++)
		assert_string_equal(text_short(of[i].v, out), of[i].text);
}

static void
numbers_and_seconds(void **state)
{
	uint64_t v;

	(void)state;
	assert_true(text_number("0", 0, 10, &v) && v == 0);
	assert_true(text_number("10", 0, 10, &v) && v == 10);
	assert_false(text_number("11", 0, 10, &v));
	assert_false(text_number("-1", 0, 10, &v));
	assert_false(text_number("+1", 0, 10, &v));
	assert_false(text_number(" 1", 0, 10, &v));
	assert_false(text_number("1x", 0, 10, &v));
	assert_false(text_number("", 0, 10, &v));
	assert_false(text_number("99999999999999999999", 0, UINT64_MAX, &v));
	assert_true(text_seconds("1", 1, 5000, &v) && v == 1000);
	assert_true(text_seconds("0.25", 1, 5000, &v) && v == 250);
	assert_true(text_seconds("1.5", 1, 5000, &v) && v == 1500);
	assert_true(text_seconds("5", 1, 5000, &v) && v == 5000);
	assert_false(text_seconds("5.001", 1, 5000, &v));
	assert_false(text_seconds("0", 1, 5000, &v));
	assert_false(text_seconds("1.0005", 1, 5000, &v));
	assert_false(text_seconds("1e3", 1, 5000000, &v));
	assert_false(text_seconds(".5", 1, 5000, &v));
	assert_false(text_seconds("-1", 1, 5000, &v));
	assert_false(text_seconds("999999999999999999999999", 1, UINT64_MAX / 4, &v));
}

static void
a_table(void **state)
{
	static const char *const titles[] = {"<Name", "Count", "<Text"};
	struct text_table *t = text_table_new(3, titles);
	char *out = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&out, &size);

	(void)state;
	text_table_add(t, "a");
	text_table_add(t, "%d", 7);
	text_table_add(t, "x\033y");
	text_table_note(t, "more");
	text_table_add(t, "gr\xc3\xbcn and long");
	text_table_add(t, "%d", 1234567);
	text_table_add(t, "last");
	text_table_add(t, "half a row");
	text_table_print(t, f);
	fclose(f);
	assert_string_equal(out,
		"Name             Count  Text\n"
		"a                    7  x?y\n"
		"\tmore\n"
		"gr\xc3\xbcn and long  1234567  last\n");
	free(out);
	text_table_add(NULL, "nothing");
	text_table_print(NULL, stdout);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_moves_a_cursor),
		cmocka_unit_test(numbers_of_an_object),
		cmocka_unit_test(short_numbers),
		cmocka_unit_test(numbers_and_seconds),
		cmocka_unit_test(a_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
