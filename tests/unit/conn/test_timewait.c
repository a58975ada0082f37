/* SPDX-License-Identifier: BSD-3-Clause */
#include "conn_util.h"

enum {
	RCV_NXT = 70000,
	SND_NXT = 90000,
	TS_RECENT = 5000,
};

/** Puts an entry for remote port `rport` into the table, as the end of a connection does. */
static uint32_t
enter(struct world *w, uint16_t rport, bool ts)
{
	struct tg_tcb *t;
	struct tg_tw from;
	uint32_t old, hash;

	w->proven.key.rport = rport;
	t = world_conn(w, 1000);
	assert_non_null(t);
	hash = t->hash;
	old = tg_flow_value(TG_FLOW_CONN, tg_tcb_index(&w->cs, t));
	from = (struct tg_tw){
		.key = t->key,
		.rcv_nxt = RCV_NXT,
		.snd_nxt = SND_NXT,
		.ts_recent = TS_RECENT,
		.hash = hash,
		.ts = ts,
	};
	tg_tw_enter(&w->cs.tw, &w->flow, &w->counters, &from, old, w->now);
	t->flags |= TG_TCB_NO_FLOW | TG_TCB_ORPHAN;
	t->state = TG_CLOSED;
	tg_tcb_end(&w->cs, t, 0);
	old = tg_flow_lookup(&w->flow, &from.key, hash);
	assert_int_equal(tg_flow_kind_of(old), TG_FLOW_TW);
	return tg_flow_index_of(old);
}

static bool
there(const struct world *w, uint32_t idx)
{
	return tg_tw_at(&w->cs.tw, idx)->key.lport != 0;
}

static unsigned
expire(struct world *w, unsigned budget)
{
	return tg_tw_expire(&w->cs.tw, &w->flow, &w->counters, tg_ms_of(w->now), budget);
}

static enum tg_tw_verdict
judge(struct world *w, uint32_t idx, unsigned flags, uint32_t seq, uint32_t len,
	const uint32_t *tsval)
{
	const struct tg_frame f = {.flags = (uint16_t)flags, .seq = seq, .payload_len = len};
	const struct tg_tcpopt o = {
		.present = tsval != NULL ? TG_OPT_TS : 0, .tsval = tsval != NULL ? *tsval : 0};

	return tg_tw_segment(&w->cs.tw, idx, &f, &o, w->now);
}

static void
an_entry_stays_two_msl_and_not_a_millisecond_longer(void **state)
{
	struct world w;
	uint32_t a;

	(void)state;
	world_start(&w);
	a = enter(&w, 1, false);
	w.now += w.cfg.time_wait_ms * TG_MSEC - 1;
	assert_int_equal(expire(&w, 8), 0);
	assert_true(there(&w, a));
	w.now += 1;
	assert_int_equal(expire(&w, 8), 1);
	assert_int_equal(CNT(&w, TW), 1);
	assert_int_equal(w.flow.count, 0);
	assert_int_equal(w.cs.tw.pool.used, 0);
	assert_int_equal(expire(&w, 8), 0);
	world_close(&w);
}

static void
expiry_keeps_to_its_budget_and_its_order(void **state)
{
	struct world w;
	uint32_t e[3];

	(void)state;
	world_start(&w);
	for (uint16_t i = 0; i < 3; i++) {
		e[i] = enter(&w, (uint16_t)(i + 1), false);
		w.now += TG_SEC;
	}
	w.now += w.cfg.time_wait_ms * TG_MSEC;
	assert_int_equal(expire(&w, 0), 0);
	assert_int_equal(expire(&w, 1), 1);
	assert_false(there(&w, e[0]));
	assert_true(there(&w, e[1]));
	assert_int_equal(expire(&w, 2), 2);
	world_close(&w);
}

static void
a_full_table_gives_up_the_oldest(void **state)
{
	struct world w;
	uint32_t first, again;

	(void)state;
	world_start(&w);
	first = enter(&w, 1, false);
	for (uint16_t i = 2; i <= 4; i++)
		enter(&w, i, false);
	assert_int_equal(CNT(&w, TW_OVERFLOW), 0);
	again = enter(&w, 5, false);
	assert_int_equal(CNT(&w, TW_OVERFLOW), 1);
	assert_int_equal(again, first); /* the slot of the oldest */
	assert_int_equal(tg_tw_at(&w.cs.tw, again)->key.rport, 5);
	assert_int_equal(w.cs.tw.pool.used, 4);
	assert_int_equal(w.flow.count, 4);
	assert_int_equal(CNT(&w, TW), 0);
	world_close(&w);
}

