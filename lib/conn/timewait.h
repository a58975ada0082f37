/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_CONN_TIMEWAIT_H
#define TG_CONN_TIMEWAIT_H
/**
 * @file
 * TIME_WAIT: what is left of a connection for 2 MSL (RFC 9293 3.6.1), one cache line each.
 *
 * The table is bounded; when it is full the oldest entry, which has waited longest, makes room
 * (TCPTimeWaitOverflow).
 */
#include <stdbool.h>
#include <stdint.h>

#include <tidegate/counters.h>

#include "fifo.h"
#include "flow.h"
#include "frame.h"
#include "host.h"
#include "tcpopt.h"
#include "ticks.h"

/** A connection in TIME_WAIT. */
struct tg_tw {
	struct tg_flow_key key; /**< lport is 0 while the entry is free */
	uint32_t rcv_nxt;
	uint32_t snd_nxt;
	uint32_t ts_recent;
	uint32_t ts_offset;
	tg_ms deadline;
	struct tg_link link;
	uint32_t hash;
	tg_ms ack_at;     /**< last ACK to a segment that may be part of an ACK loop; 0 = never */
	uint16_t rcv_wnd; /**< as it stands on the wire */
	bool ts;
};
_Static_assert(sizeof(struct tg_tw) <= 64, "one cache line");

/** All of them, in order of expiry. */
struct tg_timewait {
	struct tg_pool pool;
	struct tg_fifo fifo;
	uint32_t wait_ms;
};

/** What a segment to a TIME_WAIT entry asks for. */
enum tg_tw_verdict {
	TG_TW_ACK,  /**< an ACK in its place */
	TG_TW_SYN,  /**< a SYN that may reuse the pair (RFC 6191, RFC 1122 4.2.2.13): entry goes */
	TG_TW_DROP, /**< nothing */
};

/** Sizes the table. @return 0 or -ENOMEM */
int tg_tw_init(
	struct tg_timewait *tw, const struct tg_mem *mem, uint32_t capacity, uint32_t wait_ms);

/** Gives the memory back. */
void tg_tw_fini(struct tg_timewait *tw, const struct tg_mem *mem);

static inline struct tg_tw *
tg_tw_at(const struct tg_timewait *tw, uint32_t idx)
{
	return tg_pool_at(&tw->pool, idx);
}

/**
 * Puts `from` (an entry on the caller's stack, deadline and link unset) into the table in place
 * of flow value `old`.
 */
void tg_tw_enter(struct tg_timewait *tw, struct tg_flow *flow, struct tg_counters *counters,
	const struct tg_tw *from, uint32_t old, tg_time now);

/** Takes an entry out. */
void tg_tw_remove(struct tg_timewait *tw, struct tg_flow *flow, uint32_t idx);

/** Ends entries whose time has come, at most budget. @return number */
unsigned tg_tw_expire(struct tg_timewait *tw, struct tg_flow *flow, struct tg_counters *counters,
	tg_ms now, unsigned budget);

/**
 * Judges a segment. A retransmitted FIN starts the wait anew (RFC 9293 3.10.7.4).
 */
enum tg_tw_verdict tg_tw_segment(struct tg_timewait *tw, uint32_t idx, const struct tg_frame *f,
	const struct tg_tcpopt *opt, tg_time now);

/** The ISN with which a SYN that reuses this pair must be answered: above all that was sent. */
uint32_t tg_tw_next_iss(const struct tg_tw *t, uint32_t iss);

#endif
