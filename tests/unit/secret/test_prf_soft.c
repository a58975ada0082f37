/* SPDX-License-Identifier: BSD-3-Clause */
/* The bitsliced AES against the CPU's and against a naive twin written down from FIPS 197. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "prf.h"
#include "seeded.h"

static uint8_t
gf_mul(uint8_t a, uint8_t b)
{
	uint8_t r = 0;

	for (; b != 0; b >>= 1) {
		if (b & 1)
			r ^= a;
		a = (uint8_t)(a << 1 ^ (a & 0x80 ? 0x1b : 0));
	}
	return r;
}

/* FIPS 197 5.1.1: the inverse by trying them all, then the affine map bit by bit. */
static uint8_t
naive_sbox(uint8_t x)
{
	uint8_t inverse = 0, r = 0;

	for (unsigned y = 1; y < 256; y++)
		if (gf_mul(x, (uint8_t)y) == 1)
			inverse = (uint8_t)y;
	for (int i = 0; i < 8; i++) {
		unsigned bit = inverse >> i ^ inverse >> (i + 4) % 8 ^ inverse >> (i + 5) % 8 ^
			inverse >> (i + 6) % 8 ^ inverse >> (i + 7) % 8 ^ 0x63 >> i;

		r |= (uint8_t)((bit & 1) << i);
	}
	return r;
}

static uint8_t sbox[256];

static int
fill_sbox(void **state)
{
	(void)state;
	for (unsigned x = 0; x < 256; x++)
		sbox[x] = naive_sbox((uint8_t)x);
	return 0;
}

static void
naive_aes(const uint8_t key[16], const uint8_t in[16], uint8_t out[16])
{
	uint8_t w[176], s[16], n[16], rcon = 1;

	memcpy(w, key, 16);
	for (int i = 16; i < 176; i++) {
		uint8_t t = w[i - 4];

		if (i % 16 < 4)
			t = sbox[w[i % 16 == 3 ? i - 7 : i - 3]];
		if (i % 16 == 0) {
			t ^= rcon;
			rcon = gf_mul(rcon, 2);
		}
		w[i] = w[i - 16] ^ t;
	}
	for (int i = 0; i < 16; i++)
		s[i] = in[i] ^ w[i];
	for (int r = 1; r <= 10; r++) {
		for (int i = 0; i < 16; i++) /* SubBytes, ShiftRows */
			n[i] = sbox[s[(i + 4 * (i % 4)) % 16]];
		for (int i = 0; i < 16; i++) { /* MixColumns, AddRoundKey */
			const uint8_t *c = n + i / 4 * 4;

			s[i] = r == 10 ? n[i]
				       : gf_mul(c[i % 4], 2) ^ gf_mul(c[(i + 1) % 4], 3) ^
					c[(i + 2) % 4] ^ c[(i + 3) % 4];
			s[i] ^= w[16 * r + i];
		}
	}
	memcpy(out, s, 16);
}

static void
equals_the_naive_twin_on_random_input(void **state)
{
	uint64_t seed = 2;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		uint8_t key[16], in[16], want[16], out[16];
		struct tg_prf p;

		seeded_bytes(&seed, key, 16);
		seeded_bytes(&seed, in, 16);
		tg_prf_init(&p, key, false);
		tg_prf_block(&p, in, out);
		naive_aes(key, in, want);
		assert_memory_equal(out, want, 16);
	}
}

/* Each byte value in each place, so that every S-box entry is used whatever the key. */
static void
equals_the_naive_twin_on_every_byte_value(void **state)
{
	static const uint8_t key[16] = {0};
	struct tg_prf p;

	(void)state;
	tg_prf_init(&p, key, false);
	for (unsigned i = 0; i < 16 * 256; i++) {
		uint8_t in[16] = {0}, want[16], out[16];

		in[i / 256] = (uint8_t)i;
		tg_prf_block(&p, in, out);
		naive_aes(key, in, want);
		assert_memory_equal(out, want, 16);
	}
}

static void
equals_the_cpu_instructions_on_random_input(void **state)
{
	uint64_t seed = 3;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		uint8_t key[16], in[48], want[16], out[16];
		struct tg_prf hw, soft;

		seeded_bytes(&seed, key, sizeof(key));
		seeded_bytes(&seed, in, sizeof(in));
		tg_prf_init(&hw, key, true);
		tg_prf_init(&soft, key, false);
		if (!hw.hw)
			skip();
		tg_prf_block(&hw, in, want);
		tg_prf_block(&soft, in, out);
		assert_memory_equal(out, want, 16);
		if (i % 16 != 0)
			continue;
		tg_prf_cbcmac(&hw, in, 3, want);
		tg_prf_cbcmac(&soft, in, 3, out);
		assert_memory_equal(out, want, 16);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equals_the_naive_twin_on_random_input),
		cmocka_unit_test(equals_the_naive_twin_on_every_byte_value),
		cmocka_unit_test(equals_the_cpu_instructions_on_random_input),
	};

	return cmocka_run_group_tests(tests, fill_sbox, NULL);
}
