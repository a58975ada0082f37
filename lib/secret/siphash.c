/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SipHash-2-4: see siphash.h. Names are those of the paper, section 2.
 */
#include "siphash.h"

/** The state: four words. */
struct sip {
	uint64_t v0, v1, v2, v3;
};

static uint64_t
get_le64(const uint8_t *p)
{
	uint64_t x = 0;

	for (unsigned i = 0; i < 8; i++)
		x |= (uint64_t)p[i] << (8 * i);
	return x;
}

static uint64_t
rotl(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

/* SipRound, n times. */
static void
rounds(struct sip *s, unsigned n)
{
	while (n-- != 0) {
		s->v0 += s->v1;
		s->v2 += s->v3;
		s->v1 = rotl(s->v1, 13) ^ s->v0;
		s->v3 = rotl(s->v3, 16) ^ s->v2;
		s->v0 = rotl(s->v0, 32) + s->v3;
		s->v2 += s->v1;
		s->v1 = rotl(s->v1, 17) ^ s->v2;
		s->v3 = rotl(s->v3, 21) ^ s->v0;
		s->v2 = rotl(s->v2, 32);
	}
}

static void
compress(struct sip *s, uint64_t m)
{
	s->v3 ^= m;
	rounds(s, 2);
	s->v0 ^= m;
}

uint64_t
tg_siphash(const uint8_t key[16], const void *msg, size_t len)
{
	const uint64_t k0 = get_le64(key), k1 = get_le64(key + 8);
	/* ASCII "somepseudorandomlygeneratedbytes": the paper's constants. */
	struct sip s = {
		k0 ^ UINT64_C(0x736f6d6570736575),
		k1 ^ UINT64_C(0x646f72616e646f6d),
		k0 ^ UINT64_C(0x6c7967656e657261),
		k1 ^ UINT64_C(0x7465646279746573),
	};
	const uint8_t *p = msg;
	/* The last word: what is left of the message below the length modulo 256. */
	uint64_t last = (uint64_t)len << 56;
	size_t i;

	for (i = 0; i + 8 <= len; i += 8)
		compress(&s, get_le64(p + i));
	for (; i < len; i++)
		last |= (uint64_t)p[i] << (8 * (i % 8));
	compress(&s, last);
	s.v2 ^= 0xff;
	rounds(&s, 4);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
