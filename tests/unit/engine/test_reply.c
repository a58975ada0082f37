/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include "engine_util.h"

/** Sends strays until a RST is refused; the number of RSTs. */
static unsigned
exhaust(struct rig *r, unsigned most)
{
	struct client c = client_of(r, 7, 9999);
	unsigned n = 0;

	while (n < most && client_sends(&c, SEG_A, 0).action == TG_REPLY)
		n++;
	assert_true(n == most || r->last.disposition == TG_DISP_DROP_RST_LIMIT);
	forget_sent(r);
	return n;
}

static void
open_rate(struct rig *r, uint32_t rate)
{
	bench_init(r);
	r->cfg.rst_rate = rate;
	bench_open(r);
}

static void
rfc9293_3_10_7_1_the_numbers_of_a_reset(void **state)
{
	static const struct {
		unsigned flags, len;
		uint32_t ack; /**< beyond the client's seq */
	} ROW[] = {{SEG_S, 0, 1}, {SEG_S, 5, 6}, {SEG_F, 5, 6}, {0, 5, 5}, {SEG_S | SEG_F, 5, 7}};
	struct client c;
	struct seg s;
	struct rig r;

	(void)state;
	open_rate(&r, 1000);
	c = client_of(&r, 7, 9999);
	c.ack = 4711;
	client_sends(&c, SEG_A | SEG_P, 20);
	assert_true(next_sent(&r, &s));
	assert_int_equal(s.flags, SEG_R);
	assert_int_equal(s.seq, 4711);
	assert_int_equal(s.win, 0);
	for (unsigned i = 0; i < sizeof(ROW) / sizeof(ROW[0]); i++) {
		const uint32_t seq = c.seq;

		client_sends(&c, ROW[i].flags, ROW[i].len);
		assert_true(next_sent(&r, &s));
		assert_int_equal(s.flags, SEG_R | SEG_A);
		assert_int_equal(s.seq, 0);
		assert_int_equal(s.ack, seq + ROW[i].ack);
		assert_int_equal(s.opts, 0);
	}
	assert_int_equal(client_sends(&c, SEG_R | SEG_A, 0).disposition, TG_DISP_DROP_STRAY_RST);
	assert_int_equal(COUNT(&r, OUT_RSTS), 6);
	rig_close(&r);
}

static void
the_bucket_is_one_second_deep(void **state)
{
	static const uint32_t RATE[] = {1, 2, 7, 100, 1000};

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		struct rig r;

		open_rate(&r, RATE[i]);
		assert_int_equal(exhaust(&r, 5000), RATE[i]); /* full at the start */
		assert_int_equal(exhaust(&r, 5000), 0);
		r.now += 100 * TG_SEC; /* and never fuller */
		assert_int_equal(exhaust(&r, 5000), RATE[i]);
		r.now += TG_SEC / 2;
		assert_int_equal(exhaust(&r, 5000), RATE[i] / 2);
		rig_close(&r);
	}
}

static void
low_rates_do_not_round_away(void **state)
{
	unsigned n = 0;
	struct rig r;

	(void)state;
	open_rate(&r, 3);
	exhaust(&r, 10);
	for (unsigned ms = 0; ms < 10000; ms++) {
		r.now += TG_MSEC;
		n += exhaust(&r, 10);
	}
	assert_int_equal(n, 30);
	for (unsigned i = 0; i < 100000; i++) { /* ten of these are a millisecond */
		r.now += TG_MSEC / 10;
		n += exhaust(&r, 10);
	}
	assert_int_equal(n, 60);
	rig_close(&r);
}

static void
rate_zero_is_none(void **state)
{
	struct rig r;

	(void)state;
	open_rate(&r, 0);
	r.now += 3600 * TG_SEC;
	assert_int_equal(exhaust(&r, 10), 0);
	assert_int_equal(COUNT(&r, OUT_RSTS), 0);
	rig_close(&r);
}

static void
the_largest_rate_does_not_overflow(void **state)
{
	struct rig r;

	(void)state;
	open_rate(&r, UINT32_MAX);
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(exhaust(&r, 1000), 1000);
		r.now += (tg_time)40 * 24 * 3600 * TG_SEC;
	}
	rig_close(&r);
}

static void
silence_is_a_setting(void **state)
{
	struct client c;
	struct rig r;

	(void)state;
	bench_init(&r);
	r.cfg.closed_port_drop = true;
	bench_open(&r);
	c = client_of(&r, 7, 9999);
	assert_int_equal(client_sends(&c, SEG_S, 0).disposition, TG_DISP_DROP_CLOSED_PORT);
	assert_int_equal(client_sends(&c, SEG_A, 5).disposition, TG_DISP_DROP_CLOSED_PORT);
	rig_close(&r);
}

static void
ports_of_another_stack_are_passed_on(void **state)
{
	static const unsigned FLAGS[] = {SEG_S, SEG_A, SEG_R, SEG_F, 0};
	struct client c, d;
	struct rig r;

	(void)state;
	bench_init(&r);
	r.cfg.pass_ports = 2;
	r.cfg.pass_port[0] = 22;
	r.cfg.pass_port[1] = 9999;
	r.cfg.pass_port[2] = 9998; /* not one of the two */
	bench_open(&r);
	for (unsigned i = 0; i < sizeof(FLAGS) / sizeof(FLAGS[0]); i++) {
		c = client_of(&r, 7, 9999);
		assert_int_equal(client_sends(&c, FLAGS[i], 0).action, TG_PASS);
	}
	d = client_of(&r, 7, 9998);
	assert_int_equal(client_sends(&d, SEG_S, 0).action, TG_REPLY);
	rig_close(&r);

	bench_init(&r);
	r.cfg.closed_port_pass = true;
	r.cfg.closed_port_drop = true; /* comes after it */
	bench_open(&r);
	for (unsigned i = 0; i < sizeof(FLAGS) / sizeof(FLAGS[0]); i++) {
		c = client_of(&r, 7, 1234);
		assert_int_equal(client_sends(&c, FLAGS[i], 5).action, TG_PASS);
	}
	assert_int_equal(COUNT(&r, OUT_RSTS), 0);
	rig_close(&r);
}

static void
no_more_ports_than_there_is_room_for(void **state)
{
	struct rig r;

	(void)state;
	bench_init(&r);
	r.cfg.pass_ports = TG_PASS_PORTS_MAX + 1;
	assert_int_equal(tg_engine_create(&r.cfg, &r.e), -EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc9293_3_10_7_1_the_numbers_of_a_reset),
		cmocka_unit_test(the_bucket_is_one_second_deep),
		cmocka_unit_test(low_rates_do_not_round_away),
		cmocka_unit_test(rate_zero_is_none),
		cmocka_unit_test(the_largest_rate_does_not_overflow),
		cmocka_unit_test(silence_is_a_setting),
		cmocka_unit_test(ports_of_another_stack_are_passed_on),
		cmocka_unit_test(no_more_ports_than_there_is_room_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
