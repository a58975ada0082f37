/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_SECRET_PRF_H
#define TG_SECRET_PRF_H
/**
 * @file
 * The keyed pseudo-random function: AES-128, one block in, one block out.
 *
 * On CPUs with AES instructions they are used; elsewhere a constant-time (bitsliced, table-free)
 * twin computes the same output, so that machines of one fleet agree.
 */
#include <stdbool.h>
#include <stdint.h>

/** An expanded key. Wipe with tg_prf_wipe(). */
struct tg_prf {
	_Alignas(16) uint8_t round_key[11][16]; /**< plain with hw, bitsliced without */
	bool hw;                                /**< use CPU instructions; set by tg_prf_init() */
};

/** Expands a key. allow_hw = false forces the portable twin (tests). */
void tg_prf_init(struct tg_prf *p, const uint8_t key[16], bool allow_hw);

/** out = AES-128(key, in); in and out may be the same. */
void tg_prf_block(const struct tg_prf *p, const uint8_t in[16], uint8_t out[16]);

/**
 * Enciphers n blocks in place, x[i] under key[i]. A burst's worth in one go keeps as many blocks
 * under way as the CPU can; after a call for each packet the rest of the packet waits for its
 * block.
 *
 * @param key  expanded alike: all with allow_hw or all without
 */
void tg_prf_blocks(const struct tg_prf *const key[], uint8_t (*x)[16], unsigned n);

/**
 * tg_prf_cbcmac() of n messages of 3 blocks, x[i] under key[i]; each result replaces the first
 * block of its message.
 */
void tg_prf_cbcmacs(const struct tg_prf *const key[], uint8_t (*x)[48], unsigned n);

/**
 * CBC-MAC of whole blocks. Safe only for messages of one fixed length under one key, which is
 * how it is used: 3 blocks for an IPv6 tuple. At least one block.
 */
void tg_prf_cbcmac(const struct tg_prf *p, const uint8_t *in, unsigned blocks, uint8_t out[16]);

/** Overwrites the key in a way the compiler keeps. */
void tg_prf_wipe(struct tg_prf *p);

#endif
