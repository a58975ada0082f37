/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sending side and timers of the model client; what comes in is in peer_input.c.
 */
#include "peer.h"

#include <string.h>

#include "die.h"
#include "peer_internal.h"

#define RTO_FIRST TG_SEC
#define RTO_MIN   (200 * TG_MSEC)
#define RTO_MAX   (60 * TG_SEC)
/* No congestion control: a fixed number of segments under way, below the peer's window. */
#define FLIGHT 64

void
peer_init(struct peer *p, const struct peer_config *cfg)
{
	memset(p, 0, sizeof(*p));
	p->cfg = *cfg;
	p->isn = (uint32_t)rng_mix(cfg->seed + 1);
	p->rexmt_at = p->read_at = p->speak_at = TG_TIME_NEVER;
	p->snd_mss = 536;
}

uint64_t
peer_fin(const struct peer *p)
{
	return 1 + p->cfg.bytes;
}

uint64_t
peer_echoed(const struct peer *p)
{
	uint64_t n = p->rcv_nxt > 0 ? p->rcv_nxt - 1 : 0;

	return p->fin_at != 0 && p->rcv_nxt > p->fin_at ? n - 1 : n;
}

static tg_time
rto(const struct peer *p)
{
	tg_time t = p->srtt == 0 ? RTO_FIRST : p->srtt + 4 * p->rttvar;

	if (t < RTO_MIN)
		t = RTO_MIN;
	t <<= p->backoff;
	return t < RTO_MAX ? t : RTO_MAX;
}

void
peer_rtt(struct peer *p, tg_time r)
{
	if (p->srtt == 0) {
		p->srtt = r;
		p->rttvar = r / 2;
	} else {
		tg_time err = r > p->srtt ? r - p->srtt : p->srtt - r;

		p->rttvar = (3 * p->rttvar + err) / 4;
		p->srtt = (7 * p->srtt + r) / 8;
	}
}

void
peer_timer_restart(struct peer *p, tg_time now)
{
	/* nothing out, and nothing that waits for a window: no timer */
	bool idle = p->una == p->max && !peer_may_send(p, p->una);

	p->rexmt_at = idle ? TG_TIME_NEVER : now + rto(p);
}

/* What the window field says, and the edge that goes with it: it never moves back. */
static uint16_t
offer(struct peer *p, bool syn)
{
	uint32_t space = p->cfg.rcvbuf - p->unread;
	uint32_t shift = syn ? 0 : p->rcv_shift;
	uint64_t offered = p->rcv_edge > p->rcv_nxt ? p->rcv_edge - p->rcv_nxt : 0;

	/* silly window avoidance, as any receiver does */
	if (space < offered + p->cfg.mss && space < offered + p->cfg.rcvbuf / 2)
		space = (uint32_t)offered;
	space = (space + (1u << shift) - 1) >> shift;
	if (space > 65535)
		space = 65535;
	if (p->rcv_nxt + ((uint64_t)space << shift) > p->rcv_edge)
		p->rcv_edge = p->rcv_nxt + ((uint64_t)space << shift);
	return (uint16_t)space;
}

/* One segment of positions [at, at + len), FIN behind them or not. */
static void
emit(struct peer *p, uint16_t flags, uint64_t at, uint32_t len, tg_time now)
{
	uint8_t frame[SEG_FRAME_MAX], data[SEG_FRAME_MAX];
	bool syn = (flags & SEG_S) != 0;
	struct seg s;

	seg_init(&s);
	memcpy(s.eth_src, p->cfg.mac, 6);
	memcpy(s.eth_dst, p->cfg.gateway, 6);
	s.src = p->cfg.local.addr;
	s.dst = p->cfg.remote.addr;
	s.sport = p->cfg.local.port;
	s.dport = p->cfg.remote.port;
	s.ip_id = (uint16_t)p->segs_out;
	s.seq = p->isn + (uint32_t)at;
	s.flags = flags;
	s.win = offer(p, syn);
	if ((flags & SEG_A) != 0)
		s.ack = p->irs + (uint32_t)p->rcv_nxt;
	if (syn && p->cfg.ecn)
		s.flags |= SEG_E | SEG_C;
	if (p->ecn_ok && p->echoing)
		s.flags |= SEG_E;
	if (p->ecn_ok && len > 0 && at >= p->max &&
		at < p->wnd_edge) { /* no probe, nothing sent before */
		s.tos = 2;
		if (p->cwr_wanted)
			s.flags |= SEG_C;
		p->cwr_wanted = false;
	}
	if (syn) {
		seg_opt_mss(&s, p->cfg.mss);
		if (p->cfg.sack)
			seg_opt_sack_ok(&s);
	}
	if (syn ? p->cfg.ts : p->ts_ok)
		seg_opt_ts(&s, (uint32_t)(now / TG_MSEC) + 777, p->ts_recent);
	if (syn && p->cfg.wscale >= 0)
		seg_opt_wscale(&s, (uint8_t)p->cfg.wscale);
	if (len > 0) {
		rng_stream(p->cfg.seed, at > 0 ? at - 1 : 0, data, len);
		s.data = data;
		s.len = len;
	}
	p->segs_out++;
	p->cfg.send(p->cfg.ctx, frame, seg_write(&s, frame, NULL), now);
	if (at < p->max && seg_space(&s) > 0)
		p->rexmts++;
	else if (seg_space(&s) > 0 && p->timed == 0) {
		p->timed = at + seg_space(&s);
		p->timed_at = now;
	}
	if (at + seg_space(&s) > p->max)
		p->max = at + seg_space(&s);
}

