/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_DPDK_SNAPSHOT_H
#define TG_DPDK_SNAPSHOT_H
/**
 * @file
 * What another thread sees of running shards, loops and ports: for telemetry and for metrics.
 *
 * Counters are words with one writer, so they are read where they lie: no shard notices. Queues
 * belong to a shard's thread and are asked for through its mailbox, between bursts. All of this is
 * called between tg_shown_hold() and tg_shown_release(), by any thread.
 */
#include <rte_ethdev.h>
#include <rte_ether.h>

#include "shown.h"

/** How long a shard may take to answer before its loop counts as standing still. */
#define TG_SNAPSHOT_MS 1000
/** Different listeners over all shards. */
#define TG_SNAPSHOT_LISTENERS 512

/** Counters of one shard, or the sum of several. */
struct tg_snapshot_counters {
	unsigned shards; /**< so many were added up */
	struct tg_counters engine;
	struct tg_glue_counts glue;
	uint64_t fragments_held; /**< fragments waiting for others of their datagram now */
};

/** Adds a shard's counters to *sum. */
void tg_snapshot_add_counters(const struct tg_shard *s, struct tg_snapshot_counters *sum);

/**
 * Calls fn with every counter that is no disposition, by the name it has in /tidegate/counters.
 */
void tg_snapshot_each_event(const struct tg_snapshot_counters *c,
	void (*fn)(void *ctx, const char *name, uint64_t value), void *ctx);

/** How full a shard's pools are. @return 0; -ETIMEDOUT: its loop does not run */
int tg_snapshot_usage(struct tg_shard *s, struct tg_engine_usage *out);

/**
 * Adds a shard's listeners to rows: to the row with the same address and port, or as a new one.
 *
 * @param rows  room for TG_SNAPSHOT_LISTENERS; what does not fit is left out
 * @param n     rows there are
 * @return 0; -ETIMEDOUT: its loop does not run
 */
int tg_snapshot_add_listeners(struct tg_shard *s, struct tg_listener_info rows[], unsigned *n);

/** A loop. */
struct tg_snapshot_loop {
	unsigned shard;
	unsigned lcore;
	int cpu; /**< where it ran when it began, -1: not known */
	bool running;
	uint64_t turn_age_ms; /**< since it began its last turn; 0 when it does not run */
	struct tg_loop_stats stats;
};

/** Looks at a loop, without asking it. */
void tg_snapshot_loop(const struct tg_loop *loop, struct tg_snapshot_loop *out);

/** A port that loops poll. */
struct tg_snapshot_port {
	uint16_t id;
	uint16_t mtu;
	uint16_t queues; /**< places of queue_rx in use */
	bool link_up;
	bool rx_checksum;    /**< the port verifies IP and TCP checksums; else the engine does */
	bool tx_checksum;    /**< the port computes them */
	uint32_t speed_mbps; /**< RTE_ETH_SPEED_NUM_UNKNOWN: not known */
	struct rte_ether_addr mac;
	char name[RTE_ETH_NAME_MAX_LEN];
	char driver[32];
	struct rte_eth_stats stats;
	uint64_t queue_rx[TG_SHOWN_MAX]; /**< packets, as the loops counted them */
};

/**
 * The next port that a loop polls.
 *
 * @param from  least port id to look at
 * @return its id, or -1 when there is none
 */
int tg_snapshot_next_port(const struct tg_shown *shown, unsigned from);

/** Looks at a port. Asks its driver, so it may take as long as a register read or system call. */
void tg_snapshot_port(const struct tg_shown *shown, uint16_t id, struct tg_snapshot_port *out);

#endif
