/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_SECRET_BLOCK_H
#define TG_SECRET_BLOCK_H
/**
 * @file
 * How a 4-tuple becomes PRF input and PRF output becomes words. Private to the secret room.
 *
 * All integers are big-endian, so that machines of a fleet agree whatever their CPU.
 */
#include <string.h>

#include <tidegate/types.h>

#include "prf.h"

/** Overwrites a secret; the empty asm keeps the compiler from dropping a store nobody reads. */
static inline void
tg_wipe(void *p, size_t n)
{
	memset(p, 0, n);
	__asm__ volatile("" : : "r"(p) : "memory");
}

static inline uint32_t
tg_get_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void
tg_put_be32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static inline void
tg_put_be64(uint8_t *p, uint64_t v)
{
	tg_put_be32(p, (uint32_t)(v >> 32));
	tg_put_be32(p + 4, (uint32_t)v);
}

/** A block in a vector register. */
typedef uint64_t tg_block __attribute__((vector_size(16)));

static inline tg_block
tg_load_block(const uint8_t *p)
{
	tg_block x;

	memcpy(&x, p, sizeof(x));
	return x;
}

/**
 * Two words as one block, big-endian, to be stored at once: the PRF loads 16 bytes in one go, and a
 * load that spans several stores still in flight waits for all of them to reach the cache. Written
 * word by word, an IPv4 cookie took 64 cycles and a digest 45; so it is 33 and 11.
 */
static inline tg_block
tg_be_block(uint64_t high, uint64_t low)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return (tg_block){__builtin_bswap64(high), __builtin_bswap64(low)};
#else
	return (tg_block){high, low};
#endif
}

/** Two words of 4 bytes as they lie in memory: the first as it was read, the second big-endian. */
static inline uint64_t
tg_be_words(uint32_t raw, uint32_t word)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return raw | (uint64_t)__builtin_bswap32(word) << 32;
#else
	return (uint64_t)raw << 32 | word;
#endif
}

static inline void
tg_store_block(uint8_t *p, tg_block x)
{
	memcpy(p, &x, sizeof(x));
}

/** Whether the tuple is IPv4: tg_addr_is_v4() as one comparison, for the packet path. */
static inline bool
tg_tuple_is_v4(const struct tg_tuple *t)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	return memcmp(t->remote.addr.b, mapped, sizeof(mapped)) == 0;
}

/**
 * A tuple and one word beside it as PRF input, remote side first:
 *
 *   IPv4, 1 block:  raddr 4 | laddr 4 | rport 2 | lport 2 | word 4
 *   IPv6, 3 blocks: raddr 16, laddr 16, rport 2 | lport 2 | word 4 | zero 8
 *
 * Each family has keys of its own, so under one key the length is fixed, which CBC-MAC needs.
 *
 * @param x      room for the blocks, aligned
 * @param ports  rport in the upper half, lport in the lower
 * @param mask   XORed into the first block
 */
static inline void
tg_tuple_block4(uint8_t *x, const struct tg_addr *raddr, const struct tg_addr *laddr,
	uint32_t ports, uint32_t word, tg_block mask)
{
	uint64_t addrs = (uint64_t)tg_get_be32(raddr->b + 12) << 32 | tg_get_be32(laddr->b + 12);

	tg_store_block(x, tg_be_block(addrs, (uint64_t)ports << 32 | word) ^ mask);
}

/** The same for IPv6. */
static inline void
tg_tuple_block6(uint8_t *x, const struct tg_addr *raddr, const struct tg_addr *laddr,
	uint32_t ports, uint32_t word, tg_block mask)
{
	tg_store_block(x, tg_load_block(raddr->b) ^ mask);
	tg_store_block(x + 16, tg_load_block(laddr->b));
	tg_store_block(x + 32, tg_be_block((uint64_t)ports << 32 | word, 0));
}

/** The PRF of a tuple and one word beside it. */
static inline void
tg_tuple_prf(const struct tg_prf *prf, const struct tg_tuple *t, bool v4, uint32_t word,
	tg_block mask, uint8_t out[16])
{
	uint32_t ports = (uint32_t)t->remote.port << 16 | t->local.port;
	_Alignas(16) uint8_t x[48];

	if (v4) {
		tg_tuple_block4(x, &t->remote.addr, &t->local.addr, ports, word, mask);
		tg_prf_block(prf, x, out);
		return;
	}
	tg_tuple_block6(x, &t->remote.addr, &t->local.addr, ports, word, mask);
	tg_prf_cbcmac(prf, x, 3, out);
}

#endif
