/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Segment arrival in SYN-RECEIVED: see half.h.
 */
#include "bytes.h"
#include "half.h"

/* RFC 9293 3.4, table 6, with RCV.WND > 0: does any of the segment lie in the window? */
static bool
in_window(uint32_t seq, uint32_t len, uint32_t rcv_nxt, uint32_t rcv_wnd)
{
	uint32_t end = rcv_nxt + rcv_wnd;

	if (len == 0)
		return tg_seq_leq(rcv_nxt, seq) && tg_seq_lt(seq, end);
	return tg_seq_lt(seq, end) && tg_seq_lt(rcv_nxt, seq + len);
}

static enum tg_half_verdict
challenge(const struct tg_synq *q, struct tg_half *h, tg_time now)
{
	return tg_synq_may_answer(q, h, tg_ms_of(now), true) ? TG_HALF_CHALLENGE
							     : TG_HALF_CHALLENGE_RATE;
}

bool
tg_half_paws(const struct tg_half *h, const struct tg_tcpopt *opt)
{
	return (h->flags & TG_HALF_TS) != 0 && (opt->present & TG_OPT_TS) != 0 &&
		tg_seq_lt(opt->tsval, h->ts_recent);
}

enum tg_half_verdict
tg_half_segment(const struct tg_synq *q, struct tg_half *h, const struct tg_frame *f,
	const struct tg_tcpopt *opt, uint32_t rcv_wnd, tg_time now)
{
	uint32_t rcv_nxt = h->irs + 1;
	uint32_t len = f->payload_len + ((f->flags & TG_SYN) != 0) + ((f->flags & TG_FIN) != 0);
	bool paws = tg_half_paws(h, opt);

	if ((f->flags & TG_SYN) != 0 && (f->flags & (TG_ACK | TG_RST)) == 0 && f->seq == h->irs)
		return tg_synq_may_answer(q, h, tg_ms_of(now), false) ? TG_HALF_SYNACK
								      : TG_HALF_SYN_RATE;

	if (f->flags & TG_RST) {
		if (f->seq == rcv_nxt)
			return TG_HALF_GONE;
		/* RFC 5961 3.2: in the window but not exact may be a blind guess. */
		return in_window(f->seq, 0, rcv_nxt, rcv_wnd) ? challenge(q, h, now)
							      : TG_HALF_DROP_WINDOW;
	}
	/* As Linux: the ACK is judged before the sequence number, so a stray ACK is told at once.
	 */
	if ((f->flags & TG_ACK) != 0 && f->ack != h->iss + 1)
		return TG_HALF_RST;
	if (paws || !in_window(f->seq, len, rcv_nxt, rcv_wnd))
		return challenge(q, h, now);
	/* The SYN itself, in front of what lies in the window, is trimmed off (RFC 9293 3.10.7.4).
	 */
	if ((f->flags & TG_SYN) != 0 && f->seq != h->irs)
		return TG_HALF_RST_GONE;
	if ((f->flags & TG_ACK) == 0)
		return TG_HALF_DROP_ACK;
	return TG_HALF_COMPLETE;
}
