/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_CONN_EVENT_H
#define TG_CONN_EVENT_H
/**
 * @file
 * What a connection has to tell its worker. Pending conditions are merged into the TCB, so the
 * queue is a list of TCBs and cannot overflow.
 */
#include "tcb.h"

/** Adds conditions. Nothing is queued before a worker has accepted, or after it has closed. */
void tg_event_raise(struct tg_conns *cs, struct tg_tcb *t, unsigned what);

/** Takes the TCB out of its event queue. */
void tg_event_cancel(struct tg_conns *cs, struct tg_tcb *t);

/** Takes the oldest event of a worker. @return false when there is none */
bool tg_event_take(struct tg_conns *cs, unsigned worker, struct tg_event *ev);

/** What became true before the worker accepted: raised when it does. */
void tg_event_accepted(struct tg_conns *cs, struct tg_tcb *t);

#endif
