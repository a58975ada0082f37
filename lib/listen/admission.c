/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Admission of SYNs: see admission.h.
 */
#include "admission.h"

/* RFC 9293 3.7.1: what a peer can receive when its SYN does not say. */
#define MSS_DEFAULT_V4 536
#define MSS_DEFAULT_V6 1220

/* ADAPTIVE: cookies begin at one fill of the SYN queue and end at another, lower one. */
static bool
flood_goes_on(const struct tg_lsn *l, const struct tg_admission *a)
{
	uint64_t fill = UINT64_C(100) * l->syn_count, bound = l->syn_bound;

	if (fill >= bound * a->start)
		return true;
	return fill > bound * a->stop && l->cookies_on;
}

static bool
acceptq_drops(const struct tg_lsn *l, const struct tg_admission *a)
{
	return tg_acceptq_full(l) && (a->accept_full == TG_ACCEPT_FULL_ALWAYS || l->syn_young > 1);
}

/* Cookies off: the last quarter of max_syn_backlog is for peers known to be alive (L). */
static bool
only_proven(const struct tg_lsn *l)
{
	return (int64_t)l->syn_reserve - l->syn_count < l->syn_reserve / 4;
}

struct tg_admitted
tg_admit_syn(struct tg_lsn *l, const struct tg_admission *a, bool pool_full, bool reuse)
{
	bool full = pool_full || (!reuse && tg_synq_full(l));
	bool off = a->syncookies == TG_SYNCOOKIES_OFF || a->syncookies == TG_SYNCOOKIES_MONITOR;
	struct tg_admitted r = {.what = TG_ADMIT_ENTRY};

	/* BSD's one limit: no cookie stands in for it, unless there is never anything else. */
	if (l->single_queue && a->syncookies != TG_SYNCOOKIES_ALWAYS) {
		if (pool_full || tg_synq_full(l))
			r.what = TG_ADMIT_DROP_SYNQ;
		return r;
	}
	if (reuse) {
		r.what = acceptq_drops(l, a) ? TG_ADMIT_DROP_ACCEPTQ
			: full               ? TG_ADMIT_DROP_SYNQ
					     : TG_ADMIT_ENTRY;
		return r;
	}
	if (a->syncookies == TG_SYNCOOKIES_ALWAYS || (full && !off)) {
		r.what = TG_ADMIT_COOKIE;
		r.full_cookies = true;
	} else if (full) {
		r.what = TG_ADMIT_DROP_SYNQ;
		r.monitored = a->syncookies == TG_SYNCOOKIES_MONITOR && !acceptq_drops(l, a);
		return r;
	} else if (off && only_proven(l)) {
		r.what = TG_ADMIT_PROVEN;
	}
	if (a->syncookies == TG_SYNCOOKIES_ADAPTIVE) {
		l->cookies_on = flood_goes_on(l, a);
		if (l->cookies_on)
			r.what = TG_ADMIT_COOKIE;
	}
	if (!l->single_queue && acceptq_drops(l, a))
		r.what = TG_ADMIT_DROP_ACCEPTQ;
	return r;
}

bool
tg_cookies_on(const struct tg_lsn *l, const struct tg_admission *a, bool pool_full)
{
	const bool full = pool_full || tg_synq_full(l);

	switch (a->syncookies) {
	case TG_SYNCOOKIES_ALWAYS:
		return true;
	case TG_SYNCOOKIES_FULL:
		return !l->single_queue && full;
	case TG_SYNCOOKIES_ADAPTIVE:
		return !l->single_queue && (flood_goes_on(l, a) || full);
	default:
		return false;
	}
}

unsigned
tg_synack_budget(const struct tg_lsn *l, unsigned retries)
{
	uint64_t young = l->syn_young;

	if (2 * l->syn_count <= (l->syn_bound > 8 ? l->syn_bound : 8))
		return retries;
	/* One less for each doubling of the young ones that still leaves them below the old. */
	while (retries > 2 && 2 * young <= l->syn_count) {
		retries--;
		young *= 2;
		if (young == 0)
			return 2;
	}
	return retries;
}

bool
tg_syn_wants_ecn(const struct tg_frame *f)
{
	return (f->flags & (TG_ECE | TG_CWR)) == (TG_ECE | TG_CWR) &&
		((f->ip_tos & TG_ECN_MASK) == TG_ECN_NOT_ECT || (f->flags & TG_AE) != 0);
}

void
tg_offer_take(struct tg_offer *o, const struct tg_tcpopt *opt, bool v4, bool allow_ts,
	bool allow_sack, bool allow_wscale, bool ecn)
{
	o->mss = v4 ? MSS_DEFAULT_V4 : MSS_DEFAULT_V6;
	if (opt->present & TG_OPT_MSS)
		o->mss = opt->mss < TG_MSS_MIN ? TG_MSS_MIN : opt->mss;
	o->has_wscale = allow_wscale && (opt->present & TG_OPT_WSCALE) != 0;
	o->wscale = o->has_wscale ? opt->wscale : 0;
	o->sack = allow_sack && (opt->present & TG_OPT_SACK_OK) != 0;
	o->ts = allow_ts && (opt->present & TG_OPT_TS) != 0;
	o->tsval = o->ts ? opt->tsval : 0;
	o->ecn = ecn;
	o->tfo = 0;
}
