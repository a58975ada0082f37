/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_TABLE_FIFO_H
#define TG_TABLE_FIFO_H
/**
 * @file
 * An intrusive doubly linked FIFO over entries of a pool, linked by index: 8 bytes in the entry.
 *
 * Where every entry waits equally long, a FIFO is the timer queue: the head is the next to expire.
 */
#include <stdbool.h>
#include <stdint.h>

#include "pool.h"

/** The link inside an entry. Meaningless while the entry is in no FIFO. */
struct tg_link {
	uint32_t next;
	uint32_t prev;
};

/** A FIFO; the pool and the link's offset are named at each call, so one costs 12 bytes. */
struct tg_fifo {
	uint32_t head;
	uint32_t tail;
	uint32_t count;
};

static inline void
tg_fifo_init(struct tg_fifo *f)
{
	f->head = TG_NONE;
	f->tail = TG_NONE;
	f->count = 0;
}

static inline struct tg_link *
tg_fifo_link(const struct tg_pool *p, size_t off, uint32_t idx)
{
	return (struct tg_link *)((uint8_t *)tg_pool_at(p, idx) + off);
}

/** Appends idx. */
static inline void
tg_fifo_push(struct tg_fifo *f, const struct tg_pool *p, size_t off, uint32_t idx)
{
	struct tg_link *l = tg_fifo_link(p, off, idx);

	l->next = TG_NONE;
	l->prev = f->tail;
	if (f->tail != TG_NONE)
		tg_fifo_link(p, off, f->tail)->next = idx;
	else
		f->head = idx;
	f->tail = idx;
	f->count++;
}

/** Removes idx, which must be in f. */
static inline void
tg_fifo_remove(struct tg_fifo *f, const struct tg_pool *p, size_t off, uint32_t idx)
{
	struct tg_link *l = tg_fifo_link(p, off, idx);

	if (l->prev != TG_NONE)
		tg_fifo_link(p, off, l->prev)->next = l->next;
	else
		f->head = l->next;
	if (l->next != TG_NONE)
		tg_fifo_link(p, off, l->next)->prev = l->prev;
	else
		f->tail = l->prev;
	f->count--;
}

/** Takes the head: its index, or TG_NONE. */
static inline uint32_t
tg_fifo_pop(struct tg_fifo *f, const struct tg_pool *p, size_t off)
{
	uint32_t idx = f->head;

	if (idx != TG_NONE)
		tg_fifo_remove(f, p, off, idx);
	return idx;
}

#endif
