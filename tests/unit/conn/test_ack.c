/* SPDX-License-Identifier: BSD-3-Clause */
#include "conn_util.h"

/** A connection whose peer offers `wnd`, with `out` bytes in flight, at numbers[n]. */
static const struct tg_tcpopt no_options;

static struct tg_tcb *
start(struct world *w, unsigned n, uint32_t wnd, uint32_t out)
{
	struct tg_tcb *t;

	world_init(w);
	w->proven.irs = numbers[n].irs;
	w->proven.iss = numbers[n].iss;
	assert_int_equal(world_open(w), 0);
	t = world_conn(w, wnd);
	t->cwnd = 1u << 20;
	if (out > 0) {
		worker_writes(w, t, 0, out);
		while (w->cs.out.count > 0)
			world_output(w);
	}
	return t;
}

/** SEG.ACK = ack (relative), an acceptable segment otherwise. */
static enum tg_ack_verdict
ack(struct world *w, struct tg_tcb *t, uint32_t seq, uint32_t no, uint16_t wnd)
{
	const struct tg_frame f = {
		.seq = seq + w->proven.irs + 1,
		.ack = no + w->proven.iss + 1,
		.flags = TG_ACK,
		.wnd = wnd,
	};
	bool fin_acked;

	return tg_ack_process(&w->cs, t, &f, &no_options, w->now, &fin_acked);
}

static void
rfc5961_5_2_the_range_that_is_believed(void **state)
{
	(void)state;
	for (unsigned n = 0; n < numbers_count; n++) {
		struct world w;
		struct tg_tcb *t = start(&w, n, 5000, 3000);

		assert_int_equal(ack(&w, t, 0, 1000, 5000), TG_ACK_OK);
		assert_int_equal(ack(&w, t, 0, 3001, 5000), TG_ACK_FUTURE);
		assert_int_equal(ack(&w, t, 0, 3000u + INT32_MAX, 5000), TG_ACK_FUTURE);
		assert_int_equal(ack(&w, t, 0, 1000u - 5000, 5000), TG_ACK_OK);
		assert_int_equal(ack(&w, t, 0, 1000u - 5001, 5000), TG_ACK_FUTURE);
		assert_int_equal(t->snd_una - w.proven.iss - 1, 1000); /* nothing moved */
		assert_int_equal(ack(&w, t, 0, 3000, 5000), TG_ACK_OK);
		assert_int_equal(t->snd_una, t->snd_max);
		assert_int_equal(t->snd_bytes, 0);
		world_close(&w);
	}
}

static void
what_was_sent_before_a_timeout_may_be_acknowledged(void **state)
{
	struct world w;
	struct tg_tcb *t = start(&w, 0, 60000, 20000);

	(void)state;
	world_wait(&w, 1000);
	world_output(&w);
	assert_true(tg_seq_lt(t->snd_nxt, t->snd_max));
	assert_int_equal(ack(&w, t, 0, 20000, 60000), TG_ACK_OK);
	assert_int_equal(t->snd_nxt, t->snd_una);
	assert_int_equal(t->snd_bytes, 0);
	world_close(&w);
}

static void
rfc9293_3_10_7_4_only_newer_segments_move_the_window(void **state)
{
	(void)state;
	for (unsigned n = 0; n < numbers_count; n++) {
		struct world w;
		struct tg_tcb *t = start(&w, n, 5000, 3000);

		ack(&w, t, 100, 1000, 6000);
		assert_int_equal(t->snd_wnd, 6000);
		ack(&w, t, 99, 1000, 1); /* older sequence number */
		assert_int_equal(t->snd_wnd, 6000);
		ack(&w, t, 99, 2000, 2); /* even with a newer acknowledgment */
		assert_int_equal(t->snd_wnd, 6000);
		ack(&w, t, 100, 2000, 7000); /* same sequence number, newer acknowledgment */
		assert_int_equal(t->snd_wnd, 7000);
		ack(&w, t, 100, 1500, 3); /* older acknowledgment */
		assert_int_equal(t->snd_wnd, 7000);
		ack(&w, t, 100, 2000, 8000); /* the same again: a plain window update */
		assert_int_equal(t->snd_wnd, 8000);
		ack(&w, t, 101, 1500,
			3); /* even with a newer sequence number (SND.UNA =< SEG.ACK) */
		assert_int_equal(t->snd_wnd, 8000);
		ack(&w, t, 101, 2000, 9000);
		assert_int_equal(t->snd_wnd, 9000);
		assert_int_equal(t->max_wnd, 9000);
		ack(&w, t, 101, 3000, 10);
		assert_int_equal(t->snd_wnd, 10);
		assert_int_equal(t->max_wnd, 9000);
		world_close(&w);
	}
}

static void
windows_are_scaled_by_the_peers_shift(void **state)
{
	struct world w;
	struct tg_tcb *t;

	(void)state;
	world_init(&w);
	w.proven.has_wscale = true;
	w.proven.wscale = 14;
	assert_int_equal(world_open(&w), 0);
	t = world_conn(&w, 1000);
	assert_int_equal(t->snd_wnd, 1000); /* a SYN's is not */
	ack(&w, t, 0, 0, UINT16_MAX);
	assert_int_equal(t->snd_wnd, (uint32_t)UINT16_MAX << 14);
	world_close(&w);
}

