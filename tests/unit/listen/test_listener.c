/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Listeners: who gets a segment, which two cannot live together, and handles that outlive them.
 */
#include "support.h"

#include <errno.h>

#include "listener.h"

static const struct tg_share alone = {
	.somaxconn = 4096, .max_syn_backlog = 1024, .synack_rto_ms = 1000, .shards = 1};

static struct tg_addr
any4(void)
{
	return tg_addr_v4(0, 0, 0, 0);
}

static struct tg_addr
any6(void)
{
	return (struct tg_addr){{0}};
}

/* 192.0.2.n */
static struct tg_addr
a4(uint8_t n)
{
	return tg_addr_v4(192, 0, 2, n);
}

/* 2001:db8::n */
static struct tg_addr
a6(uint8_t n)
{
	return (struct tg_addr){{0x20, 0x01, 0x0d, 0xb8, [15] = n}};
}

static struct tg_listener_config
config(struct tg_addr addr, uint16_t port)
{
	struct tg_listener_config cfg;

	memset(&cfg, 0, sizeof(cfg));
	cfg.local.addr = addr;
	cfg.local.port = port;
	cfg.backlog = 10;
	return cfg;
}

/* Closes one that nothing names. */
static void
close_one(struct tg_listeners *t, uint32_t idx)
{
	tg_lsn_close(t, idx);
	tg_lsn_free(t, idx);
}

static uint32_t
must_open(struct tg_listeners *t, struct tg_addr addr, uint16_t port, bool dual)
{
	struct tg_listener_config cfg = config(addr, port);
	uint32_t idx = TG_NONE;

	cfg.dual_stack = dual;
	assert_int_equal(tg_lsn_open(t, &cfg, &alone, 0, &idx), 0);
	assert_true(idx < TG_LISTENERS_MAX);
	return idx;
}

static void
expect_refused(struct tg_listeners *t, struct tg_addr addr, uint16_t port, bool dual, int why)
{
	struct tg_listener_config cfg = config(addr, port);
	uint32_t idx = 12345, count = t->count;

	cfg.dual_stack = dual;
	assert_int_equal(tg_lsn_open(t, &cfg, &alone, 0, &idx), why);
	assert_int_equal(idx, 12345);
	assert_int_equal(t->count, count);
}

static uint32_t
find(const struct tg_listeners *t, struct tg_addr addr, uint16_t port)
{
	return tg_lsn_find(t, &addr, port);
}

/* Opening */

static void
a_listener_starts_with_its_settings_and_nothing_in_its_queues(void **state)
{
	struct tg_listener_config cfg = config(a4(9), 443);
	struct tg_share share = {.somaxconn = 4096, .shards = 4};
	struct tg_listeners t;
	uint32_t idx = TG_NONE;
	struct tg_lsn *l;

	(void)state;
	memset(&t, 0xa5, sizeof(t));
	tg_listeners_init(&t);
	assert_int_equal(t.count, 0);
	cfg.nodelay = true;
	cfg.backlog = 102;
	assert_int_equal(tg_lsn_open(&t, &cfg, &share, 7, &idx), 0);
	assert_int_equal(t.count, 1);
	l = &t.lsn[idx];
	assert_true(l->used && l->nodelay && !l->dual_stack);
	assert_memory_equal(&l->local.addr, &cfg.local.addr, 16);
	assert_int_equal(l->local.port, 443);
	assert_int_equal(l->worker, 7);
	assert_int_equal(l->accept_bound, 26);
	assert_int_equal(l->syn_bound, 26);
	assert_int_equal(l->syn_count | l->syn_young | l->syn_acked, 0);
	assert_int_equal(l->acceptq.count, 0);
	assert_int_equal(l->acceptq.head, TG_NONE);
	assert_int_equal(l->cookie_until, 0);
	assert_false(tg_acceptq_full(l));
	assert_false(tg_synq_full(l));
}

