/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * AES-128 (FIPS 197) for CPUs without AES instructions.
 *
 * The usual 1 KiB tables leak the key through the cache: which lines a look-up touches depends on
 * key XOR data, and the data is the attacker's. Here the 16 bytes of a block are turned into eight
 * planes; plane b holds bit b of all bytes, one bit a byte. Every step is then AND, XOR and shifts
 * by constants, the same instructions for every key and block. One block fills 16 of a word's 32
 * bits: the callers have one block at a time (a CBC-MAC is serial). A block takes about 1000
 * cycles, a cookie little more: 2 million SYN/s on a core, where the tables would leak.
 *
 * Byte i of a block is row i % 4 of column i / 4 in the terms of the standard.
 */
#include <string.h>

#include "block.h"
#include "prf_soft.h"

/* Eight planes, least significant bit first; the upper 16 bits of each are zero or ignored. */
struct planes {
	uint32_t b[8];
};

/* Elements of the subfields GF(2^4) and GF(2^2), in planes. */
struct f16 {
	uint32_t b[4];
};
struct f4 {
	uint32_t b[2];
};

/* Transposes an 8x8 bit matrix, byte i of x being row i: three rounds of swaps (1, 2, 4). */
static uint64_t
transpose8(uint64_t x)
{
	uint64_t t;

	t = (x ^ (x >> 7)) & UINT64_C(0x00aa00aa00aa00aa);
	x ^= t ^ (t << 7);
	t = (x ^ (x >> 14)) & UINT64_C(0x0000cccc0000cccc);
	x ^= t ^ (t << 14);
	t = (x ^ (x >> 28)) & UINT64_C(0x00000000f0f0f0f0);
	return x ^ t ^ (t << 28);
}

static uint64_t
load_le64(const uint8_t *p)
{
	uint64_t x = 0;

	for (int i = 0; i < 8; i++)
		x |= (uint64_t)p[i] << (8 * i);
	return x;
}

static struct planes
slice(const uint8_t in[16])
{
	uint64_t lo = transpose8(load_le64(in)), hi = transpose8(load_le64(in + 8));
	struct planes s;

	for (int i = 0; i < 8; i++)
		s.b[i] = (uint32_t)(lo >> (8 * i) & 0xff) | (uint32_t)(hi >> (8 * i) & 0xff) << 8;
	return s;
}

static void
unslice(const struct planes *s, uint8_t out[16])
{
	uint64_t lo = 0, hi = 0;

	for (int i = 0; i < 8; i++) {
		lo |= (uint64_t)(s->b[i] & 0xff) << (8 * i);
		hi |= (uint64_t)(s->b[i] >> 8 & 0xff) << (8 * i);
	}
	lo = transpose8(lo);
	hi = transpose8(hi);
	for (int i = 0; i < 8; i++) {
		out[i] = (uint8_t)(lo >> (8 * i));
		out[8 + i] = (uint8_t)(hi >> (8 * i));
	}
}

/*
 * The S-box is inversion in GF(2^8), then an affine map. Inversion is done in the tower
 *   GF(2^2) = GF(2)[w]   / (w^2 + w + 1)
 *   GF(2^4) = GF(2^2)[z] / (z^2 + z + w)
 *   GF(2^8) = GF(2^4)[y] / (y^2 + y + 8), 8 = (w + 0) z + 0, bits counted upwards from w^0 z^0
 * where for a = a1 y + a0 and the norm d = 8 a1^2 + a1 a0 + a0^2 of the smaller field
 *   1 / a = (a1 / d) y + (a1 + a0) / d
 * and likewise one floor down. 0 has no inverse and maps to 0, as AES wants. The AES field's x is
 * sent to 0x7a of the tower: of all isomorphisms to all such towers, the one whose two matrices
 * together have the fewest ones.
 */
static inline struct f4
f4_add(struct f4 a, struct f4 c)
{
	return (struct f4){{a.b[0] ^ c.b[0], a.b[1] ^ c.b[1]}};
}

