/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The receive side: see data.h.
 */
#include <string.h>

#include "bytes.h"
#include "data.h"

/*
 * Payloads up to this size are copied behind the last queued segment when it has room: a peer that
 * sends single bytes would otherwise pin a 2 KiB buffer for each.
 */
#define COALESCE_MAX 256

/*
 * Each buffer may hold as little as COALESCE_MAX + 1 bytes; this many buffers at most are queued
 * for a receive buffer of `rcvbuf` bytes, plus a few so that tiny receive buffers work.
 */
static uint32_t
segs_max(const struct tg_conns *cs)
{
	uint32_t n = cs->rcvbuf / COALESCE_MAX + 16;

	return n < UINT16_MAX ? n : UINT16_MAX;
}

static void
append(struct tg_conns *cs, struct tg_tcb *t, uint32_t idx)
{
	if (t->rcv_tail != TG_NONE)
		tg_seg_at(&cs->segs, t->rcv_tail)->next = idx;
	else
		t->rcv_head = idx;
	t->rcv_tail = idx;
	t->rcv_segs++;
}

static bool
coalesce(
	struct tg_conns *cs, struct tg_tcb *t, const struct tg_pkt *pkt, uint32_t off, uint32_t len)
{
	struct tg_seg *g;

	if (len > COALESCE_MAX || t->rcv_tail == TG_NONE || pkt->len < off + len)
		return false;
	g = tg_seg_at(&cs->segs, t->rcv_tail);
	if (g->room < len)
		return false;
	memcpy(g->data + g->len, pkt->data + off, len);
	g->len = (uint16_t)(g->len + len);
	g->room = (uint16_t)(g->room - len);
	return true;
}

/* Bytes [off, off + len) of a packet become segments, one for each buffer of the chain. */
static bool
queue_buffers(
	struct tg_conns *cs, struct tg_tcb *t, const struct tg_pkt *pkt, uint32_t off, uint32_t len)
{
	unsigned buffers = 0;

	for (const struct tg_pkt *p = pkt; p != NULL; p = p->next)
		buffers++;
	if (buffers > cs->segs.pool.capacity - cs->segs.pool.used ||
		t->rcv_segs + buffers > segs_max(cs))
		return false;
	for (; pkt != NULL; pkt = pkt->next) {
		uint32_t skip = off < pkt->len ? off : pkt->len;
		uint32_t n = pkt->len - skip < len ? pkt->len - skip : len;

		off -= skip;
		len -= n;
		if (n == 0)
			cs->env.buf_free(cs->env.ctx, &pkt->buf, 1); /* headers or padding only */
		else
			append(cs, t,
				tg_seg_get(&cs->segs, pkt->buf, pkt->data + skip, (uint16_t)n,
					(uint16_t)(pkt->len - skip - n + pkt->tailroom)));
	}
	return true;
}

enum tg_data_verdict
tg_data_take(struct tg_conns *cs, struct tg_tcb *t, const struct tg_pkt *pkt,
	const struct tg_frame *f, uint32_t skip, uint32_t len)
{
	uint32_t off = f->payload_off + skip;
	enum tg_data_verdict verdict = TG_DATA_COPIED;

	if (!coalesce(cs, t, pkt, off, len)) {
		if (!queue_buffers(cs, t, pkt, off, len))
			return TG_DATA_FULL;
		verdict = TG_DATA_KEPT;
	}
	t->rcv_nxt += len;
	t->rcv_bytes += len;
	return verdict;
}

void
tg_data_ack_policy(struct tg_conns *cs, struct tg_tcb *t, uint32_t len, tg_time now)
{
	t->rcv_unacked += len;
	/* The peer's segment size is learnt from what it sends, within what we announced. */
	if (len > t->rcv_mss)
		t->rcv_mss = (uint16_t)(len < t->own_mss ? len : t->own_mss);
	if (t->quick > 0) {
		t->quick--;
		t->flags |= TG_TCB_ACK_NOW;
	} else if (t->rcv_unacked >= 2u * t->rcv_mss || cs->delayed_ack_ms == 0) {
		/* RFC 9293 3.8.6.3: at least every second full-sized segment. */
		t->flags |= TG_TCB_ACK_NOW;
	} else if ((t->flags & TG_TCB_T_DELACK) == 0) {
		tg_tcb_start(cs, t, TG_TCB_T_DELACK, cs->delayed_ack_ms, now);
	}
	if (t->flags & TG_TCB_ACK_NOW)
		tg_tcb_want_output(cs, t);
}

