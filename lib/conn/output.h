/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_CONN_OUTPUT_H
#define TG_CONN_OUTPUT_H
/**
 * @file
 * What a connection sends, and where it is put.
 */
#include <stdint.h>

#include <tidegate/pkt.h>

#include "emit.h"
#include "tcb.h"

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

/** How an attempt to send ended. */
enum tg_out_result {
	TG_OUT_DONE, /**< nothing left to send now */
	TG_OUT_MORE, /**< its share of this turn is used up */
	TG_OUT_FULL, /**< the outbox takes no more */
};

/**
 * Sends what a connection may and must send: RST, retransmission, data, FIN, probe, ACK; at most
 * 16 segments. The TCB may be freed (RST).
 */
enum tg_out_result tg_conn_output(
	struct tg_conns *cs, struct tg_tcb *t, struct tg_outbox *ob, tg_time now);

/**
 * Fills in the addresses of a packet that leaves without one to answer.
 *
 * @return the port it leaves by
 */
uint16_t tg_conn_address(const struct tg_conns *cs, const struct tg_tcb *t, struct tg_segment *s);

/**
 * Writes a pure ACK of the connection over a received packet.
 *
 * @return 0, or -ENOSPC: the packet's buffer is too small, the ACK is left to output
 */
int tg_conn_reply_ack(struct tg_conns *cs, struct tg_tcb *t, struct tg_pkt *pkt,
	const struct tg_frame *f, tg_time now);

#endif