static void
impossible_settings_are_refused(void **state)
{
	struct tg_listeners t;
	struct tg_listener_config cfg;
	uint32_t idx = 12345;

	(void)state;
	tg_listeners_init(&t);
	expect_refused(&t, any4(), 0, false, -EINVAL);
	/* Only the IPv6 wildcard can be for both families. */
	expect_refused(&t, any4(), 80, true, -EINVAL);
	expect_refused(&t, a4(9), 80, true, -EINVAL);
	expect_refused(&t, a6(9), 80, true, -EINVAL);
	cfg = config(any4(), 80);
	cfg.backlog = 0;
	assert_int_equal(tg_lsn_open(&t, &cfg, &alone, 0, &idx), -EINVAL);
	cfg.backlog = (1u << 20) + 1;
	assert_int_equal(tg_lsn_open(&t, &cfg, &alone, 0, &idx), -EINVAL);
	cfg.backlog = UINT32_MAX;
	assert_int_equal(tg_lsn_open(&t, &cfg, &alone, 0, &idx), -EINVAL);
	assert_int_equal(idx, 12345);
	assert_int_equal(t.count, 0);

	cfg.backlog = 1u << 20;
	assert_int_equal(tg_lsn_open(&t, &cfg, &alone, 0, &idx), 0);
	assert_int_equal(t.lsn[idx].accept_bound, 4096);
	cfg = config(any4(), UINT16_MAX);
	cfg.backlog = 1;
	assert_int_equal(tg_lsn_open(&t, &cfg, &alone, 0, &idx), 0);
	assert_int_equal(t.lsn[idx].accept_bound, 1);
}

static void
a_backlog_counts_up_to_somaxconn(void **state)
{
	static const struct {
		uint32_t backlog, somaxconn, bound;
	} want[] = {{1, 1, 1}, {2, 1, 1}, {99, 100, 99}, {100, 100, 100}, {101, 100, 100},
		{1u << 20, 1u << 20, 1u << 20}};

	(void)state;
	for (unsigned i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		struct tg_listener_config cfg = config(any4(), 80);
		struct tg_share share = {.somaxconn = want[i].somaxconn, .shards = 1};
		struct tg_listeners t;
		uint32_t idx;

		tg_listeners_init(&t);
		cfg.backlog = want[i].backlog;
		assert_int_equal(tg_lsn_open(&t, &cfg, &share, 0, &idx), 0);
		assert_int_equal(t.lsn[idx].accept_bound, want[i].bound);
		assert_int_equal(t.lsn[idx].syn_bound, want[i].bound);
	}
}

/* Finding */

/* Order of rank: exact, wildcard of the family, dual stack. Every order of opening, every subset.
 */
static void
the_most_exact_listener_gets_the_segment_whatever_came_first(void **state)
{
	enum { EXACT4, EXACT6, WILD4, WILD6, DUAL, N };
	const struct tg_addr addr[N] = {a4(9), a6(9), any4(), any6(), any6()};
	unsigned orders = 0;

	(void)state;
	for (unsigned code = 0; code < N * N * N * N; code++) {
		unsigned order[4] = {code % N, code / N % N, code / N / N % N, code / N / N / N};
		uint32_t at[N] = {TG_NONE, TG_NONE, TG_NONE, TG_NONE, TG_NONE};
		struct tg_listeners t;

		tg_listeners_init(&t);
		must_open(&t, any4(), 81, false);
		for (unsigned i = 0; i < 4; i++) {
			unsigned k = order[i];

			/* A listener that is there, or clashes, is simply not opened again. */
			if (at[k] != TG_NONE || (k == DUAL && at[WILD6] != TG_NONE) ||
				(k == DUAL && at[WILD4] != TG_NONE) ||
				((k == WILD4 || k == WILD6) && at[DUAL] != TG_NONE))
				continue;
			at[k] = must_open(&t, addr[k], 80, k == DUAL);
		}
		assert_int_equal(find(&t, a4(9), 80),
			at[EXACT4] != TG_NONE          ? at[EXACT4]
				: at[WILD4] != TG_NONE ? at[WILD4]
						       : at[DUAL]);
		assert_int_equal(find(&t, a4(8), 80), at[WILD4] != TG_NONE ? at[WILD4] : at[DUAL]);
		assert_int_equal(find(&t, a6(9), 80),
			at[EXACT6] != TG_NONE          ? at[EXACT6]
				: at[WILD6] != TG_NONE ? at[WILD6]
						       : at[DUAL]);
		assert_int_equal(find(&t, a6(8), 80), at[WILD6] != TG_NONE ? at[WILD6] : at[DUAL]);
		assert_int_equal(find(&t, a4(9), 82), TG_NONE);
		orders++;
	}
	assert_int_equal(orders, 625);
}

