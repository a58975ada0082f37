/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Receiving side of the model client, and its watch over the other end.
 */
#include <string.h>

#include "die.h"
#include "peer.h"
#include "peer_internal.h"

#define PORT(p) ((p)->cfg.local.port)

/* The position nearest to `near` that has this number on the wire. */
static uint64_t
position(uint32_t wire, uint32_t start, uint64_t near)
{
	return near + (uint64_t)(int64_t)(int32_t)(wire - start - (uint32_t)near);
}

static void
syn_ack(struct peer *p, const struct seg *s, tg_time now)
{
	const struct seg_opt *mss = seg_opt_find(s, SEG_OPT_MSS);
	const struct seg_opt *ws = seg_opt_find(s, SEG_OPT_WSCALE);
	const struct seg_opt *ts = seg_opt_find(s, SEG_OPT_TS);

	uint32_t early = s->ack - p->isn - 1; /* bytes of the SYN that were taken */

	if ((s->flags & SEG_R) != 0) {
		if ((s->flags & SEG_A) != 0 && early <= p->syn_len)
			p->state = PEER_RESET;
		return;
	}
	if ((s->flags & (SEG_S | SEG_A)) != (SEG_S | SEG_A))
		return; /* something of a connection that was, or out of order */
	if (early > p->syn_len)
		die("port %u: SYN-ACK acknowledges %u, the SYN was %u", PORT(p), s->ack, p->isn);
	if (mss == NULL)
		die("port %u: SYN-ACK without MSS", PORT(p));
	if ((s->flags & SEG_C) != 0 || ((s->flags & SEG_E) != 0 && !p->cfg.ecn))
		die("port %u: SYN-ACK with flags %03x", PORT(p), s->flags);
	p->ecn_ok = (s->flags & SEG_E) != 0;
	p->cut = 1;
	if ((ws != NULL && p->cfg.wscale < 0) || (ts != NULL && !p->cfg.ts) ||
		(seg_opt_find(s, SEG_OPT_SACK_OK) != NULL && !p->cfg.sack))
		die("port %u: SYN-ACK has an option that was not offered", PORT(p));
	p->irs = s->seq;
	p->rcv_nxt = 1;
	p->rcv_edge = 1 + (p->cfg.rcvbuf < 65535 ? p->cfg.rcvbuf : 65535);
	/* what was not taken has not been sent, as far as numbers go */
	p->una = p->nxt = p->max = 1 + early;
	p->wnd_edge = p->una + s->win;
	p->snd_mss = seg_raw16(mss, 0) < p->cfg.mss ? seg_raw16(mss, 0) : p->cfg.mss;
	p->ts_ok = ts != NULL;
	if (p->ts_ok) {
		p->snd_mss -= 12;
		p->ts_recent = p->seen_ts = seg_raw32(ts, 0);
	}
	if (ws != NULL) {
		p->snd_shift = ws->raw[0] > 14 ? 14 : ws->raw[0];
		p->rcv_shift = (uint8_t)p->cfg.wscale;
	}
	p->seen_edge = p->wnd_edge;
	p->seen_seq = 1;
	p->seen_ack = p->una;
	if (p->timed != 0)
		peer_rtt(p, now - p->timed_at);
	p->timed = 0;
	p->backoff = 0;
	p->state = PEER_OPEN;
	p->mute = p->cfg.think != 0;
	if (p->mute && p->cfg.think != TG_TIME_NEVER)
		p->speak_at = now + p->cfg.think;
	peer_timer_restart(p, now);
	peer_ack(p, now);
	peer_send(p, now);
}

