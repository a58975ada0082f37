/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_CONN_ACK_H
#define TG_CONN_ACK_H
/**
 * @file
 * The acknowledgment in a segment: what it frees, what it says about the peer's window.
 */
#include "frame.h"
#include "tcb.h"
#include "tcpopt.h"

/** What the ACK field turned out to be. */
enum tg_ack_verdict {
	TG_ACK_OK,     /**< new, duplicate or old, but possible: go on with the segment */
	TG_ACK_FUTURE, /**< acknowledges what was never sent (or is older than any window) */
};

/**
 * Processes SEG.ACK and SEG.WND of an acceptable segment (RFC 9293 3.10.7.4 fifth, RFC 5961 5.2):
 * send queue, RTT, congestion window, retransmission timer, window update, TG_EV_WRITE.
 *
 * @param opt        its options: the echoed timestamp
 * @param fin_acked  set when our FIN is acknowledged by it for the first time
 */
enum tg_ack_verdict tg_ack_process(struct tg_conns *cs, struct tg_tcb *t, const struct tg_frame *f,
	const struct tg_tcpopt *opt, tg_time now, bool *fin_acked);

#endif
