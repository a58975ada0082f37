/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_DPDK_H
#define TIDEGATE_DPDK_H
/**
 * @file
 * An engine on DPDK: mbufs in, mbufs out. For an application that has its own loop.
 *
 * A shard is one engine with the glue around it, for one lcore, one rx and one tx queue on each
 * of its ports. All calls on a shard come from one thread; different shards share nothing but
 * the mempool. A turn of the loop:
 *
 *     now = tg_clock_now(clock);
 *     n = rte_eth_rx_burst(port, queue, m, 32);
 *     k = tg_shard_input(s, port, m, n, foreign, now);   // foreign[0..k): not tidegate's
 *     tg_shard_turn(s, now, wall);                        // timers, inline workers
 *     n = tg_shard_output(s, port, m, 32, now);           // send these
 */
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include "tidegate.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A shard: an engine and its mbuf glue. */
struct tg_shard;

/** Settings of a shard. */
struct tg_shard_config {
	struct tg_engine_config engine; /**< env and buf_size are the shard's to fill in */
	struct rte_mempool *pool;       /**< where what the engine sends comes from; pktmbuf pool
					     with a data room of TG_DATA_ROOM_MIN or more */
	uint32_t reserve;               /**< mbufs of the pool that are for connections, ARP and ND
					     alone: while no more are left, answers to anyone else
					     are dropped rather than kept waiting, SYN-ACKs by timer
					     are left out, and no fragment is taken in. 0: none. Of a
					     pool that shards share, the same for all of them */
	int socket_id;                  /**< NUMA node of the shard's memory, or SOCKET_ID_ANY */
	/**
	 * IP fragments of TCP segments for local addresses are put together; otherwise the engine
	 * drops them. All fragments of a datagram must come to one shard, and it must be the one
	 * that gets the connection's other packets.
	 */
	bool reassemble;
	uint32_t fragments_max;        /**< datagrams under reassembly at a time, 1 to 65536; each
					    holds up to RTE_LIBRTE_IP_FRAG_MAX_FRAG mbufs */
	uint32_t fragments_timeout_ms; /**< a datagram not complete after so long is dropped, 1
					    to 2^31 - 1 */
};

/** Least data room of the pool in bytes, headroom included: what rte_pktmbuf pools default to. */
#define TG_DATA_ROOM_MIN RTE_MBUF_DEFAULT_BUF_SIZE

/**
 * Makes a shard and its engine.
 *
 * @param out  the caller's until tg_shard_destroy()
 * @return 0; -EINVAL (no pool, its data room too small, or a value the engine refuses); -ENOMEM
 */
TG_API int tg_shard_create(const struct tg_shard_config *cfg, struct tg_shard **out);

/**
 * Ends a shard: frees every mbuf it holds. The engine's workers end with it. Call
 * tg_telemetry_remove_shard() first when the shard was added there.
 *
 * @param s  NULL does nothing
 */
TG_API void tg_shard_destroy(struct tg_shard *s);

/** The shard's engine, for tg_listen(), workers and introspection. */
TG_API struct tg_engine *tg_shard_engine(struct tg_shard *s);

/**
 * Tells the shard of a configured port: MAC, MTU and tx offloads are read from ethdev.
 *
 * @param port_id  DPDK port id, 0 to 63
 * @return 0 or what tg_engine_add_port() returns, or a negative ethdev error; -ENOMEM
 */
TG_API int tg_shard_add_port(struct tg_shard *s, uint16_t port_id);

/** A port that is not (or not quite) what ethdev says. */
struct tg_shard_port {
	uint8_t mac[6];      /**< the address ARP and ND answer with */
	uint16_t mtu;        /**< IP MTU in bytes, 576 to 9216 */
	uint16_t tx_offload; /**< TG_TX_IP_CSUM, TG_TX_TCP_CSUM: what the sender computes */
	bool tx_vlan;        /**< the sender inserts mbuf.vlan_tci when RTE_MBUF_F_TX_VLAN is set;
				  else tags are written into the packet */
};

/**
 * Tells the shard of a port by hand: for an application whose packets come from somewhere else
 * than an ethdev port, or with a smaller MTU than the port's.
 *
 * @param port_id  any number from 0 to 63, as given to tg_shard_input() and tg_shard_output()
 * @param port     copied
 * @return 0; -EINVAL; -EEXIST; -ENOMEM
 */
TG_API int tg_shard_add_port_as(
	struct tg_shard *s, uint16_t port_id, const struct tg_shard_port *port);

/**
 * Hands received mbufs to the engine. All are taken but those given back.
 *
 * An mbuf that is shared, indirect or external, or whose headers are split over segments, is
 * copied first, since answers are written in place; when the pool has no room for the copy the
 * packet is dropped and counted in tg_shard_stats.count.rx_no_copy.
 *
 * @param pkts     n mbufs received on port_id; what stands there after the call means nothing
 * @param foreign  room for n: the mbufs that are not tidegate's, unchanged, in order; the
 *                 caller's again. May be the same array as pkts.
 * @return number of foreign mbufs; all n when port_id was never added
 */
