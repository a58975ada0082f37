/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FLOOD_VETH_GENERATOR_H
#define FLOOD_VETH_GENERATOR_H
/**
 * @file
 * The generator's loop on one end of a veth pair: the flood as XDP live frames, honest clients
 * through a packet socket.
 */
#include "progress.h"
#include "traffic.h"
#include "xdp_live.h"

/** A run. */
struct veth_generator {
	struct xdp_live *live; /**< attached to the interface */
	struct flood_mix *mix;
	struct honest *honest; /**< NULL: none */
	struct pace pace;
	int sock; /**< of veth_generator_socket() */

	uint64_t sent;     /**< flood frames */
	uint64_t forgiven; /**< due, but not sent since the generator came late */
	uint64_t sampled;  /**< answers to the flood whose checksums were verified */
	uint64_t damaged;  /**< of these, wrong */
	uint64_t lost;     /**< frames of clients that the kernel did not take */
};

/**
 * Opens a packet socket on an interface of the calling thread's namespace.
 *
 * @return its descriptor or a negative errno
 */
int veth_generator_socket(const char *ifname);

/**
 * Runs until the pace ends or a signal comes. The calling thread is in the generator's namespace
 * and on its CPU.
 *
 * @param seconds  set: how long it lasted
 * @return 0 or a negative errno
 */
int veth_generator_run(struct veth_generator *g, struct progress *p, double *seconds);

#endif
