/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an operator sees: listings of listeners and connections, occupancy.
 */
#include <string.h>

#include "engine_internal.h"

/* Pool slots looked at in one tg_engine_conns(): bounds the pause it makes in a shard's turn. */
#define SLOTS_PER_CALL 4096

const struct tg_counters *
tg_engine_counters(const struct tg_engine *e)
{
	return &e->counters;
}

void
tg_engine_usage(const struct tg_engine *e, struct tg_engine_usage *u)
{
	u->conns = e->conns.tcb.used;
	u->max_conns = e->conns.tcb.capacity;
	u->half_open = e->synq.pool.used;
	u->max_half_open = e->synq.pool.capacity;
	u->time_wait = e->conns.tw.pool.used;
	u->max_time_wait = e->conns.tw.pool.capacity;
	u->segments = e->conns.segs.pool.used;
	u->max_segments = e->conns.segs.pool.capacity;
	u->listeners = e->listeners.count;
}

unsigned
tg_engine_listeners(
	const struct tg_engine *e, uint32_t *cursor, struct tg_listener_info out[], unsigned cap)
{
	const bool pool_full = e->synq.pool.used == e->synq.pool.capacity;
	unsigned n = 0;

	for (; *cursor < TG_LISTENERS_MAX && n < cap; (*cursor)++) {
		const struct tg_lsn *l = &e->listeners.lsn[*cursor];

		if (!l->used)
			continue;
		out[n++] = (struct tg_listener_info){
			.listener = tg_lsn_handle(&e->listeners, *cursor),
			.local = l->local,
			.dual_stack = l->dual_stack,
			.accept_queue = l->acceptq.count,
			.accept_bound = l->accept_bound,
			.syn_queue = l->syn_count,
			.syn_young = l->syn_young,
			.syn_acked = l->syn_acked,
			.syn_bound = l->syn_bound,
			.passive_opens = l->passive_opens,
			.overflows = l->overflows,
			.drops = l->drops,
			.cookies_sent = l->cookies_sent,
			.cookies_recv = l->cookies_recv,
			.cookies_failed = l->cookies_failed,
			.defer_drops = l->defer_drops,
			.defer_accept_s = l->defer_accept_s,
			.defer_mode = l->defer_mode,
			.single_queue = l->single_queue,
			.cookies_on = tg_cookies_on(l, &e->admission, pool_full),
			.fastopen = l->fastopen,
			.fastopen_pending = tg_fastopenq_used(&l->fastopenq, e->now),
			.fastopen_bound = l->fastopenq.bound,
			.fastopen_passive = l->fastopen_passive,
		};
	}
	return n;
}

void
tg_info_of_tcb(const struct tg_engine *e, const struct tg_tcb *t, struct tg_conn_info *i)
{
	memset(i, 0, sizeof(*i));
	i->conn = tg_tcb_handle(&e->conns, t);
	tg_key_tuple(e, &t->key, &i->tuple);
	i->state = t->state;
	i->accepted = (t->flags & TG_TCB_ACCEPTED) != 0;
	i->sack = (t->flags & TG_TCB_SACK) != 0;
	i->timestamps = (t->flags & TG_TCB_TS) != 0;
	i->window_scaling = (t->flags & TG_TCB_WSCALE) != 0;
	i->from_cookie = (t->flags & TG_TCB_COOKIE) != 0;
	i->ecn = (t->flags & TG_TCB_ECN) != 0;
	i->syn_data = (t->flags2 & TG_TCB2_SYN_DATA) != 0;
	i->snd_wscale = t->snd_wscale;
	i->rcv_wscale = i->window_scaling ? e->conns.rcv_wscale : 0;
	i->retries = t->retries;
	i->snd_mss = t->snd_mss;
	i->soft_error = t->soft_error;
	i->recv_q = t->rcv_bytes;
	i->send_q = t->snd_bytes;
	i->snd_wnd = t->snd_wnd;
	i->rcv_wnd = t->rcv_adv - t->rcv_nxt;
	i->cwnd = t->cwnd;
	i->ssthresh = t->ssthresh;
	i->srtt_us = t->srtt_us8 / 8;
	i->rto_ms = t->rto_ms;
}

static void
info_of_half(const struct tg_engine *e, const struct tg_half *h, struct tg_conn_info *i)
{
	memset(i, 0, sizeof(*i));
	tg_key_tuple(e, &h->key, &i->tuple);
	i->state = TG_SYN_RECEIVED;
	i->sack = (h->flags & TG_HALF_SACK) != 0;
	i->timestamps = (h->flags & TG_HALF_TS) != 0;
	i->ecn = (h->flags & TG_HALF_ECN) != 0;
	i->window_scaling = (h->flags & TG_HALF_WSCALE) != 0;
	i->snd_wscale = h->flags & TG_HALF_WSCALE_MASK;
	i->rcv_wscale = i->window_scaling ? e->synack.wscale : 0;
	i->retries = h->retries;
	i->snd_mss = h->mss;
	i->rcv_wnd = e->synack.wnd;
	i->rto_ms = tg_synq_wait(&e->synq, h->retries);
}

static void
info_of_tw(const struct tg_engine *e, const struct tg_tw *t, struct tg_conn_info *i)
{
	memset(i, 0, sizeof(*i));
	tg_key_tuple(e, &t->key, &i->tuple);
	i->state = TG_TIME_WAIT;
	i->timestamps = t->ts;
}

/*
 * The three pools lie behind each other in one numbering by capacity, which does not move while a
 * listing is under way. Returns the number of entries described, 0 or 1; moves *slot on, over
 * what was never used in one step.
 */
static unsigned
describe_slot(const struct tg_engine *e, uint32_t *slot, struct tg_conn_info *i)
{
	const struct tg_pool *tcb = &e->conns.tcb, *half = &e->synq.pool, *tw = &e->conns.tw.pool;
	uint32_t n = (*slot)++;

	if (n < tcb->fresh) {
		const struct tg_tcb *t = tg_tcb_at(&e->conns, n);

		if (t->state == TG_CLOSED && t->flags == 0)
			return 0;
		tg_info_of_tcb(e, t, i);
		return 1;
	}
	if (n < tcb->capacity) {
		*slot = tcb->capacity;
		return 0;
	}
	n -= tcb->capacity;
	if (n < half->fresh) {
		if (tg_half_at(&e->synq, n)->key.lport == 0 ||
			tg_half_closing(e, tg_half_at(&e->synq, n)))
			return 0;
		info_of_half(e, tg_half_at(&e->synq, n), i);
		return 1;
	}
	if (n < half->capacity) {
		*slot = tcb->capacity + half->capacity;
		return 0;
	}
	n -= half->capacity;
	if (n >= tw->fresh) {
		*slot = UINT32_MAX;
		return 0;
	}
	if (tg_tw_at(&e->conns.tw, n)->key.lport == 0)
		return 0;
	info_of_tw(e, tg_tw_at(&e->conns.tw, n), i);
	return 1;
}

unsigned
tg_engine_conns(
	const struct tg_engine *e, uint32_t *cursor, struct tg_conn_info out[], unsigned cap)
{
	unsigned n = 0;

	for (unsigned looked = 0; *cursor != UINT32_MAX && n < cap && looked < SLOTS_PER_CALL;
		looked++)
		n += describe_slot(e, cursor, &out[n]);
	return n;
}
