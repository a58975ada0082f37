/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_CONN_KEEPALIVE_H
#define TG_CONN_KEEPALIVE_H
/**
 * @file
 * Keep-alive (RFC 9293 3.8.4): a peer that is silent while nothing is under way is asked whether
 * it is still there.
 *
 * TG_TCB2_KEEP says that tg_tcb.keep_at runs. It does not while data is in trouble
 * (TG_TCB2_STUCK): there the retransmission timer asks, and the four bytes hold since when.
 */
#include "tcb.h"

/** The wait for the first probe begins anew, or ends where there is no keep-alive any more. */
void tg_keep_restart(struct tg_conns *cs, struct tg_tcb *t, tg_time now);

/** The peer is alive. Costs one look at the options where there is no keep-alive. */
static inline void
tg_keep_heard(struct tg_conns *cs, struct tg_tcb *t, tg_time now)
{
	if (tg_tcb_options(cs, t)->keepalive)
		tg_keep_restart(cs, t, now);
}

/** A worker has changed the options: what is left of a wait that runs grows or shrinks. */
void tg_keep_changed(
	struct tg_conns *cs, struct tg_tcb *t, const struct tg_options *old, tg_time now);

/** keep_at has come: a probe, or the end. The connection may be reset. */
void tg_keep_fire(struct tg_conns *cs, struct tg_tcb *t, tg_time now);

#endif
