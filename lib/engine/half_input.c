/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Segments for SYN-queue entries (listener-semantics sections 6 and 7).
 */
#include "complete.h"
#include "defer.h"
#include "half.h"

static void
mark_acked(struct tg_engine *e, struct tg_lsn *l, struct tg_half *h, const struct tg_rx *rx)
{
	h->wnd = rx->f.wnd;
	tg_path_follow(&e->host, &h->path, h->mac, rx->pkt, &rx->f);
	if ((h->flags & TG_HALF_ACKED) == 0) {
		h->flags |= TG_HALF_ACKED;
		l->syn_acked++;
	}
}

/* Karn: after a second SYN-ACK it is not known which one was answered. */
static uint32_t
half_rtt(const struct tg_engine *e, const struct tg_half *h)
{
	tg_ms sent_at = tg_synq_sent_at(&e->synq, h), now = tg_ms_of(e->now);

	/* Deadlines are rounded up: within its first millisecond a SYN-ACK seems to leave later. */
	if (h->retries > 0 || h->answered != 0 || (h->flags & TG_HALF_ACKED) != 0 ||
		!tg_ms_due(sent_at, now + 1))
		return UINT32_MAX;
	return tg_ms_due(sent_at, now) ? now - sent_at : 0;
}

/* A bare ACK while accept is deferred (listener-semantics section 7). False: it completes. */
static bool
deferred(struct tg_engine *e, struct tg_rx *rx, uint32_t idx, struct tg_verdict *v)
{
	struct tg_half *h = tg_half_at(&e->synq, idx);
	struct tg_lsn *l = &e->listeners.lsn[h->key.free_use];
	enum tg_defer d = tg_defer_ack(l, &e->synq, h, &rx->f, tg_ms_of(e->now));
	bool linux_drop = l->defer_mode != TG_DEFER_SILENT;

	if (d == TG_DEFER_NO)
		return false;
	if (linux_drop) {
		l->defer_drops++;
		tg_engine_count(e, TG_CNT_DEFER_ACCEPT_DROP);
	}
	*v = tg_verdict(TG_DROP, TG_DISP_DELIVERED);
	if (d == TG_DEFER_FORGET) {
		*v = tg_verdict(TG_DROP, TG_DISP_DROP_DEFER);
		return true;
	}
	if (d == TG_DEFER_WAIT)
		tg_synq_defer(&e->synq, idx, tg_defer_deadline(l, &e->synq, h), e->now);
	mark_acked(e, l, h, rx);
	return true;
}

static struct tg_verdict
complete(struct tg_engine *e, struct tg_rx *rx, uint32_t idx)
{
	struct tg_half *h = tg_half_at(&e->synq, idx);
	uint32_t lsn = h->key.free_use;
	struct tg_lsn *l = &e->listeners.lsn[lsn];
	struct tg_verdict v;
	struct tg_tcb *t;

	if (deferred(e, rx, idx, &v))
		return v;
	if (tg_acceptq_full(l)) {
		tg_count_ack_drop(e, l);
		if (e->cfg.abort_on_overflow) {
			tg_half_remove(e, idx);
			return tg_reply_rst(e, rx);
		}
		mark_acked(e, l, h, rx);
		return tg_verdict(TG_DROP, TG_DISP_DROP_ACCEPTQ_FULL);
	}
	t = tg_open_half(e, idx, &rx->digest, half_rtt(e, h));
	if (t == NULL) {
		mark_acked(e, l, h, rx);
		return tg_verdict(TG_DROP, TG_DISP_DROP_NO_TCB);
	}
	return tg_establish(e, rx, t, lsn);
}

