/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The short way of a flood (lib/engine/plain_input.h) beside the long way: two engines, alike but
 * that one has no short way, get the same bursts of SYNs, ACKs, RSTs and nonsense
 * (flood_traffic.c), and the same changes of what they are told about the world between two
 * bursts. Every verdict, every byte of every buffer, what leaves besides, every counter, every
 * half-open entry and every connection must be the same.
 *
 *     model_flood              30 stories
 *     model_flood SEED         one of them
 *     model_flood SEED COUNT   many, from a seed on
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flood_engines.h"
#include "flood_traffic.h"

enum {
	HEAD = 32,      /* bytes in a received buffer before its packet */
	BURST_MAX = 70, /* more than two groups */
	ROUNDS = 400,
	PEER_SET = 4 * 24, /* bytes of a set of peers.h */
};

static uint64_t seed, seed_from = 1, seed_count = 30;

/* What the story must contain: the test would be worth nothing without. */
static unsigned shorts;  /* answers of a short way */
static unsigned entries; /* half-open */
static unsigned alike;   /* bursts in which last ACKs took the short way, twice in a row */
static unsigned chains;  /* packets of two segments */
static unsigned seen[TG_DISP_COUNT];

static unsigned
below(unsigned n)
{
	return traffic_below(n);
}

static void
same_packet(const struct tg_pkt *a, const struct tg_pkt *b)
{
	assert_int_equal(a->len, b->len);
	assert_int_equal(a->headroom, b->headroom);
	assert_int_equal(a->tailroom, b->tailroom);
	assert_int_equal(a->port, b->port);
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(a->vlan_tci, b->vlan_tci);
	assert_int_equal(a->l2_len, b->l2_len);
	assert_int_equal(a->l3_len, b->l3_len);
	assert_int_equal(a->l4_len, b->l4_len);
	assert_true((a->next == NULL) == (b->next == NULL));
	assert_memory_equal(a->data, b->data, a->len);
}

/* All entries of a pool that were ever used. */
static void
same_pool(const struct tg_pool *a, const struct tg_pool *b)
{
	assert_int_equal(a->used, b->used);
	assert_int_equal(a->fresh, b->fresh);
	assert_int_equal(a->free_head, b->free_head);
	assert_int_equal(a->warm_count, b->warm_count);
	for (uint32_t i = 0; i < a->warm_count; i++)
		assert_int_equal(a->warm[tg_pool_warm(a, i)], b->warm[tg_pool_warm(b, i)]);
	if (a->fresh > 0)
		assert_memory_equal(a->base, b->base, (size_t)a->fresh * a->stride);
}

static void
same_books(void)
{
	assert_memory_equal(tg_engine_counters(engine[0]), tg_engine_counters(engine[1]),
		sizeof(struct tg_counters));
	for (unsigned i = 0; i < TG_LISTENERS_MAX; i++)
		assert_memory_equal(&engine[0]->listeners.lsn[i], &engine[1]->listeners.lsn[i],
			sizeof(struct tg_lsn));
	assert_memory_equal(&engine[0]->rst, &engine[1]->rst, sizeof(engine[0]->rst));
	assert_int_equal(engine[0]->flow.count, engine[1]->flow.count);
	assert_memory_equal(engine[0]->peers.set, engine[1]->peers.set,
		(size_t)engine[0]->peers.sets * PEER_SET);
	same_pool(&engine[0]->synq.pool, &engine[1]->synq.pool);
	same_pool(&engine[0]->conns.tcb, &engine[1]->conns.tcb);
	assert_memory_equal(
		engine[0]->host.path, engine[1]->host.path, sizeof(engine[0]->host.path));
}

/* A burst for one engine. */
struct received {
	struct tg_pkt pkt[BURST_MAX];
	struct tg_pkt rest[BURST_MAX]; /* second segments of chains */
	struct tg_verdict v[BURST_MAX];
	uint8_t *more[BURST_MAX]; /* their buffers, or NULL */
};

/* A buffer that ends where its packet's room does, so that ASan sees a step beyond. */
static uint8_t *
fit(struct tg_pkt *p, const uint8_t *bytes)
{
	p->buf = malloc((size_t)p->headroom + p->len + p->tailroom);
	assert_non_null(p->buf);
	p->data = (uint8_t *)p->buf + p->headroom;
	memset(p->buf, 0xee, (size_t)p->headroom + p->len + p->tailroom);
	memcpy(p->data, bytes, p->len);
	return p->buf;
}