/* What a correct TCP never sends. */
static void
watch(struct peer *p, const struct seg *s, uint64_t seq, uint64_t ack)
{
	uint64_t end = seq + seg_space(s), edge = ack + ((uint64_t)s->win << p->snd_shift);
	const struct seg_opt *ts = seg_opt_find(s, SEG_OPT_TS);
	unsigned probe = p->rcv_edge <= seq ? 1 : 0;

	if (ack > p->max)
		die("port %u: acknowledges position %llu, sent were %llu", PORT(p),
			(unsigned long long)ack, (unsigned long long)p->max);
	if (s->len + (p->ts_ok ? 12u : 0) > p->cfg.mss)
		die("port %u: %u bytes are more than the MSS", PORT(p), s->len);
	if ((s->flags & SEG_E) != 0 && !p->ecn_ok)
		die("port %u: ECE that was not agreed on", PORT(p));
	if (s->len > 0 && seq + s->len > p->rcv_edge + probe)
		die("port %u: data up to %llu, offered was a window up to %llu", PORT(p),
			(unsigned long long)(seq + s->len), (unsigned long long)p->rcv_edge);
	if (p->ts_ok && ts == NULL)
		die("port %u: a segment without the timestamps agreed on", PORT(p));
	if (end > peer_fin(p) + 1)
		die("port %u: more came back than was sent", PORT(p));
	/* the rest holds from one segment to a later one; of two equal ones no one knows which is
	 */
	if (seq < p->seen_seq || ack < p->seen_ack || (seq == p->seen_seq && ack == p->seen_ack)) {
		if (seq == p->seen_seq && ack == p->seen_ack && edge > p->seen_edge)
			p->seen_edge = edge;
		return;
	}
	/* RFC 7323 2.4: a scaled field may round the edge down by less than its unit */
	if (edge + (1u << p->snd_shift) <= p->seen_edge)
		die("port %u: window shrank from %llu to %llu", PORT(p),
			(unsigned long long)p->seen_edge, (unsigned long long)edge);
	if (p->ts_ok && ts != NULL && (int32_t)(seg_raw32(ts, 0) - p->seen_ts) < 0)
		die("port %u: TSval stepped back from %u to %u", PORT(p), p->seen_ts,
			seg_raw32(ts, 0));
	p->seen_seq = seq;
	p->seen_ack = ack;
	p->seen_edge = edge;
	if (p->ts_ok && ts != NULL)
		p->seen_ts = seg_raw32(ts, 0);
}

static void
acknowledged(struct peer *p, const struct seg *s, uint64_t ack, tg_time now)
{
	uint64_t edge = ack + ((uint64_t)s->win << p->snd_shift);
	bool opened = edge > p->wnd_edge;

	if (opened)
		p->wnd_edge = edge;
	if (ack > p->una) {
		if (p->timed != 0 && ack >= p->timed) {
			peer_rtt(p, now - p->timed_at);
			p->timed = 0;
		}
		p->una = ack;
		if (p->nxt < ack)
			p->nxt = ack;
		p->dupacks = 0;
		p->backoff = 0;
		peer_timer_restart(p, now);
	} else if (ack == p->una && p->max > p->una && s->len == 0 && !opened &&
		(s->flags & SEG_F) == 0) {
		/* what is behind a hole was thrown away over there: all of it again, once */
		if (++p->dupacks == 3 && p->una >= p->recover) {
			p->recover = p->max;
			p->timed = 0;
			p->nxt = p->una;
			peer_timer_restart(p, now);
		}
	}
}

/* ECN of an acceptable segment: RFC 3168 6.1, both halves. */
static void
ecn(struct peer *p, const struct seg *s, uint64_t ack)
{
	if ((s->flags & SEG_C) != 0) {
		p->cwrs++;
		p->echoing = false;
	}
	if ((s->tos & 3) == 3 && s->len > 0) {
		p->ces++;
		p->echoing = true;
	}
	if ((s->flags & SEG_E) != 0 && ack > p->cut) {
		p->echoes++;
		p->cut = p->max;
		p->cwr_wanted = true;
	}
}

/* Payload and FIN at or below the next position expected. */
static void
take(struct peer *p, const struct seg *s, uint64_t seq, tg_time now)
{
	uint8_t want[SEG_FRAME_MAX];
	uint32_t skip = (uint32_t)(p->rcv_nxt - seq), len;
	bool fin = (s->flags & SEG_F) != 0;

	if (s->len > skip) {
		len = s->len - skip;
		if (len > p->cfg.rcvbuf - p->unread) {
			len = p->cfg.rcvbuf - p->unread;
			fin = false;
		}
		rng_stream(p->cfg.seed, p->rcv_nxt - 1, want, len);
		if (memcmp(want, s->data + skip, len) != 0)
			die("port %u: other bytes came back than were sent, from %llu on", PORT(p),
				(unsigned long long)(p->rcv_nxt - 1));
		p->rcv_nxt += len;
		if (p->cfg.read_rate != 0) {
			p->unread += len;
			if (p->read_at == TG_TIME_NEVER)
				p->read_at = now + TG_MSEC;
		}
	}
	if (fin && seq + s->len == p->rcv_nxt) {
		if (p->rcv_nxt != peer_fin(p))
			die("port %u: the stream ended after %llu bytes of %llu", PORT(p),
				(unsigned long long)(p->rcv_nxt - 1),
				(unsigned long long)p->cfg.bytes);
		p->fin_at = p->rcv_nxt;
		p->rcv_nxt++;
	}
}