void
peer_ack(struct peer *p, tg_time now)
{
	/* a zero-window probe lies beyond the window: an ACK there would not be acceptable */
	emit(p, SEG_A, p->max < p->wnd_edge ? p->max : p->wnd_edge, 0, now);
}

/* True when the client has something to send at this position: bytes, or a FIN that is due. */
bool
peer_may_send(const struct peer *p, uint64_t at)
{
	if (at > 0 && p->mute)
		return false;
	if (at == 0 || at < peer_fin(p))
		return true;
	if (at > peer_fin(p))
		return false;
	switch (p->cfg.close) {
	case PEER_CLOSES_EARLY:
		return true;
	case PEER_CLOSES_FIRST:
		return peer_echoed(p) == p->cfg.bytes;
	case PEER_CLOSES_SECOND:
		break;
	}
	return p->fin_at != 0 && p->rcv_nxt > p->fin_at;
}

void
peer_send(struct peer *p, tg_time now)
{
	uint64_t edge = p->una + (uint64_t)FLIGHT * p->snd_mss;

	if (p->state != PEER_OPEN)
		return;
	if (p->wnd_edge < edge)
		edge = p->wnd_edge;
	while (peer_may_send(p, p->nxt) && p->nxt < edge) {
		uint64_t left = peer_fin(p) - p->nxt;
		uint32_t len = left < p->snd_mss ? (uint32_t)left : p->snd_mss;
		uint16_t flags = SEG_A;

		if (p->nxt + len > edge)
			len = (uint32_t)(edge - p->nxt);
		/* a silly rest of a window waits for more of it, as long as anything is out */
		if (len < p->snd_mss && len < left && p->nxt > p->una)
			break;
		if (len == left) {
			flags |= SEG_P;
			if (peer_may_send(p, peer_fin(p)) && p->nxt + len + 1 <= edge)
				flags |= SEG_F;
			else if (len == 0)
				break;
		}
		emit(p, flags, p->nxt, len, now);
		p->nxt += len + ((flags & SEG_F) != 0);
	}
	if (p->rexmt_at == TG_TIME_NEVER)
		peer_timer_restart(p, now);
}

void
peer_open(struct peer *p, tg_time now)
{
	p->state = PEER_SYN_SENT;
	if (p->cfg.fastopen)
		p->syn_len = p->cfg.bytes < 1000 ? (uint32_t)p->cfg.bytes : 1000;
	emit(p, SEG_S, 0, p->syn_len, now);
	p->nxt = 1;
	p->rexmt_at = now + rto(p);
}

tg_time
peer_deadline(const struct peer *p)
{
	tg_time at = p->rexmt_at < p->read_at ? p->rexmt_at : p->read_at;

	return at < p->speak_at ? at : p->speak_at;
}

static void
retransmit(struct peer *p, tg_time now)
{
	if (p->backoff < 8)
		p->backoff++;
	p->timed = 0;
	p->nxt = p->una;
	p->dupacks = 0;
	p->recover = p->max;
	if (p->state == PEER_SYN_SENT) {
		emit(p, SEG_S, 0, 0, now);
		p->nxt = 1;
	} else if (p->wnd_edge <= p->una && p->una < peer_fin(p)) {
		emit(p, SEG_A | SEG_P, p->una, 1, now); /* zero-window probe */
		p->nxt = p->una + 1;
	} else {
		peer_send(p, now);
	}
	peer_timer_restart(p, now);
}

/* The application reads; a window that was shut and opens is told. */
static void
app_reads(struct peer *p, tg_time now)
{
	uint64_t old_edge = p->rcv_edge;
	bool shut = p->rcv_edge <= p->rcv_nxt + p->cfg.mss;

	p->unread -= p->unread < p->cfg.read_rate ? p->unread : p->cfg.read_rate;
	p->read_at = p->unread > 0 ? now + TG_MSEC : TG_TIME_NEVER;
	(void)offer(p, false);
	if (shut && p->rcv_edge > old_edge)
		peer_ack(p, now);
}

void
peer_timer(struct peer *p, tg_time now)
{
	if (p->read_at <= now)
		app_reads(p, now);
	if (p->speak_at <= now) {
		p->mute = false;
		p->speak_at = TG_TIME_NEVER;
		peer_send(p, now);
	}
	if (p->rexmt_at <= now)
		retransmit(p, now);
}
