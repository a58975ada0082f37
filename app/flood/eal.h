/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FLOOD_EAL_H
#define FLOOD_EAL_H
/**
 * @file
 * Starting DPDK for the generator, and the little of it every set-up needs.
 */
#include <rte_mempool.h>

#include <tidegate/dpdk.h>

#include "options.h"

/** Packets at a time. */
#define FLOOD_BURST 32
/** Descriptors of rings and queues: at 2 M/s a listener may be away for 2 ms. */
#define FLOOD_DESCRIPTORS 4096

/** What was started. */
struct flood_eal {
	struct tg_clock clock;
	struct rte_mempool *pool;
	int cpu_generator; /**< the calling thread's */
	int cpu_listener;
	bool no_huge;
};

/** Which CPUs will be used: as told, or the last two there are. */
void flood_cpus(const struct flood_options *o, int *generator, int *listener);

/** Whether this process may run on the CPUs that --cores names. */
bool flood_cpus_there(const struct flood_options *o);

/**
 * Starts EAL, once in a process. Without free hugepages it goes on without them, whatever was
 * asked for.
 *
 * @param worker  a second lcore, number 1, on the listener's CPU
 * @param words   more EAL arguments, NULL behind the last; or NULL
 * @param err     SETUP_ERROR bytes
 * @return 0, or a negative errno with err filled
 */
int flood_eal_start(const struct flood_options *o, bool worker, const char *const words[],
	struct flood_eal *e, char *err);

/**
 * Removes what EAL leaves behind of each process: its runtime directory, with the files in it.
 *
 * @param prefix  --file-prefix of a process that has ended; NULL: ours, after its clean-up
 */
void flood_eal_remove_dir(const char *prefix);

/** Ends it; clears away what killed runs have left. Nothing happens when it was not started. */
void flood_eal_stop(struct flood_eal *e);

#endif
