/* SPDX-License-Identifier: BSD-3-Clause */
#include "conn_util.h"

enum {
	MSS = 1460,
};

static struct tg_tcb *
start(struct world *w, uint32_t snd_wnd)
{
	struct tg_tcb *t;

	world_start(w);
	t = world_conn(w, snd_wnd);
	assert_non_null(t);
	return t;
}

static void
the_outbox_fetches_one_buffer_and_then_groups(void **state)
{
	struct tg_pkt pkt[100];
	struct tg_outbox ob;
	struct world w;

	(void)state;
	world_start(&w);
	tg_outbox_open(&ob, pkt, 100, &w.tenv.env);
	assert_int_equal(w.tenv.buf_calls, 0);
	for (unsigned i = 0; i < 100; i++) {
		const struct tg_pkt *p = tg_outbox_next(&ob);

		assert_ptr_equal(p, &pkt[i]);
		assert_int_equal(p->len, 0);
		assert_int_equal(p->headroom, 0);
		assert_int_equal(p->flags, 0);
		assert_int_equal(p->tailroom, 2048);
	}
	assert_int_equal(w.tenv.buf_calls, 5); /* 1 + 32 + 32 + 32 + 3 */
	assert_null(tg_outbox_next(&ob));
	assert_false(ob.starved);
	tg_outbox_close(&ob);
	assert_int_equal(w.tenv.engine_bufs, 100);
	for (unsigned i = 0; i < 100; i++)
		w.tenv.env.buf_free(w.tenv.env.ctx, &pkt[i].buf, 1);
	world_close(&w);
}

static void
unused_buffers_go_back(void **state)
{
	struct tg_pkt pkt[100];
	struct tg_outbox ob;
	struct world w;

	(void)state;
	world_start(&w);
	tg_outbox_open(&ob, pkt, 100, &w.tenv.env);
	tg_outbox_next(&ob);
	tg_outbox_next(&ob);
	assert_int_equal(w.tenv.engine_bufs, 33);
	tg_outbox_close(&ob);
	assert_int_equal(w.tenv.engine_bufs, 2);
	tg_outbox_close(&ob);
	for (unsigned i = 0; i < 2; i++)
		w.tenv.env.buf_free(w.tenv.env.ctx, &pkt[i].buf, 1);
	tg_outbox_open(&ob, pkt, 0, &w.tenv.env);
	assert_null(tg_outbox_next(&ob));
	tg_outbox_close(&ob);
	world_close(&w);
}

static void
when_a_group_is_not_to_be_had_one_buffer_is_tried(void **state)
{
	struct tg_pkt pkt[4];
	struct tg_outbox ob;
	struct world w;

	(void)state;
	world_start(&w);
	tg_outbox_open(&ob, pkt, 4, &w.tenv.env);
	assert_non_null(tg_outbox_next(&ob));
	w.tenv.buf_fail_at = w.tenv.buf_calls + 1;
	assert_non_null(tg_outbox_next(&ob));
	assert_false(ob.starved);
	w.tenv.buf_outage = true;
	assert_null(tg_outbox_next(&ob));
	assert_true(ob.starved);
	w.tenv.buf_outage = false;
	assert_null(tg_outbox_next(&ob)); /* not again in this call */
	tg_outbox_close(&ob);
	for (unsigned i = 0; i < 2; i++)
		w.tenv.env.buf_free(w.tenv.env.ctx, &pkt[i].buf, 1);
	world_close(&w);
}

static void
a_segment_carries_what_it_must(void **state)
{
	struct world w;
	struct tg_tcb *t;

	(void)state;
	world_init(&w);
	assert_int_equal(world_open(&w), 0);
	w.proven.ts = true;
	w.proven.ts_offset = 12345;
	w.proven.ts_recent = 777;
	t = world_conn(&w, 60000);
	assert_int_equal(t->snd_mss, MSS - 12);
	worker_writes(&w, t, 0, 2 * (MSS - 12));
	assert_int_equal(world_output(&w), 2);
	expect_segment(&w.out[0], 0, 0, TG_ACK, MSS - 12);
	expect_segment(&w.out[1], MSS - 12, 0, TG_ACK | TG_PSH, MSS - 12);
	assert_true(w.out[1].ts);
	assert_int_equal(w.out[1].tsval, 12345 + tg_ms_of(w.now));
	assert_int_equal(w.out[1].tsecr, 777);
	assert_int_equal(w.out[1].wnd, UINT16_MAX);
	assert_int_equal(w.out[1].port, 0);
	assert_memory_equal(w.out[1].l2.dst, w.proven.mac, 6);
	assert_int_equal(CNT(&w, OUT_SEGS), 2);
	assert_int_equal(CNT(&w, RETRANS_SEGS), 0);
	world_close(&w);
}

