/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_APP_DAEMON_H
#define TIDEGATE_APP_DAEMON_H
/**
 * @file
 * What the daemon is made of while it runs. setup.c makes it, run.c runs it, reload.c and apply.c
 * change it, watch_daemon.c looks at it, report.c looks at what is left.
 */
#include <time.h>

#include <tidegate/dpdk.h>

#include "exception.h"
#include "loop.h"
#include "metrics.h"
#include "page_set.h"
#include "port.h"
#include "privileges.h"
#include "secrets.h"
#include "services.h"
#include "shown.h"
#include "watch.h"
#include "watchdog.h"

/** mbufs in a lcore's cache. */
#define MBUF_CACHE 256

/** One shard with all that belongs to it. */
struct daemon_shard {
	struct tg_shard *shard;
	struct tg_loop *loop;
	struct tg_exception *exception; /**< one for each port, or NULL */
	struct service *service[SERVICE_KINDS];
	struct tg_worker *worker[SERVICE_KINDS];
	unsigned lcore;
	bool shown;                             /**< in telemetry, and its loop */
	tg_listener listener[CONFIG_LISTENERS]; /**< handles, in the order of config->listener */
};

/** What is known of a port's link. */
enum daemon_link {
	LINK_UNKNOWN,
	LINK_UP,
	LINK_DOWN,
};

/** The daemon. */
struct daemon {
	/**
	 * The running configuration: owned, and another one after each change. For the main thread
	 * alone.
	 */
	struct config *config;
	const char *file;       /**< absolute path of the configuration: what a reload reads */
	struct page_set *pages; /**< what http answers, and what it answered before: owned */
	struct secrets_print secrets; /**< which secrets are in use */
	struct timespec rotated;      /**< when the cookie secret was last changed; 0: never */
	struct watch watch;
	enum daemon_link link[CONFIG_PORTS];
	struct rte_mempool *pool;
	struct tg_clock clock;
	unsigned nb_ports;
	struct tg_port port[CONFIG_PORTS];
	struct tg_exception_port exception[CONFIG_PORTS]; /**< zeroed where there is none */
	unsigned nb_shards;
	struct daemon_shard shard[CONFIG_SHARDS];
	struct privileges privileges;
	struct watchdog_loop watched[CONFIG_SHARDS + 1]; /**< loops, then the main thread */
	uint64_t main_turns;  /**< of the main thread's wait for something to do */
	uint64_t watchdog_us; /**< time between two looks at them; 0: nobody wants to know */
	int metrics_fd;       /**< bound, until metrics_start(); -1: off */
	struct metrics *metrics;
	uint32_t running;   /**< loops that have not drained yet */
	bool pdump;         /**< dpdk-dumpcap may attach */
	bool failed_config; /**< what failed is the configuration's fault: exit status 2 */
};

/**
 * Makes pool, ports and shards and opens the listeners; EAL is up.
 *
 * @param err  CONFIG_ERROR_MAX bytes
 * @return 0; -1 with err filled: take_down() what there is
 */
int setup(struct daemon *d, char *err);

/** Warns of bounds that are smaller than the number of shards: they grow to it. */
void note_bounds(const struct config *c);

/** Once a second: logs what began or ended, and frees what nobody reads any more. */
void watch_daemon(struct daemon *d);

/** Takes a shard and its loop out of telemetry; does nothing when they are not there. */
void hide(struct daemon_shard *ds);

/** Stops and closes the ports, hidden before. */
void close_ports(struct daemon *d);

/** Frees everything else. */
void take_down(struct daemon *d);

/**
 * Prints counters and the exit line; the ports are closed, the shards still there.
 *
 * @return true when nothing was left over
 */
bool report(const struct daemon *d);

#endif
