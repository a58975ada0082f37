/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_CONN_OUTPUT_H
#define TG_CONN_OUTPUT_H
/**
 * @file
 * What a connection sends.
 */
#include <stdint.h>

#include "outbox.h"
#include "tcb.h"

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
