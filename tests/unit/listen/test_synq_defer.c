/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The SYN queue with deferral: an entry goes from a timeout or the resend FIFO into the wheel, from
 * there to its listener's ready FIFO, and is given up or put back from anywhere.
 */
#include "support.h"

#include "synq.h"

#define MS(t) ((tg_time)(t)*TG_MSEC)
/* When 32 bits of milliseconds begin again: 49.7 days. */
#define WRAP (UINT64_C(1) << 32)

#define PLACES (TG_HALF_RESEND | TG_HALF_DEFER | TG_HALF_READY)

struct rig {
	struct test_mem m;
	struct tg_synq q;
};

static void
rig_init(struct rig *r, uint32_t capacity, uint32_t rto_ms, tg_ms now)
{
	test_mem_init(&r->m);
	memset(&r->q, 0xa5, sizeof(r->q));
	assert_int_equal(tg_synq_init(&r->q, &r->m.mem, capacity, rto_ms, now), 0);
}

static void
rig_fini(struct rig *r)
{
	tg_synq_fini(&r->q, &r->m.mem);
	test_mem_fini(&r->m);
}

/* An entry of a listener whose first SYN-ACK left at `now`. */
static uint32_t
enter(struct rig *r, unsigned lsn, tg_time now)
{
	uint32_t idx = tg_synq_get(&r->q);

	assert_int_not_equal(idx, TG_NONE);
	tg_half_at(&r->q, idx)->key.lport = 80;
	tg_half_at(&r->q, idx)->key.free_use = (uint16_t)lsn;
	tg_synq_sent(&r->q, idx, now);
	return idx;
}

/* An entry that waits in the wheel. */
static uint32_t
enter_deferred(struct rig *r, unsigned lsn, tg_time now, tg_ms deadline)
{
	uint32_t idx = enter(r, lsn, now);

	tg_synq_defer(&r->q, idx, deadline, now);
	return idx;
}

static uint32_t
in_fifos(const struct tg_fifo *f, unsigned n)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < n; i++)
		sum += f[i].count;
	return sum;
}

/* Entries in the four places, and the map of the last one. */
static void
holds(const struct rig *r, uint32_t wait, uint32_t resend, uint32_t wheel, uint32_t ready)
{
	assert_int_equal(in_fifos(r->q.wait, TG_SYNQ_LEVELS), wait);
	assert_int_equal(r->q.resend.count, resend);
	assert_int_equal(r->q.deferred.count, wheel);
	assert_int_equal(in_fifos(r->q.ready, TG_LISTENERS_MAX), ready);
	assert_int_equal(r->q.pool.used, wait + resend + wheel + ready);
	for (unsigned i = 0; i < TG_LISTENERS_MAX; i++)
		assert_int_equal(r->q.ready_map[i / 64] >> i % 64 & 1, r->q.ready[i].count > 0);
}

static void
next_is(const struct rig *r, tg_ms when)
{
	tg_ms next = ~when;

	assert_true(tg_synq_next(&r->q, &next));
	assert_int_equal(next, when);
}

/* Places */

static void
an_entry_goes_from_place_to_place_and_is_in_one_at_a_time(void **state)
{
	struct rig r;
	uint32_t a;

	(void)state;
	rig_init(&r, 4, 1000, 0);
	a = enter(&r, 200, MS(10));
	holds(&r, 1, 0, 0, 0);
	tg_synq_defer(&r.q, a, 5000, MS(20));
	holds(&r, 0, 0, 1, 0);
	assert_int_equal(tg_half_at(&r.q, a)->flags & PLACES, TG_HALF_DEFER);
	assert_int_equal(tg_synq_expired(&r.q, 4999), TG_NONE);
	assert_int_equal(tg_synq_deferred(&r.q, 4999), TG_NONE);
	assert_int_equal(tg_synq_deferred(&r.q, 5000), a);
	assert_int_equal(tg_half_at(&r.q, a)->flags & PLACES, 0);
	tg_synq_ready(&r.q, a, 9000);
	holds(&r, 0, 0, 0, 1);
	assert_int_equal(r.q.ready[200].head, a);
	assert_int_equal(tg_half_at(&r.q, a)->flags & PLACES, TG_HALF_READY);
	tg_synq_give_up(&r.q, a, 9000);
	holds(&r, 0, 1, 0, 0);
	assert_int_equal(tg_half_at(&r.q, a)->flags & (PLACES | TG_HALF_GIVE_UP),
		TG_HALF_RESEND | TG_HALF_GIVE_UP);
	tg_synq_put(&r.q, a);
	holds(&r, 0, 0, 0, 0);
	rig_fini(&r);
}

