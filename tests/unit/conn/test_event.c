/* SPDX-License-Identifier: BSD-3-Clause */
#include "conn_util.h"

#include <errno.h>

static void
nothing_is_told_before_the_worker_has_accepted(void **state)
{
	struct world w;
	struct tg_tcb *t;

	(void)state;
	world_start(&w);
	t = world_conn_unaccepted(&w, 1000);
	tg_event_raise(&w.cs, t, TG_EV_READ);
	assert_int_equal(next_event(&w, NULL), 0);
	tg_event_accepted(&w.cs, t);
	assert_int_equal(next_event(&w, NULL), 0); /* nothing is readable */
	world_close(&w);
}

static void
what_became_true_before_is_told_on_accept(void **state)
{
	struct world w;
	struct tg_event ev;
	struct tg_tcb *data, *fin, *rst;

	(void)state;
	world_start(&w);
	data = world_conn_unaccepted(&w, 1000);
	fin = world_conn_unaccepted(&w, 1000);
	rst = world_conn_unaccepted(&w, 1000);
	peer_sends(&w, data, &(struct in){.flags = TG_ACK, .wnd = 1000, .len = 5});
	peer_sends(&w, fin, &(struct in){.flags = TG_ACK | TG_FIN, .wnd = 1000});
	peer_sends(&w, rst, &(struct in){.flags = TG_RST});
	assert_int_equal(next_event(&w, NULL), 0);
	tg_event_accepted(&w.cs, data);
	tg_event_accepted(&w.cs, fin);
	tg_event_accepted(&w.cs, rst);
	assert_int_equal(next_event(&w, &ev), TG_EV_READ);
	assert_true(ev.conn == tg_tcb_handle(&w.cs, data));
	assert_int_equal(ev.error, 0);
	assert_int_equal(next_event(&w, &ev), TG_EV_READ);
	assert_true(ev.conn == tg_tcb_handle(&w.cs, fin));
	assert_int_equal(next_event(&w, &ev), TG_EV_CLOSED);
	assert_true(ev.conn == tg_tcb_handle(&w.cs, rst));
	assert_int_equal(ev.error, -ECONNRESET);
	assert_int_equal(next_event(&w, NULL), 0);
	world_close(&w);
}

static void
conditions_of_one_connection_are_merged_into_one_event(void **state)
{
	struct world w;
	struct tg_event ev;
	struct tg_tcb *t;
	int mine;

	(void)state;
	world_start(&w);
	t = world_conn(&w, 1000);
	t->user = &mine;
	tg_event_raise(&w.cs, t, TG_EV_READ);
	tg_event_raise(&w.cs, t, TG_EV_WRITE);
	tg_event_raise(&w.cs, t, TG_EV_READ);
	assert_int_equal(w.cs.events[0].count, 1);
	assert_int_equal(next_event(&w, &ev), TG_EV_READ | TG_EV_WRITE);
	assert_ptr_equal(ev.user, &mine);
	assert_int_equal(ev.listener, 0);
	assert_int_equal(ev.error, 0);
	assert_int_equal(next_event(&w, NULL), 0);
	tg_event_raise(&w.cs, t, TG_EV_WRITE);
	assert_int_equal(next_event(&w, NULL), TG_EV_WRITE); /* and is an edge of its own later */
	world_close(&w);
}

static void
events_come_in_order_and_to_their_worker(void **state)
{
	struct world w;
	struct tg_event ev;
	struct tg_tcb *t[TG_WORKERS_MAX];

	(void)state;
	world_start(&w);
	for (uint8_t i = 0; i < TG_WORKERS_MAX; i++) {
		w.proven.worker = i;
		t[i] = world_conn(&w, 1000);
	}
	for (unsigned i = TG_WORKERS_MAX; i-- > 0;)
		tg_event_raise(&w.cs, t[i], TG_EV_READ);
	for (unsigned i = 0; i < TG_WORKERS_MAX; i++) {
		assert_true(tg_event_take(&w.cs, i, &ev));
		assert_true(ev.conn == tg_tcb_handle(&w.cs, t[i]));
		assert_false(tg_event_take(&w.cs, i, &ev));
	}
	t[1]->worker = t[2]->worker = 0;
	for (unsigned i = 0; i < 3; i++)
		tg_event_raise(&w.cs, t[i], TG_EV_READ);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(next_event(&w, &ev), TG_EV_READ);
		assert_true(ev.conn == tg_tcb_handle(&w.cs, t[i]));
	}
	world_close(&w);
}

static void
a_cancelled_event_is_never_seen(void **state)
{
	struct world w;
	struct tg_tcb *t, *u;
	struct tg_event ev;

	(void)state;
	world_start(&w);
	t = world_conn(&w, 1000);
	u = world_conn(&w, 1000);
	tg_event_raise(&w.cs, t, TG_EV_READ);
	tg_event_raise(&w.cs, u, TG_EV_READ);
	tg_event_cancel(&w.cs, t);
	tg_event_cancel(&w.cs, t);
	assert_int_equal(next_event(&w, &ev), TG_EV_READ);
	assert_true(ev.conn == tg_tcb_handle(&w.cs, u));
	assert_int_equal(next_event(&w, NULL), 0);
	world_close(&w);
}

static void
a_worker_that_closed_hears_no_more(void **state)
{
	struct world w;
	struct tg_tcb *t;

	(void)state;
	world_start(&w);
	t = world_conn(&w, 1000);
	tg_event_raise(&w.cs, t, TG_EV_WRITE);
	tg_conn_close(&w.cs, t, w.now);
	assert_int_equal(next_event(&w, NULL), 0);
	tg_event_raise(&w.cs, t, TG_EV_READ);
	assert_int_equal(next_event(&w, NULL), 0);
	world_close(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_told_before_the_worker_has_accepted),
		cmocka_unit_test(what_became_true_before_is_told_on_accept),
		cmocka_unit_test(conditions_of_one_connection_are_merged_into_one_event),
		cmocka_unit_test(events_come_in_order_and_to_their_worker),
		cmocka_unit_test(a_cancelled_event_is_never_seen),
		cmocka_unit_test(a_worker_that_closed_hears_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
