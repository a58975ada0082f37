/* SPDX-License-Identifier: BSD-3-Clause */
/* SYN cookies: section 5 of the semantics, clause by clause. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "cookie.h"
#include "seeded.h"

#define EPOCH  UINT64_C(26562500)
#define WALL   (EPOCH * 64) /* an epoch begins */
#define IRS    0x12345678u
#define MODES  4
#define IS_V6  2u /* bits of a mode */
#define HAS_TS 1u

static const uint8_t seed[32] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19,
	20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32};

static const struct tg_tuple tuples[2] = {
	{
		.local = {{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1}}, 443},
		.remote = {{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 198, 51, 100, 7}}, 54321},
	},
	{
		.local = {{{0x20, 0x01, 0x0d, 0xb8, [15] = 1}}, 443},
		.remote = {{{0x20, 0x01, 0x0d, 0xb8, 0xff, [15] = 7}}, 54321},
	},
};

static struct tg_secret secret;

struct cookie {
	struct tg_tuple t;
	uint32_t irs, iss, tsval;
	struct tg_cookie_state st;
};

static int
fresh_secret(void **state)
{
	(void)state;
	tg_secret_init(&secret, seed, NULL, WALL, true);
	return 0;
}

static struct cookie
make(const struct tg_secret *s, unsigned mode, struct tg_cookie_state st)
{
	struct cookie c = {.t = tuples[(mode & IS_V6) != 0], .irs = IRS, .st = st};

	c.st.ts = mode & HAS_TS;
	c.iss = tg_cookie_make(s, &c.t, c.irs, &c.st, 1000000, &c.tsval);
	return c;
}

static struct cookie
make_any(const struct tg_secret *s, unsigned mode)
{
	return make(s, mode, (struct tg_cookie_state){1460, 7, true, false, false});
}

static bool
check(const struct tg_secret *s, const struct cookie *c)
{
	struct tg_cookie_state st;

	return tg_cookie_check(s, &c->t, c->irs, c->iss, c->st.ts, c->tsval, &st);
}

static void
assert_same_state(const struct tg_cookie_state *a, const struct tg_cookie_state *b)
{
	assert_int_equal(a->mss, b->mss);
	assert_int_equal(a->wscale, b->wscale);
	assert_int_equal(a->sack, b->sack);
	assert_int_equal(a->ecn, b->ecn);
	assert_int_equal(a->ts, b->ts);
}

/* What make promises in its state argument is what check returns. */
static struct tg_cookie_state
carried(unsigned mode, struct tg_cookie_state st)
{
	struct cookie c = make(&secret, mode, st);
	struct tg_cookie_state back;

	memset(&back, 0xa5, sizeof(back));
	assert_true(tg_cookie_check(&secret, &c.t, c.irs, c.iss, c.st.ts, c.tsval, &back));
	assert_same_state(&back, &c.st);
	return back;
}

static void
every_state_that_can_be_carried_comes_back(void **state)
{
	static const uint16_t mss[2][8] = {{64, 536, 1220, 1360, 1400, 1440, 1460, 8856},
		{64, 536, 1220, 1340, 1380, 1420, 1440, 8836}};
	static const uint8_t plain[] = {TG_COOKIE_NO_WSCALE, 0, 2, 5, 6, 7, 8, 10};
	static const uint8_t with_ts[] = {
		TG_COOKIE_NO_WSCALE, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14};

	(void)state;
	for (unsigned mode = 0; mode < MODES; mode++) {
		bool ts = mode & HAS_TS;

		for (unsigned i = 0; i < 8u * (ts ? 64 : 16); i++) {
			struct tg_cookie_state want = {mss[(mode & IS_V6) != 0][i & 7],
				ts ? with_ts[i >> 5] : plain[i >> 4], i >> 3 & 1,
				ts && (i >> 4 & 1), ts};
			struct tg_cookie_state got = carried(mode, want);

			assert_same_state(&got, &want);
		}
	}
}

static void
mss_is_rounded_down_never_up_for_every_value(void **state)
{
	(void)state;
	for (unsigned mode = 0; mode < MODES; mode++) {
		unsigned last = 0, levels = 0;

		for (unsigned mss = 64; mss <= 65535; mss++) {
			struct tg_cookie_state got = carried(
				mode, (struct tg_cookie_state){.mss = (uint16_t)mss, .wscale = 7});

			assert_true(got.mss <= mss);
			assert_true(got.mss >= last); /* and to the nearest level */
			if (got.mss != last) {
				assert_int_equal(got.mss, mss);
				levels++;
			}
			last = got.mss;
		}
		assert_int_equal(levels, 8);
	}
}