static inline struct f4
f4_mul(struct f4 a, struct f4 c)
{
	uint32_t h = a.b[1] & c.b[1], l = a.b[0] & c.b[0];

	return (struct f4){{l ^ h, ((a.b[0] ^ a.b[1]) & (c.b[0] ^ c.b[1])) ^ l}};
}

/* Linear, and also inversion, since a^3 = 1. */
static inline struct f4
f4_square(struct f4 a)
{
	return (struct f4){{a.b[0] ^ a.b[1], a.b[1]}};
}

static inline struct f4
f4_mul_w(struct f4 a)
{
	return (struct f4){{a.b[1], a.b[0] ^ a.b[1]}};
}

static inline struct f4
f16_lo(struct f16 a)
{
	return (struct f4){{a.b[0], a.b[1]}};
}

static inline struct f4
f16_hi(struct f16 a)
{
	return (struct f4){{a.b[2], a.b[3]}};
}

static inline struct f16
f16_join(struct f4 hi, struct f4 lo)
{
	return (struct f16){{lo.b[0], lo.b[1], hi.b[0], hi.b[1]}};
}

static inline struct f16
f16_add(struct f16 a, struct f16 c)
{
	return f16_join(f4_add(f16_hi(a), f16_hi(c)), f4_add(f16_lo(a), f16_lo(c)));
}

static inline struct f16
f16_mul(struct f16 a, struct f16 c)
{
	struct f4 h = f4_mul(f16_hi(a), f16_hi(c)), l = f4_mul(f16_lo(a), f16_lo(c));
	struct f4 m = f4_mul(f4_add(f16_hi(a), f16_lo(a)), f4_add(f16_hi(c), f16_lo(c)));

	return f16_join(f4_add(m, l), f4_add(f4_mul_w(h), l));
}

static inline struct f16
f16_square(struct f16 a)
{
	struct f4 h = f4_square(f16_hi(a)), l = f4_square(f16_lo(a));

	return f16_join(h, f4_add(f4_mul_w(h), l));
}

/* 8 a^2: linear, so four expressions. */
static inline struct f16
f16_square_scale(struct f16 a)
{
	return (struct f16){{a.b[2], a.b[2] ^ a.b[3], a.b[1] ^ a.b[2] ^ a.b[3], a.b[0] ^ a.b[3]}};
}

static inline struct f16
f16_invert(struct f16 a)
{
	struct f4 h = f16_hi(a), l = f16_lo(a);
	struct f4 d = f4_add(f4_mul_w(f4_square(h)), f4_mul(l, f4_add(h, l)));
	struct f4 r = f4_square(d);

	return f16_join(f4_mul(h, r), f4_mul(f4_add(h, l), r));
}

static void
sub_bytes(struct planes *s)
{
	const uint32_t *x = s->b;
	struct f16 lo = {{x[0] ^ x[2], x[1] ^ x[6] ^ x[7], x[2] ^ x[5], x[1] ^ x[3] ^ x[6] ^ x[7]}};
	struct f16 hi = {{x[1] ^ x[5] ^ x[7], x[1] ^ x[4] ^ x[5] ^ x[6],
		x[1] ^ x[2] ^ x[3] ^ x[4] ^ x[5] ^ x[6], x[5] ^ x[7]}};
	struct f16 sum = f16_add(hi, lo);
	struct f16 d =
		f16_invert(f16_add(f16_square_scale(hi), f16_add(f16_mul(hi, lo), f16_square(lo))));
	struct f16 h = f16_mul(hi, d), l = f16_mul(sum, d);
	uint32_t y[8] = {l.b[0], l.b[1], l.b[2], l.b[3], h.b[0], h.b[1], h.b[2], h.b[3]};

	/* back to the AES field and through the affine map; its constant 0x63 is the negations */
	s->b[0] = ~(y[0] ^ y[2] ^ y[4] ^ y[5]);
	s->b[1] = ~(y[0] ^ y[1] ^ y[2]);
	s->b[2] = y[0] ^ y[1];
	s->b[3] = y[0] ^ y[2] ^ y[4] ^ y[5] ^ y[6];
	s->b[4] = y[0] ^ y[3] ^ y[4] ^ y[5];
	s->b[5] = ~(y[2] ^ y[3] ^ y[4] ^ y[5]);
	s->b[6] = ~(y[4] ^ y[6] ^ y[7]);
	s->b[7] = y[2] ^ y[4] ^ y[6];
}

