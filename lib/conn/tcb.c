/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Life of a TCB, its handle and its timers: see tcb.h.
 */
#include <errno.h>
#include <string.h>

#include "bytes.h"
#include "close.h"
#include "congestion.h"
#include "data.h"
#include "event.h"
#include "keepalive.h"
#include "retransmit.h"
#include "sendq.h"
#include "synrcvd.h"

/* The first segments of a connection are acknowledged at once, so the peer's window opens fast. */
#define QUICK_ACKS 8

/* Timestamps cost 12 bytes of every segment. */
#define TS_BYTES 12

int
tg_conns_init(struct tg_conns *cs, const struct tg_mem *mem, const struct tg_engine_config *cfg)
{
	tg_fifo_init(&cs->out);
	for (unsigned i = 0; i < TG_WORKERS_MAX; i++)
		tg_fifo_init(&cs->events[i]);
	if (tg_pool_init(&cs->tcb, mem, sizeof(struct tg_tcb), cfg->max_conns,
		    offsetof(struct tg_tcb, timer.link)) != 0 ||
		tg_segs_init(&cs->segs, mem, cfg->max_segments) != 0 ||
		tg_tw_init(&cs->tw, mem, cfg->max_time_wait, cfg->time_wait_ms) != 0)
		return -ENOMEM;
	tg_options_init(&cs->options, cfg->hop_limit, cfg->dscp);
	tg_wheel_init(&cs->wheel, &cs->tcb, TG_TCB_TIMER, tg_ms_of(cfg->now));
	return 0;
}

void
tg_conns_fini(struct tg_conns *cs, const struct tg_mem *mem)
{
	/* In a slot that is free, or was never used, both queues are empty: see tg_tcb_free(). */
	for (uint32_t i = 0; i < cs->tcb.fresh; i++) {
		tg_seg_free_list(&cs->segs, &cs->env, tg_tcb_at(cs, i)->rcv_head);
		tg_seg_free_list(&cs->segs, &cs->env, tg_tcb_at(cs, i)->snd_head);
	}
	tg_tw_fini(&cs->tw, mem);
	tg_segs_fini(&cs->segs, mem);
	tg_pool_fini(&cs->tcb, mem);
}

static uint16_t
send_mss(const struct tg_conns *cs, const struct tg_proven *p)
{
	uint32_t mss = p->mss < p->own_mss ? p->mss : p->own_mss;
	/* Ethernet and two tags, IP, TCP; options come out of the payload. */
	uint32_t fits = cs->buf_size - 22 - (p->v6 ? 60 : 40);

	if (mss > fits)
		mss = fits;
	return (uint16_t)(p->ts ? mss - TS_BYTES : mss);
}

/* Line by line: for all of it at once gcc takes `rep stos`, which needs 40 cycles to get going. */
static void
clear(struct tg_tcb *t)
{
	for (size_t i = 0; i < sizeof(*t); i += alignof(struct tg_tcb))
		memset((uint8_t *)t + i, 0, alignof(struct tg_tcb));
}

struct tg_tcb *
tg_tcb_open(struct tg_conns *cs, const struct tg_proven *p, uint32_t snd_wnd, tg_time now)
{
	uint32_t idx = tg_pool_get(&cs->tcb), generation;
	struct tg_tcb *t;

	if (idx == TG_NONE)
		return NULL;
	t = tg_tcb_at(cs, idx);
	generation = t->generation + 1;
	clear(t);
	t->generation = generation;
	t->key = p->key;
	t->hash = p->hash;
	t->state = TG_ESTABLISHED;
	t->flags = (p->ts ? TG_TCB_TS : 0) | (p->sack ? TG_TCB_SACK : 0) |
		(p->has_wscale ? TG_TCB_WSCALE : 0) | (p->cookie ? TG_TCB_COOKIE : 0) |
		(p->nodelay ? TG_TCB_NODELAY : 0) | (p->v6 ? TG_TCB_V6 : 0) |
		(p->ecn ? TG_TCB_ECN : 0);
	tg_tcb_number(t, p->irs, p->iss, p->rcv_wnd);
	t->snd_wnd = snd_wnd;
	t->max_wnd = snd_wnd;
	t->snd_wscale = p->has_wscale ? p->wscale : 0;
	t->snd_mss = send_mss(cs, p);
	t->own_mss = p->own_mss;
	t->rcv_mss = p->own_mss < 536 ? p->own_mss : 536;
	t->quick = QUICK_ACKS;
	t->ts_recent = p->ts_recent;
	t->ts_recent_at = tg_ms_of(now);
	t->ts_offset = p->ts_offset;
	t->rcv_head = t->rcv_tail = TG_NONE;
	t->snd_head = t->snd_tail = t->snd_cur = TG_NONE;
	t->rto_ms = p->synack_resent ? TG_RTO_INIT_LOST : TG_RTO_INIT;
	if (p->rtt_ms != UINT32_MAX && !p->synack_resent)
		tg_rtt_sample(cs, t, p->rtt_ms * 1000);
	tg_cc_open(t, p->synack_resent);
	memcpy(t->mac, p->mac, sizeof(t->mac));
	t->path = p->path;
	t->worker = p->worker & 0xf;
	t->options = p->options;
	cs->options.set[p->options].refs++;
	if (p->syn_rcvd) {
		t->state = TG_SYN_RECEIVED;
		t->flags |= TG_TCB_SYN_RCVD;
		/* Nobody knows it: when it ends it vanishes, as if its worker had let go of it. */
		if (p->hidden)
			t->flags |= TG_TCB_HIDDEN | TG_TCB_ORPHAN;
		tg_tcb_start(cs, t, TG_TCB_T_REXMT, tg_synrcvd_wait(cs, 0), now);
	}
	tg_tcb_moved(cs, t, now);
	tg_keep_heard(cs, t, now);
	tg_count(cs, TG_CNT_PASSIVE_OPENS);
	return t;
}

