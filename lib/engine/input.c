/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bursts in: parse all, hash all, then judge one by one; cookies are written at the end.
 */
#include <string.h>

#include "engine_internal.h"
#include "plain_input.h"

/* Packets worked on together: what one core keeps in its first-level cache while it waits for
 * the flow table's lines. */
#define GROUP TG_PRF_GROUP

/* Packets between the prefetch of their headers, two cache lines, and their turn. */
#define AHEAD 4

/*
 * Packets between the prefetch of their bucket and their turn, when the packets before had entries
 * or got some: a core can wait for some twenty lines at once, and entries need others. In a flood
 * of what has none, all buckets at once are better.
 */
#define AHEAD_BUCKETS 8

static bool
is_tcp_for_us(struct tg_engine *e, struct tg_rx *rx)
{
	const struct tg_frame *f = &rx->f;
	int local;

	if (f->kind != TG_FRAME_TCP)
		return false;
	local = tg_host_find(&e->host, &f->dst);
	if (local < 0)
		return false;
	memcpy(rx->key.raddr, f->src.b, sizeof(rx->key.raddr));
	rx->key.rport = f->sport;
	rx->key.lport = f->dport;
	rx->key.laddr = (uint16_t)local;
	rx->key.free_use = 0;
	return true;
}

static struct tg_verdict
judge(struct tg_engine *e, struct tg_rx *rx, bool tcp)
{
	if (rx->pkt->port >= TG_PORTS_MAX || !e->host.port[rx->pkt->port].used)
		return tg_verdict(TG_PASS, TG_DISP_PASSED);
	return tcp ? tg_input_tcp(e, rx) : tg_input_host(e, rx);
}

static inline void
take_digest(struct tg_engine *e, struct tg_rx *rx, const uint8_t x[16], unsigned ahead)
{
	tg_digest_of(x, &rx->digest);
	if (rx->number < ahead)
		tg_flow_prefetch(&e->flow, rx->digest.hash);
}

/* Keyed hash of each tuple in g, and the first buckets of the flow table on the way. */
static void
digest_group(struct tg_engine *e, struct tg_rx rx[], struct tg_prf_group *g, unsigned ahead)
{
	tg_group_run(g);
	for (unsigned k = 0; k < g->n4; k++)
		take_digest(e, &rx[g->who4[k]], g->x4[k], ahead);
	for (unsigned k = 0; k < g->n6; k++)
		take_digest(e, &rx[g->who6[k]], g->x6[k], ahead);
}

static __attribute__((noinline)) struct tg_verdict
the_long_way(struct tg_engine *e, struct tg_rx *rx)
{
	tg_plain_frame(rx->pkt, &rx->plain, &rx->f);
	return tg_input_found(e, rx, rx->found);
}

/* The short way if there is one, else the long one. */
static inline struct tg_verdict
judge_plain(struct tg_engine *e, struct tg_rx *rx)
{
	struct tg_verdict v = tg_input_plain(e, rx);

	return v.disposition != TG_DISP_COUNT ? v : the_long_way(e, rx);
}

static void
input_group(struct tg_engine *e, struct tg_pkt pkt[], unsigned n, struct tg_verdict verdict[])
{
	struct tg_rx rx[GROUP];
	struct tg_prf_group g;
	uint32_t plain = 0, tcp = 0, later = 0;
	unsigned ahead;

	g.n4 = g.n6 = 0;
	for (unsigned i = 0; i < n; i++) {
		const struct tg_frame *f = &rx[i].f;
		const struct tg_plain *p = &rx[i].plain;

		if (i + AHEAD < n) {
			__builtin_prefetch(pkt[i + AHEAD].data);
			__builtin_prefetch(pkt[i + AHEAD].data + 64);
		}
		rx[i].pkt = &pkt[i];
		rx[i].number = (uint8_t)i;
		rx[i].form = NULL;
		rx[i].plain.damaged = false;
		if (!e->plain_off && tg_plain_take(e, &rx[i])) {
			plain |= UINT32_C(1) << i;
			later |= (uint32_t)((tg_plain_flags(p) & TG_SYN) == 0) << i;
			tg_digest_ask_raw(
				&e->secret, &g, i, !p->v6, p->v6 ? p->ip + 8 : p->ip + 12, p->tcp);
			continue;
		}
		rx[i].digest.hash = 0; /* of what gets none: any bucket will do */
		if (rx[i].plain.damaged)
			tg_plain_damaged(&pkt[i], &rx[i].f);
		else
			tg_frame_parse(&pkt[i], &rx[i].f);
		if (!is_tcp_for_us(e, &rx[i]))
			continue;
		tcp |= UINT32_C(1) << i;
		tg_digest_ask(&e->secret, &g, i, f->ip_version == 4, &f->src, &f->dst,
			(uint32_t)f->sport << 16 | f->dport);
	}
	ahead = e->touched != 0 ? AHEAD_BUCKETS : GROUP;
	e->touched = 0;
	digest_group(e, rx, &g, ahead);
	/* What is no SYN is mostly for an entry. */
	for (; later != 0; later &= later - 1)
		tg_flow_prefetch_entry(&e->flow, rx[__builtin_ctz(later)].digest.hash);
	for (unsigned i = 0; i < n; i++) {
		if (i + ahead < n)
			tg_flow_prefetch(&e->flow, rx[i + ahead].digest.hash);
		if (plain >> i & 1)
			verdict[i] = judge_plain(e, &rx[i]);
		else
			verdict[i] = judge(e, &rx[i], (tcp >> i & 1) != 0);
		e->counters.disposition[verdict[i].disposition]++;
	}
	tg_cookies_write(e, rx);
	e->counters.received += n;
}

unsigned
tg_engine_input(struct tg_engine *e, struct tg_pkt pkt[], unsigned n, struct tg_verdict verdict[],
	tg_time now)
{
	e->now = now;
	for (unsigned i = 0; i < n; i += GROUP)
		input_group(e, pkt + i, n - i < GROUP ? n - i : GROUP, verdict + i);
	return n;
}
