/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The SYN-ACK: see synack.h.
 */
#include <string.h>

#include "synack.h"

void
tg_synack_fill(struct tg_segment *s, const struct tg_synack *own, unsigned flags,
	const struct tg_port *port, uint32_t iss, uint32_t irs, uint32_t tsval, uint32_t ts_recent)
{
	s->seq = iss;
	s->ack = irs + 1;
	s->flags = TG_SYN | TG_ACK | (flags & TG_HALF_ECN ? TG_ECE : 0);
	s->wnd = own->wnd;
	s->tos = own->tos;
	s->ttl = own->ttl;
	s->ip_id = 0;
	s->opt.present = TG_OPT_MSS;
	s->opt.mss = (uint16_t)(port->mtu - (flags & TG_HALF_V6 ? 60 : 40));
	if (flags & TG_HALF_SACK)
		s->opt.present |= TG_OPT_SACK_OK;
	if (flags & TG_HALF_WSCALE) {
		s->opt.present |= TG_OPT_WSCALE;
		s->opt.wscale = own->wscale;
	}
	if (flags & TG_HALF_TS) {
		s->opt.present |= TG_OPT_TS;
		s->opt.tsval = tsval;
		s->opt.tsecr = ts_recent;
	}
}

uint16_t
tg_half_address(const struct tg_host *h, const struct tg_half *half, struct tg_segment *s)
{
	memcpy(s->dst.b, half->key.raddr, sizeof(s->dst.b));
	s->src = h->local[half->key.laddr].addr;
	s->sport = half->key.lport;
	s->dport = half->key.rport;
	return tg_path_l2(h, half->path, half->mac, &s->l2);
}
