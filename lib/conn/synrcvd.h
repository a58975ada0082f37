/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_CONN_SYNRCVD_H
#define TG_CONN_SYNRCVD_H
/**
 * @file
 * A connection whose SYN-ACK is not acknowledged yet: TCP Fast Open (RFC 7413 4.2).
 *
 * Such a TCB has TG_TCB_SYN_RCVD. To its worker it is a connection like any other: data of the SYN
 * can be read, data and FIN can be sent, within the SYN's window and the initial congestion window.
 * Until the last ACK
 *
 *  - snd_una is ISS + 1 and snd_wl1 is IRS;
 *  - T_REXMT is the SYN-ACK's timer and nothing else is sent again (as Linux: whatever the peer
 *    got before the SYN-ACK, it has thrown away). Once it has run out nothing but the SYN-ACK is
 *    sent at all, and what was sent before goes out again behind the last ACK;
 *  - who counts such connections is told of their end by tg_conns.synrcvd_over.
 *
 * The SYN-ACK itself is the engine's to write: TG_TCB2_SYNACK says that one is due.
 */
#include <stdint.h>

#include "frame.h"
#include "tcb.h"
#include "tcpopt.h"

/** What a segment for such a connection asks for. */
enum tg_synrcvd_verdict {
	TG_SYNRCVD_SYNACK,    /**< the SYN again: send the SYN-ACK again */
	TG_SYNRCVD_SYN_RATE,  /**< the same, less than 500 ms after the last answer: drop */
	TG_SYNRCVD_PAWS,      /**< tg_conn_refuse(): an old timestamp */
	TG_SYNRCVD_WINDOW,    /**< tg_conn_refuse(): outside the window */
	TG_SYNRCVD_SYN,       /**< another SYN, in the window: RST, connection kept */
	TG_SYNRCVD_RST,       /**< acknowledges nothing we sent: RST, connection kept */
	TG_SYNRCVD_CHALLENGE, /**< the same after our FIN: tg_conn_challenge() */
	TG_SYNRCVD_RESET,     /**< an exact RST: tg_conn_segment() ends the connection */
	TG_SYNRCVD_LAST_ACK,  /**< tg_conn_segment() will acknowledge our SYN */
	TG_SYNRCVD_SEGMENT,   /**< anything else: tg_conn_segment() */
};

/**
 * Judges a segment, in the order of RFC 9293 3.10.7.4: sequence number, RST, SYN, ACK (and as
 * Linux judges it for Fast Open: an ordinary half-open entry looks at the ACK first).
 */
enum tg_synrcvd_verdict tg_synrcvd_segment(const struct tg_conns *cs, const struct tg_tcb *t,
	const struct tg_frame *f, const struct tg_tcpopt *opt, tg_time now);

/** Timeout in ms before SYN-ACK number `retries` + 2. */
uint32_t tg_synrcvd_wait(const struct tg_conns *cs, unsigned retries);

/**
 * A SYN-ACK leaves: what it acknowledges and offers is settled, and it is timed unless it was
 * sent before.
 *
 * @return its window field, never scaled
 */
uint16_t tg_synrcvd_sent(struct tg_conns *cs, struct tg_tcb *t, tg_time now);

/** T_REXMT has run out. The TCB may be ended. @return false when it was */
bool tg_synrcvd_fire(struct tg_conns *cs, struct tg_tcb *t, tg_time now);

/** A segment acknowledges our SYN: ESTABLISHED, or FIN_WAIT_1 when our FIN has left. */
void tg_synrcvd_acked(struct tg_conns *cs, struct tg_tcb *t, uint32_t ack, tg_time now);

/** tg_synrcvd_over() of one that is still waiting. */
void tg_synrcvd_end(struct tg_conns *cs, struct tg_tcb *t);

/** The connection is none of these any more, acknowledged or ended. */
static inline void
tg_synrcvd_over(struct tg_conns *cs, struct tg_tcb *t)
{
	if (t->flags & TG_TCB_SYN_RCVD)
		tg_synrcvd_end(cs, t);
}

#endif
