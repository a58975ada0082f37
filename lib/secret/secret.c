/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From 32-byte seeds to every key: cookies and the Fast Open key from the cookie seed, the rest
 * from the machine's own. Where no cookie seed is given both are one; the purpose in each label
 * keeps their keys apart.
 *
 * Seed = k1 | k2, two AES-128 keys. A root key is a label enciphered twice,
 *
 *   root(label) = AES_k2(AES_k1(label))
 *
 *   label:  "TGK1" | purpose 1 | zero 3 | epoch 8        (16 bytes, big-endian)
 *
 * A label is one whole block and no two are equal, so nothing has to be hashed or chained. A
 * cascade of two ciphers with independent keys is at least as hard to tell from random as the
 * stronger of the two: all 32 bytes count, and half a seed that leaks or was badly chosen does not
 * open the rest. Meeting in the middle costs 2^128 steps, what AES-128 itself promises. Outputs of
 * a permutation never repeat; keys that are never equal differ from random ones by odds of q^2 /
 * 2^129, at a root an epoch nothing.
 *
 * The keys of digest, address hash and Fast Open are roots themselves. A cookie epoch has one root,
 * which numbers its 4 x (1 + 48) keys and masks:
 *
 *   derived(mode, i) = AES_root("TGC1" | mode 1 | zero 10 | i 1)    i = 0: k, i = 1 + 16 n + v:
 * T[n][v]
 *
 * A root is forgotten once its epoch is expanded. Rotation does not protect the past against one
 * who takes the seed, nor is it meant to: it bounds the life of a cookie.
 *
 * 198 PRF calls and 8 key schedules an epoch: 11 thousand cycles (5 us) with CPU instructions, 220
 * thousand (90 us) without, once in 64 s. Another seed costs that seven times.
 */
#include <string.h>

#include "block.h"
#include "secret.h"

/* Never renumber: all machines of a fleet must agree. */
enum purpose {
	PURPOSE_TUPLE4 = 1,
	PURPOSE_TUPLE6 = 2,
	PURPOSE_COOKIE = 3,
	PURPOSE_FASTOPEN = 4,
	PURPOSE_ADDR = 5,
};

_Static_assert(TG_COOKIE_NIBBLES * 16 + 1 <= 256, "a mask's number is one byte");

static void
root_bytes(const uint8_t seed[32], enum purpose purpose, uint64_t epoch, bool allow_hw,
	uint8_t out[16])
{
	uint8_t x[16] = {'T', 'G', 'K', '1', (uint8_t)purpose};
	struct tg_prf half;

	tg_put_be64(x + 8, epoch);
	tg_prf_init(&half, seed, allow_hw);
	tg_prf_block(&half, x, x);
	tg_prf_init(&half, seed + 16, allow_hw);
	tg_prf_block(&half, x, out);
	tg_prf_wipe(&half);
	tg_wipe(x, sizeof(x));
}

static void
derive_root(const uint8_t seed[32], enum purpose purpose, uint64_t epoch, bool allow_hw,
	struct tg_prf *root)
{
	uint8_t k[16];

	root_bytes(seed, purpose, epoch, allow_hw, k);
	tg_prf_init(root, k, allow_hw);
	tg_wipe(k, sizeof(k));
}

static void
derive(const struct tg_prf *root, unsigned mode, unsigned i, uint8_t out[16])
{
	const uint8_t label[16] = {'T', 'G', 'C', '1', (uint8_t)mode, [15] = (uint8_t)i};

	tg_prf_block(root, label, out);
}

/* The keys of an epoch, from the seed in use, into its slot of four. */
static void
derive_epoch(
	const struct tg_secret *s, uint64_t epoch, struct tg_cookie_key slot[4][TG_COOKIE_MODES])
{
	struct tg_cookie_key *keys = slot[epoch % 4];
	struct tg_prf root;
	uint8_t k[16];

	derive_root(s->cookie_seed, PURPOSE_COOKIE, epoch, s->allow_hw, &root);
	for (unsigned mode = 0; mode < TG_COOKIE_MODES; mode++) {
		derive(&root, mode, 0, k);
		tg_prf_init(&keys[mode].k, k, s->allow_hw);
		for (unsigned n = 0; n < TG_COOKIE_NIBBLES; n++)
			for (unsigned v = 0; v < 16; v++)
				derive(&root, mode, 1 + 16 * n + v, keys[mode].t[n][v]);
	}
	tg_prf_wipe(&root);
	tg_wipe(k, sizeof(k));
}