struct tg_tcb *
tg_tcb_copy(struct tg_conns *cs, const struct tg_tcb *like, tg_time now)
{
	uint32_t idx = tg_pool_get(&cs->tcb), generation;
	struct tg_tcb *t;

	if (idx == TG_NONE)
		return NULL;
	t = tg_tcb_at(cs, idx);
	/* Of one that comes soon, the lines that the pool does not ask for. */
	if (cs->tcb.warm_count >= TG_POOL_AHEAD) {
		uint32_t soon = cs->tcb.warm[tg_pool_warm(&cs->tcb, TG_POOL_AHEAD - 1)];

		for (size_t i = alignof(struct tg_tcb); i < sizeof(*t); i += alignof(struct tg_tcb))
			__builtin_prefetch((uint8_t *)tg_tcb_at(cs, soon) + i, 1);
	}
	generation = t->generation + 1;
	for (size_t i = 0; i < sizeof(*t); i += alignof(struct tg_tcb))
		memcpy((uint8_t *)t + i, (const uint8_t *)like + i, alignof(struct tg_tcb));
	t->generation = generation;
	t->ts_recent_at = tg_ms_of(now);
	cs->options.set[t->options].refs++;
	tg_count(cs, TG_CNT_PASSIVE_OPENS);
	return t;
}

tg_conn
tg_tcb_handle(const struct tg_conns *cs, const struct tg_tcb *t)
{
	return (uint64_t)t->generation << 32 | (tg_tcb_index(cs, t) + 1);
}

struct tg_tcb *
tg_tcb_find(const struct tg_conns *cs, tg_conn c)
{
	uint32_t idx = (uint32_t)c - 1;
	struct tg_tcb *t;

	if (idx >= cs->tcb.fresh)
		return NULL;
	t = tg_tcb_at(cs, idx);
	if (t->generation != c >> 32 ||
		(t->flags & (TG_TCB_ACCEPTED | TG_TCB_ORPHAN)) != TG_TCB_ACCEPTED)
		return NULL;
	return t;
}

void
tg_tcb_free(struct tg_conns *cs, struct tg_tcb *t)
{
	tg_options_put(&cs->options, t->options);
	/* A stale handle must not match: no flags; the generation moves on at the next open. */
	t->flags = 0;
	t->state = TG_CLOSED;
	tg_pool_put(&cs->tcb, tg_tcb_index(cs, t));
}

void
tg_tcb_end(struct tg_conns *cs, struct tg_tcb *t, int error)
{
	uint32_t idx = tg_tcb_index(cs, t);

	if (t->state == TG_ESTABLISHED || t->state == TG_CLOSE_WAIT)
		tg_count(cs, TG_CNT_ESTAB_RESETS);
	else if (t->state == TG_SYN_RECEIVED)
		tg_count(cs, TG_CNT_ATTEMPT_FAILS);
	tg_synrcvd_over(cs, t);
	if (t->snd_head != TG_NONE)
		tg_sendq_purge(cs, t);
	if (tg_timer_armed(&t->timer))
		tg_wheel_cancel(&cs->wheel, idx);
	if (t->flags & TG_TCB_IN_OUTQ)
		tg_fifo_remove(&cs->out, &cs->tcb, TG_TCB_OUT, idx);
	if ((t->flags & TG_TCB_NO_FLOW) == 0)
		tg_flow_remove(cs->flow, t->hash, tg_flow_value(TG_FLOW_CONN, idx));
	tg_path_put(cs->host, t->path);
	/* What keeps meaning for the worker's handle, and nothing else. */
	t->flags &= TG_TCB_ACCEPTED | TG_TCB_ORPHAN | TG_TCB_IN_EVENTQ | TG_TCB_FIN_RCVD |
		TG_TCB_TS | TG_TCB_SACK | TG_TCB_WSCALE | TG_TCB_COOKIE | TG_TCB_V6 | TG_TCB_ECN;
	t->flags |= TG_TCB_DEAD | TG_TCB_NO_FLOW;
	t->flags2 &= (uint16_t) ~(TG_TCB2_KEEP | TG_TCB2_KEEP_PROBE);
	t->state = TG_CLOSED;
	if (t->error == 0)
		t->error = (int16_t)error;
	if (t->flags & TG_TCB_ORPHAN) {
		if (t->rcv_head != TG_NONE)
			tg_data_purge(cs, t);
		tg_tcb_free(cs, t);
	} else if (t->error != 0) {
		tg_event_raise(cs, t, TG_EV_CLOSED);
	}
}

