/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From half-open to connection: segments for SYN-queue entries, and ACKs that prove a cookie
 * (listener-semantics sections 5 and 6).
 */
#include <string.h>

#include "arrival.h"
#include "cookie.h"
#include "engine_internal.h"
#include "half.h"

void
tg_key_tuple(const struct tg_engine *e, const struct tg_flow_key *k, struct tg_tuple *t)
{
	t->local.addr = e->host.local[k->laddr].addr;
	t->local.port = k->lport;
	memcpy(t->remote.addr.b, k->raddr, sizeof(t->remote.addr.b));
	t->remote.port = k->rport;
}

/* The entry leaves its listener's counts and the SYN queue; flow table and path are done with. */
static void
forget_half(struct tg_engine *e, uint32_t idx)
{
	struct tg_half *h = tg_half_at(&e->synq, idx);
	struct tg_lsn *l = &e->listeners.lsn[h->key.free_use];

	l->syn_count--;
	l->syn_young -= h->retries == 0;
	l->syn_acked -= (h->flags & TG_HALF_ACKED) != 0;
	tg_synq_put(&e->synq, idx);
}

void
tg_half_remove(struct tg_engine *e, uint32_t idx)
{
	struct tg_half *h = tg_half_at(&e->synq, idx);
	struct tg_digest digest;
	struct tg_tuple tuple;

	tg_key_tuple(e, &h->key, &tuple);
	tg_secret_digest(&e->secret, &tuple, &digest);
	tg_flow_remove(&e->flow, digest.hash, tg_flow_value(TG_FLOW_SYN, idx));
	tg_path_put(&e->host, h->path);
	forget_half(e, idx);
}

/* What a half-open entry and a cookie have in common once proven. */
static void
proven_by(const struct tg_engine *e, const struct tg_rx *rx, const struct tg_lsn *l, uint32_t lsn,
	uint16_t port, struct tg_proven *p)
{
	p->key = rx->key;
	p->key.free_use = (uint16_t)lsn;
	p->hash = rx->digest.hash;
	p->ts_offset = rx->digest.ts_offset;
	p->v6 = rx->f.ip_version == 6;
	p->own_mss = (uint16_t)(e->host.port[port].mtu - (p->v6 ? 60 : 40));
	p->rcv_wnd = e->synack.wnd;
	p->nodelay = l->nodelay;
	p->idle_ms = l->idle_timeout_ms;
	p->worker = l->worker;
	memcpy(p->mac, rx->f.l2.src, sizeof(p->mac));
}

/* A connection enters the accept queue, and the segment that made it is processed as its first. */
static struct tg_verdict
establish(struct tg_engine *e, struct tg_rx *rx, struct tg_lsn *l, struct tg_tcb *t, uint32_t lsn)
{
	struct tg_worker *w = &e->worker[l->worker];

	tg_fifo_push(&l->acceptq, &e->conns.tcb, TG_TCB_EVENT, tg_tcb_index(&e->conns, t));
	l->passive_opens++;
	w->acceptable[lsn / 64] |= UINT64_C(1) << lsn % 64;
	return tg_conn_segment(&e->conns, t, rx->pkt, &rx->f, &rx->opt, e->now);
}

/* Section 6, rule 2 and section 5: a good last ACK, but nowhere to put the connection. */
static void
count_overflow(struct tg_engine *e, struct tg_lsn *l)
{
	l->overflows++;
	l->drops++;
	tg_engine_count(e, TG_CNT_LISTEN_OVERFLOWS);
	tg_engine_count(e, TG_CNT_LISTEN_DROPS);
}

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

