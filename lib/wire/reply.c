/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Answers written over the packet they answer: see host.h.
 */
#include <errno.h>
#include <string.h>

#include "host.h"

void
tg_reply_init(const struct tg_host *h, const struct tg_frame *f, struct tg_segment *s)
{
	s->answers = f;
	s->seq = 0;
	s->ack = 0;
	s->flags = 0;
	s->wnd = 0;
	s->tos = h->tos;
	s->ttl = h->ttl;
	s->ip_id = 0;
	s->opt.present = 0;
}

int
tg_reply_write(const struct tg_host *h, struct tg_pkt *pkt, const struct tg_segment *s)
{
	const struct tg_port *port = &h->port[pkt->port];
	unsigned size = tg_emit_answer_size(s->answers, s);

	if (size > (unsigned)pkt->len + pkt->tailroom)
		return -ENOSPC;
	pkt->tailroom = (uint16_t)(pkt->len + pkt->tailroom - size);
	pkt->next = NULL;
	tg_emit_answer(pkt, s->answers, s, port->mac, port->offload);
	return 0;
}