static void
rfc1337_a_reset_does_not_end_time_wait(void **state)
{
	static const uint32_t SEQ[] = {RCV_NXT, RCV_NXT - 1, RCV_NXT + 1, 0};
	struct world w;
	uint32_t a;

	(void)state;
	world_start(&w);
	a = enter(&w, 1, false);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(judge(&w, a, TG_RST, SEQ[i], 0, NULL), TG_TW_DROP);
		assert_int_equal(judge(&w, a, TG_RST | TG_ACK, SEQ[i], 0, NULL), TG_TW_DROP);
		assert_int_equal(judge(&w, a, TG_RST | TG_SYN, SEQ[i] + 9, 0, NULL), TG_TW_DROP);
		assert_true(there(&w, a));
	}
	world_close(&w);
}

static void
rfc1122_a_syn_above_the_old_numbers_may_reuse_the_pair(void **state)
{
	struct world w;
	uint32_t a;

	(void)state;
	world_start(&w);
	a = enter(&w, 1, false);
	assert_int_equal(judge(&w, a, TG_SYN, RCV_NXT + 1, 0, NULL), TG_TW_SYN);
	assert_int_equal(judge(&w, a, TG_SYN, (uint32_t)RCV_NXT + INT32_MAX, 0, NULL), TG_TW_SYN);
	assert_int_equal(judge(&w, a, TG_SYN | TG_ECE | TG_CWR, RCV_NXT + 1, 0, NULL), TG_TW_SYN);
	assert_int_equal(judge(&w, a, TG_SYN, RCV_NXT, 0, NULL), TG_TW_ACK);
	w.now += TG_SEC;
	assert_int_equal(judge(&w, a, TG_SYN, RCV_NXT - 1, 0, NULL), TG_TW_ACK);
	/* with ACK it is no opening SYN */
	w.now += TG_SEC;
	assert_int_equal(judge(&w, a, TG_SYN | TG_ACK, RCV_NXT + 1, 0, NULL), TG_TW_ACK);
	world_close(&w);
}

static void
rfc6191_timestamps_decide_before_sequence_numbers(void **state)
{
	const uint32_t older = TS_RECENT - 1, same = TS_RECENT, newer = TS_RECENT + 1;
	struct world w;
	uint32_t a;

	(void)state;
	world_start(&w);
	a = enter(&w, 1, true);
	assert_int_equal(judge(&w, a, TG_SYN, RCV_NXT - 500, 0, &newer), TG_TW_SYN);
	assert_int_equal(judge(&w, a, TG_SYN, RCV_NXT + 500, 0, &newer), TG_TW_SYN);
	assert_int_equal(judge(&w, a, TG_SYN, RCV_NXT + 500, 0, &same), TG_TW_SYN);
	assert_int_equal(judge(&w, a, TG_SYN, RCV_NXT + 500, 0, NULL), TG_TW_SYN);
	assert_int_equal(judge(&w, a, TG_SYN, RCV_NXT - 500, 0, &same), TG_TW_ACK);
	w.now += TG_SEC;
	assert_int_equal(judge(&w, a, TG_SYN, RCV_NXT + 500, 0, &older), TG_TW_ACK);
	w.now += TG_SEC;
	assert_int_equal(judge(&w, a, TG_SYN, RCV_NXT - 500, 0, NULL), TG_TW_ACK);
	world_close(&w);
}

static void
timestamps_mean_nothing_when_the_connection_had_none(void **state)
{
	const uint32_t newer = TS_RECENT + 1, older = TS_RECENT - 1;
	struct world w;
	uint32_t a;

	(void)state;
	world_start(&w);
	a = enter(&w, 1, false);
	assert_int_equal(judge(&w, a, TG_SYN, RCV_NXT - 1, 0, &newer), TG_TW_ACK);
	assert_int_equal(judge(&w, a, TG_SYN, RCV_NXT + 1, 0, &older), TG_TW_SYN);
	world_close(&w);
}

static void
rfc9293_3_10_7_4_a_retransmitted_fin_starts_the_wait_anew(void **state)
{
	struct world w;
	uint32_t a, b;

	(void)state;
	world_start(&w);
	a = enter(&w, 1, false);
	b = enter(&w, 2, false);
	w.now += 50 * TG_SEC;
	assert_int_equal(judge(&w, a, TG_FIN | TG_ACK, RCV_NXT - 1, 0, NULL), TG_TW_ACK);
	w.now += 10 * TG_SEC;
	assert_int_equal(expire(&w, 8), 1); /* the other one: order of expiry has changed */
	assert_true(there(&w, a));
	assert_false(there(&w, b));
	w.now += 49 * TG_SEC;
	assert_int_equal(expire(&w, 8), 0);
	w.now += TG_SEC;
	assert_int_equal(expire(&w, 8), 1);
	world_close(&w);
}

static void
a_fin_with_its_data_starts_the_wait_anew(void **state)
{
	struct world w;
	uint32_t a;

	(void)state;
	world_start(&w);
	a = enter(&w, 1, false);
	w.now += 50 * TG_SEC;
	assert_int_equal(judge(&w, a, TG_FIN | TG_ACK, RCV_NXT - 101, 100, NULL), TG_TW_ACK);
	w.now += 59 * TG_SEC;
	assert_int_equal(expire(&w, 8), 0);
	world_close(&w);
}

