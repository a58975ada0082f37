/* SPDX-License-Identifier: BSD-3-Clause */
#include "conn_util.h"

#include <errno.h>

static void
every_failing_allocation_is_enomem_and_nothing_is_kept(void **state)
{
	struct world w;
	uint32_t i = 0;
	int rc;

	(void)state;
	do {
		world_init(&w);
		w.tenv.mem_fail_at = ++i;
		rc = world_open(&w);
		assert_true(rc == 0 || rc == -ENOMEM);
		tg_flow_fini(&w.flow, &w.mem);
		if (rc == 0)
			tg_conns_fini(&w.cs, &w.mem);
		else {
			tg_tw_fini(&w.cs.tw, &w.mem);
			tg_segs_fini(&w.cs.segs, &w.mem);
			tg_pool_fini(&w.cs.tcb, &w.mem);
		}
		tenv_check_empty(&w.tenv);
	} while (rc != 0);
	assert_int_equal(i, 5); /* three pools and the flow table, each refused once */
}

static void
a_handshake_becomes_what_it_agreed(void **state)
{
	struct tg_tcb *t;
	struct world w;

	(void)state;
	world_init(&w);
	w.proven.irs = UINT32_MAX;
	w.proven.iss = UINT32_MAX - 1;
	w.proven.has_wscale = true;
	w.proven.wscale = 7;
	w.proven.sack = true;
	w.proven.ts = true;
	w.proven.ts_recent = 42;
	w.proven.cookie = true;
	w.proven.mss = 1400;
	w.proven.rcv_wnd = 5000;
	w.proven.rtt_ms = 20;
	assert_int_equal(world_open(&w), 0);
	t = world_conn_unaccepted(&w, 800);
	assert_int_equal(t->state, TG_ESTABLISHED);
	assert_int_equal(t->rcv_nxt, 0);
	assert_int_equal(t->rcv_adv, 5000);
	assert_int_equal(t->snd_una, UINT32_MAX);
	assert_int_equal(t->snd_nxt, UINT32_MAX);
	assert_int_equal(t->snd_max, UINT32_MAX);
	assert_int_equal(t->snd_wnd, 800);
	assert_int_equal(t->snd_wscale, 7);
	assert_int_equal(t->snd_mss, 1400 - 12);
	assert_int_equal(t->ts_recent, 42);
	assert_int_equal(
		t->flags, TG_TCB_TS | TG_TCB_SACK | TG_TCB_WSCALE | TG_TCB_COOKIE | TG_TCB_NODELAY);
	assert_int_equal(t->srtt_us8 / 8, 20000);
	assert_int_equal(t->cwnd, 10 * (1400 - 12));
	assert_int_equal(CNT(&w, PASSIVE_OPENS), 1);
	world_close(&w);
}

static void
a_scale_that_was_not_agreed_does_not_count(void **state)
{
	struct tg_tcb *t;
	struct world w;

	(void)state;
	world_init(&w);
	w.proven.wscale = 7; /* a cookie's "none" looks like a number too */
	assert_int_equal(world_open(&w), 0);
	t = world_conn(&w, 800);
	assert_int_equal(t->snd_wscale, 0);
	world_close(&w);
}

static void
segments_fit_the_peer_the_path_and_the_buffer(void **state)
{
	static const struct {
		uint16_t mss, own;
		uint32_t buf;
		bool v6, ts;
		uint16_t want;
	} ROW[] = {
		{1460, 1460, 2048, false, false, 1460},
		{1460, 1460, 1536, false, false, 1460},
		{8960, 1460, 2048, false, true, 1448},
		{536, 8960, 2048, false, false, 536},
		{8960, 8960, 2048, false, false, 2048 - 22 - 40},
		{8940, 8940, 2048, true, true, 2048 - 22 - 60 - 12},
		{65535, 9176, 65535, false, false, 9176},
		{88, 1460, 2048, false, true, 76},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(ROW) / sizeof(ROW[0]); i++) {
		struct world w;

		world_init(&w);
		w.cfg.buf_size = ROW[i].buf;
		w.proven.mss = ROW[i].mss;
		w.proven.own_mss = ROW[i].own;
		w.proven.v6 = ROW[i].v6;
		w.proven.ts = ROW[i].ts;
		assert_int_equal(world_open(&w), 0);
		assert_int_equal(world_conn(&w, 1000)->snd_mss, ROW[i].want);
		world_close(&w);
	}
}

