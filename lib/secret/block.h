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

/** Blocks that tg_tuple_blocks() fills at most. */
#define TG_TUPLE_BLOCKS 3

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

/** Whether the tuple is IPv4: tg_addr_is_v4() as one comparison, for the packet path. */
static inline bool
tg_tuple_is_v4(const struct tg_tuple *t)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	return memcmp(t->remote.addr.b, mapped, sizeof(mapped)) == 0;
}

/**
 * Lays out a tuple and one word beside it, remote side first:
 *
 *   IPv4, 1 block:  raddr 4 | laddr 4 | rport 2 | lport 2 | word 4
 *   IPv6, 3 blocks: raddr 16, laddr 16, rport 2 | lport 2 | word 4 | zero 8
 *
 * @return the number of blocks; each family has keys of its own, so under one key the length is
 * fixed, which CBC-MAC needs
 */
static inline unsigned
tg_tuple_blocks(const struct tg_tuple *t, bool v4, uint32_t word, uint8_t out[16 * TG_TUPLE_BLOCKS])
{
	uint32_t ports = (uint32_t)t->remote.port << 16 | t->local.port;

	if (v4) {
		memcpy(out, t->remote.addr.b + 12, 4);
		memcpy(out + 4, t->local.addr.b + 12, 4);
		tg_put_be32(out + 8, ports);
		tg_put_be32(out + 12, word);
		return 1;
	}
	memcpy(out, t->remote.addr.b, 16);
	memcpy(out + 16, t->local.addr.b, 16);
	tg_put_be32(out + 32, ports);
	tg_put_be32(out + 36, word);
	memset(out + 40, 0, 8);
	return 3;
}

#endif
