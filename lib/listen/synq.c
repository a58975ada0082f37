/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The SYN queue: see synq.h.
 */
#include <string.h>

#include "synq.h"

#define LINK offsetof(struct tg_half, link)

/* Least distance of two answers to one entry in ms (RFC 5961 10 asks for a limit of ACKs). */
#define ANSWER_GAP 500
/* A step of tg_half.answered in the resend FIFO in ms; 255 of them span 5.1 s. */
#define RESEND_STEP 20

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

/*
 * One byte holds the time of the last answer, in steps after an origin; 0 is "no answer".
 *
 * Step 1 is ANSWER_GAP before the last SYN-ACK by timer (what was earlier no longer matters), step
 * 255 is behind the deadline: a step is 7 ms at a timeout of 1 s, 548 ms at 120 s. In the resend
 * FIFO retries may have been raised already, which hides when that SYN-ACK left, so the origin
 * hangs on the deadline there. Rounding is up, towards fewer answers.
 */
static uint32_t
step_of(const struct tg_synq *q, const struct tg_half *h)
{
	return h->flags & TG_HALF_RESEND ? RESEND_STEP : tg_synq_wait(q, h->retries) / 220 + 3;
}

static tg_ms
origin_of(const struct tg_synq *q, const struct tg_half *h)
{
	tg_ms base = h->flags & TG_HALF_RESEND ? h->deadline : tg_synq_sent_at(q, h);

	return base - ANSWER_GAP - step_of(q, h);
}

/* The time of the last answer; meaningless when there is none. */
static tg_ms
last_answer(const struct tg_synq *q, const struct tg_half *h)
{
	return origin_of(q, h) + h->answered * step_of(q, h);
}

static bool
answered_lately(const struct tg_synq *q, const struct tg_half *h, tg_ms now)
{
	return h->answered != 0 && (int32_t)(now - last_answer(q, h)) < ANSWER_GAP;
}

/* Steps from the origin to `at`, at least 1. */
static uint32_t
steps_to(const struct tg_synq *q, const struct tg_half *h, tg_ms at)
{
	uint32_t step = step_of(q, h), since = at - origin_of(q, h);

	return (int32_t)since <= 0 ? 1 : (since + step - 1) / step;
}

void
tg_synq_sent(struct tg_synq *q, uint32_t idx, tg_time now)
{
	struct tg_half *h = tg_half_at(q, idx);
	bool lately = answered_lately(q, h, tg_ms_of(now));
	tg_ms last = last_answer(q, h);

	if (h->flags & TG_HALF_RESEND) {
		tg_fifo_remove(&q->resend, &q->pool, LINK, idx);
		h->flags &= (uint16_t)~TG_HALF_RESEND;
	}
	h->deadline = tg_ms_after(now, tg_synq_wait(q, h->retries));
	/* 0 says "in no FIFO": a deadline that wraps to it comes 1 ms later. */
	if (h->deadline == 0)
		h->deadline = 1;
	/* An answer shortly before this SYN-ACK still counts. */
	h->answered = lately ? (uint8_t)steps_to(q, h, last) : 0;
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
		tg_ms last;

		if (idx == TG_NONE)
			continue;
		h = tg_half_at(q, idx);
		if (!tg_ms_due(h->deadline, now))
			continue;
		tg_fifo_remove(&q->wait[i], &q->pool, LINK, idx);
		last = last_answer(q, h);
		h->flags |= TG_HALF_RESEND;
		if (h->answered != 0) {
			uint32_t steps = steps_to(q, h, last);

			h->answered = (uint8_t)(steps < 255 ? steps : 255);
		}
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
	uint32_t steps;

	/* No SYN-ACK when one has just left, or is about to. */
	if (!ack &&
		((h->flags & TG_HALF_RESEND) != 0 ||
			(int32_t)(now - tg_synq_sent_at(q, h)) < ANSWER_GAP))
		return false;
	if (answered_lately(q, h, now))
		return false;
	/* An answer that cannot be noted is not given: the entry's timer is overdue by far. */
	steps = steps_to(q, h, now);
	if (steps > 255)
		return false;
	h->answered = (uint8_t)steps;
	return true;
}
