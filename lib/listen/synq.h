/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_LISTEN_SYNQ_H
#define TG_LISTEN_SYNQ_H
/**
 * @file
 * The SYN queue: half-open connections, one cache line each.
 *
 * An entry is in one place at a time:
 *
 *   wait[]    one FIFO for each distinct SYN-ACK timeout (synack_rto doubled k times, capped at
 *             120 s): inserting, expiring and removing is O(1) whatever the number of entries
 *   resend    its timeout came: a SYN-ACK (or the RST of giving up) waits for a buffer
 *   deferred  a timer wheel: the last ACK came, and accept is deferred in silence to a deadline of
 *             the entry's own
 *   ready[]   that deadline has come, and the listener has no room: one FIFO for each listener,
 *             since all its entries wait equally long until they are given up
 */
#include <stdbool.h>
#include <stdint.h>

#include "fifo.h"
#include "flow.h"
#include "listener.h"
#include "ticks.h"
#include "wheel.h"

/** Cap of the SYN-ACK timeout in ms. */
#define TG_SYNACK_RTO_MAX 120000
/** Distinct timeouts: 100 ms doubled to 120 s is 12 steps; later retries share the last. */
#define TG_SYNQ_LEVELS 12

/** Flags of a half-open entry; the low 4 bits of the same word hold the peer's window scale. */
enum tg_half_flags {
	TG_HALF_WSCALE_MASK = 0x000f,
	TG_HALF_WSCALE = 1 << 4,   /**< window scaling agreed */
	TG_HALF_SACK = 1 << 5,     /**< SACK agreed */
	TG_HALF_TS = 1 << 6,       /**< timestamps agreed */
	TG_HALF_ACKED = 1 << 7,    /**< a valid last ACK came and was not acted on */
	TG_HALF_RESEND = 1 << 8,   /**< in the resend FIFO, not in a timeout FIFO */
	TG_HALF_V6 = 1 << 9,       /**< IPv6 */
	TG_HALF_GIVE_UP = 1 << 10, /**< acked but never let in: RST at the next output */
	TG_HALF_ECN = 1 << 11,     /**< ECN agreed (RFC 3168) */
	TG_HALF_RESENT = 1 << 12,  /**< its SYN-ACK was sent again by the timer */
	TG_HALF_DEFER = 1 << 13,   /**< in the wheel */
	TG_HALF_READY = 1 << 14,   /**< in its listener's ready FIFO */
};

/** A half-open connection. */
struct tg_half {
	struct tg_flow_key key; /**< free_use: index of the listener; lport 0 while free */
	uint32_t irs;           /**< the peer's ISN */
	uint32_t iss;           /**< ours */
	uint32_t ts_recent;     /**< TSval of the SYN */
	/** Its place in a FIFO or the wheel; deadline: of the SYN-ACK timeout, of the deferral, or
	 * of giving up. 0 = in none */
	struct tg_timer timer;
	uint16_t mss;     /**< what the peer can receive */
	uint16_t wnd;     /**< window of the peer's last segment, unscaled */
	uint8_t mac[6];   /**< the peer's, of its last valid segment */
	uint16_t path;    /**< the way back (host.h) */
	uint8_t retries;  /**< SYN-ACK timeouts so far (Linux: num_timeout) */
	uint8_t answered; /**< time of the last answer that was no SYN-ACK by timer, in steps
			       (synq.c); 0 = none since 500 ms before that SYN-ACK */
	uint16_t flags;   /**< enum tg_half_flags */
};
_Static_assert(sizeof(struct tg_half) == 64, "one cache line");

#define TG_HALF_LINK offsetof(struct tg_half, timer.link)

/** The SYN queue of an engine, all listeners together. */
struct tg_synq {
	struct tg_pool pool; /**< struct tg_half */
	uint32_t rto_ms;     /**< first timeout */
	struct tg_fifo wait[TG_SYNQ_LEVELS];
	struct tg_fifo resend;
	struct tg_wheel deferred;
	struct tg_fifo ready[TG_LISTENERS_MAX];
	uint64_t ready_map[TG_LISTENERS_MAX / 64]; /**< listeners whose ready FIFO is not empty */
};

/** Sizes the queue. @return 0 or -ENOMEM */
int tg_synq_init(
	struct tg_synq *q, const struct tg_mem *mem, uint32_t capacity, uint32_t rto_ms, tg_ms now);

/** Gives the memory back. */
void tg_synq_fini(struct tg_synq *q, const struct tg_mem *mem);

