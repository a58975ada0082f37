/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * AES-128 as a PRF: on the CPU's instructions where there are any, prf_soft.c elsewhere.
 *
 * Only the functions of this file that are marked HW are compiled for the extension, so the
 * library needs no -march; tg_prf_init() asks the CPU at run time. The latency of a block is 26
 * cycles on Zen 3, but independent blocks overlap in the out-of-order core: 4 to 5 cycles a block
 * in a plain loop, so tg_prf_blocks() is one. With a packet's whole work around each block they do
 * not: two or three packets fill the core's window.
 *
 * A PRP stands in for a PRF: after q outputs of one key the difference shows with odds q^2 / 2^129.
 * A cookie key lives 64 s; at 20 million SYN/s that is q = 2^30.3, odds 2^-68.
 */
#include <string.h>

#include "block.h"
#include "prf.h"
#include "prf_soft.h"

#if defined(__x86_64__) && defined(__GNUC__)

#define HAVE_HW 1
#define HW      __attribute__((target("aes,sse4.1")))
#include <immintrin.h>

typedef __m128i block;

static bool
hw_present(void)
{
	return __builtin_cpu_supports("aes") && __builtin_cpu_supports("sse4.1");
}

HW static inline block
load(const uint8_t *p)
{
	return _mm_loadu_si128((const __m128i *)(const void *)p);
}

HW static inline void
store(uint8_t *p, block x)
{
	_mm_storeu_si128((__m128i *)(void *)p, x);
}

HW static inline block
add(block a, block b)
{
	return _mm_xor_si128(a, b);
}

/* SubBytes and ShiftRows. */
HW static inline block
sub_shift(block s)
{
	return _mm_aesenclast_si128(s, _mm_setzero_si128());
}

HW static inline block
encrypt(const struct tg_prf *p, block s)
{
	s = add(s, load(p->round_key[0]));
	s = _mm_aesenc_si128(s, load(p->round_key[1]));
	s = _mm_aesenc_si128(s, load(p->round_key[2]));
	s = _mm_aesenc_si128(s, load(p->round_key[3]));
	s = _mm_aesenc_si128(s, load(p->round_key[4]));
	s = _mm_aesenc_si128(s, load(p->round_key[5]));
	s = _mm_aesenc_si128(s, load(p->round_key[6]));
	s = _mm_aesenc_si128(s, load(p->round_key[7]));
	s = _mm_aesenc_si128(s, load(p->round_key[8]));
	s = _mm_aesenc_si128(s, load(p->round_key[9]));
	return _mm_aesenclast_si128(s, load(p->round_key[10]));
}

/*
 * Clang before 16 hides the intrinsics unless the whole file is compiled for the extension; with
 * such a compiler and without that, the portable twin does all the work.
 */
#elif defined(__aarch64__) && defined(__linux__) && defined(__GNUC__) && \
	(!defined(__clang__) || __clang_major__ >= 16 || defined(__ARM_FEATURE_AES))

#define HAVE_HW 1
#ifdef __ARM_FEATURE_AES
#define HW /* the whole file is compiled for it */
#else
#define HW __attribute__((target("+crypto")))
#endif
#include <arm_neon.h>
#include <sys/auxv.h>

typedef uint8x16_t block;

static bool
hw_present(void)
{
	return (getauxval(AT_HWCAP) & 1u << 3) != 0; /* HWCAP_AES */
}

HW static inline block
load(const uint8_t *p)
{
	return vld1q_u8(p);
}

HW static inline void
store(uint8_t *p, block x)
{
	vst1q_u8(p, x);
}

HW static inline block
add(block a, block b)
{
	return veorq_u8(a, b);
}

HW static inline block
sub_shift(block s)
{
	return vaeseq_u8(s, vdupq_n_u8(0));
}

/* Arm's AESE adds the round key first, x86's AESENC last. */
HW static inline block
encrypt(const struct tg_prf *p, block s)
{
	for (int r = 0; r < 9; r++)
		s = vaesmcq_u8(vaeseq_u8(s, load(p->round_key[r])));
	return add(vaeseq_u8(s, load(p->round_key[9])), load(p->round_key[10]));
}

#endif

#ifdef HAVE_HW

/*
 * FIPS 197 5.2. With the word to substitute in all four columns ShiftRows changes nothing, so the
 * last-round instruction is SubWord; no need for AESKEYGENASSIST, which Arm does not have.
 */
