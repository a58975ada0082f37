/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_CONN_ECN_H
#define TG_CONN_ECN_H
/**
 * @file
 * Explicit congestion notification (RFC 3168): the marks of segments that come, and of those that
 * leave. What an ECN-Echo does to the congestion window is in congestion.h.
 *
 * On a connection that has not agreed on ECN both do nothing.
 */
#include "emit.h"
#include "frame.h"
#include "tcb.h"

/**
 * An acceptable segment came, and its ACK is good: its CWR ends our ECN-Echo, then its CE begins it
 * (6.1.3), so that of both in one packet CE stays.
 *
 * CE counts with data that lies in the window only (6.1.5): a pure ACK is never ECN-capable, and
 * what lies outside may be anyone's. To be called before the data moves rcv_nxt.
 */
void tg_ecn_arrived(struct tg_tcb *t, const struct tg_frame *f);

/**
 * Marks a segment that is about to leave, whose other fields are filled in: ECE while an ECN-Echo
 * is owed; ECT(0), and CWR when one is wanted, on data that is sent for the first time (6.1.5) and
 * not to probe a window (6.1.6).
 *
 * @param len  bytes of payload
 */
void tg_ecn_mark(struct tg_tcb *t, struct tg_segment *s, uint32_t len);

#endif
