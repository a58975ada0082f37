/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_CONN_CLOSE_H
#define TG_CONN_CLOSE_H
/**
 * @file
 * The ways a connection ends: FIN from either side, close, abort, reset.
 */
#include "tcb.h"

/** Our FIN after what is queued. Nothing happens when it was asked for before. */
void tg_conn_shutdown(struct tg_conns *cs, struct tg_tcb *t);

/** The worker lets go of its handle: orderly, or RST when unread bytes would be lost. */
void tg_conn_close(struct tg_conns *cs, struct tg_tcb *t, tg_time now);

/** RST at the next output, then gone; the handle is stale at once. */
void tg_conn_abort(struct tg_conns *cs, struct tg_tcb *t);

/** RST at the next output; the worker is told by TG_EV_CLOSED with this error. */
void tg_conn_reset(struct tg_conns *cs, struct tg_tcb *t, int error);

/** Our FIN has been acknowledged. @return false when the TCB has left the wire */
bool tg_conn_fin_acked(struct tg_conns *cs, struct tg_tcb *t, tg_time now);

/**
 * The peer's FIN is in sequence: rcv_nxt moves over it, state follows; TG_EV_READ.
 *
 * @return true when the connection is ready for TIME_WAIT: acknowledge, then call
 *         tg_conn_time_wait()
 */
bool tg_conn_fin_received(struct tg_conns *cs, struct tg_tcb *t);

/** Hands what is left over to the TIME_WAIT table; the TCB leaves the wire. */
void tg_conn_time_wait(struct tg_conns *cs, struct tg_tcb *t, tg_time now);

#endif
