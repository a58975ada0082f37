/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What leaves without a packet to answer: SYN-ACKs by timer, then connections in turn.
 */
#include "engine_internal.h"

/* Connections that one call looks at besides those that get a packet: some have none after all. */
#define PASSED_OVER 64
/* Of the caller's room, so many parts are for connections before the first SYN-ACK by timer is. */
#define CONN_PARTS 3
#define PARTS      4

/* A SYN-ACK again, or the RST that tells a real client we gave up. */
static bool
send_half(struct tg_engine *e, struct tg_outbox *ob, uint32_t idx)
{
	struct tg_half *h = tg_half_at(&e->synq, idx);
	const struct tg_synack *own = &e->listeners.lsn[h->key.free_use].synack;
	struct tg_digest digest;
	struct tg_tuple tuple;
	struct tg_segment s;
	struct tg_pkt *pkt;

	if (tg_half_closing(e, h)) {
		tg_half_remove(e, idx);
		return true;
	}
	if (e->low && (h->flags & TG_HALF_GIVE_UP) == 0) {
		tg_engine_count(e, TG_CNT_SYNACK_LOW);
		tg_synq_sent(&e->synq, idx, e->now);
		return true;
	}
	pkt = tg_outbox_next(ob);
	if (pkt == NULL)
		return false;
	tg_key_tuple(e, &h->key, &tuple);
	/* Asked when nothing else is in the way: who waits for a buffer must not use up tokens. */
	if ((h->flags & TG_HALF_GIVE_UP) == 0 && !tg_synack_allowed(e, &tuple.remote.addr)) {
		tg_outbox_undo(ob);
		tg_synq_sent(&e->synq, idx, e->now); /* the next timeout tries again */
		return true;
	}
	pkt->port = tg_half_address(&e->host, h, &s);
	if (h->flags & TG_HALF_GIVE_UP) {
		s.seq = h->iss + 1;
		s.ack = h->irs + 1;
		s.flags = TG_RST | TG_ACK;
		s.wnd = 0;
		s.tos = own->tos;
		s.ttl = own->ttl;
		s.ip_id = 0;
		s.opt.present = 0;
		tg_engine_count(e, TG_CNT_OUT_RSTS);
	} else {
		h->flags |= TG_HALF_RESENT;
		tg_secret_digest(&e->secret, &tuple, &digest);
		tg_synack_fill(&s, own, h->flags, &e->host.port[pkt->port], h->iss, h->irs,
			digest.ts_offset + tg_ms_of(e->now), h->ts_recent);
		tg_engine_count(e, TG_CNT_SYN_RETRANS);
		tg_engine_count(e, TG_CNT_RETRANS_SEGS);
	}
	pkt->tailroom = (uint16_t)(pkt->tailroom - tg_emit_tcp_size(&s));
	tg_emit_tcp(pkt, &s, 0, 0, e->host.port[pkt->port].offload);
	tg_engine_count(e, TG_CNT_OUT_SEGS);
	if (h->flags & TG_HALF_GIVE_UP)
		tg_half_remove(e, idx);
	else
		tg_synq_sent(&e->synq, idx, e->now);
	return true;
}

/*
 * At most `room` packets for half-open entries. An entry whose prefix is over its rate, or that
 * must do without since buffers are short, leaves without a packet: *tries bounds those too.
 */
static void
output_half(struct tg_engine *e, struct tg_outbox *ob, unsigned room, unsigned *tries)
{
	unsigned end = ob->n + room < ob->cap ? ob->n + room : ob->cap;

	for (; *tries > 0 && ob->n < end && e->synq.resend.head != TG_NONE; --*tries)
		if (!send_half(e, ob, e->synq.resend.head))
			break;
}

static void
output_conns(struct tg_engine *e, struct tg_outbox *ob)
{
	struct tg_conns *cs = &e->conns;
	uint32_t turns = ob->cap + PASSED_OVER;

	if (turns > cs->out.count)
		turns = cs->out.count;

	/* Each connection gets one turn: those with more to send queue up again behind the rest. */
	while (turns-- > 0 && ob->n < ob->cap && !ob->starved) {
		uint32_t idx = tg_fifo_pop(&cs->out, &cs->tcb, TG_TCB_OUT);
		struct tg_tcb *t = tg_tcb_at(cs, idx);

		t->flags &= ~(uint32_t)TG_TCB_IN_OUTQ;
		if ((t->flags2 & TG_TCB2_SYNACK) != 0 && !tg_fastopen_output(e, ob, t))
			tg_tcb_want_output(cs, t);
		else if (tg_conn_output(cs, t, ob, e->now) != TG_OUT_DONE)
			tg_tcb_want_output(cs, t);
	}
}

unsigned
tg_engine_output(struct tg_engine *e, struct tg_pkt pkt[], unsigned cap, tg_time now)
{
	struct tg_outbox ob;
	unsigned tries = cap;

	e->now = now;
	if (e->synq.resend.head == TG_NONE && e->conns.out.head == TG_NONE)
		return 0;
	tg_outbox_open(&ob, pkt, cap, &e->cfg.env);
	/*
	 * After a flood a million entries may want their SYN-ACK again. They get a part of the room
	 * first, so that busy connections do not silence them, and then what connections leave.
	 */
	output_half(e, &ob, cap * (PARTS - CONN_PARTS) / PARTS, &tries);
	output_conns(e, &ob);
	output_half(e, &ob, cap, &tries);
	tg_outbox_close(&ob);
	if (ob.starved)
		tg_engine_count(e, TG_CNT_TX_NO_BUFFER);
	return ob.n;
}