static void
checksums_are_left_to_a_port_that_computes_them(void **state)
{
	struct world w;
	struct tg_tcb *t;

	(void)state;
	world_init(&w);
	w.offload = TG_TX_IP_CSUM | TG_TX_TCP_CSUM;
	assert_int_equal(world_open(&w), 0);
	t = world_conn(&w, 60000);
	worker_writes(&w, t, 0, 5000);
	assert_int_equal(world_output(&w), 4);
	expect_segment(&w.out[3], 3 * MSS, 0, TG_ACK | TG_PSH, 5000 - 3 * MSS);
	world_close(&w);
}

static void
nobody_sends_more_than_16_segments_in_a_row(void **state)
{
	struct world w;
	struct tg_tcb *t = start(&w, 65535), *u;
	struct tg_pkt pkt[64];
	struct tg_outbox ob;

	(void)state;
	u = world_conn(&w, 65535);
	t->cwnd = u->cwnd = 100 * MSS;
	worker_writes(&w, t, 0, 20 * MSS);
	worker_writes(&w, u, 0, 100);
	tg_outbox_open(&ob, pkt, 64, &w.tenv.env);
	assert_int_equal(tg_conn_output(&w.cs, t, &ob, w.now), TG_OUT_MORE);
	assert_int_equal(ob.n, 16);
	assert_int_equal(tg_conn_output(&w.cs, u, &ob, w.now), TG_OUT_DONE);
	assert_int_equal(tg_conn_output(&w.cs, t, &ob, w.now), TG_OUT_DONE);
	assert_int_equal(ob.n, 21);
	tg_outbox_close(&ob);
	for (unsigned i = 0; i < ob.n; i++)
		w.tenv.env.buf_free(w.tenv.env.ctx, &pkt[i].buf, 1);
	world_close(&w);
}

static void
every_failing_buffer_and_every_cap_only_delays(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 24; i++)
		for (unsigned cap = 1; cap <= 5; cap++) {
			struct world w;
			struct tg_tcb *t = start(&w, 65535);
			uint32_t got = 0;
			bool fin = false;

			t->cwnd = 100 * MSS;
			t->flags |= TG_TCB_ACK_NOW;
			worker_writes(&w, t, 0, 10 * MSS + 1);
			tg_conn_shutdown(&w.cs, t);
			w.tenv.buf_fail_at = w.tenv.buf_calls + i;
			for (unsigned turn = 0; turn < 40 && w.cs.out.count > 0; turn++) {
				world_output_cap(&w, cap);
				for (unsigned j = 0; j < w.outs; j++) {
					assert_int_equal(w.out[j].seq, got);
					pattern_check(w.out[j].data, got, w.out[j].len);
					got += w.out[j].len;
					fin = (w.out[j].flags & TG_FIN) != 0;
				}
			}
			assert_int_equal(got, 10 * MSS + 1);
			assert_true(fin);
			assert_int_equal(t->state, TG_FIN_WAIT_1);
			assert_int_equal(CNT(&w, OUT_SEGS), 11);
			world_close(&w);
		}
}

static void
rfc9293_3_7_4_nagle_holds_back_the_odd_end(void **state)
{
	struct world w;
	struct tg_tcb *t;

	(void)state;
	world_init(&w);
	w.proven.nodelay = false;
	assert_int_equal(world_open(&w), 0);
	t = world_conn(&w, 60000);
	worker_writes(&w, t, 0, 10); /* nothing is out: sent */
	assert_int_equal(world_output(&w), 1);
	worker_writes(&w, t, 10, 10);
	assert_int_equal(world_output(&w), 0);
	worker_writes(&w, t, 20, MSS); /* a full segment goes, the odd end waits on */
	assert_int_equal(world_output(&w), 1);
	expect_segment(&w.out[0], 10, 0, TG_ACK, MSS);
	peer_sends(&w, t, &(struct in){.flags = TG_ACK, .ack = 10 + MSS, .wnd = 60000});
	assert_int_equal(world_output(&w), 1);
	expect_segment(&w.out[0], 10 + MSS, 0, TG_ACK | TG_PSH, 10);
	worker_writes(&w, t, 20 + MSS, 5);
	assert_int_equal(world_output(&w), 0);
	tg_conn_shutdown(&w.cs, t); /* no more will come: what is there goes with the FIN */
	assert_int_equal(world_output(&w), 1);
	expect_segment(&w.out[0], 20 + MSS, 0, TG_ACK | TG_PSH | TG_FIN, 5);
	world_close(&w);
}

