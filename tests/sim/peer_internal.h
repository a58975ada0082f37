/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_SIM_PEER_INTERNAL_H
#define TG_SIM_PEER_INTERNAL_H
/**
 * @file
 * What the two halves of the model client know of each other.
 */
#include "peer.h"

/** Position of our FIN. */
uint64_t peer_fin(const struct peer *p);

/** Whether there is something to send at a position, windows apart. */
bool peer_may_send(const struct peer *p, uint64_t at);

/** Sends what the windows allow. */
void peer_send(struct peer *p, tg_time now);

/** Sends a bare ACK. */
void peer_ack(struct peer *p, tg_time now);

/** An RTT sample. */
void peer_rtt(struct peer *p, tg_time r);

/** Starts the retransmission timer anew, or stops it when nothing is out. */
void peer_timer_restart(struct peer *p, tg_time now);

#endif