static void
a_dual_stack_listener_takes_both_families(void **state)
{
	struct tg_listeners t;
	uint32_t dual, exact;

	(void)state;
	tg_listeners_init(&t);
	dual = must_open(&t, any6(), 80, true);
	assert_int_equal(find(&t, a4(9), 80), dual);
	assert_int_equal(find(&t, a6(9), 80), dual);
	exact = must_open(&t, a4(9), 80, false);
	assert_int_equal(find(&t, a4(9), 80), exact);
	assert_int_equal(find(&t, a4(8), 80), dual);
	close_one(&t, exact);
	assert_int_equal(find(&t, a4(9), 80), dual);
}

static void
a_wildcard_is_for_its_own_family(void **state)
{
	struct tg_listeners t;
	uint32_t w4, w6;

	(void)state;
	tg_listeners_init(&t);
	w4 = must_open(&t, any4(), 80, false);
	w6 = must_open(&t, any6(), 81, false);
	assert_int_equal(find(&t, a4(9), 80), w4);
	assert_int_equal(find(&t, a6(9), 80), TG_NONE);
	assert_int_equal(find(&t, a4(9), 81), TG_NONE);
	assert_int_equal(find(&t, a6(9), 81), w6);
}

/* Buckets are shared by ports: all 65,535 of them are told apart. */
static void
only_the_port_asked_for_answers(void **state)
{
	struct tg_listeners t;
	uint32_t at;

	(void)state;
	tg_listeners_init(&t);
	at = must_open(&t, any4(), 8080, false);
	for (uint32_t port = 0; port <= UINT16_MAX; port++)
		assert_int_equal(find(&t, a4(9), (uint16_t)port), port == 8080 ? at : TG_NONE);
}

/* Clashes */

static void
one_address_and_port_is_listened_on_once(void **state)
{
	const struct tg_addr addr[] = {a4(9), a6(9), any4(), any6()};
	struct tg_listeners t;

	(void)state;
	tg_listeners_init(&t);
	for (unsigned i = 0; i < 4; i++) {
		must_open(&t, addr[i], 80, false);
		expect_refused(&t, addr[i], 80, false, -EADDRINUSE);
	}
	/* Another port or address is another listener. */
	for (unsigned i = 0; i < 4; i++)
		must_open(&t, addr[i], 81, false);
	must_open(&t, a4(8), 80, false);
	must_open(&t, a6(8), 80, false);
}

static void
a_dual_stack_listener_clashes_with_the_wildcards_it_covers(void **state)
{
	struct tg_listeners t;

	(void)state;
	tg_listeners_init(&t);
	must_open(&t, any6(), 80, true);
	expect_refused(&t, any6(), 80, true, -EADDRINUSE);
	expect_refused(&t, any6(), 80, false, -EADDRINUSE);
	expect_refused(&t, any4(), 80, false, -EADDRINUSE);
	must_open(&t, a4(9), 80, false);
	must_open(&t, a6(9), 80, false);
	must_open(&t, any4(), 81, false);
	expect_refused(&t, any6(), 81, true, -EADDRINUSE);
	must_open(&t, any6(), 82, false);
	expect_refused(&t, any6(), 82, true, -EADDRINUSE);
	/* The two families' wildcards do not meet. */
	must_open(&t, any6(), 81, false);
	must_open(&t, any4(), 82, false);
}

