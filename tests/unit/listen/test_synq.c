/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The SYN queue: timeouts that double, order of expiry, and at most one answer in 500 ms.
 */
#include "support.h"

#include <errno.h>

#include "synq.h"

#define MS(t) ((tg_time)(t)*TG_MSEC)
/* When 32 bits of milliseconds begin again: 49.7 days. */
#define WRAP (UINT64_C(1) << 32)

struct rig {
	struct test_mem m;
	struct tg_synq q;
};

static void
rig_init(struct rig *r, uint32_t capacity, uint32_t rto_ms)
{
	test_mem_init(&r->m);
	memset(&r->q, 0xa5, sizeof(r->q));
	assert_int_equal(tg_synq_init(&r->q, &r->m.mem, capacity, rto_ms, 0), 0);
}

static void
rig_fini(struct rig *r)
{
	tg_synq_fini(&r->q, &r->m.mem);
	test_mem_fini(&r->m);
}

/* An entry whose first SYN-ACK left at `now`. */
static uint32_t
enter(struct rig *r, tg_time now)
{
	uint32_t idx = tg_synq_get(&r->q);

	assert_int_not_equal(idx, TG_NONE);
	tg_half_at(&r->q, idx)->key.lport = 80;
	tg_synq_sent(&r->q, idx, now);
	return idx;
}

/* What the engine does when a timeout comes: the next SYN-ACK is one retry more. */
static uint32_t
expire(struct rig *r, tg_ms now)
{
	uint32_t idx = tg_synq_expired(&r->q, now);

	if (idx != TG_NONE)
		tg_half_at(&r->q, idx)->retries++;
	return idx;
}

static unsigned
waiting(const struct tg_synq *q)
{
	unsigned n = 0;

	for (unsigned i = 0; i < TG_SYNQ_LEVELS; i++)
		n += q->wait[i].count;
	return n;
}

static void
expect_next(const struct rig *r, tg_ms when)
{
	tg_ms next = ~when;

	assert_true(tg_synq_next(&r->q, &next));
	assert_int_equal(next, when);
}

static void
expect_idle(const struct rig *r)
{
	tg_ms next = 4711;

	assert_false(tg_synq_next(&r->q, &next));
	assert_int_equal(next, 4711);
}

/* Memory */

static void
an_entry_is_one_cache_line(void **state)
{
	struct rig r;

	(void)state;
	assert_int_equal(sizeof(struct tg_half), 64);
	assert_int_equal(offsetof(struct tg_half, key), 0);
	rig_init(&r, 3, 1000);
	assert_int_equal(r.m.live, 1);
	assert_int_equal(r.m.bytes, 3 * 64);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal((uintptr_t)tg_half_at(&r.q, tg_synq_get(&r.q)) % 64, 0);
	rig_fini(&r);
}

static void
missing_memory_is_told_and_nothing_is_kept(void **state)
{
	struct rig r;

	(void)state;
	for (unsigned i = 1;; i++) {
		test_mem_init(&r.m);
		r.m.fail = i;
		if (tg_synq_init(&r.q, &r.m.mem, 100, 1000, 0) == 0) {
			assert_int_equal(i, 2); /* it needed one */
			break;
		}
		assert_int_equal(r.m.refused, 6400);
		test_mem_fini(&r.m);
		assert_int_equal(tg_synq_get(&r.q), TG_NONE);
		expect_idle(&r);
		tg_synq_fini(&r.q, &r.m.mem);
	}
	rig_fini(&r);
}

static void
a_full_queue_gives_no_entry_until_one_is_put_back(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, 4, 1000);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(enter(&r, MS(5)), i);
	assert_int_equal(tg_synq_get(&r.q), TG_NONE);
	tg_synq_put(&r.q, 2);
	assert_int_equal(tg_synq_get(&r.q), 2);
	assert_int_equal(tg_synq_get(&r.q), TG_NONE);
	rig_fini(&r);
}

