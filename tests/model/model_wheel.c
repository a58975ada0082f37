/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The timer wheel beside an array that is scanned from end to end each time: long random
 * sequences, and every answer must be the same (within a tick, the order is the wheel's own). A
 * second wheel gets the same calls and must give the same answers in the same order.
 */
#include "support.h"
#include "wheel.h"

struct entry {
	uint32_t pad;
	struct tg_timer timer;
};

enum {
	N = 150,
	WHEELS = 2,
};

struct world {
	struct test_mem m;
	struct tg_pool p[WHEELS];
	struct tg_wheel w[WHEELS];
	uint64_t rand;
	/* The twin: time does not wrap here. */
	uint64_t now;  /**< the latest that was told */
	uint64_t done; /**< what tg_wheel.now should be */
	bool armed[N];
	uint64_t fires[N]; /**< deadline, or the time of arming when that was later */
	unsigned count;
	unsigned moved_on; /**< calls that left entries on their way down */
};

/** A distance up to `max`, small ones as likely as large ones, often at a border of blocks. */
static uint64_t
distance(struct world *x, uint64_t max)
{
	const unsigned bits = test_below(&x->rand, 32);
	uint64_t d = test_rand(&x->rand) & ((UINT64_C(1) << bits) - 1);

	if (test_below(&x->rand, 4) == 0)
		d = (UINT64_C(1) << bits) + test_below(&x->rand, 3) - 1;
	return d < max ? d : max;
}

/** The earliest that the twin has; UINT64_MAX when nothing is armed. */
static uint64_t
twin_earliest(const struct world *x)
{
	uint64_t min = UINT64_MAX;

	for (uint32_t i = 0; i < N; i++)
		if (x->armed[i] && x->fires[i] < min)
			min = x->fires[i];
	return min;
}

static void
arm_at(struct world *x, uint32_t i, uint64_t d)
{
	for (unsigned k = 0; k < WHEELS; k++)
		tg_wheel_arm(&x->w[k], i, (tg_ms)d);
	if ((tg_ms)d == 0)
		d++;
	x->count += !x->armed[i];
	if (d <= x->done && x->armed[i] && x->fires[i] <= x->done)
		return; /* was due and stays so, in its place */
	x->armed[i] = true;
	x->fires[i] = d > x->done ? d : x->done;
}

/** More than move down in one call, close together and far ahead: in one slot. */
static void
arm_crowd(struct world *x)
{
	uint64_t at = x->done + 64 + distance(x, 20000000);

	for (uint32_t i = 0; i < N; i++)
		if (test_below(&x->rand, 8) != 0)
			arm_at(x, i, at + test_below(&x->rand, 60));
}

static void
arm(struct world *x, uint32_t i)
{
	/* Mostly ahead; sometimes past already; sometimes moved on a little, or not at all. */
	uint64_t d = x->done + distance(x, INT32_MAX);

	if (test_below(&x->rand, 8) == 0) {
		uint64_t back = distance(x, 100000);

		d = x->done > back ? x->done - back : 0;
	} else if (test_below(&x->rand, 4) == 0 && x->armed[i] && x->fires[i] > x->done) {
		d = x->fires[i] + test_below(&x->rand, 3);
		if (d - x->done > INT32_MAX)
			d = x->done + INT32_MAX;
	}
	/* Once in 2^32 ms, seldom enough to be looked for: the deadline that is taken for 1. */
	if (test_below(&x->rand, 16) == 0 && (tg_ms)-x->done <= INT32_MAX)
		d = x->done + (tg_ms)-x->done;
	arm_at(x, i, d);
}

static void
cancel(struct world *x, uint32_t i)
{
	for (unsigned k = 0; k < WHEELS; k++)
		tg_wheel_cancel(&x->w[k], i);
	x->count -= x->armed[i];
	x->armed[i] = false;
}

static void
expire(struct world *x)
{
	/* A budget that cuts, mostly; or one that is never used up. */
	const unsigned cap = test_below(&x->rand, 3) == 0 ? N + 1 : test_below(&x->rand, 12);
	uint32_t out[WHEELS][N + 1];
	unsigned n[WHEELS];
	uint64_t limit;

	/* To the next deadline, before it or past it; or anywhere; seldom back. */
	if (test_below(&x->rand, 3) == 0 && x->count != 0) {
		uint64_t to = twin_earliest(x) + test_below(&x->rand, 3) - 1;

		if (to > x->now && to <= x->done + INT32_MAX)
			x->now = to;
	} else {
		x->now += distance(x, x->done + INT32_MAX - x->now) >> test_below(&x->rand, 12);
	}
	limit = x->now;
	if (test_below(&x->rand, 20) == 0 && limit > 10)
		limit -= test_below(&x->rand, 10);

	for (unsigned k = 0; k < WHEELS; k++)
		n[k] = tg_wheel_expire(&x->w[k], (tg_ms)limit, out[k], cap);
	assert_int_equal(n[0], n[1]);
	assert_memory_equal(out[0], out[1], n[0] * sizeof(out[0][0]));

	if (x->count == 0) {
		assert_int_equal(n[0], 0);
		x->done = x->now = limit;
		return;
	}
	assert_true(n[0] <= cap);
	for (unsigned i = 0; i < n[0]; i++) {
		const uint32_t idx = out[0][i];

		assert_true(idx < N);
		assert_true(x->armed[idx]);
		assert_true(x->fires[idx] == twin_earliest(x));
		assert_true(x->fires[idx] <= limit || x->fires[idx] <= x->done);
		if (x->fires[idx] > x->done)
			x->done = x->fires[idx] - 1;
		x->armed[idx] = false;
		x->count--;
	}
	if (x->w[0].moving.head != TG_NONE) {
		/* Time stands still at the block whose entries are moving, until it is called
		 * again. */
		x->moved_on++;
		x->done += (tg_ms)(x->w[0].now - (tg_ms)x->done);
		assert_true(x->done <= x->now);
		assert_true(n[0] == cap || twin_earliest(x) > x->done);
	} else if (n[0] < cap) {
		const uint64_t next = twin_earliest(x);

		assert_true(next > limit && next > x->done);
		if (limit > x->done)
			x->done = limit;
	}
}

/**
 * Every entry is where its deadline and the cursor say, worked out here bit group by bit group; the
 * wheel itself relies on it to find an entry again.
 */
static void
check_list(const struct world *x, unsigned k, const struct tg_wheel_list *f, unsigned level,
	unsigned i)
{
	const struct tg_wheel *w = &x->w[k];
	const tg_ms cur = w->now + 1;
	uint32_t idx = f->head, prev = TG_NONE;

	for (; idx != TG_NONE;
		prev = idx, idx = ((struct entry *)tg_pool_at(&x->p[k], idx))->timer.link.next) {
		const struct entry *e = tg_pool_at(&x->p[k], idx);
		const tg_ms d = e->timer.deadline;
		unsigned want = 0;

		assert_true(x->armed[idx]);
		assert_int_equal(e->timer.link.prev, prev);
		assert_int_equal(tg_ms_before(d, cur), level == TG_WHEEL_LEVELS);
		if (level < TG_WHEEL_LEVELS) {
			while (want < TG_WHEEL_LEVELS - 1 &&
				d >> (6 * (want + 1)) != cur >> (6 * (want + 1)))
				want++;
			assert_int_equal(level, want);
			assert_int_equal(i, d >> (6 * level) & 63);
		}
	}
	assert_int_equal(f->tail, prev);
}

/** Entries of a list. */
static unsigned
length(const struct world *x, const struct tg_wheel_list *l)
{
	unsigned n = 0;

	for (uint32_t i = l->head; i != TG_NONE; n++)
		i = ((const struct entry *)tg_pool_at(&x->p[0], i))->timer.link.next;
	return n;
}

static void
check_places(const struct world *x, unsigned k)
{
	check_list(x, k, &x->w[k].due, TG_WHEEL_LEVELS, 0);
	for (unsigned level = 0; level < TG_WHEEL_LEVELS; level++)
		for (uint64_t m = x->w[k].occupied[level]; m != 0; m &= m - 1) {
			const unsigned i = (unsigned)__builtin_ctzll(m);

			check_list(x, k, &x->w[k].slot[level][i], level, i);
		}
}

static void
check(const struct world *x)
{
	const struct tg_wheel *w = &x->w[0];
	const uint64_t min = twin_earliest(x);
	unsigned seen = length(x, &w->due) + length(x, &w->moving);
	tg_ms when = 0;

	assert_int_equal(w->count, x->count);
	assert_int_equal(w->now, (tg_ms)x->done);
	assert_int_equal(tg_wheel_next(w, &when), x->count != 0);
	if (x->count != 0) {
		const uint64_t at = x->done + (tg_ms)(when - (tg_ms)x->done);

		assert_true(at <= min);
		assert_int_equal(at == x->done,
			min == x->done || w->due.head != TG_NONE || w->moving.head != TG_NONE);
	}
	for (unsigned level = 0; level < TG_WHEEL_LEVELS; level++)
		for (unsigned i = 0; i < TG_WHEEL_SLOTS; i++) {
			assert_int_equal(
				w->occupied[level] >> i & 1, w->slot[level][i].head != TG_NONE);
			seen += length(x, &w->slot[level][i]);
		}
	assert_int_equal(seen, x->count);
	for (uint32_t i = 0; i < N; i++) {
		const struct entry *e = tg_pool_at(&x->p[0], i);

		assert_int_equal(tg_timer_armed(&e->timer), x->armed[i]);
	}
}

static void
run(uint64_t seed, uint64_t start, unsigned busy, unsigned ops)
{
	struct world x;

	memset(&x, 0, sizeof(x));
	test_mem_init(&x.m);
	x.rand = seed;
	x.now = x.done = start;
	for (unsigned k = 0; k < WHEELS; k++) {
		assert_int_equal(tg_pool_init(&x.p[k], &x.m.mem, sizeof(struct entry), N, 0), 0);
		tg_wheel_init(&x.w[k], &x.p[k], offsetof(struct entry, timer), (tg_ms)start);
	}
	for (unsigned i = 0; i < ops; i++) {
		const uint32_t idx = test_below(&x.rand, N);
		const unsigned what = test_below(&x.rand, 16);

		if (test_below(&x.rand, 200) == 0)
			arm_crowd(&x);
		else if (what < busy)
			arm(&x, idx);
		else if (what < busy + 2)
			cancel(&x, idx);
		else
			expire(&x);
		/* The places after every step: an entry gone astray may be back some steps later.
		 */
		check_places(&x, i % WHEELS);
		if (i % 16 == 0)
			check(&x);
	}
	assert_true(x.moved_on > 0);
	for (unsigned k = 0; k < WHEELS; k++)
		tg_pool_fini(&x.p[k], &x.m.mem);
	test_mem_fini(&x.m);
}

static void
the_wheel_answers_like_an_array(void **state)
{
	static const uint64_t start[] = {
		0, 1, 0x7fffff00, 0xfffffff0, 0xffffffff, 0x1fffff000, 0x3fffc0000};

	(void)state;
	for (size_t s = 0; s < sizeof(start) / sizeof(start[0]); s++)
		for (unsigned busy = 2; busy <= 12; busy += 5)
			for (uint64_t seed = 1; seed <= 3; seed++)
				run(seed + 100 * s, start[s], busy, 80000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_wheel_answers_like_an_array),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
