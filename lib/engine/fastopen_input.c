/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TCP Fast Open, server side (RFC 7413, listener-semantics section 8): connections made of a SYN,
 * and segments for them until the last ACK. The order of the questions is Linux's, so that its
 * counters mean the same here.
 *
 * A TCB that waits for the last ACK has TG_TCB_SYN_RCVD and takes a slot of its listener's
 * fastopen_qlen; wherever it ends, tg_fastopen_over() hears of it.
 */
#include <errno.h>
#include <string.h>

#include "arrival.h"
#include "close.h"
#include "complete.h"
#include "data.h"
#include "fastopen.h"
#include "keepalive.h"
#include "synrcvd.h"

/* key.free_use of a TCB whose listener was closed: its slot may be another listener's by now. */
#define NO_LISTENER UINT16_MAX

#define TFO_KINDS (TG_OPT_TFO | TG_OPT_TFO_EXP)

_Static_assert(sizeof(((struct tg_offer *)0)->tfo_cookie) == TG_FASTOPEN_LEN, "a whole cookie");

static struct tg_lsn *
listener_of(struct tg_engine *e, const struct tg_tcb *t)
{
	return t->key.free_use == NO_LISTENER ? NULL : &e->listeners.lsn[t->key.free_use];
}

void
tg_fastopen_over(void *engine, const struct tg_tcb *t)
{
	struct tg_lsn *l = listener_of(engine, t);

	if (l == NULL)
		return;
	l->fastopenq.pending--;
	l->fastopenq.hidden -= (t->flags & TG_TCB_HIDDEN) != 0;
}

bool
tg_fastopen_leave(struct tg_engine *e, struct tg_tcb *t)
{
	struct tg_lsn *l = listener_of(e, t);

	if (l == NULL || !l->closing)
		return false;
	if (t->flags & TG_TCB_HIDDEN) {
		tg_conn_abort(&e->conns, t);
		return true;
	}
	l->fastopenq.pending--;
	t->key.free_use = NO_LISTENER;
	return true;
}

void
tg_fastopen_option(const struct tg_pkt *pkt, struct tg_segment *s, const struct tg_offer *o)
{
	if (o->tfo == 0)
		return;
	s->opt.present |= o->tfo;
	s->opt.tfo_len = TG_FASTOPEN_LEN;
	memcpy(s->opt.tfo, o->tfo_cookie, TG_FASTOPEN_LEN);
	/* The handshake is worth more than the cookie. */
	if (tg_emit_answer_size(s->answers, s) > (unsigned)pkt->len + pkt->tailroom)
		s->opt.present &= (uint8_t)~TFO_KINDS;
}

/* A fresh cookie goes into the SYN-ACK, in the kind the peer used (RFC 7413 4.1.1). */
static void
give_cookie(const struct tg_engine *e, const struct tg_rx *rx, struct tg_offer *o)
{
	o->tfo = rx->opt.present & TFO_KINDS;
	tg_fastopen_cookie(&e->fastopen, &rx->f.src, &rx->f.dst, o->tfo_cookie);
}

/*
 * The SYN-ACK of a TCB but its addresses and window. It acknowledges what of the SYN's data was
 * taken.
 */
static void
fill_synack(struct tg_engine *e, struct tg_tcb *t, uint16_t port, struct tg_segment *s)
{
	unsigned flags = (t->flags & TG_TCB_WSCALE ? TG_HALF_WSCALE : 0u) |
		(t->flags & TG_TCB_SACK ? TG_HALF_SACK : 0u) |
		(t->flags & TG_TCB_ECN ? TG_HALF_ECN : 0u) |
		(t->flags & TG_TCB_TS ? TG_HALF_TS : 0u) | (t->flags & TG_TCB_V6 ? TG_HALF_V6 : 0u);

	tg_synack_fill(s, &e->synack, flags, &e->host.port[port], t->snd_una - 1, t->snd_wl1,
		t->ts_offset + tg_ms_of(e->now), t->ts_recent);
	s->tos = tg_tcb_options(&e->conns, t)->tos;
	s->ttl = tg_tcb_options(&e->conns, t)->ttl;
	s->ack = t->rcv_nxt;
	if (t->flags2 & (TG_TCB2_TFO | TG_TCB2_TFO_EXP)) {
		s->opt.present |= t->flags2 & TG_TCB2_TFO ? TG_OPT_TFO : TG_OPT_TFO_EXP;
		s->opt.tfo_len = TG_FASTOPEN_LEN;
		tg_fastopen_cookie(&e->fastopen, &s->dst, &s->src, s->opt.tfo);
	}
}