static void
wscale_is_rounded_down_and_never_to_none(void **state)
{
	static const uint8_t plain[] = {0, 0, 2, 2, 2, 5, 6, 7, 8, 8, 10, 10, 10, 10, 10};

	(void)state;
	for (unsigned mode = 0; mode < MODES; mode++) {
		struct tg_cookie_state st = {1460, TG_COOKIE_NO_WSCALE, true, true, false};

		assert_int_equal(carried(mode, st).wscale, TG_COOKIE_NO_WSCALE);
		assert_int_equal(carried(mode, st).ecn, mode & HAS_TS);
		for (st.wscale = 0; st.wscale <= 14; st.wscale++)
			assert_int_equal(carried(mode, st).wscale,
				mode & HAS_TS ? st.wscale : plain[st.wscale]);
		/* RFC 7323 2.3: above 14 counts as 14 */
		st.wscale = 15;
		assert_int_equal(carried(mode, st).wscale, mode & HAS_TS ? 14 : 10);
	}
}

static void
an_ack_of_the_other_timestamp_form_never_matches(void **state)
{
	uint64_t rnd = 5;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		struct cookie c = make_any(&secret, (unsigned)i % MODES);
		struct tg_cookie_state st;

		c.irs = (uint32_t)seeded(&rnd);
		c.iss = tg_cookie_make(
			&secret, &c.t, c.irs, &c.st, (uint32_t)seeded(&rnd), &c.tsval);
		assert_true(check(&secret, &c));
		if (!c.st.ts)
			c.tsval = (uint32_t)seeded(&rnd);
		assert_false(tg_cookie_check(&secret, &c.t, c.irs, c.iss, !c.st.ts, c.tsval, &st));
	}
}

/* The whole rule: made p seconds into an epoch it is good from 32 s before that epoch to 96 s after
 * its start, whatever the maker's clock and the checker's differ by. */
static void
a_cookie_lives_32_to_96_seconds_at_every_phase(void **state)
{
	struct tg_secret maker, checker;

	(void)state;
	for (int p = 0; p < 64; p++) {
		tg_secret_init(&maker, seed, NULL, WALL + (uint64_t)p, true);
		tg_secret_init(&checker, seed, NULL, WALL - 300, true);
		for (unsigned mode = 0; mode < MODES; mode++) {
			struct cookie c = make_any(&maker, mode);

			for (int at = -300; at < 500; at++) {
				bool good;

				tg_secret_advance(&checker, WALL + (uint64_t)(int64_t)at);
				good = check(&checker, &c);
				assert_int_equal(good, at >= -32 && at < 96);
				/* what follows for age and for clocks that differ */
				if (at >= p && at <= p + 32)
					assert_true(good);
				if (at < p && at >= p - 32)
					assert_true(good);
				if (at - p >= 96)
					assert_false(good);
			}
		}
	}
}

static const uint8_t next_seed[32] = {7, 7, 7};
static const uint8_t third_seed[32] = {8, 8, 8};

/* The life of a cookie is the same whether or not the seed is changed behind it. */
static void
cookies_of_the_seed_before_live_on_at_every_phase(void **state)
{
	struct tg_secret maker, fresh;

	(void)state;
	for (int p = 0; p < 64; p++) {
		struct cookie old[MODES], now[MODES];

		tg_secret_init(&maker, seed, NULL, WALL + (uint64_t)p, true);
		for (unsigned mode = 0; mode < MODES; mode++)
			old[mode] = make_any(&maker, mode);
		tg_secret_rotate(&maker, next_seed);
		tg_secret_init(&fresh, seed, next_seed, WALL + (uint64_t)p, true);
		for (unsigned mode = 0; mode < MODES; mode++) {
			now[mode] = make_any(&maker, mode);
			assert_true(check(&fresh, &now[mode]));
			assert_false(check(&fresh, &old[mode]));
		}
		for (int at = p; at < 300; at++) {
			tg_secret_advance(&maker, WALL + (uint64_t)at);
			for (unsigned mode = 0; mode < MODES; mode++) {
				assert_int_equal(check(&maker, &old[mode]), at < 96);
				assert_int_equal(check(&maker, &now[mode]), at < 96);
			}
		}
	}
}

/* A machine that shares the seed and is told up to 32 s later, or whose clock is off by as much. */
static void
other_machines_may_rotate_a_little_later(void **state)
{
	struct tg_secret here, there;

	(void)state;
	for (int p = 0; p < 64; p++)
		for (int skew = -32; skew <= 32; skew += 8) {
			tg_secret_init(&here, seed, NULL, WALL + (uint64_t)p, true);
			tg_secret_init(&there, seed, NULL, WALL + (uint64_t)(p + skew), true);
			tg_secret_rotate(&here, next_seed);
			for (int at = p; at <= p + 32; at += 4) {
				tg_secret_advance(&here, WALL + (uint64_t)at);
				tg_secret_advance(&there, WALL + (uint64_t)(at + skew));
				for (unsigned mode = 0; mode < MODES; mode++) {
					struct cookie c = make_any(&there, mode);

					assert_true(check(&here, &c));
				}
			}
		}
}

