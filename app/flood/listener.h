/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FLOOD_LISTENER_H
#define FLOOD_LISTENER_H
/**
 * @file
 * tidegate in this process: a shard with the daemon's services echo and greet.
 */
#include "eal.h"
#include "result.h"
#include "services.h"

/** A listener. */
struct listener {
	struct tg_shard *shard;
	struct service *echo;
	struct service *greet;
};

/**
 * Makes a shard with one port, one address and both listeners, on o->mix.dport and the next.
 *
 * @param port  its number; @param mac its address; @param addr its IP address
 * @param err   SETUP_ERROR bytes
 * @return 0, or a negative errno with err filled
 */
int listener_open(struct listener *l, const struct flood_options *o, const struct flood_eal *e,
	uint16_t port, const uint8_t mac[6], const struct tg_addr *addr, char *err);

/** Writes its counters into a result. */
void listener_result(const struct listener *l, struct flood_result *r);

/** Ends it. */
void listener_close(struct listener *l);

#endif
