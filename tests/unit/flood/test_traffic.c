/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "traffic.h"

static struct flood_options o;

static void
a_fixed_pace(void **state)
{
	struct pace p;

	(void)state;
	o = (struct flood_options){.duration = 10};
	p = pace_of(&o, 1000, 5 * TG_SEC);
	assert_int_equal(pace_due(&p, 0), 0);
	assert_int_equal(pace_due(&p, 5 * TG_SEC), 0);
	assert_int_equal(pace_due(&p, 6 * TG_SEC), 1000);
	assert_int_equal(pace_due(&p, 15 * TG_SEC), 10000);
	assert_int_equal(pace_due(&p, 99 * TG_SEC), 10000);
}

static void
a_growing_pace(void **state)
{
	struct pace p;

	(void)state;
	o = (struct flood_options){.duration = 10, .ramp_to = 3000};
	p = pace_of(&o, 1000, 0);
	assert_int_equal(pace_due(&p, 5 * TG_SEC), 5 * 1500);
	assert_int_equal(pace_due(&p, 10 * TG_SEC), 10 * 2000);
	/* It may shrink as well. */
	o.ramp_to = 500;
	p = pace_of(&o, 1000, 0);
	assert_int_equal(pace_due(&p, 10 * TG_SEC), 10 * 750);
}

static void
no_pace_and_no_flood(void **state)
{
	struct pace p;

	(void)state;
	o = (struct flood_options){.duration = 10};
	p = pace_of(&o, 0, 0);
	assert_int_equal(pace_due(&p, 1), UINT64_MAX);
	p = pace_of(&o, -1, 0);
	assert_int_equal(pace_due(&p, TG_SEC), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fixed_pace),
		cmocka_unit_test(a_growing_pace),
		cmocka_unit_test(no_pace_and_no_flood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
