/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_SECRET_PRF_SOFT_H
#define TG_SECRET_PRF_SOFT_H
/**
 * @file
 * AES-128 without tables, branches or addresses that depend on data. Private to the secret room.
 *
 * A round key here is bitsliced: byte 2b and 2b + 1 hold bit b of the key's bytes 0-7 and 8-15,
 * so it takes the same 16 bytes as the plain form that CPU instructions want.
 */
#include <stdint.h>

/** Expands a key into eleven bitsliced round keys. */
void tg_prf_soft_expand(uint8_t round_key[11][16], const uint8_t key[16]);

/** out = AES-128(in); in and out may be the same. */
void tg_prf_soft_block(const uint8_t round_key[11][16], const uint8_t in[16], uint8_t out[16]);

#endif
