/* SPDX-License-Identifier: BSD-3-Clause */
/* Keys from a seed: derivation, rotation by the wall clock, the digest of a tuple. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "secret.h"
#include "seeded.h"

#define NOON UINT64_C(1700000000) /* 62 s into epoch 26562499 */

static const uint8_t seed[32] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19,
	20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32};

static const struct tg_tuple tuple4 = {
	.local = {{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1}}, 443},
	.remote = {{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 198, 51, 100, 7}}, 54321},
};
static const struct tg_tuple tuple6 = {
	.local = {{{0x20, 0x01, 0x0d, 0xb8, [15] = 1}}, 443},
	.remote = {{{0x20, 0x01, 0x0d, 0xb8, 0xff, [15] = 7}}, 54321},
};

static void
assert_same_keys(const struct tg_cookie_key *a, const struct tg_cookie_key *b)
{
	for (int mode = 0; mode < TG_COOKIE_MODES; mode++) {
		assert_memory_equal(a[mode].k.round_key, b[mode].k.round_key, 11 * 16);
		assert_int_equal(a[mode].k.hw, b[mode].k.hw);
		assert_memory_equal(a[mode].t, b[mode].t, sizeof(a[mode].t));
	}
}

static void
assert_holds_epochs_of(const struct tg_secret *s, uint64_t wall_s)
{
	struct tg_secret fresh;

	tg_secret_init(&fresh, seed, NULL, wall_s, s->allow_hw);
	assert_int_equal(s->epoch, wall_s / 64);
	assert_int_equal(s->second_half, wall_s % 64 >= 32);
	for (uint64_t i = 0; i < 3; i++) {
		unsigned slot = (s->epoch - 1 + i) % 4;

		assert_same_keys(s->cookie[slot], fresh.cookie[slot]);
	}
}

static void
advance_follows_every_jump_of_the_clock(void **state)
{
	static const uint64_t clock[] = {NOON, NOON + 1, NOON + 2, NOON + 66, NOON + 130,
		NOON + 258, NOON + 450, NOON + 707, NOON + 1000000, NOON + 999936, NOON + 999808,
		NOON + 999600, NOON, NOON - 65, 0, 1, 64, 0, 31, 32, UINT64_MAX, 0, UINT64_MAX,
		UINT64_MAX - 64, 128};
	struct tg_secret s;

	(void)state;
	tg_secret_init(&s, seed, NULL, clock[0], true);
	for (size_t i = 0; i < sizeof(clock) / sizeof(clock[0]); i++) {
		tg_secret_advance(&s, clock[i]);
		assert_holds_epochs_of(&s, clock[i]);
	}
}

static void
advance_equals_init_at_random_times(void **state)
{
	uint64_t rnd = 4, wall_s = NOON;
	struct tg_secret s;

	(void)state;
	tg_secret_init(&s, seed, NULL, wall_s, true);
	for (int i = 0; i < 1000; i++) {
		wall_s += seeded(&rnd) % 640 - 320;
		tg_secret_advance(&s, wall_s);
		assert_holds_epochs_of(&s, wall_s);
	}
}

/* A mark left in the masks shows which epochs a call derived again. */
static void
a_new_epoch_derives_one_set_of_keys_and_the_same_epoch_none(void **state)
{
	struct tg_secret s, before;
	uint64_t e = NOON / 64;

	(void)state;
	tg_secret_init(&s, seed, NULL, NOON, true);
	for (uint64_t i = e - 1; i <= e + 2; i++)
		s.cookie[i % 4][0].t[0][0][0] ^= 0xff;
	before = s;
	tg_secret_advance(&s, NOON + 1);
	for (uint64_t i = e - 1; i <= e + 2; i++)
		assert_same_keys(s.cookie[i % 4], before.cookie[i % 4]);
	tg_secret_advance(&s, NOON + 64);
	for (uint64_t i = e; i <= e + 1; i++)
		assert_same_keys(s.cookie[i % 4], before.cookie[i % 4]);
	assert_memory_not_equal(
		s.cookie[(e + 2) % 4], before.cookie[(e + 2) % 4], sizeof(s.cookie[0]));
}