static void
set_clock(struct tg_secret *s, uint64_t wall_s)
{
	s->wall_s = wall_s;
	s->epoch = wall_s / TG_EPOCH_S;
	s->second_half = wall_s % TG_EPOCH_S >= TG_EPOCH_S / 2;
}

void
tg_secret_init(struct tg_secret *s, const uint8_t seed[32], const uint8_t cookie_seed[32],
	uint64_t wall_s, bool allow_hw)
{
	memset(s, 0, sizeof(*s));
	memcpy(s->cookie_seed, cookie_seed != NULL ? cookie_seed : seed, sizeof(s->cookie_seed));
	s->allow_hw = allow_hw;
	set_clock(s, wall_s);
	derive_root(seed, PURPOSE_TUPLE4, 0, allow_hw, &s->tuple4);
	derive_root(seed, PURPOSE_TUPLE6, 0, allow_hw, &s->tuple6);
	derive_root(seed, PURPOSE_ADDR, 0, allow_hw, &s->addr);
	/* Epoch numbers count modulo 2^64: before epoch 0 comes 2^64 - 1, in slot 3 as it should.
	 */
	for (uint64_t i = 0; i < 3; i++)
		derive_epoch(s, s->epoch - 1 + i, s->cookie);
}

static void
forget_old(struct tg_secret *s)
{
	tg_wipe(s->old, sizeof(s->old));
	s->old_until = 0;
}

/* Its time is over; or the clock has moved to where no cookie of it would be valid anyway. */
static void
expire_old(struct tg_secret *s)
{
	if (s->wall_s >= s->old_until || s->epoch - s->old_first > 3)
		forget_old(s);
}

void
tg_secret_rotate(struct tg_secret *s, const uint8_t seed[32])
{
	/*
	 * Four epochs: a cookie made just now, by a machine whose clock is half an epoch ahead, is
	 * of the next one at most; and machines that share the seed and rotate a little later make
	 * cookies of the one after that before old_until.
	 */
	s->old_first = s->epoch - 1;
	s->old_until = s->wall_s + TG_COOKIE_LIFE_S;
	for (uint64_t i = 0; i < 4; i++)
		derive_epoch(s, s->old_first + i, s->old);
	memcpy(s->cookie_seed, seed, sizeof(s->cookie_seed));
	for (uint64_t i = 0; i < 3; i++)
		derive_epoch(s, s->epoch - 1 + i, s->cookie);
	/* The slot that is not in use has keys of the seed before. */
	tg_wipe(s->cookie[(s->epoch + 2) % 4], sizeof(s->cookie[0]));
}

void
tg_secret_advance(struct tg_secret *s, uint64_t wall_s)
{
	uint64_t held = s->epoch - 1; /* held, held + 1, held + 2 are derived */

	set_clock(s, wall_s);
	if (s->old_until != 0)
		expire_old(s);
	if (s->epoch - 1 == held)
		return;
	/*
	 * Three epochs in a row never share a slot of four, so what is still good survives and what
	 * is missing replaces what is not needed, whichever way and however far the clock moved.
	 */
	for (uint64_t i = 0; i < 3; i++) {
		uint64_t epoch = s->epoch - 1 + i;

		if (epoch - held >= 3)
			derive_epoch(s, epoch, s->cookie);
	}
}

void
tg_secret_digest(const struct tg_secret *s, const struct tg_tuple *t, struct tg_digest *d)
{
	uint8_t x[16];
	bool v4 = tg_tuple_is_v4(t);

	tg_tuple_prf(v4 ? &s->tuple4 : &s->tuple6, t, v4, TG_DIGEST_DOMAIN, (tg_block){0, 0}, x);
	tg_digest_of(x, d);
}

uint32_t
tg_secret_addr_hash(const struct tg_secret *s, const struct tg_addr *a)
{
	uint8_t x[16];

	tg_prf_block(&s->addr, a->b, x);
	return tg_get_be32(x);
}

void
tg_secret_fastopen_key(const struct tg_secret *s, uint8_t key[16])
{
	root_bytes(s->cookie_seed, PURPOSE_FASTOPEN, 0, s->allow_hw, key);
}

void
tg_secret_wipe(struct tg_secret *s)
{
	tg_wipe(s, sizeof(*s));
}