static bool
any_byte(const void *p, size_t n)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < n; i++)
		if (b[i] != 0)
			return true;
	return false;
}

/* Neither the seed nor what was derived of it. */
static void
nothing_of_the_seed_before_is_left_after_96_seconds(void **state)
{
	struct tg_secret s, fresh;

	(void)state;
	for (int how = 0; how < 3; how++) {
		/* on time; a clock that jumps ahead; one that jumps back */
		static const int64_t to[] = {96, 1000000, -1000000};

		memset(&s, 0, sizeof(s));
		tg_secret_init(&s, seed, NULL, WALL + 10, true);
		tg_secret_rotate(&s, next_seed);
		assert_memory_equal(s.cookie_seed, next_seed, 32);
		tg_secret_advance(&s, WALL + 10 + 95);
		assert_true(any_byte(s.old, sizeof(s.old)));
		tg_secret_advance(&s, WALL + 10 + (uint64_t)to[how]);
		assert_false(any_byte(s.old, sizeof(s.old)));
		/* in the slots in use, and in the fourth, are keys of the new one, or none */
		memset(&fresh, 0, sizeof(fresh));
		tg_secret_init(&fresh, seed, next_seed, WALL + 10, true);
		tg_secret_advance(&fresh, WALL + 10 + 95);
		tg_secret_advance(&fresh, WALL + 10 + (uint64_t)to[how]);
		assert_memory_equal(s.cookie, fresh.cookie, sizeof(s.cookie));
	}
}

static void
a_second_rotation_knows_the_latest_seed_before_it_only(void **state)
{
	struct tg_secret s;

	(void)state;
	tg_secret_init(&s, seed, NULL, WALL, true);
	for (unsigned mode = 0; mode < MODES; mode++) {
		struct cookie first, second;

		tg_secret_init(&s, seed, NULL, WALL, true);
		first = make_any(&s, mode);
		tg_secret_rotate(&s, next_seed);
		second = make_any(&s, mode);
		assert_true(check(&s, &first));
		tg_secret_advance(&s, WALL + 5);
		tg_secret_rotate(&s, third_seed);
		assert_false(check(&s, &first));
		assert_true(check(&s, &second));
	}
}

static void
any_changed_bit_makes_it_fail(void **state)
{
	(void)state;
	for (unsigned mode = 0; mode < MODES; mode++) {
		const struct cookie good = make_any(&secret, mode);

		assert_true(check(&secret, &good));
		for (int bit = mode & IS_V6 ? 0 : 96; bit < 128; bit++) {
			struct cookie c = good;

			c.t.local.addr.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_false(check(&secret, &c));
			c = good;
			c.t.remote.addr.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_false(check(&secret, &c));
		}
		for (int bit = 0; bit < 16; bit++) {
			struct cookie c = good;

			c.t.local.port ^= (uint16_t)(1 << bit);
			assert_false(check(&secret, &c));
			c = good;
			c.t.remote.port ^= (uint16_t)(1 << bit);
			assert_false(check(&secret, &c));
		}
		for (int bit = 0; bit < 32; bit++) {
			struct cookie c = good;

			c.irs ^= 1u << bit;
			assert_false(check(&secret, &c));
			c = good;
			c.iss ^= 1u << bit;
			assert_false(check(&secret, &c));
			/* above the cookie's own bits TSecr says nothing, and is not asked */
			c = good;
			c.tsval ^= 1u << bit;
			assert_int_equal(
				check(&secret, &c), !(mode & HAS_TS) || bit >= TG_COOKIE_TSBITS);
		}
	}
}

/* Were the state XORed in without masks, the tag of (ISN, state) would be that of (ISN ^ d, state
 * ^ d), for a d somewhere in the block. */
static void
a_tag_cannot_be_moved_between_isn_and_state(void **state)
{
	static const uint16_t mss[] = {64, 536, 1220, 1360, 1400, 1440, 1460, 8856};
	static const uint8_t wscale[] = {TG_COOKIE_NO_WSCALE, 0, 2, 5, 6, 7, 8, 10};
	struct tg_cookie_state st = {64, TG_COOKIE_NO_WSCALE, false, false, false};
	uint32_t zero = tg_cookie_make(&secret, &tuples[0], 0, &st, 0, NULL);

	(void)state;
	for (uint32_t d = 1; d < 128; d++) {
		for (int shift = 0; shift <= 25; shift++) {
			uint32_t iss;

			st = (struct tg_cookie_state){
				mss[d & 7], wscale[d >> 3 & 7], d >> 6, false, false};
			iss = tg_cookie_make(&secret, &tuples[0], d << shift, &st, 0, NULL);
			assert_int_not_equal(iss >> 8, zero >> 8);
		}
	}
}