static void
no_two_keys_or_masks_are_equal(void **state)
{
	enum { EACH = 1 + TG_COOKIE_NIBBLES * 16, ALL = 3 * TG_COOKIE_MODES * EACH + 4 };
	static uint8_t key[ALL][16];
	struct tg_secret s;
	size_t n = 0;

	(void)state;
	tg_secret_init(&s, seed, NULL, NOON, true);
	memcpy(key[n++], s.tuple4.round_key[0], 16);
	memcpy(key[n++], s.tuple6.round_key[0], 16);
	memcpy(key[n++], s.addr.round_key[0], 16);
	tg_secret_fastopen_key(&s, key[n++]);
	for (uint64_t e = s.epoch - 1; e <= s.epoch + 1; e++) {
		for (int mode = 0; mode < TG_COOKIE_MODES; mode++) {
			const struct tg_cookie_key *k = &s.cookie[e % 4][mode];

			memcpy(key[n++], k->k.round_key[0], 16);
			for (int i = 0; i < TG_COOKIE_NIBBLES * 16; i++)
				memcpy(key[n++], k->t[i / 16][i % 16], 16);
		}
	}
	assert_int_equal(n, ALL);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(key[i], key[j], 16);
}

static void
every_bit_of_the_seed_changes_every_key(void **state)
{
	uint8_t changed[32], fastopen[2][16];
	struct tg_secret s, other;

	(void)state;
	tg_secret_init(&s, seed, NULL, NOON, true);
	tg_secret_fastopen_key(&s, fastopen[0]);
	for (int bit = 0; bit < 256; bit++) {
		memcpy(changed, seed, 32);
		changed[bit / 8] ^= (uint8_t)(1 << bit % 8);
		tg_secret_init(&other, changed, NULL, NOON, true);
		assert_memory_not_equal(s.tuple4.round_key, other.tuple4.round_key, 176);
		assert_memory_not_equal(s.tuple6.round_key, other.tuple6.round_key, 176);
		assert_memory_not_equal(s.addr.round_key, other.addr.round_key, 176);
		tg_secret_fastopen_key(&other, fastopen[1]);
		assert_memory_not_equal(fastopen[0], fastopen[1], 16);
		for (int mode = 0; mode < TG_COOKIE_MODES; mode++) {
			const struct tg_cookie_key *a = &s.cookie[s.epoch % 4][mode];
			const struct tg_cookie_key *b = &other.cookie[s.epoch % 4][mode];

			assert_memory_not_equal(a->k.round_key, b->k.round_key, 176);
			assert_memory_not_equal(a->t, b->t, sizeof(a->t));
		}
	}
}

/* Which seed opens what: machines that share cookies share neither flow hash nor ISN. */
static void
a_cookie_seed_is_for_cookies_and_fast_open_alone(void **state)
{
	static const uint8_t shared[32] = {77};
	struct tg_secret s, own, all;
	uint8_t a[16], b[16];

	(void)state;
	tg_secret_init(&s, seed, shared, NOON, true);
	tg_secret_init(&own, seed, NULL, NOON, true);
	tg_secret_init(&all, shared, NULL, NOON, true);
	for (unsigned hours = 0; hours < 2; hours++) {
		assert_memory_equal(s.tuple4.round_key, own.tuple4.round_key, 176);
		assert_memory_equal(s.tuple6.round_key, own.tuple6.round_key, 176);
		assert_memory_equal(s.addr.round_key, own.addr.round_key, 176);
		for (uint64_t e = s.epoch - 1; e <= s.epoch + 1; e++) {
			assert_same_keys(s.cookie[e % 4], all.cookie[e % 4]);
			assert_memory_not_equal(
				s.cookie[e % 4], own.cookie[e % 4], sizeof(s.cookie[0]));
		}
		tg_secret_fastopen_key(&s, a);
		tg_secret_fastopen_key(&all, b);
		assert_memory_equal(a, b, 16);
		tg_secret_fastopen_key(&own, b);
		assert_memory_not_equal(a, b, 16);
		/* Once more, with keys that were derived later. */
		tg_secret_advance(&s, NOON + 3600);
		tg_secret_advance(&own, NOON + 3600);
		tg_secret_advance(&all, NOON + 3600);
	}
}

static void
fastopen_key_and_address_hash_known_answers(void **state)
{
	uint8_t want[16], got[16];
	struct tg_secret s;

	(void)state;
	unhex("49b56ea6d9efdbc14941d1c94bf8a76d", want, sizeof(want));
	for (int hw = 0; hw < 2; hw++) {
		tg_secret_init(&s, seed, NULL, NOON, hw);
		tg_secret_fastopen_key(&s, got);
		assert_memory_equal(got, want, sizeof(want));
		assert_int_equal(tg_secret_addr_hash(&s, &tuple4.remote.addr), 0xe642f85au);
		assert_int_equal(tg_secret_addr_hash(&s, &tuple6.remote.addr), 0xb8fbf0c6u);
	}
}

