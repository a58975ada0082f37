/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_SIM_LINK_H
#define TG_SIM_LINK_H
/**
 * @file
 * One direction of a wire: frames come out later, not at all, twice, out of order, damaged, or with
 * a mark of congestion.
 */
#include <tidegate/types.h>

#include "rng.h"

/** What the wire does, in thousandths of the frames. */
struct link_config {
	tg_time delay;
	uint32_t drop;
	uint32_t duplicate;
	uint32_t reorder; /**< held back for up to three more delays */
	uint32_t flip;    /**< one bit changed, anywhere behind the MAC addresses */
	uint32_t mark;    /**< of the ECN-capable ones: CE set, as a router would (RFC 3168 5) */
};

struct link_frame;

/** A wire. */
struct link {
	struct link_config cfg;
	struct rng rng;
	struct link_frame *heap; /**< by time, then by order of sending */
	unsigned n, cap;
	uint64_t count; /**< frames sent: breaks ties, so that order is kept */
	uint64_t dropped, duplicated, reordered, flipped, marked;
};

/** An empty wire. */
void link_init(struct link *l, const struct link_config *cfg, uint64_t seed);

/** Releases what is under way. */
void link_fini(struct link *l);

/** Sends a frame; the bytes are copied. */
void link_send(struct link *l, const uint8_t *frame, unsigned len, tg_time now);

/** When the next frame comes out, TG_TIME_NEVER when the wire is empty. */
tg_time link_next(const struct link *l);

/** Takes the next frame, to be freed; NULL when none has arrived. */
uint8_t *link_recv(struct link *l, tg_time now, unsigned *len);

#endif
