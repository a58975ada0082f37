/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_LISTEN_FASTOPENQ_H
#define TG_LISTEN_FASTOPENQ_H
/**
 * @file
 * How many connections a listener may have that were made of a SYN and have not seen the last ACK
 * yet (RFC 7413 5.1): a bound, a count, and the slots that a RST keeps used for a minute.
 *
 * Of a slot that is kept only the second is remembered in which the RST came, one count for each:
 * 61 words whatever the bound, so that a flood of RSTs costs no memory.
 */
#include <stdbool.h>
#include <stdint.h>

#include <tidegate/types.h>

/**
 * Seconds told apart. A RST in second s counts until s + 61 begins: for 60 to 61 s (RFC 7413 5.1
 * leaves the time open; Linux keeps them 60 s).
 */
#define TG_FASTOPENQ_SECONDS 61

/** The pending Fast Open connections of a listener. All zero: Fast Open off. */
struct tg_fastopenq {
	uint32_t bound;   /**< this shard's share of fastopen_qlen */
	uint32_t pending; /**< TCBs whose SYN-ACK is not acknowledged */
	uint32_t hidden;  /**< of these, not in the accept queue: delivered after the last ACK */
	uint32_t kept;    /**< sum of reset[], as of `second` */
	uint64_t second;  /**< of monotonic time, up to which reset[] is true */
	uint32_t reset[TG_FASTOPENQ_SECONDS]; /**< RSTs by second, modulo their number */
};

/** True when another connection may be made of a SYN. Forgets RSTs of a minute ago. */
bool tg_fastopenq_room(struct tg_fastopenq *q, tg_time now);

/** A pending connection was reset by its peer: a slot stays used (beside the count of pending). */
void tg_fastopenq_reset(struct tg_fastopenq *q, tg_time now);

/** Slots in use: pending connections and what RSTs keep. */
uint32_t tg_fastopenq_used(const struct tg_fastopenq *q, tg_time now);

#endif
