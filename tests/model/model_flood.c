/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The short way of a flood (lib/engine/plain_input.h) beside the long way: two engines, alike but
 * that one has no short way, get the same bursts of SYNs, ACKs, RSTs and nonsense, whole and
 * mutated. Every verdict, every byte of every buffer, what leaves besides, every counter, every
 * half-open entry and every connection must be the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bytes.h"
#include "csum.h"
#include "engine_internal.h"

enum {
	ROOM = 256,     /* bytes of a received buffer */
	HEAD = 32,      /* before its packet */
	BURST_MAX = 70, /* more than two groups */
	ROUNDS = 400,
	SYN_ACKS = 64, /* answers that a later ACK may confirm */
};

/* A buffer of either engine. */
struct buf {
	uint8_t bytes[TG_BUF_MIN];
};

static struct tg_engine *engine[2]; /* long way only; short way too */
static struct tg_worker *worker[2];
static tg_listener listener[2][4];
static uint64_t random_state;
static tg_time now;
static struct tg_frame syn_ack[SYN_ACKS];

static uint64_t
any(void)
{
	uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static unsigned
below(unsigned n)
{
	return (unsigned)(any() % n);
}

static void *
mem_alloc(void *ctx, size_t size, size_t align)
{
	void *p = aligned_alloc(align, (size + align - 1) / align * align);

	(void)ctx;
	assert_non_null(p);
	return memset(p, 0, size);
}

static void
mem_free(void *ctx, void *p, size_t size)
{
	(void)ctx;
	(void)size;
	free(p);
}

static unsigned
buf_alloc(void *ctx, struct tg_buf out[], unsigned n)
{
	(void)ctx;
	for (unsigned i = 0; i < n; i++) {
		struct buf *b = calloc(1, sizeof(*b));

		assert_non_null(b);
		out[i] = (struct tg_buf){b, b->bytes, sizeof(b->bytes)};
	}
	return n;
}

static void
buf_free(void *ctx, void *const buf[], unsigned n)
{
	(void)ctx;
	for (unsigned i = 0; i < n; i++)
		free(buf[i]);
}

static const uint8_t mac[2][6] = {{2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 9}};
static const struct tg_addr ours4 = {{[10] = 0xff, [11] = 0xff, 192, 0, 2, 1}};
static const struct tg_addr ours6 = {{0x20, 0x01, 0x0d, 0xb8, [15] = 1}};

/* Settings that the short way asks about, or should. */
static void
settings(struct tg_engine_config *c)
{
	static const uint8_t modes[] = {TG_SYNCOOKIES_ALWAYS, TG_SYNCOOKIES_ALWAYS,
		TG_SYNCOOKIES_FULL, TG_SYNCOOKIES_FULL, TG_SYNCOOKIES_ADAPTIVE, TG_SYNCOOKIES_OFF,
		TG_SYNCOOKIES_MONITOR};

	tg_engine_config_init(c);
	c->env = (struct tg_env){NULL, mem_alloc, mem_free, buf_alloc, buf_free};
	c->now = now;
	c->wall_s = 1700000000;
	c->max_conns = 1 + below(200);
	c->max_half_open = 1 + below(below(2) == 0 ? 60 : 2000);
	c->max_time_wait = 16;
	c->syncookies = modes[below(sizeof(modes))];
	c->rst_rate = below(3) == 0 ? 0 : below(200);
	c->timestamps = below(4) != 0;
	c->sack = below(4) != 0;
	c->window_scaling = below(4) != 0;
	c->ecn = below(2) != 0;
	c->closed_port_drop = below(3) == 0;
	c->abort_on_overflow = below(2) != 0;
	c->cookie_seed_shared = below(4) == 0;
	c->cookie_check_rate = below(4) == 0 ? 20 : 0;
	c->synack_prefix_rate = below(4) == 0 ? 5 : 0;
	c->synack_prefix_burst = 5;
	c->rcvbuf = below(2) != 0 ? 4096 : 262144;
	for (unsigned i = 0; i < sizeof(c->seed); i++)
		c->seed[i] = (uint8_t)any();
}

static void
listen_on(unsigned k, unsigned i, const struct tg_listener_config *lc)
{
	struct tg_listener_config own = *lc;

	own.worker = worker[k];
	assert_int_equal(tg_listen(engine[k], &own, &listener[k][i]), 0);
}

/* What SYN-ACKs of one listener say of us, another's do not. */
static void
some_face(struct tg_listener_config *lc)
{
	lc->options.hop_limit = (uint8_t)(below(2) * 99);
	lc->options.dscp = below(2) == 0 ? TG_DSCP_ENGINE : 46;
	lc->options.window_clamp = below(2) * 2000;
}

static void
open_engines(void)
{
	static const uint16_t offloads[] = {
		0, 0, TG_TX_IP_CSUM, TG_TX_TCP_CSUM, TG_TX_IP_CSUM | TG_TX_TCP_CSUM};
	struct tg_engine_config cfg;
	struct tg_listener_config lc[4];
	uint16_t offload = offloads[below(5)];

	settings(&cfg);
	for (unsigned i = 0; i < 4; i++) {
		tg_listener_config_init(&lc[i]);
		memset(&lc[i].local.addr, 0, sizeof(lc[i].local.addr));
		lc[i].dual_stack = true;
		lc[i].local.port = (uint16_t)(80 + i);
		lc[i].backlog = 1 + below(30);
		lc[i].syn_backlog = 1 + below(below(3) == 0 ? 500 : 10);
		lc[i].single_queue = below(6) == 0;
		lc[i].defer_accept_s = below(6) == 0 ? 3 : 0;
		lc[i].fastopen = below(4) == 0 ? TG_FASTOPEN_COOKIE : TG_FASTOPEN_OFF;
		lc[i].fastopen_qlen = 5;
		lc[i].fastopen_under_flood = below(2) != 0;
		some_face(&lc[i]);
	}
	for (unsigned k = 0; k < 2; k++) {
		assert_int_equal(tg_engine_create(&cfg, &engine[k]), 0);
		assert_int_equal(tg_engine_add_port(engine[k], 0, mac[0], 1500, offload), 0);
		assert_int_equal(tg_engine_add_port(engine[k], 1, mac[1], 9000, 0), 0);
		assert_int_equal(tg_engine_add_addr(engine[k], 0, &ours4, 24), 0);
		assert_int_equal(tg_engine_add_addr(engine[k], 0, &ours6, 64), 0);
		assert_int_equal(tg_worker_create(engine[k], NULL, &worker[k]), 0);
		for (unsigned i = 0; i < 4; i++)
			listen_on(k, i, &lc[i]);
	}
	engine[0]->plain_off = true;
}

/* --- packets --------------------------------------------------------------------------------- */

static void
some_options(struct tg_tcpopt *o)
{
	static const uint8_t sets[] = {TG_OPT_MSS | TG_OPT_SACK_OK | TG_OPT_TS | TG_OPT_WSCALE,
		TG_OPT_MSS | TG_OPT_SACK_OK | TG_OPT_TS | TG_OPT_WSCALE, TG_OPT_MSS, 0,
		TG_OPT_MSS | TG_OPT_SACK_OK | TG_OPT_WSCALE, TG_OPT_TS};

	o->present = below(4) == 0 ? (uint8_t)below(128) : sets[below(sizeof(sets))];
	if (o->present & TG_OPT_TFO)
		o->present &= (uint8_t)~TG_OPT_TFO_EXP;
	o->mss = below(3) == 0 ? (uint16_t)any() : 1460;
	o->wscale = (uint8_t)below(16);
	o->tsval = (uint32_t)any();
	o->tsecr = (uint32_t)any();
	o->tfo_len = below(2) != 0 ? 8 : 0;
	o->sacks = 1;
}

static void
some_flags(struct tg_segment *s)
{
	static const uint16_t usual[] = {TG_SYN, TG_SYN, TG_SYN, TG_ACK, TG_ACK, TG_RST,
		TG_FIN | TG_ACK, TG_RST | TG_ACK, TG_SYN | TG_ACK, TG_SYN | TG_ECE | TG_CWR, 0};

	s->flags = below(5) == 0 ? (uint16_t)below(512)
				 : usual[below(sizeof(usual) / sizeof(usual[0]))];
}

/* From few or many sources, so that connections and half-open entries are met again. */
static void
some_ends(struct tg_segment *s)
{
	bool v6 = below(3) == 0;

	s->dst = v6 ? ours6 : ours4;
	s->src = v6 ? ours6 : tg_addr_v4(198, 51, 100, (uint8_t)below(8));
	if (v6) {
		s->src.b[5] = 1;
		s->src.b[15] = (uint8_t)below(8);
	}
	if (below(4) == 0)
		for (unsigned i = v6 ? 2 : 12; i < 16; i++)
			s->src.b[i] = (uint8_t)any();
	if (below(20) == 0) /* ours, a broadcast address, another host's */
		s->src = below(2) != 0 ? s->dst : tg_addr_v4(192, 0, 2, below(2) != 0 ? 255 : 7);
	if (!tg_addr_is_v4(&s->src) && !v6)
		s->src = ours4;
	if (tg_addr_is_v4(&s->src))
		s->dst = ours4;
	if (below(20) == 0)
		s->dst.b[15] = (uint8_t)any();
	s->sport = below(10) == 0 ? (uint16_t)below(3) : (uint16_t)(1024 + below(6));
	s->dport = (uint16_t)(79 + below(6));
}

/* The ACK that a client of this SYN-ACK would send, or nearly. */
static void
confirm(struct tg_segment *s, const struct tg_frame *f)
{
	s->src = f->dst;
	s->dst = f->src;
	s->sport = f->dport;
	s->dport = f->sport;
	s->seq = f->ack;
	s->ack = f->seq + (below(8) != 0);
	s->flags = TG_ACK;
	s->opt.present = f->target.b[0] & TG_OPT_TS;
	s->opt.tsecr = tg_get32(f->target.b + 4);
	s->opt.tsval = tg_get32(f->target.b + 8) + 1;
}

/* Anything may happen to a frame; both checksums are often right all the same. */
static void
mutate(uint8_t *p, unsigned *len)
{
	if (below(6) != 0)
		return;
	for (unsigned n = 1 + below(3); n > 0; n--)
		p[below(*len)] ^= (uint8_t)(1u << below(8));
	if (below(4) == 0)
		*len = 14 + below(*len - 14);
	if (below(2) == 0 && *len >= 54 && p[12] == 8 && p[13] == 0 && p[14] == 0x45) {
		uint16_t c;

		memset(p + 24, 0, 2);
		c = (uint16_t)~tg_csum_fold(tg_csum_add(0, p + 14, 20));
		memcpy(p + 24, &c, 2);
	}
}

/* One packet at data; its length. */
static unsigned
make(uint8_t *data, struct tg_pkt *meta)
{
	struct tg_pkt p = {.data = data, .tailroom = ROOM - HEAD};
	struct tg_segment s;
	unsigned len, payload = below(6) == 0 ? below(40) : 0;
	uint64_t sum;

	memset(&s, 0, sizeof(s));
	meta->port = (uint16_t)(below(12) == 0 ? below(4) : 0);
	memcpy(s.l2.dst, mac[meta->port & 1], 6);
	s.l2.src[0] = below(40) == 0 ? 3 : 2;
	s.l2.src[5] = (uint8_t)any();
	s.l2.tags = (uint8_t)(below(4) == 0 ? below(3) : 0);
	for (unsigned i = 0; i < s.l2.tags; i++) {
		s.l2.tpid[i] = below(2) != 0 ? 0x8100 : 0x88a8;
		s.l2.tci[i] = (uint16_t)any();
	}
	some_ends(&s);
	some_flags(&s);
	some_options(&s.opt);
	s.seq = below(2) != 0 ? 1000 : (uint32_t)any();
	s.ack = (uint32_t)any();
	s.wnd = (uint16_t)any();
	s.tos = below(4) == 0 ? (uint8_t)any() : 0;
	s.ip_id = (uint16_t)any();
	if (below(5) == 0)
		confirm(&s, &syn_ack[below(SYN_ACKS)]);
	len = tg_emit_tcp_size(&s);
	for (unsigned i = 0; i < payload; i++)
		data[len + i] = (uint8_t)any();
	sum = tg_csum_add(0, data + len, payload);
	tg_emit_tcp(&p, &s, payload, sum, 0);
	len = p.len;
	if (len < 60) {
		memset(data + len, below(2) != 0 ? 0 : 0x5a, 60 - len);
		len = 60;
	}
	mutate(data, &len);
	if (below(6) == 0) {
		meta->flags |= TG_PKT_VLAN_STRIPPED;
		meta->vlan_tci = (uint16_t)any();
	}
	if (below(6) == 0)
		meta->flags |= (uint16_t)(1u << below(4));
	return len;
}

/* --- both ways ------------------------------------------------------------------------------- */

/* Remembers SYN-ACKs: `target` is free in a TCP frame, and keeps what options they have. */
static void
note_syn_ack(const struct tg_pkt *pkt)
{
	struct tg_frame *f = &syn_ack[below(SYN_ACKS)];
	struct tg_pkt good = *pkt;
	struct tg_tcpopt o;

	good.flags = TG_RX_IP_CSUM_GOOD | TG_RX_L4_CSUM_GOOD;
	if (tg_frame_parse(&good, f) != TG_FRAME_TCP || f->flags != (TG_SYN | TG_ACK))
		return;
	tg_tcpopt_parse(pkt->data + f->l4_off + 20, f->payload_off - f->l4_off - 20u, true, &o);
	f->target.b[0] = o.present;
	tg_put32(f->target.b + 4, o.tsval);
	tg_put32(f->target.b + 8, o.tsecr);
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
	same_pool(&engine[0]->synq.pool, &engine[1]->synq.pool);
	same_pool(&engine[0]->conns.tcb, &engine[1]->conns.tcb);
	assert_memory_equal(
		engine[0]->host.path, engine[1]->host.path, sizeof(engine[0]->host.path));
}

/* Answers of a short way, and half-open entries: the test would be worth nothing without. */
static unsigned shorts, entries;

/* A plain segment as a frame is what the parser says of it. */
static void
same_frame(struct tg_pkt *pkt)
{
	struct tg_frame a, b;
	struct tg_plain p;
	uint16_t type = tg_plain_ethernet(pkt, mac[pkt->port & 1], &p);

	if (!(type == TG_BE16(ETHERTYPE_IPV4) && tg_plain_ipv4(pkt, &p)) &&
		!(type == TG_BE16(ETHERTYPE_IPV6) && tg_plain_ipv6(pkt, &p)))
		return;
	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	assert_int_equal(tg_frame_parse(pkt, &a), TG_FRAME_TCP);
	tg_plain_frame(pkt, &p, &b);
	assert_memory_equal(&a, &b, sizeof(a));
}

static void
burst(void)
{
	struct tg_pkt pkt[2][BURST_MAX];
	struct tg_verdict v[2][BURST_MAX];
	struct buf *buf[2][BURST_MAX];
	unsigned n = 1 + below(BURST_MAX), half_open = engine[0]->synq.pool.used;

	for (unsigned i = 0; i < n; i++) {
		struct tg_pkt meta = {.headroom = HEAD};

		for (unsigned k = 0; k < 2; k++) {
			buf[k][i] = calloc(1, sizeof(struct buf));
			assert_non_null(buf[k][i]);
		}
		meta.len = (uint16_t)make(buf[0][i]->bytes + HEAD, &meta);
		meta.tailroom = (uint16_t)(below(4) == 0 ? below(30) : 100);
		memcpy(buf[1][i], buf[0][i], sizeof(struct buf));
		for (unsigned k = 0; k < 2; k++) {
			pkt[k][i] = meta;
			pkt[k][i].buf = buf[k][i];
			pkt[k][i].data = buf[k][i]->bytes + HEAD;
		}
		same_frame(&pkt[0][i]);
	}
	for (unsigned k = 0; k < 2; k++)
		assert_int_equal(tg_engine_input(engine[k], pkt[k], n, v[k], now), n);
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(v[0][i].action, v[1][i].action);
		assert_int_equal(v[0][i].disposition, v[1][i].disposition);
		if (v[0][i].action == TG_KEEP)
			continue;
		same_packet(&pkt[0][i], &pkt[1][i]);
		if (v[0][i].action == TG_REPLY)
			note_syn_ack(&pkt[0][i]);
		shorts += v[0][i].action == TG_REPLY;
		assert_memory_equal(buf[0][i], buf[1][i], sizeof(struct buf));
		free(buf[0][i]);
		free(buf[1][i]);
	}
	if (engine[0]->synq.pool.used > half_open)
		entries += engine[0]->synq.pool.used - half_open;
	same_books();
}

