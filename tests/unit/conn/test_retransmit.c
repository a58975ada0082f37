/* SPDX-License-Identifier: BSD-3-Clause */
#include "conn_util.h"

#include <errno.h>
#include <math.h>

/** RFC 6298 in doubles, in seconds, written from its text. */
struct twin {
	bool any;
	double srtt, rttvar;
};

static double
twin_rto(struct twin *x, double r, double least)
{
	const double k = 4, alpha = 1.0 / 8, beta = 1.0 / 4, g = 0.001;
	double rto, var;

	if (!x->any) {
		x->srtt = r;
		x->rttvar = r / 2;
		x->any = true;
	} else {
		x->rttvar = (1 - beta) * x->rttvar + beta * fabs(x->srtt - r);
		x->srtt = (1 - alpha) * x->srtt + alpha * r;
	}
	var = k * x->rttvar;
	rto = x->srtt + (var > g ? var : g);
	rto = rto < least ? least : rto;
	return rto > 120 ? 120 : rto;
}

static void
rfc6298_2_the_estimator_follows_its_twin(void **state)
{
	static const uint32_t RANGES[] = {10, 1000, 50000, 1000000, 30000000, 400000000};
	static const uint32_t LEAST[] = {1, 200, 1000};

	(void)state;
	for (unsigned l = 0; l < 3; l++)
		for (unsigned r = 0; r < 6; r++) {
			struct tg_conns cs = {.rto_min_ms = LEAST[l]};
			struct tg_tcb t = {.rto_ms = TG_RTO_INIT};
			struct twin x = {false, 0, 0};
			uint64_t k = 88172645463325252u + r;

			for (unsigned i = 0; i < 20000; i++) {
				uint32_t us;
				double want;

				k ^= k << 13;
				k ^= k >> 7;
				k ^= k << 17;
				us = (uint32_t)(k >> 20) % RANGES[r] + 1;
				tg_rtt_sample(&cs, &t, us);
				want = twin_rto(&x, us / 1e6, LEAST[l] / 1e3) * 1000;
				/* rounded up to the tick, and a few microseconds of truncation */
				assert_true(t.rto_ms > want - 0.05 && t.rto_ms < want + 1.05);
			}
		}
}

static void
a_steady_round_trip_keeps_a_tick_of_margin(void **state)
{
	struct tg_conns cs = {.rto_min_ms = 1};
	struct tg_tcb t = {.rto_ms = TG_RTO_INIT};

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		tg_rtt_sample(&cs, &t, 300000);
	assert_int_equal(t.rto_ms, 301); /* SRTT + max(G, 4 RTTVAR) */
}

static void
the_first_sample_makes_an_rto_of_three(void **state)
{
	static const struct {
		uint32_t us, ms;
	} ROW[] = {{0, 200}, {1, 200}, {66000, 200}, {67000, 201}, {100000, 300}, {1000001, 3001},
		{39999999, 120000}, {40000001, 120000}, {500000000, 120000}};

	(void)state;
	for (unsigned i = 0; i < sizeof(ROW) / sizeof(ROW[0]); i++) {
		struct tg_conns cs = {.rto_min_ms = 200};
		struct tg_tcb t = {.rto_ms = TG_RTO_INIT};

		tg_rtt_sample(&cs, &t, ROW[i].us);
		assert_int_equal(t.rto_ms, ROW[i].ms);
	}
}

static void
absurd_samples_do_not_overflow(void **state)
{
	struct tg_conns cs = {.rto_min_ms = 200};
	struct tg_tcb t = {.rto_ms = TG_RTO_INIT};

	(void)state;
	tg_rtt_sample(&cs, &t, UINT32_MAX);
	tg_rtt_sample(&cs, &t, 600000001);
	assert_int_equal(t.rto_ms, TG_RTO_INIT); /* not believed */
	assert_int_equal(t.srtt_us8, 0);
	for (uint32_t us = 400000000; us <= 600000000; us += 1000000)
		tg_rtt_sample(&cs, &t, us);
	for (unsigned i = 0; i < 100; i++) {
		tg_rtt_sample(&cs, &t, 500000000);
		assert_int_equal(t.rto_ms, TG_RTO_MAX);
		assert_true(t.srtt_us8 / 8 > 400000000);
	}
}

