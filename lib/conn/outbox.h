/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_CONN_OUTBOX_H
#define TG_CONN_OUTBOX_H
/**
 * @file
 * Packets on their way out, and the buffers they are made of.
 */
#include <stdbool.h>

#include <tidegate/engine.h>

/** Buffers fetched from the environment in one call. */
#define TG_OUTBOX_GROUP 32

/** Packets on their way out: filled by one tg_engine_output(). */
struct tg_outbox {
	struct tg_pkt *pkt; /**< the caller's array */
	unsigned cap;
	unsigned n; /**< filled so far */
	const struct tg_env *env;
	struct tg_buf spare[TG_OUTBOX_GROUP]; /**< fetched and not yet used */
	unsigned spares;
	bool starved; /**< an allocation failed: no more in this call */
};

/** Starts an empty outbox. */
void tg_outbox_open(
	struct tg_outbox *ob, struct tg_pkt *pkt, unsigned cap, const struct tg_env *env);

/** Gives unused buffers back. */
void tg_outbox_close(struct tg_outbox *ob);

/**
 * The next packet to fill: data at the start of an empty buffer.
 *
 * @return NULL when cap is reached or no buffer can be had
 */
struct tg_pkt *tg_outbox_next(struct tg_outbox *ob);

/** Takes the packet of the last tg_outbox_next(), not used, back. */
void tg_outbox_undo(struct tg_outbox *ob);

#endif
