/* SPDX-License-Identifier: BSD-3-Clause */
#include "support.h"
#include "wheel.h"

/** An entry whose timer is not at its beginning. */
struct entry {
	uint64_t before;
	struct tg_timer timer;
	uint64_t after;
};

enum {
	N = 16,
	SPAN1 = 64,
	SPAN2 = 64 * 64,
	SPAN3 = 64 * 64 * 64,
	SPAN4 = 64 * 64 * 64 * 64,
	FAR = INT32_MAX, /**< 24.8 days */
};

/** Where tests start: in and at the borders of blocks of every level, and before the wrap. */
static const tg_ms START[] = {0, 1, 62, 63, 64, SPAN2 - 2, SPAN2 - 1, SPAN3 - 1, SPAN4 - 1, SPAN4,
	123456789, 0x7ffffff0, 0x7fffffff, 0x80000000, 0xff000000, 0xfffbffff, 0xffffefff,
	0xffffffb0, 0xfffffff0, 0xfffffffe, 0xffffffff};
enum { STARTS = sizeof(START) / sizeof(START[0]) };

struct fixture {
	struct test_mem m;
	struct tg_pool p;
	struct tg_wheel w;
};

static void
fixture_init(struct fixture *x, tg_ms now)
{
	test_mem_init(&x->m);
	assert_int_equal(tg_pool_init(&x->p, &x->m.mem, sizeof(struct entry), N, 0), 0);
	for (uint32_t i = 0; i < N; i++)
		assert_int_equal(tg_pool_get(&x->p), i);
	tg_wheel_init(&x->w, &x->p, offsetof(struct entry, timer), now);
}

static void
fixture_fini(struct fixture *x)
{
	for (uint32_t i = 0; i < N; i++) {
		const struct entry *e = tg_pool_at(&x->p, i);

		assert_true(e->before == 0 && e->after == 0);
	}
	tg_pool_fini(&x->p, &x->m.mem);
	test_mem_fini(&x->m);
}

static const struct tg_timer *
timer(const struct fixture *x, uint32_t idx)
{
	return &((const struct entry *)tg_pool_at(&x->p, idx))->timer;
}

/** What the wheel makes of a deadline. */
static tg_ms
taken_for(tg_ms d)
{
	return d != 0 ? d : 1;
}

/** Expires with a cap of n and wants exactly want[0 .. n), and nothing more. */
static void
expect(struct fixture *x, tg_ms now, const uint32_t want[], unsigned n)
{
	uint32_t out[N + 1];
	unsigned before = x->w.count;

	assert_int_equal(tg_wheel_expire(&x->w, now, out, N + 1), n);
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(out[i], want[i]);
		assert_false(tg_timer_armed(timer(x, out[i])));
	}
	assert_int_equal(x->w.count, before - n);
}

#define EXPECT(x, now, ...)                             \
	expect(x, now, (const uint32_t[]){__VA_ARGS__}, \
		sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))
#define EXPECT_NONE(x, now) expect(x, now, NULL, 0)

static void
an_empty_wheel_has_nothing_to_do(void **state)
{
	(void)state;
	for (size_t s = 0; s < STARTS; s++) {
		struct fixture x;
		tg_ms when;

		fixture_init(&x, START[s]);
		assert_false(tg_wheel_next(&x.w, &when));
		for (uint32_t i = 0; i < N; i++)
			tg_wheel_cancel(&x.w, i); /* zero is "not armed" */
		EXPECT_NONE(&x, START[s]);
		EXPECT_NONE(&x, START[s] + 1);
		EXPECT_NONE(&x, START[s] + FAR);
		assert_int_equal(x.w.count, 0);
		assert_false(tg_wheel_next(&x.w, &when));
		fixture_fini(&x);
	}
}