/* The largest window that the header's field can say and the connection's options allow. */
static uint32_t
window_max(const struct tg_conns *cs, const struct tg_tcb *t)
{
	uint32_t field = (uint32_t)UINT16_MAX << (t->flags & TG_TCB_WSCALE ? cs->rcv_wscale : 0);
	uint32_t clamp = tg_tcb_options(cs, t)->window;

	return field < clamp ? field : clamp;
}

uint32_t
tg_data_window(const struct tg_conns *cs, const struct tg_tcb *t)
{
	uint32_t most = window_max(cs, t), space = tg_data_space(cs, t);
	uint32_t offered = tg_seq_lt(t->rcv_nxt, t->rcv_adv) ? t->rcv_adv - t->rcv_nxt : 0;
	uint32_t half = (cs->rcvbuf < most ? cs->rcvbuf : most) / 2;
	uint32_t step = half < t->rcv_mss ? half : t->rcv_mss;

	if (space > most)
		space = most;
	/* The right edge moves by a worthwhile step or not at all, and never back (SHLD-14). */
	if (space < offered + step)
		return offered;
	return space;
}

uint32_t
tg_data_peek(const struct tg_conns *cs, const struct tg_tcb *t, const uint8_t **p)
{
	const struct tg_seg *g;

	if (t->rcv_bytes == 0)
		return 0;
	g = tg_seg_at(&cs->segs, t->rcv_head);
	*p = g->data + t->rcv_off;
	return (uint32_t)g->len - t->rcv_off;
}

uint32_t
tg_data_read(struct tg_conns *cs, struct tg_tcb *t, void *buf, uint32_t len)
{
	uint32_t idx = t->rcv_head, off = t->rcv_off, done = 0;

	while (idx != TG_NONE && done < len) {
		const struct tg_seg *g = tg_seg_at(&cs->segs, idx);
		uint32_t n = g->len - off < len - done ? g->len - off : len - done;

		memcpy((uint8_t *)buf + done, g->data + off, n);
		done += n;
		off = 0;
		idx = g->next;
	}
	if (done > 0)
		tg_data_consume(cs, t, done);
	return done;
}

void
tg_data_consume(struct tg_conns *cs, struct tg_tcb *t, uint32_t n)
{
	uint32_t offered, window, most = window_max(cs, t);

	t->rcv_segs = (uint16_t)(t->rcv_segs -
		tg_seg_drop(&cs->segs, &cs->env, &t->rcv_head, &t->rcv_tail, &t->rcv_off, n));
	t->rcv_bytes -= n;
	if (t->flags & (TG_TCB_DEAD | TG_TCB_FIN_RCVD))
		return;
	/* A window update is worth a packet when the window was nearly shut and is half open now.
	 */
	offered = t->rcv_adv - t->rcv_nxt;
	window = tg_data_window(cs, t);
	if (most > cs->rcvbuf)
		most = cs->rcvbuf;
	if (window >= offered + most / 2 || (offered < t->rcv_mss && window > offered)) {
		t->flags |= TG_TCB_ACK_NOW;
		tg_tcb_want_output(cs, t);
	}
}

void
tg_data_purge(struct tg_conns *cs, struct tg_tcb *t)
{
	if (t->rcv_head != TG_NONE)
		tg_seg_free_list(&cs->segs, &cs->env, t->rcv_head);
	t->rcv_head = TG_NONE;
	t->rcv_tail = TG_NONE;
	t->rcv_off = 0;
	t->rcv_segs = 0;
	t->rcv_bytes = 0;
}
