/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FLOOD_PROGRESS_H
#define FLOOD_PROGRESS_H
/**
 * @file
 * The line that is rewritten while a run lasts; and the wish to stop.
 */
#include <stdio.h>

#include <tidegate/types.h>

/** A progress line. */
struct progress {
	FILE *out;        /**< a terminal; NULL: nothing is shown */
	const char *what; /**< contender and placement */
	tg_time next;     /**< when it is written again */
	tg_time at;       /**< when it was written last */
	uint64_t sent;    /**< flood packets then */
	uint64_t synacks;
	uint64_t width; /**< characters of the last line */
};

/** What is shown. */
struct progress_now {
	tg_time now;      /**< since the run began */
	tg_time end;      /**< when the run is over */
	uint64_t sent;    /**< flood packets so far */
	uint64_t synacks; /**< SYN-ACKs so far */
	uint64_t decided; /**< honest clients succeeded and failed so far */
	uint64_t succeeded;
};

/** Starts a line; quiet, or no terminal behind stderr: nothing will be shown. */
void progress_start(struct progress *p, const char *what, bool quiet);

/** Writes the line when a quarter of a second is over. Cheap otherwise. */
void progress_tick(struct progress *p, const struct progress_now *n);

/** Takes the line away. */
void progress_end(struct progress *p);

/** From here on SIGINT and SIGTERM set a wish; a second one ends the process as usual. */
void stop_catch(void);

/** True when SIGINT or SIGTERM came. */
bool stop_wanted(void);

#endif
