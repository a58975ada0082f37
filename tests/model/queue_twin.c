/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The naive twin: its queues, and what happens in them as time passes (sections 1, 4 and 7 of the
 * listener's semantics, word by word).
 */
#include "queue_twin.h"

#include <string.h>

#define FOREVER UINT64_MAX

struct twin_lsn *
twin_lsn_of(struct twin *t, unsigned c)
{
	return &t->lsn[c % LISTENERS];
}

static bool
is_entry(const struct twin_client *c)
{
	return c->place != TWIN_NONE;
}

struct twin_counts
twin_count(const struct twin *t, unsigned lsn)
{
	struct twin_counts n = {0};

	for (unsigned i = lsn; i < CLIENTS; i += LISTENERS) {
		const struct twin_client *c = &t->c[i];

		n.syn += is_entry(c);
		n.young += is_entry(c) && c->retries == 0;
		n.acked += is_entry(c) && c->acked;
		n.accept += c->conn;
	}
	return n;
}

uint32_t
twin_entries(const struct twin *t)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < LISTENERS; i++)
		n += twin_count(t, i).syn;
	return n;
}

uint32_t
twin_conns(const struct twin *t)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < LISTENERS; i++)
		n += twin_count(t, i).accept;
	return n;
}

bool
twin_accept_full(const struct twin *t, unsigned lsn)
{
	return twin_count(t, lsn).accept >= t->lsn[lsn].accept_holds;
}

bool
twin_syn_full(const struct twin *t, unsigned lsn)
{
	struct twin_counts n = twin_count(t, lsn);

	return n.syn + (t->lsn[lsn].single ? n.accept : 0) >= t->lsn[lsn].syn_bound;
}

bool
twin_no_tcb(const struct twin *t)
{
	return twin_conns(t) >= t->cfg->max_conns;
}

/* Section 4: rto doubled each time, capped at 120 s. */
uint64_t
twin_wait_after(const struct twin *t, unsigned retries)
{
	uint64_t wait = t->cfg->synack_rto_ms;

	while (retries-- > 0)
		wait = 2 * wait < 120000 ? 2 * wait : 120000;
	return wait;
}

/* Section 7: the smallest n with rto + 2 rto + ... >= N; 0 in silent mode, which counts seconds. */
unsigned
twin_timeouts(const struct twin *t, const struct twin_lsn *l)
{
	uint64_t sum = 0;
	unsigned n = 0;

	if (l->defer_mode == TG_DEFER_SILENT)
		return 0;
	while (sum < l->defer_s * 1000ull)
		sum += twin_wait_after(t, n++);
	return n;
}

static void
note(struct twin *t, unsigned c)
{
	if (t->cfg->syncookies == TG_SYNCOOKIES_OFF || t->cfg->syncookies == TG_SYNCOOKIES_MONITOR)
		t->proven[c / 4] = t->now + t->cfg->proven_ms;
}

void
twin_connect(struct twin *t, unsigned c)
{
	note(t, c);
	t->c[c].place = TWIN_NONE;
	t->c[c].conn = true;
	t->c[c].entered = t->count++;
	twin_lsn_of(t, c)->passive++;
}

void
twin_change(struct twin *t, unsigned lsn, const struct tg_listener_config *cfg)
{
	uint32_t backlog = cfg->backlog < t->cfg->somaxconn ? cfg->backlog : t->cfg->somaxconn;
	uint32_t most = t->cfg->max_syn_backlog;
	struct twin_lsn *l = &t->lsn[lsn];

	l->accept_holds = backlog + (t->cfg->accept_exact || cfg->single_queue ? 0 : 1);
	l->syn_bound = cfg->single_queue || cfg->syn_backlog == 0 ? backlog
		: cfg->syn_backlog == TG_SYN_BACKLOG_AUTO         ? (most > 64 ? most : 64)
								  : cfg->syn_backlog;
	l->single = cfg->single_queue;
	l->defer_s = cfg->defer_accept_s;
	l->defer_mode = cfg->defer_mode;
	l->defer_cookies = cfg->defer_cookies;
}

void
twin_open(struct twin *t, unsigned lsn, const struct tg_listener_config *cfg)
{
	t->lsn[lsn] = (struct twin_lsn){0};
	twin_change(t, lsn, cfg);
}

void
twin_close(struct twin *t, unsigned lsn)
{
	for (unsigned i = lsn; i < CLIENTS; i += LISTENERS) {
		t->rsts += t->c[i].conn;
		t->c[i].conn = false;
		t->c[i].place = TWIN_NONE;
	}
}

/* What leaves at one moment comes behind what is left out then: it waits for its turn to be sent.
 */
void
twin_synack_leaves(struct twin *t, unsigned i, bool left_out)
{
	struct twin_client *c = &t->c[i];

	c->due = t->now + twin_wait_after(t, c->retries);
	c->order = (t->now << 20) + (left_out ? 0 : 1 << 19) + t->count++ % (1 << 19);
}

