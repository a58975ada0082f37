/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Output of a connection: see output.h.
 */
#include <errno.h>
#include <string.h>

#include "bare.h"
#include "bytes.h"
#include "close.h"
#include "congestion.h"
#include "data.h"
#include "ecn.h"
#include "emit.h"
#include "event.h"
#include "output.h"
#include "retransmit.h"
#include "sendq.h"

/* Segments one connection may send in a row, so that none starves the others: 23 KB. */
#define BURST 16

/*
 * Window field, and the right edge that goes with it. Rounded up, so that the edge does not move
 * back, while the buffer has the room; then down, or a peer that sends byte by byte would find the
 * window open for ever (RFC 7323 2.4: rounding may take back less than one unit).
 */
static uint16_t
offer_window(const struct tg_conns *cs, struct tg_tcb *t)
{
	unsigned shift = t->flags & TG_TCB_WSCALE ? cs->rcv_wscale : 0;
	uint32_t unit = 1u << shift, window = tg_data_window(cs, t), space = tg_data_space(cs, t);
	uint32_t wnd = (window + (window <= space ? unit - 1 : 0)) >> shift;
	uint32_t edge;

	if (wnd > UINT16_MAX)
		wnd = UINT16_MAX;
	edge = t->rcv_nxt + (wnd << shift);
	if (tg_seq_lt(t->rcv_adv, edge))
		t->rcv_adv = edge;
	return (uint16_t)wnd;
}

/*
 * The number of a segment without data. snd_max, not snd_nxt: while we send again, the peer may be
 * far ahead. But the peer refuses what lies beyond its window, so a probe into a shut one does not
 * count; a window that seems short only for its scaling does.
 */
static uint32_t
empty_seq(const struct tg_tcb *t)
{
	uint32_t edge = t->snd_una + t->snd_wnd;

	if (t->snd_wnd != 0 && t->snd_max - t->snd_una <= t->snd_wnd + (1u << t->snd_wscale))
		return t->snd_max;
	return tg_seq_lt(edge, t->snd_max) ? edge : t->snd_max;
}

/* Whatever leaves carries the ACK that was owed. */
static void
ack_leaves(struct tg_tcb *t)
{
	t->last_ack_sent = t->rcv_nxt;
	t->rcv_unacked = 0;
	t->flags &= ~(uint32_t)(TG_TCB_ACK_NOW | TG_TCB_T_DELACK);
}

/* What every segment of a connection carries; as good as an ACK, so none is owed any more. */
static void
fill(struct tg_conns *cs, struct tg_tcb *t, struct tg_segment *s, uint32_t seq, unsigned flags,
	tg_time now)
{
	s->seq = seq;
	s->ack = t->rcv_nxt;
	s->flags = (uint16_t)(flags | TG_ACK);
	s->wnd = offer_window(cs, t);
	s->tos = tg_tcb_options(cs, t)->tos;
	s->ttl = tg_tcb_options(cs, t)->ttl;
	s->ip_id = 0;
	s->opt.present = 0;
	if (t->flags & TG_TCB_TS) {
		s->opt.present = TG_OPT_TS;
		s->opt.tsval = t->ts_offset + tg_ms_of(now);
		s->opt.tsecr = t->ts_recent;
	}
	ack_leaves(t);
}

uint16_t
tg_conn_address(const struct tg_conns *cs, const struct tg_tcb *t, struct tg_segment *s)
{
	memcpy(s->dst.b, t->key.raddr, sizeof(s->dst.b));
	s->src = cs->host->local[t->key.laddr].addr;
	s->sport = t->key.lport;
	s->dport = t->key.rport;
	return tg_path_l2(cs->host, t->path, t->mac, &s->l2);
}

