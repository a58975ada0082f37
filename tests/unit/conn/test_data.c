/* SPDX-License-Identifier: BSD-3-Clause */
#include "conn_util.h"

/** Queues payload bytes [skip, skip + len) of a segment and checks who owns its buffers then. */
static enum tg_data_verdict
take(struct world *w, struct tg_tcb *t, const struct in *s, uint32_t skip, uint32_t len)
{
	struct tg_pkt pkt[8];
	enum tg_data_verdict v;
	struct tg_tcpopt o;
	struct tg_frame f;

	peer_packet(w, t, s, pkt, &f, &o);
	for (struct tg_pkt *p = pkt; p != NULL; p = p->next)
		tenv_buf_pass(&w->tenv, p->buf, TENV_TEST, TENV_ENGINE);
	v = tg_data_take(&w->cs, t, pkt, &f, skip, len);
	if (v != TG_DATA_KEPT)
		for (struct tg_pkt *p = pkt; p != NULL; p = p->next) {
			tenv_buf_pass(&w->tenv, p->buf, TENV_ENGINE, TENV_TEST);
			tenv_buf_release(&w->tenv, p->buf);
		}
	return v;
}

/** The next `len` bytes of the stream in one segment. */
static enum tg_data_verdict
take_next(struct world *w, struct tg_tcb *t, uint32_t len, unsigned tail)
{
	const uint32_t at = t->rcv_nxt - w->proven.irs - 1;

	return take(
		w, t, &(struct in){.flags = TG_ACK, .seq = at, .len = len, .tail = tail}, 0, len);
}

static void
read_all(struct world *w, struct tg_tcb *t, uint32_t at, uint32_t step)
{
	uint8_t buf[4096];

	while (t->rcv_bytes > 0) {
		const uint32_t want = step < t->rcv_bytes ? step : t->rcv_bytes;

		assert_int_equal(tg_data_read(&w->cs, t, buf, step), want);
		pattern_check(buf, at, want);
		at += want;
	}
	assert_int_equal(tg_data_read(&w->cs, t, buf, step), 0);
	assert_int_equal(w->tenv.engine_bufs, 0);
	assert_int_equal(t->rcv_segs, 0);
	assert_int_equal(t->rcv_head, TG_NONE);
	assert_int_equal(t->rcv_tail, TG_NONE);
}

static void
small_segments_share_a_buffer(void **state)
{
	struct world w;
	struct tg_tcb *t;

	(void)state;
	world_start(&w);
	t = world_conn(&w, 1000);
	assert_int_equal(take_next(&w, t, 1, 1000), TG_DATA_KEPT);
	for (unsigned i = 0; i < 999; i++)
		assert_int_equal(take_next(&w, t, 1, 1000), TG_DATA_COPIED);
	assert_int_equal(t->rcv_segs, 1);
	assert_int_equal(take_next(&w, t, 2, 0), TG_DATA_KEPT); /* one byte of room is left */
	assert_int_equal(t->rcv_segs, 2);
	assert_int_equal(take_next(&w, t, 1, 0), TG_DATA_KEPT); /* no room at all */
	assert_int_equal(t->rcv_segs, 3);
	assert_int_equal(t->rcv_bytes, 1003);
	read_all(&w, t, 0, 7);
	world_close(&w);
}

static void
up_to_256_bytes_are_copied_and_not_one_more(void **state)
{
	struct world w;
	struct tg_tcb *t;

	(void)state;
	world_start(&w);
	t = world_conn(&w, 1000);
	assert_int_equal(take_next(&w, t, 10, 256 + 257), TG_DATA_KEPT);
	assert_int_equal(take_next(&w, t, 257, 0), TG_DATA_KEPT);
	read_all(&w, t, 0, 4096);
	assert_int_equal(take_next(&w, t, 10, 256), TG_DATA_KEPT); /* nothing to copy to */
	assert_int_equal(take_next(&w, t, 256, 0), TG_DATA_COPIED);
	assert_int_equal(take_next(&w, t, 1, 0), TG_DATA_KEPT);
	read_all(&w, t, 267, 4096);
	world_close(&w);
}

static void
bytes_behind_a_partly_read_buffer_are_found(void **state)
{
	struct world w;
	struct tg_tcb *t;
	uint8_t buf[64];

	(void)state;
	world_start(&w);
	t = world_conn(&w, 1000);
	take_next(&w, t, 10, 100);
	assert_int_equal(tg_data_read(&w.cs, t, buf, 9), 9);
	assert_int_equal(take_next(&w, t, 20, 0), TG_DATA_COPIED);
	read_all(&w, t, 9, 64);
	world_close(&w);
}