/* A listener goes, or another one comes in its place. */
static void
open_or_close(unsigned i)
{
	struct tg_listener_config lc;

	tg_listener_config_init(&lc);
	lc.local.port = (uint16_t)(80 + i);
	lc.syn_backlog = 1;
	some_face(&lc);
	for (unsigned k = 0; k < 2; k++) {
		if (listener[k][i] == 0) {
			listen_on(k, i, &lc);
			continue;
		}
		assert_int_equal(tg_unlisten(engine[k], listener[k][i]), 0);
		listener[k][i] = 0;
	}
}

/* Time, and what it brings; now and then the accept queues are emptied. */
static void
turn(void)
{
	struct tg_pkt out[2][64];
	unsigned n[2];

	now += below(20) == 0 ? below(3) * TG_SEC : below(100) * TG_MSEC;
	for (unsigned k = 0; k < 2; k++) {
		/* The wall clock runs fast, for the sake of key epochs. */
		tg_engine_advance(engine[k], now, 1700000000 + now / (TG_SEC / 8), 1000);
		n[k] = tg_engine_output(engine[k], out[k], 64, now);
	}
	assert_int_equal(n[0], n[1]);
	for (unsigned i = 0; i < n[0]; i++) {
		same_packet(&out[0][i], &out[1][i]);
		free(out[0][i].buf);
		free(out[1][i].buf);
	}
	/* Idle workers: accept queues fill. */
	if (below(engine[0]->cfg.max_conns % 2 == 0 ? 4 : 60) != 0)
		return;
	for (unsigned i = 0; i < 4; i++) {
		tg_conn c[2][8];
		unsigned a = tg_accept(worker[0], listener[0][i], c[0], 8);

		assert_int_equal(a, tg_accept(worker[1], listener[1][i], c[1], 8));
		for (unsigned j = 0; j < a && j % 2 == 0; j++)
			assert_int_equal(
				tg_close(worker[0], c[0][j]), tg_close(worker[1], c[1][j]));
	}
	if (below(5) == 0)
		open_or_close(below(4));
}

static void
short_and_long_way_agree(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 30; seed++) {
		random_state = seed;
		now = TG_SEC;
		open_engines();
		for (unsigned i = 0; i < ROUNDS; i++) {
			burst();
			turn();
		}
		tg_engine_destroy(engine[0]);
		tg_engine_destroy(engine[1]);
	}
	assert_true(shorts > 10000);
	assert_true(entries > 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_and_long_way_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
