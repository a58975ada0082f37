/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_mbuf.h>

#include "cookie.h"
#include "emit.h"
#include "engine_internal.h"
#include "mbuf.h"
#include "plain_input.h"
#include "stages.h"

/* At the start one burst in so many is sampled: the replay takes twice the time of the burst. */
#define EVERY 16

/* A burst in its stages. Static: large, and one thread only. */
static struct {
	struct tg_rx_burst burst;
	bool plain[FLOOD_BURST]; /* goes the short way of plain_input.h */
	struct tg_rx rx[FLOOD_BURST];
	struct tg_tuple tuple[FLOOD_BURST];
	struct tg_segment seg[FLOOD_BURST];
	struct tg_prf_group group;
	struct tg_form form;
	const struct tg_prf *key; /* of cookies on that form */
	tg_block mask;
} b;

static volatile uint32_t sink;

int
stages_init(struct stages *s)
{
	memset(s, 0, sizeof(*s));
	s->every = s->wait = EVERY;
	for (unsigned i = 0; i < STAGES; i++) {
		s->cycles[i] = malloc(STAGES_SAMPLES * sizeof(float));
		if (s->cycles[i] == NULL) {
			stages_fini(s);
			return -ENOMEM;
		}
	}
	return 0;
}

void
stages_fini(struct stages *s)
{
	for (unsigned i = 0; i < STAGES; i++)
		free(s->cycles[i]);
	memset(s, 0, sizeof(*s));
}

bool
stages_due(struct stages *s)
{
	if (--s->wait != 0)
		return false;
	s->wait = s->every;
	return true;
}

static void
make_room(struct stages *s)
{
	if (s->n < STAGES_SAMPLES)
		return;
	s->n = STAGES_SAMPLES / 2;
	s->every *= 2;
	for (unsigned i = 0; i < STAGES; i++)
		for (unsigned k = 0; k < s->n; k++)
			s->cycles[i][k] = s->cycles[i][2 * k];
}

static uint64_t
run_rx(struct rte_mbuf *m[], uint16_t port)
{
	uint64_t t = rte_rdtsc_precise();

	for (unsigned i = 0; i < FLOOD_BURST; i++)
		tg_rx_add(&b.burst, m[i], port, NULL);
	return rte_rdtsc_precise() - t;
}

static uint64_t
run_parse(struct tg_engine *e)
{
	uint64_t t = rte_rdtsc_precise();

	for (unsigned i = 0; i < FLOOD_BURST; i++) {
		b.rx[i].pkt = &b.burst.pkt[i];
		b.plain[i] = tg_plain_take(e, &b.rx[i]);
		if (!b.plain[i])
			tg_frame_parse(&b.burst.pkt[i], &b.rx[i].f);
	}
	return rte_rdtsc_precise() - t;
}

static void
ask_digests(const struct tg_engine *e)
{
	b.group.n4 = b.group.n6 = 0;
	for (unsigned i = 0; i < FLOOD_BURST; i++) {
		const struct tg_plain *p = &b.rx[i].plain;
		const struct tg_frame *f = &b.rx[i].f;

		if (b.plain[i])
			tg_digest_ask_raw(&e->secret, &b.group, i, !p->v6, p->addrs, p->tcp);
		else
			tg_digest_ask(&e->secret, &b.group, i, f->ip_version == 4, &f->src, &f->dst,
				(uint32_t)f->sport << 16 | f->dport);
	}
}

static void
ask_cookies(void)
{
	b.group.n4 = b.group.n6 = 0;
	for (unsigned i = 0; i < FLOOD_BURST; i++) {
		const struct tg_plain *p = &b.rx[i].plain;

		if (b.plain[i])
			tg_group_add_raw(
				&b.group, i, b.key, !p->v6, p->addrs, tg_load64(p->tcp), b.mask);
	}
}

static uint64_t
run_prf(const struct tg_engine *e, bool cookies)
{
	uint64_t t = rte_rdtsc_precise();

	ask_digests(e);
	tg_group_run(&b.group);
	for (unsigned i = 0; i < b.group.n4; i++)
		tg_digest_of(b.group.x4[i], &b.rx[b.group.who4[i]].digest);
	for (unsigned i = 0; i < b.group.n6; i++)
		tg_digest_of(b.group.x6[i], &b.rx[b.group.who6[i]].digest);
	if (cookies) {
		ask_cookies();
		tg_group_run(&b.group);
		sink += b.group.x4[0][0];
	}
	return rte_rdtsc_precise() - t;
}

static uint64_t
run_lookup(struct tg_engine *e)
{
	uint64_t t = rte_rdtsc_precise();
	uint32_t sum = 0;

	for (unsigned i = 0; i < FLOOD_BURST; i++)
		tg_flow_prefetch(&e->flow, b.rx[i].digest.hash);
	for (unsigned i = 0; i < FLOOD_BURST; i++) {
		const struct tg_flow_key *k = &b.rx[i].key;

		sum += tg_flow_lookup(&e->flow, k, b.rx[i].digest.hash);
		sum += tg_lsn_recent(&e->listeners, k->laddr, &e->host.local[k->laddr].addr,
			       k->lport) != NULL;
	}
	sink += sum;
	return rte_rdtsc_precise() - t;
}

