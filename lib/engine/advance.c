/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Time passes: timers of half-open entries, connections and TIME_WAIT; and when to come back.
 */
#include "admission.h"
#include "engine_internal.h"

/* Connection timers collected in one go. */
#define GROUP 32

/* A SYN-ACK timeout: again, or enough. Acked entries are told, the others may be spoofed. */
static void
half_timeout(struct tg_engine *e, uint32_t idx)
{
	struct tg_half *h = tg_half_at(&e->synq, idx);
	struct tg_lsn *l = &e->listeners.lsn[h->key.free_use];

	tg_engine_count(e, TG_CNT_TIMEOUTS);
	if (h->retries < tg_synack_budget(l, e->cfg.synack_retries)) {
		l->syn_young -= h->retries == 0;
		h->retries++;
		return;
	}
	if (h->flags & TG_HALF_ACKED) {
		h->flags |=
			TG_HALF_GIVE_UP; /* until the RST leaves, an ACK may still complete it */
		return;
	}
	tg_engine_count(e, TG_CNT_ATTEMPT_FAILS);
	tg_half_remove(e, idx);
}

static unsigned
advance_conns(struct tg_engine *e, tg_time now, unsigned budget)
{
	struct tg_conns *cs = &e->conns;
	uint32_t due[GROUP];
	unsigned fired = 0, n;

	do {
		unsigned want = budget - fired < GROUP ? budget - fired : GROUP;

		n = tg_wheel_expire(&cs->wheel, tg_ms_of(now), due, want);
		for (unsigned i = 0; i < n; i++)
			tg_tcb_timers(cs, tg_tcb_at(cs, due[i]), now);
		fired += n;
	} while (n == GROUP && fired < budget);
	return fired;
}

unsigned
tg_engine_advance(struct tg_engine *e, tg_time now, uint64_t wall_s, unsigned budget)
{
	tg_ms ms = tg_ms_of(now);
	unsigned fired = 0;
	uint32_t idx;

	e->now = now;
	tg_secret_advance(&e->secret, wall_s);
	while (fired < budget && (idx = tg_synq_expired(&e->synq, ms)) != TG_NONE) {
		half_timeout(e, idx);
		fired++;
	}
	fired += tg_tw_expire(&e->conns.tw, &e->flow, &e->counters, ms, budget - fired);
	if (fired < budget)
		fired += advance_conns(e, now, budget - fired);
	return fired;
}

tg_time
tg_engine_deadline(const struct tg_engine *e, tg_time now)
{
	const struct tg_timewait *tw = &e->conns.tw;
	tg_time next = TG_TIME_NEVER, at;
	tg_ms when;

	if (e->synq.resend.head != TG_NONE || e->conns.out.head != TG_NONE)
		return now;
	if (tg_synq_next(&e->synq, &when))
		next = tg_ms_time(when, now);
	if (tw->fifo.head != TG_NONE) {
		at = tg_ms_time(tg_tw_at(tw, tw->fifo.head)->deadline, now);
		next = at < next ? at : next;
	}
	if (tg_wheel_next(&e->conns.wheel, &when)) {
		at = tg_ms_time(when, now);
		next = at < next ? at : next;
	}
	return next > now ? next : now;
}