static void
a_full_table_refuses_and_still_tells_a_clash(void **state)
{
	struct tg_listeners t;

	(void)state;
	tg_listeners_init(&t);
	for (unsigned i = 0; i < TG_LISTENERS_MAX; i++)
		assert_int_equal(must_open(&t, any4(), (uint16_t)(1000 + i), false), i);
	assert_int_equal(t.count, TG_LISTENERS_MAX);
	expect_refused(&t, any4(), 999, false, -ENOSPC);
	expect_refused(&t, any4(), 1000 + TG_LISTENERS_MAX - 1, false, -EADDRINUSE);
	for (unsigned i = 0; i < TG_LISTENERS_MAX; i++)
		assert_int_equal(find(&t, a4(9), (uint16_t)(1000 + i)), i);
	close_one(&t, 77);
	assert_int_equal(must_open(&t, any4(), 999, false), 77);
	assert_int_equal(find(&t, a4(9), 1077), TG_NONE);
	assert_int_equal(find(&t, a4(9), 999), 77);
}

/* Closing and handles */

static void
a_closed_listener_is_found_no_more_and_its_port_is_free_at_once(void **state)
{
	struct tg_listeners t;
	uint32_t at;

	(void)state;
	tg_listeners_init(&t);
	at = must_open(&t, a4(9), 80, false);
	close_one(&t, at);
	assert_int_equal(t.count, 0);
	assert_int_equal(find(&t, a4(9), 80), TG_NONE);
	at = must_open(&t, a4(9), 80, false);
	assert_int_equal(find(&t, a4(9), 80), at);
}

/* All listeners of one port share a chain: take out its head, its middle and its end. */
static void
closing_leaves_the_other_listeners_of_a_port_alone(void **state)
{
	(void)state;
	for (unsigned gone = 0; gone < 5; gone++) {
		struct tg_listeners t;
		uint32_t at[5];

		tg_listeners_init(&t);
		for (uint8_t i = 0; i < 5; i++)
			at[i] = must_open(&t, a4(i), 80, false);
		close_one(&t, at[gone]);
		for (uint8_t i = 0; i < 5; i++)
			assert_int_equal(find(&t, a4(i), 80), i == gone ? TG_NONE : at[i]);
		assert_int_equal(must_open(&t, a4((uint8_t)gone), 80, false), at[gone]);
		for (uint8_t i = 0; i < 5; i++)
			assert_int_equal(find(&t, a4(i), 80), at[i]);
	}
}

static void
a_new_life_of_a_slot_inherits_nothing(void **state)
{
	struct tg_listener_config cfg = config(any6(), 80);
	struct tg_listeners t;
	struct tg_lsn *l;
	uint32_t idx;

	(void)state;
	tg_listeners_init(&t);
	cfg.dual_stack = cfg.nodelay = true;
	assert_int_equal(tg_lsn_open(&t, &cfg, &alone, 3, &idx), 0);
	l = &t.lsn[idx];
	l->passive_opens = l->overflows = l->drops = 1;
	l->cookies_sent = l->cookies_recv = l->cookies_failed = 1;
	l->cookie_until = 99;
	l->syn_count = l->syn_young = l->syn_acked = 5;
	l->acceptq.count = 5;
	close_one(&t, idx);
	assert_int_equal(must_open(&t, any4(), 80, false), idx);
	assert_false(l->dual_stack || l->nodelay);
	assert_int_equal(l->worker, 0);
	assert_int_equal(l->passive_opens | l->overflows | l->drops, 0);
	assert_int_equal(l->cookies_sent | l->cookies_recv | l->cookies_failed, 0);
	assert_int_equal(l->cookie_until, 0);
	assert_int_equal(l->syn_count | l->syn_young | l->syn_acked | l->acceptq.count, 0);
}