/* emit() of what has no payload, by an untagged path: nearly everything but data. */
static bool
emit_bare(struct tg_conns *cs, struct tg_tcb *t, struct tg_outbox *ob, uint32_t seq, unsigned flags,
	tg_time now)
{
	const struct tg_options *o = tg_tcb_options(cs, t);
	const struct tg_port *port;
	struct tg_pkt *pkt = tg_outbox_next(ob);
	struct tg_bare b;

	if (pkt == NULL)
		return false;
	pkt->port = cs->host->path[t->path].port;
	port = &cs->host->port[pkt->port];
	b.peer_mac = t->mac;
	b.mac = port->mac;
	b.src = cs->host->local[t->key.laddr].addr.b;
	b.dst = t->key.raddr;
	b.sport = t->key.lport;
	b.dport = t->key.rport;
	b.seq = seq;
	b.ack = t->rcv_nxt;
	b.flags = (uint16_t)(flags | TG_ACK);
	if ((t->flags & TG_TCB_ECE_OWED) != 0 && (flags & TG_RST) == 0)
		b.flags |= TG_ECE;
	b.wnd = offer_window(cs, t);
	b.tos = o->tos;
	b.ttl = o->ttl;
	b.tsval = t->ts_offset + tg_ms_of(now);
	b.tsecr = t->ts_recent;
	b.ts = (t->flags & TG_TCB_TS) != 0;
	b.v6 = (t->flags & TG_TCB_V6) != 0;
	b.offload = port->offload;
	ack_leaves(t);
	tg_bare_write(pkt, &b);
	pkt->flags |= TG_TX_RESERVE;
	/* A FIN again is no new segment: see emit(). */
	if ((flags & TG_FIN) == 0 || tg_seq_lt(t->snd_max, seq + 1))
		tg_count(cs, TG_CNT_OUT_SEGS);
	return true;
}

/*
 * One segment into the outbox. Data comes from the front of the send queue or from its cursor.
 */
static bool
emit(struct tg_conns *cs, struct tg_tcb *t, struct tg_outbox *ob, uint32_t seq, uint32_t len,
	bool front, unsigned flags, tg_time now)
{
	const struct tg_port *port;
	struct tg_segment s;
	struct tg_pkt *pkt;
	uint64_t sum = 0;
	unsigned size;
	uint32_t end;

	if (len == 0 && cs->host->path[t->path].tags == 0)
		return emit_bare(cs, t, ob, seq, flags, now);
	pkt = tg_outbox_next(ob);
	if (pkt == NULL)
		return false;
	pkt->port = tg_conn_address(cs, t, &s);
	port = &cs->host->port[pkt->port];
	fill(cs, t, &s, seq, flags, now);
	tg_ecn_mark(t, &s, len);
	size = tg_emit_tcp_size(&s);
	if (len > 0)
		tg_sendq_copy(cs, t, front, pkt->data + size, len,
			port->offload & TG_OFFLOAD_TCP ? NULL : &sum);
	pkt->tailroom = (uint16_t)(pkt->tailroom - size - len);
	tg_emit_tcp(pkt, &s, len, sum, port->offload);
	pkt->flags |= TG_TX_RESERVE;
	/* RFC 4022: what holds nothing but octets sent before does not count. */
	end = seq + len + ((flags & TG_FIN) != 0);
	if (end == seq || tg_seq_lt(t->snd_max, end))
		tg_count(cs, TG_CNT_OUT_SEGS);
	return true;
}

/* Books a segment of sequence space [seq, seq + n): timer, RTT sample, RetransSegs. */
static void
sent(struct tg_conns *cs, struct tg_tcb *t, uint32_t seq, uint32_t n, tg_time now)
{
	bool first = t->snd_max == t->snd_una && (t->flags & TG_TCB_SYN_RCVD) == 0;

	if (tg_seq_lt(seq, t->snd_max)) {
		tg_count(cs, TG_CNT_RETRANS_SEGS);
	} else if ((t->flags & (TG_TCB_RTT_ON | TG_TCB_PROBE)) == 0) {
		t->flags |= TG_TCB_RTT_ON;
		t->rtt_seq = seq;
		t->rtt_at_us = (uint32_t)(now / 1000);
	}
	if (tg_seq_lt(t->snd_max, seq + n))
		t->snd_max = seq + n;
	/* While nothing is out, what runs is the wait for the window: it says nothing about a loss.
	 */
	if (first || (t->flags & TG_TCB_T_REXMT) == 0)
		tg_rexmt_start(cs, t, now);
}

/* Our FIN leaves for the first time: CLOSE takes effect (RFC 9293 3.10.4). */
static void
fin_leaves(struct tg_tcb *t)
{
	if (t->state == TG_ESTABLISHED || t->state == TG_SYN_RECEIVED)
		t->state = TG_FIN_WAIT_1;
	else if (t->state == TG_CLOSE_WAIT)
		t->state = TG_LAST_ACK;
}

/* True when the FIN is still to be sent, or sent and not acknowledged. */
static bool
fin_pending(const struct tg_tcb *t)
{
	return (t->flags & TG_TCB_FIN_WANTED) != 0 && t->state != TG_FIN_WAIT_2;
}

