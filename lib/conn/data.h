/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_CONN_DATA_H
#define TG_CONN_DATA_H
/**
 * @file
 * The receive side: in-order data, the receive queue, the window we offer, when to acknowledge.
 */
#include <stdint.h>

#include <tidegate/pkt.h>

#include "bytes.h"
#include "frame.h"
#include "tcb.h"

/** What became of a segment's payload. */
enum tg_data_verdict {
	TG_DATA_KEPT,   /**< queued in its own buffer, which is the engine's now */
	TG_DATA_COPIED, /**< queued, but the packet's buffer is still the caller's */
	TG_DATA_FULL,   /**< nothing taken: no segment descriptor, or too many small buffers */
};

/**
 * Queues payload bytes [skip, skip + len) of a packet: the next ones in sequence, inside the
 * window. Advances rcv_nxt. All or nothing.
 */
enum tg_data_verdict tg_data_take(struct tg_conns *cs, struct tg_tcb *t, const struct tg_pkt *pkt,
	const struct tg_frame *f, uint32_t skip, uint32_t len);

/** Marks bytes as owed an acknowledgment: at once, or within the delayed-ACK time. */
void tg_data_ack_policy(struct tg_conns *cs, struct tg_tcb *t, uint32_t len, tg_time now);

/** Bytes that the receive buffer takes besides those in it. */
static inline uint32_t
tg_data_space(const struct tg_conns *cs, const struct tg_tcb *t)
{
	return t->rcv_bytes < cs->rcvbuf ? cs->rcvbuf - t->rcv_bytes : 0;
}

/** The largest window that the header's field can say and the connection's options allow. */
static inline uint32_t
tg_data_window_max(const struct tg_conns *cs, const struct tg_tcb *t)
{
	uint32_t field = (uint32_t)UINT16_MAX << (t->flags & TG_TCB_WSCALE ? cs->rcv_wscale : 0);
	uint32_t clamp = tg_tcb_options(cs, t)->window;

	return field < clamp ? field : clamp;
}

/** The receive window in bytes that may be offered now: SWS avoidance of RFC 9293 3.8.6.2.2. */
static inline uint32_t
tg_data_window(const struct tg_conns *cs, const struct tg_tcb *t)
{
	uint32_t most = tg_data_window_max(cs, t), space = tg_data_space(cs, t);
	uint32_t offered = tg_seq_lt(t->rcv_nxt, t->rcv_adv) ? t->rcv_adv - t->rcv_nxt : 0;
	uint32_t half = (cs->rcvbuf < most ? cs->rcvbuf : most) / 2;
	uint32_t step = half < t->rcv_mss ? half : t->rcv_mss;

	if (space > most)
		space = most;
	/* The right edge moves by a worthwhile step or not at all, and never back (SHLD-14). */
	if (space < offered + step)
		return offered;
	return space;
}

/** Reads into buf. @return bytes, may be 0 */
uint32_t tg_data_read(struct tg_conns *cs, struct tg_tcb *t, void *buf, uint32_t len);

/** First contiguous unread bytes. @return their number, may be 0 */
uint32_t tg_data_peek(const struct tg_conns *cs, const struct tg_tcb *t, const uint8_t **p);

/** Drops n bytes from the front, n at most rcv_bytes; offers the window again when worth it. */
void tg_data_consume(struct tg_conns *cs, struct tg_tcb *t, uint32_t n);

/** Releases the whole receive queue. */
void tg_data_purge(struct tg_conns *cs, struct tg_tcb *t);

#endif
