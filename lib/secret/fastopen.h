/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_SECRET_FASTOPEN_H
#define TG_SECRET_FASTOPEN_H
/**
 * @file
 * The TCP Fast Open cookie (RFC 7413 4.1.2), bit for bit the one that Linux computes, so that
 * servers of both kinds can share a key:
 *
 *   SipHash-2-4(key, client address | server address), 8 bytes, little-endian
 *
 * Addresses are in network byte order, 4 + 4 bytes for IPv4 and 16 + 16 for IPv6. Ports and time
 * are not part of it: a cookie is good for an address until its key is changed twice.
 *
 * The key's bytes, read as four 32-bit little-endian words and printed as %08x-%08x-%08x-%08x, are
 * what Linux shows and takes in net.ipv4.tcp_fastopen_key.
 */
#include <stdint.h>

#include <tidegate/types.h>

/** Bytes of a cookie. RFC 7413 allows 4 to 16; Linux makes 8. */
#define TG_FASTOPEN_LEN 8

/** The keys of an engine. All zero: none. */
struct tg_fastopen_keys {
	uint8_t key[2][16]; /**< current, previous */
	uint8_t n;          /**< 0 to 2 of them are set */
};

/** What a cookie is worth. */
enum tg_fastopen_match {
	TG_FASTOPEN_INVALID,
	TG_FASTOPEN_CURRENT,
	TG_FASTOPEN_PREVIOUS, /**< good, but should be renewed (RFC 7413 4.1.3) */
};

/**
 * Makes the cookie of a client with the current key.
 *
 * @param k       n is 1 or 2
 * @param client  where the SYN comes from; v4-mapped addresses count as IPv4
 * @param server  where it goes to, of the same family
 */
void tg_fastopen_cookie(const struct tg_fastopen_keys *k, const struct tg_addr *client,
	const struct tg_addr *server, uint8_t out[TG_FASTOPEN_LEN]);

/**
 * Judges a cookie that came in a SYN. One SipHash for each key; the comparison takes the same
 * time whatever the bytes are.
 *
 * @param cookie  len bytes off the wire; any length but TG_FASTOPEN_LEN is INVALID, unread
 */
enum tg_fastopen_match tg_fastopen_check(const struct tg_fastopen_keys *k,
	const struct tg_addr *client, const struct tg_addr *server, const uint8_t *cookie,
	unsigned len);

/** `key` becomes the current key, the current one the previous, the previous one is forgotten. */
void tg_fastopen_rotate(struct tg_fastopen_keys *k, const uint8_t key[16]);

/** Overwrites the keys in a way the compiler keeps. */
void tg_fastopen_wipe(struct tg_fastopen_keys *k);

#endif
