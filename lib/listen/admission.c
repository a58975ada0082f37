/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Admission of SYNs: see admission.h.
 */
#include "admission.h"

/* RFC 9293 3.7.1: what a peer can receive when its SYN does not say. */
#define MSS_DEFAULT_V4 536
#define MSS_DEFAULT_V6 1220

enum tg_admit
tg_admit_syn(const struct tg_lsn *l, unsigned syncookies, bool pool_full)
{
	bool cookie = syncookies == TG_SYNCOOKIES_ALWAYS;

	if (!cookie && (tg_synq_full(l) || pool_full)) {
		if (syncookies == TG_SYNCOOKIES_OFF)
			return TG_ADMIT_DROP_SYNQ;
		cookie = true;
	}
	if (tg_acceptq_full(l))
		return TG_ADMIT_DROP_ACCEPTQ;
	return cookie ? TG_ADMIT_COOKIE : TG_ADMIT_ENTRY;
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

void
tg_offer_take(struct tg_offer *o, const struct tg_tcpopt *opt, bool v4, bool allow_ts,
	bool allow_sack, bool allow_wscale)
{
	o->mss = v4 ? MSS_DEFAULT_V4 : MSS_DEFAULT_V6;
	if (opt->present & TG_OPT_MSS)
		o->mss = opt->mss < TG_MSS_MIN ? TG_MSS_MIN : opt->mss;
	o->has_wscale = allow_wscale && (opt->present & TG_OPT_WSCALE) != 0;
	o->wscale = o->has_wscale ? opt->wscale : 0;
	o->sack = allow_sack && (opt->present & TG_OPT_SACK_OK) != 0;
	o->ts = allow_ts && (opt->present & TG_OPT_TS) != 0;
	o->tsval = o->ts ? opt->tsval : 0;
}
