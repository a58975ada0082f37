/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who gets buffers and places when there are not enough of them: half-open entries or connections
 * (tg_engine_set_low(), output.c).
 */
#include "engine_util.h"

#define MANY 300

static tg_listener
start(struct rig *r)
{
	bench_init(r);
	r->cfg.max_half_open = 1000;
	r->cfg.max_conns = 1000;
	bench_open(r);
	return bench_listen(r, r->w, 80, 1000);
}

/* n clients whose SYN-ACK was lost. */
static void
half_open(struct rig *r, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct client c = client_of(r, (uint16_t)(20000 + i), 80);

		assert_int_equal(client_syn(&c).action, TG_REPLY);
	}
	forget_sent(r);
}

/* n connections, each with bytes to send. */
static void
busy(struct rig *r, tg_listener l, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct client c = client_of(r, (uint16_t)(1000 + i), 80);

		client_opens(&c);
		assert_int_equal(tg_send(r->w, accept_one(r->w, l), "hello", 5), 5);
	}
	forget_sent(r);
}

static unsigned
half_open_now(const struct rig *r)
{
	struct tg_engine_usage u;

	tg_engine_usage(r->e, &u);
	return u.half_open;
}

/* One tg_engine_output() with so much room: SYN-ACKs in it, and all packets. */
static unsigned
output_once(struct rig *r, unsigned cap, unsigned *synacks)
{
	struct tg_pkt p[32];
	unsigned n = tg_engine_output(r->e, p, cap, r->now);

	*synacks = 0;
	for (unsigned i = 0; i < n; i++) {
		struct seg s;

		assert_null(seg_read(p[i].data, p[i].len, &s));
		*synacks += (s.flags & SEG_S) != 0;
		/* Whoever stages packets learns whose they are. */
		assert_int_equal((p[i].flags & TG_TX_RESERVE) != 0, (s.flags & SEG_S) == 0);
		tenv_buf_pass(&r->tenv, p[i].buf, TENV_ENGINE, TENV_TEST);
		tenv_buf_release(&r->tenv, p[i].buf);
	}
	return n;
}

/* Timers fire, nothing is sent. */
static void
timers(struct rig *r, tg_time later)
{
	r->now += later;
	tg_engine_advance(r->e, r->now, 1, 10000);
}

static void
short_of_buffers_connections_go_on_and_synacks_do_not(void **state)
{
	struct rig r;
	tg_listener l;
	struct seg s;

	(void)state;
	l = start(&r);
	busy(&r, l, 1);
	half_open(&r, 1);
	tg_engine_set_low(r.e, true);
	rig_until(&r, r.now + 2 * TG_SEC, RIG_NO_STOP);
	assert_true(rig_waiting(&r) > 0); /* the data, again and again */
	while (next_sent(&r, &s))
		assert_int_equal(s.len, 5);
	assert_int_equal(COUNT(&r, SYNACK_LOW), 1);
	assert_int_equal(COUNT(&r, SYN_RETRANS), 0);
	/* The next timeout, 3 s after the SYN, finds buffers. */
	tg_engine_set_low(r.e, false);
	rig_until(&r, r.now + 2 * TG_SEC, RIG_NO_STOP);
	assert_int_equal(COUNT(&r, SYNACK_LOW), 1);
	assert_int_equal(COUNT(&r, SYN_RETRANS), 1);
	forget_sent(&r);
	rig_close(&r);
}

static void
short_of_buffers_an_entry_ends_when_it_always_does(void **state)
{
	struct rig r;

	(void)state;
	start(&r);
	half_open(&r, 1);
	tg_engine_set_low(r.e, true);
	rig_until(&r, r.now + 62 * TG_SEC, RIG_NO_STOP);
	assert_int_equal(half_open_now(&r), 1);
	rig_until(&r, r.now + 2 * TG_SEC, RIG_NO_STOP);
	assert_int_equal(half_open_now(&r), 0);
	assert_int_equal(rig_waiting(&r), 0);
	assert_int_equal(COUNT(&r, SYNACK_LOW), 5);
	rig_close(&r);
}

static void
short_of_buffers_what_waited_for_one_is_passed_over_in_bounded_steps(void **state)
{
	struct rig r;
	unsigned synacks, before = 0, calls = 0;

	(void)state;
	start(&r);
	half_open(&r, MANY);
	/* All of them wait for a buffer... */
	timers(&r, TG_SEC + TG_MSEC);
	assert_true(tg_engine_deadline(r.e, r.now) == r.now);
	/* ... when it becomes known that there will be none. */
	tg_engine_set_low(r.e, true);
	while (tg_engine_deadline(r.e, r.now) == r.now) {
		assert_int_equal(output_once(&r, 4, &synacks), 0);
		assert_true(COUNT(&r, SYNACK_LOW) > before);
		assert_true(COUNT(&r, SYNACK_LOW) <= before + 4);
		before = (unsigned)COUNT(&r, SYNACK_LOW);
		calls++;
	}
	assert_int_equal(before, MANY);
	assert_true(calls > 1);
	assert_int_equal(r.tenv.buf_refused, 0);
	rig_close(&r);
}

