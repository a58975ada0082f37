/* SPDX-License-Identifier: BSD-3-Clause */
#include "filter.h"
#include "support.h"

static struct filter f;

/* Reads a filter written with blanks between its words. Returns what filter_parse() does. */
static int
parse(const char *text, const char **err)
{
	static char copy[1024];
	char *word[sizeof(copy) / 2]; /* a blank behind each */
	int n = 0;

	strcpy(copy, text);
	for (char *w = strtok(copy, " "); w != NULL; w = strtok(NULL, " "))
		word[n++] = w;
	return filter_parse(&f, n, word, err);
}

static void
yes(const char *text, const char *local, const char *peer)
{
	struct endpoint l, p;
	const char *err;

	assert_int_equal(parse(text, &err), 0);
	assert_true(endpoint_parse(local, &l));
	assert_true(endpoint_parse(peer, &p));
	assert_true(filter_matches(&f, &l, &p));
}

static void
no(const char *text, const char *local, const char *peer)
{
	struct endpoint l, p;
	const char *err;

	assert_int_equal(parse(text, &err), 0);
	assert_true(endpoint_parse(local, &l));
	assert_true(endpoint_parse(peer, &p));
	assert_false(filter_matches(&f, &l, &p));
}

static void
bad(const char *text, const char *said)
{
	const char *err = NULL;

	assert_int_not_equal(parse(text, &err), 0);
	assert_string_equal(err, said);
}

#define L4 "192.0.2.1:80"
#define P4 "198.51.100.7:4711"
#define L6 "[2001:db8::1]:80"
#define P6 "[2001:db8:1::7]:4711"

static void
nothing_is_everything(void **state)
{
	(void)state;
	yes("", L4, P4);
	yes("", L6, P6);
	assert_int_equal(f.states, 0);
	assert_int_equal(f.excluded, 0);
}

static void
ports(void **state)
{
	(void)state;
	yes("sport = :80", L4, P4);
	yes("sport :80", L4, P4);
	yes("sport 80", L4, P4);
	yes("sport eq 80", L4, P4);
	yes("sport =:80", L4, P4);
	yes("sport == 80", L6, P6);
	no("sport != :80", L4, P4);
	no("dport = :80", L4, P4);
	yes("dport >= :4711", L4, P4);
	yes("dport <= 4711", L4, P4);
	no("dport > :4711", L4, P4);
	no("dport < :4711", L4, P4);
	yes("dport gt 1024 and dport lt 5000", L4, P4);
	yes("dport ge 4711", L4, P4);
	yes("dport le 4711", L4, P4);
	yes("dport ne 80", L4, P4);
	yes("port 80", L4, P4);
	yes("port 4711", L4, P4);
	no("port 81", L4, P4);
}

static void
addresses(void **state)
{
	(void)state;
	yes("src 192.0.2.1", L4, P4);
	yes("src 192.0.2.0/24", L4, P4);
	yes("src 192.0.2.1:80", L4, P4);
	no("src 192.0.2.1:81", L4, P4);
	no("src 192.0.3.0/24", L4, P4);
	yes("src 192.0.0.0/14", L4, P4);
	yes("dst 198.51.100.6/31", L4, P4);
	no("dst 198.51.100.4/31", L4, P4);
	no("dst != 198.51.100.7", L4, P4);
	yes("dst = 198.51.100.7:4711", L4, P4);
	yes("dst 2001:db8:1::/48", L6, P6);
	yes("dst [2001:db8:1::]/48:4711", L6, P6);
	no("dst [2001:db8:2::]/48", L6, P6);
	yes("dst 2001:db8:1::7", L6, P6);
	yes("src [2001:db8::1]:80", L6, P6);
	yes("198.51.100.7", L4, P4);
	yes("192.0.2.1", L4, P4);
	no("192.0.2.2", L4, P4);
	yes(":80", L4, P4);
	yes("*:4711", L4, P4);
	/* one family's everything is not the other's */
	yes("src 0.0.0.0/0", L4, P4);
	no("src 0.0.0.0/0", L6, P6);
	yes("src ::/0", L6, P6);
	no("src ::/0", L4, P4);
}

