/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_DPDK_EXCEPTION_H
#define TG_DPDK_EXCEPTION_H
/**
 * @file
 * The exception path: packets that are not tidegate's go to an interface of the kernel, and what
 * the kernel sends there leaves through the port.
 *
 * Each DPDK port has an interface of its own, which is a second DPDK port behind the scenes
 * (exception_port.c). It has as many queue pairs as there are shards, so that each shard is alone
 * on its queues here as it is on the port's: nothing is locked, nothing crosses cores.
 *
 * Both directions have a token bucket on each shard, and neither takes mbufs of the reserve: while
 * buffers are short (tg_shard_config.reserve) packets for the kernel are dropped and the kernel's
 * wait in its interface.
 */
#include <net/if.h>

#include <tidegate/dpdk.h>

#include "port.h"
#include "tokens.h"

/** Packets moved at a time, and in one turn, in each direction. */
#define TG_EXCEPTION_BURST 32
/** Descriptors of each queue: mbufs the interface may hold. */
#define TG_EXCEPTION_DESCRIPTORS 256

/** What kind of interface. */
enum tg_exception_kind {
	TG_EXCEPTION_AUTO,  /**< VHOST where /dev/vhost-net is, else TAP */
	TG_EXCEPTION_VHOST, /**< virtio-user with the kernel's vhost-net */
	TG_EXCEPTION_TAP,   /**< net_tap: a system call for each packet */
};

/** An interface to be made. */
struct tg_exception_config {
	const char *interface;        /**< its name, 1 to 15 characters; none must have it yet */
	enum tg_exception_kind kind;  /**< which driver */
	unsigned number;              /**< makes the device's name unique */
	const struct tg_port *beside; /**< the port it belongs to: configured; gives MAC, MTU and
					   queues */
	struct rte_mempool *pool;     /**< the port's pool: what the kernel sends comes from it */
};

/** An interface of the kernel. */
struct tg_exception_port {
	struct tg_port port;
	const char *by; /**< what made it, "vhost-net" or "tap": static text */
	char interface[IF_NAMESIZE];
};

/**
 * Makes an interface and starts it: it is up, has the port's MAC and MTU, and no address.
 *
 * @param x    the caller's; zeroed when this fails
 * @param why  set to static text when it fails
 * @return 0 or a negative errno; -EEXIST: there is an interface of this name
 */
int tg_exception_open(
	const struct tg_exception_config *cfg, struct tg_exception_port *x, const char **why);

/** Takes it away; the loops do not run any more. One that was never made does nothing. */
void tg_exception_close(struct tg_exception_port *x);

/** A shard's end of the exception path of one port. Only the shard's thread touches it. */
struct tg_exception {
	struct tg_shard *shard; /**< exception_* of its counts are written here */
	uint16_t wire;          /**< the port */
	uint16_t device;        /**< the interface, as a DPDK port */
	uint16_t queue;         /**< of both */
	uint16_t nb_unsent;
	struct rte_ether_addr mac;
	struct tg_tokens to;   /**< packets for the kernel */
	struct tg_tokens from; /**< packets of the kernel */
	tg_time unsent_since;  /**< when the port last took a packet of the kernel */
	struct rte_mbuf *unsent[TG_EXCEPTION_BURST];
};

/**
 * Joins a shard to an interface.
 *
 * @param x      filled
 * @param rate   packets per second in each direction, 1 to TG_TOKENS_RATE_MAX
 * @param burst  so many in a row, 1 to TG_TOKENS_BURST_MAX
 */
void tg_exception_join(struct tg_exception *x, struct tg_shard *shard, const struct tg_port *wire,
	const struct tg_exception_port *device, uint16_t queue, uint32_t rate, uint32_t burst);

/**
 * Gives packets to the kernel. Those over the rate, to other stations' MAC addresses and that the
 * interface does not take are dropped and counted: exception_limited, exception_other_host,
 * exception_dropped; the others are exception_rx.
 * Of the burst, half is for TCP, ARP and neighbour discovery alone, and a quarter for TCP.
 *
 * @param m  n foreign mbufs of tg_shard_input(), all taken; the array is written to
 */
void tg_exception_to_kernel(struct tg_exception *x, struct rte_mbuf *m[], uint16_t n, tg_time now);

/**
 * Sends what the kernel has sent to the interface, a burst at most. What the port does not take is
 * tried again; after `patience` it is dropped (exception_dropped). Over the rate, packets wait in
 * the interface, whose queue the kernel bounds.
 *
 * @return whether a packet moved
 */
bool tg_exception_from_kernel(struct tg_exception *x, tg_time now, tg_time patience);

/** Frees what waits: the loop ends. It counts as exception_dropped. */
void tg_exception_flush(struct tg_exception *x);

#endif