static struct tg_verdict
synack_again(struct tg_engine *e, struct tg_rx *rx, struct tg_half *h)
{
	struct tg_verdict v;
	struct tg_segment s;

	if (!tg_synack_allowed(e, &rx->f.src))
		return tg_verdict(TG_DROP, TG_DISP_DROP_PREFIX_LIMIT);
	tg_path_follow(&e->host, &h->path, h->mac, rx->pkt, &rx->f);
	tg_reply_init(&e->host, &rx->f, &s);
	tg_synack_fill(&s, &e->listeners.lsn[h->key.free_use].synack, h->flags,
		&e->host.port[rx->pkt->port], h->iss, h->irs,
		rx->digest.ts_offset + tg_ms_of(e->now), h->ts_recent);
	v = tg_reply(e, rx, &s);
	if (v.action == TG_REPLY) {
		tg_engine_count(e, TG_CNT_SYN_RETRANS);
		tg_engine_count(e, TG_CNT_RETRANS_SEGS);
	}
	return v;
}

static struct tg_verdict
half_ack(struct tg_engine *e, struct tg_rx *rx, const struct tg_half *h)
{
	const struct tg_synack *own = &e->listeners.lsn[h->key.free_use].synack;
	struct tg_segment s;

	tg_reply_init(&e->host, &rx->f, &s);
	s.tos = own->tos;
	s.ttl = own->ttl;
	s.seq = h->iss + 1;
	s.ack = h->irs + 1;
	s.flags = TG_ACK;
	s.wnd = (uint16_t)(h->flags & TG_HALF_WSCALE ? own->wnd >> own->wscale : own->wnd);
	if (h->flags & TG_HALF_TS) {
		s.opt.present = TG_OPT_TS;
		s.opt.tsval = rx->digest.ts_offset + tg_ms_of(e->now);
		s.opt.tsecr = h->ts_recent;
	}
	return tg_reply(e, rx, &s);
}

/* As Linux counts: a challenge answers a RST only, and an old timestamp has a counter of its own.
 */
static void
count_refused(struct tg_engine *e, const struct tg_rx *rx, const struct tg_half *h, bool answered)
{
	if ((rx->f.flags & TG_RST) == 0) {
		if (tg_half_paws(h, &rx->opt))
			tg_engine_count(e, TG_CNT_PAWS_ESTAB);
	} else if (answered) {
		tg_engine_count(e, TG_CNT_CHALLENGE_ACK);
	}
}

struct tg_verdict
tg_input_half(struct tg_engine *e, struct tg_rx *rx, uint32_t idx)
{
	struct tg_half *h = tg_half_at(&e->synq, idx);
	uint16_t wnd = tg_lsn_offered(&e->listeners.lsn[h->key.free_use], e->now);

	switch (tg_half_segment(&e->synq, h, &rx->f, &rx->opt, wnd, e->now)) {
	case TG_HALF_SYNACK:
		return synack_again(e, rx, h);
	case TG_HALF_SYN_RATE:
		return tg_verdict(TG_DROP, TG_DISP_DROP_SYN_RATE);
	case TG_HALF_COMPLETE:
		return complete(e, rx, idx);
	case TG_HALF_RST:
		return tg_input_cookie_beside(e, rx, idx);
	case TG_HALF_RST_GONE:
		tg_engine_count(e, TG_CNT_ATTEMPT_FAILS);
		tg_half_remove(e, idx);
		return tg_reply_rst(e, rx);
	case TG_HALF_GONE:
		tg_engine_count(e, TG_CNT_ATTEMPT_FAILS);
		tg_half_remove(e, idx);
		return tg_verdict(TG_DROP, TG_DISP_DELIVERED);
	case TG_HALF_CHALLENGE:
		count_refused(e, rx, h, true);
		return half_ack(e, rx, h);
	case TG_HALF_CHALLENGE_RATE:
		count_refused(e, rx, h, false);
		return tg_verdict(TG_DROP, TG_DISP_DROP_CHALLENGE);
	case TG_HALF_DROP_WINDOW:
		return tg_verdict(TG_DROP, TG_DISP_DROP_WINDOW);
	case TG_HALF_DROP_ACK:
		break;
	}
	return tg_verdict(TG_DROP, TG_DISP_DROP_ACK);
}