static void
an_entry_starts_with_nothing_of_its_last_life(void **state)
{
	static const uint8_t zero[64];
	struct rig r;
	uint32_t idx;

	(void)state;
	rig_init(&r, 1, 1000);
	idx = tg_synq_get(&r.q);
	memset(tg_half_at(&r.q, idx), 0xff, 64);
	tg_half_at(&r.q, idx)->flags = 0;
	tg_half_at(&r.q, idx)->timer.deadline = 0;
	tg_synq_put(&r.q, idx);
	/* Free entries are told from others by their port, 0. */
	assert_int_equal(tg_half_at(&r.q, idx)->key.lport, 0);
	assert_int_equal(tg_synq_get(&r.q), idx);
	assert_memory_equal(tg_half_at(&r.q, idx), zero, 64);
	rig_fini(&r);
}

/* Timeouts */

static void
the_timeout_doubles_up_to_two_minutes(void **state)
{
	static const uint32_t rto[] = {
		100, 117, 500, 1000, 1500, 3000, 60000, 60001, 119999, 120000};
	struct tg_synq q;

	(void)state;
	for (unsigned i = 0; i < sizeof(rto) / sizeof(rto[0]); i++) {
		uint64_t want = rto[i];

		q.rto_ms = rto[i];
		for (unsigned retries = 0; retries < 256; retries++) {
			assert_int_equal(tg_synq_wait(&q, (uint8_t)retries), want);
			want = want * 2 < 120000 ? want * 2 : 120000;
		}
	}
}

static void
a_timeout_never_comes_early_and_at_most_a_millisecond_late(void **state)
{
	static const tg_time at[] = {0, 1, TG_MSEC - 1, TG_MSEC, TG_MSEC + 1, 123456789012,
		MS(WRAP) - 1, MS(WRAP), MS(WRAP) + 1, MS(WRAP - 1000), MS(WRAP - 1000) + 1};

	(void)state;
	for (unsigned i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		tg_ms due = tg_ms_of(at[i] + MS(1000) + TG_MSEC - 1);
		struct rig r;

		rig_init(&r, 1, 1000);
		enter(&r, at[i]);
		/* The deadline 0 means "none": such an entry waits 1 ms longer. */
		if (due == 0)
			due = 1;
		expect_next(&r, due);
		assert_int_equal(tg_synq_expired(&r.q, due - 1), TG_NONE);
		assert_int_equal(tg_synq_expired(&r.q, due), 0);
		rig_fini(&r);
	}
}

static void
entries_expire_in_the_order_in_which_they_came(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, 100, 1000);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(enter(&r, MS(i / 4)), i);
	for (unsigned ms = 0; ms < 25; ms++) {
		expect_next(&r, 1000 + ms);
		for (unsigned i = 0; i < 4; i++)
			assert_int_equal(tg_synq_expired(&r.q, 1000 + ms), 4 * ms + i);
		assert_int_equal(tg_synq_expired(&r.q, 1000 + ms), TG_NONE);
	}
	expect_idle(&r);
	/* And wait for a buffer in that order as well. */
	assert_int_equal(r.q.resend.count, 100);
	for (unsigned i = 0; i < 100; i++) {
		assert_int_equal(r.q.resend.head, i);
		tg_synq_sent(&r.q, i, MS(1100));
	}
	assert_int_equal(r.q.resend.count, 0);
	rig_fini(&r);
}

static void
an_expired_entry_waits_in_the_resend_queue_until_its_syn_ack_has_left(void **state)
{
	struct tg_half *h;
	struct rig r;

	(void)state;
	rig_init(&r, 1, 1000);
	h = tg_half_at(&r.q, enter(&r, MS(10)));
	h->flags |= TG_HALF_SACK | TG_HALF_TS | 7;
	assert_int_equal(tg_synq_expired(&r.q, 1010), 0);
	assert_int_equal(h->flags, TG_HALF_SACK | TG_HALF_TS | 7 | TG_HALF_RESEND);
	assert_int_equal(h->retries, 0);
	assert_int_equal(r.q.resend.head, 0);
	assert_int_equal(waiting(&r.q), 0);
	expect_idle(&r);
	assert_int_equal(tg_synq_expired(&r.q, 1000000), TG_NONE);
	h->retries++;
	/* A buffer was there only 200 ms later: the doubled timeout counts from then. */
	tg_synq_sent(&r.q, 0, MS(1210));
	assert_int_equal(h->flags, TG_HALF_SACK | TG_HALF_TS | 7);
	assert_int_equal(r.q.resend.count, 0);
	expect_next(&r, 3210);
	rig_fini(&r);
}