void
tg_tcb_want_output(struct tg_conns *cs, struct tg_tcb *t)
{
	if (t->flags & (TG_TCB_IN_OUTQ | TG_TCB_DEAD))
		return;
	t->flags |= TG_TCB_IN_OUTQ;
	tg_fifo_push(&cs->out, &cs->tcb, TG_TCB_OUT, tg_tcb_index(cs, t));
}

/* Earliest running deadline. */
static bool
earliest(const struct tg_tcb *t, tg_ms *when)
{
	bool any = false;

	if (t->flags & TG_TCB_T_REXMT) {
		*when = t->rexmt_at;
		any = true;
	}
	if ((t->flags & TG_TCB_T_DELACK) != 0 && (!any || tg_ms_before(t->delack_at, *when))) {
		*when = t->delack_at;
		any = true;
	}
	if ((t->flags & TG_TCB_T_IDLE) != 0 && (!any || tg_ms_before(t->idle_at, *when))) {
		*when = t->idle_at;
		any = true;
	}
	if ((t->flags2 & TG_TCB2_KEEP) != 0 && (!any || tg_ms_before(t->keep_at, *when))) {
		*when = t->keep_at;
		any = true;
	}
	return any;
}

void
tg_tcb_arm(struct tg_conns *cs, struct tg_tcb *t, tg_ms at)
{
	/*
	 * The wheel is left alone when it will wake us early enough anyway: a busy connection
	 * restarts its RTO with every ACK, and touches the wheel once per RTO.
	 */
	if (!tg_timer_armed(&t->timer) || tg_ms_before(at, t->timer.deadline))
		tg_wheel_arm(&cs->wheel, tg_tcb_index(cs, t), at);
}

void
tg_tcb_start(struct tg_conns *cs, struct tg_tcb *t, uint32_t which, uint32_t wait, tg_time now)
{
	tg_ms at = tg_ms_after(now, wait);

	if (which == TG_TCB_T_REXMT)
		t->rexmt_at = at;
	else if (which == TG_TCB_T_DELACK)
		t->delack_at = at;
	else
		t->idle_at = at;
	t->flags |= which;
	tg_tcb_arm(cs, t, at);
}

void
tg_tcb_timers(struct tg_conns *cs, struct tg_tcb *t, tg_time now)
{
	tg_ms ms = tg_ms_of(now), when;

	if ((t->flags & TG_TCB_T_DELACK) != 0 && tg_ms_due(t->delack_at, ms)) {
		t->flags &= ~(uint32_t)TG_TCB_T_DELACK;
		t->flags |= TG_TCB_ACK_NOW;
		tg_count(cs, TG_CNT_DELAYED_ACKS);
		tg_tcb_want_output(cs, t);
	}
	if ((t->flags & TG_TCB_T_IDLE) != 0 && tg_ms_due(t->idle_at, ms)) {
		t->flags &= ~(uint32_t)TG_TCB_T_IDLE;
		if (t->flags & TG_TCB_ORPHAN) {
			tg_count(cs, TG_CNT_ABORT_ON_LINGER);
			tg_tcb_end(cs, t, 0);
			return;
		}
		tg_count(cs, TG_CNT_KEEPALIVE_IDLE);
		tg_conn_reset(cs, t, -ETIMEDOUT);
	}
	if ((t->flags & TG_TCB_T_REXMT) != 0 && tg_ms_due(t->rexmt_at, ms)) {
		t->flags &= ~(uint32_t)TG_TCB_T_REXMT;
		if (!tg_rexmt_fire(cs, t, now))
			return;
	}
	if ((t->flags2 & TG_TCB2_KEEP) != 0 && tg_ms_due(t->keep_at, ms))
		tg_keep_fire(cs, t, now);
	if (earliest(t, &when))
		tg_wheel_arm(&cs->wheel, tg_tcb_index(cs, t), when);
}
