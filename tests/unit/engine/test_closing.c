/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Closing a listener with full queues: a bounded bit in each call, and gone at once to the network
 * (closing.c).
 */
#include "engine_util.h"

#include <errno.h>

#include "engine_internal.h"

enum {
	HALF = 300,
	WAITING = 20,
	BUDGET = 8,
};

/* Clients 1 to HALF are half-open, the WAITING ones before them wait to be accepted. */
static tg_listener
full(struct rig *r)
{
	tg_listener l;

	bench_init(r);
	r->cfg.max_half_open = r->cfg.max_conns = 1024;
	r->cfg.max_segments = 2048;
	bench_open(r);
	l = bench_listen(r, r->w, 80, 1000);
	for (unsigned i = 0; i < WAITING + HALF; i++) {
		struct client c = client_of(r, (uint16_t)(1000 + i), 80);

		if (i < WAITING)
			client_opens(&c);
		else
			assert_int_equal(client_syn(&c).disposition, TG_DISP_ANSWERED);
	}
	forget_sent(r);
	assert_int_equal(r->e->synq.pool.used, HALF);
	return l;
}

static unsigned
sent_now(struct rig *r, unsigned flags)
{
	struct tg_pkt p[64];
	unsigned n = tg_engine_output(r->e, p, 64, r->now), hits = 0;

	for (unsigned i = 0; i < n; i++) {
		struct seg s;

		tenv_buf_pass(&r->tenv, p[i].buf, TENV_ENGINE, TENV_TEST);
		rig_collect(r, &p[i]);
		tenv_buf_release(&r->tenv, p[i].buf);
		assert_true(next_sent(r, &s));
		hits += (s.flags & flags) == flags;
	}
	return hits;
}

static unsigned
half_open_listed(const struct rig *r)
{
	struct tg_conn_info i[64];
	uint32_t cursor = 0;
	unsigned half = 0;

	while (cursor != UINT32_MAX) {
		unsigned n = tg_engine_conns(r->e, &cursor, i, 64);

		while (n-- > 0)
			half += i[n].state == TG_SYN_RECEIVED;
	}
	return half;
}

static void
no_call_removes_more_than_its_budget(void **state)
{
	struct tg_engine_usage u;
	unsigned calls = 0, resets = 0;
	uint32_t before;
	struct rig r;
	tg_listener l;

	(void)state;
	l = full(&r);
	assert_int_equal(tg_unlisten(r.e, l), 0);
	tg_engine_usage(r.e, &u);
	assert_int_equal(u.listeners, 0);
	assert_int_equal(u.half_open, HALF);
	assert_int_equal(u.conns, WAITING);
	assert_int_equal(half_open_listed(&r), 0);
	for (; tg_lsn_any_closing(&r.e->listeners); calls++) {
		before = r.e->synq.pool.used + r.e->conns.tcb.used;
		assert_true(tg_engine_deadline(r.e, r.now) == r.now);
		tg_engine_advance(r.e, r.now, r.wall0, BUDGET);
		resets += sent_now(&r, SEG_R);
		assert_true(before - r.e->synq.pool.used - r.e->conns.tcb.used <= BUDGET);
	}
	assert_true(calls >= (HALF + WAITING) / BUDGET);
	assert_int_equal(resets, WAITING);
	assert_int_equal(r.e->synq.pool.used, 0);
	assert_int_equal(r.e->conns.tcb.used, 0);
	assert_true(tg_engine_deadline(r.e, r.now) == TG_TIME_NEVER);
	assert_int_equal(tg_unlisten(r.e, l), -EBADF);
	rig_close(&r);
}

/* The walk skips what is not its own, and says that it is not done. */
static void
a_walk_over_the_entries_of_others_is_bounded_too(void **state)
{
	struct rig r;
	struct client c;
	tg_listener other;

	(void)state;
	full(&r);
	other = bench_listen(&r, r.w, 81, 10);
	c = client_of(&r, 1, 81);
	client_syn(&c);
	assert_int_equal(tg_unlisten(r.e, other), 0);
	for (unsigned looked = 0; looked + 16 * BUDGET < HALF; looked += 16 * BUDGET) {
		assert_int_equal(r.e->synq.pool.used, HALF + 1);
		assert_int_equal(tg_engine_advance(r.e, r.now, r.wall0, BUDGET), BUDGET);
	}
	rig_turn(&r);
	assert_int_equal(r.e->synq.pool.used, HALF);
	assert_int_equal(r.e->conns.tcb.used, WAITING);
	rig_close(&r);
}

