/* SPDX-License-Identifier: BSD-3-Clause */
#include "conn_util.h"

#include <errno.h>

static const struct in peer_fin = {.flags = TG_ACK | TG_FIN, .wnd = 60000};

/** A connection at numbers[n] whose worker holds its handle. */
static struct tg_tcb *
start(struct world *w, unsigned n)
{
	struct tg_tcb *t;

	world_init(w);
	w->proven.irs = numbers[n].irs;
	w->proven.iss = numbers[n].iss;
	assert_int_equal(world_open(w), 0);
	t = world_conn(w, 60000);
	assert_non_null(t);
	return t;
}

/** Our FIN leaves at number seq. */
static void
fin_leaves(struct world *w, struct tg_tcb *t, uint32_t seq, uint32_t ack)
{
	tg_conn_shutdown(&w->cs, t);
	assert_int_equal(world_output(w), 1);
	expect_segment(&w->out[0], seq, ack, TG_ACK | TG_FIN, 0);
}

/** The pair is in TIME_WAIT and nothing of the connection is on the wire any more. */
static void
in_time_wait(const struct world *w, const struct tg_tcb *t)
{
	assert_int_equal(t->state, TG_CLOSED);
	assert_int_equal(w->cs.tw.pool.used, 1);
	assert_int_equal(w->flow.count, 1);
	assert_int_equal(w->cs.wheel.count, 0);
	assert_int_equal(CNT(w, ESTAB_RESETS), 0);
}

static void
fin_wait_1_fin_wait_2_time_wait(void **state)
{
	(void)state;
	for (unsigned n = 0; n < numbers_count; n++) {
		struct world w;
		struct tg_tcb *t = start(&w, n);

		fin_leaves(&w, t, 0, 0);
		assert_int_equal(t->state, TG_FIN_WAIT_1);
		peer_sends(&w, t, &(struct in){.flags = TG_ACK, .ack = 1, .wnd = 9});
		assert_int_equal(t->state, TG_FIN_WAIT_2);
		peer_sends(&w, t, &(struct in){.flags = TG_ACK, .ack = 1, .len = 7, .wnd = 9});
		assert_int_equal(t->rcv_bytes, 7); /* half closed: we still hear */
		world_output(&w);
		assert_int_equal(
			peer_sends(&w, t,
				&(struct in){
					.flags = TG_ACK | TG_FIN, .seq = 7, .ack = 1, .wnd = 9})
				.disposition,
			TG_DISP_DELIVERED);
		assert_true(w.replied);
		expect_segment(&w.reply, 1, 8, TG_ACK, 0);
		in_time_wait(&w, t);
		assert_int_equal(next_event(&w, NULL), TG_EV_READ);
		assert_int_equal(t->rcv_bytes, 7); /* and may still read */
		tg_conn_close(&w.cs, t, w.now);
		assert_int_equal(w.cs.tcb.used, 0);
		world_close(&w);
	}
}

static void
fin_wait_1_time_wait_by_a_fin_that_acknowledges_ours(void **state)
{
	struct world w;
	struct tg_tcb *t = start(&w, 0);

	(void)state;
	fin_leaves(&w, t, 0, 0);
	peer_sends(&w, t, &(struct in){.flags = TG_ACK | TG_FIN, .ack = 1, .wnd = 9});
	expect_segment(&w.reply, 1, 1, TG_ACK, 0);
	in_time_wait(&w, t);
	world_close(&w);
}

static void
fin_wait_2_time_wait_by_a_fin_with_data(void **state)
{
	(void)state;
	for (unsigned tail = 0; tail <= 1000; tail += 1000) {
		struct world w;
		struct tg_tcb *t = start(&w, 0);

		fin_leaves(&w, t, 0, 0);
		/* the data stays in its buffer, so the ACK needs one of its own */
		peer_sends(&w, t,
			&(struct in){.flags = TG_ACK | TG_FIN, .ack = 1, .len = 700, .tail = tail});
		if (!w.replied) {
			assert_int_equal(t->state, TG_FIN_WAIT_2);
			assert_int_equal(world_output(&w), 1);
			expect_segment(&w.out[0], 1, 701, TG_ACK, 0);
		}
		in_time_wait(&w, t);
		assert_int_equal(t->rcv_bytes, 700);
		world_close(&w);
	}
}

