/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_BENCH_FLOOR_H
#define TG_BENCH_FLOOR_H
/**
 * @file
 * The floor: what turning one SYN into one cookie SYN-ACK costs at least.
 *
 * A straight-line loop for a single layout: Ethernet, IPv4 without options, TCP with the 20 bytes
 * of options of a Linux SYN, 74 bytes in all. Both checksums are verified and written in software,
 * one AES block makes the cookie, the answer is written over the question. No other packet, no
 * table, no listener, no counter, no time.
 */
#include <stdbool.h>
#include <stdint.h>

#include <tidegate/pkt.h>

#include "secret.h"

/** Bytes of the SYN it knows, and of the SYN-ACK. */
#define FLOOR_SYN_LEN 74

/** False where the CPU has no AES instructions: there is no floor then. */
bool floor_possible(void);

/**
 * Answers SYNs in place.
 *
 * The answers are true cookies: tg_cookie_check() takes them with `secret`.
 *
 * @param key    cookie key of IPv4 with timestamps; made with CPU instructions
 * @param parity parity of the key's epoch
 * @param ms     timestamp clock
 * @return packets answered; the others had another layout or a wrong checksum and are untouched
 */
unsigned floor_answer(const struct tg_cookie_key *key, uint32_t parity, uint32_t ms,
	struct tg_pkt pkt[], unsigned n);

#endif