static void
a_chain_is_kept_without_its_header_buffer(void **state)
{
	(void)state;
	for (unsigned pieces = 1; pieces <= 6; pieces++)
		for (uint32_t len = pieces; len < pieces + 3; len++) {
			struct world w;
			struct tg_tcb *t;

			world_start(&w);
			t = world_conn(&w, 1000);
			assert_int_equal(
				take(&w, t,
					&(struct in){.flags = TG_ACK, .len = len, .pieces = pieces},
					0, len),
				TG_DATA_KEPT);
			assert_int_equal(w.tenv.engine_bufs, pieces);
			assert_int_equal(t->rcv_segs, pieces);
			read_all(&w, t, 0, 2);
			world_close(&w);
		}
}

static void
any_part_of_a_chain_can_be_taken(void **state)
{
	const uint32_t len = 12;

	(void)state;
	for (unsigned pieces = 0; pieces <= 4; pieces++)
		for (uint32_t skip = 0; skip < len; skip++)
			for (uint32_t n = 1; n <= len - skip; n++) {
				struct world w;
				struct tg_tcb *t;

				world_start(&w);
				t = world_conn(&w, 1000);
				take(&w, t,
					&(struct in){.flags = TG_ACK,
						.len = len,
						.pieces = pieces,
						.tail = 3},
					skip, n);
				assert_int_equal(t->rcv_bytes, n);
				/* what came before and behind is written over by what follows */
				take(&w, t,
					&(struct in){.flags = TG_ACK,
						.seq = skip + n,
						.len = 5,
						.tail = 3},
					0, 5);
				read_all(&w, t, skip, 3);
				world_close(&w);
			}
}

static void
without_descriptors_nothing_is_taken(void **state)
{
	struct world w;
	struct tg_tcb *t;
	uint32_t nxt;

	(void)state;
	world_init(&w);
	w.cfg.max_segments = 3;
	assert_int_equal(world_open(&w), 0);
	t = world_conn(&w, 1000);
	take_next(&w, t, 300, 0);
	nxt = t->rcv_nxt;
	assert_int_equal(
		take(&w, t, &(struct in){.flags = TG_ACK, .seq = 300, .len = 9, .pieces = 3}, 0, 9),
		TG_DATA_FULL);
	assert_int_equal(t->rcv_nxt, nxt);
	assert_int_equal(t->rcv_bytes, 300);
	assert_int_equal(t->rcv_segs, 1);
	take_next(&w, t, 300, 0);
	take_next(&w, t, 300, 10);
	assert_int_equal(take_next(&w, t, 300, 0), TG_DATA_FULL);
	assert_int_equal(take_next(&w, t, 10, 0), TG_DATA_COPIED); /* needs none */
	read_all(&w, t, 0, 100);
	world_close(&w);
}

static void
a_connection_cannot_pin_more_buffers_than_its_receive_buffer_is_worth(void **state)
{
	struct world w;
	struct tg_tcb *t;
	unsigned n = 0;

	(void)state;
	world_init(&w);
	w.cfg.rcvbuf = 4096;
	assert_int_equal(world_open(&w), 0);
	t = world_conn(&w, 1000);
	while (take_next(&w, t, 1, 0) == TG_DATA_KEPT)
		n++;
	assert_int_equal(n, 4096 / 256 + 16);
	read_all(&w, t, 0, 1);
	world_close(&w);
}

static void
peek_and_consume_see_what_read_would(void **state)
{
	struct world w;
	const uint8_t *p;
	struct tg_tcb *t;
	uint32_t at = 0;

	(void)state;
	world_start(&w);
	t = world_conn(&w, 1000);
	assert_int_equal(tg_data_peek(&w.cs, t, &p), 0);
	for (unsigned i = 0; i < 5; i++)
		take_next(&w, t, 300 + i, 0);
	while (t->rcv_bytes > 0) {
		const uint32_t n = tg_data_peek(&w.cs, t, &p), some = n > 7 ? n - 7 : n;

		assert_true(n > 0);
		pattern_check(p, at, n);
		tg_data_consume(&w.cs, t, some);
		at += some;
	}
	assert_int_equal(at, 1510);
	assert_int_equal(w.tenv.engine_bufs, 0);
	take_next(&w, t, 300, 0);
	take_next(&w, t, 300, 0);
	tg_data_consume(&w.cs, t, 450); /* more than one buffer at once */
	assert_int_equal(tg_data_peek(&w.cs, t, &p), 150);
	pattern_check(p, 1960, 150);
	tg_data_purge(&w.cs, t);
	assert_int_equal(t->rcv_bytes, 0);
	assert_int_equal(w.tenv.engine_bufs, 0);
	world_close(&w);
}