bool
tg_fastopen_output(struct tg_engine *e, struct tg_outbox *ob, struct tg_tcb *t)
{
	bool again = (t->flags2 & TG_TCB2_SYNACK_SENT) != 0;
	struct tg_segment s;
	struct tg_pkt *pkt;

	memcpy(s.dst.b, t->key.raddr, sizeof(s.dst.b));
	if (again && !tg_synack_allowed(e, &s.dst)) {
		t->flags2 &= (uint16_t)~TG_TCB2_SYNACK;
		return true;
	}
	pkt = tg_outbox_next(ob);
	if (pkt == NULL)
		return false;
	pkt->port = tg_conn_address(&e->conns, t, &s);
	fill_synack(e, t, pkt->port, &s);
	s.wnd = tg_synrcvd_sent(&e->conns, t, e->now);
	pkt->tailroom = (uint16_t)(pkt->tailroom - tg_emit_tcp_size(&s));
	tg_emit_tcp(pkt, &s, 0, 0, e->host.port[pkt->port].offload);
	tg_engine_count(e, TG_CNT_OUT_SEGS);
	if (again) {
		tg_engine_count(e, TG_CNT_SYN_RETRANS);
		tg_engine_count(e, TG_CNT_RETRANS_SEGS);
	}
	return true;
}

/* The SYN-ACK over the SYN; where that has no room it leaves by itself at the next output. */
static struct tg_verdict
synack_in_place(struct tg_engine *e, struct tg_rx *rx, struct tg_tcb *t)
{
	struct tg_segment s;

	tg_reply_init(&e->host, &rx->f, &s);
	fill_synack(e, t, rx->pkt->port, &s);
	if (tg_emit_answer_size(&rx->f, &s) > (unsigned)rx->pkt->len + rx->pkt->tailroom) {
		t->flags2 |= TG_TCB2_SYNACK;
		tg_tcb_want_output(&e->conns, t);
		return tg_verdict(TG_DROP, TG_DISP_DELIVERED);
	}
	s.wnd = tg_synrcvd_sent(&e->conns, t, e->now);
	return tg_reply(e, rx, &s);
}

/* Data of the SYN enters the receive queue, as much as it holds. True: the packet is kept for it.
 */
static bool
take_data(struct tg_engine *e, const struct tg_rx *rx, struct tg_tcb *t)
{
	uint32_t len = rx->f.payload_len, space = tg_data_space(&e->conns, t);
	enum tg_data_verdict d;

	if (len == 0)
		return false;
	d = tg_data_take(&e->conns, t, rx->pkt, &rx->f, 0, len < space ? len : space);
	if (d == TG_DATA_FULL)
		return false; /* not acknowledged: the peer sends it again */
	t->flags2 |= TG_TCB2_SYN_DATA;
	return d == TG_DATA_KEPT;
}

/*
 * Admission lets SYNs pass a full accept queue: with the policy TG_ACCEPT_FULL_YOUNG, and in the
 * single queue where cookies are the answer to all. Such a SYN may wait as an entry, not as a
 * connection. One delivered late is not in the accept queue yet: the last ACK asks for room.
 */
static bool
room_for_one(const struct tg_lsn *l)
{
	if (l->single_queue)
		return !tg_synq_full(l);
	return l->fastopen_late || !tg_acceptq_full(l);
}

