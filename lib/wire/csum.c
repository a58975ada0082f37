/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Internet checksum (RFC 1071).
 *
 * Four 64-bit accumulators with end-around carry: 2^64 - 1 is a multiple of 2^16 - 1, so a carry
 * out of bit 63 put back at bit 0 keeps the sum right modulo 0xffff whatever the word size. Four
 * of them because add and carry are a chain of two dependent cycles: one accumulator would stop at
 * 8 bytes in 2 cycles. Each is folded to 33 bits before it joins the caller's sum, so callers may
 * add unfolded sums to each other without a thought for overflow.
 */
#include "csum.h"

#include "bytes.h"

#define BLOCK 32

static inline uint64_t
fold33(uint64_t v)
{
	return (v & UINT32_MAX) + (v >> 32);
}

/* The last 0 to 31 bytes: at most 3 * (2^33) + 2^32 + 2^16 + 2^16. */
static inline uint64_t
sum_tail(const uint8_t *p, size_t len)
{
	uint64_t sum = 0;

	for (; len >= 8; p += 8, len -= 8)
		sum += fold33(tg_load64(p));
	if (len & 4) {
		uint32_t v;

		memcpy(&v, p, sizeof(v));
		sum += v;
		p += 4;
	}
	if (len & 2) {
		uint16_t v;

		memcpy(&v, p, sizeof(v));
		sum += v;
		p += 2;
	}
	if (len & 1) {
		uint16_t v = 0;

		/* First byte in memory of a word whose second is zero, in either byte order. */
		memcpy(&v, p, 1);
		sum += v;
	}
	return sum;
}

uint64_t
tg_csum_add(uint64_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t part = 0;

	if (len >= BLOCK) {
		uint64_t a = 0, b = 0, c = 0, d = 0;

		do {
			a = tg_csum_carry(a, tg_load64(p));
			b = tg_csum_carry(b, tg_load64(p + 8));
			c = tg_csum_carry(c, tg_load64(p + 16));
			d = tg_csum_carry(d, tg_load64(p + 24));
			p += BLOCK;
			len -= BLOCK;
		} while (len >= BLOCK);
		part = fold33(a) + fold33(b) + fold33(c) + fold33(d);
	}
	return tg_csum_carry(sum, part + sum_tail(p, len));
}

uint64_t
tg_csum_add_at(uint64_t sum, const void *p, size_t len, size_t pos)
{
	uint16_t part;

	if ((pos & 1) == 0)
		return tg_csum_add(sum, p, len);
	/* Every byte sits in the other half of its word: swap the sum (RFC 1071 2 (B)). */
	part = tg_csum_fold(tg_csum_add(0, p, len));
	return tg_csum_carry(sum, __builtin_bswap16(part));
}

uint64_t
tg_csum_copy(uint64_t sum, void *restrict dst, const void *restrict src, size_t len)
{
	const uint8_t *p = src;
	uint8_t *q = dst;
	uint64_t part = 0;

	if (len >= BLOCK) {
		uint64_t a = 0, b = 0, c = 0, d = 0;

		do {
			uint64_t w[4];

			memcpy(w, p, BLOCK);
			memcpy(q, w, BLOCK);
			a = tg_csum_carry(a, w[0]);
			b = tg_csum_carry(b, w[1]);
			c = tg_csum_carry(c, w[2]);
			d = tg_csum_carry(d, w[3]);
			p += BLOCK;
			q += BLOCK;
			len -= BLOCK;
		} while (len >= BLOCK);
		part = fold33(a) + fold33(b) + fold33(c) + fold33(d);
	}
	if (len != 0) {
		memcpy(q, p, len);
		part += sum_tail(p, len);
	}
	return tg_csum_carry(sum, part);
}

uint64_t
tg_csum_pseudo(const struct tg_addr *src, const struct tg_addr *dst, uint8_t proto, uint32_t len)
{
	uint8_t be_len[4], be_proto[2] = {0, proto};
	uint32_t len_word;
	uint16_t proto_word;
	uint64_t sum;

	/*
	 * One sum for both: the ::ffff of a v4-mapped address is a word of 0xffff, which is zero in
	 * ones' complement, and the 32-bit fields of RFC 8200 8.1 only add zero words to those of
	 * RFC 9293. The protocol is never zero, so the sum is never either of the two zeros by
	 * these words alone.
	 */
	tg_put32(be_len, len);
	/* Each loaded as wide as it was stored: otherwise the load waits for the stores. */
	memcpy(&len_word, be_len, sizeof(len_word));
	memcpy(&proto_word, be_proto, sizeof(proto_word));
	sum = fold33(tg_load64(src->b)) + fold33(tg_load64(src->b + 8));
	sum += fold33(tg_load64(dst->b)) + fold33(tg_load64(dst->b + 8));
	return sum + len_word + proto_word;
}