/** Waits on both sides of every border. */
static const uint32_t WAIT[] = {1, 2, SPAN1 - 1, SPAN1, SPAN1 + 1, SPAN2 - 1, SPAN2, SPAN2 + 1,
	SPAN3 - 1, SPAN3, SPAN3 + 1, SPAN4 - SPAN3, SPAN4 - 1, SPAN4, SPAN4 + 1, SPAN4 + SPAN3,
	2 * SPAN4 - 1, 2 * SPAN4, 100 * SPAN4 + 12345, FAR - 1, FAR};
enum { WAITS = sizeof(WAIT) / sizeof(WAIT[0]) };

static void
fires_at_its_tick_and_not_before(void **state)
{
	(void)state;
	for (size_t s = 0; s < STARTS; s++)
		for (size_t i = 0; i < WAITS; i++) {
			const tg_ms d = taken_for(START[s] + WAIT[i]);
			struct fixture x;
			tg_ms when;

			fixture_init(&x, START[s]);
			tg_wheel_arm(&x.w, 3, START[s] + WAIT[i]);
			assert_int_equal(x.w.count, 1);
			assert_true(tg_timer_armed(timer(&x, 3)));
			assert_int_equal(timer(&x, 3)->deadline, d);
			assert_true(tg_wheel_next(&x.w, &when));
			assert_false(tg_ms_before(d, when));
			assert_true(tg_ms_before(START[s], when));
			EXPECT_NONE(&x, START[s]);
			EXPECT_NONE(&x, d - 1);
			assert_true(tg_wheel_next(&x.w, &when));
			assert_int_equal(when, d);
			EXPECT(&x, d, 3);
			assert_false(tg_wheel_next(&x.w, &when));
			EXPECT_NONE(&x, d);
			EXPECT_NONE(&x, d + 1);
			fixture_fini(&x);
		}
}

static void
fires_when_time_jumps_past_it(void **state)
{
	(void)state;
	for (size_t s = 0; s < STARTS; s++)
		for (size_t i = 0; i < WAITS; i++) {
			struct fixture x;

			fixture_init(&x, START[s]);
			tg_wheel_arm(&x.w, 3, START[s] + WAIT[i]);
			EXPECT(&x, START[s] + FAR, 3);
			fixture_fini(&x);
		}
}

/* Who only wakes up when told so is never late, and is not woken for nothing all the time. */
static void
following_next_leads_there_in_few_steps(void **state)
{
	(void)state;
	for (size_t s = 0; s < STARTS; s++)
		for (size_t i = 0; i < WAITS; i++) {
			const tg_ms d = taken_for(START[s] + WAIT[i]);
			const unsigned enough = TG_WHEEL_LEVELS + WAIT[i] / SPAN4 + 1;
			unsigned steps = 1;
			struct fixture x;
			tg_ms when;

			fixture_init(&x, START[s]);
			tg_wheel_arm(&x.w, 3, d);
			for (;; steps++) {
				assert_true(tg_wheel_next(&x.w, &when));
				if (when == d)
					break;
				EXPECT_NONE(&x, when);
			}
			assert_true(steps <= enough);
			EXPECT(&x, d, 3);
			fixture_fini(&x);
		}
}

static void
every_millisecond_or_one_jump_is_the_same(void **state)
{
	static const uint32_t wait[N] = {
		5, 70, 5, 1, 64, 4100, 63, 128, 4095, 4096, 2, 9000, 8999, 70, 100, 3};
	static const uint32_t order[N] = {3, 10, 15, 0, 2, 6, 4, 1, 13, 14, 7, 8, 9, 5, 12, 11};

	(void)state;
	for (size_t s = 0; s < STARTS; s++) {
		unsigned n = 0;
		struct fixture x;

		fixture_init(&x, START[s]);
		for (uint32_t i = 0; i < N; i++)
			tg_wheel_arm(&x.w, i, START[s] + wait[i]);
		expect(&x, START[s] + 9000, order, N);
		fixture_fini(&x);

		fixture_init(&x, START[s]);
		for (uint32_t i = 0; i < N; i++)
			tg_wheel_arm(&x.w, i, START[s] + wait[i]);
		for (uint32_t t = 0; t <= 9000; t++) {
			unsigned from = n;

			while (n < N && taken_for(START[s] + wait[order[n]]) == START[s] + t)
				n++;
			expect(&x, START[s] + t, order + from, n - from);
		}
		assert_int_equal(n, N);
		fixture_fini(&x);
	}
}

