/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_SIM_RNG_H
#define TG_SIM_RNG_H
/**
 * @file
 * Seeded random numbers, and a byte stream that any position of can be computed at once.
 */
#include <stdbool.h>
#include <stdint.h>

/** State of a generator: a counter whose values are mixed. */
struct rng {
	uint64_t at;
};

/* A bijection of 64-bit words in which every input bit reaches every output bit. */
static inline uint64_t
rng_mix(uint64_t x)
{
	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	return x ^ x >> 32;
}

/** The next 64 random bits. */
static inline uint64_t
rng_next(struct rng *r)
{
	r->at += UINT64_C(0x9e3779b97f4a7c15);
	return rng_mix(r->at);
}

/** A number below n, n at most 2^32. */
static inline uint32_t
rng_below(struct rng *r, uint32_t n)
{
	return (uint32_t)((rng_next(r) >> 32) * n >> 32);
}

/** True once in `per_mille` of 1000 times. */
static inline bool
rng_chance(struct rng *r, uint32_t per_mille)
{
	return rng_below(r, 1000) < per_mille;
}

/** Bytes [at, at + n) of the stream with this seed. */
static inline void
rng_stream(uint64_t seed, uint64_t at, uint8_t *out, uint32_t n)
{
	uint64_t word = 0;

	for (uint32_t i = 0; i < n; i++, at++) {
		if (i == 0 || (at & 7) == 0)
			word = rng_mix(seed + (at >> 3) * UINT64_C(0x9e3779b97f4a7c15));
		out[i] = (uint8_t)(word >> 8 * (at & 7));
	}
}

#endif