static void
to_the_network_the_entries_are_gone_at_once(void **state)
{
	unsigned synacks = 0;
	struct client c;
	struct rig r;
	tg_listener l;
	struct seg s;

	(void)state;
	l = full(&r);
	assert_int_equal(tg_unlisten(r.e, l), 0);
	l = bench_listen(&r, r.w, 80, 1000);
	/* In one burst, so that nothing is worked off between: the last ACK of an entry is a stray
	 * one, and a SYN again is the first of its connection. */
	rig_hold(&r);
	c = client_of(&r, (uint16_t)(1000 + WAITING), 80);
	client_sends(&c, SEG_A, 0);
	c = client_of(&r, (uint16_t)(1000 + WAITING + 1), 80);
	client_sends(&c, SEG_S, 0);
	rig_release(&r);
	assert_int_equal(r.e->listeners.lsn[(l & 0xffff) - 1].syn_count, 1);
	assert_int_equal(r.e->listeners.lsn[(l & 0xffff) - 1].acceptq.count, 0);
	for (; next_sent(&r, &s); synacks += (s.flags & SEG_S) != 0)
		;
	assert_int_equal(synacks, 1);
	assert_int_equal(COUNT(&r, SYN_RETRANS), 0);
	assert_int_equal(tg_accept(r.w, l, &(tg_conn){0}, 1), 0);
	rig_close(&r);
}

/* With a budget of 1 SYN-ACKs are due long before their entries' turn comes, one after the other.
 */
static void
timers_of_its_entries_send_nothing(void **state)
{
	tg_listener l;
	struct rig r;

	(void)state;
	l = full(&r);
	assert_int_equal(tg_unlisten(r.e, l), 0);
	for (unsigned i = 0; r.e->synq.pool.used > 0; i++) {
		assert_true(i < 2 * HALF);
		r.now += TG_SEC;
		tg_engine_advance(r.e, r.now, r.wall0, 1);
		assert_int_equal(sent_now(&r, SEG_S), 0);
	}
	assert_int_equal(COUNT(&r, SYN_RETRANS), 0);
	assert_int_equal(COUNT(&r, TIMEOUTS), 0);
	rig_turn(&r);
	forget_sent(&r);
	rig_close(&r);
}

/* SYN-ACKs that wait for a buffer, and the RST of giving up, are not sent any more. */
static void
what_waits_for_a_buffer_is_not_sent(void **state)
{
	tg_listener l;
	struct rig r;

	(void)state;
	l = full(&r);
	r.now += TG_SEC;
	tg_engine_advance(r.e, r.now, r.wall0, 4 * HALF);
	assert_int_equal(r.e->synq.resend.count, HALF);
	assert_int_equal(tg_unlisten(r.e, l), 0);
	while (r.e->synq.resend.count > 0) {
		uint32_t before = r.e->synq.resend.count;

		assert_int_equal(sent_now(&r, SEG_S), 0);
		assert_true(before - r.e->synq.resend.count <= 64);
	}
	assert_int_equal(r.e->synq.pool.used, 0);
	rig_turn(&r);
	forget_sent(&r);
	rig_close(&r);
}

