/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_CONN_SEGMENT_H
#define TG_CONN_SEGMENT_H
/**
 * @file
 * Buffers held in send and receive queues: a descriptor each, from a fixed pool.
 */
#include <stdint.h>

#include <tidegate/engine.h>

#include "pool.h"

/** A buffer in a queue. */
struct tg_seg {
	void *buf;     /**< the owner's buffer */
	uint8_t *data; /**< first byte of payload */
	uint32_t next; /**< next in the queue, or TG_NONE */
	uint16_t len;  /**< bytes of payload */
	uint16_t room; /**< writable bytes behind them */
};

/** The descriptors. */
struct tg_segs {
	struct tg_pool pool;
};

static inline struct tg_seg *
tg_seg_at(const struct tg_segs *s, uint32_t idx)
{
	return tg_pool_at(&s->pool, idx);
}

/** Sizes the pool. @return 0 or -ENOMEM */
int tg_segs_init(struct tg_segs *s, const struct tg_mem *mem, uint32_t capacity);

/** Gives the memory back; no segment may be in use. */
void tg_segs_fini(struct tg_segs *s, const struct tg_mem *mem);

/** A descriptor for a buffer. @return its index, TG_NONE when the pool is empty */
uint32_t tg_seg_get(struct tg_segs *s, void *buf, uint8_t *data, uint16_t len, uint16_t room);

/** Releases a list of segments and their buffers, in bulk. */
void tg_seg_free_list(struct tg_segs *s, const struct tg_env *env, uint32_t head);

/**
 * Releases the first segments of a queue that `n` bytes use up.
 *
 * @param head, off  of the queue: moved on
 * @param tail       set to TG_NONE when the queue becomes empty
 * @return segments released
 */
unsigned tg_seg_drop(struct tg_segs *s, const struct tg_env *env, uint32_t *head, uint32_t *tail,
	uint16_t *off, uint32_t n);

#endif