/* The first unacknowledged segment again (fast retransmit, partial acknowledgment). */
static bool
send_head(struct tg_conns *cs, struct tg_tcb *t, struct tg_outbox *ob, tg_time now)
{
	uint32_t out = t->snd_max - t->snd_una;
	uint32_t len = out < t->snd_bytes ? out : t->snd_bytes;
	unsigned flags;

	if (len > t->snd_mss)
		len = t->snd_mss;
	flags = len > 0 ? TG_PSH : 0;
	if (out > t->snd_bytes && len == t->snd_bytes)
		flags |= TG_FIN;
	if (out > 0) {
		if (!emit(cs, t, ob, t->snd_una, len, true, flags, now))
			return false;
		sent(cs, t, t->snd_una, len + ((flags & TG_FIN) != 0), now);
		tg_count(cs, TG_CNT_FAST_RETRANS);
	}
	t->flags &= ~(uint32_t)TG_TCB_REXMT_HEAD;
	return true;
}

/*
 * Length of the next segment at snd_nxt, by the windows and the sender's silly-window avoidance
 * (RFC 9293 3.8.6.2.1) with Nagle's algorithm (3.7.4).
 */
static uint32_t
next_length(const struct tg_tcb *t, bool *barred)
{
	uint32_t flight = t->snd_nxt - t->snd_una;
	uint32_t cwnd = tg_cc_window(t);
	uint32_t window = t->snd_wnd < cwnd ? t->snd_wnd : cwnd;
	uint32_t usable = window > flight ? window - flight : 0;
	uint32_t avail = flight < t->snd_bytes ? t->snd_bytes - flight : 0;
	uint32_t len = avail < usable ? avail : usable;

	*barred = false;
	if (avail == 0)
		return 0;
	if (len >= t->snd_mss)
		return t->snd_mss;
	if (len > 0 && tg_seq_lt(t->snd_nxt, t->snd_max))
		return len; /* sent before */
	if (len == avail && ((t->flags & (TG_TCB_NODELAY | TG_TCB_FIN_WANTED)) != 0 || flight == 0))
		return len;
	if (len > 0 && len >= t->max_wnd / 2)
		return len;
	*barred = true;
	return 0;
}

/* True when the windows end this run of segments with one of len bytes. */
static bool
ends_run(struct tg_tcb *t, uint32_t len)
{
	bool barred, ends;

	t->snd_nxt += len;
	ends = next_length(t, &barred) == 0;
	t->snd_nxt -= len;
	return ends;
}

/*
 * New data, data again after a timeout, FIN. Returns false when the outbox is full.
 *
 * n: segments of this run that have left before it. The last of several carries PSH although more
 * is queued, as Linux does: a receiver that merges segments need not wait for the next ones. One
 * alone does not: there the peer's delayed ACK is welcome.
 */
static bool
send_next(struct tg_conns *cs, struct tg_tcb *t, struct tg_outbox *ob, tg_time now, unsigned n,
	bool *more)
{
	bool barred;
	uint32_t len = next_length(t, &barred);
	bool last = t->snd_nxt - t->snd_una + len == t->snd_bytes;
	bool fin = fin_pending(t) && last;
	uint32_t seq = t->snd_nxt;
	unsigned flags = 0;

	*more = false;
	if (barred && t->snd_max == t->snd_una && (t->flags & TG_TCB_T_REXMT) == 0)
		tg_rexmt_start(cs, t, now); /* zero-window probe */
	if (len == 0 && !fin)
		return true;
	/* a lone FIN pushes nothing (L) */
	if (len > 0 && (last || (n > 0 && ends_run(t, len))))
		flags |= TG_PSH;
	if (fin)
		flags |= TG_FIN;
	if (!emit(cs, t, ob, seq, len, false, flags, now))
		return false;
	if (fin)
		fin_leaves(t);
	tg_sendq_advance(cs, t, len);
	t->snd_nxt += len + fin;
	sent(cs, t, seq, len + fin, now);
	*more = true;
	return true;
}

/*
 * The timer overrides the window: what fits into one too small to be used, or one byte into one
 * that is shut (RFC 9293 3.8.6.1, 3.8.6.2.1).
 */
