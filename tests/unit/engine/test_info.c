/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine_util.h"

enum {
	CONNS = 20,
	HALVES = 7,
	WAITS = 3,
};

/** CONNS connections (ports 1 on), HALVES half-open (101 on), WAITS in TIME_WAIT (201 on). */
static void
populate(struct rig *r)
{
	tg_listener l;

	bench_init(r);
	bench_open(r);
	l = bench_listen(r, r->w, 80, 100);
	for (uint16_t i = 0; i < WAITS; i++) {
		struct client c = client_of(r, (uint16_t)(201 + i), 80);

		client_opens(&c);
		tg_close(r->w, accept_one(r->w, l));
		rig_turn(r);
		c.ack++;
		client_sends(&c, SEG_A | SEG_F, 0);
	}
	for (uint16_t i = 0; i < CONNS; i++) {
		struct client c = client_of(r, (uint16_t)(1 + i), 80);

		client_opens(&c);
		if (i % 2 == 0)
			accept_one(r->w, l);
		if (i % 3 == 0)
			client_sends(&c, SEG_A, 10);
	}
	for (uint16_t i = 0; i < HALVES; i++) {
		struct client c = client_of(r, (uint16_t)(101 + i), 80);

		client_syn(&c);
	}
	forget_sent(r);
}

static void
each_entry_is_listed_once_whatever_the_room(void **state)
{
	struct rig r;

	(void)state;
	populate(&r);
	for (unsigned cap = 1; cap <= 64; cap = cap * 2 + 1) {
		unsigned seen[300] = {0}, total = 0;
		uint32_t cursor = 0;

		while (cursor != UINT32_MAX) {
			struct tg_conn_info info[64];
			const unsigned n = tg_engine_conns(r.e, &cursor, info, cap);

			assert_true(n <= cap);
			for (unsigned i = 0; i < n; i++) {
				const uint16_t port = info[i].tuple.remote.port;

				seen[port]++;
				assert_int_equal(info[i].state,
					port > 200           ? TG_TIME_WAIT
						: port > 100 ? TG_SYN_RECEIVED
							     : TG_ESTABLISHED);
				assert_true((info[i].conn != 0) == (port <= 100));
				assert_int_equal(
					info[i].accepted, port <= CONNS / 2); /* the oldest */
				assert_int_equal(info[i].recv_q,
					port <= 100 && (port - 1) % 3 == 0 ? 10 : 0);
				assert_int_equal(info[i].tuple.local.port, 80);
			}
			total += n;
		}
		assert_int_equal(total, CONNS + HALVES + WAITS);
		for (unsigned i = 0; i < 300; i++)
			assert_true(seen[i] <= 1);
		assert_int_equal(
			tg_engine_conns(r.e, &cursor, NULL, 1), 0); /* the end stays the end */
	}
	rig_close(&r);
}

static void
a_listing_without_room_does_not_move(void **state)
{
	struct tg_conn_info info;
	uint32_t cursor = 0;
	struct rig r;

	(void)state;
	populate(&r);
	assert_int_equal(tg_engine_conns(r.e, &cursor, &info, 0), 0);
	assert_int_equal(cursor, 0);
	rig_close(&r);
}

static void
a_large_empty_table_is_walked_in_few_calls(void **state)
{
	struct tg_conn_info info;
	uint32_t cursor = 0;
	unsigned calls = 0;
	struct rig r;

	(void)state;
	bench_init(&r);
	r.cfg.max_conns = r.cfg.max_half_open = 1u << 20;
	bench_open(&r);
	for (; cursor != UINT32_MAX; calls++)
		assert_int_equal(tg_engine_conns(r.e, &cursor, &info, 1), 0);
	assert_int_equal(calls, 1);
	rig_close(&r);
}

static void
usage_counts_what_is_there(void **state)
{
	struct tg_engine_usage u;
	struct rig r;

	(void)state;
	populate(&r);
	tg_engine_usage(r.e, &u);
	assert_int_equal(u.conns, CONNS);
	assert_int_equal(u.half_open, HALVES);
	assert_int_equal(u.time_wait, WAITS);
	assert_int_equal(u.segments, (CONNS + 2) / 3);
	assert_int_equal(u.listeners, 1);
	assert_int_equal(u.max_conns, r.cfg.max_conns);
	assert_int_equal(u.max_half_open, r.cfg.max_half_open);
	assert_int_equal(u.max_time_wait, r.cfg.max_time_wait);
	assert_int_equal(u.max_segments, r.cfg.max_segments);
	rig_close(&r);
}

static void
listeners_are_listed_with_their_queues(void **state)
{
	struct tg_listener_info info[4];
	uint32_t cursor = 0;
	unsigned n, total = 0;
	struct rig r;

	(void)state;
	populate(&r);
	bench_listen(&r, r.w, 81, 5);
	bench_listen(&r, r.w, 82, 100000);
	n = tg_engine_listeners(r.e, &cursor, info, 1);
	assert_int_equal(n, 1);
	assert_int_equal(info[0].local.port, 80);
	assert_int_equal(info[0].accept_queue, CONNS / 2);
	assert_int_equal(info[0].accept_bound, 100);
	assert_int_equal(info[0].syn_queue, HALVES);
	assert_int_equal(info[0].syn_young, HALVES);
	assert_int_equal(info[0].syn_acked, 0);
	assert_int_equal(info[0].passive_opens, CONNS + WAITS);
	assert_null(info[0].service);
	tg_worker_set_name(r.w, "echo");
	while ((n = tg_engine_listeners(r.e, &cursor, info, 4)) > 0)
		total += n;
	assert_int_equal(total, 2);
	assert_int_equal(info[0].accept_bound, 5);
	assert_int_equal(info[1].accept_bound, 4096); /* somaxconn */
	assert_string_equal(info[1].service, "echo");
	rig_close(&r);
}

static void
shares_of_all_shards_sum_to_the_bound(void **state)
{
	unsigned sum = 0;

	(void)state;
	for (uint16_t shard = 0; shard < 7; shard++) {
		struct tg_listener_info info;
		uint32_t cursor = 0;
		struct rig r;

		bench_init(&r);
		r.cfg.shard = shard;
		r.cfg.shards = 7;
		bench_open(&r);
		bench_listen(&r, r.w, 80, 100);
		assert_int_equal(tg_engine_listeners(r.e, &cursor, &info, 1), 1);
		assert_int_equal(info.syn_bound, info.accept_bound);
		sum += info.accept_bound;
		rig_close(&r);
	}
	assert_int_equal(sum, 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_entry_is_listed_once_whatever_the_room),
		cmocka_unit_test(a_listing_without_room_does_not_move),
		cmocka_unit_test(a_large_empty_table_is_walked_in_few_calls),
		cmocka_unit_test(usage_counts_what_is_there),
		cmocka_unit_test(listeners_are_listed_with_their_queues),
		cmocka_unit_test(shares_of_all_shards_sum_to_the_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