static void
the_last_ack_is_not_lost_for_want_of_room(void **state)
{
	struct world w;
	struct tg_tcb *t;

	(void)state;
	world_init(&w);
	w.proven.ts = true;
	assert_int_equal(world_open(&w), 0);
	t = world_conn(&w, 60000);
	fin_leaves(&w, t, 0, 0);
	/* a FIN without timestamps in a buffer of its size: the ACK with them does not fit */
	assert_int_equal(
		peer_sends(&w, t, &(struct in){.flags = TG_ACK | TG_FIN, .ack = 1}).disposition,
		TG_DISP_DELIVERED);
	assert_false(w.replied);
	assert_int_equal(world_output(&w), 1);
	expect_segment(&w.out[0], 1, 1, TG_ACK, 0);
	in_time_wait(&w, t);
	world_close(&w);
}

static void
simultaneous_close_goes_through_closing(void **state)
{
	(void)state;
	for (unsigned n = 0; n < numbers_count; n++) {
		struct world w;
		struct tg_tcb *t = start(&w, n);

		fin_leaves(&w, t, 0, 0);
		peer_sends(&w, t, &peer_fin);
		assert_int_equal(t->state, TG_CLOSING);
		assert_int_equal(world_output(&w), 1);
		expect_segment(&w.out[0], 1, 1, TG_ACK, 0);
		peer_sends(&w, t, &(struct in){.flags = TG_ACK, .seq = 1, .ack = 1, .wnd = 9});
		in_time_wait(&w, t);
		world_close(&w);
	}
}

static void
close_wait_last_ack_closed(void **state)
{
	(void)state;
	for (unsigned n = 0; n < numbers_count; n++) {
		struct world w;
		struct tg_tcb *t = start(&w, n);

		peer_sends(&w, t, &peer_fin);
		assert_int_equal(t->state, TG_CLOSE_WAIT);
		assert_int_equal(next_event(&w, NULL), TG_EV_READ);
		assert_int_equal(world_output(&w), 1);
		expect_segment(&w.out[0], 0, 1, TG_ACK, 0);
		worker_writes(&w, t, 0, 10); /* CLOSE_WAIT still sends */
		assert_int_equal(world_output(&w), 1);
		fin_leaves(&w, t, 10, 1);
		assert_int_equal(t->state, TG_LAST_ACK);
		peer_sends(&w, t, &(struct in){.flags = TG_ACK, .seq = 1, .ack = 10, .wnd = 9});
		assert_int_equal(t->state, TG_LAST_ACK);
		peer_sends(&w, t, &(struct in){.flags = TG_ACK, .seq = 1, .ack = 11, .wnd = 9});
		assert_int_equal(t->state, TG_CLOSED);
		assert_int_equal(w.cs.tw.pool.used, 0);
		assert_int_equal(w.flow.count, 0);
		assert_int_equal(next_event(&w, NULL), 0); /* no error, no event */
		assert_int_equal(CNT(&w, ESTAB_RESETS), 0);
		tg_conn_close(&w.cs, t, w.now);
		assert_int_equal(w.cs.tcb.used, 0);
		world_close(&w);
	}
}

static void
a_fin_waits_for_its_data(void **state)
{
	struct world w;
	struct tg_tcb *t = start(&w, 0);

	(void)state;
	peer_sends(&w, t, &(struct in){.flags = TG_ACK | TG_FIN, .seq = 10, .len = 5, .wnd = 9});
	assert_int_equal(t->state, TG_ESTABLISHED);
	expect_segment(&w.reply, 0, 0, TG_ACK, 0);
	peer_sends(&w, t, &(struct in){.flags = TG_ACK | TG_FIN, .len = 15, .wnd = 9});
	assert_int_equal(t->state, TG_CLOSE_WAIT);
	assert_int_equal(t->rcv_bytes, 15);
	world_close(&w);
}

static void
a_fin_that_does_not_fit_is_not_taken(void **state)
{
	struct world w;
	struct tg_tcb *t = start(&w, 0);

	(void)state;
	t->rcv_adv = t->rcv_nxt + 10;
	peer_sends(&w, t, &(struct in){.flags = TG_ACK | TG_FIN, .len = 15, .wnd = 9});
	assert_int_equal(t->state, TG_ESTABLISHED);
	assert_int_equal(t->rcv_bytes, 10);
	world_close(&w);
}

static void
a_retransmitted_fin_is_acknowledged_again_and_counts_once(void **state)
{
	struct world w;
	struct tg_tcb *t = start(&w, 0);

	(void)state;
	peer_sends(&w, t, &peer_fin);
	world_output(&w);
	for (unsigned i = 0; i < 2; i++) {
		peer_sends(&w, t, &peer_fin);
		assert_true(w.replied);
		expect_segment(&w.reply, 0, 1, TG_ACK, 0);
	}
	assert_int_equal(t->state, TG_CLOSE_WAIT);
	assert_int_equal(
		peer_sends(&w, t, &(struct in){.flags = TG_ACK, .seq = 1, .len = 5, .wnd = 60000})
			.disposition,
		TG_DISP_DROP_DATA_CLOSED);
	world_close(&w);
}

