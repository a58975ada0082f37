/* SPDX-License-Identifier: BSD-3-Clause */
/* The SYN-ACK limit of prefixes: what a prefix gets, what a flood gets, and what nobody gets. */
#include "support.h"

#include <errno.h>

#include "prefix.h"

struct rig {
	struct test_mem m;
	struct tg_prefixes t;
};

static void
rig_init(struct rig *r, uint32_t buckets, uint32_t rate, uint32_t burst)
{
	test_mem_init(&r->m);
	memset(&r->t, 0xa5, sizeof(r->t));
	assert_int_equal(tg_prefix_init(&r->t, &r->m.mem, buckets, rate, burst), 0);
}

static void
rig_fini(struct rig *r)
{
	tg_prefix_fini(&r->t, &r->m.mem);
	test_mem_fini(&r->m);
}

/** Host 1 of the n-th /24. */
static struct tg_addr
v4(uint32_t n)
{
	return tg_addr_v4((uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n, 1);
}

static bool
take(struct rig *r, uint32_t n, uint32_t hash, tg_ms now)
{
	struct tg_addr a = v4(n);

	return tg_prefix_take(&r->t, &a, hash, now);
}

/** Takes until there is nothing left. */
static uint32_t
drain(struct rig *r, uint32_t n, uint32_t hash, tg_ms now)
{
	uint32_t got = 0;

	while (take(r, n, hash, now))
		got++;
	return got;
}

/** Some hash for a number. */
static uint32_t
mix(uint64_t n)
{
	return (uint32_t)(test_rand(&n) >> 32);
}

static void
a_burst_then_the_rate(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, 64, 10, 5);
	assert_int_equal(drain(&r, 1, 7, 1000), 5);
	assert_false(take(&r, 1, 7, 1099));
	assert_true(take(&r, 1, 7, 1100)); /* one in 100 ms */
	assert_false(take(&r, 1, 7, 1199));
	assert_int_equal(drain(&r, 1, 7, 1400), 3);
	/* No more than the burst, however long it waits. */
	assert_int_equal(drain(&r, 1, 7, 1400 + 499), 4);
	assert_int_equal(drain(&r, 1, 7, 1000000), 5);
	rig_fini(&r);
}

/* Asking every millisecond must not round the refill away, nor must a refusal cost anything. */
static void
no_rate_is_rounded_away(void **state)
{
	static const uint32_t rate[] = {1, 2, 3, 7, 999, 1000, 1001, 1000000};

	(void)state;
	for (size_t i = 0; i < sizeof(rate) / sizeof(rate[0]); i++) {
		uint64_t got = 0;
		struct rig r;

		rig_init(&r, 64, rate[i], 1000);
		assert_int_equal(drain(&r, 1, 7, 0), 1000);
		for (tg_ms now = 1; now <= 7000; now++)
			got += drain(&r, 1, 7, now);
		assert_int_equal(got, rate[i] == 1000000 ? 7000u * 1000 : 7 * rate[i]);
		rig_fini(&r);
	}
}

static void
one_a_second_is_one_a_second(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, 64, 1, 1);
	assert_true(take(&r, 1, 7, 0));
	for (tg_ms now = 1; now <= 10000; now++)
		assert_int_equal(take(&r, 1, 7, now), now % 1000 == 0);
	rig_fini(&r);
}

static void
time_may_wrap(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, 64, 10, 5);
	assert_int_equal(drain(&r, 1, 7, 0xffffffce), 5); /* 50 ms before */
	assert_false(take(&r, 1, 7, 0xffffffff));
	assert_false(take(&r, 1, 7, 49));
	assert_true(take(&r, 1, 7, 50));
	assert_int_equal(drain(&r, 1, 7, 50 + 1000), 5);
	/* All the time there is but one: still full. */
	assert_int_equal(drain(&r, 1, 7, 50 + 1000 - 1), 5);
	/* Exactly 49.7 days later it seems to be now: too few, not too many. */
	assert_int_equal(drain(&r, 1, 7, 50 + 1000 - 1), 0);
	assert_int_equal(drain(&r, 1, 7, 50 + 1000 - 1 + 500), 5);
	rig_fini(&r);
}

