/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Acknowledgments: see ack.h.
 */
#include "ack.h"
#include "bytes.h"
#include "congestion.h"
#include "event.h"
#include "retransmit.h"
#include "sendq.h"
#include "synrcvd.h"

/*
 * One segment per window is timed, in microseconds, unless it was sent again (Karn). After a
 * timeout that leaves nothing to time for long: then the echoed timestamp tells, in milliseconds,
 * which copy was answered (RFC 7323 4.1).
 */
static void
measure(const struct tg_conns *cs, struct tg_tcb *t, uint32_t ack, const struct tg_tcpopt *opt,
	tg_time now)
{
	if ((t->flags & TG_TCB_RTT_ON) != 0 && tg_seq_lt(t->rtt_seq, ack)) {
		t->flags &= ~(uint32_t)TG_TCB_RTT_ON;
		tg_rtt_sample(cs, t, (uint32_t)(now / 1000) - t->rtt_at_us);
	} else if (t->backoff > 0 && (t->flags & TG_TCB_TS) != 0 &&
		(opt->present & TG_OPT_TS) != 0) {
		uint32_t ms = t->ts_offset + tg_ms_of(now) - opt->tsecr;

		if (ms < UINT32_MAX / 1000)
			tg_rtt_sample(cs, t, ms * 1000);
	}
}

static void
new_ack(struct tg_conns *cs, struct tg_tcb *t, const struct tg_frame *f,
	const struct tg_tcpopt *opt, tg_time now, bool *fin_acked)
{
	uint32_t ack = f->ack, acked = ack - t->snd_una;
	uint32_t data = acked < t->snd_bytes ? acked : t->snd_bytes;
	bool behind = tg_seq_lt(t->snd_nxt, ack); /* it overtook what we were sending again */

	measure(cs, t, ack, opt, now);
	*fin_acked = acked > data;
	tg_sendq_acked(cs, t, data);
	t->flags2 &= (uint16_t)~TG_TCB2_STUCK;
	t->snd_una = ack;
	if (behind) {
		t->snd_nxt = ack;
		tg_sendq_rewind(t);
	}
	tg_cc_acked(t, acked);
	tg_rexmt_acked(cs, t, now);
	if ((t->flags & TG_TCB_WANT_WRITE) != 0 && t->snd_bytes <= cs->sndbuf / 2) {
		t->flags &= ~(uint32_t)TG_TCB_WANT_WRITE;
		tg_event_raise(cs, t, TG_EV_WRITE);
	}
	t->soft_error = 0;
	tg_tcb_moved(cs, t, now);
}

/*
 * RFC 9293 3.10.7.4: only a segment newer than the last update says anything about the window. Its
 * ACK, if not older than snd_una, is snd_una by now, so SND.WL2 is never needed.
 */
static bool
update_window(struct tg_conns *cs, struct tg_tcb *t, const struct tg_frame *f, tg_time now)
{
	uint32_t wnd = (uint32_t)f->wnd << t->snd_wscale, old = t->snd_wnd;

	if (f->ack != t->snd_una || tg_seq_lt(f->seq, t->snd_wl1))
		return false;
	t->snd_wl1 = f->seq;
	t->snd_wnd = wnd;
	if (wnd > t->max_wnd)
		t->max_wnd = wnd;
	if (wnd == old)
		return false;
	if (old == 0) {
		/* The window opens: what was probed with is sent at once, on a fresh timer. */
		t->backoff = 0;
		t->flags2 &= (uint16_t)~TG_TCB2_STUCK;
		t->flags &= ~(uint32_t)TG_TCB_RTT_ON; /* Karn */
		t->snd_nxt = t->snd_una;
		tg_sendq_rewind(t);
		tg_rexmt_acked(cs, t, now);
	}
	return true;
}

enum tg_ack_verdict
tg_ack_process(struct tg_conns *cs, struct tg_tcb *t, const struct tg_frame *f,
	const struct tg_tcpopt *opt, tg_time now, bool *fin_acked)
{
	bool window_moved, echo, advances = tg_seq_lt(t->snd_una, f->ack);
	uint32_t cwnd;
	bool last_ack = (t->flags & TG_TCB_SYN_RCVD) != 0;

	*fin_acked = false;
	/* RFC 5961 5.2: SND.UNA - MAX.SND.WND <= SEG.ACK <= SND.NXT, or it is a blind guess. */
	if (tg_seq_lt(t->snd_max, f->ack) || tg_seq_lt(f->ack, t->snd_una - t->max_wnd))
		return TG_ACK_FUTURE;
	/* Of a segment that synrcvd.h has judged: it acknowledges our SYN, and is no duplicate. */
	if (last_ack)
		tg_synrcvd_acked(cs, t, f->ack, now);
	/*
	 * RFC 9293 3.8.3: the same segment is not sent for ever, though the peer is alive; only
	 * while its window is shut (3.8.6.1), and for an orphan not even then.
	 */
	if (advances || (t->snd_wnd == 0 && (t->flags & TG_TCB_ORPHAN) == 0))
		t->retries = 0;
	echo = (t->flags & TG_TCB_ECN) != 0 && (f->flags & TG_ECE) != 0 &&
		!tg_seq_lt(f->ack, t->snd_una);
	if (echo)
		tg_cc_echo(t, f->ack);
	cwnd = t->cwnd;
	if (advances)
		new_ack(cs, t, f, opt, now, fin_acked);
	if (echo && t->cwnd > cwnd)
		t->cwnd = cwnd; /* RFC 3168 6.1.2: such an ACK does not raise it */
	window_moved = update_window(cs, t, f, now);
	/* RFC 5681 2: a duplicate ACK carries nothing and changes nothing. */
	if (f->ack == t->snd_una && !advances && !last_ack && t->snd_max != t->snd_una &&
		!window_moved && f->payload_len == 0 && (f->flags & (TG_SYN | TG_FIN)) == 0 &&
		t->snd_wnd != 0)
		tg_cc_dupack(t);
	if (t->snd_bytes > 0 || (t->flags & TG_TCB_FIN_WANTED) != 0)
		tg_tcb_want_output(cs, t);
	return TG_ACK_OK;
}
