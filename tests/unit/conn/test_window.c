/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The window we offer (data.c, output.c): RFC 9293 3.8.6.2.2 and what must never happen to it.
 */
#include "conn_util.h"

static struct tg_tcb *
start(struct world *w, uint32_t rcvbuf, bool scaled)
{
	struct tg_tcb *t;

	world_init(w);
	w->cfg.rcvbuf = rcvbuf;
	w->cfg.max_segments = 16384;
	assert_int_equal(world_open(w), 0);
	w->proven.has_wscale = scaled;
	w->proven.rcv_wnd = (uint16_t)(rcvbuf < UINT16_MAX ? rcvbuf : UINT16_MAX);
	t = world_conn(w, 1000);
	assert_non_null(t);
	return t;
}

/** Right edge as the peer sees it after a segment of ours. */
static uint32_t
edge(const struct world *w, const struct tg_tcb *t, const struct sent *s)
{
	return s->ack + ((uint32_t)s->wnd << (t->flags & TG_TCB_WSCALE ? w->cs.rcv_wscale : 0));
}

static void
drop_bytes(struct world *w, struct tg_tcb *t, uint32_t n)
{
	uint8_t buf[4096];

	while (n > 0)
		n -= tg_data_read(&w->cs, t, buf, n < sizeof(buf) ? n : sizeof(buf));
}

/** A peer that fills every window, a worker that reads when it likes. */
static void
walk(uint32_t rcvbuf, bool scaled, uint32_t step)
{
	struct world w;
	struct tg_tcb *t = start(&w, rcvbuf, scaled);
	const uint32_t unit = scaled ? 1u << w.cs.rcv_wscale : 1;
	uint32_t at = 0, right = w.proven.rcv_wnd, k = step;

	for (unsigned i = 0; i < 3000; i++) {
		uint32_t n;

		k = k * 1103515245 + 12345;
		n = (k >> 16) % 1460 + 1;
		if (right - at < n)
			n = right - at;
		if (n > 0 && (k & 0x700) != 0) {
			peer_sends(&w, t,
				&(struct in){.flags = TG_ACK, .seq = at, .len = n, .tail = 99});
			at += n;
		} else if (t->rcv_bytes > 0) {
			drop_bytes(
				&w, t, 1 + (k >> 8) % (t->rcv_bytes < step ? t->rcv_bytes : step));
		}
		world_output(&w);
		for (unsigned j = 0; j < w.outs; j++) {
			const uint32_t now = edge(&w, t, &w.out[j]);
			const uint32_t mss = rcvbuf / 2 < t->rcv_mss ? rcvbuf / 2 : t->rcv_mss;

			assert_int_equal(w.out[j].ack, at);
			/* never shrinks (MUST-14), but by rounding (RFC 7323 2.4) */
			assert_true(tg_seq_leq(right, now) || right - now < unit);
			/* no silly steps */
			assert_true(tg_seq_lt(now, right + unit) || now - right >= mss);
			/* no promise unkept */
			assert_true(t->rcv_bytes + (right - at) <= rcvbuf + unit - 1);
			if (tg_seq_lt(right, now))
				right = now;
		}
		assert_int_equal(right, t->rcv_adv - w.proven.irs - 1);
	}
	world_close(&w);
}

static void
the_edge_never_moves_back_and_never_by_a_silly_step(void **state)
{
	static const uint32_t RCVBUF[] = {4096, 4097, 10000, 65535};

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		for (uint32_t step = 1; step <= 4096; step *= 4) {
			walk(RCVBUF[i], false, step);
			walk(RCVBUF[i], true, step);
		}
	walk(262144, true, 1000);
	walk(1000003, true, 3000);
}

/** Fills the whole receive buffer; returns the stream's position. */
static uint32_t
fill(struct world *w, struct tg_tcb *t)
{
	uint32_t at = 0;

	while (t->rcv_adv != t->rcv_nxt) {
		const uint32_t room = t->rcv_adv - t->rcv_nxt;
		const uint32_t n = room < 1460 ? room : 1460;

		peer_sends(w, t, &(struct in){.flags = TG_ACK, .seq = at, .len = n});
		at += n;
		world_output(w);
	}
	world_wait(w, 100);
	world_output(w);
	return at;
}

static void
a_shut_window_opens_by_a_segment_or_half_the_buffer(void **state)
{
	static const uint32_t RCVBUF[] = {4096, 65535};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct world w;
		struct tg_tcb *t = start(&w, RCVBUF[i], false);
		uint32_t at = fill(&w, t), read = 0;
		const uint32_t step = RCVBUF[i] / 2 < 1460 ? RCVBUF[i] / 2 : 1460;

		assert_int_equal(t->rcv_bytes, RCVBUF[i]);
		assert_int_equal(tg_data_window(&w.cs, t), 0);
		while (world_output(&w) == 0) {
			drop_bytes(&w, t, 1);
			read++;
		}
		assert_int_equal(read, step);
		expect_segment(&w.out[0], 0, at, TG_ACK, 0);
		assert_int_equal(w.out[0].wnd, step);
		world_close(&w);
	}
}