static void
rfc5681_2_what_a_duplicate_is(void **state)
{
	struct in s = {.flags = TG_ACK, .ack = 1000, .wnd = 5000, .seq = 0};
	struct world w;
	struct tg_tcb *t = start(&w, 0, 5000, 3000);

	(void)state;
	peer_sends(&w, t, &s);
	assert_int_equal(t->dupacks, 0); /* it was new */
	peer_sends(&w, t, &s);
	assert_int_equal(t->dupacks, 1);
	s.wnd = 5001; /* a window update is none */
	peer_sends(&w, t, &s);
	assert_int_equal(t->dupacks, 1);
	s.ack = 900; /* an old one is none */
	peer_sends(&w, t, &s);
	assert_int_equal(t->dupacks, 1);
	s.ack = 1000;
	s.len = 10; /* with data it is none */
	peer_sends(&w, t, &s);
	assert_int_equal(t->dupacks, 1);
	s.seq = 10;
	s.len = 0;
	peer_sends(&w, t, &s);
	assert_int_equal(t->dupacks, 2);
	s.ack = 3000;
	peer_sends(&w, t, &s);
	assert_int_equal(t->dupacks, 0);
	peer_sends(&w, t, &s); /* nothing is out */
	assert_int_equal(t->dupacks, 0);
	world_close(&w);
}

static void
a_fin_is_no_duplicate_and_a_shut_window_neither(void **state)
{
	struct world w;
	struct tg_tcb *t = start(&w, 0, 5000, 3000);

	(void)state;
	ack(&w, t, 0, 0, 5000);
	ack(&w, t, 0, 0, 0);
	ack(&w, t, 0, 0, 0);
	assert_int_equal(t->dupacks, 1); /* the answer to a probe says nothing of the network */
	peer_sends(&w, t, &(struct in){.flags = TG_ACK | TG_FIN, .ack = 0, .wnd = 0});
	assert_int_equal(t->dupacks, 1);
	world_close(&w);
}

static void
our_fin_is_acknowledged_once(void **state)
{
	const struct tg_frame f = {.flags = TG_ACK, .wnd = 5000};
	struct world w;
	struct tg_tcb *t = start(&w, 0, 5000, 100);
	struct tg_frame g = f;
	bool fin_acked;

	(void)state;
	tg_conn_shutdown(&w.cs, t);
	world_output(&w);
	g.seq = w.proven.irs + 1;
	g.ack = w.proven.iss + 1 + 100;
	tg_ack_process(&w.cs, t, &g, &no_options, w.now, &fin_acked);
	assert_false(fin_acked);
	g.ack++;
	tg_ack_process(&w.cs, t, &g, &no_options, w.now, &fin_acked);
	assert_true(fin_acked);
	tg_ack_process(&w.cs, t, &g, &no_options, w.now, &fin_acked);
	assert_false(fin_acked);
	assert_int_equal(t->flags & TG_TCB_T_REXMT, 0);
	world_close(&w);
}

static void
the_round_trip_is_measured_to_the_microsecond(void **state)
{
	struct world w;
	struct tg_tcb *t = start(&w, 0, 60000, 20000);

	(void)state;
	w.now += 1234567;
	ack(&w, t, 0, 1, 60000); /* the timed byte is the first one */
	assert_int_equal(t->srtt_us8, 1234 * 8);
	w.now += TG_SEC;
	ack(&w, t, 0, 20000, 60000); /* nothing is timed now */
	assert_int_equal(t->srtt_us8, 1234 * 8);
	world_close(&w);
}

static void
a_window_that_opens_sends_at_once_what_was_probed_with(void **state)
{
	struct world w;
	struct tg_tcb *t = start(&w, 0, 2000, 2000);

	(void)state;
	worker_writes(&w, t, 2000, 500);
	ack(&w, t, 1, 2000, 0);
	assert_int_equal(world_until_output(&w, 60000), w.cfg.rto_min_ms);
	expect_segment(&w.out[0], 2000, 0, TG_ACK | TG_PSH, 1);
	ack(&w, t, 1, 2000, 3000); /* the probe's byte was refused, the window is open now */
	assert_int_equal(world_output(&w), 1);
	expect_segment(&w.out[0], 2000, 0, TG_ACK | TG_PSH, 500);
	ack(&w, t, 1, 2500, 3000);
	assert_int_equal(w.tenv.engine_bufs, 0);
	world_close(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc5961_5_2_the_range_that_is_believed),
		cmocka_unit_test(what_was_sent_before_a_timeout_may_be_acknowledged),
		cmocka_unit_test(rfc9293_3_10_7_4_only_newer_segments_move_the_window),
		cmocka_unit_test(windows_are_scaled_by_the_peers_shift),
		cmocka_unit_test(rfc5681_2_what_a_duplicate_is),
		cmocka_unit_test(a_fin_is_no_duplicate_and_a_shut_window_neither),
		cmocka_unit_test(our_fin_is_acknowledged_once),
		cmocka_unit_test(the_round_trip_is_measured_to_the_microsecond),
		cmocka_unit_test(a_window_that_opens_sends_at_once_what_was_probed_with),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