/* With 100 ms all levels are used: 12 timeouts that differ, later ones share the last. */
static void
an_entry_that_nobody_answers_goes_through_all_timeouts(void **state)
{
	uint64_t now = WRAP - 100000; /* and over the wrap on its way */
	struct rig r;

	(void)state;
	rig_init(&r, 2, 100);
	enter(&r, MS(now));
	for (unsigned retries = 0; retries < 300; retries++) {
		uint8_t shown = (uint8_t)(retries < 255 ? retries : 255);
		uint32_t wait = tg_synq_wait(&r.q, shown);
		tg_ms due = (tg_ms)(now + wait);

		assert_int_equal(wait, retries < 11 ? 100u << retries : 120000);
		expect_next(&r, due);
		assert_int_equal(tg_synq_sent_at(&r.q, tg_half_at(&r.q, 0)), (tg_ms)now);
		assert_int_equal(tg_synq_expired(&r.q, due - 1), TG_NONE);
		assert_int_equal(tg_synq_expired(&r.q, due), 0);
		if (retries < 255)
			tg_half_at(&r.q, 0)->retries++;
		now += wait;
		tg_synq_sent(&r.q, 0, MS(now));
	}
	tg_synq_put(&r.q, 0);
	assert_int_equal(waiting(&r.q), 0);
	rig_fini(&r);
}

static void
the_next_deadline_is_the_earliest_of_all_levels(void **state)
{
	struct rig r;
	uint32_t old, young;

	(void)state;
	rig_init(&r, 3, 1000);
	expect_idle(&r);
	old = enter(&r, MS(0));
	assert_int_equal(expire(&r, 1000), old);
	tg_synq_sent(&r.q, old, MS(1000)); /* due at 3000 */
	expect_next(&r, 3000);
	young = enter(&r, MS(1999)); /* due at 2999 */
	expect_next(&r, 2999);
	tg_synq_put(&r.q, young);
	expect_next(&r, 3000);
	young = enter(&r, MS(2001)); /* due at 3001 */
	expect_next(&r, 3000);
	tg_synq_put(&r.q, old);
	expect_next(&r, 3001);
	tg_synq_put(&r.q, young);
	expect_idle(&r);
	rig_fini(&r);
}

static void
the_next_deadline_is_the_earliest_across_the_wrap(void **state)
{
	uint32_t before, after;
	struct rig r;

	(void)state;
	rig_init(&r, 2, 1000);
	before = enter(&r, MS(WRAP - 3000));
	assert_int_equal(expire(&r, (tg_ms)(WRAP - 2000)), before);
	tg_synq_sent(&r.q, before, MS(WRAP - 2000) - MS(1)); /* due 1 ms before the wrap */
	after = enter(&r, MS(WRAP - 500));                   /* due 500 ms after it */
	expect_next(&r, UINT32_MAX);
	assert_int_equal(tg_synq_expired(&r.q, UINT32_MAX - 1), TG_NONE);
	assert_int_equal(expire(&r, UINT32_MAX), before);
	expect_next(&r, 500);
	assert_int_equal(tg_synq_expired(&r.q, UINT32_MAX), TG_NONE);
	assert_int_equal(tg_synq_expired(&r.q, 499), TG_NONE);
	assert_int_equal(expire(&r, 500), after);
	rig_fini(&r);
}

/* Removal */