static void
another_fin_is_answered_but_does_not_prolong_the_wait(void **state)
{
	const uint32_t older = TS_RECENT - 1;
	struct world w;
	uint32_t a;

	(void)state;
	world_start(&w);
	a = enter(&w, 1, true);
	w.now += 50 * TG_SEC;
	assert_int_equal(judge(&w, a, TG_FIN | TG_ACK, RCV_NXT, 0, NULL), TG_TW_ACK);
	assert_int_equal(judge(&w, a, TG_FIN | TG_ACK, RCV_NXT - 2, 0, NULL), TG_TW_ACK);
	assert_int_equal(judge(&w, a, TG_FIN | TG_ACK, RCV_NXT - 1, 0, &older), TG_TW_ACK);
	w.now += 10 * TG_SEC;
	assert_int_equal(expire(&w, 8), 1);
	world_close(&w);
}

static void
data_is_always_answered_and_never_limited(void **state)
{
	struct world w;
	uint32_t a;

	(void)state;
	world_start(&w);
	a = enter(&w, 1, false);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(judge(&w, a, TG_ACK, RCV_NXT, 1, NULL), TG_TW_ACK);
		assert_int_equal(judge(&w, a, TG_ACK, RCV_NXT - 10, 9, NULL), TG_TW_ACK);
	}
	world_close(&w);
}

static void
the_ack_of_our_fin_again_is_not_answered(void **state)
{
	struct world w;
	uint32_t a;

	(void)state;
	world_start(&w);
	a = enter(&w, 1, false);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(judge(&w, a, TG_ACK, RCV_NXT, 0, NULL), TG_TW_DROP);
	world_close(&w);
}

static void
acks_of_strange_acks_are_one_in_500_ms(void **state)
{
	static const tg_time STARTS[] = {0, 1, 1000 * TG_SEC, UINT64_C(4294967295) * TG_MSEC,
		UINT64_C(4294967296) * TG_MSEC};

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		struct world w;
		uint32_t a;

		world_init(&w);
		w.now = STARTS[i];
		assert_int_equal(world_open(&w), 0);
		a = enter(&w, 1, false);
		assert_int_equal(judge(&w, a, TG_ACK, RCV_NXT + 5, 0, NULL), TG_TW_ACK);
		assert_int_equal(judge(&w, a, TG_ACK, RCV_NXT + 5, 0, NULL), TG_TW_DROP);
		w.now += 498 * TG_MSEC;
		assert_int_equal(judge(&w, a, TG_ACK, RCV_NXT - 5, 0, NULL), TG_TW_DROP);
		assert_int_equal(judge(&w, a, 0, RCV_NXT - 5, 0, NULL), TG_TW_DROP);
		w.now += 2 * TG_MSEC;
		assert_int_equal(judge(&w, a, TG_ACK, RCV_NXT - 5, 0, NULL), TG_TW_ACK);
		world_close(&w);
	}
}

static void
the_next_isn_lies_above_all_that_was_sent(void **state)
{
	static const uint32_t SENT[] = {0, SND_NXT, UINT32_MAX, UINT32_MAX - 65535, INT32_MAX};

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		const struct tg_tw t = {.snd_nxt = SENT[i]};
		const uint32_t least = SENT[i] + 65535 + 2;

		assert_int_equal(tg_tw_next_iss(&t, SENT[i]), least);
		assert_int_equal(tg_tw_next_iss(&t, SENT[i] - 1000000), least);
		assert_int_equal(tg_tw_next_iss(&t, least - 1), least);
		assert_int_equal(tg_tw_next_iss(&t, least), least);
		assert_int_equal(tg_tw_next_iss(&t, least + 12345), least + 12345);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_entry_stays_two_msl_and_not_a_millisecond_longer),
		cmocka_unit_test(expiry_keeps_to_its_budget_and_its_order),
		cmocka_unit_test(a_full_table_gives_up_the_oldest),
		cmocka_unit_test(rfc1337_a_reset_does_not_end_time_wait),
		cmocka_unit_test(rfc1122_a_syn_above_the_old_numbers_may_reuse_the_pair),
		cmocka_unit_test(rfc6191_timestamps_decide_before_sequence_numbers),
		cmocka_unit_test(timestamps_mean_nothing_when_the_connection_had_none),
		cmocka_unit_test(rfc9293_3_10_7_4_a_retransmitted_fin_starts_the_wait_anew),
		cmocka_unit_test(a_fin_with_its_data_starts_the_wait_anew),
		cmocka_unit_test(another_fin_is_answered_but_does_not_prolong_the_wait),
		cmocka_unit_test(data_is_always_answered_and_never_limited),
		cmocka_unit_test(the_ack_of_our_fin_again_is_not_answered),
		cmocka_unit_test(acks_of_strange_acks_are_one_in_500_ms),
		cmocka_unit_test(the_next_isn_lies_above_all_that_was_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