static void
expressions(void **state)
{
	(void)state;
	yes("sport 80 dport 4711", L4, P4);
	no("sport 80 dport 4712", L4, P4);
	yes("sport 81 or dport 4711", L4, P4);
	/* and binds closer than or */
	yes("sport 80 or sport 81 and sport 82", L4, P4);
	no("( sport 80 or sport 81 ) and sport 82", L4, P4);
	yes("not sport 81", L4, P4);
	no("! sport 80", L4, P4);
	yes("not ( sport 81 or sport 82 )", L4, P4);
	yes("sport 80 && dport 4711 || sport 9", L4, P4);
	yes("sport 9 | sport 80 & dport 4711", L4, P4);
}

static void
states(void **state)
{
	const char *err;

	(void)state;
	assert_int_equal(parse("state established", &err), 0);
	assert_int_equal(f.states, filter_state_bit("ESTAB"));
	assert_int_equal(parse("state syn-recv state time-wait", &err), 0);
	assert_int_equal(f.states, filter_state_bit("SYN-RECV") | filter_state_bit("TIME-WAIT"));
	assert_int_equal(f.states, filter_state_bit("bucket"));
	assert_int_equal(parse("state all exclude listening sport 80", &err), 0);
	assert_int_equal(f.states & ~f.excluded, filter_state_bit("connected") | 1);
	for (unsigned i = 0; filter_states[i] != NULL; i++)
		assert_int_not_equal(filter_state_bit(filter_states[i]), 0);
	assert_int_equal(filter_state_bit("ESTABLISHED?"), 0);
}

static void
wrong_ones(void **state)
{
	char deep[1024] = "", longer[1024] = "sport 1";

	(void)state;
	bad("state", "a state is missing");
	bad("state open", "open");
	bad("sport", "a port is missing");
	bad("sport =", "a port is missing");
	bad("sport http", "http");
	bad("sport = 65536", "65536");
	bad("sport -1", "-1");
	bad("src", "an address is missing");
	bad("src 192.0.2.256", "192.0.2.256");
	bad("src 192.0.2.1/33", "192.0.2.1/33");
	bad("src > 192.0.2.1", "192.0.2.1");
	bad("dst [2001:db8::1", "[2001:db8::1");
	bad("dst 2001:db8::/129", "2001:db8::/129");
	bad("( sport 80", "a ) is missing");
	bad("sport 80 )", ")");
	bad("sport 80 or", "an address is missing");
	bad("not", "an address is missing");
	bad("nonsense", "nonsense");
	bad("sport 80 state established", "state");
	for (int i = 0; i < 200; i++)
		strcat(deep, i < 199 ? "not " : "sport 1");
	bad(deep, "the filter is too deep");
	for (int i = 0; i < 60; i++)
		strcat(longer, " sport 1");
	bad(longer, "the filter is too long");
}

static void
endpoints(void **state)
{
	static const char *const wrong[] = {"", ":", "192.0.2.1:", "192.0.2.1:x", "192.0.2.1:65536",
		"192.0.2.1/", "192.0.2.1/x:80", "[]:80", "[*]:80", "[192.0.2.1", "[::1]80", "*/8",
		"1.2.3.4.5", "::1::2", "a.b.c.d:80", "192.0.2.1/24/8", "[::1]:80:90", NULL};
	struct endpoint e;

	(void)state;
	for (unsigned i = 0; wrong[i] != NULL; i++)
		assert_false(endpoint_parse(wrong[i], &e));
	assert_true(endpoint_parse("*:*", &e));
	assert_true(e.any && !e.has_port);
	assert_true(endpoint_parse("[::ffff:192.0.2.1]:80", &e));
	assert_true(e.v4);
	assert_int_equal(e.port, 80);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_everything),
		cmocka_unit_test(ports),
		cmocka_unit_test(addresses),
		cmocka_unit_test(expressions),
		cmocka_unit_test(states),
		cmocka_unit_test(wrong_ones),
		cmocka_unit_test(endpoints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
