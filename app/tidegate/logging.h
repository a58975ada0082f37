/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_APP_LOGGING_H
#define TIDEGATE_APP_LOGGING_H
/**
 * @file
 * The daemon's log: log type "app.tidegate" of rte_log, and where rte_log's lines go.
 *
 * Lines are about changes of state, never about a packet. They go to stdout, warnings and errors of
 * ours to stderr; or all of them, EAL's too, to syslog.
 */
#include "config.h"

/** Kinds of lines. Each has a rate of its own, so that one cannot crowd out another. */
enum log_kind {
	LOG_LIFE,    /**< start and stop */
	LOG_CONTROL, /**< changes */
	LOG_PORT,    /**< links */
	LOG_LOAD,    /**< floods, queues, buffers */
	LOG_KINDS,
};

/**
 * Takes over rte_log's lines. Before rte_eal_init(), so that EAL's own lines take the same way.
 *
 * @return 0, -ENOMEM
 */
int log_open(const struct config_log *how);

/** Takes up other settings, any time after log_open(). */
void log_configure(const struct config_log *how);

/** Gives rte_log back what it had. */
void log_close(void);

/**
 * Logs a line, unless its kind has used up its rate; then it is counted, and log_tick() tells.
 *
 * Any thread.
 *
 * @param level  of the line; shown when log.level is as much or more
 */
void log_line(enum log_kind kind, enum config_log_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/** A line that scripts wait for: always on stdout, and in syslog too when that is where lines go.
 */
void log_print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** Once a second: tells how many lines were left out since the last call. */
void log_tick(void);

/** The word of a level, as the file has it. */
const char *log_level_name(enum config_log_level level);

#endif