static void
rfc6298_5_5_doubled_and_capped(void **state)
{
	(void)state;
	for (uint32_t rto = 1; rto <= TG_RTO_MAX; rto = rto * 3 + 1)
		for (uint8_t b = 0; b < 16; b++) {
			const struct tg_tcb t = {.rto_ms = rto, .backoff = b & 0xf};
			const double want = ldexp(rto, b);

			assert_int_equal(tg_rto(&t), want < TG_RTO_MAX ? want : TG_RTO_MAX);
		}
}

/** Sends `len` bytes and lets the peer be silent; the waits between transmissions in ms. */
static unsigned
silence(struct world *w, struct tg_tcb *t, uint32_t len, uint32_t wait[], unsigned most)
{
	unsigned n = 0;

	worker_writes(w, t, 0, len);
	assert_int_equal(world_output(w), 1);
	while (n < most && t->state != TG_CLOSED) {
		wait[n] = world_until_output(w, 200000);
		if (w->outs == 0)
			break;
		n++;
		expect_segment(&w->out[0], 0, 0, TG_ACK | TG_PSH, len);
	}
	return n;
}

static void
rfc6298_5_a_silent_peer_is_tried_and_given_up(void **state)
{
	static const uint8_t LIMITS[] = {1, 2, 15, 30};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct tg_event ev;
		uint32_t wait[64];
		struct tg_tcb *t;
		struct world w;

		world_init(&w);
		w.cfg.retries = LIMITS[i];
		assert_int_equal(world_open(&w), 0);
		t = world_conn(&w, 10000);
		assert_int_equal(silence(&w, t, 100, wait, 64), LIMITS[i]);
		for (unsigned k = 0; k < LIMITS[i]; k++)
			assert_int_equal(wait[k], k < 7 ? 1000u << k : 120000);
		assert_int_equal(t->state, TG_CLOSED);
		assert_int_equal(CNT(&w, ABORT_ON_TIMEOUT), 1);
		assert_int_equal(CNT(&w, TIMEOUTS), LIMITS[i] + 1u); /* the last one too (L) */
		assert_int_equal(CNT(&w, RETRANS_SEGS), LIMITS[i]);
		assert_int_equal(next_event(&w, &ev), TG_EV_CLOSED);
		assert_int_equal(ev.error, -ETIMEDOUT);
		assert_int_equal(w.flow.count, 0);
		assert_int_equal(w.tenv.engine_bufs, 0);
		world_close(&w);
	}
}

static void
an_orphan_is_given_up_earlier_and_leaves_nothing(void **state)
{
	struct world w;
	struct tg_tcb *t;
	unsigned n = 0;

	(void)state;
	world_init(&w);
	w.cfg.orphan_retries = 3;
	assert_int_equal(world_open(&w), 0);
	t = world_conn(&w, 10000);
	worker_writes(&w, t, 0, 100);
	tg_conn_close(&w.cs, t, w.now);
	assert_int_equal(world_output(&w), 1);
	expect_segment(&w.out[0], 0, 0, TG_ACK | TG_PSH | TG_FIN, 100);
	while (w.cs.tcb.used > 0)
		if (world_until_output(&w, 200000) < 200000)
			n++;
	assert_int_equal(n, 3);
	assert_int_equal(w.cs.tcb.used, 0);
	assert_int_equal(w.cs.segs.pool.used, 0);
	world_close(&w);
}

