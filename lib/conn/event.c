/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Events: see event.h.
 */
#include "event.h"

void
tg_event_raise(struct tg_conns *cs, struct tg_tcb *t, unsigned what)
{
	if ((t->flags & (TG_TCB_ACCEPTED | TG_TCB_ORPHAN)) != TG_TCB_ACCEPTED)
		return;
	t->event_mask |= (uint8_t)what;
	if ((t->flags & TG_TCB_IN_EVENTQ) == 0) {
		t->flags |= TG_TCB_IN_EVENTQ;
		tg_fifo_push(&cs->events[t->worker], &cs->tcb, TG_TCB_EVENT, tg_tcb_index(cs, t));
	}
}

void
tg_event_cancel(struct tg_conns *cs, struct tg_tcb *t)
{
	t->event_mask = 0;
	if (t->flags & TG_TCB_IN_EVENTQ) {
		t->flags &= ~(uint32_t)TG_TCB_IN_EVENTQ;
		tg_fifo_remove(&cs->events[t->worker], &cs->tcb, TG_TCB_EVENT, tg_tcb_index(cs, t));
	}
}

bool
tg_event_take(struct tg_conns *cs, unsigned worker, struct tg_event *ev)
{
	uint32_t idx = cs->events[worker].head;
	struct tg_tcb *t;

	if (idx == TG_NONE)
		return false;
	t = tg_tcb_at(cs, idx);
	ev->conn = tg_tcb_handle(cs, t);
	ev->listener = 0;
	ev->what = t->event_mask;
	ev->error = t->event_mask & TG_EV_CLOSED ? t->error : 0;
	ev->user = t->user;
	tg_event_cancel(cs, t);
	return true;
}

void
tg_event_accepted(struct tg_conns *cs, struct tg_tcb *t)
{
	t->flags |= TG_TCB_ACCEPTED;
	if (t->rcv_bytes > 0 || (t->flags & TG_TCB_FIN_RCVD) != 0)
		tg_event_raise(cs, t, TG_EV_READ);
	if ((t->flags & TG_TCB_DEAD) != 0 && t->error != 0)
		tg_event_raise(cs, t, TG_EV_CLOSED);
}