static void
rfc9293_3_8_6_2_1_no_small_piece_into_a_small_window(void **state)
{
	struct world w;
	struct tg_tcb *t = start(&w, 10000);

	(void)state;
	peer_sends(&w, t, &(struct in){.flags = TG_ACK, .seq = 0, .wnd = 100});
	worker_writes(&w, t, 0, 3000);
	assert_int_equal(world_output(&w), 0); /* less than a segment, less than half of 10000 */
	assert_int_equal(world_until_output(&w, 5000), 1000); /* the override timeout */
	expect_segment(&w.out[0], 0, 0, TG_ACK | TG_PSH, 100);
	assert_int_equal(CNT(&w, TIMEOUTS), 0);
	world_close(&w);
}

static void
half_of_the_largest_window_is_worth_sending(void **state)
{
	struct world w;
	struct tg_tcb *t = start(&w, 200);

	(void)state;
	worker_writes(&w, t, 0, 3000);
	assert_int_equal(world_output(&w), 1);
	expect_segment(&w.out[0], 0, 0, TG_ACK, 200);
	peer_sends(&w, t, &(struct in){.flags = TG_ACK, .ack = 200, .wnd = 99});
	assert_int_equal(world_output(&w), 0);
	peer_sends(&w, t, &(struct in){.flags = TG_ACK, .ack = 200, .wnd = 100});
	assert_int_equal(world_output(&w), 1);
	expect_segment(&w.out[0], 200, 0, TG_ACK, 100);
	world_close(&w);
}

static void
the_windows_are_kept(void **state)
{
	struct world w;
	struct tg_tcb *t = start(&w, 4 * MSS + 1);

	(void)state;
	worker_writes(&w, t, 0, 20 * MSS);
	assert_int_equal(world_output(&w), 4); /* the peer's */
	peer_sends(&w, t, &(struct in){.flags = TG_ACK, .ack = 4 * MSS, .wnd = 60000});
	t->cwnd = 3 * MSS;
	assert_int_equal(world_output(&w), 3); /* and the network's */
	world_close(&w);
}

static void
rfc3042_duplicates_let_new_data_out(void **state)
{
	struct world w;
	struct tg_tcb *t = start(&w, 60000);
	const struct in dup = {.flags = TG_ACK, .ack = 0, .wnd = 60000};

	(void)state;
	t->snd_wl1 = t->rcv_nxt;
	worker_writes(&w, t, 0, 20 * MSS);
	assert_int_equal(world_output(&w), 10);
	peer_sends(&w, t, &dup);
	assert_int_equal(world_output(&w), 1);
	expect_segment(&w.out[0], 10 * MSS, 0, TG_ACK, MSS);
	peer_sends(&w, t, &dup);
	assert_int_equal(world_output(&w), 1);
	peer_sends(&w, t, &dup);
	assert_int_equal(world_output(&w), 1);
	expect_segment(&w.out[0], 0, 0, TG_ACK | TG_PSH, MSS); /* fast retransmit */
	assert_int_equal(t->ssthresh, 5 * MSS);
	assert_int_equal(CNT(&w, FAST_RETRANS), 1);
	assert_int_equal(CNT(&w, RETRANS_SEGS), 1);
	/* a partial acknowledgment sends the next hole */
	peer_sends(&w, t, &(struct in){.flags = TG_ACK, .ack = 3 * MSS, .wnd = 60000});
	world_output(&w);
	expect_segment(&w.out[0], 3 * MSS, 0, TG_ACK | TG_PSH, MSS);
	assert_int_equal(CNT(&w, FAST_RETRANS), 2);
	world_close(&w);
}

static void
fast_retransmit_of_the_end_carries_the_fin(void **state)
{
	struct world w;
	struct tg_tcb *t = start(&w, 60000);

	(void)state;
	t->snd_wl1 = t->rcv_nxt;
	worker_writes(&w, t, 0, 100);
	tg_conn_shutdown(&w.cs, t);
	assert_int_equal(world_output(&w), 1);
	for (unsigned i = 0; i < 3; i++)
		peer_sends(&w, t, &(struct in){.flags = TG_ACK, .wnd = 60000});
	assert_int_equal(world_output(&w), 1);
	expect_segment(&w.out[0], 0, 0, TG_ACK | TG_PSH | TG_FIN, 100);
	world_close(&w);
}