static void
a_deadline_already_past_is_due_at_once_and_first(void **state)
{
	(void)state;
	for (size_t s = 0; s < STARTS; s++) {
		const tg_ms now = START[s];
		struct fixture x;
		tg_ms when;

		/* There 0 is one of the deadlines below, and not past: it has its own test. */
		if (now == 0 || now == UINT32_MAX)
			continue;
		fixture_init(&x, now);
		tg_wheel_arm(&x.w, 0, now + 1);
		tg_wheel_arm(&x.w, 1, now);
		tg_wheel_arm(&x.w, 2, now - 1);
		tg_wheel_arm(&x.w, 3, now - 0x7fffffff);
		assert_true(tg_wheel_next(&x.w, &when));
		assert_int_equal(when, now);
		EXPECT(&x, now, 1, 2, 3); /* in the order in which they were armed */
		assert_true(tg_wheel_next(&x.w, &when));
		assert_int_equal(when, now + 1);
		tg_wheel_arm(&x.w, 4, now - 5);
		EXPECT(&x, now + 1, 4, 0);
		fixture_fini(&x);
	}
}

static void
cancel_forgets_a_timer_wherever_it_is(void **state)
{
	static const int32_t wait[] = {-1, 0, 1, 100, 5000, SPAN3 + 1, SPAN4 + 1, FAR};

	(void)state;
	for (size_t i = 0; i < sizeof(wait) / sizeof(wait[0]); i++)
		/* The only one, the head, the middle, the tail of its slot. */
		for (uint32_t who = 0; who < 4; who++) {
			const uint32_t left[][3] = {{1, 2, 0}, {1, 2, 0}, {0, 2, 0}, {0, 1, 0}};
			const tg_ms d = 0xfffffff0 + (uint32_t)wait[i];
			struct fixture x;
			tg_ms when;

			fixture_init(&x, 0xfffffff0);
			for (uint32_t e = 0; e < (who == 0 ? 1 : 3); e++)
				tg_wheel_arm(&x.w, e, d);
			tg_wheel_cancel(&x.w, who == 0 ? 0 : who - 1);
			tg_wheel_cancel(&x.w, who == 0 ? 0 : who - 1);
			assert_int_equal(x.w.count, who == 0 ? 0 : 2);
			assert_int_equal(tg_wheel_next(&x.w, &when), who != 0);
			for (unsigned l = 0; l < TG_WHEEL_LEVELS; l++)
				assert_int_equal(who == 0 ? x.w.occupied[l] : 0, 0);
			expect(&x, wait[i] < 0 ? d + 1 : d, left[who], who == 0 ? 0 : 2);
			fixture_fini(&x);
		}
}

static void
moves_a_timer_to_any_deadline_from_any(void **state)
{
	static const int32_t wait[] = {
		-3, 0, 1, 2, 63, 64, 65, 70, 4096, 5000, SPAN3, SPAN4, SPAN4 + 1, FAR};
	enum { M = sizeof(wait) / sizeof(wait[0]) };

	(void)state;
	for (size_t s = 0; s < STARTS; s++)
		for (size_t from = 0; from < M; from++)
			for (size_t to = 0; to < M; to++) {
				const tg_ms d = taken_for(START[s] + (uint32_t)wait[to]);
				const bool ahead = tg_ms_before(START[s], d);
				struct fixture x;

				fixture_init(&x, START[s]);
				tg_wheel_arm(&x.w, 7, START[s] + (uint32_t)wait[from]);
				tg_wheel_arm(&x.w, 7, START[s] + (uint32_t)wait[to]);
				assert_int_equal(x.w.count, 1);
				assert_int_equal(timer(&x, 7)->deadline, d);
				if (ahead)
					EXPECT_NONE(&x, d - 1);
				EXPECT(&x, ahead ? d : START[s], 7);
				EXPECT_NONE(&x, START[s] + FAR);
				fixture_fini(&x);
			}
}

