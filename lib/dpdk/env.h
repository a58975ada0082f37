/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_DPDK_ENV_H
#define TG_DPDK_ENV_H
/**
 * @file
 * What an engine is given of its surroundings, by DPDK: memory from rte_malloc, buffers from a
 * pktmbuf pool.
 */
#include <tidegate/dpdk.h>

/** The surroundings of one engine. */
struct tg_dpdk_env {
	struct rte_mempool *pool;
	int socket_id;
	/**
	 * mbufs the engine holds. The shard adds what the engine keeps of received packets and
	 * takes away what it gives out; the callbacks do the rest. It dips below 0 inside of
	 * tg_engine_input(), when a packet is kept and released before the shard has counted it.
	 */
	int64_t held;
};

/** Fills in the callbacks; env must live as long as the engine. */
void tg_env_init(
	struct tg_dpdk_env *env, struct rte_mempool *pool, int socket_id, struct tg_env *out);

#endif
