/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The SYN queue: see synq.h.
 */
#include <string.h>

#include "synq.h"

#define LINK offsetof(struct tg_half, timer.link)

/* Least distance of two answers to one entry in ms (RFC 5961 10 asks for a limit of ACKs). */
#define ANSWER_GAP 500
/* A step of tg_half.answered in the resend FIFO in ms; 255 of them span 5.1 s. */
#define RESEND_STEP 20
/*
 * The same outside the SYN-ACK timeouts, where it counts from no origin at all: 128 steps of 32 ms,
 * again every 4.1 s. Powers of two, so that nothing happens where 32-bit milliseconds wrap.
 */
#define FREE_SHIFT 5
#define FREE_MASK  127u

int
tg_synq_init(
	struct tg_synq *q, const struct tg_mem *mem, uint32_t capacity, uint32_t rto_ms, tg_ms now)
{
	q->rto_ms = rto_ms;
	for (unsigned i = 0; i < TG_SYNQ_LEVELS; i++)
		tg_fifo_init(&q->wait[i]);
	tg_fifo_init(&q->resend);
	tg_wheel_init(&q->deferred, &q->pool, offsetof(struct tg_half, timer), now);
	for (unsigned i = 0; i < TG_LISTENERS_MAX; i++)
		tg_fifo_init(&q->ready[i]);
	memset(q->ready_map, 0, sizeof(q->ready_map));
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

uint64_t
tg_synq_span(const struct tg_synq *q, uint8_t retries)
{
	uint64_t sum = 0;
	unsigned i;

	for (i = 0; i <= retries && i < TG_SYNQ_LEVELS; i++)
		sum += tg_synq_wait(q, (uint8_t)i);
	return sum + (uint64_t)(retries + 1 - i) * tg_synq_wait(q, retries);
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
	unsigned lsn = h->key.free_use;

	if (h->flags & TG_HALF_RESEND) {
		tg_fifo_remove(&q->resend, &q->pool, LINK, idx);
	} else if (h->flags & TG_HALF_DEFER) {
		tg_wheel_cancel(&q->deferred, idx);
	} else if (h->flags & TG_HALF_READY) {
		tg_fifo_remove(&q->ready[lsn], &q->pool, LINK, idx);
		if (q->ready[lsn].head == TG_NONE)
			q->ready_map[lsn / 64] &= ~(UINT64_C(1) << lsn % 64);
	} else if (h->timer.deadline != 0) {
		tg_fifo_remove(&q->wait[level_of(h->retries)], &q->pool, LINK, idx);
	}
	h->flags &= (uint16_t) ~(TG_HALF_RESEND | TG_HALF_DEFER | TG_HALF_READY);
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
	tg_ms base = h->flags & TG_HALF_RESEND ? h->timer.deadline : tg_synq_sent_at(q, h);

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

static uint8_t
capped(uint32_t steps)
{
	return (uint8_t)(steps < UINT8_MAX ? steps : UINT8_MAX);
}

/* 0 says "waits nowhere": a deadline that wraps to it comes 1 ms later. */
static void
set_deadline(struct tg_half *h, tg_ms at)
{
	h->timer.deadline = at != 0 ? at : 1;
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
	set_deadline(h, tg_ms_after(now, tg_synq_wait(q, h->retries)));
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
		if (!tg_ms_due(h->timer.deadline, now))
			continue;
		tg_fifo_remove(&q->wait[i], &q->pool, LINK, idx);
		last = last_answer(q, h);
		h->flags |= TG_HALF_RESEND;
		if (h->answered != 0)
			h->answered = capped(steps_to(q, h, last));
		tg_fifo_push(&q->resend, &q->pool, LINK, idx);
		return idx;
	}
	return TG_NONE;
}

/* A time on the clock that needs no origin. */
static uint8_t
free_step(tg_ms at)
{
	return (uint8_t)(1 + (at >> FREE_SHIFT & FREE_MASK));
}

/* Less than 500 ms since the last answer, on that clock; says so up to 544 ms. */
static bool
free_lately(const struct tg_half *h, tg_ms now)
{
	unsigned steps = ((unsigned)free_step(now) - h->answered) & FREE_MASK;

	return h->answered != 0 && steps <= (ANSWER_GAP >> FREE_SHIFT) + 1;
}

void
tg_synq_defer(struct tg_synq *q, uint32_t idx, tg_ms deadline, tg_time now)
{
	struct tg_half *h = tg_half_at(q, idx);
	tg_ms last = h->flags & TG_HALF_RESEND ? h->timer.deadline : tg_synq_sent_at(q, h);
	tg_ms ms = tg_ms_of(now);
	uint32_t none;

	if (h->answered != 0 && tg_ms_before(last, last_answer(q, h)))
		last = last_answer(q, h);
	/* Both are rounded up, by a step of up to 548 ms: they may lie ahead. */
	if (tg_ms_before(ms, last))
		last = ms;
	h->answered = ms - last < ANSWER_GAP ? free_step(last) : 0;
	unlink_entry(q, h, idx);
	/* Nobody need have told an empty wheel the time; weeks behind, it takes ahead for past. */
	if (q->deferred.count == 0)
		tg_wheel_expire(&q->deferred, ms, &none, 1);
	h->flags |= TG_HALF_DEFER;
	h->timer.deadline = 0; /* not armed */
	tg_wheel_arm(&q->deferred, idx, deadline);
}

uint32_t
tg_synq_deferred(struct tg_synq *q, tg_ms now)
{
	struct tg_half *h;
	uint32_t idx;

	if (tg_wheel_expire(&q->deferred, now, &idx, 1) == 0)
		return TG_NONE;
	h = tg_half_at(q, idx);
	h->flags &= (uint16_t)~TG_HALF_DEFER;
	return idx;
}

void
tg_synq_ready(struct tg_synq *q, uint32_t idx, tg_ms give_up)
{
	struct tg_half *h = tg_half_at(q, idx);
	unsigned lsn = h->key.free_use;

	h->flags |= TG_HALF_READY;
	/* Settings that have changed must not put an earlier one behind a later one. */
	if (q->ready[lsn].tail != TG_NONE) {
		tg_ms last = tg_half_at(q, q->ready[lsn].tail)->timer.deadline;

		if (tg_ms_before(give_up, last))
			give_up = last;
	}
	set_deadline(h, give_up);
	tg_fifo_push(&q->ready[lsn], &q->pool, LINK, idx);
	q->ready_map[lsn / 64] |= UINT64_C(1) << lsn % 64;
}

void
tg_synq_give_up(struct tg_synq *q, uint32_t idx, tg_ms now)
{
	struct tg_half *h = tg_half_at(q, idx);
	bool lately = free_lately(h, now);

	unlink_entry(q, h, idx);
	h->flags |= TG_HALF_RESEND | TG_HALF_GIVE_UP;
	h->answered = lately ? capped(steps_to(q, h, now)) : 0;
	tg_fifo_push(&q->resend, &q->pool, LINK, idx);
}

static void
earlier(bool *found, tg_ms *when, tg_ms at)
{
	if (!*found || tg_ms_before(at, *when))
		*when = at;
	*found = true;
}

bool
tg_synq_next(const struct tg_synq *q, tg_ms *when)
{
	bool found = false;
	tg_ms at;

	for (unsigned i = 0; i < TG_SYNQ_LEVELS; i++)
		if (q->wait[i].head != TG_NONE)
			earlier(&found, when, tg_half_at(q, q->wait[i].head)->timer.deadline);
	for (unsigned i = 0; i < TG_LISTENERS_MAX / 64; i++)
		for (uint64_t m = q->ready_map[i]; m != 0; m &= m - 1) {
			const struct tg_fifo *f = &q->ready[i * 64 + (unsigned)__builtin_ctzll(m)];

			earlier(&found, when, tg_half_at(q, f->head)->timer.deadline);
		}
	if (tg_wheel_next(&q->deferred, &at))
		earlier(&found, when, at);
	return found;
}

tg_ms
tg_synq_sent_at(const struct tg_synq *q, const struct tg_half *h)
{
	return h->timer.deadline - tg_synq_wait(q, h->retries);
}

tg_ms
tg_synq_first_sent(const struct tg_synq *q, const struct tg_half *h)
{
	/* In the resend FIFO the retry that the timeout asked for is counted already. */
	if (h->flags & TG_HALF_RESEND)
		return h->timer.deadline -
			(h->retries > 0 ? (tg_ms)tg_synq_span(q, h->retries - 1) : 0);
	return h->timer.deadline - (tg_ms)tg_synq_span(q, h->retries);
}

bool
tg_synq_may_answer(const struct tg_synq *q, struct tg_half *h, tg_ms now, bool ack)
{
	uint32_t steps;

	if (h->flags & (TG_HALF_DEFER | TG_HALF_READY)) {
		/* Every 4.1 s an old answer looks new for half a second: one answer less. */
		if (free_lately(h, now))
			return false;
		h->answered = free_step(now);
		return true;
	}
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