/* A connection at once: RFC 7413 4.2.2. False, and nothing has happened, when none can be made. */
static bool
open_at_once(struct tg_engine *e, struct tg_rx *rx, uint32_t lsn, const struct tg_offer *o,
	const struct tg_tw *reuse, struct tg_verdict *v)
{
	struct tg_lsn *l = &e->listeners.lsn[lsn];
	uint32_t iss = tg_isn(&rx->digest, e->now);
	struct tg_proven p = {
		.key = rx->key,
		.irs = rx->f.seq,
		.iss = reuse != NULL ? tg_tw_next_iss(reuse, iss) : iss,
		.ts_recent = o->tsval,
		.rtt_ms = UINT32_MAX,
		.mss = o->mss,
		.wscale = o->wscale,
		.has_wscale = o->has_wscale,
		.sack = o->sack,
		.ts = o->ts,
		.ecn = o->ecn,
		.v6 = rx->f.ip_version == 6,
		.syn_rcvd = true,
		.hidden = l->fastopen_late,
		.path = tg_path_get(&e->host, rx->pkt, &rx->f),
	};
	struct tg_tcb *t;

	if (p.path == TG_PATH_NONE)
		return false;
	memcpy(p.mac, rx->f.l2.src, sizeof(p.mac));
	tg_proven_by(e, lsn, &rx->digest, rx->pkt->port, &p);
	t = room_for_one(l) ? tg_tcb_open(&e->conns, &p, rx->f.wnd, e->now) : NULL;
	if (t == NULL) {
		tg_path_put(&e->host, p.path);
		return false;
	}
	if (reuse != NULL)
		tg_input_tw_recycled(e, reuse);
	tg_flow_insert(
		&e->flow, rx->digest.hash, tg_flow_value(TG_FLOW_CONN, tg_tcb_index(&e->conns, t)));
	l->fastopenq.pending++;
	l->fastopenq.hidden += p.hidden;
	l->fastopen_passive++;
	tg_engine_count(e, TG_CNT_FASTOPEN_PASSIVE);
	if (o->tfo != 0)
		t->flags2 |= o->tfo == TG_OPT_TFO ? TG_TCB2_TFO : TG_TCB2_TFO_EXP;
	if (!p.hidden)
		tg_make_acceptable(e, t, lsn);
	if (!take_data(e, rx, t)) {
		*v = synack_in_place(e, rx, t);
		return true;
	}
	/* The SYN's own buffer holds the data now: its answer needs another one. */
	t->flags2 |= TG_TCB2_SYNACK;
	tg_tcb_want_output(&e->conns, t);
	*v = tg_verdict(TG_KEEP, TG_DISP_DELIVERED);
	return true;
}

/* Accept is deferred exactly, which a half-open entry can do: there is no data to deliver. */
static bool
deferred(const struct tg_lsn *l, const struct tg_frame *f)
{
	return l->defer_accept_s > 0 && l->defer_mode == TG_DEFER_SILENT && f->payload_len == 0;
}

/* What a cookie is worth to this listener; none is needed with TG_FASTOPEN_NO_COOKIE. */
static enum tg_fastopen_match
check_cookie(const struct tg_engine *e, const struct tg_lsn *l, const struct tg_rx *rx)
{
	if (l->fastopen == TG_FASTOPEN_NO_COOKIE)
		return TG_FASTOPEN_CURRENT;
	return tg_fastopen_check(
		&e->fastopen, &rx->f.src, &rx->f.dst, rx->opt.tfo, rx->opt.tfo_len);
}

bool
tg_input_fastopen_syn(struct tg_engine *e, struct tg_rx *rx, uint32_t lsn, struct tg_offer *o,
	const struct tg_tw *reuse, bool flood, struct tg_verdict *v)
{
	struct tg_lsn *l = &e->listeners.lsn[lsn];
	bool option = (rx->opt.present & TFO_KINDS) != 0;
	bool asks = option && rx->opt.tfo_len == 0;
	bool needs_cookie = l->fastopen != TG_FASTOPEN_NO_COOKIE;
	enum tg_fastopen_match match;

	if (flood && (!l->fastopen_under_flood || !needs_cookie || !option || asks))
		return false;
	if (asks)
		tg_engine_count(e, TG_CNT_FASTOPEN_COOKIE_REQD);
	if (l->fastopen == TG_FASTOPEN_OFF || (!option && rx->f.payload_len == 0))
		return false;
	if (!tg_fastopenq_room(&l->fastopenq, e->now)) {
		tg_engine_count(e, TG_CNT_FASTOPEN_OVERFLOW);
		return false;
	}
	if (needs_cookie && !option)
		return false; /* data without a cookie: neither acknowledged nor kept */
	if (needs_cookie && asks) {
		give_cookie(e, rx, o);
		return false;
	}
	match = check_cookie(e, l, rx);
	if (match == TG_FASTOPEN_PREVIOUS)
		give_cookie(e, rx, o);
	if (match != TG_FASTOPEN_INVALID) {
		if (deferred(l, &rx->f))
			return false;
		if (open_at_once(e, rx, lsn, o, reuse, v)) {
			if (match == TG_FASTOPEN_PREVIOUS)
				tg_engine_count(e, TG_CNT_FASTOPEN_ALT_KEY);
			return true;
		}
	}
	tg_engine_count(e, TG_CNT_FASTOPEN_PASSIVE_FAIL);
	if (needs_cookie)
		give_cookie(e, rx, o);
	return false;
}