static struct tg_verdict
complete(struct tg_engine *e, struct tg_rx *rx, uint32_t idx)
{
	struct tg_half *h = tg_half_at(&e->synq, idx);
	uint32_t lsn = h->key.free_use;
	struct tg_lsn *l = &e->listeners.lsn[lsn];
	tg_ms sent_at = tg_synq_sent_at(&e->synq, h), now = tg_ms_of(e->now);
	struct tg_proven p = {
		.irs = h->irs,
		.iss = h->iss,
		.ts_recent = h->ts_recent,
		.mss = h->mss,
		.path = h->path,
		.wscale = h->flags & TG_HALF_WSCALE_MASK,
		.has_wscale = (h->flags & TG_HALF_WSCALE) != 0,
		.sack = (h->flags & TG_HALF_SACK) != 0,
		.ts = (h->flags & TG_HALF_TS) != 0,
		.synack_resent = h->retries > 0,
		/* Karn: after a second SYN-ACK it is not known which one was answered. */
		.rtt_ms = h->retries == 0 && h->answered == 0 && tg_ms_due(sent_at, now)
			? now - sent_at
			: UINT32_MAX,
	};
	struct tg_tcb *t;

	if (tg_acceptq_full(l)) {
		count_overflow(e, l);
		if (e->cfg.abort_on_overflow) {
			tg_half_remove(e, idx);
			return tg_reply_rst(e, rx);
		}
		mark_acked(e, l, h, rx);
		return tg_verdict(TG_DROP, TG_DISP_DROP_ACCEPTQ_FULL);
	}
	proven_by(e, rx, l, lsn, e->host.path[h->path].port, &p);
	t = tg_tcb_open(&e->conns, &p, h->wnd, e->now);
	if (t == NULL) {
		tg_engine_count(e, TG_CNT_TCB_FULL);
		mark_acked(e, l, h, rx);
		return tg_verdict(TG_DROP, TG_DISP_DROP_NO_TCB);
	}
	tg_flow_replace(&e->flow, rx->digest.hash, tg_flow_value(TG_FLOW_SYN, idx),
		tg_flow_value(TG_FLOW_CONN, tg_tcb_index(&e->conns, t)));
	forget_half(e, idx);
	return establish(e, rx, l, t, lsn);
}