/* Each place an entry can be put back from, and the pool and the places are as new after it. */
static void
an_entry_is_put_back_from_anywhere(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, 3, 1000, 0);
	for (unsigned place = 0; place < 6; place++) {
		uint32_t other = enter_deferred(&r, 7, MS(100), 100000);
		uint32_t a = enter(&r, 7, MS(100));

		if (place == 1)
			assert_int_equal(tg_synq_expired(&r.q, 1100), a);
		if (place >= 2)
			tg_synq_defer(&r.q, a, 3000, MS(200));
		if (place >= 3)
			assert_int_equal(tg_synq_deferred(&r.q, 3000), a);
		if (place >= 4)
			tg_synq_ready(&r.q, a, 4000);
		if (place == 5)
			tg_synq_give_up(&r.q, a, 4000);
		tg_synq_put(&r.q, a);
		holds(&r, 0, 0, 1, 0);
		assert_int_equal(tg_half_at(&r.q, other)->flags & PLACES, TG_HALF_DEFER);
		tg_synq_put(&r.q, other);
		holds(&r, 0, 0, 0, 0);
		assert_false(tg_synq_next(&r.q, &(tg_ms){0}));
		rig_fini(&r);
		rig_init(&r, 3, 1000, 0);
	}
	rig_fini(&r);
}

static void
an_entry_whose_syn_ack_waits_for_a_buffer_is_deferred_too(void **state)
{
	struct rig r;
	uint32_t a;

	(void)state;
	rig_init(&r, 2, 1000, 0);
	a = enter(&r, 0, MS(0));
	assert_int_equal(tg_synq_expired(&r.q, 1000), a);
	tg_half_at(&r.q, a)->retries++;
	holds(&r, 0, 1, 0, 0);
	tg_synq_defer(&r.q, a, 2500, MS(1200));
	holds(&r, 0, 0, 1, 0);
	next_is(&r, 2496); /* a slot of the wheel moves down */
	assert_int_equal(tg_synq_deferred(&r.q, 2500), a);
	tg_synq_put(&r.q, a);
	rig_fini(&r);
}

static void
ready_entries_wait_in_a_fifo_of_their_listener(void **state)
{
	uint32_t idx[6];
	struct rig r;

	(void)state;
	rig_init(&r, 6, 1000, 0);
	for (unsigned i = 0; i < 6; i++) {
		idx[i] = enter_deferred(&r, i % 2 == 0 ? 63 : 64, MS(0), 1000 + i);
		assert_int_equal(idx[i], i);
	}
	for (unsigned i = 0; i < 6; i++) {
		assert_int_equal(tg_synq_deferred(&r.q, 1000 + i), idx[i]);
		tg_synq_ready(&r.q, idx[i], 5000 + i);
	}
	holds(&r, 0, 0, 0, 6);
	next_is(&r, 5000);
	tg_synq_put(&r.q, idx[2]); /* from the middle */
	assert_int_equal(r.q.ready[63].head, idx[0]);
	tg_synq_give_up(&r.q, idx[0], 5000);
	assert_int_equal(r.q.ready[63].head, idx[4]);
	next_is(&r, 5001);
	tg_synq_put(&r.q, idx[4]);
	holds(&r, 0, 1, 0, 3);
	assert_int_equal(r.q.ready_map[0], 0);
	assert_int_equal(r.q.ready_map[1], 1);
	rig_fini(&r);
}