static void
rfc6298_5_7_a_lost_syn_ack_starts_carefully(void **state)
{
	struct tg_tcb *t;
	struct world w;

	(void)state;
	world_init(&w);
	w.proven.synack_resent = true;
	w.proven.rtt_ms = 10; /* of whom? Karn */
	assert_int_equal(world_open(&w), 0);
	t = world_conn(&w, 1000);
	assert_int_equal(tg_rto(t), 3000);
	assert_int_equal(t->srtt_us8, 0);
	assert_int_equal(t->cwnd, t->snd_mss);
	world_close(&w);
}

static void
a_full_pool_gives_none_and_comes_back(void **state)
{
	struct tg_tcb *t[16];
	struct world w;

	(void)state;
	world_start(&w);
	for (unsigned i = 0; i < 16; i++)
		t[i] = world_conn(&w, 1000);
	assert_null(world_conn(&w, 1000));
	assert_int_equal(CNT(&w, PASSIVE_OPENS), 16);
	tg_conn_abort(&w.cs, t[3]);
	assert_null(world_conn(&w, 1000)); /* its RST has to leave first */
	world_output(&w);
	assert_ptr_equal(world_conn(&w, 1000), t[3]);
	world_close(&w);
}

static void
a_stale_handle_is_never_another_connection(void **state)
{
	struct world w;
	tg_conn old[100];

	(void)state;
	world_init(&w);
	w.cfg.max_conns = 1;
	assert_int_equal(world_open(&w), 0);
	for (unsigned i = 0; i < 100; i++) {
		struct tg_tcb *t = world_conn(&w, 1000);

		old[i] = tg_tcb_handle(&w.cs, t);
		assert_true(old[i] != 0);
		assert_ptr_equal(tg_tcb_find(&w.cs, old[i]), t);
		for (unsigned k = 0; k < i; k++)
			assert_null(tg_tcb_find(&w.cs, old[k]));
		tg_conn_abort(&w.cs, t);
		assert_null(tg_tcb_find(&w.cs, old[i]));
		world_output(&w);
		assert_null(tg_tcb_find(&w.cs, old[i]));
	}
	world_close(&w);
}

