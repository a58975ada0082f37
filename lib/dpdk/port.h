/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_DPDK_PORT_H
#define TG_DPDK_PORT_H
/**
 * @file
 * An ethdev port for shards: found or made, configured, started, closed.
 */
#include <stdbool.h>
#include <stdint.h>

#include <rte_ether.h>
#include <rte_ethdev.h>
#include <rte_mempool.h>

/** What a port should be. */
struct tg_port_config {
	const char *device;       /**< name of an existing port, PCI address, or a virtual device
				       with its arguments ("net_af_packet0,iface=tg0") */
	uint16_t queues;          /**< rx and tx queues, one of each for a shard */
	uint16_t mtu;             /**< IP MTU in bytes; 0: as the port has it */
	uint16_t descriptors;     /**< of each queue; adjusted to what the port can */
	struct rte_mempool *pool; /**< where received packets go; also the only pool of what is
				       sent, each mbuf with one reference (lets the port free
				       mbufs in bulk) */
};

/** A port as it was found. */
struct tg_port {
	uint16_t id;
	uint16_t queues;
	uint16_t mtu;
	bool ours; /**< made from the device string: taken away when closed */
	bool started;
	bool rss;         /**< spreads connections over its queues by their addresses */
	bool keeps_mbufs; /**< the driver does not give all mbufs back when closed */
	int node;         /**< NUMA node, -1: none or not known */
	uint16_t rx_ring; /**< descriptors of each queue, as the port has them */
	uint16_t tx_ring;
	uint64_t rss_wanted; /**< hash functions asked for, RTE_ETH_RSS_*; 0: none */
	uint64_t rx_offloads;
	uint64_t tx_offloads;
	/** How neighbour solicitations reach us: "allmulticast", "promiscuous", "was on" or
	 *  "unknown". Static text. */
	const char *multicast;
	struct rte_ether_addr mac;
	char driver[32];
};

/**
 * Finds the port, making it from the device string when there is none.
 *
 * @return 0; -ENODEV when nothing answers to the name, or another negative errno of the driver
 */
int tg_port_open(const struct tg_port_config *cfg, struct tg_port *port);

/**
 * Configures queues, MTU and offloads. Checksum offloads are asked for where the port has them.
 *
 * @param why  set to static text when it fails
 * @return 0 or a negative errno; the port stays open
 */
int tg_port_configure(const struct tg_port_config *cfg, struct tg_port *port, const char **why);

/** Starts the port and lets multicast in. @return 0 or a negative errno */
int tg_port_start(struct tg_port *port);

/** Stops the port when it runs, closes it, and takes away a device that was made for it. */
void tg_port_close(struct tg_port *port);

#endif
