/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_LISTEN_DEFER_H
#define TG_LISTEN_DEFER_H
/**
 * @file
 * Deferred accept: a connection that has not said anything yet is not worth a worker
 * (listener-semantics section 7; TCP_DEFER_ACCEPT).
 */
#include <stdbool.h>
#include <stdint.h>

#include "frame.h"
#include "listener.h"
#include "synq.h"

/** What to do with a valid last ACK. */
enum tg_defer {
	TG_DEFER_NO,     /**< it completes the handshake */
	TG_DEFER_NOTE,   /**< the entry remembers it and goes on as it is (LINUX) */
	TG_DEFER_WAIT,   /**< the entry remembers it and waits for the deadline (SILENT) */
	TG_DEFER_FORGET, /**< ignored (LEGACY) */
};

/**
 * SYN-ACK timeouts that a wait of `ms` turns into: the smallest n with rto + 2 rto + ... (n terms,
 * each at most 120 s) >= ms, as Linux has it.
 *
 * @param ms      0 gives 0
 * @param rto_ms  first timeout, at least 100
 * @return 0 to 255
 */
uint8_t tg_defer_timeouts(uint32_t ms, uint32_t rto_ms);

/** Ends the handshake without data: neither payload nor FIN. */
static inline bool
tg_is_bare_ack(const struct tg_frame *f)
{
	return f->payload_len == 0 && (f->flags & TG_FIN) == 0;
}

/**
 * When the wait of a half-open entry is over (SILENT): defer_accept_s after its first SYN-ACK left.
 */
tg_ms tg_defer_deadline(const struct tg_lsn *l, const struct tg_synq *q, const struct tg_half *h);

/**
 * Judges a valid last ACK for an entry of a listener. Deferred is only one with the number behind
 * the SYN: what lies further in the window follows data that was lost (L).
 */
enum tg_defer tg_defer_ack(const struct tg_lsn *l, const struct tg_synq *q, const struct tg_half *h,
	const struct tg_frame *f, tg_ms now);

/**
 * LINUX: true when the SYN-ACK of an acked entry, whose timeout has just come, is not sent again
 * yet; it resumes with the last timeout of the wait, which gives the client a last chance.
 */
static inline bool
tg_defer_spares(const struct tg_lsn *l, const struct tg_half *h)
{
	return l->defer_mode == TG_DEFER_LINUX && (h->flags & TG_HALF_ACKED) != 0 &&
		h->retries + 1 < l->defer_timeouts;
}

/** LINUX: true while the wait keeps an acked entry, however many retries it had. */
static inline bool
tg_defer_keeps(const struct tg_lsn *l, const struct tg_half *h)
{
	return l->defer_mode == TG_DEFER_LINUX && (h->flags & TG_HALF_ACKED) != 0 &&
		h->retries < l->defer_timeouts;
}

#endif