static void
rfc6298_5_1_to_5_3_the_timer_runs_while_something_is_out(void **state)
{
	struct world w;
	struct tg_tcb *t;

	(void)state;
	world_start(&w);
	t = world_conn(&w, 10000);
	worker_writes(&w, t, 0, 2000);
	world_output(&w);
	assert_true((t->flags & TG_TCB_T_REXMT) != 0);
	assert_int_equal(t->rexmt_at, tg_ms_of(w.now) + 1000);
	world_wait(&w, 600);
	peer_sends(&w, t, &(struct in){.flags = TG_ACK, .ack = 1460, .wnd = 10000});
	/* (5.3) anew, with the RTO of the sample just taken: 600 ms * 3 */
	assert_int_equal(t->rexmt_at, tg_ms_of(w.now) + 1800);
	world_wait(&w, 100);
	peer_sends(&w, t, &(struct in){.flags = TG_ACK, .ack = 2000, .wnd = 10000});
	assert_int_equal(t->flags & TG_TCB_T_REXMT, 0);
	world_wait(&w, 10000);
	assert_int_equal(world_output(&w), 0);
	assert_int_equal(CNT(&w, TIMEOUTS), 0);
	world_close(&w);
}

static void
rfc6298_3_karn_no_sample_of_what_was_sent_twice(void **state)
{
	struct world w;
	struct tg_tcb *t;
	uint32_t wait[1];

	(void)state;
	world_start(&w);
	t = world_conn(&w, 10000);
	assert_int_equal(silence(&w, t, 100, wait, 1), 1);
	world_wait(&w, 5);
	peer_sends(&w, t, &(struct in){.flags = TG_ACK, .ack = 100, .wnd = 10000});
	assert_int_equal(t->srtt_us8, 0);
	/* and the timeout stays backed off until there is a sample */
	worker_writes(&w, t, 100, 100);
	world_output(&w);
	assert_int_equal(t->rexmt_at, tg_ms_of(w.now) + 2000);
	world_wait(&w, 100);
	peer_sends(&w, t, &(struct in){.flags = TG_ACK, .ack = 200, .wnd = 10000});
	assert_int_equal(t->srtt_us8 / 8, 100000);
	worker_writes(&w, t, 200, 100);
	world_output(&w);
	assert_int_equal(t->rexmt_at, tg_ms_of(w.now) + 300);
	world_close(&w);
}

static void
after_a_timeout_everything_is_sent_again_in_slow_start(void **state)
{
	struct world w;
	struct tg_tcb *t;

	(void)state;
	world_start(&w);
	t = world_conn(&w, 60000);
	worker_writes(&w, t, 0, 5 * 1460);
	assert_int_equal(world_output(&w), 5);
	assert_int_equal(world_until_output(&w, 2000), 1000);
	assert_int_equal(w.outs, 1);
	expect_segment(&w.out[0], 0, 0, TG_ACK, 1460);
	peer_sends(&w, t, &(struct in){.flags = TG_ACK, .ack = 1460, .wnd = 60000});
	assert_int_equal(world_output(&w), 2);
	expect_segment(&w.out[0], 1460, 0, TG_ACK, 1460);
	/* the rest had arrived: what overtakes us is not sent a third time */
	peer_sends(&w, t, &(struct in){.flags = TG_ACK, .ack = 5 * 1460, .wnd = 60000});
	assert_int_equal(world_output(&w), 0);
	assert_int_equal(CNT(&w, RETRANS_SEGS), 3);
	assert_int_equal(w.cs.segs.pool.used, 0);
	world_close(&w);
}