TG_API uint16_t tg_shard_input(struct tg_shard *s, uint16_t port_id, struct rte_mbuf *pkts[],
	uint16_t n, struct rte_mbuf *foreign[], tg_time now);

/**
 * One turn without packets: timers, then every inline worker that has events, then at most one
 * request of the telemetry thread or tg_shard_call().
 *
 * @param wall_s  wall-clock seconds
 * @return true when a timer fired or a worker ran: the turn was not idle
 */
TG_API bool tg_shard_turn(struct tg_shard *s, tg_time now, uint64_t wall_s);

/**
 * Calls a function on the shard's thread, in its next tg_shard_turn(), and waits for it: how
 * another thread changes what an engine is set to (tg_listen(), tg_unlisten() ...) while its loop
 * runs.
 *
 * Any thread may call this but the shard's own; calls queue up. fn must be short: packets wait for
 * it.
 *
 * @param fn          what to call, with the shard's engine and arg
 * @param arg         the caller's again when this returns
 * @param timeout_ms  how long the shard may take to begin
 * @return 0: fn was called and has returned; -ETIMEDOUT: the shard's loop does not run, and fn was
 *         not and will not be called
 */
TG_API int tg_shard_call(struct tg_shard *s, void (*fn)(struct tg_engine *e, void *arg), void *arg,
	unsigned timeout_ms);

/**
 * Gives mbufs that must be sent on port_id: answers of tg_shard_input() and what the engine sends
 * by itself. Checksum offload flags are set as tg_shard_add_port() found the port.
 *
 * At most 512 answers wait for each port, 64 places of which are for connections, ARP and ND; a
 * caller that takes in more without calling this loses the rest (tg_shard_stats.count.tx_reserve,
 * tx_stage_full). A quarter of cap is for what the engine sends by itself, if there is that much:
 * a flood that fills every burst with answers does not silence connections.
 *
 * @return number of mbufs, 0 to cap; they are the caller's
 */
TG_API uint16_t tg_shard_output(
	struct tg_shard *s, uint16_t port_id, struct rte_mbuf *pkts[], uint16_t cap, tg_time now);

/** What happened in the glue, outside of the engine's own counters. */
struct tg_shard_stats {
	struct tg_glue_counts count;
	uint64_t held;           /**< mbufs the engine holds in its queues now */
	uint64_t staged;         /**< packets waiting for tg_shard_output() now */
	uint64_t fragments_held; /**< fragments waiting for others of their datagram now */
};

/**
 * Drops the fragments a shard holds, for a loop that ends and looks what is left. They count as
 * fragments_drop_timeout.
 */
TG_API void tg_shard_drop_fragments(struct tg_shard *s);

/** Fills in the counts of the glue. Shard's thread only. */
TG_API void tg_shard_get_stats(const struct tg_shard *s, struct tg_shard_stats *st);

/**
 * An inline worker: runs on the shard's thread inside tg_shard_turn().
 */
struct tg_inline_worker {
	/** Called in a turn in which the worker has events (tg_worker_events()). */
	void (*run)(struct tg_worker *w, void *ctx);
	void *ctx; /**< passed to run, and tg_worker_ctx() of the worker */
};

/** Adds an inline worker. @return 0, -ENOSPC; *out is the worker for tg_listener_config */
TG_API int tg_shard_add_worker(
	struct tg_shard *s, const struct tg_inline_worker *iw, struct tg_worker **out);

/**
 * Registers /tidegate/counters, /tidegate/usage, /tidegate/listeners, /tidegate/conns,
 * /tidegate/shards and /tidegate/ports with DPDK's telemetry. Optional; once in a process, from any
 * thread. The last two show what tidegate's own loops poll: nothing in an application that has its
 * own.
 *
 * @return 0, or a negative errno of rte_telemetry_register_cmd()
 */
TG_API int tg_telemetry_init(void);

/**
 * Shows a shard in telemetry. Its queues and connections are listed by the shard itself between
 * bursts (in tg_shard_turn()); when its loop stands still for a second the answer says so.
 *
 * @return 0; -EEXIST (a shard of this number is there); -ENOSPC (256 shards)
 */
TG_API int tg_telemetry_add_shard(struct tg_shard *s);

/** Takes a shard out of telemetry; after the call no other thread looks at it. */
TG_API void tg_telemetry_remove_shard(struct tg_shard *s);

/** Converts TSC cycles to tg_time without drifting or overflowing for 100 years. */
struct tg_clock {
	uint64_t tsc0;
	uint64_t mult; /**< nanoseconds per cycle, 32.32 fixed point */
};

/** Starts a clock at 0 now. Needs an initialised EAL. */
TG_API void tg_clock_init(struct tg_clock *c);

/** Monotonic nanoseconds since tg_clock_init(). */
TG_API tg_time tg_clock_now(const struct tg_clock *c);

#ifdef __cplusplus
}
#endif

#endif
