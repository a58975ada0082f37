/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdbool.h>
#include <stdlib.h>

#include "support.h"
#include "value.h"

struct place {
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;
	bool yes;
	bool picked_bool;
	uint32_t picked;
	uint8_t picked8;
	char *text;
	uint32_t guard;
};

static const char *const words[] = {"red", "green", "blue", NULL};

#define PLACE(f) .offset = offsetof(struct place, f), .size = sizeof(((struct place *)0)->f)

static const struct key u8_key = {"u8", KEY_UINT, PLACE(u8), .max = 255};
static const struct key u16_key = {"u16", KEY_UINT, PLACE(u16), .min = 1, .max = 65535};
static const struct key u32_key = {"u32", KEY_UINT, PLACE(u32), .min = 10, .max = UINT32_MAX};
static const struct key bool_key = {"yes", KEY_BOOL, PLACE(yes)};
static const struct key ms_key = {"ms", KEY_TIME_MS, PLACE(u32), .min = 100000, .max = 120000000};
static const struct key us_key = {"us", KEY_TIME_US, PLACE(u32), .max = 10000};
static const struct key word_key = {"word", KEY_CHOICE, PLACE(picked), .choices = words};
static const struct key word8_key = {"word8", KEY_CHOICE, PLACE(picked8), .choices = words};
static const struct key flag_key = {"flag", KEY_FLAG, PLACE(picked_bool), .choices = words};
static const uint32_t meant[] = {0, UINT32_MAX, 70};
static const struct key mixed_key = {
	"mixed", KEY_UINT, PLACE(u32), .min = 5, .max = 9, .choices = words, .meant = meant};
static const struct key s_key = {"s", KEY_TIME_S, PLACE(u32), .max = 65535000000};
static const struct key text_key = {"text", KEY_TEXT, PLACE(text), .min = 1, .max = 5};

static struct place at;
static char msg[VALUE_MESSAGE_MAX];

static void
good(const struct key *k, const char *text)
{
	at.guard = 0xdecade;
	assert_int_equal(value_read(k, text, &at, msg), 0);
	assert_int_equal(at.guard, 0xdecade);
}

static void
bad(const struct key *k, const char *text, const char *message)
{
	struct place before = at;

	assert_int_equal(value_read(k, text, &at, msg), -1);
	assert_string_equal(msg, message);
	assert_memory_equal(&at, &before, sizeof(at));
}

static void
numbers_fill_their_field_and_no_more(void **state)
{
	(void)state;
	memset(&at, 0xff, sizeof(at));
	good(&u8_key, "0");
	assert_int_equal(at.u8, 0);
	assert_int_equal(at.u16, 0xffff);
	good(&u8_key, "255");
	good(&u16_key, "65535");
	good(&u16_key, "1");
	assert_int_equal(at.u16, 1);
	assert_int_equal(at.u32, UINT32_MAX);
	good(&u32_key, "4294967295");
	good(&u32_key, "00010");
	assert_int_equal(at.u32, 10);
	at.text = NULL;
}

static void
numbers_are_digits_and_in_range(void **state)
{
	(void)state;
	bad(&u8_key, "256", "\"256\" is out of range; use a whole number from 0 to 255");
	bad(&u16_key, "0", "\"0\" is out of range; use a whole number from 1 to 65535");
	bad(&u16_key, "99999999999999999999",
		"\"99999999999999999999\" is not a number; use a whole number from 1 to 65535");
	bad(&u16_key, "", "\"\" is not a number; use a whole number from 1 to 65535");
	bad(&u16_key, "-1", "\"-1\" is not a number; use a whole number from 1 to 65535");
	bad(&u16_key, "3s", "\"3s\" is not a number; use a whole number from 1 to 65535");
	bad(&u16_key, "1.5", "\"1.5\" is not a number; use a whole number from 1 to 65535");
	bad(&u16_key, "0x10", "\"0x10\" is not a number; use a whole number from 1 to 65535");
	bad(&u16_key, " 1", "\" 1\" is not a number; use a whole number from 1 to 65535");
}

static void
yes_and_no_in_three_ways_each(void **state)
{
	static const char *const yes[] = {"yes", "true", "on"},
				 *const no[] = {"no", "false", "off"};

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		good(&bool_key, yes[i]);
		assert_true(at.yes);
		good(&bool_key, no[i]);
		assert_false(at.yes);
	}
	bad(&bool_key, "maybe",
		"\"maybe\" is neither yes nor no; use yes or no (true, false, on, off)");
	bad(&bool_key, "1", "\"1\" is neither yes nor no; use yes or no (true, false, on, off)");
	bad(&bool_key, "YES",
		"\"YES\" is neither yes nor no; use yes or no (true, false, on, off)");
}

static void
times_have_units(void **state)
{
	(void)state;
	good(&ms_key, "200ms");
	assert_int_equal(at.u32, 200);
	good(&ms_key, "3s");
	assert_int_equal(at.u32, 3000);
	good(&ms_key, "2m");
	assert_int_equal(at.u32, 120000);
	good(&ms_key, "100000us");
	assert_int_equal(at.u32, 100);
	good(&us_key, "50us");
	assert_int_equal(at.u32, 50);
	good(&us_key, "10ms");
	assert_int_equal(at.u32, 10000);
	good(&us_key, "0s");
	assert_int_equal(at.u32, 0);
}

