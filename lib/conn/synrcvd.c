/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Connections that wait for the last ACK: see synrcvd.h.
 */
#include <errno.h>

#include "arrival.h"
#include "bytes.h"
#include "close.h"
#include "congestion.h"
#include "data.h"
#include "retransmit.h"
#include "sendq.h"
#include "synrcvd.h"

/* A repeated SYN is answered at most once in so many ms (listener-semantics section 3). */
#define ANSWER_GAP 500

/* RFC 9293 3.4, table 6, with a window that is not zero. */
static bool
in_window(const struct tg_tcb *t, const struct tg_frame *f)
{
	uint32_t len = f->payload_len + ((f->flags & TG_SYN) != 0) + ((f->flags & TG_FIN) != 0);

	if (f->seq == t->rcv_nxt || (f->seq == t->rcv_adv && len == 0))
		return true;
	return tg_seq_lt(t->rcv_nxt, f->seq + len) && tg_seq_lt(f->seq, t->rcv_adv);
}

/* Neither a SYN-ACK nor another answer left within the last 500 ms. */
static bool
may_answer(const struct tg_conns *cs, const struct tg_tcb *t, tg_time now)
{
	tg_ms ms = tg_ms_of(now), sent = t->rexmt_at - tg_synrcvd_wait(cs, t->retries);

	if ((t->flags & TG_TCB_OOW_SET) != 0 && ms - t->oow_at < ANSWER_GAP)
		return false;
	return tg_ms_due(sent + ANSWER_GAP, ms);
}

enum tg_synrcvd_verdict
tg_synrcvd_segment(const struct tg_conns *cs, const struct tg_tcb *t, const struct tg_frame *f,
	const struct tg_tcpopt *opt, tg_time now)
{
	unsigned flags = f->flags & (TG_SYN | TG_RST | TG_ACK);
	bool paws = tg_conn_fails_paws(t, opt, now);

	if (t->flags & TG_TCB_RST_WANTED)
		return TG_SYNRCVD_SEGMENT;
	if (flags == TG_SYN && f->seq == t->snd_wl1 && !paws)
		return may_answer(cs, t, now) ? TG_SYNRCVD_SYNACK : TG_SYNRCVD_SYN_RATE;
	if (flags & TG_RST)
		return f->seq == t->rcv_nxt ? TG_SYNRCVD_RESET : TG_SYNRCVD_SEGMENT;
	if (paws)
		return TG_SYNRCVD_PAWS;
	if (!in_window(t, f))
		return TG_SYNRCVD_WINDOW;
	if (flags & TG_SYN)
		return TG_SYNRCVD_SYN;
	if ((flags & TG_ACK) == 0)
		return TG_SYNRCVD_SEGMENT;
	if (tg_seq_lt(f->ack, t->snd_una) || tg_seq_lt(t->snd_max, f->ack))
		return t->state == TG_SYN_RECEIVED ? TG_SYNRCVD_RST : TG_SYNRCVD_CHALLENGE;
	return TG_SYNRCVD_LAST_ACK;
}

uint32_t
tg_synrcvd_wait(const struct tg_conns *cs, unsigned retries)
{
	uint64_t wait = (uint64_t)cs->synack_rto_ms << (retries < 16 ? retries : 16);

	return wait < TG_RTO_MAX ? (uint32_t)wait : TG_RTO_MAX;
}

