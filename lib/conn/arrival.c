/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Segment arrival: see arrival.h. The checks stand in the order of RFC 9293 3.10.7.4.
 */
#include <errno.h>

#include "ack.h"
#include "arrival.h"
#include "bytes.h"
#include "close.h"
#include "data.h"
#include "ecn.h"
#include "event.h"
#include "keepalive.h"
#include "output.h"

/* ACKs that answer unacceptable segments without data: one per connection in so many ms. */
#define OOW_GAP 500

/* RFC 7323 5.5: a TS.Recent older than 24 days may have wrapped. */
#define TS_RECENT_MAX (24u * 24 * 3600 * 1000)

static const struct tg_verdict delivered = {TG_DROP, TG_DISP_DELIVERED};

static struct tg_verdict
drop(enum tg_disposition d)
{
	return (struct tg_verdict){TG_DROP, (uint8_t)d};
}

/* An ACK over the packet itself. */
static struct tg_verdict
ack_in_place(struct tg_conns *cs, struct tg_tcb *t, struct tg_pkt *pkt, const struct tg_frame *f,
	tg_time now)
{
	if (tg_conn_reply_ack(cs, t, pkt, f, now) != 0)
		return drop(TG_DISP_DROP_NO_ROOM); /* the ACK leaves by itself at the next output */
	return (struct tg_verdict){TG_REPLY, TG_DISP_ANSWERED};
}

/* The same, at most once in OOW_GAP: two ends that answer each other's ACKs would never stop. */
static struct tg_verdict
limited_ack(struct tg_conns *cs, struct tg_tcb *t, struct tg_pkt *pkt, const struct tg_frame *f,
	tg_time now, enum tg_disposition otherwise, bool *sent)
{
	tg_ms ms = tg_ms_of(now);

	*sent = (t->flags & TG_TCB_OOW_SET) == 0 || ms - t->oow_at >= OOW_GAP;
	if (!*sent)
		return drop(otherwise);
	t->oow_at = ms;
	t->flags |= TG_TCB_OOW_SET;
	return ack_in_place(cs, t, pkt, f, now);
}

struct tg_verdict
tg_conn_challenge(struct tg_conns *cs, struct tg_tcb *t, struct tg_pkt *pkt,
	const struct tg_frame *f, tg_time now)
{
	bool sent;
	struct tg_verdict v = limited_ack(cs, t, pkt, f, now, TG_DISP_DROP_CHALLENGE, &sent);

	if (sent)
		tg_count(cs, TG_CNT_CHALLENGE_ACK);
	return v;
}

struct tg_verdict
tg_conn_refuse(struct tg_conns *cs, struct tg_tcb *t, struct tg_pkt *pkt, const struct tg_frame *f,
	tg_time now, enum tg_disposition why)
{
	bool sent;

	if (why == TG_DISP_DROP_PAWS)
		tg_count(cs, TG_CNT_PAWS_ESTAB);
	/* One with data never takes part in a loop. */
	if (f->payload_len > 0)
		return ack_in_place(cs, t, pkt, f, now);
	return limited_ack(cs, t, pkt, f, now, why, &sent);
}

bool
tg_conn_fails_paws(const struct tg_tcb *t, const struct tg_tcpopt *opt, tg_time now)
{
	return (t->flags & TG_TCB_TS) != 0 && (opt->present & TG_OPT_TS) != 0 &&
		tg_seq_lt(opt->tsval, t->ts_recent) &&
		tg_ms_of(now) - t->ts_recent_at < TS_RECENT_MAX;
}

/*
 * RFC 7323 4.3 (2): only a segment at or before the last ACK we sent may set TS.Recent. PAWS has
 * been passed: the timestamp is not older, or TS.Recent is too old itself to mean anything (5.5).
 */
static void
note_timestamp(struct tg_tcb *t, const struct tg_frame *f, const struct tg_tcpopt *opt, tg_time now)
{
	if ((t->flags & TG_TCB_TS) != 0 && (opt->present & TG_OPT_TS) != 0 &&
		tg_seq_leq(f->seq, t->last_ack_sent)) {
		t->ts_recent = opt->tsval;
		t->ts_recent_at = tg_ms_of(now);
	}
}

static struct tg_verdict
reset_received(struct tg_conns *cs, struct tg_tcb *t, struct tg_pkt *pkt, const struct tg_frame *f,
	tg_time now)
{
	/* RFC 5961 3.2: only the exact number resets. */
	if (f->seq == t->rcv_nxt) {
		tg_tcb_end(cs, t, -ECONNRESET);
		return delivered;
	}
	if (tg_seq_lt(t->rcv_nxt, f->seq) && tg_seq_lt(f->seq, t->rcv_adv))
		return tg_conn_challenge(cs, t, pkt, f, now);
	return drop(TG_DISP_DROP_WINDOW);
}

/*
 * New data for a connection whose worker has gone: RFC 9293 3.6.1, RFC 2525 2.17. The RST takes its
 * number from the ACK field (3.5.2), which is what the peer expects next: it need not challenge it.
 */
static struct tg_verdict
data_for_orphan(struct tg_conns *cs, struct tg_tcb *t, struct tg_pkt *pkt, const struct tg_frame *f)
{
	struct tg_segment s;

	tg_count(cs, TG_CNT_ABORT_ON_DATA);
	tg_reply_init(cs->host, f, &s);
	s.seq = f->ack;
	s.flags = TG_RST;
	s.tos = tg_tcb_options(cs, t)->tos;
	s.ttl = tg_tcb_options(cs, t)->ttl;
	if (tg_reply_write(cs->host, pkt, &s) != 0) {
		tg_conn_abort(cs, t);
		return delivered;
	}
	pkt->flags |= TG_TX_RESERVE;
	tg_count(cs, TG_CNT_OUT_SEGS);
	tg_count(cs, TG_CNT_OUT_RSTS);
	tg_tcb_end(cs, t, -ECONNRESET);
	return (struct tg_verdict){TG_REPLY, TG_DISP_ANSWERED};
}

