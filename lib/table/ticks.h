/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_TABLE_TICKS_H
#define TG_TABLE_TICKS_H
/**
 * @file
 * Deadlines kept in entries: 32-bit milliseconds that wrap after 49.7 days. The one place where
 * they are made and compared.
 */
#include <stdbool.h>
#include <stdint.h>

#include <tidegate/types.h>

/** A point in time in milliseconds modulo 2^32. Two of them compare right if < 24 days apart. */
typedef uint32_t tg_ms;

/** The millisecond that `now` lies in. */
static inline tg_ms
tg_ms_of(tg_time now)
{
	return (tg_ms)(now / TG_MSEC);
}

/**
 * The deadline `wait` ms after `now`, rounded up: it never comes early, at most 1 ms late.
 */
static inline tg_ms
tg_ms_after(tg_time now, uint32_t wait)
{
	return (tg_ms)((now + TG_MSEC - 1) / TG_MSEC) + wait;
}

/** True when deadline `d` has come at `now`. */
static inline bool
tg_ms_due(tg_ms d, tg_ms now)
{
	return (int32_t)(now - d) >= 0;
}

/** True when a is before b. */
static inline bool
tg_ms_before(tg_ms a, tg_ms b)
{
	return (int32_t)(a - b) < 0;
}

/** Deadline `d` as tg_time, given any `now` within 24 days of it. */
static inline tg_time
tg_ms_time(tg_ms d, tg_time now)
{
	int64_t ms = (int64_t)(now / TG_MSEC) + (int32_t)(d - tg_ms_of(now));

	return ms <= 0 ? 0 : (tg_time)ms * TG_MSEC;
}

#endif