static void
resets_are_heard_in_every_state(void **state)
{
	(void)state;
	for (unsigned s = 0; s < 6; s++) {
		struct world w;
		struct tg_tcb *t = start(&w, 0);
		uint32_t seq = 0;

		if (s == 1 || s == 4) /* CLOSE_WAIT, LAST_ACK */
			peer_sends(&w, t, &peer_fin), seq = 1;
		world_output(&w);
		if (s >= 2) /* FIN_WAIT_1, FIN_WAIT_2, LAST_ACK, CLOSING */
			fin_leaves(&w, t, 0, seq);
		if (s == 3)
			peer_sends(&w, t, &(struct in){.flags = TG_ACK, .ack = 1, .wnd = 9});
		if (s == 5)
			peer_sends(&w, t, &peer_fin), seq = 1;
		peer_sends(&w, t, &(struct in){.flags = TG_RST, .seq = seq});
		assert_int_equal(t->state, TG_CLOSED);
		assert_int_equal(t->error, -ECONNRESET);
		assert_int_equal(CNT(&w, ESTAB_RESETS), s < 2 ? 1 : 0);
		assert_int_equal(world_output(&w), 0);
		assert_int_equal(w.flow.count, 0);
		world_close(&w);
	}
}

static void
what_is_queued_is_sent_before_the_fin(void **state)
{
	struct world w;
	struct tg_tcb *t = start(&w, 0);

	(void)state;
	worker_writes(&w, t, 0, 2000);
	tg_conn_close(&w.cs, t, w.now);
	tg_conn_shutdown(&w.cs, t); /* nothing happens the second time */
	assert_int_equal(world_output(&w), 2);
	expect_segment(&w.out[1], 1460, 0, TG_ACK | TG_PSH | TG_FIN, 540);
	assert_int_equal(t->state, TG_FIN_WAIT_1);
	world_wait(&w, 1000);
	assert_int_equal(world_output(&w), 1);
	peer_sends(&w, t, &(struct in){.flags = TG_ACK, .ack = 1460, .wnd = 60000});
	assert_int_equal(world_output(&w), 1);
	expect_segment(&w.out[0], 1460, 0, TG_ACK | TG_PSH | TG_FIN, 540);
	assert_int_equal(t->state, TG_FIN_WAIT_1);
	world_close(&w);
}

static void
rfc2525_2_17_closing_with_unread_bytes_resets(void **state)
{
	struct world w;
	struct tg_tcb *t = start(&w, 0);

	(void)state;
	peer_sends(&w, t, &(struct in){.flags = TG_ACK, .len = 5, .wnd = 9});
	tg_conn_close(&w.cs, t, w.now);
	assert_int_equal(CNT(&w, ABORT_ON_CLOSE), 1);
	assert_int_equal(w.cs.segs.pool.used, 0);
	assert_int_equal(world_output(&w), 1);
	expect_segment(&w.out[0], 0, 5, TG_ACK | TG_RST, 0);
	assert_int_equal(w.cs.tcb.used, 0);
	assert_int_equal(w.cs.tw.pool.used, 0);
	assert_int_equal(CNT(&w, OUT_RSTS), 1);
	assert_int_equal(CNT(&w, ESTAB_RESETS), 1);
	world_close(&w);
}

static void
rfc9293_3_6_1_data_for_nobody_resets(void **state)
{
	struct world w;
	struct tg_tcb *t = start(&w, 0);

	(void)state;
	tg_conn_close(&w.cs, t, w.now);
	world_output(&w);
	peer_sends(&w, t, &(struct in){.flags = TG_ACK, .ack = 1, .wnd = 9}); /* FIN_WAIT_2 */
	peer_sends(&w, t, &(struct in){.flags = TG_ACK, .ack = 1, .len = 5, .wnd = 9});
	assert_int_equal(CNT(&w, ABORT_ON_DATA), 1);
	assert_int_equal(CNT(&w, OUT_RSTS), 1);
	assert_true(w.replied);
	assert_int_equal(w.reply.flags, TG_RST); /* 3.5.2: the number of its ACK field */
	assert_int_equal(w.reply.seq, 1);
	assert_int_equal(world_output(&w), 0);
	assert_int_equal(w.cs.tcb.used, 0);
	world_close(&w);
}

