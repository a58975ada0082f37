/* SPDX-License-Identifier: BSD-3-Clause */
#include "conn_util.h"

#include <errno.h>

#include "icmp.h"

#define MSS 1460

/* An error about the segment at `seq`, counted from our first byte. */
static enum tg_icmp_verdict
tell(struct world *w, struct tg_tcb *t, enum tg_icmp_error what, uint32_t mtu, uint32_t seq)
{
	struct tg_quote q = {.seq = w->proven.iss + 1 + seq,
		.mtu = mtu,
		.what = (uint8_t)what,
		.error = EHOSTUNREACH};

	return tg_conn_icmp(&w->cs, t, &q, w->now);
}

static void
rfc5927_4_1_only_what_is_outstanding_may_be_quoted(void **state)
{
	(void)state;
	/* both ends belong to it, wherever the numbers wrap */
	for (unsigned i = 0; i < 4; i++) {
		struct world w;
		struct tg_tcb *t;

		world_init(&w);
		w.proven.iss = UINT32_MAX - 1000 * i;
		assert_int_equal(world_open(&w), 0);
		t = world_conn(&w, 60000);
		worker_writes(&w, t, 0, 3000);
		world_output(&w);
		for (uint32_t seq = 0; seq <= 3000; seq += 100) {
			t->soft_error = 0;
			assert_int_equal(tell(&w, t, TG_ICMP_SOFT, 0, seq), TG_ICMP_TAKEN);
			assert_int_equal(t->soft_error, EHOSTUNREACH);
		}
		t->soft_error = 0;
		assert_int_equal(tell(&w, t, TG_ICMP_HARD, 0, UINT32_MAX), TG_ICMP_WINDOW);
		assert_int_equal(tell(&w, t, TG_ICMP_TOO_BIG, 600, 3001), TG_ICMP_WINDOW);
		assert_int_equal(tell(&w, t, TG_ICMP_SOFT, 0, 1u << 31), TG_ICMP_WINDOW);
		assert_int_equal(t->soft_error, 0);
		assert_int_equal(t->snd_mss, MSS);
		world_close(&w);
	}
}

static void
the_segment_size_falls_to_the_floor_and_never_rises(void **state)
{
	static const struct {
		bool v6, ts;
		uint32_t mtu, mss;
	} ROW[] = {
		{false, false, 1499, 1459},
		{false, false, 552, 512},
		{false, false, 551, 512},
		{false, false, 0, 512},
		{false, true, 0, 500},
		{false, false, 1500, MSS},
		{false, false, 65535, MSS},
		{true, false, 1280, 1220},
		{true, true, 1280, 1208},
		{true, false, 1279, 1440},
		{true, false, 0, 1440},
		{true, false, UINT32_MAX, 1440},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(ROW) / sizeof(ROW[0]); i++) {
		struct world w;
		struct tg_tcb *t;

		world_init(&w);
		w.proven.v6 = ROW[i].v6;
		w.proven.ts = ROW[i].ts;
		w.proven.own_mss = ROW[i].v6 ? 1440 : MSS;
		assert_int_equal(world_open(&w), 0);
		t = world_conn(&w, 60000);
		assert_int_equal(tell(&w, t, TG_ICMP_TOO_BIG, ROW[i].mtu, 0), TG_ICMP_TAKEN);
		assert_int_equal(t->snd_mss, ROW[i].mss);
		assert_int_equal(tell(&w, t, TG_ICMP_TOO_BIG, 1500, 0), TG_ICMP_TAKEN);
		assert_int_equal(t->snd_mss, ROW[i].mss);
		world_close(&w);
	}
}

static void
what_is_small_enough_already_is_not_sent_again(void **state)
{
	struct world w;
	struct tg_tcb *t;

	(void)state;
	world_start(&w);
	t = world_conn(&w, 60000);
	worker_writes(&w, t, 0, 960);
	assert_int_equal(world_output(&w), 1);
	assert_int_equal(tell(&w, t, TG_ICMP_TOO_BIG, 1000, 0), TG_ICMP_TAKEN);
	assert_int_equal(t->snd_mss, 960);
	assert_int_equal(world_output(&w), 0);
	world_close(&w);
}

static void
rfc6298_3_karn_and_the_timer_begin_anew(void **state)
{
	struct world w;
	struct tg_tcb *t;
	uint32_t rto;

	(void)state;
	world_start(&w);
	t = world_conn(&w, 60000);
	rto = tg_rto(t);
	worker_writes(&w, t, 0, 2 * MSS);
	assert_int_equal(world_output(&w), 2);
	world_wait(&w, rto - 1);
	assert_int_equal(tell(&w, t, TG_ICMP_TOO_BIG, 1040, MSS), TG_ICMP_TAKEN);
	assert_true((t->flags & TG_TCB_RTT_ON) == 0);
	assert_int_equal(world_output(&w), 3);
	expect_segment(&w.out[0], 0, 0, TG_ACK, 1000);
	expect_segment(&w.out[1], 1000, 0, TG_ACK, 1000);
	expect_segment(&w.out[2], 2000, 0, TG_ACK | TG_PSH, 2 * MSS - 2000);
	assert_int_equal(CNT(&w, RETRANS_SEGS), 3);
	assert_int_equal(CNT(&w, TIMEOUTS), 0);
	assert_int_equal(t->backoff, 0);
	assert_int_equal(world_until_output(&w, 2 * rto), rto);
	assert_int_equal(CNT(&w, TIMEOUTS), 1);
	world_close(&w);
}

static void
rfc9293_must56_nothing_that_a_worker_has_is_ended(void **state)
{
	struct world w;
	struct tg_tcb *t;

	(void)state;
	world_start(&w);
	t = world_conn(&w, 60000);
	assert_int_equal(tell(&w, t, TG_ICMP_HARD, 0, 0), TG_ICMP_TAKEN);
	assert_int_equal(tell(&w, t, TG_ICMP_QUENCH, 0, 0), TG_ICMP_TAKEN);
	assert_int_equal(t->state, TG_ESTABLISHED);
	assert_int_equal(t->soft_error, EHOSTUNREACH);
	assert_int_equal(next_event(&w, NULL), 0);
	/* the peer is there after all */
	worker_writes(&w, t, 0, 10);
	world_output(&w);
	peer_sends(&w, t, &(struct in){.ack = 10, .flags = TG_ACK, .wnd = 60000});
	assert_int_equal(t->soft_error, 0);
	world_close(&w);
}

static void
a_connection_that_only_owes_a_reset_is_deaf(void **state)
{
	struct world w;
	struct tg_tcb *t;

	(void)state;
	world_start(&w);
	t = world_conn(&w, 60000);
	worker_writes(&w, t, 0, 2 * MSS);
	world_output(&w);
	tg_conn_abort(&w.cs, t);
	assert_int_equal(tell(&w, t, TG_ICMP_TOO_BIG, 1000, 0), TG_ICMP_TAKEN);
	assert_int_equal(t->snd_mss, MSS);
	assert_int_equal(world_output(&w), 1);
	assert_true((w.out[0].flags & TG_RST) != 0);
	world_close(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc5927_4_1_only_what_is_outstanding_may_be_quoted),
		cmocka_unit_test(the_segment_size_falls_to_the_floor_and_never_rises),
		cmocka_unit_test(what_is_small_enough_already_is_not_sent_again),
		cmocka_unit_test(rfc6298_3_karn_and_the_timer_begin_anew),
		cmocka_unit_test(rfc9293_must56_nothing_that_a_worker_has_is_ended),
		cmocka_unit_test(a_connection_that_only_owes_a_reset_is_deaf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
