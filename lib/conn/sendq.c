/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The send queue: see sendq.h.
 */
#include <string.h>

#include "csum.h"
#include "sendq.h"

/* Puts bytes behind those of the last segment. */
static uint32_t
fill_tail(struct tg_conns *cs, struct tg_tcb *t, const uint8_t *buf, uint32_t len)
{
	struct tg_seg *g;
	uint32_t n;

	if (t->snd_tail == TG_NONE)
		return 0;
	g = tg_seg_at(&cs->segs, t->snd_tail);
	n = g->room < len ? g->room : len;
	if (n == 0)
		return 0;
	if (t->snd_cur == TG_NONE) {
		t->snd_cur = t->snd_tail;
		t->snd_cur_off = g->len;
	}
	memcpy(g->data + g->len, buf, n);
	g->len = (uint16_t)(g->len + n);
	g->room = (uint16_t)(g->room - n);
	return n;
}

static bool
add_tail(struct tg_conns *cs, struct tg_tcb *t)
{
	struct tg_buf b;
	uint32_t idx;

	if (cs->segs.pool.used == cs->segs.pool.capacity ||
		cs->env.buf_alloc(cs->env.ctx, &b, 1) != 1)
		return false;
	idx = tg_seg_get(
		&cs->segs, b.buf, b.base, 0, (uint16_t)(b.size < UINT16_MAX ? b.size : UINT16_MAX));
	if (t->snd_tail != TG_NONE)
		tg_seg_at(&cs->segs, t->snd_tail)->next = idx;
	else
		t->snd_head = idx;
	t->snd_tail = idx;
	return true;
}

uint32_t
tg_sendq_append(struct tg_conns *cs, struct tg_tcb *t, const void *buf, uint32_t len)
{
	uint32_t space = t->snd_bytes < cs->sndbuf ? cs->sndbuf - t->snd_bytes : 0;
	uint32_t want = len < space ? len : space, done = 0;

	while (done < want) {
		uint32_t n = fill_tail(cs, t, (const uint8_t *)buf + done, want - done);

		if (n == 0 && !add_tail(cs, t))
			break;
		done += n;
	}
	t->snd_bytes += done;
	return done;
}

void
tg_sendq_rewind(struct tg_tcb *t)
{
	t->snd_cur = t->snd_bytes > 0 ? t->snd_head : TG_NONE;
	t->snd_cur_off = t->snd_off;
}

void
tg_sendq_acked(struct tg_conns *cs, struct tg_tcb *t, uint32_t n)
{
	tg_seg_drop(&cs->segs, &cs->env, &t->snd_head, &t->snd_tail, &t->snd_off, n);
	t->snd_bytes -= n;
}

void
tg_sendq_copy(const struct tg_conns *cs, const struct tg_tcb *t, bool front, uint8_t *dst,
	uint32_t len, uint64_t *sum)
{
	uint32_t idx = front ? t->snd_head : t->snd_cur;
	uint32_t off = front ? t->snd_off : t->snd_cur_off;
	const struct tg_seg *g = tg_seg_at(&cs->segs, idx);

	if (sum != NULL && (uint32_t)g->len - off >= len) {
		*sum = tg_csum_copy(0, dst, g->data + off, len);
		return;
	}
	for (uint32_t done = 0; done < len;) {
		uint32_t n;

		g = tg_seg_at(&cs->segs, idx);
		n = g->len - off < len - done ? g->len - off : len - done;
		memcpy(dst + done, g->data + off, n);
		done += n;
		off = 0;
		idx = g->next;
	}
	/* Pieces of odd length shift the words of what follows: sum the whole once it lies there.
	 */
	if (sum != NULL)
		*sum = tg_csum_add(0, dst, len);
}

void
tg_sendq_advance(const struct tg_conns *cs, struct tg_tcb *t, uint32_t n)
{
	uint32_t off = t->snd_cur_off + n;

	while (t->snd_cur != TG_NONE) {
		const struct tg_seg *g = tg_seg_at(&cs->segs, t->snd_cur);

		if (off < g->len)
			break;
		off -= g->len;
		t->snd_cur = g->next;
	}
	t->snd_cur_off = (uint16_t)off;
}

void
tg_sendq_purge(struct tg_conns *cs, struct tg_tcb *t)
{
	if (t->snd_head != TG_NONE)
		tg_seg_free_list(&cs->segs, &cs->env, t->snd_head);
	t->snd_head = TG_NONE;
	t->snd_tail = TG_NONE;
	t->snd_cur = TG_NONE;
	t->snd_off = 0;
	t->snd_cur_off = 0;
	t->snd_bytes = 0;
}