/* From each state in turn: nowhere, head, middle and end of a timeout queue, resend queue. */
static void
an_entry_can_go_in_every_state(void **state)
{
	(void)state;
	for (unsigned gone = 0; gone < 7; gone++) {
		struct rig r;
		unsigned left = 6;

		rig_init(&r, 7, 1000);
		for (unsigned i = 0; i < 6; i++)
			assert_int_equal(enter(&r, MS(10 * i)), i);
		assert_int_equal(tg_synq_get(&r.q), 6); /* no SYN-ACK has left yet */
		for (unsigned i = 0; i < 3; i++)
			assert_int_equal(expire(&r, 1020), i);
		tg_synq_put(&r.q, gone);
		left -= gone < 6;
		assert_int_equal(r.q.resend.count + waiting(&r.q), left);
		assert_int_equal(r.q.pool.used, 6);
		/* The others go on in their order. */
		for (unsigned i = 0; i < 3; i++) {
			if (i == gone)
				continue;
			assert_int_equal(r.q.resend.head, i);
			tg_synq_sent(&r.q, i, MS(1030));
		}
		for (unsigned i = 3; i < 6; i++)
			if (i != gone)
				assert_int_equal(tg_synq_expired(&r.q, 1050), i);
		for (unsigned i = 0; i < 3; i++)
			if (i != gone)
				assert_int_equal(tg_synq_expired(&r.q, 3030), i);
		assert_int_equal(tg_synq_expired(&r.q, 3030), TG_NONE);
		rig_fini(&r);
	}
}

static void
an_entry_can_go_after_any_number_of_retries(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, 1, 100);
	for (unsigned retries = 0; retries < 256; retries++) {
		uint32_t idx = tg_synq_get(&r.q);

		tg_half_at(&r.q, idx)->retries = (uint8_t)retries;
		tg_synq_sent(&r.q, idx, 0);
		assert_int_equal(waiting(&r.q), 1);
		tg_synq_put(&r.q, idx);
		assert_int_equal(waiting(&r.q), 0);
		expect_idle(&r);
	}
	rig_fini(&r);
}

/* Answers: a SYN-ACK to a repeated SYN, or an ACK */

static bool
syn_ack_at(struct rig *r, uint64_t now)
{
	return tg_synq_may_answer(&r->q, tg_half_at(&r->q, 0), (tg_ms)now, false);
}

static bool
ack_at(struct rig *r, uint64_t now)
{
	return tg_synq_may_answer(&r->q, tg_half_at(&r->q, 0), (tg_ms)now, true);
}

static const uint64_t starts[] = {
	1, 12345, WRAP - 3000, WRAP - 1001, WRAP - 1000, WRAP - 500, WRAP - 1, WRAP, WRAP + 1};
#define STARTS (sizeof(starts) / sizeof(starts[0]))

static const uint32_t rtos[] = {100, 199, 200, 600, 1000, 3000, 30000, 120000};
#define RTOS (sizeof(rtos) / sizeof(rtos[0]))

static void
a_repeated_syn_is_answered_500_ms_after_the_syn_ack_and_not_before(void **state)
{
	(void)state;
	for (unsigned i = 0; i < STARTS; i++)
		for (unsigned k = 0; k < RTOS; k++) {
			struct tg_half *h;
			struct rig r;

			if (rtos[k] < 600)
				continue; /* the next SYN-ACK comes by itself before that */
			rig_init(&r, 1, rtos[k]);
			h = tg_half_at(&r.q, enter(&r, MS(starts[i])));
			/* The deadline that fell on 0 was moved by 1 ms, and takes this with it. */
			if ((tg_ms)(starts[i] + rtos[k]) == 0) {
				assert_false(syn_ack_at(&r, starts[i] + 500));
				assert_true(syn_ack_at(&r, starts[i] + 501));
				rig_fini(&r);
				continue;
			}
			assert_int_equal(tg_synq_sent_at(&r.q, h), (tg_ms)starts[i]);
			assert_false(syn_ack_at(&r, starts[i]));
			assert_false(syn_ack_at(&r, starts[i] + 1));
			assert_false(syn_ack_at(&r, starts[i] + 499));
			assert_int_equal(h->answered, 0);
			assert_true(syn_ack_at(&r, starts[i] + 500));
			assert_int_not_equal(h->answered, 0);
			assert_false(syn_ack_at(&r, starts[i] + 500));
			rig_fini(&r);
		}
}

