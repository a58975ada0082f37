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
#include "stages.h"

/* At the start one burst in so many is sampled: the replay takes twice the time of the burst. */
#define EVERY 16

/* A burst in its stages. Static: large, and one thread only. */
static struct {
	struct tg_rx_burst rx;
	struct tg_frame f[FLOOD_BURST];
	struct tg_tuple tuple[FLOOD_BURST];
	struct tg_digest digest[FLOOD_BURST];
	struct tg_flow_key key[FLOOD_BURST];
	struct tg_segment seg[FLOOD_BURST];
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
		tg_rx_add(&b.rx, m[i], port, NULL);
	return rte_rdtsc_precise() - t;
}

static uint64_t
run_parse(void)
{
	uint64_t t = rte_rdtsc_precise();

	for (unsigned i = 0; i < FLOOD_BURST; i++)
		tg_frame_parse(&b.rx.pkt[i], &b.f[i]);
	return rte_rdtsc_precise() - t;
}

static uint64_t
run_prf(const struct tg_engine *e, bool cookies)
{
	uint64_t t = rte_rdtsc_precise();
	uint32_t sum = 0, tsval = 0;

	for (unsigned i = 0; i < FLOOD_BURST; i++)
		tg_secret_digest(&e->secret, &b.tuple[i], &b.digest[i]);
	for (unsigned i = 0; cookies && i < FLOOD_BURST; i++) {
		struct tg_cookie_state st = {.mss = 1460, .wscale = 7, .sack = true, .ts = true};

		sum += tg_cookie_make(&e->secret, &b.tuple[i], b.f[i].seq, &st, i, &tsval);
	}
	sink += sum + tsval;
	return rte_rdtsc_precise() - t;
}

static uint64_t
run_lookup(const struct tg_engine *e)
{
	uint64_t t = rte_rdtsc_precise();
	uint32_t sum = 0;

	for (unsigned i = 0; i < FLOOD_BURST; i++)
		tg_flow_prefetch(&e->flow, b.digest[i].hash);
	for (unsigned i = 0; i < FLOOD_BURST; i++) {
		sum += tg_flow_lookup(&e->flow, &b.key[i], b.digest[i].hash);
		sum += tg_lsn_find(&e->listeners, &b.f[i].dst, b.f[i].dport);
	}
	sink += sum;
	return rte_rdtsc_precise() - t;
}

static uint64_t
run_emit(void)
{
	uint64_t t = rte_rdtsc_precise();

	for (unsigned i = 0; i < FLOOD_BURST; i++)
		tg_emit_tcp(&b.rx.pkt[i], &b.seg[i], 0, 0, 0);
	return rte_rdtsc_precise() - t;
}

static uint64_t
run_tx(void)
{
	uint64_t t = rte_rdtsc_precise();

	for (unsigned i = 0; i < FLOOD_BURST; i++)
		tg_rx_reply(&b.rx, i, false);
	return rte_rdtsc_precise() - t;
}

/* What the timed loops need of each other, made between them. */
static void
prepare(const struct tg_engine *e)
{
	for (unsigned i = 0; i < FLOOD_BURST; i++) {
		const struct tg_frame *f = &b.f[i];
		struct tg_segment *g = &b.seg[i];

		tg_rx_tuple(f, &b.tuple[i]);
		memset(&b.key[i], 0, sizeof(b.key[i]));
		memcpy(b.key[i].raddr, f->src.b, sizeof(b.key[i].raddr));
		b.key[i].rport = f->sport;
		b.key[i].lport = f->dport;
		b.key[i].laddr = (uint16_t)tg_host_find(&e->host, &f->dst);
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
		/* Options as the SYN had them: the answer is as long. */
		tg_tcpopt_parse(b.rx.pkt[i].data + f->l4_off + 20, f->payload_off - f->l4_off - 20u,
			true, &g->opt);
	}
}

void
stages_take(struct stages *s, struct tg_shard *shard, uint16_t port, struct rte_mbuf *m[],
	bool cookies, uint64_t total)
{
	const struct tg_engine *e = tg_shard_engine(shard);
	uint64_t c[STAGES] = {0}, parts = 0;

	make_room(s);
	tg_rx_reset(&b.rx);
	c[STAGE_RX] = run_rx(m, port);
	c[STAGE_PARSE] = run_parse();
	prepare(e);
	c[STAGE_PRF] = run_prf(e, cookies);
	c[STAGE_LOOKUP] = run_lookup(e);
	c[STAGE_EMIT] = run_emit();
	c[STAGE_TX] = run_tx();
	for (unsigned i = 0; i < STAGES; i++)
		parts += c[i];
	c[STAGE_OTHER] = total > parts ? total - parts : 0;
	c[STAGE_TOTAL] = total;
	c[STAGE_GENERATOR] = s->generator;
	c[STAGE_LOOP] = total + s->generator;
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
