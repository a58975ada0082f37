/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FLOOD_TRAFFIC_H
#define FLOOD_TRAFFIC_H
/**
 * @file
 * From the command line and a set-up's addresses to a flood and to honest clients; and how many
 * flood frames are due at a moment.
 */
#include "honest.h"
#include "options.h"
#include "template.h"

/** How a set-up's generator reaches the listener. */
struct traffic_net {
	uint8_t dst_mac[6]; /**< the listener's, or its router's */
	uint8_t src_mac[6]; /**< the generator's */
	struct tg_addr dst; /**< the listener's; of the family of o->v6 */
};

/** Fills in the flood. @return 0, -EINVAL when flood_mix_init() refuses it */
int traffic_flood(
	const struct flood_options *o, const struct traffic_net *net, struct flood_mix *mix);

/**
 * Makes the honest clients. No client begins in the last second (in a run below two seconds: in
 * the second half), so that every one is decided while the flood goes on.
 *
 * @param out  NULL when the options want none
 * @return 0, -ENOMEM
 */
int traffic_clients(const struct flood_options *o, const struct traffic_net *net, tg_time start,
	struct honest **out);

/** A pace: fixed, growing, or none at all. */
struct pace {
	double rate;  /**< packets per second at the start; 0: as fast as possible; < 0: none */
	double slope; /**< by which it grows each second */
	tg_time start;
	tg_time end;
};

/** The pace of a run at `rate` (as in flood_result.wanted) from start on. */
struct pace pace_of(const struct flood_options *o, double rate, tg_time start);

/** Packets that should have been sent by now, UINT64_MAX: as many as go. */
uint64_t pace_due(const struct pace *p, tg_time now);

#endif
