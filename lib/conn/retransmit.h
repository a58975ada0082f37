/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_CONN_RETRANSMIT_H
#define TG_CONN_RETRANSMIT_H
/**
 * @file
 * The retransmission timer (RFC 6298) and the zero-window probe (RFC 9293 3.8.6.1), which share
 * TG_TCB_T_REXMT: data is either on its way or barred by the window.
 */
#include "tcb.h"

/** Initial RTO in ms (RFC 6298 2.1), the one after a lost SYN-ACK (5.7), and the cap (2.5). */
#define TG_RTO_INIT      1000
#define TG_RTO_INIT_LOST 3000
#define TG_RTO_MAX       120000

/** Takes an RTT sample in microseconds. */
void tg_rtt_sample(const struct tg_conns *cs, struct tg_tcb *t, uint32_t us);

/** Current timeout in ms, backoff included. */
uint32_t tg_rto(const struct tg_tcb *t);

/** Starts TG_TCB_T_REXMT with the current timeout, or what the user timeout leaves of it. */
void tg_rexmt_start(struct tg_conns *cs, struct tg_tcb *t, tg_time now);

/** TG_TCB_T_REXMT has run out. The TCB may be ended. @return false when it was */
bool tg_rexmt_fire(struct tg_conns *cs, struct tg_tcb *t, tg_time now);

/** After an acknowledgment: the timer runs on for what is still out, or stops. */
void tg_rexmt_acked(struct tg_conns *cs, struct tg_tcb *t, tg_time now);

#endif
