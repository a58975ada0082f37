/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Deadlines and budgets (advance.c), and the three steps of stopping (engine.c).
 */
#include "engine_util.h"

#include <errno.h>

static tg_listener
start(struct rig *r)
{
	bench_init(r);
	bench_open(r);
	return bench_listen(r, r->w, 80, 100);
}

/** Fails unless the engine holds nothing any more. */
static void
is_empty(const struct rig *r)
{
	struct tg_engine_usage u;

	tg_engine_usage(r->e, &u);
	assert_int_equal(u.conns, 0);
	assert_int_equal(u.half_open, 0);
	assert_int_equal(u.segments, 0);
	assert_int_equal(u.listeners, 0);
	assert_int_equal(r->tenv.engine_bufs, 0);
}

static void
an_idle_engine_has_no_deadline(void **state)
{
	struct client c;
	struct rig r;

	(void)state;
	start(&r);
	assert_true(tg_engine_deadline(r.e, r.now) == TG_TIME_NEVER);
	c = client_of(&r, 1, 80);
	client_opens(&c);
	rig_until(&r, r.now + 10 * TG_SEC, RIG_NO_STOP);
	assert_true(tg_engine_deadline(r.e, r.now) == TG_TIME_NEVER);
	rig_close(&r);
}

static void
the_deadline_is_the_earliest_timer(void **state)
{
	struct client c;
	tg_listener l;
	struct rig r;
	tg_conn h;

	(void)state;
	l = start(&r);
	c = client_of(&r, 1, 80);
	client_syn(&c);
	assert_true(tg_engine_deadline(r.e, r.now) == r.now + TG_SEC);
	assert_true(tg_engine_deadline(r.e, r.now + 2 * TG_SEC) == r.now + 2 * TG_SEC);
	client_sends(&c, SEG_A, 0);
	h = accept_one(r.w, l);
	tg_send(r.w, h, "x", 1);
	assert_true(tg_engine_deadline(r.e, r.now) == r.now); /* something waits to leave */
	rig_turn(&r);
	assert_true(tg_engine_deadline(r.e, r.now) > r.now);
	assert_true(tg_engine_deadline(r.e, r.now) <= r.now + TG_SEC);
	forget_sent(&r);
	rig_close(&r);
}

static void
time_wait_has_a_deadline_of_its_own(void **state)
{
	struct client c;
	tg_listener l;
	struct rig r;

	(void)state;
	l = start(&r);
	c = client_of(&r, 1, 80);
	client_opens(&c);
	tg_close(r.w, accept_one(r.w, l));
	rig_turn(&r);
	c.ack++;
	client_sends(&c, SEG_A | SEG_F, 0);
	assert_true(tg_engine_deadline(r.e, r.now) == r.now + 60 * TG_SEC);
	rig_until(&r, r.now + 60 * TG_SEC, RIG_NO_STOP);
	assert_true(tg_engine_deadline(r.e, r.now) == TG_TIME_NEVER);
	assert_int_equal(COUNT(&r, TW), 1);
	forget_sent(&r);
	rig_close(&r);
}

static void
advance_keeps_to_its_budget(void **state)
{
	unsigned fired = 0;
	struct rig r;

	(void)state;
	start(&r);
	for (uint16_t i = 0; i < 40; i++) {
		struct client c = client_of(&r, (uint16_t)(i + 1), 80);

		client_syn(&c);
	}
	r.now += TG_SEC;
	assert_int_equal(tg_engine_advance(r.e, r.now, r.wall0, 0), 0);
	for (unsigned n; (n = tg_engine_advance(r.e, r.now, r.wall0, 7)) > 0; fired += n)
		assert_true(n <= 7);
	assert_int_equal(fired, 40);
	rig_turn(&r);
	assert_int_equal(rig_waiting(&r), 40);
	forget_sent(&r);
	rig_close(&r);
}

static void
connection_timers_share_the_budget(void **state)
{
	tg_listener l;
	unsigned fired = 0;
	struct rig r;

	(void)state;
	l = start(&r);
	for (uint16_t i = 0; i < 40; i++) {
		struct client c = client_of(&r, (uint16_t)(i + 1), 80);

		client_opens(&c);
		assert_int_equal(tg_send(r.w, accept_one(r.w, l), "x", 1), 1);
	}
	rig_turn(&r);
	r.now += 10 * TG_SEC;
	for (unsigned n; (n = tg_engine_advance(r.e, r.now, r.wall0, 33)) > 0; fired += n)
		assert_true(n <= 33);
	assert_true(fired >= 40);
	forget_sent(&r);
	rig_turn(&r);
	assert_int_equal(rig_waiting(&r), 40); /* each sent again, once */
	forget_sent(&r);
	rig_close(&r);
}

/**
 * A half-open entry, five accepted connections and two that nobody has accepted, some with data in
 * either direction, one with the peer's FIN.
 */
static unsigned
crowd(struct rig *r, tg_listener l, struct client c[8], tg_conn h[8])
{
	unsigned accepted = 0;

	for (uint16_t i = 0; i < 8; i++) {
		c[i] = client_of(r, (uint16_t)(i + 1), 80);
		if (i == 0) {
			client_syn(&c[i]);
			continue;
		}
		client_opens(&c[i]);
		if (i <= 5)
			h[accepted++] = accept_one(r->w, l);
		if (i >= 4)
			client_sends(&c[i], SEG_A | (i == 5 ? SEG_F : 0), 1000);
		if (i == 3 || i == 5)
			assert_int_equal(tg_send(r->w, h[accepted - 1], "hello", 5), 5);
	}
	rig_turn(r);
	forget_sent(r);
	return accepted;
}