static void
a_handle_names_its_listener_until_that_is_closed(void **state)
{
	struct tg_listeners t;
	tg_listener first, last, reused;
	uint32_t idx;

	(void)state;
	tg_listeners_init(&t);
	for (unsigned i = 0; i < TG_LISTENERS_MAX; i++) {
		tg_listener h = tg_lsn_handle(&t, must_open(&t, any4(), (uint16_t)(i + 1), false));

		assert_int_not_equal(h, 0);
		assert_int_equal(tg_lsn_index(&t, h), i);
	}
	first = tg_lsn_handle(&t, 0);
	last = tg_lsn_handle(&t, TG_LISTENERS_MAX - 1);
	assert_int_not_equal(first, last);

	close_one(&t, TG_LISTENERS_MAX - 1);
	assert_int_equal(tg_lsn_index(&t, last), TG_NONE);
	assert_int_equal(tg_lsn_index(&t, first), 0);
	idx = must_open(&t, any4(), TG_LISTENERS_MAX, false);
	reused = tg_lsn_handle(&t, idx);
	assert_int_equal(idx, TG_LISTENERS_MAX - 1);
	assert_int_not_equal(reused, last);
	assert_int_equal(tg_lsn_index(&t, last), TG_NONE);
	assert_int_equal(tg_lsn_index(&t, reused), idx);
}

/* 65,535 lives of a slot are told apart, then its 16 bits of generation begin again. */
static void
stale_handles_stay_stale_for_65535_lives(void **state)
{
	struct tg_listeners t;
	tg_listener first;

	(void)state;
	tg_listeners_init(&t);
	first = tg_lsn_handle(&t, must_open(&t, any4(), 80, false));
	for (unsigned life = 0; life < 65535; life++) {
		tg_listener h;

		close_one(&t, 0);
		assert_int_equal(tg_lsn_index(&t, first), TG_NONE);
		assert_int_equal(must_open(&t, any4(), 80, false), 0);
		h = tg_lsn_handle(&t, 0);
		assert_int_not_equal(h, 0);
		assert_int_not_equal(h, first);
		assert_int_equal(tg_lsn_index(&t, h), 0);
		assert_int_equal(tg_lsn_index(&t, first), TG_NONE);
	}
}

static void
what_is_no_handle_names_no_listener(void **state)
{
	struct tg_listeners t;
	tg_listener h;

	(void)state;
	tg_listeners_init(&t);
	assert_int_equal(tg_lsn_index(&t, 0), TG_NONE);
	/* A slot never used: its generation is 0, and handles are not made of zeros. */
	assert_int_equal(tg_lsn_index(&t, 1), TG_NONE);
	h = tg_lsn_handle(&t, must_open(&t, any4(), 80, false));
	assert_int_equal(tg_lsn_index(&t, 0), TG_NONE);
	assert_int_equal(tg_lsn_index(&t, h & 0xffff), TG_NONE);
	assert_int_equal(tg_lsn_index(&t, h & 0xffff0000), TG_NONE);
	assert_int_equal(tg_lsn_index(&t, h + 1), TG_NONE);
	assert_int_equal(tg_lsn_index(&t, h ^ 0x80000000), TG_NONE);
	assert_int_equal(tg_lsn_index(&t, (h & 0xffff0000) | (TG_LISTENERS_MAX + 1)), TG_NONE);
	assert_int_equal(tg_lsn_index(&t, (h & 0xffff0000) | 0xffff), TG_NONE);
	assert_int_equal(tg_lsn_index(&t, UINT32_MAX), TG_NONE);
}

/* Shares and queues */

static void
shares_sum_to_the_bound_or_are_one_each(void **state)
{
	static const uint32_t large[] = {4095, 4096, 4097, 65535, (1u << 20) - 1, 1u << 20};

	(void)state;
	for (uint16_t shards = 1; shards <= 256; shards++)
		for (uint32_t n = 0; n < 600 + sizeof(large) / sizeof(large[0]); n++) {
			uint32_t bound = n < 600 ? n : large[n - 600];
			uint64_t sum = 0;
			uint32_t least = UINT32_MAX, most = 0;

			for (uint16_t s = 0; s < shards; s++) {
				uint32_t share = tg_share_of(bound, s, shards);

				sum += share;
				least = share < least ? share : least;
				most = share > most ? share : most;
			}
			assert_true(least >= 1 && most - least <= 1);
			assert_true(sum == (bound >= shards ? bound : shards));
		}
}

