/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_SECRET_SECRET_H
#define TG_SECRET_SECRET_H
/**
 * @file
 * Every key of an engine, derived from one 32-byte seed or two.
 *
 *  - boot-long keys (flow hash, RFC 6528 ISN, timestamp offset, address hash): from the seed alone,
 *    which never leaves the machine
 *  - cookie keys: from the cookie seed and the epoch number floor(wall_seconds / 64), so that
 *    machines with one such seed and roughly one clock hold the same keys, and rotation needs no
 *    message
 *  - the Fast Open key, where none is configured: from the cookie seed alone
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <tidegate/types.h>

#include "group.h"
#include "prf.h"

/** Length of a cookie epoch in seconds of wall-clock time. */
#define TG_EPOCH_S 64

/** Cookie key families: {IPv4, IPv6} x {without, with timestamps}. */
#define TG_COOKIE_MODES 4
/** Nibbles of encoded state that are mixed in as secret masks: 7 bits in 2, 9 bits in 3. */
#define TG_COOKIE_NIBBLES 3

/** Keys of one epoch and mode. tag = AES_k(x XOR T[0][enc & 15] XOR T[1][enc >> 4 & 15] ...). */
struct tg_cookie_key {
	struct tg_prf k;
	_Alignas(16) uint8_t t[TG_COOKIE_NIBBLES][16][16];
};

/** "TGD1": keeps a digest's input apart from other uses of a tuple, should they share a key. */
#define TG_DIGEST_DOMAIN UINT32_C(0x54474431)

/** What one PRF call over a 4-tuple yields: independent 32-bit words. */
struct tg_digest {
	uint32_t hash;      /**< flow hash; never leaves the machine */
	uint32_t isn;       /**< F() of RFC 6528: add the clock */
	uint32_t ts_offset; /**< timestamp offset of RFC 7323 5.4 */
};

/** All secrets of an engine. Engine-owned, one thread. */
struct tg_secret {
	uint8_t cookie_seed[32]; /**< for epochs to come; the other seed is not kept */
	struct tg_prf tuple4;    /**< digest key for IPv4 tuples */
	struct tg_prf tuple6;    /**< digest key for IPv6 tuples */
	struct tg_prf addr;      /**< key of tg_secret_addr_hash() */
	uint64_t wall_s;         /**< at the last tg_secret_advance() */
	uint64_t epoch;          /**< wall_s / TG_EPOCH_S */
	bool second_half;        /**< wall_s is in the second half of the epoch */
	bool allow_hw;
	/** [epoch modulo 4][2 * IPv6 + timestamps]: previous, current and next epoch are valid */
	struct tg_cookie_key cookie[4][TG_COOKIE_MODES];
	/** The same of the seed before tg_secret_rotate(), for four epochs from old_first on. */
	struct tg_cookie_key old[4][TG_COOKIE_MODES];
	uint64_t old_first; /**< the epoch before that of the rotation */
	uint64_t old_until; /**< wall_s from which on nothing of it is left; 0: nothing is */
};

/** From a rotation on, cookies of the old seed are accepted for so many seconds: the longest life
 * of a cookie (cookie.h). */
#define TG_COOKIE_LIFE_S 96

/**
 * Derives all keys.
 *
 * @param seed         32 secret bytes of this machine
 * @param cookie_seed  32 secret bytes that machines may share, for SYN cookies and the Fast Open
 *                     key; NULL: `seed`
 * @param wall_s       wall-clock seconds
 * @param allow_hw     false forces the portable PRF (tests)
 */
void tg_secret_init(struct tg_secret *s, const uint8_t seed[32], const uint8_t cookie_seed[32],
	uint64_t wall_s, bool allow_hw);

/**
 * Follows the wall clock: derives the keys of a new epoch when one begins (one epoch per call in
 * steady state, about 200 PRF calls; all three when the clock jumped).
 */
void tg_secret_advance(struct tg_secret *s, uint64_t wall_s);

/**
 * Another cookie seed from now on. Cookies of the one before stay valid as long as they would have:
 * its keys for the epochs until then are kept beside the new ones, the seed itself is not. They
 * are wiped by the tg_secret_advance() that comes TG_COOKIE_LIFE_S later, by a clock that jumps
 * further than that, and by another rotation: only one seed before the current one is known.
 *
 * About 800 PRF calls.
 *
 * @param seed  32 secret bytes, copied
 */
void tg_secret_rotate(struct tg_secret *s, const uint8_t seed[32]);

/** One PRF call (3 blocks for IPv6) over the 4-tuple. */
void tg_secret_digest(const struct tg_secret *s, const struct tg_tuple *t, struct tg_digest *d);

/**
 * The same for a burst: tg_digest_ask() for each tuple, tg_group_run(), tg_digest_of() what the
 * group has then.
 */
static inline void
tg_digest_ask(const struct tg_secret *s, struct tg_prf_group *g, unsigned who, bool v4,
	const struct tg_addr *raddr, const struct tg_addr *laddr, uint32_t ports)
{
	tg_group_add(g, who, v4 ? &s->tuple4 : &s->tuple6, v4, raddr, laddr, ports,
		TG_DIGEST_DOMAIN, (tg_block){0, 0});
}

/** tg_digest_ask() from a packet: see tg_group_add_raw(). @param ports  as they lie in memory */
static inline void
tg_digest_ask_raw(const struct tg_secret *s, struct tg_prf_group *g, unsigned who, bool v4,
	const uint8_t *addrs, const uint8_t *ports)
{
	uint32_t w;

	memcpy(&w, ports, sizeof(w));
	tg_group_add_raw(g, who, v4 ? &s->tuple4 : &s->tuple6, v4, addrs,
		tg_be_words(w, TG_DIGEST_DOMAIN), (tg_block){0, 0});
}

/** The digest in a block of PRF output. */
static inline void
tg_digest_of(const uint8_t x[16], struct tg_digest *d)
{
	d->hash = tg_get_be32(x);
	d->isn = tg_get_be32(x + 4);
	d->ts_offset = tg_get_be32(x + 8);
}

/**
 * A keyed hash of an address, or of 16 bytes made from one: for tables of peers and prefixes. One
 * PRF call; IPv4 addresses are v4-mapped. Never leaves the machine.
 */
uint32_t tg_secret_addr_hash(const struct tg_secret *s, const struct tg_addr *a);

/**
 * The Fast Open key of machines that were given none: the same for all with one cookie seed, as
 * long as that seed lives (no epoch: RFC 7413 cookies outlive connections by hours).
 *
 * @param key  filled; the caller's to wipe
 */
void tg_secret_fastopen_key(const struct tg_secret *s, uint8_t key[16]);

/** Overwrites all keys and the seed. */
void tg_secret_wipe(struct tg_secret *s);

/**
 * Initial sequence number, RFC 6528: digest.isn plus a clock of one tick in 4 microseconds.
 */
static inline uint32_t
tg_isn(const struct tg_digest *d, tg_time now)
{
	return d->isn + (uint32_t)(now / 4000);
}

#endif