static struct tg_verdict
synack_again(struct tg_engine *e, struct tg_rx *rx, struct tg_tcb *t)
{
	struct tg_verdict v;

	if (!tg_synack_allowed(e, &rx->f.src))
		return tg_verdict(TG_DROP, TG_DISP_DROP_PREFIX_LIMIT);
	tg_path_follow(&e->host, &t->path, t->mac, rx->pkt, &rx->f);
	t->oow_at = tg_ms_of(e->now);
	t->flags |= TG_TCB_OOW_SET;
	v = synack_in_place(e, rx, t);
	if (v.action == TG_REPLY) {
		tg_engine_count(e, TG_CNT_SYN_RETRANS);
		tg_engine_count(e, TG_CNT_RETRANS_SEGS);
	}
	return v;
}

/* Delivered after the handshake: the last ACK needs room in the accept queue, as an entry's does
 * (listener-semantics section 6). True when the connection is in it. */
static bool
show(struct tg_engine *e, struct tg_rx *rx, struct tg_tcb *t, struct tg_verdict *v)
{
	uint32_t lsn = t->key.free_use;
	struct tg_lsn *l = &e->listeners.lsn[lsn];

	if (tg_acceptq_full(l)) {
		tg_count_ack_drop(e, l);
		if (e->cfg.abort_on_overflow) {
			tg_tcb_end(&e->conns, t, 0);
			*v = tg_reply_rst(e, rx);
			return false;
		}
		tg_path_follow(&e->host, &t->path, t->mac, rx->pkt, &rx->f);
		t->flags2 |= TG_TCB2_ACKED;
		*v = tg_verdict(TG_DROP, TG_DISP_DROP_ACCEPTQ_FULL);
		return false;
	}
	t->flags &= ~(uint32_t)(TG_TCB_HIDDEN | TG_TCB_ORPHAN);
	l->fastopenq.hidden--;
	tg_tcb_moved(&e->conns, t, e->now);
	tg_keep_heard(&e->conns, t, e->now);
	tg_make_acceptable(e, t, lsn);
	return true;
}

void
tg_fastopen_refused(struct tg_engine *e, struct tg_tcb *t)
{
	struct tg_lsn *l = listener_of(e, t);

	if (l != NULL)
		tg_fastopenq_reset(&l->fastopenq, e->now);
	tg_tcb_end(&e->conns, t, -ECONNRESET);
}

struct tg_verdict
tg_input_fastopen(struct tg_engine *e, struct tg_rx *rx, struct tg_tcb *t)
{
	struct tg_conns *cs = &e->conns;
	struct tg_lsn *l;
	struct tg_verdict v;

	switch (tg_synrcvd_segment(cs, t, &rx->f, &rx->opt, e->now)) {
	case TG_SYNRCVD_SYNACK:
		return synack_again(e, rx, t);
	case TG_SYNRCVD_SYN_RATE:
		return tg_verdict(TG_DROP, TG_DISP_DROP_SYN_RATE);
	case TG_SYNRCVD_PAWS:
		return tg_conn_refuse(cs, t, rx->pkt, &rx->f, e->now, TG_DISP_DROP_PAWS);
	case TG_SYNRCVD_WINDOW:
		return tg_conn_refuse(cs, t, rx->pkt, &rx->f, e->now, TG_DISP_DROP_WINDOW);
	case TG_SYNRCVD_CHALLENGE:
		return tg_conn_challenge(cs, t, rx->pkt, &rx->f, e->now);
	case TG_SYNRCVD_SYN:
		/* As Linux: told and counted, but a blind SYN does not end a connection in use. */
		tg_engine_count(e, TG_CNT_ATTEMPT_FAILS);
		return tg_reply_rst(e, rx);
	case TG_SYNRCVD_RST:
		return tg_reply_rst(e, rx);
	case TG_SYNRCVD_RESET:
		/* Linux counts the RST, and the connection's end once more (tg_tcb_end). */
		tg_engine_count(e, TG_CNT_ATTEMPT_FAILS);
		l = listener_of(e, t);
		if (l != NULL)
			tg_fastopenq_reset(&l->fastopenq, e->now);
		break;
	case TG_SYNRCVD_LAST_ACK:
		tg_peer_note(e, &rx->f.src);
		if ((t->flags & TG_TCB_HIDDEN) != 0 && !show(e, rx, t, &v))
			return v;
		break;
	case TG_SYNRCVD_SEGMENT:
		break;
	}
	return tg_conn_segment(cs, t, rx->pkt, &rx->f, &rx->opt, e->now);
}
