/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_CTL_HISTORY_H
#define TIDEGATE_CTL_HISTORY_H
/**
 * @file
 * What `tidegatectl nstat` saw last time: a file of the user's own, one for each daemon's prefix.
 */
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <jansson.h>

/** Longest path of it. */
#define HISTORY_PATH_MAX 256

/** An open history. */
struct history {
	char path[HISTORY_PATH_MAX];
	int fd;
	json_t *before; /**< counters of the last time; NULL: there was none, or of another process
			 */
	double at;      /**< when, seconds since 1970 */
};

/**
 * Opens the file, makes it when there is none, and locks it against a second nstat.
 *
 * $XDG_RUNTIME_DIR/tidegatectl-nstat.NAME, or /tmp/tidegatectl-nstat.uUID.NAME when that is not
 * set. Somebody else's file, a link, or one that others may write is not touched.
 *
 * @param name  what tells daemons apart; characters other than letters, digits, '.', '_' and '-'
 *              become '_'
 * @param pid   of the daemon: what another process counted is of no use
 * @param err   set on failure to a static text
 * @return 0 or a negative errno
 */
int history_open(struct history *h, const char *name, pid_t pid, const char **err);

/** Writes counters in place of what was there. Returns 0 or a negative errno. */
int history_write(struct history *h, pid_t pid, double at, const json_t *counters);

/** Closes it. */
void history_close(struct history *h);

/** What was added since; all of `now` when `before` is missing, smaller things included. */
uint64_t history_delta(const json_t *before, const json_t *now, const char *key);

#endif
