/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Entries that become connections by themselves (complete.c): budgets, order, room at one listener
 * and not at another, and a deadline that neither sleeps past work nor calls for what cannot be.
 */
#include "engine_util.h"

#include "complete.h"

#define WAIT_S 3
#define N      10

static tg_listener
listen_deferred(struct rig *r, uint16_t port, uint32_t backlog)
{
	struct tg_listener_config cfg;
	tg_listener l;

	tg_listener_config_init(&cfg);
	cfg.local.port = port;
	cfg.backlog = backlog;
	cfg.syn_backlog = 100;
	cfg.defer_accept_s = WAIT_S;
	cfg.worker = r->w;
	assert_int_equal(tg_listen(r->e, &cfg, &l), 0);
	return l;
}

/* n clients whose bare ACK has come, to a listener that holds `backlog`. */
static tg_listener
start(struct rig *r, uint32_t backlog, uint32_t max_conns, unsigned n)
{
	tg_listener l;

	bench_init(r);
	r->cfg.accept_exact = true;
	r->cfg.max_conns = max_conns;
	bench_open(r);
	l = listen_deferred(r, 80, backlog);
	for (unsigned i = 0; i < n; i++) {
		struct client c = client_of(r, (uint16_t)(1000 + i), 80);

		assert_int_equal(client_opens(&c).disposition, TG_DISP_DELIVERED);
	}
	assert_int_equal(r->e->listeners.lsn[0].syn_acked, n);
	return l;
}

static const struct tg_lsn *
lsn(const struct rig *r, unsigned i)
{
	return &r->e->listeners.lsn[i];
}

/* The rig turns until nothing is due, so these call advance themselves. */
static unsigned
advance(struct rig *r, tg_time now, unsigned budget)
{
	r->now = now;
	return tg_engine_advance(r->e, now, r->wall0, budget);
}

static void
deferrals_that_end_together_come_in_by_the_budget(void **state)
{
	struct rig r;
	tg_time end;

	(void)state;
	start(&r, 100, 64, N);
	end = r.now + WAIT_S * TG_SEC;
	assert_int_equal(advance(&r, end - TG_MSEC, 64), 0);
	assert_int_equal(lsn(&r, 0)->acceptq.count, 0);
	for (unsigned i = 1; i <= N; i++) {
		assert_true(tg_engine_deadline(r.e, end) == end);
		assert_int_equal(advance(&r, end, 1), 1);
		assert_int_equal(lsn(&r, 0)->acceptq.count, i);
		assert_int_equal(lsn(&r, 0)->syn_count, N - i);
		rig_check(&r);
	}
	assert_int_equal(advance(&r, end, 1), 0);
	assert_true(tg_engine_deadline(r.e, end) > end);
	assert_int_equal(lsn(&r, 0)->passive_opens, N);
	assert_int_equal(COUNT(&r, LISTEN_OVERFLOWS), 0);
	rig_close(&r);
}

static void
who_waits_for_room_costs_nothing_until_there_is_some(void **state)
{
	tg_conn c[N];
	tg_listener l;
	struct rig r;
	tg_time end;

	(void)state;
	l = start(&r, 2, 64, N);
	end = r.now + WAIT_S * TG_SEC;
	rig_until(&r, end, RIG_NO_STOP);
	assert_int_equal(lsn(&r, 0)->acceptq.count, 2);
	assert_int_equal(lsn(&r, 0)->syn_acked, N - 2);
	/* found full once for each; nothing was dropped */
	assert_int_equal(COUNT(&r, LISTEN_OVERFLOWS), N - 2);
	assert_int_equal(COUNT(&r, LISTEN_DROPS), 0);
	/* nothing to do before they are given up: 63 s after the SYN-ACK, as any other entry */
	assert_false(tg_half_any_ready(r.e));
	assert_true(tg_engine_deadline(r.e, r.now) == end + (63 - WAIT_S) * TG_SEC);
	assert_int_equal(advance(&r, end + TG_SEC, 64), 0);
	/* room: now there is */
	assert_int_equal(tg_accept(r.w, l, c, 1), 1);
	assert_true(tg_half_any_ready(r.e));
	assert_true(tg_engine_deadline(r.e, r.now) == r.now);
	assert_int_equal(advance(&r, r.now, 64), 1);
	assert_true(tg_engine_deadline(r.e, r.now) > r.now);
	assert_int_equal(lsn(&r, 0)->acceptq.count, 2);
	/* as far as the budget goes */
	assert_int_equal(tg_accept(r.w, l, c, N), 2);
	assert_int_equal(advance(&r, r.now, 1), 1);
	assert_true(tg_engine_deadline(r.e, r.now) == r.now);
	assert_int_equal(advance(&r, r.now, 5), 1);
	rig_check(&r);
	assert_int_equal(COUNT(&r, LISTEN_OVERFLOWS), N - 2);
	rig_close(&r);
}