/* Golden values, computed once by an independent implementation: a fleet depends on them. */
static void
digest_known_answers(void **state)
{
	struct tg_secret s;
	struct tg_digest d;

	(void)state;
	for (int hw = 0; hw < 2; hw++) {
		tg_secret_init(&s, seed, NULL, NOON, hw);
		tg_secret_digest(&s, &tuple4, &d);
		assert_int_equal(d.hash, 0x27584413u);
		assert_int_equal(d.isn, 0x979c9393u);
		assert_int_equal(d.ts_offset, 0x7fc3eba9u);
		tg_secret_digest(&s, &tuple6, &d);
		assert_int_equal(d.hash, 0x49e2be3fu);
		assert_int_equal(d.isn, 0x30e1bb35u);
		assert_int_equal(d.ts_offset, 0xc32e6bc0u);
	}
}

static void
digest_changes_with_every_bit_of_the_tuple(void **state)
{
	struct tg_secret s;

	(void)state;
	tg_secret_init(&s, seed, NULL, NOON, true);
	for (int v6 = 0; v6 < 2; v6++) {
		const struct tg_tuple *t = v6 ? &tuple6 : &tuple4;
		struct tg_digest d, e;

		tg_secret_digest(&s, t, &d);
		for (int bit = v6 ? 0 : 96; bit < 128 + 16; bit++) {
			for (int side = 0; side < 2; side++) {
				struct tg_tuple changed = *t;
				struct tg_endpoint *p = side ? &changed.local : &changed.remote;

				if (bit < 128)
					p->addr.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
				else
					p->port ^= (uint16_t)(1 << (bit - 128));
				tg_secret_digest(&s, &changed, &e);
				assert_int_not_equal(d.hash, e.hash);
				assert_int_not_equal(d.isn, e.isn);
				assert_int_not_equal(d.ts_offset, e.ts_offset);
			}
		}
	}
}

/* RFC 6528: the digest must not change while the engine runs, or an ISN could step back. */
static void
digest_outlives_every_epoch(void **state)
{
	struct tg_secret s;
	struct tg_digest d, e;

	(void)state;
	tg_secret_init(&s, seed, NULL, NOON, true);
	tg_secret_digest(&s, &tuple4, &d);
	tg_secret_advance(&s, NOON + 86400);
	tg_secret_digest(&s, &tuple4, &e);
	assert_memory_equal(&d, &e, sizeof(d));
}

static void
rfc6528_isn_ticks_every_4_microseconds(void **state)
{
	struct tg_digest d = {.isn = UINT32_MAX};

	(void)state;
	assert_int_equal(tg_isn(&d, 3999), UINT32_MAX);
	assert_int_equal(tg_isn(&d, 4000), 0);
	assert_int_equal(tg_isn(&d, TG_SEC), 249999);
}

static void
wiping_leaves_zeros(void **state)
{
	static const struct tg_secret zero;
	static struct tg_secret s;

	(void)state;
	memset(&s, 0xa5, sizeof(s));
	tg_secret_init(&s, seed, NULL, NOON, true);
	tg_secret_wipe(&s);
	assert_memory_equal(&s, &zero, sizeof(s));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(advance_follows_every_jump_of_the_clock),
		cmocka_unit_test(advance_equals_init_at_random_times),
		cmocka_unit_test(a_new_epoch_derives_one_set_of_keys_and_the_same_epoch_none),
		cmocka_unit_test(no_two_keys_or_masks_are_equal),
		cmocka_unit_test(every_bit_of_the_seed_changes_every_key),
		cmocka_unit_test(a_cookie_seed_is_for_cookies_and_fast_open_alone),
		cmocka_unit_test(fastopen_key_and_address_hash_known_answers),
		cmocka_unit_test(digest_known_answers),
		cmocka_unit_test(digest_changes_with_every_bit_of_the_tuple),
		cmocka_unit_test(digest_outlives_every_epoch),
		cmocka_unit_test(rfc6528_isn_ticks_every_4_microseconds),
		cmocka_unit_test(wiping_leaves_zeros),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
