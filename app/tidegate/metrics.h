/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_APP_METRICS_H
#define TIDEGATE_APP_METRICS_H
/**
 * @file
 * The HTTP endpoint of the management side: /metrics, /healthz, /readyz.
 *
 * It has a thread of its own, on the CPUs that no shard polls on, at most 16 connections at a time
 * and 5 s for a request. Files of this part:
 *
 *     metrics.c         starts and stops
 *     metrics_http.c    the server: routes, methods, deadlines
 *     scrape.c          what is read for /metrics
 *     metrics_text.c    what /metrics says
 *     openmetrics.c     how it is written
 *     health.c          what /healthz says
 */
#include <stdbool.h>

#include <rte_mempool.h>

#include "config.h"
#include "openmetrics.h"

/** The endpoint. */
struct metrics;

/**
 * Binds the address, as long as that can still be told as a mistake in the configuration.
 *
 * @param fd   the listening socket, -1 when metrics are off
 * @param err  CONFIG_ERROR_MAX bytes
 * @return 0; -1 with err filled
 */
int metrics_bind(const struct config *c, int *fd, char *err);

/**
 * Starts to answer. EAL is up.
 *
 * @param fd    of metrics_bind(): the endpoint's, on failure too; -1 does nothing
 * @param pool  whose fill is shown; outlives the endpoint
 * @param out   NULL when metrics are off; metrics_stop() it
 * @return 0 or a negative errno
 */
int metrics_start(int fd, const struct rte_mempool *pool, struct metrics **out);

/** Says what /readyz answers: listeners are open and not draining. Any thread; NULL is fine. */
void metrics_set_ready(struct metrics *m, bool ready);

/** Ends it: connections are cut. NULL does nothing. */
void metrics_stop(struct metrics *m);

/** What /metrics shows beside shards, loops and ports. */
struct metrics_own {
	const struct rte_mempool *pool;
	uint64_t start_s; /**< wall-clock seconds */
	bool ready;
};

/**
 * Writes everything. What must be asked of a shard is left out where its loop stands still; one
 * that stops just now takes a second.
 *
 * @return false: no memory, nothing written
 */
bool metrics_write(struct om *o, const struct metrics_own *own);

#endif
