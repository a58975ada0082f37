/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The loop's steps of stopping, on a port that swallows what is sent. The clock is the real one:
 * lower bounds are exact, upper ones generous.
 */
#include <pthread.h>
#include <string.h>
#include <time.h>

#include <rte_cycles.h>

#include "client.h"
#include "loop.h"
#include "port.h"

/* Ends its connections' sending half when told to drain. */
struct half_closer {
	struct tg_worker *worker;
	tg_conn conn;
};

static void
half_close(struct tg_worker *w, void *ctx)
{
	struct half_closer *h = ctx;
	struct tg_event ev[8];
	unsigned n = tg_worker_events(w, ev, 8);

	for (unsigned i = 0; i < n; i++)
		if ((ev[i].what & TG_EV_DRAIN) && h->conn != 0)
			tg_shutdown(w, h->conn);
}

/* What a test works with. */
struct fixture {
	struct tg_port port;
	struct tg_shard *shard;
	struct tg_worker *worker;
	tg_listener listener;
	unsigned runs;
	struct tg_loop loop;
};

static void
set_up_on(struct fixture *f, const char *device, struct rte_mempool *pool, uint32_t drain_ms)
{
	struct tg_port_config pc = {.device = device, .queues = 1, .descriptors = 64, .pool = pool};
	const char *why;

	memset(f, 0, sizeof(*f));
	assert_int_equal(tg_port_open(&pc, &f->port), 0);
	assert_int_equal(tg_port_configure(&pc, &f->port, &why), 0);
	assert_int_equal(tg_port_start(&f->port), 0);
	f->shard = client_shard(pool, f->port.id);
	tg_clock_init(&f->loop.clock);
	f->loop.shard = f->shard;
	f->loop.drain_ms = drain_ms;
	f->loop.nb_ports = 1;
	f->loop.port[0].id = f->port.id;
}

static void
set_up(struct fixture *f, struct rte_mempool *pool, uint32_t drain_ms)
{
	set_up_on(f, "net_null5,no-rx=1", pool, drain_ms);
}

static void
take_down(struct fixture *f, struct rte_mempool *pool)
{
	struct tg_engine_usage u;
	struct tg_shard_stats st;

	tg_engine_usage(tg_shard_engine(f->shard), &u);
	assert_int_equal(u.conns, 0);
	assert_int_equal(u.half_open, 0);
	assert_int_equal(u.segments, 0);
	tg_shard_get_stats(f->shard, &st);
	assert_int_equal(st.held, 0);
	assert_int_equal(st.staged, 0);
	tg_port_close(&f->port);
	assert_int_equal(test_in_use(pool), 0);
	tg_shard_destroy(f->shard);
}

/* Runs the loop, already asked to stop. Returns the milliseconds it took. */
static uint64_t
run(struct fixture *f, enum tg_loop_stop how)
{
	tg_time t0 = tg_clock_now(&f->loop.clock);

	tg_loop_stop(&f->loop, how);
	tg_loop_run(&f->loop);
	return (tg_clock_now(&f->loop.clock) - t0) / TG_MSEC;
}

static uint64_t
resets_sent(const struct fixture *f)
{
	return tg_engine_counters(tg_shard_engine(f->shard))->event[TG_CNT_OUT_RSTS];
}

static void
ends_at_once_without_connections(void **state)
{
	struct fixture f;

	set_up(&f, *state, 60000);
	client_listen(f.shard, &f.runs, &f.listener);
	assert_true(run(&f, TG_LOOP_DRAIN) < 1000);
	/* The worker was told. */
	assert_int_equal(f.runs > 0, 1);
	take_down(&f, *state);
}