static void
mtu_sized_segments_are_acknowledged_at_least_every_second(void **state)
{
	struct world w;
	struct tg_tcb *t;
	unsigned owed = 0;

	(void)state;
	world_start(&w);
	t = world_conn(&w, 1000);
	for (unsigned i = 0; i < 40; i++) {
		peer_sends(&w, t, &(struct in){.flags = TG_ACK, .seq = i * 1460, .len = 1460});
		owed++;
		if (world_output(&w) == 1) {
			expect_segment(&w.out[0], 0, (i + 1) * 1460, TG_ACK, 0);
			owed = 0;
		} else {
			assert_true(i >= 8); /* the first are acknowledged at once */
		}
		assert_true(owed < 2);
	}
	world_close(&w);
}

static void
a_lone_segment_waits_for_the_delayed_ack_and_no_longer(void **state)
{
	struct world w;
	struct tg_tcb *t;

	(void)state;
	world_start(&w);
	t = world_conn(&w, 1000);
	t->quick = 0;
	peer_sends(&w, t, &(struct in){.flags = TG_ACK, .len = 10});
	assert_int_equal(world_output(&w), 0);
	world_wait(&w, 30);
	peer_sends(&w, t, &(struct in){.flags = TG_ACK, .seq = 10, .len = 10});
	assert_int_equal(world_output(&w), 0);
	world_wait(&w, 9);
	assert_int_equal(world_output(&w), 0);
	world_wait(&w, 1); /* 40 ms after the first, not the second */
	assert_int_equal(world_output(&w), 1);
	expect_segment(&w.out[0], 0, 20, TG_ACK, 0);
	assert_int_equal(CNT(&w, DELAYED_ACKS), 1);
	world_wait(&w, 1000);
	assert_int_equal(world_output(&w), 0);
	world_close(&w);
}

static void
without_a_delay_every_segment_is_acknowledged(void **state)
{
	struct world w;
	struct tg_tcb *t;

	(void)state;
	world_init(&w);
	w.cfg.delayed_ack_ms = 0;
	assert_int_equal(world_open(&w), 0);
	t = world_conn(&w, 1000);
	for (unsigned i = 0; i < 20; i++) {
		peer_sends(&w, t, &(struct in){.flags = TG_ACK, .seq = i, .len = 1});
		assert_int_equal(world_output(&w), 1);
	}
	assert_int_equal(CNT(&w, DELAYED_ACKS), 0);
	world_close(&w);
}

static void
what_the_peer_sends_at_most_is_learnt_within_what_we_announced(void **state)
{
	struct world w;
	struct tg_tcb *t;

	(void)state;
	world_start(&w);
	t = world_conn(&w, 1000);
	assert_int_equal(t->rcv_mss, 536);
	tg_data_ack_policy(&w.cs, t, 100, w.now);
	assert_int_equal(t->rcv_mss, 536);
	tg_data_ack_policy(&w.cs, t, 1400, w.now);
	assert_int_equal(t->rcv_mss, 1400);
	tg_data_ack_policy(&w.cs, t, 60000, w.now);
	assert_int_equal(t->rcv_mss, 1460);
	world_close(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_segments_share_a_buffer),
		cmocka_unit_test(up_to_256_bytes_are_copied_and_not_one_more),
		cmocka_unit_test(bytes_behind_a_partly_read_buffer_are_found),
		cmocka_unit_test(a_chain_is_kept_without_its_header_buffer),
		cmocka_unit_test(any_part_of_a_chain_can_be_taken),
		cmocka_unit_test(without_descriptors_nothing_is_taken),
		cmocka_unit_test(
			a_connection_cannot_pin_more_buffers_than_its_receive_buffer_is_worth),
		cmocka_unit_test(peek_and_consume_see_what_read_would),
		cmocka_unit_test(mtu_sized_segments_are_acknowledged_at_least_every_second),
		cmocka_unit_test(a_lone_segment_waits_for_the_delayed_ack_and_no_longer),
		cmocka_unit_test(without_a_delay_every_segment_is_acknowledged),
		cmocka_unit_test(what_the_peer_sends_at_most_is_learnt_within_what_we_announced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