/* The other end of the rounding: time of a SYN-ACK is rounded up, time of its repetition down. */
static void
a_syn_ack_sent_within_a_millisecond_counts_from_its_end(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, 1, 1000);
	enter(&r, MS(10) + 1);
	assert_false(syn_ack_at(&r, 10));
	assert_false(syn_ack_at(&r, 510));
	assert_true(syn_ack_at(&r, 511));
	rig_fini(&r);
}

/* An ACK may follow a SYN-ACK by timer at once: a challenge must not wait for it. */
static void
an_ack_needs_no_distance_from_the_syn_ack_only_from_other_answers(void **state)
{
	(void)state;
	for (unsigned i = 0; i < STARTS; i++)
		for (unsigned k = 0; k < RTOS; k++) {
			uint32_t step = rtos[k] / 220 + 3;
			struct rig r;

			rig_init(&r, 1, rtos[k]);
			enter(&r, MS(starts[i]));
			assert_true(ack_at(&r, starts[i]));
			assert_false(ack_at(&r, starts[i]));
			assert_false(ack_at(&r, starts[i] + 499));
			assert_false(syn_ack_at(&r, starts[i] + 499));
			if (rtos[k] >= 600)
				assert_true(ack_at(&r, starts[i] + 500 + 2 * step));
			rig_fini(&r);
		}
}

static void
an_overdue_entry_in_the_resend_queue_repeats_no_syn_ack(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, 1, 1000);
	enter(&r, MS(10));
	assert_int_equal(expire(&r, 1010), 0);
	for (unsigned t = 1010; t < 200000; t += 10)
		assert_false(syn_ack_at(&r, t));
	/* ACKs only as long as the byte can say when: 4.6 s without a buffer, then none. */
	assert_false(ack_at(&r, 200000));
	assert_false(ack_at(&r, 1010 + 4581));
	assert_true(ack_at(&r, 1010 + 4580));
	rig_fini(&r);
}

/* The timer's SYN-ACK does not make the peer's last answer forgotten. */
static void
an_answer_counts_beyond_the_next_syn_ack(void **state)
{
	(void)state;
	for (unsigned before = 0; before < 500; before += 7)
		for (unsigned after = 0; before + after < 500; after += 7) {
			struct rig r;

			rig_init(&r, 1, 1000);
			enter(&r, MS(10));
			assert_true(ack_at(&r, 1010 - before));
			assert_int_equal(expire(&r, 1010), 0);
			assert_false(ack_at(&r, 1010));
			tg_synq_sent(&r.q, 0, MS(1010));
			assert_false(ack_at(&r, 1010 + after));
			/* Rounded up three times, by steps of 7, 20 and 12 ms. */
			assert_true(ack_at(&r, 1010 + 500 + 39));
			rig_fini(&r);
		}
}

static void
an_answer_long_ago_does_not_hold_back_the_next(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, 1, 1000);
	enter(&r, MS(10));
	assert_true(ack_at(&r, 400));
	assert_int_equal(expire(&r, 1010), 0);
	assert_true(ack_at(&r, 1010));
	tg_synq_sent(&r.q, 0, MS(1600));
	assert_int_equal(tg_half_at(&r.q, 0)->answered, 0);
	assert_true(ack_at(&r, 1600));
	rig_fini(&r);
}

/* No buffer for the SYN-ACK, or no time for its timer: the rule holds all the same. */
static void
the_rule_holds_however_late_the_timer_is(void **state)
{
	(void)state;
	for (unsigned k = 0; k < RTOS; k++)
		for (int expired = 0; expired < 2; expired++) {
			uint64_t last = 0, answers = 0;
			struct rig r;

			rig_init(&r, 1, rtos[k]);
			enter(&r, MS(1000));
			if (expired)
				assert_int_equal(expire(&r, 1000 + rtos[k]), 0);
			for (uint64_t t = 1000 + (expired ? rtos[k] : 0); t < 1000 + rtos[k] + 5000;
				t++) {
				if (!ack_at(&r, t))
					continue;
				assert_true(last == 0 || t - last >= 500);
				last = t;
				answers++;
			}
			assert_true(answers >= 1);
			rig_fini(&r);
		}
}

