/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_DPDK_LOOP_H
#define TG_DPDK_LOOP_H
/**
 * @file
 * The poll loop of one lcore: a user of the public burst calls, like any embedding application.
 */
#include <tidegate/dpdk.h>

#include "exception.h"

/** Packets received or sent at a time. */
#define TG_LOOP_BURST 32
/** Ports of a loop at most. */
#define TG_LOOP_PORTS 64

/** How a loop is asked to end. */
enum tg_loop_stop {
	TG_LOOP_RUN,   /**< go on */
	TG_LOOP_DRAIN, /**< let connections finish for drain_ms, then FIN, then RST */
	TG_LOOP_NOW,   /**< RST for all, at once */
};

/** What a loop did. One writer, readable by any thread. */
struct tg_loop_stats {
	uint64_t turns;
	uint64_t rx;         /**< packets received */
	uint64_t tx;         /**< packets sent */
	uint64_t rx_foreign; /**< packets that were not tidegate's: freed, or passed on */
	uint64_t tx_dropped; /**< packets the port did not take for TG_LOOP_TX_WAIT */
	/** TSC cycles of turns that moved a packet, fired a timer or ran a worker; and of all
	 *  others, sleep included. Together the time since tg_loop_run() began. */
	uint64_t busy_cycles;
	uint64_t idle_cycles;
	uint64_t turn_tsc; /**< when the last turn began; 0: tg_loop_run() does not run */
};

/** How long packets wait for a port that takes none, before they are dropped. */
#define TG_LOOP_TX_WAIT (10 * TG_MSEC)

/** One port as a loop sees it. */
struct tg_loop_port {
	uint16_t id;
	uint16_t queue;
	bool prepare; /**< offloads are on: rte_eth_tx_prepare() first */
	struct tg_exception
		*exception; /**< where packets go that are not tidegate's; NULL: freed */
	uint16_t nb_unsent;
	tg_time unsent_since; /**< when the port last took a packet */
	struct rte_mbuf *unsent[TG_LOOP_BURST];
	uint64_t rx; /**< packets received; the loop's to write, readable by any thread */
};

/** A loop. The caller fills in the first part and zeroes the rest. */
struct tg_loop {
	struct tg_shard *shard;
	struct tg_clock clock; /**< started by the caller, with the engine's zero point */
	uint32_t drain_ms;
	uint32_t idle_sleep_us; /**< sleep so long when there is nothing to do; 0: poll */
	uint32_t
		*running; /**< loops that share ports and have not drained yet: counted down by
			       each, and all go on polling until it is 0. NULL: this one is alone */
	unsigned nb_ports;
	struct tg_loop_port port[TG_LOOP_PORTS];

	uint32_t stop; /**< enum tg_loop_stop, set with tg_loop_stop() */
	/* Where the loop runs, as it found when it began; LCORE_ID_ANY and -1 on other threads. */
	unsigned lcore;
	int cpu;
	struct tg_loop_stats stats;
};

/** Asks a loop to end; any thread, may be called again with a stronger wish. */
void tg_loop_stop(struct tg_loop *loop, enum tg_loop_stop how);

/**
 * Polls until asked to stop, then drains: every listener closed and TG_EV_DRAIN to the services;
 * after drain_ms a FIN on what is left and a second later a RST, or the RST at once when every FIN
 * is out already. Is done as soon as no connection is left (TIME_WAIT apart) and all is sent, and
 * returns when the loops it shares ports with are done too: whoever still sends to this one's queue
 * gets an answer.
 */
void tg_loop_run(struct tg_loop *loop);

#endif
