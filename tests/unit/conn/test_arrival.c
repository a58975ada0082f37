/* SPDX-License-Identifier: BSD-3-Clause */
#include "conn_util.h"

#include <errno.h>

enum {
	WND = 65535, /**< what we offer at first */
};

/** An accepted connection at numbers[n]. */
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

/** One segment of `len` bytes at seq into a fresh connection with `wnd` bytes of window. */
static void
acceptability(unsigned n, uint32_t wnd, uint32_t seq, uint32_t len, bool processed)
{
	struct world w;
	struct tg_tcb *t = start(&w, n);
	struct tg_verdict v;

	worker_writes(&w, t, 0, 10);
	world_output(&w);
	t->rcv_adv = t->rcv_nxt + wnd;
	v = peer_sends(
		&w, t, &(struct in){.flags = TG_ACK, .seq = seq, .len = len, .ack = 10, .wnd = 9});
	/* processed: its acknowledgment counted */
	assert_int_equal(t->snd_bytes, processed ? 0 : 10);
	if (!processed) {
		assert_int_equal(v.action, TG_REPLY);
		expect_segment(&w.reply, 10, 0, TG_ACK, 0);
		assert_int_equal(t->rcv_bytes, 0);
	}
	world_close(&w);
}

static void
rfc9293_3_10_7_4_acceptability_with_an_open_window(void **state)
{
	(void)state;
	for (unsigned n = 0; n < numbers_count; n++) {
		acceptability(n, 1000, 0, 0, true);
		acceptability(n, 1000, 999, 0, true);
		acceptability(n, 1000, 1001, 0, false);
		acceptability(n, 1000, UINT32_MAX, 0, false);
		acceptability(n, 1000, INT32_MAX, 0, false);
		acceptability(n, 1000, 0, 1, true);
		acceptability(n, 1000, 0, 1000, true);
		acceptability(n, 1000, 0, 1001, true);
		acceptability(n, 1000, 999, 5, true);
		acceptability(n, 1000, 1001, 5, false);
		acceptability(n, 1000, 0u - 5, 6, true);
		acceptability(n, 1000, 0u - 5, 4, false);
		acceptability(n, 1000, 0u - 70000, 100, false);
	}
}

static void
rfc9293_must66_with_a_zero_window_acks_still_count(void **state)
{
	(void)state;
	for (unsigned n = 0; n < numbers_count; n++) {
		acceptability(n, 0, 0, 0, true);
		acceptability(n, 0, 0, 1, true); /* its byte is refused, its ACK is not */
		acceptability(n, 0, 1, 0, false);
		acceptability(n, 0, 1, 1, false);
		acceptability(n, 0, UINT32_MAX, 0, false);
	}
}

static void
the_part_of_a_segment_that_is_new_and_fits_is_taken(void **state)
{
	static const struct {
		uint32_t seq, len, wnd, taken;
	} ROW[] = {
		{0u - 10, 30, 1000, 20}, {0u - 10, 11, 1000, 1}, {0u - 10, 30, 20, 20},
		{0u - 10, 30, 19, 19}, {0, 30, 7, 7}, {0, 30, 0, 0}, {0u - 10, 10, 1000, 0},
		{5, 30, 1000, 0}, /* a hole */
	};
	uint8_t buf[64];

	(void)state;
	for (unsigned n = 0; n < numbers_count; n++)
		for (unsigned i = 0; i < sizeof(ROW) / sizeof(ROW[0]); i++) {
			struct world w;
			struct tg_tcb *t = start(&w, n);

			t->rcv_adv = t->rcv_nxt + ROW[i].wnd;
			peer_sends(&w, t,
				&(struct in){
					.flags = TG_ACK, .seq = ROW[i].seq, .len = ROW[i].len});
			assert_int_equal(t->rcv_bytes, ROW[i].taken);
			assert_int_equal(tg_data_read(&w.cs, t, buf, 64), ROW[i].taken);
			pattern_check(buf, 0, ROW[i].taken);
			if (ROW[i].taken == 0) {
				assert_true(w.replied);
				expect_segment(&w.reply, 0, 0, TG_ACK, 0);
			}
			world_close(&w);
		}
}

static void
rfc5681_4_2_a_hole_is_told_at_once(void **state)
{
	struct world w;
	struct tg_tcb *t = start(&w, 0);

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		const struct tg_verdict v = peer_sends(
			&w, t, &(struct in){.flags = TG_ACK, .seq = 1000 + i, .len = 1, .wnd = 9});

		assert_int_equal(v.action, TG_REPLY);
		assert_int_equal(v.disposition, TG_DISP_ANSWERED);
		expect_segment(&w.reply, 0, 0, TG_ACK, 0);
	}
	assert_int_equal(CNT(&w, OFO_DROP), 3);
	world_close(&w);
}