/* Row r of every column comes from r columns to the right: from 4r bits up, modulo 16. */
static void
shift_rows(struct planes *s)
{
	for (int i = 0; i < 8; i++) {
		uint32_t x = (s->b[i] & 0xffff) | s->b[i] << 16;

		s->b[i] = (x & 0x1111) | (x >> 4 & 0x2222) | (x >> 8 & 0x4444) | (x >> 12 & 0x8888);
	}
}

/* Row r becomes 2 a[r] + 3 a[r+1] + a[r+2] + a[r+3] = 2 t[r] + a[r+1] + t[r+2], t = a[r] + a[r+1].
 */
static void
mix_columns(struct planes *s)
{
	uint32_t next[8], t[8];

	for (int i = 0; i < 8; i++) {
		uint32_t a = s->b[i];

		next[i] = (a >> 1 & 0x7777) | (a << 3 & 0x8888);
		t[i] = a ^ next[i];
	}
	for (int i = 0; i < 8; i++) {
		/* doubling: one plane up; what falls out comes back as 0x1b, bits 0, 1, 3, 4 */
		uint32_t twice = i == 0 ? t[7] : t[i - 1];

		if (i == 1 || i == 3 || i == 4)
			twice ^= t[7];
		s->b[i] = twice ^ next[i] ^ (t[i] >> 2 & 0x3333) ^ (t[i] << 2 & 0xcccc);
	}
}

static void
add_round_key(struct planes *s, const uint8_t k[16])
{
	for (int i = 0; i < 8; i++)
		s->b[i] ^= (uint32_t)k[2 * i] | (uint32_t)k[2 * i + 1] << 8;
}

static void
store_round_key(uint8_t out[16], const uint8_t key[16])
{
	struct planes s = slice(key);

	for (int i = 0; i < 8; i++) {
		out[2 * i] = (uint8_t)s.b[i];
		out[2 * i + 1] = (uint8_t)(s.b[i] >> 8);
	}
}

void
tg_prf_soft_expand(uint8_t round_key[11][16], const uint8_t key[16])
{
	uint8_t k[16], sub[16];
	uint8_t rcon = 1;

	memcpy(k, key, 16);
	store_round_key(round_key[0], k);
	for (int r = 1; r <= 10; r++) {
		struct planes s = slice(k);

		sub_bytes(&s);
		unslice(&s, sub);
		/* w[4r] = w[4r-4] ^ SubWord(RotWord(w[4r-1])) ^ rcon; the others chain along */
		k[0] ^= sub[13] ^ rcon;
		k[1] ^= sub[14];
		k[2] ^= sub[15];
		k[3] ^= sub[12];
		for (int i = 4; i < 16; i++)
			k[i] ^= k[i - 4];
		store_round_key(round_key[r], k);
		rcon = (uint8_t)(r == 8 ? 0x1b : rcon << 1);
	}
	tg_wipe(k, sizeof(k));
	tg_wipe(sub, sizeof(sub));
}

void
tg_prf_soft_block(const uint8_t round_key[11][16], const uint8_t in[16], uint8_t out[16])
{
	struct planes s = slice(in);

	add_round_key(&s, round_key[0]);
	for (int r = 1; r < 10; r++) {
		sub_bytes(&s);
		shift_rows(&s);
		mix_columns(&s);
		add_round_key(&s, round_key[r]);
	}
	sub_bytes(&s);
	shift_rows(&s);
	add_round_key(&s, round_key[10]);
	unslice(&s, out);
}