/* Payload and FIN of an acceptable segment that starts at or before rcv_nxt. */
static struct tg_verdict
text(struct tg_conns *cs, struct tg_tcb *t, struct tg_pkt *pkt, const struct tg_frame *f,
	tg_time now)
{
	uint32_t skip = t->rcv_nxt - f->seq;
	uint32_t len = f->payload_len > skip ? f->payload_len - skip : 0;
	uint32_t room = t->rcv_adv - t->rcv_nxt;
	bool fin = (f->flags & TG_FIN) != 0 && skip <= f->payload_len;
	struct tg_verdict v = delivered;

	if (len == 0 && !fin)
		return ack_in_place(cs, t, pkt, f, now); /* seen before: our ACK was lost */
	if (len > 0 && (t->flags & TG_TCB_ORPHAN) != 0)
		return data_for_orphan(cs, t, pkt, f);
	if (len > room) {
		len = room;
		fin = false;
		if (len == 0) {
			tg_count(cs, TG_CNT_RCVQ_DROP);
			return ack_in_place(cs, t, pkt, f, now);
		}
	}
	if (len > 0) {
		enum tg_data_verdict d = tg_data_take(cs, t, pkt, f, skip, len);

		if (d == TG_DATA_FULL) {
			tg_count(cs, TG_CNT_RCVQ_DROP);
			return drop(TG_DISP_DROP_RCVBUF); /* the peer sends it again */
		}
		if (d == TG_DATA_KEPT)
			v.action = TG_KEEP;
		tg_event_raise(cs, t, TG_EV_READ);
		tg_data_ack_policy(cs, t, len, now);
		tg_tcb_moved(cs, t, now);
	}
	if (!fin)
		return v;
	t->flags |= TG_TCB_ACK_NOW;
	if (!tg_conn_fin_received(cs, t)) {
		tg_tcb_want_output(cs, t);
		return v;
	}
	/* TIME_WAIT begins, and its entry sends nothing by itself: the ACK goes out in place. */
	if (v.action == TG_KEEP || tg_conn_reply_ack(cs, t, pkt, f, now) != 0) {
		tg_tcb_want_output(cs, t);
		t->flags |= TG_TCB_TIME_WAIT_WANTED;
		return v;
	}
	tg_conn_time_wait(cs, t, now);
	return (struct tg_verdict){TG_REPLY, TG_DISP_DELIVERED};
}

struct tg_verdict
tg_conn_segment(struct tg_conns *cs, struct tg_tcb *t, struct tg_pkt *pkt, const struct tg_frame *f,
	const struct tg_tcpopt *opt, tg_time now)
{
	uint32_t len = f->payload_len + ((f->flags & TG_FIN) != 0);
	bool fin_acked;

	if (t->flags & TG_TCB_RST_WANTED)
		return delivered; /* a RST is about to answer everything */
	if (f->flags & TG_RST)
		return reset_received(cs, t, pkt, f, now);
	if (f->flags & TG_SYN) {
		tg_count(cs, TG_CNT_SYN_CHALLENGE);
		if (t->state == TG_ESTABLISHED)
			tg_count(cs, TG_CNT_IN_ERRS); /* as Linux, in this state only */
		return tg_conn_challenge(cs, t, pkt, f, now);
	}
	if (tg_conn_fails_paws(t, opt, now))
		return tg_conn_refuse(cs, t, pkt, f, now, TG_DISP_DROP_PAWS);
	/*
	 * Acceptable is what touches [rcv_nxt, rcv_adv]: the right edge included, so that the ACK
	 * in a segment that meets a zero window still counts (RFC 9293 MUST-66).
	 */
	if (tg_seq_lt(f->seq + len, t->rcv_nxt) || tg_seq_lt(t->rcv_adv, f->seq))
		return tg_conn_refuse(cs, t, pkt, f, now, TG_DISP_DROP_WINDOW);
	if ((f->flags & TG_ACK) == 0)
		return drop(TG_DISP_DROP_ACK);
	if (tg_ack_process(cs, t, f, opt, now, &fin_acked) != TG_ACK_OK)
		return tg_conn_challenge(cs, t, pkt, f, now);
	/* Not before: a blind guess (RFC 5961 5.2) must not set what PAWS believes. */
	note_timestamp(t, f, opt, now);
	/* What a timer sends later goes where this came from. */
	tg_path_follow(cs->host, &t->path, t->mac, pkt, f);
	tg_ecn_arrived(t, f);
	tg_keep_heard(cs, t, now);
	if (fin_acked && !tg_conn_fin_acked(cs, t, now))
		return delivered;
	if (len == 0)
		return delivered;
	if (tg_seq_lt(t->rcv_nxt, f->seq)) {
		/* RFC 5681 4.2: out of order, an immediate duplicate ACK. */
		tg_count(cs, TG_CNT_OFO_DROP);
		return ack_in_place(cs, t, pkt, f, now);
	}
	if ((t->flags & TG_TCB_FIN_RCVD) != 0 && tg_seq_lt(t->rcv_nxt, f->seq + len))
		return drop(TG_DISP_DROP_DATA_CLOSED);
	return text(cs, t, pkt, f, now);
}
