/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_CONN_CONGESTION_H
#define TG_CONN_CONGESTION_H
/**
 * @file
 * Congestion control: NewReno (RFC 5681, RFC 6582), initial window of RFC 6928, limited transmit
 * of RFC 3042, the sender's half of ECN (RFC 3168 6.1.2).
 */
#include "tcb.h"

/** The part of tg_cc_open() that follows from snd_una. */
static inline void
tg_cc_numbers(struct tg_tcb *t)
{
	t->recover = t->snd_una - 1;
	t->cut = t->snd_una; /* an echo means something once data is acknowledged */
}

/** Sets the initial window. @param lost  the SYN-ACK had to be sent again: one segment */
void tg_cc_open(struct tg_tcb *t, bool lost);

/** `acked` new bytes were acknowledged; snd_una has moved already. */
void tg_cc_acked(struct tg_tcb *t, uint32_t acked);

/** A duplicate ACK came. */
void tg_cc_dupack(struct tg_tcb *t);

/**
 * An ACK not older than snd_una has ECE set: cwnd is cut as for a loss, but once for a window of
 * data, whatever it was cut for, and nothing is sent again. To be called before snd_una moves.
 *
 * @param ack  its SEG.ACK
 */
void tg_cc_echo(struct tg_tcb *t, uint32_t ack);

/** The retransmission timer ran out. */
void tg_cc_timeout(struct tg_tcb *t);

/** Bytes that may be in flight by congestion control. */
static inline uint32_t
tg_cc_window(const struct tg_tcb *t)
{
	/*
	 * Limited transmit: the first two duplicate ACKs each let one more segment out. In recovery
	 * each has raised cwnd already.
	 */
	return t->dupacks < 3 && (t->flags & TG_TCB_RECOVERY) == 0
		? t->cwnd + t->dupacks * (uint32_t)t->snd_mss
		: t->cwnd;
}

#endif
