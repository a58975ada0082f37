/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Retransmission and probe timer: see retransmit.h.
 */
#include <errno.h>

#include "congestion.h"
#include "retransmit.h"
#include "sendq.h"
#include "synrcvd.h"

/* G of RFC 6298 2: the timer wheel's tick. */
#define GRANULARITY_US 1000

void
tg_rtt_sample(const struct tg_conns *cs, struct tg_tcb *t, uint32_t us)
{
	uint64_t rto_us;

	/* More than 500 s are a clock or a peer gone wrong, and would not keep the sums in 32 bits.
	 */
	if (us > 500000000u)
		return;
	if (us == 0)
		us = 1;
	t->backoff = 0; /* RFC 6298 5: only a measurement collapses a timeout backed off (Karn) */
	if (t->srtt_us8 == 0) {
		t->srtt_us8 = us * 8;
		t->rttvar_us4 = us * 2;
	} else {
		uint32_t srtt = t->srtt_us8 / 8;
		uint32_t err = us > srtt ? us - srtt : srtt - us;

		/* RFC 6298 2.3 with alpha 1/8, beta 1/4. */
		t->rttvar_us4 = (uint32_t)(t->rttvar_us4 - t->rttvar_us4 / 4 + err);
		t->srtt_us8 = t->srtt_us8 - srtt + us;
	}
	rto_us = (uint64_t)t->srtt_us8 / 8 +
		(t->rttvar_us4 > GRANULARITY_US ? t->rttvar_us4 : GRANULARITY_US);
	t->rto_ms = (uint32_t)((rto_us + 999) / 1000);
	if (t->rto_ms < cs->rto_min_ms)
		t->rto_ms = cs->rto_min_ms;
	if (t->rto_ms > TG_RTO_MAX)
		t->rto_ms = TG_RTO_MAX;
}

uint32_t
tg_rto(const struct tg_tcb *t)
{
	uint64_t rto = (uint64_t)t->rto_ms << t->backoff;

	return rto < TG_RTO_MAX ? (uint32_t)rto : TG_RTO_MAX;
}

void
tg_rexmt_start(struct tg_conns *cs, struct tg_tcb *t, tg_time now)
{
	uint32_t wait = tg_rto(t), most = tg_tcb_options(cs, t)->user_timeout_ms;

	if (most != 0 && (t->flags2 & TG_TCB2_STUCK) != 0) {
		uint32_t gone = tg_ms_of(now) - t->stuck_at, left = most > gone ? most - gone : 1;

		if (left < wait)
			wait = left;
	}
	tg_tcb_start(cs, t, TG_TCB_T_REXMT, wait, now);
}

/* The first timeout since there was progress: from here on the user timeout counts (as Linux). */
static void
get_stuck(struct tg_tcb *t, tg_time now)
{
	if (t->flags2 & TG_TCB2_KEEP_TRIED)
		t->retries = 0; /* those were keep-alive probes */
	t->flags2 &= (uint16_t) ~(TG_TCB2_KEEP | TG_TCB2_KEEP_TRIED | TG_TCB2_KEEP_PROBE);
	t->flags2 |= TG_TCB2_STUCK;
	t->stuck_at = tg_ms_of(now);
}

/*
 * Enough: R2 of RFC 9293 3.8.3. A user timeout takes its place for data on its way; a shut window
 * and an orphan are bounded by both.
 */
static bool
give_up(const struct tg_conns *cs, const struct tg_tcb *t, bool probe, tg_time now)
{
	uint32_t most = tg_tcb_options(cs, t)->user_timeout_ms;
	bool orphan = (t->flags & TG_TCB_ORPHAN) != 0;

	if (most != 0 && tg_ms_of(now) - t->stuck_at >= most)
		return true;
	if (most != 0 && !orphan && !probe)
		return false;
	return t->retries >= (orphan ? cs->orphan_retries : cs->retries);
}

static void
back_off(struct tg_tcb *t)
{
	if (t->backoff < 15)
		t->backoff++;
	if (t->retries < UINT8_MAX)
		t->retries++;
}

bool
tg_rexmt_fire(struct tg_conns *cs, struct tg_tcb *t, tg_time now)
{
	bool out = t->snd_max != t->snd_una, probe = t->snd_wnd == 0 || !out;

	if (t->flags & TG_TCB_SYN_RCVD)
		return tg_synrcvd_fire(cs, t, now);
	if (!out && t->snd_bytes == 0)
		return true; /* neither data out nor any barred */
	if ((t->flags2 & TG_TCB2_STUCK) == 0)
		get_stuck(t, now);
	if (!probe)
		tg_count(cs, TG_CNT_TIMEOUTS); /* the last one too, as Linux */
	if (give_up(cs, t, probe, now)) {
		tg_count(cs, TG_CNT_ABORT_ON_TIMEOUT);
		tg_tcb_end(cs, t, -ETIMEDOUT);
		return false;
	}
	/* A window too small to be used is overridden at a steady pace (RFC 9293 3.8.6.2.1). */
	if (out || t->snd_wnd == 0)
		back_off(t);
	if (out) {
		t->snd_nxt = t->snd_una;
		tg_sendq_rewind(t);
	}
	if (probe) {
		t->flags |= TG_TCB_PROBE;
		t->flags &= ~(uint32_t)TG_TCB_RTT_ON;
	} else {
		tg_cc_timeout(t);
	}
	tg_rexmt_start(cs, t, now);
	tg_tcb_want_output(cs, t);
	return true;
}

void
tg_rexmt_acked(struct tg_conns *cs, struct tg_tcb *t, tg_time now)
{
	t->flags &= ~(uint32_t)TG_TCB_RTO_DONE;
	if (t->snd_max != t->snd_una)
		tg_rexmt_start(cs, t, now);
	else
		tg_tcb_stop(t, TG_TCB_T_REXMT);
}