static void
a_scaled_window_shuts_though_bytes_come_one_by_one(void **state)
{
	struct world w;
	struct tg_tcb *t = start(&w, 1000003, true);
	uint32_t at = 0;

	(void)state;
	t->rcv_adv = t->rcv_nxt + 1000003;
	for (; at < 1000003 - 10; at += 1000)
		peer_sends(&w, t,
			&(struct in){.flags = TG_ACK,
				.seq = at,
				.len = 1000 < 999993 - at ? 1000 : 999993 - at});
	for (unsigned i = 0; i < 1000; i++) {
		at = t->rcv_nxt - w.proven.irs - 1;
		peer_sends(&w, t, &(struct in){.flags = TG_ACK, .seq = at, .len = 1, .tail = 1000});
		world_output(&w);
		world_wait(&w, 100);
		world_output(&w);
	}
	assert_true(t->rcv_bytes < 1000003 + 16);
	assert_true(CNT(&w, RCVQ_DROP) > 900);
	world_close(&w);
}

static void
a_zero_window_probe_is_answered_and_its_byte_refused(void **state)
{
	struct world w;
	struct tg_tcb *t = start(&w, 4096, false);
	uint32_t at = fill(&w, t);
	struct tg_verdict v;

	(void)state;
	v = peer_sends(&w, t, &(struct in){.flags = TG_ACK, .seq = at, .len = 1, .wnd = 77});
	assert_int_equal(v.action, TG_REPLY);
	expect_segment(&w.reply, 0, at, TG_ACK, 0);
	assert_int_equal(w.reply.wnd, 0);
	assert_int_equal(CNT(&w, RCVQ_DROP), 1);
	assert_int_equal(t->snd_wnd, 77); /* MUST-66: its ACK still counts */
	world_close(&w);
}

static void
a_window_nobody_waits_for_is_not_announced(void **state)
{
	struct world w;
	struct tg_tcb *t = start(&w, 65535, false);

	(void)state;
	t->quick = 0;
	peer_sends(&w, t, &(struct in){.flags = TG_ACK, .len = 100});
	world_wait(&w, 100);
	assert_int_equal(world_output(&w), 1);
	drop_bytes(&w, t, 100);
	assert_int_equal(world_output(&w), 0);
	world_close(&w);
}

static void
reading_is_silent_where_the_window_field_is_at_its_limit(void **state)
{
	struct world w;
	struct tg_tcb *t = start(&w, 262144, false);
	uint32_t at = 0;

	(void)state;
	/* without scaling 65535 is all that can be offered, however large the buffer */
	t->quick = 0;
	for (unsigned i = 0; i < 20; i++, at += 100) {
		peer_sends(&w, t, &(struct in){.flags = TG_ACK, .seq = at, .len = 100});
		drop_bytes(&w, t, 100);
		if (world_output(&w) > 0)
			assert_int_equal(w.out[0].wnd, UINT16_MAX);
	}
	assert_true(CNT(&w, OUT_SEGS) <= 2); /* an ACK for each two segments of 536 */
	world_close(&w);
}

static void
after_the_fin_no_window_is_announced(void **state)
{
	struct world w;
	struct tg_tcb *t = start(&w, 4096, false);
	uint32_t at = fill(&w, t);

	(void)state;
	peer_sends(&w, t, &(struct in){.flags = TG_ACK | TG_FIN, .seq = at});
	assert_int_equal(world_output(&w), 1);
	expect_segment(&w.out[0], 0, at + 1, TG_ACK, 0);
	assert_int_equal(w.out[0].wnd, 0);
	drop_bytes(&w, t, t->rcv_bytes);
	assert_int_equal(world_output(&w), 0);
	world_close(&w);
}

static void
a_scaled_window_is_rounded_up_to_what_the_field_can_say(void **state)
{
	struct world w;
	struct tg_tcb *t = start(&w, 1000003, true);

	(void)state;
	assert_int_equal(w.cs.rcv_wscale, 4);
	peer_sends(&w, t, &(struct in){.flags = TG_ACK, .len = 1});
	assert_int_equal(world_output(&w), 1);
	assert_int_equal(w.out[0].wnd, (1000002 + 15) / 16);
	assert_int_equal(t->rcv_adv - t->rcv_nxt, (1000002 + 15) / 16 * 16);
	world_close(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_edge_never_moves_back_and_never_by_a_silly_step),
		cmocka_unit_test(a_shut_window_opens_by_a_segment_or_half_the_buffer),
		cmocka_unit_test(a_scaled_window_shuts_though_bytes_come_one_by_one),
		cmocka_unit_test(a_zero_window_probe_is_answered_and_its_byte_refused),
		cmocka_unit_test(a_window_nobody_waits_for_is_not_announced),
		cmocka_unit_test(reading_is_silent_where_the_window_field_is_at_its_limit),
		cmocka_unit_test(after_the_fin_no_window_is_announced),
		cmocka_unit_test(a_scaled_window_is_rounded_up_to_what_the_field_can_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