static inline struct tg_half *
tg_half_at(const struct tg_synq *q, uint32_t idx)
{
	return tg_pool_at(&q->pool, idx);
}

/** SYN-ACK timeout in ms after `retries` retransmissions. */
uint32_t tg_synq_wait(const struct tg_synq *q, uint8_t retries);

/** Takes an entry with all fields zero, not in any FIFO. @return index or TG_NONE */
uint32_t tg_synq_get(struct tg_synq *q);

/** From the first SYN-ACK to the timeout after `retries` retransmissions, in ms. */
uint64_t tg_synq_span(const struct tg_synq *q, uint8_t retries);

/** The first SYN-ACK of an entry that tg_synq_get() has just given has left. */
static inline void
tg_synq_begin(struct tg_synq *q, uint32_t idx, tg_time now)
{
	uint32_t wait = q->rto_ms < TG_SYNACK_RTO_MAX ? q->rto_ms : TG_SYNACK_RTO_MAX;
	tg_ms at = tg_ms_after(now, wait);

	tg_half_at(q, idx)->timer.deadline = at != 0 ? at : 1; /* 0 says "waits nowhere" */
	tg_fifo_push(&q->wait[0], &q->pool, TG_HALF_LINK, idx);
}

/** A SYN-ACK has left, or is left out: starts the timeout that entry's retries call for. */
void tg_synq_sent(struct tg_synq *q, uint32_t idx, tg_time now);

/** Takes the entry out of its FIFO, or of the wheel. */
void tg_synq_unlink(struct tg_synq *q, uint32_t idx);

/** The same, and returns it to the pool. */
static inline void
tg_synq_put(struct tg_synq *q, uint32_t idx)
{
	struct tg_half *h = tg_half_at(q, idx);

	/* Nearly always it waits for its first timeout. */
	if (h->retries == 0 && h->timer.deadline != 0 &&
		(h->flags & (TG_HALF_RESEND | TG_HALF_DEFER | TG_HALF_READY)) == 0)
		tg_fifo_remove(&q->wait[0], &q->pool, TG_HALF_LINK, idx);
	else
		tg_synq_unlink(q, idx);
	h->key.lport = 0;
	tg_pool_put(&q->pool, idx);
}

/**
 * The next entry whose timeout has come, moved to the resend FIFO with retries not yet raised.
 *
 * @return its index or TG_NONE
 */
uint32_t tg_synq_expired(struct tg_synq *q, tg_ms now);

/** Takes the entry out of where it waits and lets it wait for a deadline in the wheel. */
void tg_synq_defer(struct tg_synq *q, uint32_t idx, tg_ms deadline, tg_time now);

/** Takes the next entry whose deferral is over out of the wheel. @return its index or TG_NONE */
uint32_t tg_synq_deferred(struct tg_synq *q, tg_ms now);

/** Lets an entry, taken out of the wheel, wait for room until `give_up`. */
void tg_synq_ready(struct tg_synq *q, uint32_t idx, tg_ms give_up);

/** Moves an entry that waits for room to the resend FIFO, whose head the engine gives up next. */
void tg_synq_give_up(struct tg_synq *q, uint32_t idx, tg_ms now);

/**
 * Earliest timeout, deferral or giving up; the wheel may name a time before its first deadline.
 *
 * @return false when no entry waits
 */
bool tg_synq_next(const struct tg_synq *q, tg_ms *when);

/**
 * May a segment that does not complete the handshake be answered at `now`? True at most once in
 * 500 ms; a true answer is remembered, across SYN-ACKs by timer too. Errs towards false by the
 * roundings of `answered`, and for an entry whose timer should have fired 0.1 to 19 s ago.
 *
 * @param ack  the answer is an ACK, not the SYN-ACK again: then SYN-ACKs sent by timer do not
 *             count as answers
 */
bool tg_synq_may_answer(const struct tg_synq *q, struct tg_half *h, tg_ms now, bool ack);

/**
 * When the entry's last SYN-ACK by timer (or its first) left; up to 1 ms late. For an entry that
 * waits for a SYN-ACK timeout.
 */
tg_ms tg_synq_sent_at(const struct tg_synq *q, const struct tg_half *h);

/**
 * When the entry's first SYN-ACK left, as far as every later one was sent at its time. For an entry
 * that waits for a SYN-ACK timeout or in the resend FIFO.
 */
tg_ms tg_synq_first_sent(const struct tg_synq *q, const struct tg_half *h);

#endif
