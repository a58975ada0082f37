/* SPDX-License-Identifier: BSD-3-Clause */
#include "change.h"
#include "support.h"

static char out[1024];
static const char *err;

/* Words are given up to NULL. */
static int
count(char *const word[])
{
	int n = 0;

	while (word[n] != NULL)
		n++;
	return n;
}

#define WORDS(...)                \
	(char *[])                \
	{                         \
		__VA_ARGS__, NULL \
	}

static int
add(char *const word[])
{
	return change_listen_add(count(word), word, out, sizeof(out), &err);
}

static int
set(char *const word[])
{
	return change_set(count(word), word, out, sizeof(out), &err);
}

static void
listeners_become_yaml(void **state)
{
	(void)state;
	assert_int_equal(add(WORDS("192.0.2.1:81", "echo")), 0);
	assert_string_equal(out, "{address: \"192.0.2.1\", port: 81, service: \"echo\"}");
	assert_int_equal(
		add(WORDS("[2001:DB8::1]:81", "http", "backlog=512", "idle_timeout=60s")), 0);
	assert_string_equal(out,
		"{address: \"2001:db8::1\", port: 81, service: \"http\", "
		"backlog: \"512\", idle_timeout: \"60s\"}");
	assert_int_equal(add(WORDS("*:7", "echo")), 0);
	assert_string_equal(out, "{address: \"::\", port: 7, dual_stack: yes, service: \"echo\"}");
	/* nothing in a value can be YAML */
	assert_int_equal(add(WORDS("0.0.0.0:7", "echo", "backlog=1\", port: 9} #\\")), 0);
	assert_string_equal(out,
		"{address: \"0.0.0.0\", port: 7, service: \"echo\", "
		"backlog: \"1\\\", port: 9} #\\\\\"}");
}

static void
wrong_listeners(void **state)
{
	char longer[2000] = "backlog=";

	(void)state;
	assert_int_not_equal(change_listen_add(0, WORDS("x"), out, sizeof(out), &err), 0);
	assert_string_equal(err, "ADDRESS:PORT is missing");
	assert_int_not_equal(add(WORDS("192.0.2.1:81")), 0);
	assert_string_equal(err, "SERVICE is missing");
	assert_int_not_equal(add(WORDS("192.0.2.1", "echo")), 0);
	assert_string_equal(err, "192.0.2.1");
	assert_int_not_equal(add(WORDS("192.0.2.1:0", "echo")), 0);
	assert_int_not_equal(add(WORDS("192.0.2.0/24:80", "echo")), 0);
	assert_int_not_equal(add(WORDS("192.0.2.1:81", "e c h o")), 0);
	assert_string_equal(err, "e c h o");
	assert_int_not_equal(add(WORDS("192.0.2.1:81", "echo", "backlog")), 0);
	assert_string_equal(err, "backlog");
	assert_int_not_equal(add(WORDS("192.0.2.1:81", "echo", "=5")), 0);
	assert_int_not_equal(add(WORDS("192.0.2.1:81", "echo", "back log=5")), 0);
	assert_int_not_equal(add(WORDS("192.0.2.1:81", "echo", "backlog=5\n")), 0);
	memset(longer + 8, '1', sizeof(longer) - 9);
	assert_int_not_equal(add(WORDS("192.0.2.1:81", "echo", longer)), 0);
}

static void
settings(void **state)
{
	(void)state;
	assert_int_equal(set(WORDS("engine.syncookies=2")), 0);
	assert_string_equal(out, "engine.syncookies=2");
	assert_int_equal(set(WORDS("listeners[0].backlog=512")), 0);
	assert_string_equal(out, "listeners[0].backlog=512");
	assert_int_equal(set(WORDS("192.0.2.1:80", "backlog=512")), 0);
	assert_string_equal(out, "192.0.2.1:80 backlog=512");
	assert_int_equal(set(WORDS("[2001:db8::1]:80", "backlog=512")), 0);
	assert_string_equal(out, "[2001:db8::1]:80 backlog=512");
	assert_int_equal(set(WORDS("*:7", "backlog=512")), 0);
	assert_string_equal(out, "[::]:7 backlog=512");
	assert_int_not_equal(set(WORDS("engine.syncookies")), 0);
	assert_string_equal(err, "engine.syncookies");
	assert_int_not_equal(set(WORDS("here", "backlog=512")), 0);
	assert_string_equal(err, "here");
	assert_int_not_equal(set(WORDS("192.0.2.1:80", "512")), 0);
	assert_int_not_equal(set(WORDS("a=b\033")), 0);
	assert_int_not_equal(set(WORDS("A=b")), 0);
}

static void
addresses_to_close(void **state)
{
	(void)state;
	assert_int_equal(change_listener("192.0.2.1:80", out, sizeof(out), &err), 0);
	assert_string_equal(out, "192.0.2.1:80");
	assert_int_equal(change_listener("[::]:80", out, sizeof(out), &err), 0);
	assert_string_equal(out, "[::]:80");
	assert_int_not_equal(change_listener("192.0.2.1", out, sizeof(out), &err), 0);
	assert_int_not_equal(change_listener("192.0.2.1:80", out, 5, &err), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(listeners_become_yaml),
		cmocka_unit_test(wrong_listeners),
		cmocka_unit_test(settings),
		cmocka_unit_test(addresses_to_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
