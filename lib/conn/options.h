/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_CONN_OPTIONS_H
#define TG_CONN_OPTIONS_H
/**
 * @file
 * What a worker may set for a connection, as sets that connections share.
 *
 * A connection holds the index of its set in two bytes, not the 24 bytes of the set: nearly all
 * have their listener's. A set is kept as long as a listener or a connection has it.
 */
#include <stdbool.h>
#include <stdint.h>

#include <tidegate/engine.h>

/** Different sets at once: 256 listeners, and what workers set for single connections. */
#define TG_OPTION_SETS 1024
/** No set. */
#define TG_OPTIONS_NONE UINT16_MAX

/** A set: struct tg_conn_options and the idle timeout, with every default filled in. */
struct tg_options {
	uint32_t refs;             /**< listeners and connections that have it; 0 = free */
	uint32_t idle_ms;          /**< idle timeout, 0 = none */
	uint32_t user_timeout_ms;  /**< 0 = none */
	uint32_t window;           /**< most bytes of window to offer; UINT32_MAX = no bound */
	uint32_t keep_idle_ms;     /**< keep-alive: silence before the first probe, */
	uint32_t keep_interval_ms; /**< between probes, */
	uint8_t keep_count;        /**< and so many without an answer */
	bool keepalive;
	uint8_t ttl; /**< TTL or hop limit */
	uint8_t tos; /**< DSCP, in its place above the ECN field */
};

/** All sets of an engine. Set 0 has the defaults and is never free. */
struct tg_option_table {
	struct tg_options set[TG_OPTION_SETS];
	uint16_t top;           /**< sets from here on were never used */
	struct tg_options base; /**< what new sets say where their maker says nothing */
};

/** What set 0 is, but TTL and DSCP 0. */
extern const struct tg_options tg_options_default;

/**
 * Empties a table.
 *
 * @param ttl, dscp  of segments whose connection says nothing else
 */
void tg_options_init(struct tg_option_table *t, uint8_t ttl, uint8_t dscp);

/**
 * Another TTL and DSCP for sets to come; those there are stay as they are.
 *
 * @return whether that is any change
 */
bool tg_options_rebase(struct tg_option_table *t, uint8_t ttl, uint8_t dscp);

/**
 * Checks a worker's wishes and fills in defaults.
 *
 * @param idle_ms  idle timeout, which stands beside them
 * @param out      filled, with no reference
 * @return 0, or -EINVAL when a value is out of its range
 */
int tg_options_make(const struct tg_option_table *t, const struct tg_conn_options *o,
	uint32_t idle_ms, struct tg_options *out);

/** The reverse: no default stands for itself any more. */
void tg_options_tell(const struct tg_options *s, struct tg_conn_options *out);

/** The index of an equal set, with one more reference; TG_OPTIONS_NONE when all are in use. */
uint16_t tg_options_get(struct tg_option_table *t, const struct tg_options *s);

/** One reference less. */
void tg_options_put(struct tg_option_table *t, uint16_t idx);

#endif
