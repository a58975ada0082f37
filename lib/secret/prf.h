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
 * CBC-MAC of whole blocks. Safe only for messages of one fixed length under one key, which is
 * how it is used: 3 blocks for an IPv6 tuple. At least one block.
 */
void tg_prf_cbcmac(const struct tg_prf *p, const uint8_t *in, unsigned blocks, uint8_t out[16]);

/** Overwrites the key in a way the compiler keeps. */
void tg_prf_wipe(struct tg_prf *p);

#endif
