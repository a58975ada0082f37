/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_SECRET_GROUP_H
#define TG_SECRET_GROUP_H
/**
 * @file
 * The tuples of a burst on their way through the PRF: collected one by one, enciphered in one go.
 */
#include <stdint.h>

#include <tidegate/types.h>

#include "block.h"
#include "prf.h"

/** Most tuples in a group: the packets that an engine works on together. */
#define TG_PRF_GROUP 32

/** Tuples collected. Not cleared as a whole: set n4 and n6 to 0. */
struct tg_prf_group {
	uint8_t n4, n6;             /**< tuples of each family */
	uint8_t who4[TG_PRF_GROUP]; /**< the caller's number of each */
	uint8_t who6[TG_PRF_GROUP]; /**< the same for IPv6 */
	const struct tg_prf *key4[TG_PRF_GROUP];
	const struct tg_prf *key6[TG_PRF_GROUP];
	_Alignas(16) uint8_t x4[TG_PRF_GROUP][16]; /**< tuple, then its PRF */
	_Alignas(16) uint8_t x6[TG_PRF_GROUP][48]; /**< tuple; its PRF replaces the first block */
};

/**
 * Adds a tuple and one word beside it: as tg_tuple_prf() has it.
 *
 * @param who    number of the packet, below 256
 * @param v4     both addresses are IPv4
 * @param ports  remote port, local port
 * @param mask   XORed into the first block
 */
static inline void
tg_group_add(struct tg_prf_group *g, unsigned who, const struct tg_prf *key, bool v4,
	const struct tg_addr *raddr, const struct tg_addr *laddr, uint32_t ports, uint32_t word,
	tg_block mask)
{
	if (v4) {
		g->key4[g->n4] = key;
		g->who4[g->n4] = (uint8_t)who;
		tg_tuple_block4(g->x4[g->n4++], raddr, laddr, ports, word, mask);
	} else {
		g->key6[g->n6] = key;
		g->who6[g->n6] = (uint8_t)who;
		tg_tuple_block6(g->x6[g->n6++], raddr, laddr, ports, word, mask);
	}
}

/**
 * The same from a packet, where a tuple lies in the order of a block already: both addresses, then
 * both ports and the sequence number of a segment from the remote side.
 *
 * @param addrs  source and destination address in the IP header: 8 bytes, or 32
 * @param tail   the word beside the addresses, as it lies in memory: ports, then 4 bytes
 */
static inline void
tg_group_add_raw(struct tg_prf_group *g, unsigned who, const struct tg_prf *key, bool v4,
	const uint8_t *addrs, uint64_t tail, tg_block mask)
{
	if (v4) {
		uint64_t a;

		memcpy(&a, addrs, sizeof(a));
		g->key4[g->n4] = key;
		g->who4[g->n4] = (uint8_t)who;
		tg_store_block(g->x4[g->n4++], (tg_block){a, tail} ^ mask);
	} else {
		uint8_t *x = g->x6[g->n6];

		g->key6[g->n6] = key;
		g->who6[g->n6++] = (uint8_t)who;
		tg_store_block(x, tg_load_block(addrs) ^ mask);
		tg_store_block(x + 16, tg_load_block(addrs + 16));
		tg_store_block(x + 32, (tg_block){tail, 0});
	}
}

/** Turns every tuple into its PRF. */
static inline void
tg_group_run(struct tg_prf_group *g)
{
	tg_prf_blocks(g->key4, g->x4, g->n4);
	tg_prf_cbcmacs(g->key6, g->x6, g->n6);
}

#endif
