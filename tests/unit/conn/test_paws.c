/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Timestamps of arriving segments (arrival.c): RFC 7323 4.3 and 5.
 */
#include "conn_util.h"

enum {
	RECENT = 100, /**< TSval of the SYN */
	DAY_S = 24 * 3600,
};

static struct tg_tcb *
start(struct world *w, uint32_t recent)
{
	struct tg_tcb *t;

	world_init(w);
	w->proven.ts = true;
	w->proven.ts_recent = recent;
	assert_int_equal(world_open(w), 0);
	t = world_conn(w, 60000);
	assert_non_null(t);
	return t;
}

static struct tg_verdict
send_at(struct world *w, struct tg_tcb *t, uint32_t seq, uint32_t len, uint32_t tsval)
{
	return peer_sends(w, t,
		&(struct in){.flags = TG_ACK,
			.seq = seq,
			.len = len,
			.wnd = 60000,
			.ts = true,
			.tsval = tsval});
}

static void
rfc7323_5_3_an_older_timestamp_is_refused(void **state)
{
	static const uint32_t BASE[] = {RECENT, 0, UINT32_MAX, INT32_MAX};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct world w;
		struct tg_tcb *t = start(&w, BASE[i]);

		assert_int_equal(send_at(&w, t, 0, 5, BASE[i] - 1).action, TG_REPLY);
		expect_segment(&w.reply, 0, 0, TG_ACK, 0);
		assert_int_equal(w.reply.tsecr, BASE[i]);
		assert_int_equal(send_at(&w, t, 0, 5, BASE[i] - INT32_MAX).action, TG_REPLY);
		assert_int_equal(CNT(&w, PAWS_ESTAB), 2);
		assert_int_equal(t->rcv_bytes, 0);
		send_at(&w, t, 0, 5, BASE[i]);
		assert_int_equal(t->rcv_bytes, 5);
		send_at(&w, t, 5, 5, BASE[i] + INT32_MAX);
		assert_int_equal(t->rcv_bytes, 10);
		assert_int_equal(CNT(&w, PAWS_ESTAB), 2);
		world_close(&w);
	}
}

static void
empty_ones_are_answered_once_in_500_ms(void **state)
{
	struct world w;
	struct tg_tcb *t = start(&w, RECENT);

	(void)state;
	assert_int_equal(send_at(&w, t, 0, 0, RECENT - 1).action, TG_REPLY);
	assert_int_equal(send_at(&w, t, 0, 0, RECENT - 1).disposition, TG_DISP_DROP_PAWS);
	world_close(&w);
}

static void
rfc7323_5_2_a_reset_needs_no_timestamp(void **state)
{
	struct world w;
	struct tg_tcb *t = start(&w, RECENT);

	(void)state;
	peer_sends(&w, t, &(struct in){.flags = TG_RST, .ts = true, .tsval = RECENT - 50});
	assert_int_equal(t->state, TG_CLOSED);
	world_close(&w);
}

static void
rfc7323_4_3_what_is_echoed_is_of_the_earliest_unacknowledged_segment(void **state)
{
	struct world w;
	struct tg_tcb *t = start(&w, RECENT);

	(void)state;
	t->quick = 0;
	send_at(&w, t, 0, 5, RECENT + 1);
	assert_int_equal(t->ts_recent, RECENT + 1);
	send_at(&w, t, 5, 5, RECENT + 2); /* the first one's ACK is still owed */
	assert_int_equal(t->ts_recent, RECENT + 1);
	world_wait(&w, 40);
	assert_int_equal(world_output(&w), 1);
	assert_int_equal(w.out[0].tsecr, RECENT + 1);
	send_at(&w, t, 10, 5, RECENT + 3);
	assert_int_equal(t->ts_recent, RECENT + 3);
	send_at(&w, t, 500, 5, RECENT + 9); /* a hole before it */
	assert_int_equal(t->ts_recent, RECENT + 3);
	assert_int_equal(w.reply.tsecr, RECENT + 3);
	world_close(&w);
}

static void
a_segment_with_an_impossible_ack_sets_nothing(void **state)
{
	struct world w;
	struct tg_tcb *t = start(&w, RECENT);

	(void)state;
	peer_sends(&w, t,
		&(struct in){.flags = TG_ACK,
			.ack = 5000,
			.ts = true,
			.tsval = (uint32_t)RECENT + INT32_MAX});
	assert_int_equal(t->ts_recent, RECENT);
	send_at(&w, t, 0, 5, RECENT + 1); /* the true peer is still heard */
	assert_int_equal(t->rcv_bytes, 5);
	world_close(&w);
}

static void
without_the_option_a_segment_is_taken(void **state)
{
	struct world w;
	struct tg_tcb *t = start(&w, RECENT);

	(void)state;
	peer_sends(&w, t, &(struct in){.flags = TG_ACK, .len = 5, .wnd = 9});
	assert_int_equal(t->rcv_bytes, 5);
	assert_int_equal(t->ts_recent, RECENT);
	world_close(&w);
}

static void
a_connection_without_timestamps_ignores_them(void **state)
{
	struct world w;
	struct tg_tcb *t;

	(void)state;
	world_start(&w);
	t = world_conn(&w, 1000);
	t->ts_recent = RECENT;
	send_at(&w, t, 0, 5, RECENT - 1);
	assert_int_equal(t->rcv_bytes, 5);
	assert_int_equal(world_output(&w), 1);
	assert_false(w.out[0].ts);
	world_close(&w);
}

static void
rfc7323_5_5_after_24_days_the_old_timestamp_means_nothing(void **state)
{
	struct world w;
	struct tg_tcb *t = start(&w, RECENT);

	(void)state;
	w.now += (tg_time)24 * DAY_S * TG_SEC - TG_MSEC;
	assert_int_equal(send_at(&w, t, 0, 5, RECENT - 1).action, TG_REPLY);
	assert_int_equal(t->rcv_bytes, 0);
	w.now += TG_MSEC;
	send_at(&w, t, 0, 5, RECENT - 1);
	assert_int_equal(t->rcv_bytes, 5);
	assert_int_equal(t->ts_recent, RECENT - 1); /* the new one takes its place */
	/* so it also holds when milliseconds have wrapped */
	w.now += (tg_time)26 * DAY_S * TG_SEC;
	send_at(&w, t, 5, 5, RECENT);
	assert_int_equal(t->rcv_bytes, 10);
	world_close(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc7323_5_3_an_older_timestamp_is_refused),
		cmocka_unit_test(empty_ones_are_answered_once_in_500_ms),
		cmocka_unit_test(rfc7323_5_2_a_reset_needs_no_timestamp),
		cmocka_unit_test(
			rfc7323_4_3_what_is_echoed_is_of_the_earliest_unacknowledged_segment),
		cmocka_unit_test(a_segment_with_an_impossible_ack_sets_nothing),
		cmocka_unit_test(without_the_option_a_segment_is_taken),
		cmocka_unit_test(a_connection_without_timestamps_ignores_them),
		cmocka_unit_test(rfc7323_5_5_after_24_days_the_old_timestamp_means_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