static unsigned
some_tailroom(void)
{
	return below(4) != 0 ? 100 : below(2) != 0 ? below(30) : 0;
}

/* A plain segment as a frame is what the parser says of it. */
static void
same_frame(struct tg_pkt *pkt)
{
	const uint8_t *own = engine[0]->host.port[pkt->port % TG_PORTS_MAX].mac;
	struct tg_frame a, b;
	struct tg_plain p;
	uint16_t type = tg_plain_ethernet(pkt, own, &p);

	if (!(type == TG_BE16(ETHERTYPE_IPV4) && tg_plain_ipv4(pkt, &p)) &&
		!(type == TG_BE16(ETHERTYPE_IPV6) && tg_plain_ipv6(pkt, &p)))
		return;
	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	assert_int_equal(tg_frame_parse(pkt, &a), TG_FRAME_TCP);
	tg_plain_frame(pkt, &p, &b);
	assert_memory_equal(&a, &b, sizeof(a));
}

/* The same packet for both engines, one time of 20 in two segments, cut anywhere. */
static void
receive(struct received r[2], unsigned i)
{
	struct tg_pkt meta = {.headroom = HEAD}, rest = {.headroom = 0};
	uint8_t bytes[TRAFFIC_MAX];
	unsigned len = traffic_packet(bytes, &meta);

	meta.len = (uint16_t)len;
	meta.tailroom = (uint16_t)some_tailroom();
	if (below(20) == 0 && len > 14) {
		meta.len = (uint16_t)(14 + below(len - 13));
		rest.len = (uint16_t)(len - meta.len);
		chains++;
	}
	for (unsigned k = 0; k < 2; k++) {
		r[k].pkt[i] = meta;
		r[k].more[i] = NULL;
		fit(&r[k].pkt[i], bytes);
		if (rest.len != 0) {
			r[k].rest[i] = rest;
			r[k].more[i] = fit(&r[k].rest[i], bytes + meta.len);
			r[k].pkt[i].next = &r[k].rest[i];
		}
	}
	same_frame(&r[0].pkt[i]);
}

static void
compare(struct received r[2], unsigned i)
{
	const struct tg_verdict v = r[0].v[i];
	const struct tg_pkt *p = &r[0].pkt[i];

	assert_int_equal(v.action, r[1].v[i].action);
	assert_int_equal(v.disposition, r[1].v[i].disposition);
	seen[v.disposition]++;
	if (v.action == TG_KEEP)
		return; /* the engine's now */
	same_packet(p, &r[1].pkt[i]);
	if (v.action == TG_REPLY)
		traffic_note(p);
	shorts += v.action == TG_REPLY;
	assert_memory_equal(p->buf, r[1].pkt[i].buf, (size_t)p->headroom + p->len + p->tailroom);
	if (r[0].more[i] != NULL)
		assert_memory_equal(r[0].more[i], r[1].more[i], r[0].rest[i].len);
	for (unsigned k = 0; k < 2; k++) {
		free(r[k].pkt[i].buf);
		free(r[k].more[i]);
	}
}

/* The second engine must not find on the stack what the first has left there. */
static __attribute__((noinline)) void
scrub_stack(void)
{
	volatile uint8_t junk[65536];

	for (size_t i = 0; i < sizeof(junk); i++)
		junk[i] = (uint8_t)(i * 7 + 0x5a);
}

/* Connections so far, but for those of cookies. */
static uint64_t
last_acks(void)
{
	const struct tg_counters *c = tg_engine_counters(engine[0]);

	return c->event[TG_CNT_PASSIVE_OPENS] - c->event[TG_CNT_SYNCOOKIES_RECV];
}

static void
burst(void)
{
	static struct received r[2];
	unsigned n = 1 + below(BURST_MAX), half_open = engine[0]->synq.pool.used;
	uint64_t kind = engine[1]->alike.kind, opened = last_acks();

	for (unsigned i = 0; i < n; i++)
		receive(r, i);
	for (unsigned k = 0; k < 2; k++) {
		scrub_stack();
		assert_int_equal(tg_engine_input(engine[k], r[k].pkt, n, r[k].v, now), n);
	}
	for (unsigned i = 0; i < n; i++)
		compare(r, i);
	if (engine[0]->synq.pool.used > half_open)
		entries += engine[0]->synq.pool.used - half_open;
	alike += kind != 0 && kind == engine[1]->alike.kind && last_acks() > opened;
	assert_int_equal(engine[0]->alike.kind, 0);
	same_books();
}

