/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_LISTEN_ADMISSION_H
#define TG_LISTEN_ADMISSION_H
/**
 * @file
 * What to do with a SYN for a listener, and what of its offer is taken up.
 */
#include <stdbool.h>
#include <stdint.h>

#include "frame.h"
#include "listener.h"
#include "tcpopt.h"

/** Answer to "may this SYN in?". */
enum tg_admit {
	TG_ADMIT_ENTRY,        /**< a SYN-queue entry and a SYN-ACK */
	TG_ADMIT_PROVEN,       /**< the same, but for a proven peer only */
	TG_ADMIT_COOKIE,       /**< a cookie, no state */
	TG_ADMIT_DROP_SYNQ,    /**< SYN queue full and cookies off */
	TG_ADMIT_DROP_ACCEPTQ, /**< accept queue full */
};

/** The engine's part in the decision. */
struct tg_admission {
	uint8_t syncookies;  /**< enum tg_syncookies */
	uint8_t start;       /**< ADAPTIVE: percent of the SYN queue */
	uint8_t stop;        /**< the same */
	uint8_t accept_full; /**< enum tg_accept_full */
};

/** What a SYN gets, and what of it Linux counts. */
struct tg_admitted {
	enum tg_admit what;
	bool full_cookies; /**< TCPReqQFullDoCookies */
	bool monitored;    /**< MONITOR: FULL would have sent a cookie */
};

/** Smallest MSS that is believed; a smaller one costs us more headers than data. */
#define TG_MSS_MIN 64

/** What both sides agree on, after our settings are applied to the peer's offer. */
struct tg_offer {
	uint16_t mss; /**< what the peer can receive, at least TG_MSS_MIN */
	uint8_t wscale;
	bool has_wscale;
	bool sack;
	bool ts;
	bool ecn; /**< RFC 3168 */
	uint32_t tsval;
	uint8_t tfo; /**< a Fast Open cookie for the SYN-ACK: TG_OPT_TFO, TG_OPT_TFO_EXP or 0 */
	uint8_t tfo_cookie[8];
};

/**
 * Decides on a SYN (listener-semantics section 3, rules 2 to 5): the SYN queue is looked at before
 * the accept queue, as Linux does.
 *
 * @param l          cookies_on may change
 * @param pool_full  no half-open entry is free in the whole engine: as good as a full SYN queue
 * @param reuse      takes over a TIME_WAIT pair: needs an ISN above the old one, which a cookie
 *                   cannot promise, so it passes the queue and cookie rules (L)
 */
struct tg_admitted tg_admit_syn(
	struct tg_lsn *l, const struct tg_admission *a, bool pool_full, bool reuse);

/**
 * True when tg_admit_syn() without reuse would say TG_ADMIT_COOKIE, and change nothing: the short
 * way to that answer, for a flood. False means nothing; ask tg_admit_syn().
 */
static inline bool
tg_admits_cookie(const struct tg_lsn *l, const struct tg_admission *a, bool pool_full)
{
	if (l->single_queue || tg_acceptq_full(l))
		return false;
	return a->syncookies == TG_SYNCOOKIES_ALWAYS ||
		(a->syncookies == TG_SYNCOOKIES_FULL &&
			(pool_full || l->syn_count >= l->syn_bound));
}

/**
 * The same for TG_ADMIT_ENTRY: the short way in when all is quiet. Asked when tg_admits_cookie()
 * is false: with FULL, there is room in the SYN queue and in the pool then.
 */
static inline bool
tg_admits_entry(const struct tg_lsn *l, const struct tg_admission *a)
{
	return a->syncookies == TG_SYNCOOKIES_FULL && !l->single_queue && !tg_acceptq_full(l);
}

/** True when the next SYN would be answered with a cookie, for listings; pool_full as above. */
bool tg_cookies_on(const struct tg_lsn *l, const struct tg_admission *a, bool pool_full);

/**
 * SYN-ACK retransmissions an entry may have now: while the SYN queue is more than half full and
 * mostly old, the budget shrinks towards 2, so that old entries give way and young ones keep theirs
 * (listener-semantics section 4; as Linux does).
 *
 * @param retries  the configured budget
 */
unsigned tg_synack_budget(const struct tg_lsn *l, unsigned retries);

/**
 * Is this SYN an ECN-setup SYN (RFC 3168 6.1.1)? ECE and CWR in a packet that is Not-ECT, as RFC
 * 3168 wants SYNs to be; or with AE too, an AccECN SYN, whose client falls back to RFC 3168 when we
 * answer as to any other (RFC 9768 3.1.2) and may mark its SYN (ECN++). As Linux.
 */
bool tg_syn_wants_ecn(const struct tg_frame *f);

/**
 * Which options are agreed on: offered by the peer and allowed by us.
 *
 * @param ecn  the SYN wants ECN and we allow it
 */
void tg_offer_take(struct tg_offer *o, const struct tg_tcpopt *opt, bool v4, bool allow_ts,
	bool allow_sack, bool allow_wscale, bool ecn);

#endif