/* Random calls beside a list of what is where. */
static void
every_order_of_calls_keeps_entries_in_one_place(void **state)
{
	enum { N = 12 };
	enum place { FREE, WAIT, RESEND, WHEEL, NONE, READY } at[N] = {FREE};
	uint64_t rand = 1;
	uint64_t now = WRAP - 20000;
	struct rig r;

	(void)state;
	rig_init(&r, N, 100, (tg_ms)now);
	for (unsigned step = 0; step < 60000; step++) {
		uint32_t i = test_below(&rand, N), count[6] = {0};
		struct tg_half *h = tg_half_at(&r.q, i);
		tg_ms ms = (tg_ms)now;

		switch (test_below(&rand, 8)) {
		case 0:
			if ((i = tg_synq_get(&r.q)) == TG_NONE)
				break;
			h = tg_half_at(&r.q, i);
			assert_int_equal(at[i], FREE);
			h->key.lport = 80;
			h->key.free_use = (uint16_t)test_below(&rand, TG_LISTENERS_MAX);
			tg_synq_sent(&r.q, i, MS(now));
			at[i] = WAIT;
			break;
		case 1:
			if (at[i] == FREE)
				break;
			tg_synq_put(&r.q, i);
			at[i] = FREE;
			break;
		case 2:
			if (at[i] != WAIT && (at[i] != RESEND || (h->flags & TG_HALF_GIVE_UP)))
				break;
			tg_synq_defer(&r.q, i, ms + 1 + test_below(&rand, 5000), MS(now));
			at[i] = WHEEL;
			break;
		case 3:
			if ((i = tg_synq_deferred(&r.q, ms)) == TG_NONE)
				break;
			assert_int_equal(at[i], WHEEL);
			tg_synq_ready(&r.q, i, ms + 3000);
			at[i] = READY;
			break;
		case 4:
			if (at[i] != READY)
				break;
			tg_synq_give_up(&r.q, i, ms);
			at[i] = RESEND;
			break;
		case 5:
			if ((i = tg_synq_expired(&r.q, ms)) == TG_NONE)
				break;
			assert_int_equal(at[i], WAIT);
			tg_half_at(&r.q, i)->retries++;
			at[i] = RESEND;
			break;
		case 6:
			if (at[i] != RESEND || (h->flags & TG_HALF_GIVE_UP))
				break;
			tg_synq_sent(&r.q, i, MS(now));
			at[i] = WAIT;
			break;
		default:
			now += test_below(&rand, 30);
			if (at[i] != FREE)
				(void)tg_synq_may_answer(&r.q, h, ms, step % 2 == 0);
		}
		for (unsigned k = 0; k < N; k++)
			count[at[k]]++;
		holds(&r, count[WAIT], count[RESEND], count[WHEEL], count[READY]);
	}
	assert_true(now > WRAP);
	rig_fini(&r);
}

/* Deadlines */

static void
the_next_deadline_is_the_earliest_of_timeouts_wheel_and_ready(void **state)
{
	uint32_t wait, wheel, ready;
	struct rig r;

	(void)state;
	for (unsigned first = 0; first < 3; first++) {
		rig_init(&r, 3, 1000, 0);
		ready = enter_deferred(&r, 9, MS(0), 10);
		assert_int_equal(tg_synq_deferred(&r.q, 10), ready);
		tg_synq_ready(&r.q, ready, first == 0 ? 1030 : 1050);
		wait = enter(&r, 9, MS(first == 1 ? 30 : 50));
		wheel = enter_deferred(&r, 9, MS(20), first == 2 ? 1030 : 1050);
		/* 1030 and 1050 lie in the wheel's second level, in the slot that begins at 1024 */
		next_is(&r, 1024);
		assert_int_equal(tg_synq_deferred(&r.q, 1024), TG_NONE);
		next_is(&r, 1030);
		assert_int_equal(tg_synq_expired(&r.q, 1030), first == 1 ? wait : TG_NONE);
		assert_int_equal(tg_synq_deferred(&r.q, 1030), first == 2 ? wheel : TG_NONE);
		rig_fini(&r);
	}
}

static void
a_deferral_ends_to_the_millisecond_also_where_32_bits_wrap(void **state)
{
	static const tg_ms start[] = {5, (tg_ms)-1, (tg_ms)-3000, (tg_ms)-4000, (tg_ms)-60000};
	struct rig r;

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		for (tg_ms wait = 1; wait < 70000; wait += 999) {
			tg_time now = start[i];
			tg_ms at = start[i] + wait;
			uint32_t a;

			rig_init(&r, 1, 1000, start[i]);
			a = enter_deferred(&r, 0, MS(now), at);
			assert_int_equal(tg_synq_deferred(&r.q, at - 1), TG_NONE);
			/* 0 is kept for "not armed": it comes a millisecond later */
			assert_int_equal(tg_synq_deferred(&r.q, at != 0 ? at : 1), a);
			tg_synq_ready(&r.q, a, at + wait);
			next_is(&r, at + wait != 0 ? at + wait : 1);
			rig_fini(&r);
		}
}