static void
rfc5961_3_2_only_the_exact_number_resets(void **state)
{
	static const struct {
		uint32_t seq;
		uint8_t disposition;
	} ROW[] = {
		{1, TG_DISP_ANSWERED},
		{WND - 1, TG_DISP_ANSWERED},
		{WND, TG_DISP_DROP_WINDOW},
		{WND + 1, TG_DISP_DROP_WINDOW},
		{UINT32_MAX, TG_DISP_DROP_WINDOW},
		{INT32_MAX, TG_DISP_DROP_WINDOW},
	};
	struct tg_event ev;

	(void)state;
	for (unsigned n = 0; n < numbers_count; n++) {
		struct world w;
		struct tg_tcb *t;

		for (unsigned i = 0; i < sizeof(ROW) / sizeof(ROW[0]); i++) {
			t = start(&w, n);
			assert_int_equal(
				peer_sends(&w, t, &(struct in){.flags = TG_RST, .seq = ROW[i].seq})
					.disposition,
				ROW[i].disposition);
			assert_int_equal(t->state, TG_ESTABLISHED);
			if (w.replied)
				expect_segment(&w.reply, 0, 0, TG_ACK, 0);
			assert_int_equal(CNT(&w, CHALLENGE_ACK), w.replied ? 1 : 0);
			world_close(&w);
		}
		t = start(&w, n);
		peer_sends(&w, t, &(struct in){.flags = TG_RST, .seq = 0});
		assert_false(w.replied);
		assert_int_equal(t->state, TG_CLOSED);
		assert_int_equal(CNT(&w, ESTAB_RESETS), 1);
		assert_int_equal(next_event(&w, &ev), TG_EV_CLOSED);
		assert_int_equal(ev.error, -ECONNRESET);
		assert_int_equal(w.flow.count, 0);
		world_close(&w);
	}
}

static void
a_reset_at_a_shut_window_still_resets(void **state)
{
	struct world w;
	struct tg_tcb *t = start(&w, 0);

	(void)state;
	t->rcv_adv = t->rcv_nxt;
	peer_sends(&w, t, &(struct in){.flags = TG_RST, .seq = 1});
	assert_int_equal(t->state, TG_ESTABLISHED);
	peer_sends(&w, t, &(struct in){.flags = TG_RST | TG_ACK, .seq = 0, .ack = 12345});
	assert_int_equal(t->state, TG_CLOSED);
	world_close(&w);
}

static void
rfc5961_4_2_a_syn_is_challenged_wherever_it_lies(void **state)
{
	static const uint32_t SEQ[] = {0, 1, UINT32_MAX, WND, INT32_MAX};
	static const uint16_t FLAGS[] = {TG_SYN, TG_SYN | TG_ACK, TG_SYN | TG_FIN};

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		for (unsigned k = 0; k < 3; k++) {
			struct world w;
			struct tg_tcb *t = start(&w, 0);

			peer_sends(&w, t, &(struct in){.flags = FLAGS[k], .seq = SEQ[i], .len = k});
			assert_true(w.replied);
			expect_segment(&w.reply, 0, 0, TG_ACK, 0);
			assert_int_equal(t->state, TG_ESTABLISHED);
			assert_int_equal(t->rcv_bytes, 0);
			assert_int_equal(CNT(&w, SYN_CHALLENGE), 1);
			assert_int_equal(CNT(&w, CHALLENGE_ACK), 1);
			world_close(&w);
		}
}

static void
challenge_acks_are_one_in_500_ms(void **state)
{
	const struct in syn = {.flags = TG_SYN}, bad_ack = {.flags = TG_ACK, .ack = 77, .wnd = 9};
	struct world w;
	struct tg_tcb *t = start(&w, 0);

	(void)state;
	assert_int_equal(peer_sends(&w, t, &syn).action, TG_REPLY);
	assert_int_equal(peer_sends(&w, t, &syn).disposition, TG_DISP_DROP_CHALLENGE);
	assert_int_equal(peer_sends(&w, t, &bad_ack).disposition, TG_DISP_DROP_CHALLENGE);
	w.now += 499 * TG_MSEC;
	assert_int_equal(peer_sends(&w, t, &bad_ack).disposition, TG_DISP_DROP_CHALLENGE);
	w.now += TG_MSEC;
	assert_int_equal(peer_sends(&w, t, &bad_ack).action, TG_REPLY);
	assert_int_equal(CNT(&w, CHALLENGE_ACK), 2);
	world_close(&w);
}

static void
unacceptable_segments_with_data_are_always_answered(void **state)
{
	struct world w;
	struct tg_tcb *t = start(&w, 0);

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(
			peer_sends(&w, t, &(struct in){.flags = TG_ACK, .seq = 0u - 9, .len = 3})
				.action,
			TG_REPLY);
	/* empty ones, which could be answers to answers, are limited */
	assert_int_equal(
		peer_sends(&w, t, &(struct in){.flags = TG_ACK, .seq = 0u - 1}).action, TG_REPLY);
	assert_int_equal(
		peer_sends(&w, t, &(struct in){.flags = TG_ACK, .seq = 0u - 1}).disposition,
		TG_DISP_DROP_WINDOW);
	world_close(&w);
}

