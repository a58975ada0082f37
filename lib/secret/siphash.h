/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_SECRET_SIPHASH_H
#define TG_SECRET_SIPHASH_H
/**
 * @file
 * SipHash-2-4 (Aumasson and Bernstein 2012), 64 bits of output.
 *
 * The engine's own PRF is AES (prf.h), which is three times as fast; this one is there because
 * Fast Open cookies of a fleet must be those that Linux computes (fastopen.h).
 */
#include <stddef.h>
#include <stdint.h>

/**
 * The hash of a message. Constant time for one length: additions, rotations and XORs only.
 *
 * @param key  16 secret bytes; two 64-bit words, little-endian, whatever the machine
 * @param msg  len bytes, any alignment; may be NULL when len is 0
 * @return the 64-bit word; its usual form as bytes is little-endian
 */
uint64_t tg_siphash(const uint8_t key[16], const void *msg, size_t len);

#endif