static void
data_carries_the_ack_that_is_owed(void **state)
{
	struct world w;
	struct tg_tcb *t = start(&w, 60000);

	(void)state;
	peer_sends(&w, t, &(struct in){.flags = TG_ACK, .len = 50, .wnd = 60000});
	worker_writes(&w, t, 0, 10);
	assert_int_equal(world_output(&w), 1);
	expect_segment(&w.out[0], 0, 50, TG_ACK | TG_PSH, 10);
	world_wait(&w, 500);
	assert_int_equal(world_output(&w), 0);
	world_close(&w);
}

static void
an_ack_during_retransmission_has_the_highest_number(void **state)
{
	struct world w;
	struct tg_tcb *t = start(&w, 60000);

	(void)state;
	worker_writes(&w, t, 0, 3 * MSS);
	world_output(&w);
	world_wait(&w, 1000);
	assert_int_equal(world_output(&w), 1); /* again the first one: snd_nxt is behind */
	peer_sends(&w, t, &(struct in){.flags = TG_ACK, .len = 1, .wnd = 60000});
	assert_int_equal(world_output(&w), 1);
	expect_segment(&w.out[0], 3 * MSS, 1, TG_ACK, 0); /* acceptable wherever the peer is */
	world_close(&w);
}

static void
an_ack_that_does_not_fit_leaves_by_itself(void **state)
{
	struct world w;
	struct tg_tcb *t;
	struct tg_pkt pkt[8];
	struct tg_tcpopt o;
	struct tg_frame f;

	(void)state;
	world_init(&w);
	assert_int_equal(world_open(&w), 0);
	w.proven.ts = true;
	t = world_conn(&w, 1000);
	peer_packet(&w, t, &(struct in){.flags = TG_ACK, .wnd = 9}, pkt, &f, &o);
	assert_true(tg_conn_reply_ack(&w.cs, t, pkt, &f, w.now) < 0); /* 12 bytes of options more */
	assert_int_equal(CNT(&w, OUT_SEGS), 0);
	peer_packet_free(&w, pkt);
	assert_int_equal(world_output(&w), 1);
	expect_segment(&w.out[0], 0, 0, TG_ACK, 0);
	assert_int_equal(CNT(&w, OUT_SEGS), 1);
	world_close(&w);
}

static void
a_short_write_is_told_when_half_of_the_buffer_is_free(void **state)
{
	struct world w;
	struct tg_tcb *t = start(&w, 65535);

	(void)state;
	t->cwnd = 100 * MSS;
	worker_writes(&w, t, 0, 65536);
	t->flags |= TG_TCB_WANT_WRITE;
	while (w.cs.out.count > 0)
		world_output(&w);
	peer_sends(&w, t, &(struct in){.flags = TG_ACK, .ack = 32767, .wnd = 65535});
	assert_int_equal(next_event(&w, NULL), 0);
	peer_sends(&w, t, &(struct in){.flags = TG_ACK, .ack = 32768, .wnd = 65535});
	assert_int_equal(next_event(&w, NULL), TG_EV_WRITE);
	peer_sends(&w, t, &(struct in){.flags = TG_ACK, .ack = 40000, .wnd = 65535});
	assert_int_equal(next_event(&w, NULL), 0); /* an edge, once */
	world_close(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_outbox_fetches_one_buffer_and_then_groups),
		cmocka_unit_test(unused_buffers_go_back),
		cmocka_unit_test(when_a_group_is_not_to_be_had_one_buffer_is_tried),
		cmocka_unit_test(a_segment_carries_what_it_must),
		cmocka_unit_test(checksums_are_left_to_a_port_that_computes_them),
		cmocka_unit_test(nobody_sends_more_than_16_segments_in_a_row),
		cmocka_unit_test(every_failing_buffer_and_every_cap_only_delays),
		cmocka_unit_test(rfc9293_3_7_4_nagle_holds_back_the_odd_end),
		cmocka_unit_test(rfc9293_3_8_6_2_1_no_small_piece_into_a_small_window),
		cmocka_unit_test(half_of_the_largest_window_is_worth_sending),
		cmocka_unit_test(the_windows_are_kept),
		cmocka_unit_test(rfc3042_duplicates_let_new_data_out),
		cmocka_unit_test(fast_retransmit_of_the_end_carries_the_fin),
		cmocka_unit_test(data_carries_the_ack_that_is_owed),
		cmocka_unit_test(an_ack_during_retransmission_has_the_highest_number),
		cmocka_unit_test(an_ack_that_does_not_fit_leaves_by_itself),
		cmocka_unit_test(a_short_write_is_told_when_half_of_the_buffer_is_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