/* Each shard opens the listener for itself. */
static void
the_shards_of_a_listener_share_its_backlog(void **state)
{
	uint32_t sum = 0;

	(void)state;
	for (uint16_t shard = 0; shard < 3; shard++) {
		struct tg_listener_config cfg = config(any4(), 80);
		struct tg_share share = {
			.somaxconn = 4096, .max_syn_backlog = 11, .shard = shard, .shards = 3};
		struct tg_listeners t;
		uint32_t idx;

		tg_listeners_init(&t);
		assert_int_equal(tg_lsn_open(&t, &cfg, &share, 0, &idx), 0);
		assert_int_equal(t.lsn[idx].accept_bound, shard == 0 ? 4 : 3);
		/* What the last quarter is a quarter of. */
		assert_int_equal(t.lsn[idx].syn_reserve, shard == 2 ? 3 : 4);
		sum += t.lsn[idx].accept_bound;
	}
	assert_int_equal(sum, 10);
}

/* Linux: an accept queue of backlog 1 holds two, a SYN queue of 1 holds one. */
static void
the_accept_queue_holds_one_more_than_its_bound_and_the_syn_queue_does_not(void **state)
{
	struct tg_lsn l;

	(void)state;
	memset(&l, 0, sizeof(l));
	for (uint32_t bound = 1; bound <= 20; bound++) {
		l.accept_bound = l.syn_bound = bound;
		l.accept_holds = bound + 1;
		for (uint32_t n = 0; n < 30; n++) {
			l.acceptq.count = n;
			l.syn_count = n;
			assert_int_equal(tg_acceptq_full(&l), n >= bound + 1);
			assert_int_equal(tg_synq_full(&l), n >= bound);
		}
	}
}

/* A segment looks at a few listeners, not at all that have its port. */
static void
one_port_on_256_addresses_is_no_long_chain(void **state)
{
	struct tg_listeners t;

	(void)state;
	for (unsigned v6 = 0; v6 < 2; v6++) {
		uint32_t idx;

		tg_listeners_init(&t);
		for (unsigned i = 0; i < TG_LISTENERS_MAX; i++) {
			const struct tg_share share = {.somaxconn = 4096, .shards = 1};
			struct tg_addr a = v6 ? (struct tg_addr){{0xfd, [15] = (uint8_t)i}}
					      : tg_addr_v4(192, 0, 2, (uint8_t)i);
			struct tg_listener_config cfg = config(a, 80);

			assert_int_equal(tg_lsn_open(&t, &cfg, &share, 0, &idx), 0);
			assert_int_equal(tg_lsn_find(&t, &a, 80), idx);
			assert_int_equal(tg_lsn_find(&t, &a, 81), TG_NONE);
		}
		for (unsigned b = 0; b < 2 * TG_LISTENERS_MAX; b++) {
			unsigned n = 0;

			for (unsigned i = t.bucket[b]; i != 0; i = t.lsn[i - 1].next)
				n++;
			assert_true(n <= 8);
		}
	}
}