/* The wheel is empty, and for weeks nobody had a reason to look at it. */
static void
a_deferral_after_a_month_of_silence_takes_its_time(void **state)
{
	const uint64_t month = UINT64_C(30) * 86400 * 1000;
	struct rig r;
	uint32_t a;

	(void)state;
	rig_init(&r, 1, 1000, 0);
	a = enter_deferred(&r, 0, MS(month), (tg_ms)(month + 5000));
	assert_int_equal(tg_synq_deferred(&r.q, (tg_ms)month), TG_NONE);
	assert_int_equal(tg_synq_deferred(&r.q, (tg_ms)(month + 4999)), TG_NONE);
	assert_int_equal(tg_synq_deferred(&r.q, (tg_ms)(month + 5000)), a);
	rig_fini(&r);
}

static void
the_span_is_the_sum_of_the_waits(void **state)
{
	static const uint32_t rto[] = {100, 1000, 3000, 119999, 120000};

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		struct tg_synq q = {.rto_ms = rto[i]};
		uint64_t sum = 0, wait = rto[i];

		for (unsigned retries = 0; retries < 256; retries++) {
			sum += wait;
			assert_int_equal(tg_synq_span(&q, (uint8_t)retries), sum);
			wait = 2 * wait < 120000 ? 2 * wait : 120000;
		}
	}
}

/* Whatever the number of SYN-ACKs, and whether the next one is on its way out: the same moment. */
static void
the_first_syn_ack_is_known_at_every_level_and_in_the_resend_fifo(void **state)
{
	static const tg_ms start[] = {1, 700, (tg_ms)-1, (tg_ms)-100000};
	struct rig r;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		uint64_t now = start[i];
		const struct tg_half *h;
		uint32_t a;

		rig_init(&r, 1, 1000, start[i]);
		a = enter(&r, 0, MS(now));
		h = tg_half_at(&r.q, a);
		for (unsigned retries = 0; retries < 40; retries++) {
			/* a deadline of 0 is kept as 1 */
			tg_ms off = h->timer.deadline == 1 && (tg_ms)(now >> 32) != 0 ? 1 : 0;

			assert_int_equal(h->retries, retries);
			assert_in_range(tg_synq_first_sent(&r.q, h) - start[i], 0, off);
			now += tg_synq_wait(&r.q, h->retries) + off;
			assert_int_equal(tg_synq_expired(&r.q, (tg_ms)now), a);
			tg_half_at(&r.q, a)->retries++;
			assert_in_range(tg_synq_first_sent(&r.q, h) - start[i], 0, off);
			tg_synq_sent(&r.q, a, MS(now - off));
		}
		rig_fini(&r);
	}
}

/* Answers */

static void
answers_to_a_deferred_entry_are_500_ms_apart(void **state)
{
	uint64_t rand = 2;
	struct rig r;

	(void)state;
	for (unsigned run = 0; run < 200; run++) {
		/* some of them across the wrap */
		uint64_t now = WRAP - test_below(&rand, 20000), last = now, waited = 0;
		uint32_t a;

		rig_init(&r, 1, 1000, (tg_ms)now);
		a = enter(&r, 3, MS(now));
		now += test_below(&rand, 700);
		if (tg_synq_may_answer(&r.q, tg_half_at(&r.q, a), (tg_ms)now, false))
			last = now;
		now += test_below(&rand, 300);
		tg_synq_defer(&r.q, a, (tg_ms)now + 30000, MS(now));
		if (run % 2 == 0) {
			assert_int_equal(tg_synq_deferred(&r.q, (tg_ms)now + 30000), a);
			tg_synq_ready(&r.q, a, (tg_ms)now + 60000);
		}
		for (unsigned k = 0; k < 300; k++, now += 1 + test_below(&rand, 60)) {
			if (tg_synq_may_answer(&r.q, tg_half_at(&r.q, a), (tg_ms)now, k % 2 == 0)) {
				assert_true(now - last >= 500);
				last = now;
				waited++;
			}
			/* never silenced for long: the stamp grows old in 4.1 s at most */
			assert_true(now - last < 1200);
		}
		assert_true(waited >= 4);
		rig_fini(&r);
	}
}