/* Acked entries whose deferral is over find room when the accept queue is emptied, but not here. */
static void
deferred_entries_are_not_let_in(void **state)
{
	struct tg_listener_config cfg;
	tg_listener l;
	struct rig r;

	(void)state;
	bench_init(&r);
	bench_open(&r);
	tg_listener_config_init(&cfg);
	cfg.local.port = 80;
	cfg.worker = r.w;
	cfg.backlog = 1;
	cfg.syn_backlog = 10;
	cfg.defer_accept_s = 2;
	assert_int_equal(tg_listen(r.e, &cfg, &l), 0);
	for (uint16_t i = 0; i < 5; i++) {
		struct client c = client_of(&r, (uint16_t)(1000 + i), 80);

		client_opens(&c);
	}
	rig_until(&r, r.now + TG_SEC * 5 / 2, RIG_NO_STOP);
	assert_int_equal(r.e->synq.ready[(l & 0xffff) - 1].count, 3);
	forget_sent(&r);
	assert_int_equal(tg_unlisten(r.e, l), 0);
	/* the accept queue first: now there is room */
	tg_engine_advance(r.e, r.now, r.wall0, 2);
	tg_engine_advance(r.e, r.now, r.wall0, 2);
	rig_turn(&r);
	assert_int_equal(r.e->synq.pool.used, 0);
	assert_int_equal(COUNT(&r, PASSIVE_OPENS), 2);
	assert_int_equal(COUNT(&r, OUT_RSTS), 2);
	forget_sent(&r);
	rig_close(&r);
}

/* The same at the end of the deferral itself, whose turn comes before the walk's. */
static void
the_end_of_a_deferral_lets_nobody_in(void **state)
{
	struct tg_listener_config cfg;
	struct client c;
	tg_listener l;
	struct rig r;

	(void)state;
	bench_init(&r);
	bench_open(&r);
	tg_listener_config_init(&cfg);
	cfg.local.port = 80;
	cfg.worker = r.w;
	cfg.defer_accept_s = 2;
	assert_int_equal(tg_listen(r.e, &cfg, &l), 0);
	c = client_of(&r, 1000, 80);
	client_opens(&c);
	forget_sent(&r);
	assert_int_equal(tg_unlisten(r.e, l), 0);
	r.now += 3 * TG_SEC;
	/* too small a budget for the walk's share, which is a quarter */
	assert_int_equal(tg_engine_advance(r.e, r.now, r.wall0, 1), 1);
	assert_int_equal(r.e->synq.pool.used, 0);
	assert_int_equal(COUNT(&r, PASSIVE_OPENS), 0);
	rig_turn(&r);
	assert_int_equal(rig_waiting(&r), 0);
	rig_close(&r);
}

/* A connection that nobody has heard of gets its last ACK: nobody hears of it any more. */
static void
the_last_ack_of_a_late_fast_open_ends_it(void **state)
{
	struct tg_listener_config cfg;
	struct client c;
	tg_listener l;
	struct rig r;
	struct seg s;

	(void)state;
	bench_init(&r);
	bench_open(&r);
	tg_listener_config_init(&cfg);
	cfg.local.port = 80;
	cfg.worker = r.w;
	cfg.fastopen = TG_FASTOPEN_NO_COOKIE;
	cfg.fastopen_late = true;
	cfg.fastopen_qlen = 3;
	assert_int_equal(tg_listen(r.e, &cfg, &l), 0);
	c = client_of(&r, 1000, 80);
	client_sends(&c, SEG_S, 3);
	assert_true(next_sent(&r, &s));
	assert_int_equal(s.flags, SEG_S | SEG_A);
	c.ack = s.seq + 1;
	assert_int_equal(r.e->conns.tcb.used, 1);
	assert_int_equal(tg_unlisten(r.e, l), 0);
	client_sends(&c, SEG_A, 0);
	assert_false(tg_worker_pending(r.w));
	assert_true(next_sent(&r, &s));
	assert_true((s.flags & SEG_R) != 0);
	assert_int_equal(r.e->conns.tcb.used, 0);
	rig_close(&r);
}

/* An ICMP error about the SYN-ACK of an entry is nobody's, and counts for no listener. */
static void
errors_about_its_entries_match_nothing(void **state)
{
	const struct rig_rx rx = {.port = 0, .headroom = 64, .tailroom = 64};
	const struct seg_icmp x = {.type = 3,
		.code = 3,
		.from = tg_addr_v4(10, 0, 0, 2),
		.to = tg_addr_v4(10, 0, 0, 1),
		.quote = 28};
	uint8_t frame[SEG_FRAME_MAX];
	struct seg synack;
	struct client c;
	tg_listener l;
	struct rig r;

	(void)state;
	for (unsigned closing = 0; closing < 2; closing++) {
		bench_init(&r);
		bench_open(&r);
		l = bench_listen(&r, r.w, 80, 10);
		c = client_of(&r, 1000, 80);
		client_sends(&c, SEG_S, 0);
		assert_true(next_sent(&r, &synack));
		memcpy(synack.eth_dst, r.mac[0], 6);
		synack.eth_src[0] = 2;
		synack.eth_src[5] = 99;
		if (closing)
			assert_int_equal(tg_unlisten(r.e, l), 0);
		assert_int_equal(
			rig_feed(&r, frame, seg_icmp_write(&x, &synack, frame), &rx).disposition,
			closing ? TG_DISP_PASSED : TG_DISP_DELIVERED);
		assert_int_equal(COUNT(&r, LISTEN_DROPS), !closing);
		assert_int_equal(r.e->synq.pool.used, 0);
		rig_close(&r);
	}
}