static struct tg_verdict
synack_again(struct tg_engine *e, struct tg_rx *rx, struct tg_half *h)
{
	struct tg_verdict v;
	struct tg_segment s;

	tg_path_follow(&e->host, &h->path, h->mac, rx->pkt, &rx->f);
	tg_reply_init(&e->host, rx->pkt, &rx->f, &s);
	tg_synack_fill(&s, &e->synack, h->flags, &e->host.port[rx->pkt->port], h->iss, h->irs,
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
	struct tg_segment s;

	tg_reply_init(&e->host, rx->pkt, &rx->f, &s);
	s.seq = h->iss + 1;
	s.ack = h->irs + 1;
	s.flags = TG_ACK;
	s.wnd = (uint16_t)(h->flags & TG_HALF_WSCALE ? e->synack.wnd >> e->synack.wscale
						     : e->synack.wnd);
	if (h->flags & TG_HALF_TS) {
		s.opt.present = TG_OPT_TS;
		s.opt.tsval = rx->digest.ts_offset + tg_ms_of(e->now);
		s.opt.tsecr = h->ts_recent;
	}
	tg_engine_count(e, TG_CNT_CHALLENGE_ACK);
	return tg_reply(e, rx, &s);
}

/* An ACK flood on a listener that has sent no cookies costs no PRF call. */
static bool
cookies_are_out(const struct tg_engine *e, const struct tg_lsn *l)
{
	return e->cfg.syncookies == TG_SYNCOOKIES_ALWAYS || e->now < l->cookie_until;
}

/* Does this ACK prove a cookie of ours? One PRF call. */
static bool
proves_cookie(struct tg_engine *e, struct tg_rx *rx, struct tg_lsn *l, struct tg_cookie_state *st)
{
	const struct tg_frame *f = &rx->f;
	struct tg_tuple tuple;

	if ((f->flags & TG_SYN) != 0 || !cookies_are_out(e, l))
		return false;
	tg_rx_tuple(f, &tuple);
	if (tg_cookie_check(&e->secret, &tuple, f->seq - 1, f->ack - 1,
		    (rx->opt.present & TG_OPT_TS) != 0, rx->opt.tsecr, st)) {
		l->cookies_recv++;
		tg_engine_count(e, TG_CNT_SYNCOOKIES_RECV);
		return true;
	}
	l->cookies_failed++;
	tg_engine_count(e, TG_CNT_SYNCOOKIES_FAILED);
	return false;
}

/* A proven cookie becomes a connection, if there is room for one. */
static struct tg_verdict
complete_cookie(
	struct tg_engine *e, struct tg_rx *rx, uint32_t lsn, const struct tg_cookie_state *st)
{
	struct tg_lsn *l = &e->listeners.lsn[lsn];
	struct tg_proven p;
	struct tg_tcb *t;

	if (tg_acceptq_full(l)) {
		count_overflow(e, l);
		return e->cfg.abort_on_overflow ? tg_reply_rst(e, rx)
						: tg_verdict(TG_DROP, TG_DISP_DROP_ACCEPTQ_FULL);
	}
	p = (struct tg_proven){
		.irs = rx->f.seq - 1,
		.iss = rx->f.ack - 1,
		.ts_recent = rx->opt.tsval,
		.mss = st->mss,
		.wscale = st->wscale,
		.has_wscale = st->wscale != TG_COOKIE_NO_WSCALE,
		.sack = st->sack,
		.ts = st->ts,
		.cookie = true,
		.rtt_ms = UINT32_MAX,
		.path = tg_path_get(&e->host, rx->pkt, &rx->f),
	};
	if (p.path == TG_PATH_NONE)
		return tg_verdict(TG_DROP, TG_DISP_DROP_NO_LINK);
	proven_by(e, rx, l, lsn, rx->pkt->port, &p);
	t = tg_tcb_open(&e->conns, &p, rx->f.wnd, e->now);
	if (t == NULL) {
		tg_engine_count(e, TG_CNT_TCB_FULL);
		tg_path_put(&e->host, p.path);
		return tg_verdict(TG_DROP, TG_DISP_DROP_NO_TCB);
	}
	tg_flow_insert(
		&e->flow, rx->digest.hash, tg_flow_value(TG_FLOW_CONN, tg_tcb_index(&e->conns, t)));
	return establish(e, rx, l, t, lsn);
}

struct tg_verdict
tg_input_cookie(struct tg_engine *e, struct tg_rx *rx, uint32_t lsn)
{
	struct tg_cookie_state st;

	if (!proves_cookie(e, rx, &e->listeners.lsn[lsn], &st))
		return tg_reply_rst(e, rx);
	return complete_cookie(e, rx, lsn, &st);
}

/*
 * An ACK with another number than the entry's. When the queue was full for the client's first SYN
 * and not for its second, it holds a cookie and an entry at once, and may prove either.
 */
static struct tg_verdict
cookie_beside_entry(struct tg_engine *e, struct tg_rx *rx, uint32_t idx)
{
	uint32_t lsn = tg_half_at(&e->synq, idx)->key.free_use;
	struct tg_cookie_state st;

	if (!proves_cookie(e, rx, &e->listeners.lsn[lsn], &st))
		return tg_reply_rst(e, rx);
	tg_half_remove(e, idx);
	return complete_cookie(e, rx, lsn, &st);
}

struct tg_verdict
tg_input_half(struct tg_engine *e, struct tg_rx *rx, uint32_t idx)
{
	struct tg_half *h = tg_half_at(&e->synq, idx);

	switch (tg_half_segment(&e->synq, h, &rx->f, &rx->opt, e->synack.wnd, e->now)) {
	case TG_HALF_SYNACK:
		return synack_again(e, rx, h);
	case TG_HALF_SYN_RATE:
		return tg_verdict(TG_DROP, TG_DISP_DROP_SYN_RATE);
	case TG_HALF_COMPLETE:
		return complete(e, rx, idx);
	case TG_HALF_RST:
		return cookie_beside_entry(e, rx, idx);
	case TG_HALF_RST_GONE:
		tg_engine_count(e, TG_CNT_ATTEMPT_FAILS);
		tg_half_remove(e, idx);
		return tg_reply_rst(e, rx);
	case TG_HALF_GONE:
		tg_engine_count(e, TG_CNT_ATTEMPT_FAILS);
		tg_half_remove(e, idx);
		return tg_verdict(TG_DROP, TG_DISP_DELIVERED);
	case TG_HALF_CHALLENGE:
		return half_ack(e, rx, h);
	case TG_HALF_CHALLENGE_RATE:
		return tg_verdict(TG_DROP, TG_DISP_DROP_CHALLENGE);
	case TG_HALF_DROP_WINDOW:
		return tg_verdict(TG_DROP, TG_DISP_DROP_WINDOW);
	case TG_HALF_DROP_ACK:
		break;
	}
	return tg_verdict(TG_DROP, TG_DISP_DROP_ACK);
}
