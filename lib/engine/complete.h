/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_ENGINE_COMPLETE_H
#define TG_ENGINE_COMPLETE_H
/**
 * @file
 * A handshake completes (listener-semantics section 6): shared by entries, cookies and Fast Open.
 */
#include "engine_internal.h"

/**
 * Fills in what a proven handshake takes from its listener and the engine.
 *
 * @param d     keyed words of the tuple
 * @param port  the port it talks through: its MTU gives our MSS
 * @param p     key and v6 are set already
 */
void tg_proven_by(const struct tg_engine *e, uint32_t lsn, const struct tg_digest *d, uint16_t port,
	struct tg_proven *p);

/** A connection enters the accept queue, and its worker is told. */
void tg_make_acceptable(struct tg_engine *e, struct tg_tcb *t, uint32_t lsn);

/** The same, and the segment that made it is processed as its first. */
struct tg_verdict tg_establish(
	struct tg_engine *e, struct tg_rx *rx, struct tg_tcb *t, uint32_t lsn);

/**
 * An entry whose peer is proven becomes a connection; the entry is gone, its place in the flow
 * table and its path are the connection's. The accept queue is the caller's.
 *
 * @param rtt_ms  from the SYN-ACK to the segment that completes it, UINT32_MAX if not known
 * @return NULL when no TCB is free (counted): the entry is as it was
 */
struct tg_tcb *tg_open_half(
	struct tg_engine *e, uint32_t idx, const struct tg_digest *d, uint32_t rtt_ms);

/** The entry leaves its listener's counts and the SYN queue; flow table and path are done with. */
void tg_half_done(struct tg_engine *e, uint32_t idx);

/** Counts ListenOverflows: the accept queue was found full. */
void tg_count_overflow(struct tg_engine *e, struct tg_lsn *l);

/** The same and ListenDrops: a good last ACK, but nowhere to put the connection. */
void tg_count_ack_drop(struct tg_engine *e, struct tg_lsn *l);

#endif
