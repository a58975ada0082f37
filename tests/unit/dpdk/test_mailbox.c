/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "mailbox.h"
#include "support.h"

/* A shard's loop, reduced to its answers. */
struct answerer {
	struct tg_mailbox *mb;
	struct tg_shard *shard;
	int stop;
};

static void *
answer(void *arg)
{
	struct answerer *a = arg;

	while (!__atomic_load_n(&a->stop, __ATOMIC_RELAXED))
		tg_mailbox_serve(a->mb, tg_shard_engine(a->shard));
	return NULL;
}

static struct tg_shard *
make_shard(struct rte_mempool *pool)
{
	struct tg_shard_config sc = {.pool = pool, .socket_id = SOCKET_ID_ANY};
	struct tg_listener_config lc;
	struct tg_worker *w;
	struct tg_shard *s;
	tg_listener l;

	tg_engine_config_init(&sc.engine);
	sc.engine.max_conns = 100;
	sc.engine.max_half_open = 100;
	sc.engine.max_time_wait = 100;
	sc.engine.max_segments = 100;
	assert_int_equal(tg_shard_create(&sc, &s), 0);
	assert_int_equal(tg_worker_create(tg_shard_engine(s), NULL, &w), 0);
	tg_listener_config_init(&lc);
	lc.worker = w;
	for (uint16_t port = 1; port <= TG_MAIL_LISTENERS + 5; port++) {
		lc.local.port = port;
		assert_int_equal(tg_listen(tg_shard_engine(s), &lc, &l), 0);
	}
	return s;
}

static void
asks_page_by_page(void **state)
{
	static struct tg_mailbox mb;
	struct answerer a = {.mb = &mb, .shard = make_shard(*state)};
	pthread_t t;
	uint32_t cursor = 0;

	memset(&mb, 0, sizeof(mb));
	assert_int_equal(pthread_create(&t, NULL, answer, &a), 0);
	assert_int_equal(tg_mailbox_ask(&mb, TG_MAIL_LISTEN, &cursor, 2000), TG_MAIL_LISTENERS);
	assert_int_equal(mb.listener[0].local.port, 1);
	assert_int_equal(tg_mailbox_ask(&mb, TG_MAIL_LISTEN, &cursor, 2000), 5);
	assert_int_equal(mb.listener[0].local.port, TG_MAIL_LISTENERS + 1);
	cursor = 0;
	assert_int_equal(tg_mailbox_ask(&mb, TG_MAIL_USAGE, &cursor, 2000), 1);
	assert_int_equal(mb.usage.listeners, TG_MAIL_LISTENERS + 5);
	assert_int_equal(mb.usage.max_conns, 100);
	cursor = 0;
	for (unsigned i = 0; cursor != UINT32_MAX && i < 100; i++)
		assert_int_equal(tg_mailbox_ask(&mb, TG_MAIL_CONN, &cursor, 2000), 0);
	assert_int_equal(cursor, UINT32_MAX);
	__atomic_store_n(&a.stop, 1, __ATOMIC_RELAXED);
	pthread_join(t, NULL);
	tg_shard_destroy(a.shard);
}

static void
a_loop_that_stands_still_is_noticed(void **state)
{
	static struct tg_mailbox mb;
	struct tg_shard *s = make_shard(*state);
	uint32_t cursor = 0;

	memset(&mb, 0, sizeof(mb));
	assert_int_equal(tg_mailbox_ask(&mb, TG_MAIL_LISTEN, &cursor, 20), -ETIMEDOUT);
	assert_int_equal(cursor, 0);
	/* The question was taken back: a loop that goes on later does not answer nobody. */
	tg_mailbox_serve(&mb, tg_shard_engine(s));
	assert_int_equal(mb.n, 0);
	assert_int_equal(mb.state, TG_MAIL_IDLE);
	tg_shard_destroy(s);
}

/* A shard's loop, reduced to its turns. */
static void *
turns(void *arg)
{
	struct answerer *a = arg;
	tg_time now = 0;

	while (!__atomic_load_n(&a->stop, __ATOMIC_RELAXED))
		tg_shard_turn(a->shard, now++, 0);
	return NULL;
}

/* What a call does: closes the first listener, and takes longer than its caller would wait. */
struct task {
	unsigned calls;
	int rc;
};

static void
close_one(struct tg_engine *e, void *arg)
{
	struct tg_listener_info info;
	struct task *t = arg;
	uint32_t cursor = 0;

	t->calls++;
	if (tg_engine_listeners(e, &cursor, &info, 1) == 1)
		t->rc = tg_unlisten(e, info.listener);
	usleep(50000);
}

static void
a_call_runs_on_the_shards_thread(void **state)
{
	struct answerer a = {.shard = make_shard(*state)};
	struct tg_engine_usage u;
	struct task task = {.rc = -1};
	pthread_t t;

	assert_int_equal(pthread_create(&t, NULL, turns, &a), 0);
	/* 20 ms are enough to begin; the caller is held until it is over. */
	assert_int_equal(tg_shard_call(a.shard, close_one, &task, 20), 0);
	assert_int_equal(task.calls, 1);
	assert_int_equal(task.rc, 0);
	__atomic_store_n(&a.stop, 1, __ATOMIC_RELAXED);
	pthread_join(t, NULL);
	tg_engine_usage(tg_shard_engine(a.shard), &u);
	assert_int_equal(u.listeners, TG_MAIL_LISTENERS + 4);
	/* Nobody turns any more: nothing is called, then or later. */
	assert_int_equal(tg_shard_call(a.shard, close_one, &task, 20), -ETIMEDOUT);
	tg_shard_turn(a.shard, 1, 0);
	assert_int_equal(task.calls, 1);
	tg_shard_destroy(a.shard);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_page_by_page),
		cmocka_unit_test(a_loop_that_stands_still_is_noticed),
		cmocka_unit_test(a_call_runs_on_the_shards_thread),
	};

	return cmocka_run_group_tests(tests, test_eal_setup, test_eal_teardown);
}
