/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The naive twin: what comes of a packet (sections 3, 5, 6 and 7 of the listener's semantics, word
 * by word).
 */
#include "queue_twin.h"

static bool
flood(const struct twin *t, unsigned lsn)
{
	uint64_t percent_of_bound = 100ull * twin_count(t, lsn).syn, bound = t->lsn[lsn].syn_bound;

	if (percent_of_bound >= t->cfg->syncookies_start * bound)
		return true;
	return percent_of_bound > t->cfg->syncookies_stop * bound && t->lsn[lsn].flood;
}

/* The queue of the listener, or all entries of the engine in use. */
static bool
syn_full(const struct twin *t, unsigned lsn)
{
	return twin_syn_full(t, lsn) || twin_entries(t) == t->cfg->max_half_open;
}

bool
twin_cookies_on(const struct twin *t, unsigned lsn)
{
	uint8_t mode = t->cfg->syncookies;

	if (mode == TG_SYNCOOKIES_ALWAYS)
		return true;
	if (t->lsn[lsn].single)
		return false;
	return (mode == TG_SYNCOOKIES_FULL && syn_full(t, lsn)) ||
		(mode == TG_SYNCOOKIES_ADAPTIVE && (syn_full(t, lsn) || flood(t, lsn)));
}

static struct twin_answer
drop(struct twin_lsn *l, enum tg_disposition d)
{
	l->drops++;
	return (struct twin_answer){.d = d};
}

/* Section 3. */
struct twin_answer
twin_syn(struct twin *t, unsigned c)
{
	unsigned lsn = c % LISTENERS, mode = t->cfg->syncookies;
	struct twin_lsn *l = &t->lsn[lsn];
	struct twin_counts n = twin_count(t, lsn);
	bool never = mode == TG_SYNCOOKIES_OFF || mode == TG_SYNCOOKIES_MONITOR;
	bool full = syn_full(t, lsn);
	bool cookie = mode == TG_SYNCOOKIES_ALWAYS, refused;
	uint32_t most = t->cfg->max_syn_backlog;

	refused = !l->single && twin_accept_full(t, lsn) &&
		(t->cfg->accept_full == TG_ACCEPT_FULL_ALWAYS || n.young > 1);
	if (full && !cookie && (never || l->single)) {
		t->monitored += mode == TG_SYNCOOKIES_MONITOR && !l->single && !refused;
		return drop(l, TG_DISP_DROP_SYNQ_FULL);
	}
	cookie = cookie || full;
	if (mode == TG_SYNCOOKIES_ADAPTIVE && !l->single) {
		l->flood = flood(t, lsn);
		cookie = cookie || l->flood;
	}
	if (refused) {
		l->overflows++;
		return drop(l, TG_DISP_DROP_ACCEPTQ_FULL);
	}
	if (never && !l->single && (int)most - (int)n.syn < (int)(most / 4) &&
		t->proven[c / 4] <= t->now)
		return drop(l, TG_DISP_DROP_UNPROVEN);
	t->synacks++;
	if (cookie) {
		l->cookies_sent++;
		l->cookies_until = t->now + 96000;
	} else {
		t->c[c] = (struct twin_client){
			.place = TWIN_WAIT, .first = t->now, .answered = t->now};
		twin_synack_leaves(t, c, false);
	}
	return (struct twin_answer){.d = TG_DISP_ANSWERED, .synack = true, .cookie = cookie};
}

/*
 * At most one answer in 500 ms. The engine keeps the time of the last one in a byte: it rounds up,
 * by 7 ms at a timeout of 1 s, by 548 ms at one of 120 s; for a deferred entry the byte goes round
 * every 4.1 s. And a SYN-ACK that deferral leaves out (linux) counts as one sent.
 */
struct twin_answer
twin_syn_again(const struct twin *t, unsigned i)
{
	const struct twin_client *c = &t->c[i];
	uint64_t since = t->now - c->answered, wait = twin_wait_after(t, c->retries);
	uint64_t most = wait / 220 + 3 > 44 ? wait / 220 + 3 : 44;
	bool left_out = c->place == TWIN_WAIT && t->now < c->due - wait + 500;
	bool round = c->place != TWIN_WAIT && since >= 4000;

	if (since < 500)
		return (struct twin_answer){.d = TG_DISP_DROP_SYN_RATE};
	return (struct twin_answer){.d = TG_DISP_ANSWERED,
		.synack = true,
		.again = true,
		.either = since < 500 + most || left_out || round};
}

