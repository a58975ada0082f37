/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_TABLE_WHEEL_H
#define TG_TABLE_WHEEL_H
/**
 * @file
 * A hierarchical timer wheel with 1 ms ticks over entries of one pool (Varghese and Lauck 1987).
 *
 * For deadlines of arbitrary length; equal waits are better served by a FIFO (fifo.h).
 */
#include <stdbool.h>
#include <stdint.h>

#include "fifo.h"
#include "pool.h"
#include "ticks.h"

/**
 * The timer inside an entry: zero-initialised is "not armed". Which slot it is in follows from the
 * deadline and the wheel's time (wheel.c), so it is not kept.
 */
struct tg_timer {
	struct tg_link link;
	tg_ms deadline; /**< 0: not armed */
};
_Static_assert(sizeof(struct tg_timer) == 12, "three words in every connection");

#define TG_WHEEL_LEVELS 4
#define TG_WHEEL_SLOTS  64

/** A list of entries; linked like a FIFO, and never counted. */
struct tg_wheel_list {
	uint32_t head;
	uint32_t tail;
};

/**
 * The wheel. Level L has slots of 64^L ms: spans of 64 ms, 4.1 s, 4.4 min, 4.7 h; later deadlines
 * wait in the last level and are placed again when they come nearer.
 */
struct tg_wheel {
	const struct tg_pool *pool;
	size_t off; /**< of struct tg_timer in an entry */
	tg_ms now;  /**< every deadline before or at this tick has been expired */
	uint32_t count;
	uint64_t occupied[TG_WHEEL_LEVELS]; /**< bit per slot that is not empty */
	struct tg_wheel_list slot[TG_WHEEL_LEVELS][TG_WHEEL_SLOTS];
	struct tg_wheel_list due;    /**< armed when their deadline had passed already */
	struct tg_wheel_list moving; /**< on their way down from slots that time has entered */
};

/** Whether the timer is armed. */
static inline bool
tg_timer_armed(const struct tg_timer *tm)
{
	return tm->deadline != 0;
}

/** Starts an empty wheel at time now. */
void tg_wheel_init(struct tg_wheel *w, const struct tg_pool *pool, size_t off, tg_ms now);

/**
 * Arms, or moves, the timer of entry idx. A deadline already past is due at the next
 * tg_wheel_expire, before all others; several of them in the order in which they were armed.
 *
 * @param deadline  less than 24 days (2^31 ms) from the last tg_wheel_expire's now; 0, which comes
 *                  once in 49.7 days and means "not armed" in the entry, is taken for 1
 */
void tg_wheel_arm(struct tg_wheel *w, uint32_t idx, tg_ms deadline);

/** Disarms the timer of entry idx; nothing happens when it is not armed. */
void tg_wheel_cancel(struct tg_wheel *w, uint32_t idx);

/** Entries that move down a level in one go. */
#define TG_WHEEL_MOVES 64

/**
 * Collects entries whose deadline has come, in order of deadline at tick granularity, at most
 * cap of them; they are disarmed. There may be more when it returns cap, and when tg_wheel_next()
 * says a time that is not after now: call again, at once or a turn later. Work is bounded by cap
 * plus the ticks passed (empty stretches are skipped by bitmap), plus TG_WHEEL_MOVES entries, for
 * each block of time that is entered, that move down a level (each entry once per level; deadlines
 * beyond 4.7 h once per 4.7 h as well). When a million timers stand in one block they move down
 * over many calls, and time stands still in the wheel until they have. Within a tick the order is
 * that of arming, except that a timer which was moved within its slot keeps its place. Same calls,
 * same order.
 *
 * To be called at least every 24 days while anything is armed, and before arming after a longer
 * pause. A now before the last one is taken for the last one while anything is armed.
 *
 * @return number of indices written to out
 */
unsigned tg_wheel_expire(struct tg_wheel *w, tg_ms now, uint32_t out[], unsigned cap);

/**
 * The earliest time at which tg_wheel_expire could have something to do: never later than the
 * earliest deadline, possibly earlier (a slot of a higher level must be redistributed). When an
 * armed deadline had passed already, or entries are still moving down, it is the wheel's own now.
 *
 * @return false when nothing is armed
 */
bool tg_wheel_next(const struct tg_wheel *w, tg_ms *when);

#endif