/* Answered ten seconds after the timer was due: the byte of the resend queue ends before that. */
static void
an_answer_too_late_to_be_noted_exactly_is_noted_as_the_last_possible(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, 1, 120000);
	enter(&r, MS(0));
	assert_true(ack_at(&r, 130000));
	assert_int_equal(expire(&r, 130100), 0);
	assert_int_equal(tg_half_at(&r.q, 0)->answered, 255);
	/* Beyond what can be noted there are no answers at all, so nothing comes too early. */
	assert_false(ack_at(&r, 130499));
	assert_false(ack_at(&r, 130500));
	rig_fini(&r);
}

/*
 * Twin with exact memory, against random segments and timers: what it forbids is never done; what
 * it allows is done unless rounding may explain the refusal, or the timer is overdue.
 */
static void
answers_agree_with_an_exact_twin(void **state)
{
	uint64_t s = 61;
	unsigned long asked = 0, answered = 0;

	(void)state;
	for (unsigned run = 0; run < 400; run++) {
		uint32_t rto = rtos[run % RTOS];
		uint64_t now = WRAP - test_below(&s, 200000), sent = now, last = 0;
		struct tg_half *h;
		struct rig r;

		rig_init(&r, 1, rto);
		h = tg_half_at(&r.q, enter(&r, MS(now)));
		for (unsigned step = 0; step < 300 && h->retries < 12; step++) {
			uint32_t wait = tg_synq_wait(&r.q, h->retries);
			bool ack = test_below(&s, 2), queued = h->flags & TG_HALF_RESEND, may, did;
			uint64_t slack;

			now += test_below(&s, test_below(&s, 2) ? 300 : wait / 4 + 1);
			if (!queued && expire(&r, (tg_ms)now) == 0)
				queued = true;
			if (queued && test_below(&s, 3) == 0) {
				tg_synq_sent(&r.q, 0, MS(now));
				sent = now;
				queued = false;
			}
			slack = 20 + 2 * (tg_synq_wait(&r.q, h->retries) / 220 + 3);
			may = last == 0 || now - last >= 500;
			if (!ack)
				may = may && !queued && now - sent >= 500;
			did = tg_synq_may_answer(&r.q, h, (tg_ms)now, ack);
			assert_false(did && !may);
			/* Rounded up in each state it went through; or a SYN-ACK moved by 1 ms. */
			if (may && !did && !queued && (last == 0 || now - last >= 500 + slack))
				assert_true(!ack && now - sent < 501);
			if (did)
				last = now;
			asked++;
			answered += did;
		}
		rig_fini(&r);
	}
	assert_true(answered > asked / 20);
}

