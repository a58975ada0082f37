/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_APP_RUN_H
#define TIDEGATE_APP_RUN_H
/**
 * @file
 * The daemon's life: EAL, ports, shards, loops, signals, stop, report.
 */
#include "config.h"
#include "http_pages.h"

/** Exit statuses. */
enum {
	EXIT_CLEAN = 0,   /**< stopped as asked, nothing left over */
	EXIT_RUNTIME = 1, /**< EAL, memory, a driver; or something was left over */
	EXIT_CONFIG = 2,  /**< command line or configuration */
};

/**
 * Runs until SIGINT, SIGTERM or /tidegate/drain.
 *
 * @param c        owned from here on
 * @param pages    what http answers; owned from here on
 * @param nb_user  EAL arguments after `--`
 * @return an exit status; what went wrong was printed
 */
int run(struct config *c, struct http_pages *pages, int nb_user, char *const user[]);

#endif
