/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which runs are made, in which order, and what they come to. The set-up is a make-believe.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "campaign.h"

static struct flood_options o;
static struct campaign c;
static char err[SETUP_ERROR];

/* What the make-believe does, and what it was asked for. */
static struct {
	uint64_t synacks[64]; /* of the runs, in order */
	unsigned runs, opened, closed;
	unsigned fails_at; /* this run fails, counted from 1 */
	char order[256];   /* contender and placement of each run */
} fake;

static int
fake_open(const struct flood_options *opt, void **ctx, char *e)
{
	(void)e;
	assert_ptr_equal(opt, &o);
	*ctx = &fake;
	fake.opened++;
	return 0;
}

static int
fake_run(void *ctx, struct flood_result *r, struct progress *p, char *e)
{
	assert_ptr_equal(ctx, &fake);
	(void)p;
	if (fake.runs + 1 == fake.fails_at) {
		strcpy(e, "broken");
		return -EIO;
	}
	snprintf(fake.order + strlen(fake.order), sizeof(fake.order) - strlen(fake.order), "%c%c ",
		flood_contender_name(r->contender)[0], "sn"[r->placement]);
	r->seconds = 1;
	r->cpu_seconds = 0.5;
	r->synacks = fake.synacks[fake.runs++];
	return 0;
}

static void
fake_close(void *ctx)
{
	assert_ptr_equal(ctx, &fake);
	fake.closed++;
}

static struct flood_setup setup;

static int
anew(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	memset(&o, 0, sizeof(o));
	setup = (struct flood_setup){
		.name = "fake", .open = fake_open, .run = fake_run, .close = fake_close};
	o.against = 1u << CONTENDER_TIDEGATE;
	o.placement = PLACE_BOTH;
	o.repeat = 1;
	o.rate = 1000;
	o.quiet = true;
	return 0;
}

static int
over(void **state)
{
	(void)state;
	campaign_free(&c);
	assert_int_equal(fake.opened, fake.closed);
	return 0;
}

static void
one_run(void **state)
{
	(void)state;
	fake.synacks[0] = 900;
	assert_int_equal(campaign_run(&c, &o, &setup, err), 0);
	assert_int_equal(c.runs, 1);
	assert_int_equal(c.points, 1);
	assert_true(c.run[0].wanted == 1000);
	assert_false(c.run[0].has_placement);
	assert_true(c.point[0].better && c.point[0].run == &c.run[0] && c.point[0].runs == 1);
}

static void
runs_are_interleaved_and_the_median_counts(void **state)
{
	static const uint64_t synacks[] = {10, 100, 30, 300, 20, 200};

	(void)state;
	memcpy(fake.synacks, synacks, sizeof(synacks));
	o.against |= 1u << CONTENDER_RESPONDER;
	o.repeat = 3;
	assert_int_equal(campaign_run(&c, &o, &setup, err), 0);
	assert_string_equal(fake.order, "ts rs ts rs ts rs ");
	assert_int_equal(c.points, 2);
	assert_int_equal(c.point[0].run->synacks, 20);
	assert_int_equal(c.point[1].run->synacks, 200);
	assert_int_equal(c.point[0].runs, 3);
	assert_true(c.point[0].least == 10 && c.point[0].most == 30);
	assert_ptr_equal(campaign_rival(&c, &c.point[0], CONTENDER_RESPONDER), &c.point[1]);
	assert_null(campaign_rival(&c, &c.point[0], CONTENDER_KERNEL));
}

static void
a_contender_is_judged_by_its_better_placement(void **state)
{
	static const uint64_t synacks[] = {50, 60, 9, 8};

	(void)state;
	memcpy(fake.synacks, synacks, sizeof(synacks));
	setup.placements = true;
	o.against |= 1u << CONTENDER_KERNEL;
	assert_int_equal(campaign_run(&c, &o, &setup, err), 0);
	assert_string_equal(fake.order, "ts tn ks kn ");
	assert_int_equal(c.points, 4);
	assert_false(c.point[0].better);
	assert_true(c.point[1].better);
	assert_true(c.point[2].better);
	assert_false(c.point[3].better);
	assert_ptr_equal(campaign_rival(&c, &c.point[1], CONTENDER_KERNEL), &c.point[2]);
}

static void
one_placement_if_that_is_wanted(void **state)
{
	(void)state;
	setup.placements = true;
	o.placement = PLACE_NAPI;
	assert_int_equal(campaign_run(&c, &o, &setup, err), 0);
	assert_string_equal(fake.order, "tn ");
	assert_true(c.point[0].better);
}

static void
a_sweep_has_a_point_for_each_rate(void **state)
{
	(void)state;
	o.steps = 3;
	o.step[0] = 1;
	o.step[1] = 2;
	o.step[2] = 3;
	fake.synacks[1] = 7;
	assert_int_equal(campaign_run(&c, &o, &setup, err), 0);
	assert_int_equal(c.points, 3);
	assert_true(c.point[1].run->wanted == 2 && c.point[1].run->synacks == 7);
	for (unsigned i = 0; i < 3; i++)
		assert_true(c.point[i].better);
}

static void
a_share_is_of_tidegates_own_capacity(void **state)
{
	static const uint64_t synacks[] = {500, 1000, 600, 999};

	(void)state;
	memcpy(fake.synacks, synacks, sizeof(synacks));
	setup.placements = true;
	o.placement = PLACE_BOTH;
	o.against |= 1u << CONTENDER_KERNEL;
	o.share = 0.8;
	o.rate = 100e3; /* the default, not looked at */
	assert_int_equal(campaign_run(&c, &o, &setup, err), 0);
	assert_string_equal(fake.order, "ts tn ts tn ks kn ");
	assert_int_equal(c.points, 6);
	assert_true(c.point[0].run->wanted == 0 && c.point[1].run->wanted == 0);
	for (unsigned i = 2; i < 6; i++)
		assert_true(c.point[i].run->wanted == 800);
}

static void
no_share_of_nothing(void **state)
{
	(void)state;
	o.share = 0.5;
	assert_int_equal(campaign_run(&c, &o, &setup, err), -ENODATA);
	assert_int_equal(c.points, 1);
}

static void
what_was_measured_before_a_failure_stays(void **state)
{
	(void)state;
	o.repeat = 3;
	fake.fails_at = 3;
	assert_int_equal(campaign_run(&c, &o, &setup, err), -EIO);
	assert_string_equal(err, "broken");
	assert_int_equal(c.runs, 2);
	assert_int_equal(c.points, 1);
	assert_int_equal(c.point[0].runs, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_run, anew, over),
		cmocka_unit_test_setup_teardown(
			runs_are_interleaved_and_the_median_counts, anew, over),
		cmocka_unit_test_setup_teardown(
			a_contender_is_judged_by_its_better_placement, anew, over),
		cmocka_unit_test_setup_teardown(one_placement_if_that_is_wanted, anew, over),
		cmocka_unit_test_setup_teardown(a_sweep_has_a_point_for_each_rate, anew, over),
		cmocka_unit_test_setup_teardown(a_share_is_of_tidegates_own_capacity, anew, over),
		cmocka_unit_test_setup_teardown(no_share_of_nothing, anew, over),
		cmocka_unit_test_setup_teardown(
			what_was_measured_before_a_failure_stays, anew, over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