static void
who_found_no_room_gets_a_rst_in_the_end_within_the_budget(void **state)
{
	struct rig r;
	tg_time end;
	unsigned n = 0;

	(void)state;
	start(&r, 1, 64, N);
	end = r.now + 63 * TG_SEC;
	rig_until(&r, end - TG_MSEC, RIG_NO_STOP);
	assert_int_equal(lsn(&r, 0)->syn_acked, N - 1);
	assert_int_equal(COUNT(&r, OUT_RSTS), 0);
	for (; n < N - 1; n++) {
		assert_int_equal(advance(&r, end, 1), 1);
		assert_int_equal(r.e->synq.resend.count, n + 1);
		assert_true(tg_engine_deadline(r.e, end) == end);
		rig_check(&r);
	}
	assert_int_equal(advance(&r, end, 1), 0);
	rig_turn(&r);
	assert_int_equal(COUNT(&r, OUT_RSTS), N - 1);
	assert_int_equal(COUNT(&r, ATTEMPT_FAILS), 0);
	assert_int_equal(r.e->synq.pool.used, 0);
	forget_sent(&r);
	rig_close(&r);
}

static void
room_at_one_listener_is_none_at_another(void **state)
{
	tg_listener l[2];
	struct client c;
	tg_conn got[4];
	struct rig r;

	(void)state;
	l[0] = start(&r, 1, 64, 3);
	l[1] = listen_deferred(&r, 81, 1);
	for (unsigned i = 0; i < 3; i++) {
		c = client_of(&r, (uint16_t)(2000 + i), 81);
		client_opens(&c);
	}
	rig_until(&r, r.now + WAIT_S * TG_SEC, RIG_NO_STOP);
	assert_int_equal(lsn(&r, 0)->syn_count, 2);
	assert_int_equal(lsn(&r, 1)->syn_count, 2);
	assert_int_equal(tg_accept(r.w, l[1], got, 4), 1);
	rig_turn(&r);
	assert_int_equal(lsn(&r, 0)->syn_count, 2);
	assert_int_equal(lsn(&r, 1)->syn_count, 1);
	/* and those of a closed listener are no one's any more */
	assert_int_equal(tg_unlisten(r.e, l[0]), 0);
	rig_turn(&r);
	assert_int_equal(r.e->synq.pool.used, 1);
	assert_int_equal(tg_accept(r.w, l[1], got, 4), 1);
	tg_engine_drain(r.e);
	rig_turn(&r);
	assert_int_equal(r.e->synq.pool.used, 0);
	assert_false(tg_half_any_ready(r.e));
	forget_sent(&r);
	rig_close(&r);
}

/* Room in the queue is not all: the connection entries are shared by everyone. */
static void
without_connection_entries_it_waits_and_does_not_spin(void **state)
{
	tg_conn got[2];
	tg_listener l;
	struct rig r;

	(void)state;
	l = start(&r, 100, 1, 3);
	rig_until(&r, r.now + WAIT_S * TG_SEC, RIG_NO_STOP);
	assert_int_equal(lsn(&r, 0)->acceptq.count, 1);
	assert_int_equal(r.e->synq.ready[0].count, 2);
	assert_int_equal(COUNT(&r, LISTEN_OVERFLOWS), 0);
	assert_false(tg_half_any_ready(r.e));
	assert_true(tg_engine_deadline(r.e, r.now) > r.now);
	assert_int_equal(tg_accept(r.w, l, got, 2), 1);
	assert_int_equal(tg_abort(r.w, got[0]), 0);
	rig_turn(&r);
	assert_int_equal(lsn(&r, 0)->acceptq.count, 1);
	assert_int_equal(r.e->synq.ready[0].count, 1);
	forget_sent(&r);
	rig_close(&r);
}

/* tg_open_half(): "the entry is as it was". */
static void
an_entry_that_finds_no_connection_entry_is_as_it_was(void **state)
{
	struct tg_digest d = {0};
	struct tg_half was;
	struct rig r;

	(void)state;
	start(&r, 1, 1, 2);
	rig_until(&r, r.now + WAIT_S * TG_SEC, RIG_NO_STOP);
	was = *tg_half_at(&r.e->synq, r.e->synq.ready[0].head);
	assert_null(tg_open_half(r.e, r.e->synq.ready[0].head, &d, UINT32_MAX));
	assert_memory_equal(&was, tg_half_at(&r.e->synq, r.e->synq.ready[0].head), sizeof(was));
	assert_int_equal(COUNT(&r, TCB_FULL), 1);
	rig_check(&r);
	rig_close(&r);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(deferrals_that_end_together_come_in_by_the_budget),
		cmocka_unit_test(who_waits_for_room_costs_nothing_until_there_is_some),
		cmocka_unit_test(who_found_no_room_gets_a_rst_in_the_end_within_the_budget),
		cmocka_unit_test(room_at_one_listener_is_none_at_another),
		cmocka_unit_test(without_connection_entries_it_waits_and_does_not_spin),
		cmocka_unit_test(an_entry_that_finds_no_connection_entry_is_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