static bool
send_probe(struct tg_conns *cs, struct tg_tcb *t, struct tg_outbox *ob, tg_time now)
{
	uint32_t len = t->snd_wnd < t->snd_bytes ? t->snd_wnd : t->snd_bytes;

	if (len > t->snd_mss)
		len = t->snd_mss;
	if (len == 0)
		len = 1;
	if (t->snd_bytes > 0 && t->snd_nxt == t->snd_una) {
		if (!emit(cs, t, ob, t->snd_nxt, len, false, TG_PSH, now))
			return false;
		sent(cs, t, t->snd_nxt, len, now);
		tg_sendq_advance(cs, t, len);
		t->snd_nxt += len;
		tg_count(cs, TG_CNT_ZERO_WINDOW_PROBES);
	}
	t->flags &= ~(uint32_t)TG_TCB_PROBE;
	return true;
}

/*
 * A keep-alive probe: the number before the one the peer expects, and no data (RFC 9293 3.8.4). A
 * worker that has written meanwhile asks more than this does.
 */
static bool
send_keepalive(struct tg_conns *cs, struct tg_tcb *t, struct tg_outbox *ob, tg_time now)
{
	if (t->snd_max == t->snd_una && t->snd_bytes == 0) {
		if (!emit(cs, t, ob, t->snd_una - 1, 0, false, 0, now))
			return false;
		tg_count(cs, TG_CNT_KEEPALIVE);
	}
	t->flags2 &= (uint16_t)~TG_TCB2_KEEP_PROBE;
	return true;
}

static bool
send_rst(struct tg_conns *cs, struct tg_tcb *t, struct tg_outbox *ob, tg_time now)
{
	if (!emit(cs, t, ob, empty_seq(t), 0, false, TG_RST, now))
		return false;
	tg_count(cs, TG_CNT_OUT_RSTS);
	tg_tcb_end(cs, t, -ECONNRESET);
	return true;
}

enum tg_out_result
tg_conn_output(struct tg_conns *cs, struct tg_tcb *t, struct tg_outbox *ob, tg_time now)
{
	bool more;

	if (t->flags & TG_TCB_RST_WANTED)
		return send_rst(cs, t, ob, now) ? TG_OUT_DONE : TG_OUT_FULL;
	if ((t->flags & TG_TCB_WANT_WRITE) != 0 && t->snd_bytes <= cs->sndbuf / 2) {
		/* The send was short of buffers, not of window: no ACK will come to say more. */
		t->flags &= ~(uint32_t)TG_TCB_WANT_WRITE;
		tg_event_raise(cs, t, TG_EV_WRITE);
	}
	/* A lost SYN-ACK: what we sent was lost on its peer, and more would be. Only ACKs leave. */
	if ((t->flags & TG_TCB_SYN_RCVD) != 0 && t->retries > 0)
		return (t->flags & TG_TCB_ACK_NOW) == 0 ||
				emit(cs, t, ob, empty_seq(t), 0, false, 0, now)
			? TG_OUT_DONE
			: TG_OUT_FULL;
	if ((t->flags & TG_TCB_REXMT_HEAD) != 0 && !send_head(cs, t, ob, now))
		return TG_OUT_FULL;
	for (unsigned n = 0; n < BURST; n++) {
		if (!send_next(cs, t, ob, now, n, &more))
			return TG_OUT_FULL;
		if (more)
			continue;
		if ((t->flags & TG_TCB_PROBE) != 0 && !send_probe(cs, t, ob, now))
			return TG_OUT_FULL;
		if ((t->flags2 & TG_TCB2_KEEP_PROBE) != 0 && !send_keepalive(cs, t, ob, now))
			return TG_OUT_FULL;
		if ((t->flags & TG_TCB_ACK_NOW) != 0 &&
			!emit(cs, t, ob, empty_seq(t), 0, false, 0, now))
			return TG_OUT_FULL;
		if (t->flags & TG_TCB_TIME_WAIT_WANTED)
			tg_conn_time_wait(cs, t, now);
		return TG_OUT_DONE;
	}
	return TG_OUT_MORE;
}

int
tg_conn_reply_ack(struct tg_conns *cs, struct tg_tcb *t, struct tg_pkt *pkt,
	const struct tg_frame *f, tg_time now)
{
	struct tg_segment s;

	tg_reply_init(cs->host, f, &s);
	fill(cs, t, &s, empty_seq(t), 0, now);
	tg_ecn_mark(t, &s, 0);
	if (tg_reply_write(cs->host, pkt, &s) == 0) {
		pkt->flags |= TG_TX_RESERVE;
		tg_count(cs, TG_CNT_OUT_SEGS);
		return 0;
	}
	t->flags |= TG_TCB_ACK_NOW;
	tg_tcb_want_output(cs, t);
	return -ENOSPC;
}
