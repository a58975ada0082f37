/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_CONN_SENDQ_H
#define TG_CONN_SENDQ_H
/**
 * @file
 * The send queue: bytes from snd_una on, in buffers of their own.
 *
 * A segment is sent by copying its bytes into a fresh buffer behind the headers, summing them on
 * the way. So any range can be sent again at any time, whatever the port still holds of an earlier
 * copy (docs/decisions/0003-copy-on-send.md).
 */
#include <stdint.h>

#include "tcb.h"

/** Appends up to len bytes within sndbuf. @return bytes taken, may be 0 */
uint32_t tg_sendq_append(struct tg_conns *cs, struct tg_tcb *t, const void *buf, uint32_t len);

/** Releases n bytes at the front: they are acknowledged. snd_una is the caller's to move. */
void tg_sendq_acked(struct tg_conns *cs, struct tg_tcb *t, uint32_t n);

/** Puts the cursor to the front: snd_nxt has fallen back to snd_una. */
void tg_sendq_rewind(struct tg_tcb *t);

/**
 * Copies len bytes from the cursor (or the front) to dst. The cursor does not move.
 *
 * @param front  from snd_una instead of snd_nxt
 * @param sum    NULL, or set to the unfolded checksum of the bytes
 */
void tg_sendq_copy(const struct tg_conns *cs, const struct tg_tcb *t, bool front, uint8_t *dst,
	uint32_t len, uint64_t *sum);

/** Moves the cursor n bytes on. */
void tg_sendq_advance(const struct tg_conns *cs, struct tg_tcb *t, uint32_t n);

/** Releases everything. */
void tg_sendq_purge(struct tg_conns *cs, struct tg_tcb *t);

#endif
