/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_WIRE_BYTES_H
#define TG_WIRE_BYTES_H
/**
 * @file
 * Unaligned loads and stores, big-endian or as the bytes lie in memory, and sequence-number
 * comparison (RFC 9293 3.4).
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t
tg_get16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return __builtin_bswap16(v);
}

static inline uint32_t
tg_get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return __builtin_bswap32(v);
}

static inline void
tg_put16(uint8_t *p, uint16_t v)
{
	v = __builtin_bswap16(v);
	memcpy(p, &v, sizeof(v));
}

static inline void
tg_put32(uint8_t *p, uint32_t v)
{
	v = __builtin_bswap32(v);
	memcpy(p, &v, sizeof(v));
}

/** Stores a word as it lies in memory. Returns it, for the sum of what was written. */
static inline uint64_t
tg_store32(uint8_t *p, uint32_t v)
{
	memcpy(p, &v, sizeof(v));
	return v;
}

/** The same of a number that is stored big-endian. */
static inline uint64_t
tg_store_be32(uint8_t *p, uint32_t v)
{
	return tg_store32(p, __builtin_bswap32(v));
}

/** Bytes as they lie in memory: for sums, masks and comparisons, which need no order. */
static inline uint16_t
tg_load16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/** The same. */
static inline uint32_t
tg_load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/** The same. */
static inline uint64_t
tg_load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/** The last 8 bytes of a v4-mapped address, as they lie in memory, from an IPv4 address that does.
 */
static inline uint64_t
tg_v4_mapped(uint32_t raw)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return (uint64_t)raw << 32 | 0xffff0000u;
#else
	return UINT64_C(0xffff00000000) | raw;
#endif
}

/** 16 bytes in a vector register. */
typedef uint64_t tg_words __attribute__((vector_size(16)));

/** True when a comes before b in sequence space. */
static inline bool
tg_seq_lt(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

/** True when a comes before b or is b. */
static inline bool
tg_seq_leq(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) <= 0;
}

#endif