HW static void
hw_expand(struct tg_prf *p, const uint8_t key[16])
{
	uint8_t k[16], sub[16];
	uint8_t rcon = 1;

	memcpy(k, key, 16);
	memcpy(p->round_key[0], k, 16);
	for (int r = 1; r <= 10; r++) {
		for (int i = 0; i < 16; i++)
			sub[i] = k[12 + (i + 1) % 4];
		store(sub, sub_shift(load(sub)));
		for (int i = 0; i < 4; i++)
			k[i] ^= sub[i];
		k[0] ^= rcon;
		for (int i = 4; i < 16; i++)
			k[i] ^= k[i - 4];
		memcpy(p->round_key[r], k, 16);
		rcon = (uint8_t)(r == 8 ? 0x1b : rcon << 1);
	}
	tg_wipe(k, sizeof(k));
	tg_wipe(sub, sizeof(sub));
}

HW static void
hw_block(const struct tg_prf *p, const uint8_t in[16], uint8_t out[16])
{
	store(out, encrypt(p, load(in)));
}

/* Runs of equal keys, nearly always one run: the key stays in registers. */
HW static void
hw_blocks(const struct tg_prf *const key[], uint8_t (*x)[16], unsigned n)
{
	for (unsigned i = 0; i < n;) {
		const struct tg_prf *run = key[i];
		const struct tg_prf k = *run;

		do {
			store(x[i], encrypt(&k, load(x[i])));
			i++;
		} while (i < n && key[i] == run);
	}
}

/* Block by block over all messages: within one each block waits for the one before. */
HW static void
hw_cbcmacs(const struct tg_prf *const key[], uint8_t (*x)[48], unsigned n)
{
	for (unsigned first = 0, end; first < n; first = end) {
		const struct tg_prf k = *key[first];

		for (end = first; end < n && key[end] == key[first]; end++)
			store(x[end], encrypt(&k, load(x[end])));
		for (unsigned b = 16; b < 48; b += 16)
			for (unsigned i = first; i < end; i++)
				store(x[i], encrypt(&k, add(load(x[i]), load(x[i] + b))));
	}
}

HW static void
hw_cbcmac(const struct tg_prf *p, const uint8_t *in, unsigned blocks, uint8_t out[16])
{
	block s = encrypt(p, load(in));

	for (unsigned i = 1; i < blocks; i++)
		s = encrypt(p, add(s, load(in + 16 * (size_t)i)));
	store(out, s);
}

#endif

void
tg_prf_init(struct tg_prf *p, const uint8_t key[16], bool allow_hw)
{
	p->hw = false;
#ifdef HAVE_HW
	p->hw = allow_hw && hw_present();
	if (p->hw) {
		hw_expand(p, key);
		return;
	}
#else
	(void)allow_hw;
#endif
	tg_prf_soft_expand(p->round_key, key);
}

void
tg_prf_block(const struct tg_prf *p, const uint8_t in[16], uint8_t out[16])
{
#ifdef HAVE_HW
	if (p->hw) {
		hw_block(p, in, out);
		return;
	}
#endif
	tg_prf_soft_block(p->round_key, in, out);
}

void
tg_prf_blocks(const struct tg_prf *const key[], uint8_t (*x)[16], unsigned n)
{
#ifdef HAVE_HW
	if (n != 0 && key[0]->hw) {
		hw_blocks(key, x, n);
		return;
	}
#endif
	for (unsigned i = 0; i < n; i++)
		tg_prf_soft_block(key[i]->round_key, x[i], x[i]);
}

void
tg_prf_cbcmacs(const struct tg_prf *const key[], uint8_t (*x)[48], unsigned n)
{
#ifdef HAVE_HW
	if (n != 0 && key[0]->hw) {
		hw_cbcmacs(key, x, n);
		return;
	}
#endif
	for (unsigned i = 0; i < n; i++)
		tg_prf_cbcmac(key[i], x[i], 3, x[i]);
}

void
tg_prf_cbcmac(const struct tg_prf *p, const uint8_t *in, unsigned blocks, uint8_t out[16])
{
	uint8_t s[16] = {0};

#ifdef HAVE_HW
	if (p->hw) {
		hw_cbcmac(p, in, blocks, out);
		return;
	}
#endif
	for (unsigned i = 0; i < blocks; i++) {
		for (int j = 0; j < 16; j++)
			s[j] ^= in[16 * (size_t)i + j];
		tg_prf_soft_block(p->round_key, s, s);
	}
	memcpy(out, s, 16);
}

void
tg_prf_wipe(struct tg_prf *p)
{
	tg_wipe(p, sizeof(*p));
}