static void
a_flood_of_timeouts_does_not_silence_connections(void **state)
{
	struct rig r;
	tg_listener l;
	unsigned synacks;

	(void)state;
	l = start(&r);
	half_open(&r, MANY);
	timers(&r, TG_SEC + TG_MSEC);
	busy(&r, l, 1); /* its handshake lets all SYN-ACKs out */
	assert_int_equal(COUNT(&r, SYN_RETRANS), MANY);
	/* Once more, with the data of a connection waiting behind them. */
	timers(&r, 2 * TG_SEC + TG_MSEC);
	assert_int_equal(output_once(&r, 32, &synacks), 32);
	assert_int_equal(synacks, 31);
	while (output_once(&r, 32, &synacks) > 0)
		;
	rig_close(&r);
}

static void
busy_connections_do_not_silence_half_open_entries(void **state)
{
	struct rig r;
	tg_listener l;
	unsigned synacks;

	(void)state;
	l = start(&r);
	half_open(&r, 40);
	r.tenv.buf_outage = true;
	for (unsigned i = 0; i < 40; i++) {
		struct client c = client_of(&r, (uint16_t)(1000 + i), 80);

		client_opens(&c);
		/* a FIN needs no buffer until it leaves */
		assert_int_equal(tg_shutdown(r.w, accept_one(r.w, l)), 0);
	}
	forget_sent(&r);
	timers(&r, TG_SEC + TG_MSEC);
	r.tenv.buf_outage = false;
	assert_int_equal(output_once(&r, 32, &synacks), 32);
	assert_int_equal(synacks, 8);
	/* With room for one it is a connection's. */
	assert_int_equal(output_once(&r, 1, &synacks), 1);
	assert_int_equal(synacks, 0);
	/* What connections leave is theirs too. */
	assert_int_equal(output_once(&r, 32, &synacks), 32);
	assert_int_equal(synacks, 17);
	while (output_once(&r, 32, &synacks) > 0)
		;
	rig_close(&r);
}

static void
timers_of_connections_come_before_those_of_a_flood(void **state)
{
	struct client c;
	struct rig r;
	tg_listener l;
	unsigned synacks;
	tg_conn h;

	(void)state;
	l = start(&r);
	c = client_of(&r, 1000, 80);
	client_opens(&c);
	h = accept_one(r.w, l);
	half_open(&r, MANY);
	assert_int_equal(tg_send(r.w, h, "hello", 5), 5);
	rig_turn(&r);
	assert_int_equal(rig_waiting(&r), 1);
	forget_sent(&r);
	/* Everything is overdue, and a turn fires 8: the data's timer is among them. */
	r.now += 2 * TG_SEC;
	assert_int_equal(tg_engine_advance(r.e, r.now, 1, 8), 8);
	assert_int_equal(output_once(&r, 32, &synacks), 8);
	assert_int_equal(synacks, 7);
	rig_turn(&r);
	forget_sent(&r);
	rig_close(&r);
}

/* What `budget` timers lead to, all of it: SYN-ACKs, and packets of connections. */
static unsigned
fire(struct rig *r, unsigned budget, unsigned *synacks)
{
	unsigned n, more, conns = 0;

	assert_int_equal(tg_engine_advance(r->e, r->now, 1, budget), budget);
	*synacks = 0;
	while ((n = output_once(r, 32, &more)) > 0) {
		*synacks += more;
		conns += n - more;
	}
	return conns;
}

static void
timers_of_half_open_entries_get_a_quarter(void **state)
{
	unsigned synacks;
	tg_listener l;
	struct rig r;

	(void)state;
	l = start(&r);
	busy(&r, l, 60); /* fewer than the wheel moves in a turn */
	rig_turn(&r);
	forget_sent(&r);
	r.now += 2 * TG_SEC;
	/* All of it while nobody else wants any. */
	assert_int_equal(fire(&r, 40, &synacks), 40);
	assert_int_equal(synacks, 0);
	half_open(&r, MANY);
	r.now += 5 * TG_SEC;
	assert_int_equal(fire(&r, 40, &synacks), 30);
	assert_int_equal(synacks, 10);
	rig_turn(&r);
	forget_sent(&r);
	rig_close(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_of_buffers_connections_go_on_and_synacks_do_not),
		cmocka_unit_test(short_of_buffers_an_entry_ends_when_it_always_does),
		cmocka_unit_test(
			short_of_buffers_what_waited_for_one_is_passed_over_in_bounded_steps),
		cmocka_unit_test(a_flood_of_timeouts_does_not_silence_connections),
		cmocka_unit_test(timers_of_connections_come_before_those_of_a_flood),
		cmocka_unit_test(timers_of_half_open_entries_get_a_quarter),
		cmocka_unit_test(busy_connections_do_not_silence_half_open_entries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
