/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Time passes: timers of half-open entries, connections and TIME_WAIT; and when to come back.
 */
#include "defer.h"
#include "engine_internal.h"

/* Connection timers collected in one go. */
#define GROUP 32
/* One timer of so many may be a half-open or TIME_WAIT entry's, however busy connections are. */
#define HALF_SHARE 4

/*
 * A SYN-ACK timeout: again, or enough. Acked entries are told, the others may be spoofed. While a
 * deferral keeps an acked entry (LINUX), the timeouts go by without a SYN-ACK.
 */
static void
half_timeout(struct tg_engine *e, uint32_t idx)
{
	struct tg_half *h = tg_half_at(&e->synq, idx);
	struct tg_lsn *l = &e->listeners.lsn[h->key.free_use];

	if (l->closing) {
		tg_half_remove(e, idx);
		return;
	}
	tg_engine_count(e, TG_CNT_TIMEOUTS);
	if (h->retries < tg_synack_budget(l, e->cfg.synack_retries) || tg_defer_keeps(l, h)) {
		bool spared = tg_defer_spares(l, h);

		l->syn_young -= h->retries == 0;
		if (h->retries < UINT8_MAX)
			h->retries++;
		/* Short of buffers nothing need wait for one: it counts as lost on the way. */
		if (!spared && e->low)
			tg_engine_count(e, TG_CNT_SYNACK_LOW);
		if (spared || e->low)
			tg_synq_sent(&e->synq, idx, e->now);
		return;
	}
	if (h->flags & TG_HALF_ACKED) {
		/* Until the RST leaves, an ACK may still complete it. */
		h->flags |= TG_HALF_GIVE_UP;
		return;
	}
	tg_half_remove(e, idx);
}

/* Entries that waited for room too long: the longest-waiting is at the head. */
static unsigned
give_up_ready(struct tg_engine *e, tg_ms now, unsigned budget)
{
	struct tg_synq *q = &e->synq;
	unsigned n = 0;

	for (unsigned i = 0; i < TG_LISTENERS_MAX / 64; i++)
		for (uint64_t m = q->ready_map[i]; m != 0; m &= m - 1) {
			const struct tg_fifo *f = &q->ready[i * 64 + (unsigned)__builtin_ctzll(m)];

			while (n < budget && f->head != TG_NONE &&
				tg_ms_due(tg_half_at(q, f->head)->timer.deadline, now)) {
				tg_synq_give_up(q, f->head, now);
				n++;
			}
		}
	return n;
}

/* Half-open entries: timeouts, deferrals that end, room that came too late or in time. */
static unsigned
advance_half_open(struct tg_engine *e, tg_ms now, unsigned budget)
{
	unsigned fired = 0;
	uint32_t idx;

	while (fired < budget && (idx = tg_synq_expired(&e->synq, now)) != TG_NONE) {
		half_timeout(e, idx);
		fired++;
	}
	while (fired < budget && (idx = tg_synq_deferred(&e->synq, now)) != TG_NONE) {
		tg_half_deferred(e, idx);
		fired++;
	}
	fired += tg_half_admit_ready(e, budget - fired);
	return fired + give_up_ready(e, now, budget - fired);
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

static unsigned
closing(struct tg_engine *e, unsigned budget)
{
	return tg_lsn_any_closing(&e->listeners) ? tg_closing_work(e, budget) : 0;
}

unsigned
tg_engine_advance(struct tg_engine *e, tg_time now, uint64_t wall_s, unsigned budget)
{
	tg_ms ms = tg_ms_of(now);
	unsigned fired;

	e->now = now;
	if (wall_s / TG_EPOCH_S != e->secret.epoch)
		e->printed_last = NULL;
	tg_secret_advance(&e->secret, wall_s);
	fired = closing(e, budget / HALF_SHARE);
	/* Connections first: after a flood a million half-open entries are due, every second. */
	fired += advance_conns(e, now, budget - fired - (budget - fired) / HALF_SHARE);
	fired += advance_half_open(e, ms, budget - fired);
	fired += tg_tw_expire(&e->conns.tw, &e->flow, &e->counters, ms, budget - fired);
	if (fired < budget)
		fired += advance_conns(e, now, budget - fired);
	if (fired < budget)
		fired += closing(e, budget - fired);
	/* What is looked at in vain counts for nothing, but there is more to do. */
	return tg_lsn_any_closing(&e->listeners) ? budget : fired;
}

tg_time
tg_engine_deadline(const struct tg_engine *e, tg_time now)
{
	const struct tg_timewait *tw = &e->conns.tw;
	tg_time next = TG_TIME_NEVER, at;
	tg_ms when;

	if (e->synq.resend.head != TG_NONE || e->conns.out.head != TG_NONE ||
		tg_half_any_ready(e) || tg_lsn_any_closing(&e->listeners))
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
