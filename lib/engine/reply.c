/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Answers that belong to no connection.
 */
#include "engine_internal.h"

struct tg_verdict
tg_reply(struct tg_engine *e, struct tg_rx *rx, const struct tg_segment *s)
{
	if (tg_reply_write(&e->host, rx->pkt, s) != 0)
		return tg_verdict(TG_DROP, TG_DISP_DROP_NO_ROOM);
	tg_engine_count(e, TG_CNT_OUT_SEGS);
	if (s->flags & TG_RST)
		tg_engine_count(e, TG_CNT_OUT_RSTS);
	return tg_verdict(TG_REPLY, TG_DISP_ANSWERED);
}

struct tg_verdict
tg_reply_rst(struct tg_engine *e, struct tg_rx *rx)
{
	if (!tg_rst_take(e))
		return tg_verdict(TG_DROP, TG_DISP_DROP_RST_LIMIT);
	return tg_reply_rst_taken(e, rx);
}

struct tg_verdict
tg_reply_rst_taken(struct tg_engine *e, struct tg_rx *rx)
{
	const struct tg_frame *f = &rx->f;
	struct tg_segment s;

	tg_reply_init(&e->host, f, &s);
	if (f->flags & TG_ACK) {
		s.seq = f->ack;
		s.flags = TG_RST;
	} else {
		s.ack = f->seq + f->payload_len + ((f->flags & TG_SYN) != 0) +
			((f->flags & TG_FIN) != 0);
		s.flags = TG_RST | TG_ACK;
	}
	return tg_reply(e, rx, &s);
}