void
twin_answered_again(struct twin *t, unsigned c)
{
	t->synacks++;
	t->c[c].answered = t->now;
}

struct twin_answer
twin_syn_other(struct twin *t, unsigned c)
{
	t->c[c].place = TWIN_NONE;
	t->rsts++;
	return (struct twin_answer){.d = TG_DISP_ANSWERED};
}

struct twin_answer
twin_rst(struct twin *t, unsigned c)
{
	t->c[c].place = TWIN_NONE;
	return (struct twin_answer){.d = TG_DISP_DELIVERED};
}

/* Section 6, 2 and 4. */
static struct twin_answer
no_room(struct twin *t, unsigned c)
{
	twin_lsn_of(t, c)->overflows++;
	twin_lsn_of(t, c)->drops++;
	if (!t->cfg->abort_on_overflow)
		return (struct twin_answer){.d = TG_DISP_DROP_ACCEPTQ_FULL};
	t->rsts++;
	return (struct twin_answer){.d = TG_DISP_ANSWERED};
}

struct twin_answer
twin_ack(struct twin *t, unsigned i, bool bare)
{
	struct twin_client *c = &t->c[i];
	struct twin_lsn *l = twin_lsn_of(t, i);

	/* section 7 */
	if (bare && l->defer_s > 0 && l->defer_mode == TG_DEFER_SILENT && c->place != TWIN_READY &&
		(c->place == TWIN_DEFERRED || t->now < c->first + l->defer_s * 1000ull)) {
		c->acked = true;
		if (c->place == TWIN_WAIT) {
			c->order = t->count++;
			c->due = c->first + l->defer_s * 1000ull;
		}
		c->place = TWIN_DEFERRED; /* until then, whatever the settings become */
		return (struct twin_answer){.d = TG_DISP_DELIVERED};
	}
	if (bare && l->defer_s > 0 && c->retries < twin_timeouts(t, l)) {
		l->defer_drops++;
		if (l->defer_mode == TG_DEFER_LEGACY)
			return (struct twin_answer){.d = TG_DISP_DROP_DEFER};
		c->acked = true;
		return (struct twin_answer){.d = TG_DISP_DELIVERED};
	}
	/* section 6 */
	if (twin_accept_full(t, i % LISTENERS)) {
		c->acked = true;
		if (t->cfg->abort_on_overflow)
			c->place = TWIN_NONE;
		return no_room(t, i);
	}
	if (twin_no_tcb(t)) {
		c->acked = true;
		return (struct twin_answer){.d = TG_DISP_DROP_NO_TCB};
	}
	twin_connect(t, i);
	return (struct twin_answer){.d = TG_DISP_DELIVERED};
}

/* Section 5, and section 7 on cookies. */
struct twin_answer
twin_cookie(struct twin *t, unsigned i, bool bare, bool good)
{
	struct twin_lsn *l = twin_lsn_of(t, i);
	bool out = t->cfg->syncookies == TG_SYNCOOKIES_ALWAYS || t->cfg->cookie_seed_shared ||
		t->now < l->cookies_until;

	if (out && bare && l->defer_s > 0 && !l->defer_cookies) {
		l->defer_drops++;
		return (struct twin_answer){.d = TG_DISP_DROP_DEFER};
	}
	if (!out || !good) {
		l->cookies_failed += out;
		t->rsts++;
		return (struct twin_answer){.d = TG_DISP_ANSWERED};
	}
	l->cookies_recv++;
	t->c[i].place = TWIN_NONE;
	if (twin_accept_full(t, i % LISTENERS) || (l->single && twin_syn_full(t, i % LISTENERS)))
		return no_room(t, i);
	if (twin_no_tcb(t))
		return (struct twin_answer){.d = TG_DISP_DROP_NO_TCB};
	twin_connect(t, i);
	return (struct twin_answer){.d = TG_DISP_DELIVERED};
}