static void
its_place_is_taken_until_it_is_done(void **state)
{
	tg_listener l[TG_LISTENERS_MAX], next;
	struct tg_listener_config cfg;
	struct rig r;

	(void)state;
	bench_init(&r);
	r.cfg.max_half_open = r.cfg.max_conns = TG_LISTENERS_MAX;
	bench_open(&r);
	for (unsigned i = 0; i < TG_LISTENERS_MAX; i++) {
		struct client c = client_of(&r, 7, (uint16_t)(1000 + i));

		l[i] = bench_listen(&r, r.w, (uint16_t)(1000 + i), 10);
		client_syn(&c);
	}
	tg_listener_config_init(&cfg);
	cfg.local.port = 1000;
	cfg.worker = r.w;
	for (unsigned i = 0; i < TG_LISTENERS_MAX; i++)
		assert_int_equal(tg_unlisten(r.e, l[i]), 0);
	assert_int_equal(tg_listen(r.e, &cfg, &next), -ENOSPC);
	rig_turn(&r);
	assert_int_equal(tg_listen(r.e, &cfg, &next), 0);
	assert_int_not_equal(next, l[0]);
	/* With nothing in its queues there is nothing to wait for. */
	for (unsigned i = 0; i < 1000; i++) {
		assert_int_equal(tg_unlisten(r.e, next), 0);
		assert_int_equal(tg_listen(r.e, &cfg, &next), 0);
	}
	rig_close(&r);
}

static void
a_reset_leaves_nothing_to_do(void **state)
{
	struct rig r;

	(void)state;
	full(&r);
	tg_engine_reset(r.e);
	assert_false(tg_lsn_any_closing(&r.e->listeners));
	assert_int_equal(r.e->synq.pool.used, 0);
	assert_int_equal(sent_now(&r, SEG_R), WAITING);
	assert_int_equal(r.e->conns.tcb.used, 0);
	rig_close(&r);
}

static void
a_drain_closes_bit_by_bit(void **state)
{
	struct tg_event ev[2];
	struct rig r;

	(void)state;
	full(&r);
	tg_engine_drain(r.e);
	assert_int_equal(r.e->synq.pool.used, HALF);
	assert_int_equal(tg_worker_events(r.w, ev, 2), 1);
	assert_int_equal(ev[0].what, TG_EV_DRAIN);
	rig_turn(&r);
	assert_int_equal(r.e->synq.pool.used, 0);
	assert_int_equal(r.e->conns.tcb.used, 0);
	forget_sent(&r);
	rig_close(&r);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_call_removes_more_than_its_budget),
		cmocka_unit_test(a_walk_over_the_entries_of_others_is_bounded_too),
		cmocka_unit_test(to_the_network_the_entries_are_gone_at_once),
		cmocka_unit_test(timers_of_its_entries_send_nothing),
		cmocka_unit_test(what_waits_for_a_buffer_is_not_sent),
		cmocka_unit_test(deferred_entries_are_not_let_in),
		cmocka_unit_test(the_end_of_a_deferral_lets_nobody_in),
		cmocka_unit_test(the_last_ack_of_a_late_fast_open_ends_it),
		cmocka_unit_test(errors_about_its_entries_match_nothing),
		cmocka_unit_test(its_place_is_taken_until_it_is_done),
		cmocka_unit_test(a_reset_leaves_nothing_to_do),
		cmocka_unit_test(a_drain_closes_bit_by_bit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
