/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The end of a connection: see close.h.
 */
#include <errno.h>

#include "close.h"
#include "data.h"
#include "event.h"
#include "sendq.h"
#include "synrcvd.h"

void
tg_conn_shutdown(struct tg_conns *cs, struct tg_tcb *t)
{
	if (t->flags & (TG_TCB_DEAD | TG_TCB_RST_WANTED | TG_TCB_FIN_WANTED))
		return;
	t->flags |= TG_TCB_FIN_WANTED;
	t->flags &= ~(uint32_t)TG_TCB_WANT_WRITE;
	tg_tcb_want_output(cs, t);
}

static void
let_go(struct tg_conns *cs, struct tg_tcb *t)
{
	tg_event_cancel(cs, t);
	t->flags |= TG_TCB_ORPHAN;
	t->flags2 &= (uint16_t) ~(TG_TCB2_KEEP | TG_TCB2_KEEP_PROBE);
	t->user = NULL;
}

/* Only the RST is left to send: no timer, no data, deaf to whatever arrives. */
static void
want_rst(struct tg_conns *cs, struct tg_tcb *t)
{
	if (t->state == TG_ESTABLISHED || t->state == TG_CLOSE_WAIT)
		tg_count(cs, TG_CNT_ESTAB_RESETS);
	tg_synrcvd_over(cs, t);
	if (t->snd_head != TG_NONE)
		tg_sendq_purge(cs, t);
	t->flags &= ~(uint32_t)(TG_TCB_T_REXMT | TG_TCB_T_DELACK | TG_TCB_T_IDLE |
		TG_TCB_REXMT_HEAD | TG_TCB_PROBE | TG_TCB_FIN_WANTED | TG_TCB_ACK_NOW);
	t->flags2 &= (uint16_t) ~(TG_TCB2_KEEP | TG_TCB2_KEEP_PROBE);
	t->flags |= TG_TCB_RST_WANTED;
	t->state = TG_CLOSED;
	tg_tcb_want_output(cs, t);
}

void
tg_conn_abort(struct tg_conns *cs, struct tg_tcb *t)
{
	let_go(cs, t);
	if (t->rcv_head != TG_NONE)
		tg_data_purge(cs, t);
	if (t->flags & TG_TCB_DEAD)
		tg_tcb_free(cs, t);
	else
		want_rst(cs, t);
}

void
tg_conn_reset(struct tg_conns *cs, struct tg_tcb *t, int error)
{
	if (t->flags & (TG_TCB_DEAD | TG_TCB_RST_WANTED))
		return;
	t->error = (int16_t)error;
	want_rst(cs, t);
}

void
tg_conn_close(struct tg_conns *cs, struct tg_tcb *t, tg_time now)
{
	if ((t->flags & (TG_TCB_DEAD | TG_TCB_RST_WANTED)) != 0 || t->rcv_bytes > 0) {
		if ((t->flags & (TG_TCB_DEAD | TG_TCB_RST_WANTED)) == 0)
			tg_count(cs, TG_CNT_ABORT_ON_CLOSE);
		tg_conn_abort(cs, t);
		return;
	}
	tg_conn_shutdown(cs, t);
	let_go(cs, t);
	tg_tcb_stop(t, TG_TCB_T_IDLE);
	if (t->state == TG_FIN_WAIT_2)
		tg_tcb_start(cs, t, TG_TCB_T_IDLE, cs->fin_timeout_ms, now);
}

bool
tg_conn_fin_acked(struct tg_conns *cs, struct tg_tcb *t, tg_time now)
{
	switch (t->state) {
	case TG_FIN_WAIT_1:
		t->state = TG_FIN_WAIT_2;
		if (t->flags & TG_TCB_ORPHAN)
			tg_tcb_start(cs, t, TG_TCB_T_IDLE, cs->fin_timeout_ms, now);
		return true;
	case TG_CLOSING:
		if (t->flags & TG_TCB_ACK_NOW) {
			/* The ACK of the peer's FIN has not left yet, and nobody else would send
			 * it. */
			t->state = TG_FIN_WAIT_2;
			t->flags |= TG_TCB_TIME_WAIT_WANTED;
			return true;
		}
		tg_conn_time_wait(cs, t, now);
		return false;
	case TG_LAST_ACK:
		tg_tcb_end(cs, t, 0);
		return false;
	default:
		return true;
	}
}

bool
tg_conn_fin_received(struct tg_conns *cs, struct tg_tcb *t)
{
	if (t->rcv_nxt++ == t->rcv_adv)
		t->rcv_adv++; /* a FIN needs no room, and what comes behind it is acceptable */
	t->flags |= TG_TCB_FIN_RCVD;
	tg_event_raise(cs, t, TG_EV_READ);
	switch (t->state) {
	case TG_ESTABLISHED:
		t->state = TG_CLOSE_WAIT;
		return false;
	case TG_FIN_WAIT_1:
		t->state = TG_CLOSING; /* had our FIN been acknowledged, we were in FIN_WAIT_2 */
		return false;
	default:
		return t->state == TG_FIN_WAIT_2;
	}
}

void
tg_conn_time_wait(struct tg_conns *cs, struct tg_tcb *t, tg_time now)
{
	unsigned shift = t->flags & TG_TCB_WSCALE ? cs->rcv_wscale : 0;
	uint32_t wnd = tg_data_window(cs, t) >> shift;
	struct tg_tw tw = {
		.key = t->key,
		.rcv_nxt = t->rcv_nxt,
		.snd_nxt = t->snd_max,
		.ts_recent = t->ts_recent,
		.ts_offset = t->ts_offset,
		.hash = t->hash,
		.rcv_wnd = (uint16_t)(wnd < UINT16_MAX ? wnd : UINT16_MAX),
		.ts = (t->flags & TG_TCB_TS) != 0,
	};

	if (cs->tw.wait_ms > 0) {
		tg_tw_enter(&cs->tw, cs->flow, cs->counters, &tw,
			tg_flow_value(TG_FLOW_CONN, tg_tcb_index(cs, t)), now);
		t->flags |= TG_TCB_NO_FLOW; /* the table names the TIME_WAIT entry now */
	}
	tg_tcb_end(cs, t, 0);
}
