/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bursts in: parse all, hash all, then judge one by one.
 */
#include <string.h>

#include "engine_internal.h"

/* Packets worked on together: what one core keeps in its first-level cache while it waits for
 * the flow table's lines. */
#define GROUP 32

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

static void
input_group(struct tg_engine *e, struct tg_pkt pkt[], unsigned n, struct tg_verdict verdict[])
{
	struct tg_rx rx[GROUP];
	uint32_t tcp = 0;

	for (unsigned i = 0; i < n; i++) {
		struct tg_tuple tuple;

		rx[i].pkt = &pkt[i];
		tg_frame_parse(&pkt[i], &rx[i].f);
		if (!is_tcp_for_us(e, &rx[i]))
			continue;
		tcp |= UINT32_C(1) << i;
		tg_rx_tuple(&rx[i].f, &tuple);
		tg_secret_digest(&e->secret, &tuple, &rx[i].digest);
		tg_flow_prefetch(&e->flow, rx[i].digest.hash);
	}
	for (unsigned i = 0; i < n; i++) {
		verdict[i] = judge(e, &rx[i], (tcp >> i & 1) != 0);
		e->counters.disposition[verdict[i].disposition]++;
	}
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