static void
rfc9293_3_8_6_1_a_shut_window_is_probed_as_long_as_the_peer_answers(void **state)
{
	struct world w;
	struct tg_tcb *t;
	uint32_t ms = 0;

	(void)state;
	world_start(&w);
	t = world_conn(&w, 0);
	worker_writes(&w, t, 0, 100);
	assert_int_equal(world_output(&w), 0);
	for (unsigned i = 0; i < 40; i++) {
		ms = world_until_output(&w, 200000);
		assert_int_equal(w.outs, 1);
		expect_segment(&w.out[0], 0, 0, TG_ACK | TG_PSH, 1);
		assert_int_equal(ms, i < 7 ? 1000u << i : 120000);
		peer_sends(&w, t, &(struct in){.flags = TG_ACK, .ack = 0});
	}
	assert_int_equal(CNT(&w, ZERO_WINDOW_PROBES), 40);
	assert_int_equal(CNT(&w, TIMEOUTS), 0);
	peer_sends(&w, t, &(struct in){.flags = TG_ACK, .ack = 0, .wnd = 1000});
	assert_int_equal(world_output(&w), 1); /* at once, all of it */
	expect_segment(&w.out[0], 0, 0, TG_ACK | TG_PSH, 100);
	assert_int_equal(t->rexmt_at, tg_ms_of(w.now) + 1000); /* on a fresh timer */
	world_close(&w);
}

static void
probes_nobody_answers_end(void **state)
{
	struct world w;
	struct tg_tcb *t;
	unsigned n = 0;

	(void)state;
	world_start(&w);
	t = world_conn(&w, 0);
	worker_writes(&w, t, 0, 100);
	world_output(&w);
	while (t->state != TG_CLOSED)
		if (world_until_output(&w, 200000) < 200000)
			n++;
	assert_int_equal(n, w.cfg.retries);
	assert_int_equal(t->error, -ETIMEDOUT);
	world_close(&w);
}

static void
an_orphan_before_a_shut_window_does_not_live_for_ever(void **state)
{
	struct world w;
	struct tg_tcb *t;
	unsigned n = 0;

	(void)state;
	world_start(&w);
	t = world_conn(&w, 0);
	worker_writes(&w, t, 0, 100);
	tg_conn_close(&w.cs, t, w.now);
	while (w.cs.tcb.used > 0 && n < 100) {
		if (world_until_output(&w, 200000) == 200000)
			continue;
		n++;
		peer_sends(&w, t, &(struct in){.flags = TG_ACK, .ack = 0});
	}
	assert_int_equal(n, w.cfg.orphan_retries);
	world_close(&w);
}

static void
rfc9293_3_8_3_duplicates_do_not_keep_a_stuck_segment_alive(void **state)
{
	struct world w;
	struct tg_tcb *t;
	unsigned n = 0;

	(void)state;
	world_start(&w);
	t = world_conn(&w, 10000);
	worker_writes(&w, t, 0, 100);
	world_output(&w);
	while (t->state != TG_CLOSED && n < 100) {
		if (world_until_output(&w, 200000) == 200000)
			continue;
		n++;
		peer_sends(&w, t, &(struct in){.flags = TG_ACK, .ack = 0, .wnd = 10000});
	}
	assert_int_equal(n, w.cfg.retries);
	world_close(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc6298_2_the_estimator_follows_its_twin),
		cmocka_unit_test(a_steady_round_trip_keeps_a_tick_of_margin),
		cmocka_unit_test(the_first_sample_makes_an_rto_of_three),
		cmocka_unit_test(absurd_samples_do_not_overflow),
		cmocka_unit_test(rfc6298_5_5_doubled_and_capped),
		cmocka_unit_test(rfc6298_5_a_silent_peer_is_tried_and_given_up),
		cmocka_unit_test(an_orphan_is_given_up_earlier_and_leaves_nothing),
		cmocka_unit_test(rfc6298_5_1_to_5_3_the_timer_runs_while_something_is_out),
		cmocka_unit_test(rfc6298_3_karn_no_sample_of_what_was_sent_twice),
		cmocka_unit_test(after_a_timeout_everything_is_sent_again_in_slow_start),
		cmocka_unit_test(
			rfc9293_3_8_6_1_a_shut_window_is_probed_as_long_as_the_peer_answers),
		cmocka_unit_test(probes_nobody_answers_end),
		cmocka_unit_test(an_orphan_before_a_shut_window_does_not_live_for_ever),
		cmocka_unit_test(rfc9293_3_8_3_duplicates_do_not_keep_a_stuck_segment_alive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