/* 2^22 blind ACKs expect 1/4 hit on 24 bits; with 34 bits 2^-12. The generator is seeded, so the
 * counts are facts: a tag that lost six bits would show 16 and more. */
static void
blind_acks_hit_no_oftener_than_the_tag_allows(void **state)
{
	uint64_t rnd = 6;
	unsigned hits[MODES] = {0};

	(void)state;
	for (int i = 0; i < 1 << 22; i++) {
		unsigned mode = (unsigned)i % MODES;
		struct cookie c = {.t = tuples[mode >> 1], .st.ts = mode & HAS_TS};

		c.irs = (uint32_t)seeded(&rnd);
		c.iss = (uint32_t)seeded(&rnd);
		c.tsval = (uint32_t)seeded(&rnd);
		hits[mode] += check(&secret, &c);
	}
	assert_int_equal(hits[0] + hits[1] + hits[2] + hits[3], 0);
}

static void
tsval_is_never_ahead_of_the_clock(void **state)
{
	(void)state;
	for (unsigned mode = HAS_TS; mode < MODES; mode += 2) {
		struct tg_cookie_state st = {1460, 7, true, true, true};
		uint32_t last = UINT32_MAX - 20000 - 4096, tsval;

		/* from 20 s before the clock wraps to 20 s after */
		for (uint32_t clock = UINT32_MAX - 20000; clock != 20000; clock++) {
			tg_cookie_make(&secret, &tuples[mode >> 1], IRS, &st, clock, &tsval);
			assert_in_range(clock - tsval, 0, (1 << TG_COOKIE_TSBITS) - 1);
			assert_in_range(tsval - last, 0, UINT32_MAX / 2); /* and never back */
			last = tsval;
		}
	}
}

static void
machines_with_one_seed_agree_and_with_another_do_not(void **state)
{
	static const uint8_t other_seed[32] = {2};
	struct tg_secret portable, other;

	(void)state;
	tg_secret_init(&portable, seed, NULL, WALL, false);
	tg_secret_init(&other, other_seed, NULL, WALL, true);
	for (unsigned mode = 0; mode < MODES; mode++) {
		struct cookie a = make_any(&secret, mode), b = make_any(&portable, mode);
		struct cookie c = make_any(&other, mode);

		assert_int_equal(a.iss, b.iss);
		assert_int_equal(a.tsval, b.tsval);
		assert_int_not_equal(a.iss, c.iss);
		assert_true(check(&portable, &a));
		assert_false(check(&other, &a));
	}
}

/* Golden values, computed once by an independent implementation: a fleet depends on them. */
static void
known_answers(void **state)
{
	static const struct {
		uint64_t wall_s;
		uint32_t iss, tsval;
	} want[MODES] = {
		{WALL, 0x9551fbfb, 0},
		{WALL + 64, 0x3874945f, 996976},
		{WALL + 128, 0xc7574da9, 0},
		{WALL + 192, 0xa69a916c, 999325},
	};

	(void)state;
	for (unsigned mode = 0; mode < MODES; mode++) {
		struct cookie c;

		tg_secret_advance(&secret, want[mode].wall_s);
		c = make_any(&secret, mode);
		assert_int_equal(c.iss, want[mode].iss);
		assert_int_equal(c.tsval, want[mode].tsval);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(every_state_that_can_be_carried_comes_back, fresh_secret),
		cmocka_unit_test_setup(mss_is_rounded_down_never_up_for_every_value, fresh_secret),
		cmocka_unit_test_setup(wscale_is_rounded_down_and_never_to_none, fresh_secret),
		cmocka_unit_test_setup(
			an_ack_of_the_other_timestamp_form_never_matches, fresh_secret),
		cmocka_unit_test_setup(
			a_cookie_lives_32_to_96_seconds_at_every_phase, fresh_secret),
		cmocka_unit_test(cookies_of_the_seed_before_live_on_at_every_phase),
		cmocka_unit_test(other_machines_may_rotate_a_little_later),
		cmocka_unit_test(nothing_of_the_seed_before_is_left_after_96_seconds),
		cmocka_unit_test(a_second_rotation_knows_the_latest_seed_before_it_only),
		cmocka_unit_test_setup(any_changed_bit_makes_it_fail, fresh_secret),
		cmocka_unit_test_setup(a_tag_cannot_be_moved_between_isn_and_state, fresh_secret),
		cmocka_unit_test_setup(blind_acks_hit_no_oftener_than_the_tag_allows, fresh_secret),
		cmocka_unit_test_setup(tsval_is_never_ahead_of_the_clock, fresh_secret),
		cmocka_unit_test_setup(
			machines_with_one_seed_agree_and_with_another_do_not, fresh_secret),
		cmocka_unit_test_setup(known_answers, fresh_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