static void
a_move_within_the_slot_keeps_the_place_and_the_new_deadline(void **state)
{
	struct fixture x;

	(void)state;
	fixture_init(&x, 0);
	tg_wheel_arm(&x.w, 0, 130);
	tg_wheel_arm(&x.w, 1, 131);
	assert_int_equal(x.w.slot[1][2].head, 0);
	tg_wheel_arm(&x.w, 0, 131);
	assert_int_equal(x.w.slot[1][2].head, 0);
	assert_int_not_equal(x.w.slot[1][2].tail, 0);
	assert_int_equal(x.w.count, 2);
	EXPECT_NONE(&x, 130);
	EXPECT(&x, 131, 0, 1);
	fixture_fini(&x);
}

static void
equal_deadlines_come_in_the_order_of_arming(void **state)
{
	(void)state;
	for (size_t s = 0; s < STARTS; s++) {
		const tg_ms d = START[s] + SPAN4 + 5000;
		struct fixture x;

		/* Armed from far off, and ever nearer: through all levels. */
		fixture_init(&x, START[s]);
		tg_wheel_arm(&x.w, 5, d);
		EXPECT_NONE(&x, d - SPAN3);
		tg_wheel_arm(&x.w, 4, d);
		EXPECT_NONE(&x, d - SPAN2 - 1);
		tg_wheel_arm(&x.w, 3, d);
		EXPECT_NONE(&x, d - SPAN1);
		tg_wheel_arm(&x.w, 2, d);
		EXPECT_NONE(&x, d - 2);
		tg_wheel_arm(&x.w, 1, d);
		EXPECT_NONE(&x, d - 1);
		tg_wheel_arm(&x.w, 0, d);
		EXPECT(&x, d, 5, 4, 3, 2, 1, 0);
		fixture_fini(&x);
	}
}

static void
cap_cuts_and_the_next_call_goes_on(void **state)
{
	(void)state;
	for (size_t s = 0; s < STARTS; s++) {
		const tg_ms now = START[s];
		struct fixture x;
		uint32_t out[8];
		tg_ms when;

		fixture_init(&x, now);
		for (uint32_t i = 0; i < 5; i++)
			tg_wheel_arm(&x.w, i, now + 10);
		tg_wheel_arm(&x.w, 5, now + 90);
		tg_wheel_arm(&x.w, 6, now);
		tg_wheel_arm(&x.w, 7, now);
		assert_int_equal(tg_wheel_expire(&x.w, now + 200, out, 0), 0);
		assert_int_equal(tg_wheel_expire(&x.w, now + 200, out, 1), 1);
		assert_int_equal(out[0], 6);
		assert_int_equal(tg_wheel_expire(&x.w, now + 200, out, 3), 3);
		assert_int_equal(out[0], 7);
		assert_int_equal(out[2], 1);
		assert_true(tg_wheel_next(&x.w, &when));
		assert_int_equal(when, now + 10);
		/* Between two calls everything is allowed. */
		tg_wheel_cancel(&x.w, 2);
		tg_wheel_arm(&x.w, 3, now + 50);
		tg_wheel_arm(&x.w, 0, now + 10);
		tg_wheel_arm(&x.w, 1, now + 3);
		tg_wheel_arm(&x.w, 8, now + 300);
		EXPECT(&x, now + 200, 1, 4, 0, 3, 5);
		EXPECT_NONE(&x, now + 299);
		EXPECT(&x, now + 300, 8);
		fixture_fini(&x);
	}
}

