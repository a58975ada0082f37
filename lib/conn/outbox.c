/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets to be sent, and the buffers they are made of: see outbox.h.
 */
#include "outbox.h"

#include <string.h>

/* Buffers between the prefetch of one and its turn. */
#define AHEAD 4

void
tg_outbox_open(struct tg_outbox *ob, struct tg_pkt *pkt, unsigned cap, const struct tg_env *env)
{
	ob->pkt = pkt;
	ob->cap = cap;
	ob->n = 0;
	ob->env = env;
	ob->spares = 0;
	ob->starved = false;
}

void
tg_outbox_close(struct tg_outbox *ob)
{
	void *group[TG_OUTBOX_GROUP];

	for (unsigned i = 0; i < ob->spares; i++)
		group[i] = ob->spare[i].buf;
	if (ob->spares > 0)
		ob->env->buf_free(ob->env->ctx, group, ob->spares);
	ob->spares = 0;
}

/*
 * Headers are written, and partly read again for checksums, sooner than memory answers. All of a
 * group at once are more lines than a core can wait for: it stands still until they have come.
 */
static inline void
fetch(const struct tg_buf *b)
{
	__builtin_prefetch(b->base, 1);
	__builtin_prefetch(b->base + 64, 1);
}

/*
 * One buffer first, then groups: a lone ACK, the usual case, fetches one; a window of data 32 at
 * a time.
 */
static bool
refill(struct tg_outbox *ob)
{
	unsigned left = ob->cap - ob->n;
	unsigned want = ob->n == 0 ? 1 : left < TG_OUTBOX_GROUP ? left : TG_OUTBOX_GROUP;

	if (ob->starved)
		return false;
	ob->spares = ob->env->buf_alloc(ob->env->ctx, ob->spare, want);
	if (ob->spares == 0 && want > 1)
		ob->spares = ob->env->buf_alloc(ob->env->ctx, ob->spare, 1);
	ob->starved = ob->spares == 0;
	for (unsigned i = 0; i < ob->spares && i < AHEAD; i++)
		fetch(&ob->spare[ob->spares - 1 - i]);
	return !ob->starved;
}

struct tg_pkt *
tg_outbox_next(struct tg_outbox *ob)
{
	const struct tg_buf *b;
	struct tg_pkt *pkt;

	if (ob->n == ob->cap || (ob->spares == 0 && !refill(ob)))
		return NULL;
	b = &ob->spare[--ob->spares];
	if (ob->spares >= AHEAD)
		fetch(b - AHEAD);
	pkt = &ob->pkt[ob->n++];
	memset(pkt, 0, sizeof(*pkt));
	pkt->buf = b->buf;
	pkt->data = b->base;
	pkt->tailroom = (uint16_t)(b->size < UINT16_MAX ? b->size : UINT16_MAX);
	return pkt;
}

void
tg_outbox_undo(struct tg_outbox *ob)
{
	/* What it was made of still stands in the array of spares. */
	ob->n--;
	ob->spares++;
}