static void
hosts_of_a_prefix_share_and_neighbours_do_not(void **state)
{
	struct tg_addr a = tg_addr_v4(192, 0, 2, 7), p = tg_prefix_of(&a), q;
	struct tg_addr a6 = {{0x20, 0x01, 0x0d, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}};
	struct tg_addr p6 = tg_prefix_of(&a6);
	const struct tg_addr want = tg_addr_v4(192, 0, 2, 0);
	const struct tg_addr want6 = {{0x20, 0x01, 0x0d, 0xb8, 1, 2, 3}};
	struct rig r;

	(void)state;
	assert_memory_equal(&p, &want, sizeof(p));
	assert_memory_equal(&p6, &want6, sizeof(p6));
	for (unsigned v6 = 0; v6 < 2; v6++)
		for (unsigned bit = v6 ? 0 : 96; bit < 128; bit++) {
			const struct tg_addr *first = v6 ? &a6 : &a;
			const bool same = bit >= (v6 ? 56 : 120);
			struct tg_addr other = *first;

			other.b[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
			q = tg_prefix_of(&other);
			assert_int_equal(memcmp(v6 ? &p6 : &p, &q, sizeof(q)) == 0, same);
			rig_init(&r, 64, 1, 1);
			assert_true(tg_prefix_take(&r.t, first, 7, 0));
			assert_int_equal(tg_prefix_take(&r.t, &other, 7, 0), !same);
			assert_false(tg_prefix_take(&r.t, first, 7, 0));
			rig_fini(&r);
		}
}

/* The same bytes, once as IPv4 and once at the top of an IPv6 address; and the zeros of both. */
static void
families_never_meet(void **state)
{
	struct rig r;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct tg_addr a = i ? tg_addr_v4(192, 0, 2, 1) : tg_addr_v4(0, 0, 0, 0);
		struct tg_addr b = {{0}};

		memcpy(b.b, a.b + 12, 3);
		rig_init(&r, 64, 1, 1);
		assert_true(tg_prefix_take(&r.t, &a, 7, 0));
		assert_true(tg_prefix_take(&r.t, &b, 7, 0));
		assert_false(tg_prefix_take(&r.t, &a, 7, 0));
		assert_false(tg_prefix_take(&r.t, &b, 7, 0));
		rig_fini(&r);
	}
}

/** A bucket of its own for each prefix, counted in another way: what has it let through. */
struct twin {
	double tokens;
	tg_ms at;
};

static double
twin_tokens(const struct twin *w, tg_ms now, uint32_t rate, uint32_t burst)
{
	const double n = w->tokens + (double)(tg_ms)(now - w->at) * rate / 1000;

	return n < burst ? n : burst;
}

/*
 * The two claims on a single prefix: four in a set have exactly their own buckets, and more of them
 * each less or as much, whatever they do. All share the set here, as an attacker would wish.
 */
static void
no_prefix_ever_has_more_than_a_bucket_of_its_own(void **state)
{
	enum { RATE = 20, BURST = 6, MOST = 12 };

	(void)state;
	for (uint32_t prefixes = 1; prefixes <= MOST; prefixes++) {
		unsigned granted = 0, refused = 0;
		struct twin w[MOST];
		uint64_t rnd = prefixes;
		tg_ms now = 0xffff0000;
		struct rig r;

		rig_init(&r, 64, RATE, BURST);
		for (unsigned i = 0; i < MOST; i++)
			w[i] = (struct twin){BURST, now};
		for (unsigned step = 0; step < 100000; step++) {
			/* Some come in rows, some alone, and at times nobody. */
			const uint32_t n = test_below(&rnd, prefixes);
			unsigned row =
				test_below(&rnd, 4) == 0 ? 1 + test_below(&rnd, 2 * BURST) : 1;

			now += test_below(&rnd, 3) == 0 ? test_below(&rnd, 400)
							: test_below(&rnd, 8);
			while (row-- != 0) {
				const double own = twin_tokens(&w[n], now, RATE, BURST);
				const bool ok = take(&r, n, 7, now);

				if (ok) {
					assert_true(own > 0.999999);
					w[n] = (struct twin){own - 1, now};
				} else if (prefixes <= 4) {
					assert_true(own < 0.999999);
				}
				granted += ok;
				refused += !ok;
			}
		}
		assert_true(granted > 1000 && refused > 1000);
		rig_fini(&r);
	}
}

/*
 * The attack that a table of buckets invites: hit the victim until its bucket is empty, drive it
 * out with random prefixes, begin again with a full one.
 */
static void
random_prefixes_give_a_victim_no_fresh_burst(void **state)
{
	enum { BUCKETS = 64, RATE = 2, BURST = 50, SECONDS = 30, VICTIM = 0xffffff };
	uint64_t all = 0, victim = 0, rnd = 11;
	uint64_t window[SECONDS + 1] = {0};
	struct rig r;

	(void)state;
	rig_init(&r, BUCKETS, RATE, BURST);
	for (tg_ms now = 0; now < SECONDS * 1000; now++)
		for (unsigned i = 0; i < 20; i++) {
			const uint32_t n = test_below(&rnd, 1 << 20);

			all += take(&r, n, mix(n), now);
			if (take(&r, VICTIM, mix(VICTIM), now)) {
				victim++;
				all++;
				window[now / 1000]++;
			}
		}
	assert_true(victim <= BURST + RATE * SECONDS);
	assert_true(all <= (uint64_t)BUCKETS * (BURST + RATE * SECONDS));
	/* The bound is what is used up, not what is never reached. */
	assert_true(all > (uint64_t)BUCKETS * (BURST + RATE * (SECONDS - 2)));
	/* Once the bursts are gone: at most the rate, and one that was left over. */
	for (unsigned s = 10; s < SECONDS; s++)
		assert_true(window[s] <= RATE + 1);
	rig_fini(&r);
}

