/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_DPDK_SHOWN_H
#define TG_DPDK_SHOWN_H
/**
 * @file
 * The shards and loops that other threads may look at. Telemetry commands have no context argument,
 * so there is one set of them in a process.
 */
#include <tidegate/dpdk.h>

#include "loop.h"

/** Shards shown at most: as many as an engine can have siblings. */
#define TG_SHOWN_MAX 256

/** What is shown, by the numbers of the shards; NULL: none. */
struct tg_shown {
	struct tg_shard *shard[TG_SHOWN_MAX];
	struct tg_loop *loop[TG_SHOWN_MAX];
};

/**
 * What is shown now. Until tg_shown_release() nothing of it is taken away; others may look at the
 * same time. Any thread.
 */
const struct tg_shown *tg_shown_hold(void);

/** Ends looking. */
void tg_shown_release(void);

/**
 * Shows a loop, under the number of its shard.
 *
 * @param loop  stays until tg_shown_remove_loop()
 * @return 0; -EEXIST (a loop of this number is there); -ENOSPC (TG_SHOWN_MAX)
 */
int tg_shown_add_loop(struct tg_loop *loop);

/** Takes a loop away; after the call no other thread looks at it. */
void tg_shown_remove_loop(struct tg_loop *loop);

#endif
