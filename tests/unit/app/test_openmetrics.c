/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "openmetrics.h"

/* What a test writes. */
struct text {
	struct om om;
	char *bytes;
	size_t len;
};

static void
begin(struct text *t, bool old)
{
	memset(t, 0, sizeof(*t));
	t->om.old = old;
	t->om.out = open_memstream(&t->bytes, &t->len);
	assert_non_null(t->om.out);
}

static void
expect(struct text *t, const char *want)
{
	assert_int_equal(fclose(t->om.out), 0);
	assert_string_equal(t->bytes, want);
	free(t->bytes);
}

static void
a_counter(void **state)
{
	const struct om_label l[] = {{"a", "x"}, {"b", "y"}};
	struct text t;

	(void)state;
	begin(&t, false);
	om_family(&t.om, "n_bytes", OM_COUNTER, "bytes", "Bytes.");
	om_sample(&t.om, l, 2, UINT64_MAX);
	om_sample(&t.om, l, 1, 0);
	om_end(&t.om);
	expect(&t,
		"# TYPE n_bytes counter\n# UNIT n_bytes bytes\n# HELP n_bytes Bytes.\n"
		"n_bytes_total{a=\"x\",b=\"y\"} 18446744073709551615\nn_bytes_total{a=\"x\"} 0\n"
		"# EOF\n");
	begin(&t, true);
	om_family(&t.om, "n_bytes", OM_COUNTER, "bytes", "Bytes.");
	om_sample(&t.om, NULL, 0, 7);
	om_end(&t.om);
	expect(&t, "# TYPE n_bytes_total counter\n# HELP n_bytes_total Bytes.\nn_bytes_total 7\n");
}

static void
a_gauge_and_an_info(void **state)
{
	const struct om_label l = {"v", "1"};
	struct text t;

	(void)state;
	for (unsigned old = 0; old < 2; old++) {
		begin(&t, old != 0);
		om_family(&t.om, "g", OM_GAUGE, NULL, "G.");
		om_sample_milli(&t.om, NULL, 0, 12034);
		om_family(&t.om, "i", OM_INFO, NULL, "I.");
		om_sample(&t.om, &l, 1, 1);
		om_end(&t.om);
		expect(&t,
			old ? "# TYPE g gauge\n# HELP g G.\ng 12.034\n"
			      "# TYPE i_info gauge\n# HELP i_info I.\ni_info{v=\"1\"} 1\n"
			    : "# TYPE g gauge\n# HELP g G.\ng 12.034\n"
			      "# TYPE i info\n# HELP i I.\ni_info{v=\"1\"} 1\n# EOF\n");
	}
}

/* Only format 1.0.0 escapes quotes in help texts; labels always do. */
static void
what_must_be_escaped_is(void **state)
{
	const struct om_label l = {"l", "a\"b\\c\nd\xc3\xa4"};
	struct text t;

	(void)state;
	begin(&t, false);
	om_family(&t.om, "g", OM_GAUGE, NULL, "\"\\\n.");
	om_sample(&t.om, &l, 1, 1);
	expect(&t, "# TYPE g gauge\n# HELP g \\\"\\\\\\n.\ng{l=\"a\\\"b\\\\c\\nd\xc3\xa4\"} 1\n");
	begin(&t, true);
	om_family(&t.om, "g", OM_GAUGE, NULL, "\"\\\n.");
	expect(&t, "# TYPE g gauge\n# HELP g \"\\\\\\n.\n");
}

static void
the_format_is_the_clients_choice(void **state)
{
	static const struct {
		const char *accept;
		bool old;
	} cases[] = {
		{NULL, false},
		{"", false},
		{"*/*", false},
		{"text/plain", true},
		{"text/plain;version=0.0.4;q=1,*/*;q=0.1", true},
		{"application/openmetrics-text;version=1.0.0,"
		 "application/openmetrics-text;version=0.0.1;q=0.75,"
		 "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
			false},
		{"Text/Plain;q=0.6, application/OpenMetrics-text; version=1.0.0; q=0.5", true},
		{"text/plain;q=0, */*;q=0.1", false},
		{"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", false},
		{"text/plainer", false},
		{",,, ;;;q=,text/plain;q=nonsense", false},
		{"text/*;q=0.9, application/*;q=0.8", true},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (om_wants_old(cases[i].accept) != cases[i].old)
			fail_msg("Accept: %s", cases[i].accept);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_counter),
		cmocka_unit_test(a_gauge_and_an_info),
		cmocka_unit_test(what_must_be_escaped_is),
		cmocka_unit_test(the_format_is_the_clients_choice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
