/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_APP_WATCH_H
#define TIDEGATE_APP_WATCH_H
/**
 * @file
 * When something begins that an operator should know of, and when it ends, as counters tell it once
 * a second. A line for each of the two, none between them.
 */
#include <stdbool.h>
#include <stdint.h>

#include "config.h"

/** SYNs in a second that find no place, from which on it is a flood. */
#define WATCH_FLOOD_SYNS 10
/** The same where every SYN is answered by a cookie, so that none of them finds a place. */
#define WATCH_FLOOD_SYNS_ALWAYS 1000
/** Seconds in a row without it, after which something has ended. */
#define WATCH_QUIET_S 5

/** Counters of all shards together, and what else is looked at. */
struct watch_sample {
	uint64_t no_place;     /**< SYNs that were a cookie's turn, or were dropped for the queue */
	uint64_t cookies_sent; /**< SyncookiesSent */
	uint64_t cookies_recv; /**< SyncookiesRecv */
	uint64_t overflows;    /**< ListenOverflows */
	uint64_t no_buffer;    /**< what waited or was left out since buffers were short */
	bool short_of_mbufs;   /**< no more than the reserve is left now */
	bool cookies_always;   /**< engine.syncookies is 2 */
};

/** Something that begins and ends. */
struct watch_spell {
	bool on;
	unsigned quiet_s; /**< seconds in a row without it */
	unsigned long_s;  /**< seconds since it began, the quiet ones included */
	uint64_t total;   /**< counted since it began */
	uint64_t most;    /**< in one second */
};

/** Takes a line. */
typedef void watch_say(void *ctx, enum config_log_level level, const char *line);

/** The watcher. All zero at first. */
struct watch {
	bool started;
	struct watch_sample last;
	struct watch_spell flood, overflow, shortage;
	uint64_t flood_cookies; /**< sent in this flood */
};

/**
 * One second has passed.
 *
 * @param say  gets a line for each beginning and end
 */
void watch_step(struct watch *w, const struct watch_sample *s, watch_say *say, void *ctx);

#endif