static void
drain_closes_listeners_and_tells_workers(void **state)
{
	struct tg_event ev[8];
	struct client a, b;
	tg_conn conn[2];
	tg_listener l;
	struct seg s;
	struct rig r;

	(void)state;
	l = start(&r);
	a = client_of(&r, 1, 80);
	client_opens(&a);
	tg_worker_events(r.w, ev, 8);
	accept_one(r.w, l);
	b = client_of(&r, 2, 80);
	client_opens(&b); /* nobody accepts it any more */
	forget_sent(&r);
	tg_engine_drain(r.e);
	assert_true(tg_worker_pending(r.w));
	assert_int_equal(tg_worker_events(r.w, ev, 8), 1);
	assert_int_equal(ev[0].what, TG_EV_DRAIN);
	assert_true(ev[0].conn == 0 && ev[0].listener == 0);
	assert_int_equal(tg_worker_events(r.w, ev, 8), 0);
	assert_int_equal(tg_accept(r.w, l, conn, 2), 0);
	rig_turn(&r);
	assert_true(next_sent(&r, &s));
	assert_int_equal(s.flags & SEG_R, SEG_R);
	assert_int_equal(s.dport, 2);
	assert_false(next_sent(&r, &s)); /* the accepted one lives on */
	assert_int_equal(client_sends(&a, SEG_A, 10).disposition, TG_DISP_DELIVERED);
	forget_sent(&r);
	rig_close(&r);
}

static void
finish_sends_a_fin_on_every_connection_once(void **state)
{
	unsigned fins = 0;
	struct client c[8];
	tg_conn h[8];
	tg_listener l;
	struct seg s;
	struct rig r;

	(void)state;
	l = start(&r);
	crowd(&r, l, c, h);
	tg_engine_drain(r.e);
	rig_turn(&r);
	forget_sent(&r);
	tg_engine_finish(r.e);
	tg_engine_finish(r.e);
	rig_turn(&r);
	while (next_sent(&r, &s)) {
		assert_int_equal(s.flags & SEG_R, 0);
		fins += (s.flags & SEG_F) != 0;
	}
	assert_int_equal(fins, 5); /* the others were closed with their listener */
	tg_engine_reset(r.e);
	rig_turn(&r);
	is_empty(&r);
	forget_sent(&r);
	rig_close(&r);
}

static void
reset_leaves_no_connection_and_no_segment(void **state)
{
	unsigned n, rsts = 0;
	struct tg_event ev[8];
	struct client c[8];
	tg_conn h[8];
	tg_listener l;
	struct seg s;
	struct rig r;

	(void)state;
	l = start(&r);
	n = crowd(&r, l, c, h);
	tg_worker_events(r.w, ev, 8);
	tg_engine_reset(r.e);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(tg_close(r.w, h[i]), -EBADF);
	assert_int_equal(tg_worker_events(r.w, ev, 8), 0);
	rig_turn(&r);
	while (next_sent(&r, &s))
		rsts += (s.flags & SEG_R) != 0;
	assert_int_equal(rsts, 7); /* half-open entries vanish silently */
	is_empty(&r);
	rig_close(&r);
}

static void
reset_frees_what_was_over_already(void **state)
{
	struct client c;
	tg_listener l;
	struct rig r;
	tg_conn h;

	(void)state;
	l = start(&r);
	c = client_of(&r, 1, 80);
	client_opens(&c);
	h = accept_one(r.w, l);
	client_sends(&c, SEG_A, 100);
	client_sends(&c, SEG_R, 0); /* dead, its bytes unread, its handle held */
	forget_sent(&r);
	tg_engine_reset(r.e);
	assert_int_equal(tg_close(r.w, h), -EBADF);
	rig_turn(&r);
	assert_int_equal(rig_waiting(&r), 0);
	is_empty(&r);
	rig_close(&r);
}

static void
reset_without_buffers_ends_when_there_are_some(void **state)
{
	struct client c[8];
	tg_conn h[8];
	tg_listener l;
	struct rig r;

	(void)state;
	l = start(&r);
	crowd(&r, l, c, h);
	r.tenv.buf_outage = true;
	tg_engine_reset(r.e);
	rig_turn(&r);
	assert_true(COUNT(&r, TX_NO_BUFFER) > 0);
	r.tenv.buf_outage = false;
	rig_turn(&r);
	is_empty(&r);
	forget_sent(&r);
	rig_close(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_idle_engine_has_no_deadline),
		cmocka_unit_test(the_deadline_is_the_earliest_timer),
		cmocka_unit_test(time_wait_has_a_deadline_of_its_own),
		cmocka_unit_test(advance_keeps_to_its_budget),
		cmocka_unit_test(connection_timers_share_the_budget),
		cmocka_unit_test(drain_closes_listeners_and_tells_workers),
		cmocka_unit_test(finish_sends_a_fin_on_every_connection_once),
		cmocka_unit_test(reset_leaves_no_connection_and_no_segment),
		cmocka_unit_test(reset_frees_what_was_over_already),
		cmocka_unit_test(reset_without_buffers_ends_when_there_are_some),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
