/* SPDX-License-Identifier: BSD-3-Clause */
/* The PRF against published vectors, on CPU instructions where there are any and without. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "prf.h"
#include "seeded.h"

struct vector {
	const char *key, *in, *out;
};

static const struct vector vectors[] = {
	/* FIPS 197 appendix B and C.1 */
	{"2b7e151628aed2a6abf7158809cf4f3c", "3243f6a8885a308d313198a2e0370734",
		"3925841d02dc09fbdc118597196a0b32"},
	{"000102030405060708090a0b0c0d0e0f", "00112233445566778899aabbccddeeff",
		"69c4e0d86a7b0430d8cdb78070b4c55a"},
	/* NIST SP 800-38A F.1.1, ECB-AES128 */
	{"2b7e151628aed2a6abf7158809cf4f3c", "6bc1bee22e409f96e93d7e117393172a",
		"3ad77bb40d7a3660a89ecaf32466ef97"},
	{"2b7e151628aed2a6abf7158809cf4f3c", "ae2d8a571e03ac9c9eb76fac45af8e51",
		"f5d3d58503b9699de785895a96fdbaaf"},
	{"2b7e151628aed2a6abf7158809cf4f3c", "30c81c46a35ce411e5fbc1191a0a52ef",
		"43b1cd7f598ece23881b00e3ed030688"},
	{"2b7e151628aed2a6abf7158809cf4f3c", "f69f2445df4f9b17ad2b417be66c3710",
		"7b0c785e27e8ad3f8223207104725dd4"},
};

static void
check_vectors(bool allow_hw)
{
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		uint8_t key[16], in[16], want[16], out[16];
		struct tg_prf p;

		unhex(vectors[i].key, key, 16);
		unhex(vectors[i].in, in, 16);
		unhex(vectors[i].out, want, 16);
		tg_prf_init(&p, key, allow_hw);
		tg_prf_block(&p, in, out);
		assert_memory_equal(out, want, 16);
		tg_prf_block(&p, in, in); /* in place */
		assert_memory_equal(in, want, 16);
	}
}

static void
fips197_vectors_as_the_cpu_computes_them(void **state)
{
	(void)state;
	check_vectors(true);
}

static void
fips197_vectors_without_cpu_instructions(void **state)
{
	struct tg_prf p;

	(void)state;
	tg_prf_init(&p, (const uint8_t[16]){0}, false);
	assert_false(p.hw);
	check_vectors(false);
}

/* The definition, block by block: C_i = AES(C_(i-1) ^ M_i), C_0 = 0. */
static void
cbcmac_is_the_last_block_of_cbc(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (int hw = 0; hw < 2; hw++) {
		for (unsigned blocks = 1; blocks <= 4; blocks++) {
			uint8_t key[16], in[64], chain[16] = {0}, out[16];
			struct tg_prf p;

			seeded_bytes(&seed, key, sizeof(key));
			seeded_bytes(&seed, in, sizeof(in));
			tg_prf_init(&p, key, hw);
			for (unsigned b = 0; b < blocks; b++) {
				for (int i = 0; i < 16; i++)
					chain[i] ^= in[16 * b + i];
				tg_prf_block(&p, chain, chain);
			}
			tg_prf_cbcmac(&p, in, blocks, out);
			assert_memory_equal(out, chain, 16);
			tg_prf_cbcmac(&p, in, blocks, in); /* in place */
			assert_memory_equal(in, chain, 16);
		}
	}
}

/* Many at once, each under a key of its own: what one call for each gives. */
static void
blocks_in_a_group_are_blocks(void **state)
{
	uint64_t seed = 2;

	(void)state;
	for (int hw = 0; hw < 2; hw++) {
		for (unsigned n = 0; n <= 32; n += 8) {
			uint8_t k[16], x[32][16], y[32][48], want[32][16];
			const struct tg_prf *key[32];
			static struct tg_prf p[32];

			seeded_bytes(&seed, x[0], sizeof(x));
			seeded_bytes(&seed, y[0], sizeof(y));
			for (unsigned i = 0; i < n; i++) {
				seeded_bytes(&seed, k, sizeof(k));
				tg_prf_init(&p[i], k, hw);
				key[i] = &p[i];
				tg_prf_block(&p[i], x[i], want[i]);
			}
			tg_prf_blocks(key, x, n);
			assert_memory_equal(x, want, n * sizeof(x[0]));
			for (unsigned i = 0; i < n; i++)
				tg_prf_cbcmac(&p[i], y[i], 3, want[i]);
			tg_prf_cbcmacs(key, y, n);
			for (unsigned i = 0; i < n; i++)
				assert_memory_equal(y[i], want[i], 16);
		}
	}
}

static void
wiping_leaves_zeros(void **state)
{
	static const struct tg_prf zero;
	struct tg_prf p;

	(void)state;
	memset(&p, 0xa5, sizeof(p));
	tg_prf_init(&p, (const uint8_t[16]){1, 2, 3}, true);
	tg_prf_wipe(&p);
	assert_memory_equal(&p, &zero, sizeof(p));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fips197_vectors_as_the_cpu_computes_them),
		cmocka_unit_test(fips197_vectors_without_cpu_instructions),
		cmocka_unit_test(cbcmac_is_the_last_block_of_cbc),
		cmocka_unit_test(blocks_in_a_group_are_blocks),
		cmocka_unit_test(wiping_leaves_zeros),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
