/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The SYN queue: see synq.h.
 */
#include <string.h>

#include "synq.h"

#define LINK offsetof(struct tg_half, link)

/* Least distance of two SYN-ACKs to one entry that answer repeated SYNs, in ms. */
#define ANSWER_GAP 500

int
tg_synq_init(struct tg_synq *q, const struct tg_mem *mem, uint32_t capacity, uint32_t rto_ms)
{
	q->rto_ms = rto_ms;
	for (unsigned i = 0; i < TG_SYNQ_LEVELS; i++)
		tg_fifo_init(&q->wait[i]);
	tg_fifo_init(&q->resend);
	return tg_pool_init(&q->pool, mem, sizeof(struct tg_half), capacity, LINK);
}

void
tg_synq_fini(struct tg_synq *q, const struct tg_mem *mem)
{
	tg_pool_fini(&q->pool, mem);
}

static unsigned
level_of(uint8_t retries)
{
	return retries < TG_SYNQ_LEVELS ? retries : TG_SYNQ_LEVELS - 1;
}

uint32_t
tg_synq_wait(const struct tg_synq *q, uint8_t retries)
{
	uint64_t wait = (uint64_t)q->rto_ms << level_of(retries);

	return wait < TG_SYNACK_RTO_MAX ? (uint32_t)wait : TG_SYNACK_RTO_MAX;
}

uint32_t
tg_synq_get(struct tg_synq *q)
{
	uint32_t idx = tg_pool_get(&q->pool);

	if (idx != TG_NONE)
		memset(tg_half_at(q, idx), 0, sizeof(struct tg_half));
	return idx;
}

static void
unlink_entry(struct tg_synq *q, struct tg_half *h, uint32_t idx)
{
	if (h->flags & TG_HALF_RESEND)
		tg_fifo_remove(&q->resend, &q->pool, LINK, idx);
	else if (h->deadline != 0)
		tg_fifo_remove(&q->wait[level_of(h->retries)], &q->pool, LINK, idx);
}

void
tg_synq_sent(struct tg_synq *q, uint32_t idx, tg_time now)
{
	struct tg_half *h = tg_half_at(q, idx);

	if (h->flags & TG_HALF_RESEND) {
		tg_fifo_remove(&q->resend, &q->pool, LINK, idx);
		h->flags &= (uint16_t)~TG_HALF_RESEND;
	}
	h->deadline = tg_ms_after(now, tg_synq_wait(q, h->retries));
	/* 0 says "in no FIFO": a deadline that wraps to it comes 1 ms later. */
	if (h->deadline == 0)
		h->deadline = 1;
	h->answered = 0;
	tg_fifo_push(&q->wait[level_of(h->retries)], &q->pool, LINK, idx);
}

void
tg_synq_put(struct tg_synq *q, uint32_t idx)
{
	unlink_entry(q, tg_half_at(q, idx), idx);
	tg_half_at(q, idx)->key.lport = 0;
	tg_pool_put(&q->pool, idx);
}

uint32_t
tg_synq_expired(struct tg_synq *q, tg_ms now)
{
	for (unsigned i = 0; i < TG_SYNQ_LEVELS; i++) {
		uint32_t idx = q->wait[i].head;
		struct tg_half *h;

		if (idx == TG_NONE)
			continue;
		h = tg_half_at(q, idx);
		if (!tg_ms_due(h->deadline, now))
			continue;
		tg_fifo_remove(&q->wait[i], &q->pool, LINK, idx);
		h->flags |= TG_HALF_RESEND;
		tg_fifo_push(&q->resend, &q->pool, LINK, idx);
		return idx;
	}
	return TG_NONE;
}

bool
tg_synq_next(const struct tg_synq *q, tg_ms *when)
{
	bool found = false;

	for (unsigned i = 0; i < TG_SYNQ_LEVELS; i++) {
		const struct tg_half *h;

		if (q->wait[i].head == TG_NONE)
			continue;
		h = tg_half_at(q, q->wait[i].head);
		if (!found || tg_ms_before(h->deadline, *when))
			*when = h->deadline;
		found = true;
	}
	return found;
}

tg_ms
tg_synq_sent_at(const struct tg_synq *q, const struct tg_half *h)
{
	return h->deadline - tg_synq_wait(q, h->retries);
}

bool
tg_synq_may_answer(const struct tg_synq *q, struct tg_half *h, tg_ms now, bool ack)
{
	/*
	 * One byte holds the time of the last answer: 200 steps span the timeout, so a step is
	 * 5 ms at 1 s and 600 ms at 120 s. Rounding up errs towards fewer answers.
	 */
	uint32_t step = tg_synq_wait(q, h->retries) / 200 + 1;
	uint32_t since = now - tg_synq_sent_at(q, h);

	if (!ack && ((h->flags & TG_HALF_RESEND) != 0 || (int32_t)since < ANSWER_GAP))
		return false; /* a SYN-ACK just left, or is about to */
	if (h->answered != 0 && (int32_t)(since - h->answered * step) < ANSWER_GAP)
		return false;
	since = (int32_t)since <= 0 ? 1 : (since + step - 1) / step;
	h->answered = (uint8_t)(since < 255 ? since : 255);
	return true;
}