/* Section 4: more than half full, old ones give way (L). */
static unsigned
budget(const struct twin *t, unsigned lsn)
{
	struct twin_counts n = twin_count(t, lsn);
	uint32_t bound = t->lsn[lsn].syn_bound;
	unsigned retries = t->cfg->synack_retries;

	if (2 * n.syn <= (bound > 8 ? bound : 8))
		return retries;
	for (uint32_t young = n.young; retries > 2 && 2 * young <= n.syn; young *= 2) {
		if (young == 0)
			return 2;
		retries--;
	}
	return retries;
}

static void
timeout(struct twin *t, unsigned i)
{
	struct twin_client *c = &t->c[i];
	struct twin_lsn *l = twin_lsn_of(t, i);
	bool waits =
		l->defer_mode == TG_DEFER_LINUX && c->acked && c->retries < twin_timeouts(t, l);

	if (c->retries < budget(t, i % LISTENERS) || waits) {
		c->retries++;
		/* from the n-th timeout on it is asked again */
		waits = waits && c->retries < twin_timeouts(t, l);
		if (!waits) {
			t->synacks++;
			c->answered = t->now;
		}
		twin_synack_leaves(t, i, waits);
	} else {
		c->place = c->acked ? TWIN_OVER : TWIN_NONE;
		c->due = FOREVER;
	}
}

static void
deferral_ends(struct twin *t, unsigned i)
{
	struct twin_client *c = &t->c[i];
	uint64_t waited = twin_lsn_of(t, i)->defer_s * 1000ull, span = 0;

	if (!twin_accept_full(t, i % LISTENERS) && !twin_no_tcb(t)) {
		twin_connect(t, i);
		return;
	}
	twin_lsn_of(t, i)->overflows += twin_accept_full(t, i % LISTENERS);
	for (unsigned k = 0; k <= t->cfg->synack_retries; k++)
		span += twin_wait_after(t, k);
	span = span > waited ? span - waited : 0;
	c->place = TWIN_READY;
	c->order = t->count++;
	c->due = t->now + (span > t->cfg->synack_rto_ms ? span : t->cfg->synack_rto_ms);
	/* settings may have changed: nobody is given up before who waited first */
	for (unsigned k = i % LISTENERS; k < CLIENTS; k += LISTENERS)
		if (k != i && t->c[k].place == TWIN_READY && t->c[k].due > c->due)
			c->due = t->c[k].due;
}

/* The one to be served next of those in a place, or -1. Timeouts: who had fewer comes first. */
static int
first_in(const struct twin *t, enum twin_place place, bool due)
{
	int best = -1;

	for (int i = 0; i < CLIENTS; i++) {
		const struct twin_client *c = &t->c[i], *b = best < 0 ? NULL : &t->c[best];

		if (c->place != place || (due && c->due > t->now))
			continue;
		if (b == NULL ||
			(place == TWIN_WAIT && c->retries != b->retries ? c->retries < b->retries
									: c->order < b->order))
			best = i;
	}
	return best;
}

static void
let_in(struct twin *t)
{
	/* the lower listener first: connection entries may be what is short */
	for (unsigned lsn = 0; lsn < LISTENERS; lsn++)
		while (!twin_accept_full(t, lsn) && !twin_no_tcb(t)) {
			int best = -1;

			for (int i = (int)lsn; i < CLIENTS; i += LISTENERS)
				if (t->c[i].place == TWIN_READY &&
					(best < 0 || t->c[i].order < t->c[best].order))
					best = i;
			if (best < 0)
				break;
			twin_connect(t, (unsigned)best);
		}
}

static void
now_is(struct twin *t)
{
	int i;

	while ((i = first_in(t, TWIN_WAIT, true)) >= 0)
		timeout(t, (unsigned)i);
	while ((i = first_in(t, TWIN_DEFERRED, true)) >= 0)
		deferral_ends(t, (unsigned)i);
	let_in(t);
	while ((i = first_in(t, TWIN_READY, true)) >= 0)
		t->c[i].place = TWIN_OVER;
	while ((i = first_in(t, TWIN_OVER, false)) >= 0) {
		t->c[i].place = TWIN_NONE;
		t->rsts++;
	}
}

void
twin_until(struct twin *t, uint64_t to)
{
	for (;;) {
		uint64_t next = to;

		for (unsigned i = 0; i < CLIENTS; i++)
			if (is_entry(&t->c[i]) && t->c[i].due < next)
				next = t->c[i].due;
		if (next > t->now)
			t->now = next;
		now_is(t);
		if (t->now == to)
			return;
	}
}

int
twin_accept(struct twin *t, unsigned lsn)
{
	int best = -1;

	for (int i = (int)lsn; i < CLIENTS; i += LISTENERS)
		if (t->c[i].conn && (best < 0 || t->c[i].entered < t->c[best].entered))
			best = i;
	if (best >= 0)
		t->c[best].conn = false;
	return best;
}
