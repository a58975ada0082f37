/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_DPDK_SHARD_H
#define TG_DPDK_SHARD_H
/**
 * @file
 * The inside of a shard, for this room.
 */
#include <pthread.h>

#include <tidegate/dpdk.h>

#include "capture.h"
#include "env.h"
#include "mailbox.h"
#include "mbuf.h"
#include "reassemble.h"

/** Port ids go from 0 to here, exclusive: what tg_engine_add_port() takes. */
#define TG_MAX_PORTS 64
/** Packets that wait for tg_shard_output() on one port; a power of two. */
#define TG_STAGE_SIZE 512
/** Places of these that only connections, ARP and ND may take. */
#define TG_STAGE_RESERVE 64
/** Workers of an engine. */
#define TG_MAX_WORKERS 16
/** Timers fired in one turn at most: a few microseconds of work. */
#define TG_TIMER_BUDGET 64

/** Packets waiting to be sent on one port, oldest first. */
struct tg_stage {
	uint32_t head; /**< counts up; the oldest is m[head % TG_STAGE_SIZE] */
	uint32_t tail;
	struct rte_mbuf *m[TG_STAGE_SIZE];
};

/** A shard. */
struct tg_shard {
	struct tg_engine *engine;
	struct tg_dpdk_env env;
	uint16_t number;
	unsigned nb_workers;
	struct {
		struct tg_worker *worker;
		struct tg_inline_worker how;
	} worker[TG_MAX_WORKERS];
	struct {
		struct tg_stage *stage; /**< NULL: never added */
		bool tx_vlan;
	} port[TG_MAX_PORTS];
	uint32_t reserve; /**< mbufs for connections, ARP and ND alone */
	bool low;         /**< no more than these were left at the last turn */
	struct tg_glue_counts count;
	struct tg_reassembly *reassembly; /**< NULL: off */
	struct tg_capture *capture;       /**< NULL: none is armed; capture_control.c hangs it up */
	struct tg_mailbox mailbox;
	pthread_mutex_t asker; /**< held by who uses the mailbox, its answer included */
	struct tg_rx_burst rx;
	struct tg_verdict verdict[TG_BURST];
};

#endif