static void
times_without_unit_or_out_of_range_are_told(void **state)
{
	(void)state;
	bad(&ms_key, "3",
		"\"3\" has no unit; use a time with a unit (us, ms, s, m, h) from 100ms "
		"to 2m");
	bad(&ms_key, "fast",
		"\"fast\" is not a time; use a time with a unit (us, ms, s, m, h) "
		"from 100ms to 2m");
	bad(&ms_key, "3 s",
		"\"3 s\" is not a time; use a time with a unit (us, ms, s, m, h) from "
		"100ms to 2m");
	bad(&ms_key, "99ms",
		"\"99ms\" is out of range; use a time with a unit (us, ms, s, m, h) "
		"from 100ms to 2m");
	bad(&ms_key, "1h",
		"\"1h\" is out of range; use a time with a unit (us, ms, s, m, h) from "
		"100ms to 2m");
	/* The product would wrap around to something small. */
	bad(&ms_key, "5124095576030431h",
		"\"5124095576030431h\" is out of range; use a time with a unit (us, ms, s, m, h) "
		"from 100ms to 2m");
	bad(&ms_key, "100500us",
		"\"100500us\" is no whole number of milliseconds; use a time with "
		"a unit (us, ms, s, m, h) from 100ms to 2m");
	bad(&us_key, "11ms",
		"\"11ms\" is out of range; use a time with a unit (us, ms, s, m, h) "
		"from 0s to 10ms");
}

static void
words_are_numbered(void **state)
{
	(void)state;
	good(&word_key, "blue");
	assert_int_equal(at.picked, 2);
	good(&flag_key, "green");
	assert_true(at.picked_bool);
	good(&flag_key, "red");
	assert_false(at.picked_bool);
	good(&word8_key, "blue");
	assert_int_equal(at.picked8, 2);
	bad(&word_key, "pink", "\"pink\" is unknown; use one of: red, green, blue");
}

static void
words_beside_numbers(void **state)
{
	(void)state;
	good(&mixed_key, "green");
	assert_int_equal(at.u32, UINT32_MAX);
	good(&mixed_key, "red");
	assert_int_equal(at.u32, 0);
	good(&mixed_key, "blue");
	assert_int_equal(at.u32, 70);
	good(&mixed_key, "9");
	assert_int_equal(at.u32, 9);
	bad(&mixed_key, "10",
		"\"10\" is out of range; use red, green, blue or a whole number from 5 to 9");
	bad(&mixed_key, "70",
		"\"70\" is out of range; use red, green, blue or a whole number from 5 to 9");
	bad(&mixed_key, "pink",
		"\"pink\" is unknown; use red, green, blue or a whole number from 5 to 9");
}

static void
seconds_are_whole(void **state)
{
	(void)state;
	good(&s_key, "2000ms");
	assert_int_equal(at.u32, 2);
	good(&s_key, "18h");
	assert_int_equal(at.u32, 64800);
	good(&s_key, "65535s");
	assert_int_equal(at.u32, 65535);
	bad(&s_key, "65536s",
		"\"65536s\" is out of range; use a time with a unit (us, ms, s, m, h) from 0s to "
		"65535s");
	bad(&s_key, "1500ms",
		"\"1500ms\" is no whole number of seconds; use a time with a unit (us, ms, s, m, "
		"h) from 0s to 65535s");
}

static void
texts_are_copied_and_printable(void **state)
{
	char own[] = "abc";

	(void)state;
	good(&text_key, own);
	own[0] = 'x';
	assert_string_equal(at.text, "abc");
	good(&text_key, "defgh"); /* the earlier one is freed: a leak checker sees to that */
	assert_string_equal(at.text, "defgh");
	bad(&text_key, "", "\"\" is empty; use 1 to 5 printable characters");
	bad(&text_key, "abcdef", "\"abcdef\" is too long; use 1 to 5 printable characters");
	bad(&text_key, "a\nb", "\"a?b\" has a control character; use 1 to 5 printable characters");
	free(at.text);
	at.text = NULL;
}

static void
long_texts_are_cut_in_messages(void **state)
{
	char longer[4096];

	(void)state;
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(value_read(&u8_key, longer, &at, msg), -1);
	assert_string_equal(msg,
		"\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\" is not a number; "
		"use a whole number from 0 to 255");
}

static void
addresses(void **state)
{
	static const char *const wrong[] = {"192.0.2.1", "192.0.2.1/", "192.0.2.1/33", "/24",
		"192.0.2/24", "2001:db8::1/129", "::ffff:192.0.2.1/120", "192.0.2.1/24x",
		"example.org/24", ""};
	struct tg_addr a, want = tg_addr_v4(192, 0, 2, 1);
	uint8_t len;

	(void)state;
	assert_int_equal(value_prefix("192.0.2.1/24", &a, &len), 0);
	assert_memory_equal(&a, &want, sizeof(a));
	assert_int_equal(len, 24);
	assert_int_equal(value_prefix("2001:db8::1/64", &a, &len), 0);
	assert_int_equal(a.b[0], 0x20);
	assert_int_equal(a.b[15], 1);
	assert_int_equal(len, 64);
	assert_int_equal(value_prefix("192.0.2.1/0", &a, &len), 0);
	assert_int_equal(value_addr("::", &a), 0);
	assert_int_equal(value_addr("0.0.0.0", &a), 0);
	assert_true(tg_addr_is_v4(&a));
	assert_int_equal(value_addr("::ffff:1.2.3.4", &a), -1);
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(value_prefix(wrong[i], &a, &len), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_fill_their_field_and_no_more),
		cmocka_unit_test(numbers_are_digits_and_in_range),
		cmocka_unit_test(yes_and_no_in_three_ways_each),
		cmocka_unit_test(times_have_units),
		cmocka_unit_test(times_without_unit_or_out_of_range_are_told),
		cmocka_unit_test(words_are_numbered),
		cmocka_unit_test(words_beside_numbers),
		cmocka_unit_test(seconds_are_whole),
		cmocka_unit_test(texts_are_copied_and_printable),
		cmocka_unit_test(long_texts_are_cut_in_messages),
		cmocka_unit_test(addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