static void
without_ack_nothing_is_done(void **state)
{
	static const uint16_t FLAGS[] = {0, TG_FIN, TG_PSH | TG_URG, TG_FIN | TG_PSH | TG_URG};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct world w;
		struct tg_tcb *t = start(&w, 0);

		assert_int_equal(
			peer_sends(&w, t, &(struct in){.flags = FLAGS[i], .len = 5}).disposition,
			TG_DISP_DROP_ACK);
		assert_int_equal(t->rcv_bytes, 0);
		assert_int_equal(t->state, TG_ESTABLISHED);
		world_close(&w);
	}
}

static void
a_blind_ack_brings_no_data(void **state)
{
	struct world w;
	struct tg_tcb *t = start(&w, 0);

	(void)state;
	peer_sends(&w, t, &(struct in){.flags = TG_ACK, .ack = 1, .len = 5, .wnd = 9});
	assert_true(w.replied);
	assert_int_equal(t->rcv_bytes, 0);
	assert_int_equal(t->snd_wnd, 60000);
	assert_int_equal(next_event(&w, NULL), 0);
	world_close(&w);
}

static void
answers_go_where_the_last_valid_segment_came_from(void **state)
{
	struct world w;
	struct tg_tcb *t = start(&w, 0);

	(void)state;
	peer_sends(&w, t, &(struct in){.flags = TG_ACK, .ack = 99, .vlan = true}); /* not valid */
	worker_writes(&w, t, 0, 10);
	assert_int_equal(world_output(&w), 1);
	assert_int_equal(w.out[0].l2.tags, 0);
	peer_sends(&w, t, &(struct in){.flags = TG_ACK, .ack = 10, .wnd = 100, .vlan = true});
	worker_writes(&w, t, 10, 10);
	assert_int_equal(world_output(&w), 1);
	assert_int_equal(w.out[0].l2.tags, 1);
	assert_int_equal(w.out[0].l2.tci[0], 5);
	peer_sends(&w, t, &(struct in){.flags = TG_RST});
	for (unsigned i = 0; i < TG_PATHS_MAX; i++)
		assert_int_equal(w.host.path[i].refs, 0);
	world_close(&w);
}

static void
the_idle_timer_starts_anew_with_data_in_either_direction(void **state)
{
	struct tg_event ev;
	struct world w;
	struct tg_tcb *t;

	(void)state;
	world_init(&w);
	assert_int_equal(world_open(&w), 0);
	w.cs.options.set[0].idle_ms = 5000;
	t = world_conn(&w, 60000);
	world_wait(&w, 4999);
	peer_sends(&w, t, &(struct in){.flags = TG_ACK, .len = 1, .wnd = 60000});
	world_output(&w);
	world_wait(&w, 4999);
	assert_int_equal(t->state, TG_ESTABLISHED);
	worker_writes(&w, t, 0, 1);
	world_output(&w);
	peer_sends(&w, t, &(struct in){.flags = TG_ACK, .seq = 1, .ack = 1, .wnd = 60000});
	world_wait(&w, 4999);
	assert_int_equal(t->state, TG_ESTABLISHED);
	next_event(&w, NULL);
	world_wait(&w, 1);
	assert_int_equal(world_output(&w), 1);
	assert_int_equal(w.out[0].flags, TG_RST | TG_ACK);
	assert_int_equal(CNT(&w, KEEPALIVE_IDLE), 1);
	assert_int_equal(next_event(&w, &ev), TG_EV_CLOSED);
	assert_int_equal(ev.error, -ETIMEDOUT);
	world_close(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc9293_3_10_7_4_acceptability_with_an_open_window),
		cmocka_unit_test(rfc9293_must66_with_a_zero_window_acks_still_count),
		cmocka_unit_test(the_part_of_a_segment_that_is_new_and_fits_is_taken),
		cmocka_unit_test(rfc5681_4_2_a_hole_is_told_at_once),
		cmocka_unit_test(rfc5961_3_2_only_the_exact_number_resets),
		cmocka_unit_test(a_reset_at_a_shut_window_still_resets),
		cmocka_unit_test(rfc5961_4_2_a_syn_is_challenged_wherever_it_lies),
		cmocka_unit_test(challenge_acks_are_one_in_500_ms),
		cmocka_unit_test(unacceptable_segments_with_data_are_always_answered),
		cmocka_unit_test(without_ack_nothing_is_done),
		cmocka_unit_test(a_blind_ack_brings_no_data),
		cmocka_unit_test(answers_go_where_the_last_valid_segment_came_from),
		cmocka_unit_test(the_idle_timer_starts_anew_with_data_in_either_direction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