uint16_t
tg_synrcvd_sent(struct tg_conns *cs, struct tg_tcb *t, tg_time now)
{
	uint32_t wnd = tg_data_space(cs, t);

	if (wnd > UINT16_MAX)
		wnd = UINT16_MAX;
	if (wnd > tg_tcb_options(cs, t)->window)
		wnd = tg_tcb_options(cs, t)->window;
	/* What the first one offered is not taken back, also when the buffer is smaller now. */
	if ((t->flags2 & TG_TCB2_SYNACK_SENT) != 0 && tg_seq_lt(t->rcv_nxt + wnd, t->rcv_adv)) {
		wnd = t->rcv_adv - t->rcv_nxt;
		if (wnd > UINT16_MAX)
			wnd = UINT16_MAX;
	}
	if (tg_seq_lt(t->rcv_adv, t->rcv_nxt + wnd))
		t->rcv_adv = t->rcv_nxt + wnd;
	t->last_ack_sent = t->rcv_nxt;
	t->flags &= ~(uint32_t)TG_TCB_ACK_NOW;
	t->flags2 &= (uint16_t) ~(TG_TCB2_SYNACK | TG_TCB2_TFO | TG_TCB2_TFO_EXP);
	if (t->flags2 & TG_TCB2_SYNACK_SENT) {
		/* Karn: it will not be known which one was answered. */
		if (t->rtt_seq == t->snd_una - 1)
			t->flags &= ~(uint32_t)TG_TCB_RTT_ON;
	} else {
		t->flags2 |= TG_TCB2_SYNACK_SENT;
		t->flags |= TG_TCB_RTT_ON;
		t->rtt_seq = t->snd_una - 1;
		t->rtt_at_us = (uint32_t)(now / 1000);
	}
	return (uint16_t)wnd;
}

bool
tg_synrcvd_fire(struct tg_conns *cs, struct tg_tcb *t, tg_time now)
{
	/* One more than for a half-open entry, as Linux: a worker may be using the connection. */
	unsigned limit = cs->synack_retries < UINT8_MAX ? cs->synack_retries + 1u : UINT8_MAX;

	tg_count(cs, TG_CNT_TIMEOUTS);
	if (t->retries >= limit) {
		tg_count(cs, TG_CNT_ABORT_ON_TIMEOUT);
		if (t->flags2 & TG_TCB2_ACKED) {
			/* Its peer is real, had no room, and is told (listener-semantics 4). */
			tg_count(cs, TG_CNT_ATTEMPT_FAILS);
			tg_conn_reset(cs, t, -ETIMEDOUT);
			return true;
		}
		tg_tcb_end(cs, t, -ETIMEDOUT);
		return false;
	}
	if (t->retries++ == 0)
		tg_cc_open(t, true);
	/* The peer did not know us when it got what was sent: it follows again behind the ACK. */
	t->snd_nxt = t->snd_una;
	tg_sendq_rewind(t);
	t->flags &= ~(uint32_t)TG_TCB_RTT_ON;
	t->flags2 |= TG_TCB2_SYNACK;
	tg_tcb_start(cs, t, TG_TCB_T_REXMT, tg_synrcvd_wait(cs, t->retries), now);
	tg_tcb_want_output(cs, t);
	return true;
}

void
tg_synrcvd_acked(struct tg_conns *cs, struct tg_tcb *t, uint32_t ack, tg_time now)
{
	if ((t->flags & TG_TCB_RTT_ON) != 0 && tg_seq_lt(t->rtt_seq, ack)) {
		t->flags &= ~(uint32_t)TG_TCB_RTT_ON;
		tg_rtt_sample(cs, t, (uint32_t)(now / 1000) - t->rtt_at_us);
	}
	/* RFC 6298 5.7: a SYN-ACK was lost, as far as we know. */
	if (t->retries > 0)
		t->rto_ms = TG_RTO_INIT_LOST;
	t->retries = 0;
	if (t->state == TG_SYN_RECEIVED)
		t->state = TG_ESTABLISHED;
	tg_synrcvd_over(cs, t);
	tg_rexmt_acked(cs, t, now);
}

void
tg_synrcvd_over(struct tg_conns *cs, struct tg_tcb *t)
{
	if ((t->flags & TG_TCB_SYN_RCVD) == 0)
		return;
	t->flags &= ~(uint32_t)TG_TCB_SYN_RCVD;
	t->flags2 &= TG_TCB2_SYN_DATA;
	cs->synrcvd_over(cs->synrcvd_ctx, t);
}