static void
hostile_handles_are_not_found(void **state)
{
	static const tg_conn BAD[] = {0, 1, 2, UINT32_MAX, UINT64_MAX, UINT64_C(1) << 32,
		UINT64_C(2) << 32 | 1, UINT64_C(1) << 32 | 17, UINT64_C(1) << 32 | 2};
	struct world w;
	struct tg_tcb *t;

	(void)state;
	world_start(&w);
	for (unsigned i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
		assert_null(tg_tcb_find(&w.cs, BAD[i]));
	t = world_conn_unaccepted(&w, 1000);
	for (unsigned i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
		assert_null(tg_tcb_find(&w.cs, BAD[i]));
	assert_null(tg_tcb_find(&w.cs, tg_tcb_handle(&w.cs, t))); /* nobody has it yet */
	tg_event_accepted(&w.cs, t);
	assert_ptr_equal(tg_tcb_find(&w.cs, tg_tcb_handle(&w.cs, t)), t);
	tg_conn_close(&w.cs, t, w.now);
	assert_null(tg_tcb_find(&w.cs, tg_tcb_handle(&w.cs, t)));
	world_close(&w);
}

static void
generations_wrap_without_making_handle_zero(void **state)
{
	struct world w;
	struct tg_tcb *t;

	(void)state;
	world_init(&w);
	w.cfg.max_conns = 1;
	assert_int_equal(world_open(&w), 0);
	t = world_conn(&w, 1000);
	tg_conn_abort(&w.cs, t);
	world_output(&w);
	t->generation = UINT32_MAX;
	t = world_conn(&w, 1000);
	assert_int_equal(t->generation, 0);
	assert_true(tg_tcb_handle(&w.cs, t) != 0);
	assert_ptr_equal(tg_tcb_find(&w.cs, tg_tcb_handle(&w.cs, t)), t);
	world_close(&w);
}

static void
a_dead_connection_waits_for_its_worker(void **state)
{
	struct world w;
	struct tg_tcb *t;
	uint8_t buf[8];
	tg_conn h;

	(void)state;
	world_start(&w);
	t = world_conn(&w, 1000);
	h = tg_tcb_handle(&w.cs, t);
	peer_sends(&w, t, &(struct in){.flags = TG_ACK, .len = 5, .wnd = 9});
	peer_sends(&w, t, &(struct in){.flags = TG_RST, .seq = 5});
	assert_int_equal(w.cs.wheel.count, 0);
	assert_int_equal(w.cs.out.count, 0);
	assert_ptr_equal(tg_tcb_find(&w.cs, h), t);
	assert_int_equal(tg_data_read(&w.cs, t, buf, 8), 5); /* what came before is there */
	tg_conn_close(&w.cs, t, w.now);
	assert_null(tg_tcb_find(&w.cs, h));
	assert_int_equal(w.cs.tcb.used, 0);
	assert_int_equal(world_output(&w), 0);
	world_close(&w);
}

static void
a_restarted_timer_leaves_the_wheel_alone(void **state)
{
	struct world w;
	struct tg_tcb *t;
	tg_ms armed;

	(void)state;
	world_start(&w);
	t = world_conn(&w, 1000);
	t->snd_bytes = 0;
	tg_tcb_start(&w.cs, t, TG_TCB_T_IDLE, 1000, w.now);
	armed = t->timer.deadline;
	w.now += 900 * TG_MSEC;
	tg_tcb_start(&w.cs, t, TG_TCB_T_IDLE, 1000, w.now); /* later: the wheel is not touched */
	assert_int_equal(t->timer.deadline, armed);
	tg_tcb_start(&w.cs, t, TG_TCB_T_DELACK, 50, w.now); /* earlier: it is */
	assert_int_equal(t->timer.deadline, armed - 50);
	world_wait(&w, 50);
	assert_int_equal(CNT(&w, DELAYED_ACKS), 1);
	world_wait(&w, 949);
	assert_int_equal(t->state, TG_ESTABLISHED);
	assert_int_equal(w.cs.wheel.count, 1);
	world_wait(&w, 1);
	assert_int_equal(t->state, TG_CLOSED);
	assert_int_equal(CNT(&w, KEEPALIVE_IDLE), 1);
	world_close(&w);
}

static void
a_stopped_timer_does_not_fire(void **state)
{
	struct world w;
	struct tg_tcb *t;

	(void)state;
	world_start(&w);
	t = world_conn(&w, 1000);
	tg_tcb_start(&w.cs, t, TG_TCB_T_IDLE, 10, w.now);
	tg_tcb_start(&w.cs, t, TG_TCB_T_DELACK, 10, w.now);
	tg_tcb_stop(t, TG_TCB_T_IDLE);
	tg_tcb_stop(t, TG_TCB_T_DELACK);
	world_wait(&w, 100);
	assert_int_equal(t->state, TG_ESTABLISHED);
	assert_int_equal(CNT(&w, DELAYED_ACKS), 0);
	assert_int_equal(w.cs.wheel.count, 0);
	world_close(&w);
}

static void
timers_hold_over_the_wrap_of_milliseconds(void **state)
{
	struct world w;
	struct tg_tcb *t;

	(void)state;
	world_init(&w);
	w.now = (UINT64_C(1) << 32) * TG_MSEC - 500 * TG_MSEC + 1;
	assert_int_equal(world_open(&w), 0);
	t = world_conn(&w, 1000);
	worker_writes(&w, t, 0, 10);
	world_output(&w);
	world_wait(&w, 999);
	assert_int_equal(world_output(&w), 0);
	world_wait(&w, 1); /* rounded up: never early, one tick late at most */
	world_wait(&w, 1);
	assert_int_equal(world_output(&w), 1);
	world_close(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_failing_allocation_is_enomem_and_nothing_is_kept),
		cmocka_unit_test(a_handshake_becomes_what_it_agreed),
		cmocka_unit_test(a_scale_that_was_not_agreed_does_not_count),
		cmocka_unit_test(segments_fit_the_peer_the_path_and_the_buffer),
		cmocka_unit_test(rfc6298_5_7_a_lost_syn_ack_starts_carefully),
		cmocka_unit_test(a_full_pool_gives_none_and_comes_back),
		cmocka_unit_test(a_stale_handle_is_never_another_connection),
		cmocka_unit_test(hostile_handles_are_not_found),
		cmocka_unit_test(generations_wrap_without_making_handle_zero),
		cmocka_unit_test(a_dead_connection_waits_for_its_worker),
		cmocka_unit_test(a_restarted_timer_leaves_the_wheel_alone),
		cmocka_unit_test(a_stopped_timer_does_not_fire),
		cmocka_unit_test(timers_hold_over_the_wrap_of_milliseconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
