/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_CONN_ARRIVAL_H
#define TG_CONN_ARRIVAL_H
/**
 * @file
 * A segment arrives for a connection (RFC 9293 3.10.7.4, with RFC 5961 and RFC 7323).
 */
#include <tidegate/engine.h>

#include "frame.h"
#include "tcb.h"
#include "tcpopt.h"

/**
 * Processes a segment of a connection. The TCB may have left the wire, or be gone, on return.
 *
 * @param pkt  the packet; rewritten when the verdict is TG_REPLY
 * @return what the caller does with the packet
 */
struct tg_verdict tg_conn_segment(struct tg_conns *cs, struct tg_tcb *t, struct tg_pkt *pkt,
	const struct tg_frame *f, const struct tg_tcpopt *opt, tg_time now);

/** True when the segment's timestamp is too old (RFC 7323 5). */
bool tg_conn_fails_paws(const struct tg_tcb *t, const struct tg_tcpopt *opt, tg_time now);

/**
 * Acknowledges a segment that is not acceptable; one without payload at most once in 500 ms.
 *
 * @param why  TG_DISP_DROP_PAWS or TG_DISP_DROP_WINDOW: what becomes of one not answered
 */
struct tg_verdict tg_conn_refuse(struct tg_conns *cs, struct tg_tcb *t, struct tg_pkt *pkt,
	const struct tg_frame *f, tg_time now, enum tg_disposition why);

/** Challenge ACK (RFC 5961 7), at most one in 500 ms for each connection. */
struct tg_verdict tg_conn_challenge(struct tg_conns *cs, struct tg_tcb *t, struct tg_pkt *pkt,
	const struct tg_frame *f, tg_time now);

#endif