/* Who is refused for want of tokens drives nobody out. */
static void
a_newcomer_takes_the_fullest_entry_or_none(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, 64, 1, 10);
	for (uint32_t n = 0; n < 4; n++)
		for (uint32_t k = 0; k < 10 - n; k++)
			assert_true(take(&r, n, 7, 0)); /* 0, 1, 2 and 3 are left */
	assert_true(take(&r, 4, 7, 0));                 /* takes the 3 */
	assert_true(take(&r, 4, 7, 0));
	assert_true(take(&r, 3, 7, 0)); /* takes the 2 of prefix 2 */
	assert_int_equal(drain(&r, 4, 7, 0), 1);
	assert_int_equal(drain(&r, 1, 7, 0), 1);
	assert_int_equal(drain(&r, 3, 7, 0), 1);
	/* All empty; these come and go, and the four that have entries keep them. */
	for (uint32_t n = 100; n < 1000; n++)
		assert_false(take(&r, n, 7, 999));
	for (uint32_t n = 0; n < 4; n++)
		assert_true(take(&r, n == 2 ? 4 : n, 7, 1000));
	for (uint32_t n = 0; n < 5; n++)
		assert_false(take(&r, n, 7, 1000));
	rig_fini(&r);
}

static void
every_hash_has_a_set_and_all_sets_are_used(void **state)
{
	static const uint32_t buckets[] = {64, 65, 67, 1000, 1u << 20};

	(void)state;
	for (size_t i = 0; i < sizeof(buckets) / sizeof(buckets[0]); i++) {
		const uint32_t sets = (buckets[i] + 3) / 4;
		struct rig r;

		rig_init(&r, buckets[i], 1, 1);
		assert_int_equal(r.m.bytes, 64 * (size_t)sets);
		assert_int_equal(r.m.align, 64);
		for (uint32_t pass = 0; pass < 2; pass++)
			for (uint32_t n = 0; n < 4 * sets; n++) {
				const uint64_t at = (uint64_t)(n / 4) << 32;

				assert_int_equal(take(&r, n, (uint32_t)((at + sets - 1) / sets), 0),
					pass == 0);
			}
		assert_false(take(&r, 4 * sets, UINT32_MAX, 0));
		rig_fini(&r);
	}
}

static void
rate_zero_is_no_limit(void **state)
{
	struct tg_prefixes none;
	struct rig r;

	(void)state;
	rig_init(&r, 64, 0, 1);
	for (unsigned i = 0; i < 1000; i++)
		assert_true(take(&r, 1, UINT32_MAX, 0));
	tg_prefix_fini(&r.t, &r.m.mem);
	r.m.fail = 1;
	assert_int_equal(tg_prefix_init(&none, &r.m.mem, 64, 1, 1), -ENOMEM);
	tg_prefix_fini(&none, &r.m.mem);
	rig_fini(&r);
}

static void
the_largest_settings_do_not_overflow(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, 64, 1000000, 1000000);
	assert_int_equal(drain(&r, 1, 7, 0), 1000000);
	assert_int_equal(drain(&r, 1, 7, 1), 1000);
	/* 4295 ms are 2^32 thousandths and a few: 32 tokens, if that were cut off. */
	assert_int_equal(drain(&r, 1, 7, 1 + 4295), 1000000);
	assert_int_equal(drain(&r, 1, 7, UINT32_MAX), 1000000);
	rig_fini(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_then_the_rate),
		cmocka_unit_test(no_rate_is_rounded_away),
		cmocka_unit_test(one_a_second_is_one_a_second),
		cmocka_unit_test(time_may_wrap),
		cmocka_unit_test(hosts_of_a_prefix_share_and_neighbours_do_not),
		cmocka_unit_test(families_never_meet),
		cmocka_unit_test(no_prefix_ever_has_more_than_a_bucket_of_its_own),
		cmocka_unit_test(random_prefixes_give_a_victim_no_fresh_burst),
		cmocka_unit_test(a_newcomer_takes_the_fullest_entry_or_none),
		cmocka_unit_test(every_hash_has_a_set_and_all_sets_are_used),
		cmocka_unit_test(rate_zero_is_no_limit),
		cmocka_unit_test(the_largest_settings_do_not_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
