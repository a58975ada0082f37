/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_TEST_SECRET_SEEDED_H
#define TG_TEST_SECRET_SEEDED_H
/* Random input that is the same in every run (splitmix64), and hexadecimal vectors. */
#include <stddef.h>
#include <stdint.h>

static inline uint64_t
seeded(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static inline void
seeded_bytes(uint64_t *state, uint8_t *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(seeded(state) >> 56);
}

static inline void
unhex(const char *hex, uint8_t *out, size_t n)
{
	for (size_t i = 0; i < 2 * n; i++) {
		char c = hex[i];
		uint8_t v = (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);

		out[i / 2] = (uint8_t)(i % 2 ? out[i / 2] << 4 | v : v);
	}
}

#endif