/* RFC 9293 3.10.7.4, first check; a segment at the right edge counts, as it does everywhere. */
static bool
acceptable(const struct peer *p, const struct seg *s, uint64_t seq)
{
	if (seq > p->rcv_edge)
		return false;
	return seg_space(s) > 0 ? seq + seg_space(s) > p->rcv_nxt : seq >= p->rcv_nxt;
}

static void
established(struct peer *p, const struct seg *s, tg_time now)
{
	uint64_t seq = position(s->seq, p->irs, p->rcv_nxt);
	uint64_t ack = position(s->ack, p->isn, p->una);
	const struct seg_opt *ts = seg_opt_find(s, SEG_OPT_TS);

	if ((s->flags & SEG_S) != 0) { /* the SYN-ACK again: our ACK was lost */
		peer_ack(p, now);
		return;
	}
	if ((s->flags & SEG_R) != 0) { /* when all is done it only answers something late */
		if (seq == p->rcv_nxt && p->state == PEER_OPEN)
			p->state = PEER_RESET;
		return;
	}
	if ((s->flags & SEG_A) == 0)
		die("port %u: a segment without ACK", PORT(p));
	watch(p, s, seq, ack);
	if (!acceptable(p, s, seq)) {
		if (seg_space(s) > 0)
			peer_ack(p, now);
		return;
	}
	if (p->ts_ok && (int32_t)(seg_raw32(ts, 0) - p->ts_recent) >= 0 && seq <= p->rcv_nxt)
		p->ts_recent = seg_raw32(ts, 0);
	ecn(p, s, ack);
	acknowledged(p, s, ack, now);
	if (seg_space(s) > 0) {
		if (seq <= p->rcv_nxt)
			take(p, s, seq, now);
		else
			p->discarded++;
		peer_ack(p, now);
	}
	peer_send(p, now);
	if (p->fin_at != 0 && p->rcv_nxt > p->fin_at && p->una > peer_fin(p) &&
		p->state == PEER_OPEN) {
		p->state = PEER_DONE;
		p->rexmt_at = TG_TIME_NEVER;
	}
}

/*
 * RFC 3168 6.1.4 to 6.1.6: only data sent for the first time may be ECN-capable, and only that says
 * CWR. Judged on the other side of the wire: on this one no one knows what was sent twice, and the
 * two bits of IPv6 have no checksum.
 */
void
peer_sent_to(struct peer *p, const struct seg *s)
{
	uint64_t seq;
	bool first;

	if (p->state == PEER_SYN_SENT || p->state == PEER_IDLE) {
		/* Fast Open: the worker may answer before the last ACK. */
		if ((s->tos & 3) != 0 && (!p->cfg.fastopen || s->len == 0 || (s->tos & 3) != 2))
			die("port %u: tos %u before the connection is open", PORT(p), s->tos);
		return;
	}
	seq = position(s->seq, p->irs, p->sent_max);
	first = s->len > 0 && seq >= p->sent_max && p->ecn_ok;
	if ((s->tos & 3) != 0 && (!first || (s->tos & 3) != 2))
		die("port %u: %u bytes at %llu of %llu with tos %u", PORT(p), s->len,
			(unsigned long long)seq, (unsigned long long)p->sent_max, s->tos);
	if ((s->flags & SEG_C) != 0 && !first)
		die("port %u: CWR without new data", PORT(p));
	if (seq + s->len > p->sent_max)
		p->sent_max = seq + s->len;
}

bool
peer_input(struct peer *p, const struct seg *s, tg_time now)
{
	if (s->dport != p->cfg.local.port || s->sport != p->cfg.remote.port ||
		memcmp(&s->dst, &p->cfg.local.addr, 16) != 0 ||
		memcmp(&s->src, &p->cfg.remote.addr, 16) != 0 ||
		memcmp(s->eth_dst, p->cfg.mac, 6) != 0)
		return false;
	p->segs_in++;
	if (p->state == PEER_SYN_SENT)
		syn_ack(p, s, now);
	else if (p->state == PEER_OPEN || p->state == PEER_DONE)
		established(p, s, now);
	return true;
}
