/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_TEST_DPDK_CLIENT_H
#define TG_TEST_DPDK_CLIENT_H
/**
 * @file
 * Packets of a client at 192.0.2.2 for a listener at 192.0.2.1, written with DPDK's own header
 * structs and checksums: nothing of lib/wire is used to test what stands on it.
 */
#include <assert.h>

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_tcp.h>

#include "support.h"

/** Ethernet, IPv4 and TCP header without options. */
struct client_frame {
	struct rte_ether_hdr eth;
	struct rte_ipv4_hdr ip;
	struct rte_tcp_hdr tcp;
};

static_assert(sizeof(struct client_frame) == 54, "no padding between the headers");

/** A TCP segment from port 40000 to port 80, checksums filled in. */
struct rte_mbuf *client_tcp(struct rte_mempool *pool, uint8_t flags, uint32_t seq, uint32_t ack,
	const void *data, uint16_t len);

/** A UDP datagram. */
struct rte_mbuf *client_udp(struct rte_mempool *pool);

/** An ARP request for 192.0.2.1. */
struct rte_mbuf *client_arp(struct rte_mempool *pool);

/** A shard with one port (number `port`), 192.0.2.1/24, and no listener. */
struct tg_shard *client_shard(struct rte_mempool *pool, uint16_t port);

/** The same with the glue's settings of `base`, whose engine and socket_id do not matter. */
struct tg_shard *client_shard_of(const struct tg_shard_config *base, uint16_t port);

/** Opens port 80 for a worker that counts its runs in *runs and does nothing else. */
struct tg_worker *client_listen(struct tg_shard *s, unsigned *runs, tg_listener *l);

/**
 * Shakes hands.
 *
 * @return the server's next sequence number
 */
uint32_t client_connect(struct tg_shard *s, uint16_t port, struct rte_mempool *pool, tg_time now);

#endif
