/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What only the engine's inside tells; see sock.h. The one file here that knows a TCB.
 */
#include <string.h>

#include "engine_internal.h"
#include "sock.h"

bool
pd_inside(const struct pd_stack *s, tg_conn c, struct pd_inside *in)
{
	const struct tg_tcb *t = s->rig.e != NULL ? tg_tcb_find(&s->rig.e->conns, c) : NULL;
	uint32_t sent;

	memset(in, 0, sizeof(*in));
	if (t == NULL)
		return false;
	sent = t->snd_max - t->snd_una;
	in->flight = sent;
	in->unsent = sent < t->snd_bytes ? t->snd_bytes - sent : 0;
	in->rttvar_us = t->rttvar_us4 / 4;
	in->rcv_mss = t->rcv_mss;
	in->own_mss = t->own_mss;
	in->backoff = t->backoff;
	in->fin = (t->flags & TG_TCB_FIN_RCVD) != 0;
	in->recovery = (t->flags & TG_TCB_RECOVERY) != 0;
	in->rto = (t->flags & TG_TCB_RTO_DONE) != 0;
	return true;
}

void
pd_inside_wscale(struct pd_stack *s, uint8_t shift)
{
	s->rig.e->conns.rcv_wscale = shift;
	s->rig.e->synack.wscale = shift;
}

void
pd_inside_mtu(struct pd_stack *s, uint16_t mtu)
{
	s->rig.e->host.port[0].mtu = mtu;
}

void
pd_inside_settings(struct pd_stack *s, const struct tg_engine_config *c)
{
	struct tg_engine_config *now = &s->rig.e->cfg;

	now->somaxconn = c->somaxconn;
	now->syncookies = c->syncookies;
	now->abort_on_overflow = c->abort_on_overflow;
	now->timestamps = c->timestamps;
	now->sack = c->sack;
	now->window_scaling = c->window_scaling;
	now->ecn = c->ecn;
}

uint32_t
pd_inside_peek(const struct pd_stack *s, tg_conn c, uint32_t off, void *buf, uint32_t len)
{
	const struct tg_tcb *t = tg_tcb_find(&s->rig.e->conns, c);
	uint32_t done = 0, skip;

	if (t == NULL)
		return 0;
	skip = t->rcv_off + off;
	for (uint32_t i = t->rcv_head; i != TG_NONE && done < len;) {
		const struct tg_seg *g = tg_seg_at(&s->rig.e->conns.segs, i);
		uint32_t from = skip < g->len ? skip : g->len, n = g->len - from;

		if (n > len - done)
			n = len - done;
		memcpy((uint8_t *)buf + done, g->data + from, n);
		done += n;
		skip -= from;
		i = g->next;
	}
	return done;
}