/* A SYN-ACK that left off the tick looks a millisecond later than it was. */
static void
a_syn_ack_just_sent_is_remembered_by_a_deferral_within_its_millisecond(void **state)
{
	struct rig r;
	uint32_t a;

	(void)state;
	rig_init(&r, 1, 1000, 0);
	a = enter(&r, 0, MS(100) + 300000);
	tg_synq_defer(&r.q, a, 5000, MS(100) + 900000);
	assert_false(tg_synq_may_answer(&r.q, tg_half_at(&r.q, a), 101, false));
	assert_false(tg_synq_may_answer(&r.q, tg_half_at(&r.q, a), 500, false));
	assert_true(tg_synq_may_answer(&r.q, tg_half_at(&r.q, a), 700, false));
	rig_fini(&r);
}

/* With long timeouts an answer's stamp is rounded up by half a second. */
static void
an_answer_just_given_is_remembered_by_a_deferral(void **state)
{
	static const uint32_t rto[] = {100, 1000, 10000, 120000};
	struct rig r;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		uint32_t now = 1100 + rto[i] / 2, a;
		struct tg_half *h;

		rig_init(&r, 1, 10 * rto[i] > 120000 ? 120000 : 10 * rto[i], 0);
		a = enter(&r, 0, MS(0));
		h = tg_half_at(&r.q, a);
		assert_true(tg_synq_may_answer(&r.q, h, now, true));
		tg_synq_defer(&r.q, a, 500000, MS(now + 1));
		for (uint32_t t = 1; t < 500; t += 7)
			assert_false(tg_synq_may_answer(&r.q, h, now + t, true));
		assert_true(tg_synq_may_answer(&r.q, h, now + 1200, true));
		rig_fini(&r);
	}
}

static void
giving_up_remembers_the_last_answer(void **state)
{
	struct tg_half *h;
	struct rig r;
	uint32_t a;

	(void)state;
	for (unsigned since = 0; since < 1000; since += 20) {
		rig_init(&r, 1, 1000, 0);
		a = enter_deferred(&r, 0, MS(0), 2000);
		assert_int_equal(tg_synq_deferred(&r.q, 2000), a);
		tg_synq_ready(&r.q, a, 6000);
		h = tg_half_at(&r.q, a);
		assert_true(tg_synq_may_answer(&r.q, h, 6000 - since, true));
		tg_synq_give_up(&r.q, a, 6000);
		/* in steps of 32 ms */
		if (since < 500)
			assert_false(tg_synq_may_answer(&r.q, h, 6001, true));
		if (since >= 545)
			assert_true(tg_synq_may_answer(&r.q, h, 6001, true));
		assert_false(tg_synq_may_answer(&r.q, h, 6002, false)); /* no SYN-ACK any more */
		rig_fini(&r);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_entry_goes_from_place_to_place_and_is_in_one_at_a_time),
		cmocka_unit_test(an_entry_is_put_back_from_anywhere),
		cmocka_unit_test(an_entry_whose_syn_ack_waits_for_a_buffer_is_deferred_too),
		cmocka_unit_test(ready_entries_wait_in_a_fifo_of_their_listener),
		cmocka_unit_test(every_order_of_calls_keeps_entries_in_one_place),
		cmocka_unit_test(the_next_deadline_is_the_earliest_of_timeouts_wheel_and_ready),
		cmocka_unit_test(a_deferral_ends_to_the_millisecond_also_where_32_bits_wrap),
		cmocka_unit_test(a_deferral_after_a_month_of_silence_takes_its_time),
		cmocka_unit_test(the_span_is_the_sum_of_the_waits),
		cmocka_unit_test(the_first_syn_ack_is_known_at_every_level_and_in_the_resend_fifo),
		cmocka_unit_test(answers_to_a_deferred_entry_are_500_ms_apart),
		cmocka_unit_test(
			a_syn_ack_just_sent_is_remembered_by_a_deferral_within_its_millisecond),
		cmocka_unit_test(an_answer_just_given_is_remembered_by_a_deferral),
		cmocka_unit_test(giving_up_remembers_the_last_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