static void
due_timers_can_be_cancelled_and_moved(void **state)
{
	struct fixture x;
	uint32_t out[1];

	(void)state;
	fixture_init(&x, 0xfffffffe);
	for (uint32_t i = 0; i < 6; i++)
		tg_wheel_arm(&x.w, i, 0xfffffffe);
	assert_int_equal(tg_wheel_expire(&x.w, 0xfffffffe, out, 1), 1);
	assert_int_equal(out[0], 0);
	tg_wheel_cancel(&x.w, 2);
	tg_wheel_arm(&x.w, 1, 1);
	tg_wheel_arm(&x.w, 3, 0xfffffff0); /* due as before: keeps its place */
	tg_wheel_cancel(&x.w, 5);
	tg_wheel_arm(&x.w, 5, 0xfffffffd);
	tg_wheel_arm(&x.w, 2, 0xfffffffe);
	assert_int_equal(x.w.count, 5);
	EXPECT(&x, 0xfffffffe, 3, 4, 5, 2);
	EXPECT_NONE(&x, 0);
	EXPECT(&x, 1, 1);
	fixture_fini(&x);
}

/* A keepalive that arms itself again from its own expiry, as the engine will. */
static void
an_expired_timer_can_be_armed_again_at_once(void **state)
{
	struct fixture x;
	tg_ms now = 0xffffff00;

	(void)state;
	fixture_init(&x, now);
	for (int i = 0; i < 1000; i++) {
		now += 77;
		tg_wheel_arm(&x.w, 9, now);
		EXPECT_NONE(&x, now - 1);
		EXPECT(&x, now, 9);
	}
	fixture_fini(&x);
}

static void
a_step_back_is_taken_for_standing_still(void **state)
{
	struct fixture x;
	tg_ms when;

	(void)state;
	fixture_init(&x, 1000);
	tg_wheel_arm(&x.w, 0, 1010);
	EXPECT_NONE(&x, 1005);
	EXPECT_NONE(&x, 900);
	tg_wheel_arm(&x.w, 1, 1004);
	EXPECT(&x, 900, 1); /* was due when armed */
	assert_true(tg_wheel_next(&x.w, &when));
	assert_int_equal(when, 1010);
	EXPECT(&x, 1010, 0);
	fixture_fini(&x);
}

/* Once in 49.7 days a deadline is 0, the mark of a timer that is not armed. */
static void
deadline_zero_is_taken_for_one(void **state)
{
	static const uint32_t before[] = {1, 2, 63, 64, 65, SPAN2, SPAN3, SPAN4, SPAN4 + 1, FAR};
	uint32_t out[1];
	struct fixture x;

	(void)state;
	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
		fixture_init(&x, -before[i]);
		tg_wheel_arm(&x.w, 3, 0);
		tg_wheel_arm(&x.w, 4, 1);
		assert_true(tg_timer_armed(timer(&x, 3)));
		assert_int_equal(timer(&x, 3)->deadline, 1);
		tg_wheel_arm(&x.w, 3, 0); /* moved to where it is */
		assert_int_equal(x.w.count, 2);
		EXPECT_NONE(&x, 0);
		EXPECT(&x, 1, 3, 4);
		fixture_fini(&x);

		fixture_init(&x, -before[i]);
		tg_wheel_arm(&x.w, 3, 0);
		tg_wheel_cancel(&x.w, 3);
		assert_int_equal(x.w.count, 0);
		EXPECT_NONE(&x, 1);
		fixture_fini(&x);
	}
	/* Past already: due at once; and at time 0 itself 1 ms late. */
	fixture_init(&x, 1);
	tg_wheel_arm(&x.w, 3, 0);
	tg_wheel_arm(&x.w, 4, 0);
	assert_int_equal(tg_wheel_expire(&x.w, 1, out, 1), 1);
	assert_int_equal(out[0], 3);
	tg_wheel_cancel(&x.w, 4);
	assert_int_equal(x.w.due.head, TG_NONE);
	fixture_fini(&x);
	fixture_init(&x, 0);
	tg_wheel_arm(&x.w, 3, 0);
	EXPECT_NONE(&x, 0);
	EXPECT(&x, 1, 3);
	fixture_fini(&x);
}

