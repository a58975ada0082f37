/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Keep-alive: see keepalive.h.
 */
#include "keepalive.h"

#include <errno.h>

#include "close.h"

static void
wait(struct tg_conns *cs, struct tg_tcb *t, uint32_t ms, tg_time now)
{
	t->keep_at = tg_ms_after(now, ms);
	t->flags2 |= TG_TCB2_KEEP;
	tg_tcb_arm(cs, t, t->keep_at);
}

void
tg_keep_restart(struct tg_conns *cs, struct tg_tcb *t, tg_time now)
{
	const struct tg_options *o = tg_tcb_options(cs, t);

	/* retries counts probes here, and belongs to the retransmission timer again. */
	if (t->flags2 & TG_TCB2_KEEP_TRIED)
		t->retries = 0;
	t->flags2 &= (uint16_t) ~(TG_TCB2_KEEP | TG_TCB2_KEEP_TRIED | TG_TCB2_KEEP_PROBE);
	/* An orphan has bounded timers only. */
	if (o->keepalive && (t->flags2 & TG_TCB2_STUCK) == 0 &&
		(t->flags & (TG_TCB_ORPHAN | TG_TCB_DEAD | TG_TCB_RST_WANTED)) == 0)
		wait(cs, t, o->keep_idle_ms, now);
}

void
tg_keep_changed(struct tg_conns *cs, struct tg_tcb *t, const struct tg_options *old, tg_time now)
{
	const struct tg_options *o = tg_tcb_options(cs, t);

	if (!o->keepalive || (t->flags2 & TG_TCB2_KEEP) == 0) {
		tg_keep_restart(cs, t, now);
		return;
	}
	if (t->flags2 & TG_TCB2_KEEP_TRIED)
		return; /* the next probe follows as it was to */
	t->keep_at += o->keep_idle_ms - old->keep_idle_ms;
	if (tg_ms_due(t->keep_at, tg_ms_of(now)))
		t->keep_at = tg_ms_of(now);
	tg_tcb_arm(cs, t, t->keep_at);
}

/* Enough: by the number of probes, or by the user timeout where there is one (as Linux). */
static bool
unanswered(const struct tg_options *o, unsigned probes)
{
	uint64_t silent = o->keep_idle_ms + (uint64_t)probes * o->keep_interval_ms;

	if (o->user_timeout_ms != 0)
		return probes > 0 && silent >= o->user_timeout_ms;
	return probes >= o->keep_count;
}

void
tg_keep_fire(struct tg_conns *cs, struct tg_tcb *t, tg_time now)
{
	const struct tg_options *o = tg_tcb_options(cs, t);

	/* Whoever owes us an acknowledgment, or a window, is asked for that. */
	if ((t->flags & TG_TCB_SYN_RCVD) != 0 || t->snd_max != t->snd_una || t->snd_bytes > 0) {
		tg_keep_restart(cs, t, now);
		return;
	}
	if ((t->flags2 & TG_TCB2_KEEP_TRIED) == 0)
		t->retries = 0;
	if (unanswered(o, t->retries)) {
		tg_count(cs, TG_CNT_ABORT_ON_TIMEOUT);
		tg_conn_reset(cs, t, -ETIMEDOUT);
		return;
	}
	if (t->retries < UINT8_MAX)
		t->retries++;
	t->flags2 |= TG_TCB2_KEEP_TRIED | TG_TCB2_KEEP_PROBE;
	wait(cs, t, o->keep_interval_ms, now);
	tg_tcb_want_output(cs, t);
}