/* The whole queue against a naive twin: a list of deadlines, searched from end to end. */
static void
the_queue_agrees_with_a_naive_twin(void **state)
{
	enum { N = 64 };
	struct {
		bool used, queued;
		uint64_t due;
	} twin[N];
	uint64_t s = 62, now = WRAP - 30000;
	struct rig r;

	(void)state;
	memset(twin, 0, sizeof(twin));
	rig_init(&r, N, 250);
	for (unsigned step = 0; step < 40000; step++) {
		uint32_t idx, i = test_below(&s, N);
		uint64_t next = UINT64_MAX;
		tg_ms when;

		now += test_below(&s, 20);
		switch (test_below(&s, 4)) {
		case 0:
			idx = tg_synq_get(&r.q);
			if (idx == TG_NONE) {
				for (unsigned k = 0; k < N; k++)
					assert_true(twin[k].used);
				break;
			}
			assert_false(twin[idx].used);
			tg_half_at(&r.q, idx)->retries = (uint8_t)test_below(&s, 3);
			tg_synq_sent(&r.q, idx, MS(now));
			twin[idx].used = true;
			twin[idx].queued = false;
			twin[idx].due = now + tg_synq_wait(&r.q, tg_half_at(&r.q, idx)->retries);
			twin[idx].due += (tg_ms)twin[idx].due == 0;
			break;
		case 1:
			if (twin[i].used && test_below(&s, 4) == 0) {
				tg_synq_put(&r.q, i);
				twin[i].used = false;
			}
			break;
		case 2:
			idx = r.q.resend.head;
			if (idx == TG_NONE)
				break;
			assert_true(twin[idx].used && twin[idx].queued);
			if (tg_half_at(&r.q, idx)->retries > 13) {
				tg_synq_put(&r.q, idx);
				twin[idx].used = false;
				break;
			}
			tg_synq_sent(&r.q, idx, MS(now));
			twin[idx].queued = false;
			twin[idx].due = now + tg_synq_wait(&r.q, tg_half_at(&r.q, idx)->retries);
			twin[idx].due += (tg_ms)twin[idx].due == 0;
			break;
		default:
			while ((idx = expire(&r, (tg_ms)now)) != TG_NONE) {
				assert_true(twin[idx].used && !twin[idx].queued);
				assert_true(twin[idx].due <= now);
				twin[idx].queued = true;
			}
			for (unsigned k = 0; k < N; k++)
				assert_true(!twin[k].used || twin[k].queued || twin[k].due > now);
			break;
		}
		for (unsigned k = 0; k < N; k++)
			if (twin[k].used && !twin[k].queued && twin[k].due < next)
				next = twin[k].due;
		if (next == UINT64_MAX)
			expect_idle(&r);
		else
			expect_next(&r, (tg_ms)next);
		if (tg_synq_next(&r.q, &when))
			assert_true(tg_ms_time(when, MS(now)) == MS(next));
	}
	assert_true(now > WRAP);
	rig_fini(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_entry_is_one_cache_line),
		cmocka_unit_test(missing_memory_is_told_and_nothing_is_kept),
		cmocka_unit_test(a_full_queue_gives_no_entry_until_one_is_put_back),
		cmocka_unit_test(an_entry_starts_with_nothing_of_its_last_life),
		cmocka_unit_test(the_timeout_doubles_up_to_two_minutes),
		cmocka_unit_test(a_timeout_never_comes_early_and_at_most_a_millisecond_late),
		cmocka_unit_test(entries_expire_in_the_order_in_which_they_came),
		cmocka_unit_test(
			an_expired_entry_waits_in_the_resend_queue_until_its_syn_ack_has_left),
		cmocka_unit_test(an_entry_that_nobody_answers_goes_through_all_timeouts),
		cmocka_unit_test(the_next_deadline_is_the_earliest_of_all_levels),
		cmocka_unit_test(the_next_deadline_is_the_earliest_across_the_wrap),
		cmocka_unit_test(an_entry_can_go_in_every_state),
		cmocka_unit_test(an_entry_can_go_after_any_number_of_retries),
		cmocka_unit_test(
			a_repeated_syn_is_answered_500_ms_after_the_syn_ack_and_not_before),
		cmocka_unit_test(a_syn_ack_sent_within_a_millisecond_counts_from_its_end),
		cmocka_unit_test(an_ack_needs_no_distance_from_the_syn_ack_only_from_other_answers),
		cmocka_unit_test(an_overdue_entry_in_the_resend_queue_repeats_no_syn_ack),
		cmocka_unit_test(an_answer_counts_beyond_the_next_syn_ack),
		cmocka_unit_test(an_answer_long_ago_does_not_hold_back_the_next),
		cmocka_unit_test(the_rule_holds_however_late_the_timer_is),
		cmocka_unit_test(
			an_answer_too_late_to_be_noted_exactly_is_noted_as_the_last_possible),
		cmocka_unit_test(answers_agree_with_an_exact_twin),
		cmocka_unit_test(the_queue_agrees_with_a_naive_twin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