/* Nothing happens for a month, then somebody connects. */
static void
an_empty_wheel_follows_any_clock(void **state)
{
	struct fixture x;

	(void)state;
	fixture_init(&x, 5);
	for (uint32_t jump = 0x7fffff00; jump < 0x80000100; jump += 0x80) {
		const tg_ms now = x.w.now + jump;

		EXPECT_NONE(&x, now);
		tg_wheel_arm(&x.w, 0, now + 20);
		EXPECT_NONE(&x, now + 19);
		EXPECT(&x, now + 20, 0);
	}
	fixture_fini(&x);
}

static void
a_crowd_moves_down_a_few_at_a_time(void **state)
{
	enum { CROWD = 1000, AT = SPAN2 + 5 };
	unsigned calls = 0, fired = 0, n;
	uint32_t out[CROWD];
	struct test_mem m;
	struct tg_wheel w;
	struct tg_pool p;
	tg_ms when;

	(void)state;
	test_mem_init(&m);
	assert_int_equal(tg_pool_init(&p, &m.mem, sizeof(struct entry), CROWD, 0), 0);
	tg_wheel_init(&w, &p, offsetof(struct entry, timer), 0);
	for (uint32_t i = 0; i < CROWD; i++) {
		assert_int_equal(tg_pool_get(&p), i);
		tg_wheel_arm(&w, i, AT);
	}
	assert_int_equal(tg_wheel_expire(&w, SPAN2 - 2, out, CROWD), 0);
	/* The block of all of them begins. Those that move can be taken out and moved elsewhere. */
	assert_int_equal(tg_wheel_expire(&w, SPAN2, out, CROWD), 0);
	assert_true(tg_wheel_next(&w, &when) && !tg_ms_before(SPAN2, when));
	tg_wheel_cancel(&w, 64);
	tg_wheel_cancel(&w, 500);
	tg_wheel_cancel(&w, CROWD - 1);
	tg_wheel_cancel(&w, 0); /* has moved */
	tg_wheel_arm(&w, 501, AT + SPAN2);
	tg_wheel_arm(&w, 502, 1); /* long past */
	/* Nobody fires before all stand in their slots: the order is that of deadlines. */
	do {
		n = tg_wheel_expire(&w, AT, out, CROWD);
		fired += n;
		calls++;
		if (calls == 1) {
			assert_int_equal(n, 1);
			assert_int_equal(out[0], 502);
		}
	} while (tg_wheel_next(&w, &when) && !tg_ms_before(AT, when));
	assert_int_equal(fired, CROWD - 5);
	assert_in_range(calls, CROWD / TG_WHEEL_MOVES - 1, CROWD / TG_WHEEL_MOVES + 1);
	assert_int_equal(w.count, 1);
	assert_int_equal(tg_wheel_expire(&w, AT + SPAN2, out, CROWD), 1);
	assert_int_equal(out[0], 501);
	tg_pool_fini(&p, &m.mem);
	test_mem_fini(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_wheel_has_nothing_to_do),
		cmocka_unit_test(fires_at_its_tick_and_not_before),
		cmocka_unit_test(fires_when_time_jumps_past_it),
		cmocka_unit_test(following_next_leads_there_in_few_steps),
		cmocka_unit_test(every_millisecond_or_one_jump_is_the_same),
		cmocka_unit_test(a_deadline_already_past_is_due_at_once_and_first),
		cmocka_unit_test(cancel_forgets_a_timer_wherever_it_is),
		cmocka_unit_test(moves_a_timer_to_any_deadline_from_any),
		cmocka_unit_test(a_move_within_the_slot_keeps_the_place_and_the_new_deadline),
		cmocka_unit_test(equal_deadlines_come_in_the_order_of_arming),
		cmocka_unit_test(cap_cuts_and_the_next_call_goes_on),
		cmocka_unit_test(due_timers_can_be_cancelled_and_moved),
		cmocka_unit_test(an_expired_timer_can_be_armed_again_at_once),
		cmocka_unit_test(a_step_back_is_taken_for_standing_still),
		cmocka_unit_test(deadline_zero_is_taken_for_one),
		cmocka_unit_test(an_empty_wheel_follows_any_clock),
		cmocka_unit_test(a_crowd_moves_down_a_few_at_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
