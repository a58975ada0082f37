/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Queued buffers: see segment.h.
 */
#include "segment.h"

/* Buffers are given back in groups of this many: one call for a full-sized send window's ACK. */
#define FREE_GROUP 32

int
tg_segs_init(struct tg_segs *s, const struct tg_mem *mem, uint32_t capacity)
{
	return tg_pool_init(
		&s->pool, mem, sizeof(struct tg_seg), capacity, offsetof(struct tg_seg, next));
}

void
tg_segs_fini(struct tg_segs *s, const struct tg_mem *mem)
{
	tg_pool_fini(&s->pool, mem);
}

uint32_t
tg_seg_get(struct tg_segs *s, void *buf, uint8_t *data, uint16_t len, uint16_t room)
{
	uint32_t idx = tg_pool_get(&s->pool);
	struct tg_seg *g;

	if (idx == TG_NONE)
		return TG_NONE;
	g = tg_seg_at(s, idx);
	g->buf = buf;
	g->data = data;
	g->next = TG_NONE;
	g->len = len;
	g->room = room;
	return idx;
}

void
tg_seg_free_list(struct tg_segs *s, const struct tg_env *env, uint32_t head)
{
	void *group[FREE_GROUP];
	unsigned n = 0;

	while (head != TG_NONE) {
		struct tg_seg *g = tg_seg_at(s, head);
		uint32_t next = g->next;

		group[n++] = g->buf;
		tg_pool_put(&s->pool, head);
		if (n == FREE_GROUP) {
			env->buf_free(env->ctx, group, n);
			n = 0;
		}
		head = next;
	}
	if (n > 0)
		env->buf_free(env->ctx, group, n);
}

unsigned
tg_seg_drop(struct tg_segs *s, const struct tg_env *env, uint32_t *head, uint32_t *tail,
	uint16_t *off, uint32_t n)
{
	uint32_t first = *head, idx = first, last = TG_NONE;
	unsigned dropped = 0;

	while (idx != TG_NONE) {
		struct tg_seg *g = tg_seg_at(s, idx);
		uint32_t left = (uint32_t)g->len - *off;

		if (n < left)
			break;
		n -= left;
		*off = 0;
		last = idx;
		idx = g->next;
		dropped++;
	}
	*off = (uint16_t)(*off + n);
	*head = idx;
	if (idx == TG_NONE)
		*tail = TG_NONE;
	if (dropped > 0) {
		tg_seg_at(s, last)->next = TG_NONE;
		tg_seg_free_list(s, env, first);
	}
	return dropped;
}