static uint64_t
run_emit(void)
{
	uint64_t t = rte_rdtsc_precise();

	for (unsigned i = 0; i < FLOOD_BURST; i++) {
		const struct tg_plain *p = &b.rx[i].plain;

		if (!b.plain[i])
			tg_emit_tcp(&b.burst.pkt[i], &b.seg[i], 0, 0, 0);
		else
			tg_form_write(&b.burst.pkt[i], p, p->v6, &b.form, i, i, i);
	}
	return rte_rdtsc_precise() - t;
}

static uint64_t
run_tx(void)
{
	uint64_t t = rte_rdtsc_precise();

	for (unsigned i = 0; i < FLOOD_BURST; i++)
		tg_rx_reply(&b.burst, i, false);
	return rte_rdtsc_precise() - t;
}

/* A SYN-ACK that answers the frame, with its options: it is as long. */
static void
answer_to(const struct tg_frame *f, const struct tg_pkt *pkt, struct tg_segment *g)
{
	memset(g, 0, sizeof(*g));
	g->l2 = f->l2;
	g->src = f->dst;
	g->dst = f->src;
	g->sport = f->dport;
	g->dport = f->sport;
	g->seq = f->seq;
	g->ack = f->seq + 1;
	g->flags = TG_SYN | TG_ACK;
	g->wnd = 65535;
	tg_tcpopt_parse(
		pkt->data + f->l4_off + 20, f->payload_off - f->l4_off - 20u, true, &g->opt);
}

/* The form of the answers to plain SYNs, as the engine would print it for the first of them. */
static void
print_form(const struct tg_engine *e, uint16_t port, const struct tg_segment *like, bool v6)
{
	const struct tg_cookie_state st = {
		.mss = 1460, .wscale = 7, .sack = true, .ts = (like->opt.present & TG_OPT_TS) != 0};
	struct tg_segment s = {.flags = TG_SYN | TG_ACK, .wnd = 65535, .opt = like->opt};

	s.src = s.dst = v6 ? (struct tg_addr){{0}} : tg_addr_v4(0, 0, 0, 0);
	s.opt.present |= TG_OPT_MSS;
	s.opt.tsval = s.opt.tsecr = 0;
	tg_cookie_common(&e->secret, !v6, &st, &b.key, &b.mask);
	tg_form_make(&b.form, &s, v6, e->host.port[port].mac, 0);
}

/* What the timed loops need of each other, made between them. */
static void
prepare(const struct tg_engine *e, uint16_t port)
{
	bool printed = false;

	for (unsigned i = 0; i < FLOOD_BURST; i++) {
		struct tg_rx *rx = &b.rx[i];
		struct tg_frame *f = &rx->f;

		if (b.plain[i])
			tg_plain_frame(rx->pkt, &rx->plain, f);
		answer_to(f, rx->pkt, &b.seg[i]);
		if (b.plain[i] && !printed) {
			print_form(e, port, &b.seg[i], rx->plain.v6);
			printed = true;
		}
		if (b.plain[i])
			continue;
		memset(&rx->key, 0, sizeof(rx->key));
		memcpy(rx->key.raddr, f->src.b, sizeof(rx->key.raddr));
		rx->key.rport = f->sport;
		rx->key.lport = f->dport;
	}
}

void
stages_take(struct stages *s, struct tg_shard *shard, uint16_t port, struct rte_mbuf *m[],
	bool cookies, uint64_t total)
{
	struct tg_engine *e = tg_shard_engine(shard);
	uint64_t c[STAGES] = {0}, parts = 0;

	make_room(s);
	tg_rx_reset(&b.burst);
	c[STAGE_RX] = run_rx(m, port);
	c[STAGE_PARSE] = run_parse(e);
	prepare(e, port);
	c[STAGE_PRF] = run_prf(e, cookies);
	c[STAGE_LOOKUP] = run_lookup(e);
	c[STAGE_EMIT] = run_emit();
	c[STAGE_TX] = run_tx();
	for (unsigned i = 0; i < STAGES; i++)
		parts += c[i];
	c[STAGE_OTHER] = total > parts ? total - parts : 0;
	c[STAGE_TOTAL] = total;
	c[STAGE_GENERATOR] = s->generator;
	c[STAGE_LOOP] = s->loop;
	for (unsigned i = 0; i < STAGES; i++)
		s->cycles[i][s->n] = (float)c[i] / FLOOD_BURST;
	s->n++;
}

static int
order(const void *x, const void *y)
{
	float a = *(const float *)x, c = *(const float *)y;

	return (a > c) - (a < c);
}

void
stages_result(struct stages *s, struct flood_result *r)
{
	r->slices = s->n;
	r->tsc_hz = (double)rte_get_tsc_hz();
	for (unsigned i = 0; s->n != 0 && i < STAGES; i++) {
		qsort(s->cycles[i], s->n, sizeof(float), order);
		r->cycles[i].median = (double)s->cycles[i][s->n / 2];
		r->cycles[i].p10 = (double)s->cycles[i][s->n / 10];
	}
}