static void
an_orphan_in_fin_wait_2_is_waited_for_so_long(void **state)
{
	(void)state;
	for (unsigned late = 0; late < 2; late++) {
		struct world w;
		struct tg_tcb *t = start(&w, 0);

		if (late == 0) /* closed before or after our FIN was acknowledged */
			tg_conn_close(&w.cs, t, w.now);
		else
			tg_conn_shutdown(&w.cs, t);
		world_output(&w);
		peer_sends(&w, t, &(struct in){.flags = TG_ACK, .ack = 1, .wnd = 9});
		if (late != 0) {
			world_wait(&w, 1000000);
			assert_int_equal(t->state, TG_FIN_WAIT_2); /* a worker may wait */
			tg_conn_close(&w.cs, t, w.now);
		}
		world_wait(&w, w.cfg.fin_timeout_ms - 1);
		assert_int_equal(w.cs.tcb.used, 1);
		world_wait(&w, 1);
		assert_int_equal(w.cs.tcb.used, 0);
		assert_int_equal(CNT(&w, ABORT_ON_LINGER), 1);
		assert_int_equal(w.flow.count, 0);
		world_close(&w);
	}
}

static void
an_abort_is_a_reset_and_nothing_more(void **state)
{
	struct world w;
	struct tg_tcb *t = start(&w, 0);
	tg_conn h;

	(void)state;
	h = tg_tcb_handle(&w.cs, t);
	worker_writes(&w, t, 0, 5000);
	world_output(&w);
	tg_conn_abort(&w.cs, t);
	assert_null(tg_tcb_find(&w.cs, h));
	assert_int_equal(w.cs.segs.pool.used, 0);
	assert_int_equal(peer_sends(&w, t, &(struct in){.flags = TG_ACK, .len = 1}).disposition,
		TG_DISP_DELIVERED); /* the RST answers it */
	world_wait(&w, 100000);
	assert_int_equal(world_output(&w), 1);
	expect_segment(&w.out[0], 5000, 0, TG_ACK | TG_RST, 0);
	assert_int_equal(w.cs.tcb.used, 0);
	assert_int_equal(w.flow.count, 0);
	world_close(&w);
}

static void
the_reset_waits_for_a_buffer(void **state)
{
	struct world w;
	struct tg_tcb *t = start(&w, 0);

	(void)state;
	tg_conn_reset(&w.cs, t, -ETIMEDOUT);
	tg_conn_reset(&w.cs, t, -ECONNRESET); /* the first reason stands */
	w.tenv.buf_outage = true;
	assert_int_equal(world_output(&w), 0);
	assert_int_equal(next_event(&w, NULL), 0);
	w.tenv.buf_outage = false;
	assert_int_equal(world_output(&w), 1);
	assert_int_equal(next_event(&w, NULL), TG_EV_CLOSED);
	assert_int_equal(t->error, -ETIMEDOUT);
	assert_int_equal(CNT(&w, ESTAB_RESETS), 1);
	world_close(&w);
}

static void
without_time_wait_the_pair_is_free_at_once(void **state)
{
	struct world w;
	struct tg_tcb *t;

	(void)state;
	world_init(&w);
	w.cfg.time_wait_ms = 0;
	assert_int_equal(world_open(&w), 0);
	t = world_conn(&w, 60000);
	fin_leaves(&w, t, 0, 0);
	peer_sends(&w, t, &(struct in){.flags = TG_ACK | TG_FIN, .ack = 1, .wnd = 9});
	expect_segment(&w.reply, 1, 1, TG_ACK, 0);
	assert_int_equal(w.flow.count, 0);
	assert_int_equal(w.cs.tw.pool.used, 0);
	world_close(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fin_wait_1_fin_wait_2_time_wait),
		cmocka_unit_test(fin_wait_1_time_wait_by_a_fin_that_acknowledges_ours),
		cmocka_unit_test(fin_wait_2_time_wait_by_a_fin_with_data),
		cmocka_unit_test(the_last_ack_is_not_lost_for_want_of_room),
		cmocka_unit_test(simultaneous_close_goes_through_closing),
		cmocka_unit_test(close_wait_last_ack_closed),
		cmocka_unit_test(a_fin_waits_for_its_data),
		cmocka_unit_test(a_fin_that_does_not_fit_is_not_taken),
		cmocka_unit_test(a_retransmitted_fin_is_acknowledged_again_and_counts_once),
		cmocka_unit_test(resets_are_heard_in_every_state),
		cmocka_unit_test(what_is_queued_is_sent_before_the_fin),
		cmocka_unit_test(rfc2525_2_17_closing_with_unread_bytes_resets),
		cmocka_unit_test(rfc9293_3_6_1_data_for_nobody_resets),
		cmocka_unit_test(an_orphan_in_fin_wait_2_is_waited_for_so_long),
		cmocka_unit_test(an_abort_is_a_reset_and_nothing_more),
		cmocka_unit_test(the_reset_waits_for_a_buffer),
		cmocka_unit_test(without_time_wait_the_pair_is_free_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