/* Goes and comes again on the same port, with another face: no packet between. */
static void
replace(unsigned i)
{
	open_or_close(i);
	open_or_close(i);
}

/* Time, and what it brings; now and then the accept queues are emptied. */
static void
turn(void)
{
	struct tg_pkt out[2][64];
	uint64_t wall_s;
	unsigned n[2];

	now += below(20) == 0 ? below(3) * TG_SEC : below(100) * TG_MSEC;
	/* The wall clock runs fast, for the sake of key epochs. */
	wall_s = (uint64_t)((int64_t)(1700000000 + now / (TG_SEC / 8)) + wall_off);
	for (unsigned k = 0; k < 2; k++) {
		tg_engine_advance(engine[k], now, wall_s, 1000);
		n[k] = tg_engine_output(engine[k], out[k], 64, now);
	}
	assert_int_equal(n[0], n[1]);
	for (unsigned i = 0; i < n[0]; i++) {
		same_packet(&out[0][i], &out[1][i]);
		free(out[0][i].buf);
		free(out[1][i].buf);
	}
	if (below(8) == 0)
		change();
	if (below(10) == 0)
		replace(below(LISTENERS));
	/* Idle workers: accept queues fill. */
	if (below(engine[0]->cfg.max_conns % 2 == 0 ? 4 : 60) != 0)
		return;
	for (unsigned i = 0; i < LISTENERS; i++) {
		tg_conn c[2][8];
		unsigned a = accept_on(0, i, c[0], 8);

		assert_int_equal(a, accept_on(1, i, c[1], 8));
		assert_memory_equal(c[0], c[1], a * sizeof(c[0][0]));
		for (unsigned j = 0; j < a; j += 2) {
			unsigned w = tg_tcb_at(&engine[0]->conns, (uint32_t)c[0][j] - 1)->worker;

			assert_int_equal(tg_close(worker[0][w], c[0][j]), 0);
			assert_int_equal(tg_close(worker[1][w], c[1][j]), 0);
		}
	}
	if (below(5) == 0)
		open_or_close(below(LISTENERS));
}

static void
short_and_long_way_agree(void **state)
{
	(void)state;
	for (seed = seed_from; seed < seed_from + seed_count; seed++) {
		traffic_seed(seed);
		open_engines();
		for (unsigned i = 0; i < ROUNDS; i++) {
			burst();
			turn();
		}
		close_engines();
	}
}

/* Whatever the short way may say, and why it must not be taken, has come up. */
static void
nothing_was_left_out(void **state)
{
	static const enum tg_disposition some[] = {TG_DISP_ANSWERED, TG_DISP_DELIVERED,
		TG_DISP_PASSED, TG_DISP_DROP_IP_HEADER, TG_DISP_DROP_IP_CSUM,
		TG_DISP_DROP_TCP_HEADER, TG_DISP_DROP_TCP_CSUM, TG_DISP_DROP_FRAGMENT,
		TG_DISP_DROP_SOURCE, TG_DISP_DROP_LAND, TG_DISP_DROP_DEST, TG_DISP_DROP_SPORT_ZERO,
		TG_DISP_DROP_SYN_FLAGS, TG_DISP_DROP_NO_FLAGS, TG_DISP_DROP_STRAY_RST,
		TG_DISP_DROP_RST_LIMIT, TG_DISP_DROP_CLOSED_PORT, TG_DISP_DROP_SYNQ_FULL,
		TG_DISP_DROP_ACCEPTQ_FULL, TG_DISP_DROP_PREFIX_LIMIT, TG_DISP_DROP_COOKIE_RATE,
		TG_DISP_DROP_DEFER, TG_DISP_DROP_NO_ROOM};

	(void)state;
	if (seed_count < 30)
		skip();
	assert_true(shorts > 10000);
	assert_true(chains > 1000);
	assert_true(entries > 1000);
	assert_true(alike > 1000);
	for (unsigned i = 0; i < sizeof(some) / sizeof(some[0]); i++)
		if (seen[some[i]] < 50)
			fail_msg("disposition %u came up %u times", some[i], seen[some[i]]);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_and_long_way_agree),
		cmocka_unit_test(nothing_was_left_out),
	};
	int failed;

	if (argc > 1) {
		seed_from = strtoull(argv[1], NULL, 10);
		seed_count = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	}
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	if (seed < seed_from + seed_count)
		fprintf(stderr, "the story of seed %llu: model_flood %llu\n",
			(unsigned long long)seed, (unsigned long long)seed);
	return failed;
}
