/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Deferred accept: see defer.h.
 */
#include "defer.h"

uint8_t
tg_defer_timeouts(uint32_t ms, uint32_t rto_ms)
{
	uint64_t wait = rto_ms, sum = rto_ms;
	uint8_t n = 1;

	if (ms == 0)
		return 0;
	for (; sum < ms && n < UINT8_MAX; n++) {
		wait = 2 * wait < TG_SYNACK_RTO_MAX ? 2 * wait : TG_SYNACK_RTO_MAX;
		sum += wait;
	}
	return n;
}

tg_ms
tg_defer_deadline(const struct tg_lsn *l, const struct tg_synq *q, const struct tg_half *h)
{
	return tg_synq_first_sent(q, h) + l->defer_accept_s * 1000u;
}

enum tg_defer
tg_defer_ack(const struct tg_lsn *l, const struct tg_synq *q, const struct tg_half *h,
	const struct tg_frame *f, tg_ms now)
{
	/* Behind a gap, the client has said something that was lost: as Linux, not bare. */
	if (l->defer_accept_s == 0 || !tg_is_bare_ack(f) || f->seq != h->irs + 1)
		return TG_DEFER_NO;
	switch (l->defer_mode) {
	case TG_DEFER_SILENT:
		/* Past its deadline it waits for room only, and an ACK may find some. */
		if ((h->flags & (TG_HALF_READY | TG_HALF_GIVE_UP)) != 0)
			return TG_DEFER_NO;
		if (h->flags & TG_HALF_DEFER)
			return TG_DEFER_NOTE;
		return tg_ms_due(tg_defer_deadline(l, q, h), now) ? TG_DEFER_NO : TG_DEFER_WAIT;
	case TG_DEFER_LINUX:
		return h->retries < l->defer_timeouts ? TG_DEFER_NOTE : TG_DEFER_NO;
	default:
		return h->retries < l->defer_timeouts ? TG_DEFER_FORGET : TG_DEFER_NO;
	}
}
