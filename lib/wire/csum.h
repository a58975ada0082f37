/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_WIRE_CSUM_H
#define TG_WIRE_CSUM_H
/**
 * @file
 * The Internet checksum (RFC 1071), unfolded sums kept in 64 bits so that folding happens once.
 *
 * A sum is over 16-bit words in memory order (native loads): only tg_csum_fold()'s result, stored
 * with memcpy, is a header field. Odd lengths are padded with a zero byte at the end, so only the
 * last part of a sum may be of odd length (see tg_csum_add_at for chains).
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <tidegate/types.h>

/** Adds len bytes at p to an unfolded sum. */
uint64_t tg_csum_add(uint64_t sum, const void *p, size_t len);

/** The same for bytes that start at position `pos` of the whole: an odd pos swaps the bytes. */
uint64_t tg_csum_add_at(uint64_t sum, const void *p, size_t len, size_t pos);

/** Copies len bytes and returns sum plus theirs: one pass where memcpy and a sum were two. */
uint64_t tg_csum_copy(uint64_t sum, void *restrict dst, const void *restrict src, size_t len);

/** Folds to 16 bits, not complemented. 0xffff is the sum of a block whose checksum is right. */
static inline uint16_t
tg_csum_fold(uint64_t sum)
{
	uint32_t v;

	/* Both halves added to each other: the upper one of the sum is theirs with its carry. */
	sum += sum << 32 | sum >> 32;
	v = (uint32_t)(sum >> 32);
	v += v << 16 | v >> 16;
	return (uint16_t)(v >> 16);
}

/** Adds with end-around carry: 2^64 - 1 is a multiple of 2^16 - 1, so the sum stays right. */
static inline uint64_t
tg_csum_carry(uint64_t a, uint64_t b)
{
	a += b;
	return a + (a < b);
}

/** Adds 8 bytes to an unfolded sum. */
static inline uint64_t
tg_csum_add8(uint64_t sum, const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return tg_csum_carry(sum, v);
}

/** Adds 4 bytes to an unfolded sum. */
static inline uint64_t
tg_csum_add4(uint64_t sum, const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return tg_csum_carry(sum, v);
}

/** Adds a header to an unfolded sum, in place where it is read: len is 20 to 60, a multiple of 4.
 */
static inline __attribute__((always_inline)) uint64_t
tg_csum_header(uint64_t sum, const uint8_t *p, unsigned len)
{
	sum = tg_csum_add8(sum, p);
	sum = tg_csum_add8(sum, p + 8);
	sum = tg_csum_add4(sum, p + 16);
	if (len == 20)
		return sum;
	if (len == 40) { /* a SYN of Linux */
		sum = tg_csum_add8(sum, p + 20);
		sum = tg_csum_add8(sum, p + 28);
		return tg_csum_add4(sum, p + 36);
	}
	for (p += 20, len -= 20; len >= 8; p += 8, len -= 8)
		sum = tg_csum_add8(sum, p);
	return len != 0 ? tg_csum_add4(sum, p) : sum;
}

/**
 * Sum of the pseudo-header of RFC 9293 3.1 (v4-mapped pair) or RFC 8200 8.1 (else).
 *
 * @param src, dst  both IPv4 or both IPv6
 * @param proto     IP protocol number
 * @param len       transport header and payload in bytes
 */
uint64_t tg_csum_pseudo(
	const struct tg_addr *src, const struct tg_addr *dst, uint8_t proto, uint32_t len);

#endif