static void *
drain_later(void *running)
{
	const struct timespec pause = {.tv_nsec = 200 * 1000000L};

	nanosleep(&pause, NULL);
	__atomic_fetch_sub((uint32_t *)running, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* Another shard still drains: this one goes on polling, or its queue would be deaf meanwhile. */
static void
waits_for_the_loops_beside_it(void **state)
{
	uint32_t running = 2;
	struct fixture f;
	pthread_t other;

	set_up(&f, *state, 60000);
	client_listen(f.shard, &f.runs, &f.listener);
	f.loop.running = &running;
	assert_int_equal(pthread_create(&other, NULL, drain_later, &running), 0);
	assert_true(run(&f, TG_LOOP_DRAIN) >= 190);
	assert_int_equal(pthread_join(other, NULL), 0);
	assert_int_equal(running, 0);
	take_down(&f, *state);
}

static void
gives_time_then_fin_then_rst(void **state)
{
	struct fixture f;
	uint64_t ms;
	tg_conn c;

	set_up(&f, *state, 100);
	f.worker = client_listen(f.shard, &f.runs, &f.listener);
	client_connect(f.shard, f.port.id, *state, tg_clock_now(&f.loop.clock));
	assert_int_equal(tg_accept(f.worker, f.listener, &c, 1), 1);
	/* The client never answers: 100 ms of grace, and a second for it to answer the FIN. */
	ms = run(&f, TG_LOOP_DRAIN);
	assert_true(ms >= 1100);
	assert_true(ms < 5000);
	assert_int_equal(resets_sent(&f), 1);
	take_down(&f, *state);
}

static void
resets_at_once_when_every_fin_is_out(void **state)
{
	struct half_closer h = {0};
	struct tg_inline_worker iw = {.run = half_close, .ctx = &h};
	struct tg_listener_config lc;
	struct fixture f;
	uint64_t ms;

	set_up(&f, *state, 100);
	assert_int_equal(tg_shard_add_worker(f.shard, &iw, &h.worker), 0);
	tg_listener_config_init(&lc);
	lc.local.port = 80;
	lc.worker = h.worker;
	assert_int_equal(tg_listen(tg_shard_engine(f.shard), &lc, &f.listener), 0);
	client_connect(f.shard, f.port.id, *state, tg_clock_now(&f.loop.clock));
	assert_int_equal(tg_accept(h.worker, f.listener, &h.conn, 1), 1);
	ms = run(&f, TG_LOOP_DRAIN);
	assert_true(ms >= 100);
	assert_true(ms < 1000);
	assert_int_equal(resets_sent(&f), 1);
	take_down(&f, *state);
}

static void
resets_now_when_told_to(void **state)
{
	struct fixture f;
	tg_conn c;

	set_up(&f, *state, 60000);
	f.worker = client_listen(f.shard, &f.runs, &f.listener);
	client_connect(f.shard, f.port.id, *state, tg_clock_now(&f.loop.clock));
	assert_int_equal(tg_accept(f.worker, f.listener, &c, 1), 1);
	assert_true(run(&f, TG_LOOP_NOW) < 1000);
	assert_int_equal(resets_sent(&f), 1);
	take_down(&f, *state);
}

static void
sleeps_when_idle_if_wanted(void **state)
{
	struct fixture f;
	tg_conn c;

	set_up(&f, *state, 200);
	f.loop.idle_sleep_us = 1000;
	f.worker = client_listen(f.shard, &f.runs, &f.listener);
	client_connect(f.shard, f.port.id, *state, tg_clock_now(&f.loop.clock));
	assert_int_equal(tg_accept(f.worker, f.listener, &c, 1), 1);
	assert_true(run(&f, TG_LOOP_DRAIN) >= 1200);
	/* Polling would have made millions of turns in that time. */
	assert_true(f.loop.stats.turns < 100000);
	take_down(&f, *state);
}

/* Every turn receives a burst of a port that never runs dry. */
static void
busy_turns_are_those_with_packets(void **state)
{
	struct fixture f;

	set_up_on(&f, "net_null6", *state, 60000);
	client_listen(f.shard, &f.runs, &f.listener);
	run(&f, TG_LOOP_NOW);
	assert_true(f.loop.stats.turns >= 2);
	assert_int_equal(f.loop.stats.rx, f.loop.stats.turns * TG_LOOP_BURST);
	assert_int_equal(f.loop.port[0].rx, f.loop.stats.rx);
	assert_true(f.loop.stats.busy_cycles > 0);
	assert_int_equal(f.loop.stats.idle_cycles, 0);
	take_down(&f, *state);
}

/*
 * 1100 ms of waiting for a client that never answers. Its worker never takes its events up, so it
 * runs in every turn: busy, but for the sleep.
 */
static void
cycles_add_up_to_the_time(void **state)
{
	for (unsigned sleep_us = 0; sleep_us <= 1000; sleep_us += 1000) {
		uint64_t began, took, counted;
		struct fixture f;
		tg_conn c;

		set_up(&f, *state, 100);
		f.loop.idle_sleep_us = sleep_us;
		f.worker = client_listen(f.shard, &f.runs, &f.listener);
		client_connect(f.shard, f.port.id, *state, tg_clock_now(&f.loop.clock));
		assert_int_equal(tg_accept(f.worker, f.listener, &c, 1), 1);
		began = rte_rdtsc();
		run(&f, TG_LOOP_DRAIN);
		took = rte_rdtsc() - began;
		counted = f.loop.stats.busy_cycles + f.loop.stats.idle_cycles;
		assert_true(counted <= took);
		assert_true(counted > rte_get_tsc_hz());
		assert_true(f.loop.stats.busy_cycles > 0);
		if (sleep_us != 0)
			assert_true(f.loop.stats.idle_cycles > rte_get_tsc_hz() / 2);
		else
			assert_true(f.loop.stats.busy_cycles > rte_get_tsc_hz() / 2);
		assert_int_equal(f.loop.stats.turn_tsc, 0);
		assert_true(f.loop.cpu >= 0);
		take_down(&f, *state);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_at_once_without_connections),
		cmocka_unit_test(waits_for_the_loops_beside_it),
		cmocka_unit_test(gives_time_then_fin_then_rst),
		cmocka_unit_test(resets_at_once_when_every_fin_is_out),
		cmocka_unit_test(resets_now_when_told_to),
		cmocka_unit_test(sleeps_when_idle_if_wanted),
		cmocka_unit_test(busy_turns_are_those_with_packets),
		cmocka_unit_test(cycles_add_up_to_the_time),
	};

	return cmocka_run_group_tests(tests, test_eal_setup, test_eal_teardown);
}