/* Naive twin: a list searched from end to end, against random opens, closes and finds. */
static void
the_table_agrees_with_a_naive_twin(void **state)
{
	struct {
		struct tg_addr addr;
		uint16_t port;
		bool dual, used;
	} twin[TG_LISTENERS_MAX];
	uint64_t s = 51;
	struct tg_listeners t;

	(void)state;
	memset(twin, 0, sizeof(twin));
	tg_listeners_init(&t);
	for (int step = 0; step < 30000; step++) {
		struct tg_addr addr[] = {any4(), any6(), a4((uint8_t)test_below(&s, 4)),
			a6((uint8_t)test_below(&s, 4))};
		struct tg_addr a = addr[test_below(&s, 4)];
		uint16_t port = (uint16_t)(1 + 512 * test_below(&s, 30));
		uint32_t op = test_below(&s, 3), rank = 0, want = TG_NONE;

		if (op == 0) {
			struct tg_listener_config cfg = config(a, port);
			bool wild4 = memcmp(&a, &addr[0], 16) == 0, clash = false;
			uint32_t idx = TG_NONE;
			int ret;

			cfg.dual_stack = memcmp(&a, &addr[1], 16) == 0 && test_below(&s, 2) == 0;
			for (uint32_t i = 0; i < TG_LISTENERS_MAX; i++)
				clash |= twin[i].used && twin[i].port == port &&
					(memcmp(&twin[i].addr, &a, 16) == 0 ||
						(twin[i].dual && wild4) ||
						(cfg.dual_stack &&
							memcmp(&twin[i].addr, &addr[0], 16) == 0));
			ret = tg_lsn_open(&t, &cfg, &alone, 0, &idx);
			assert_int_equal(ret, clash ? -EADDRINUSE : 0);
			if (ret == 0) {
				assert_false(twin[idx].used);
				twin[idx].addr = a;
				twin[idx].port = port;
				twin[idx].dual = cfg.dual_stack;
				twin[idx].used = true;
			}
		} else if (op == 1) {
			uint32_t idx = test_below(&s, TG_LISTENERS_MAX);

			if (twin[idx].used)
				close_one(&t, idx);
			twin[idx].used = false;
		}
		for (uint32_t i = 0; i < TG_LISTENERS_MAX; i++) {
			bool v4 = tg_addr_is_v4(&a);
			uint32_t r = 0;

			if (!twin[i].used || twin[i].port != port)
				continue;
			if (memcmp(&twin[i].addr, &a, 16) == 0)
				r = 3;
			else if (memcmp(&twin[i].addr, v4 ? &addr[0] : &addr[1], 16) == 0)
				r = 2;
			else if (v4 && twin[i].dual)
				r = 1;
			if (r > rank) {
				rank = r;
				want = i;
			}
		}
		assert_int_equal(tg_lsn_find(&t, &a, port), want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_listener_starts_with_its_settings_and_nothing_in_its_queues),
		cmocka_unit_test(impossible_settings_are_refused),
		cmocka_unit_test(a_backlog_counts_up_to_somaxconn),
		cmocka_unit_test(the_most_exact_listener_gets_the_segment_whatever_came_first),
		cmocka_unit_test(a_dual_stack_listener_takes_both_families),
		cmocka_unit_test(a_wildcard_is_for_its_own_family),
		cmocka_unit_test(only_the_port_asked_for_answers),
		cmocka_unit_test(one_address_and_port_is_listened_on_once),
		cmocka_unit_test(a_dual_stack_listener_clashes_with_the_wildcards_it_covers),
		cmocka_unit_test(a_full_table_refuses_and_still_tells_a_clash),
		cmocka_unit_test(a_closed_listener_is_found_no_more_and_its_port_is_free_at_once),
		cmocka_unit_test(closing_leaves_the_other_listeners_of_a_port_alone),
		cmocka_unit_test(a_new_life_of_a_slot_inherits_nothing),
		cmocka_unit_test(a_handle_names_its_listener_until_that_is_closed),
		cmocka_unit_test(stale_handles_stay_stale_for_65535_lives),
		cmocka_unit_test(what_is_no_handle_names_no_listener),
		cmocka_unit_test(shares_sum_to_the_bound_or_are_one_each),
		cmocka_unit_test(the_shards_of_a_listener_share_its_backlog),
		cmocka_unit_test(
			the_accept_queue_holds_one_more_than_its_bound_and_the_syn_queue_does_not),
		cmocka_unit_test(one_port_on_256_addresses_is_no_long_chain),
		cmocka_unit_test(the_table_agrees_with_a_naive_twin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
