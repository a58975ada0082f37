/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_LISTEN_PREFIX_H
#define TG_LISTEN_PREFIX_H
/**
 * @file
 * A limit on SYN-ACKs to one prefix (IPv4 /24, IPv6 /56), so that a flood with forged sources does
 * not make us a reflector: token buckets in fixed memory, in sets of four.
 *
 * A prefix has a bucket while it has an entry in its set. A prefix without one takes over the entry
 * of the set that has the most tokens, and with it these tokens; unless that is less than one,
 * then it gets nothing and leaves no trace. An entry never used is a full bucket. So entries
 * change their names, but tokens come into being by the clock alone, and three things follow:
 *
 * - The table as a whole lets no more than entries * (burst + rate * t) through in any time t,
 *   whatever the addresses: forged prefixes have no fresh burst each.
 * - One prefix gets no more than burst + rate * t, what a bucket of its own would give, however
 *   often others drive it out and it comes back. Let b be that bucket of its own, full at first.
 *   Always: an entry that bears the prefix has at most b; without one, no entry of the set has more
 *   than b. True at first, since b is full. Refilling is the same for all. Tokens taken by the
 *   prefix are taken from b too, and tokens that others take only help. When it is driven out
 *   its entry had the most of all; when it comes back it gets the most, which is at most b.
 * - Where no more than four prefixes share a set, each has exactly its own bucket.
 *
 * What it does not give: fairness under a flood from random prefixes. That uses up the tokens of
 * all sets, and honest clients get their share of the rate by chance. This is why it is off by
 * default. All IPv4 clients behind a NAT64 translator (64:ff9b::/96) are one IPv6 prefix.
 */
#include <stdbool.h>
#include <stdint.h>

#include <tidegate/types.h>

#include "pool.h"
#include "ticks.h"

struct tg_prefix_set;

/** The buckets. All zero, or a rate of 0: no limit. */
struct tg_prefixes {
	struct tg_prefix_set *set;
	uint32_t sets;
	uint32_t rate; /**< tokens per second: thousandths of a token per millisecond */
	uint32_t full; /**< burst in thousandths of a token */
};

/**
 * Sizes the table: 16 bytes an entry, one allocation.
 *
 * @param buckets  entries, 64 to 2^20, rounded up to a multiple of 4
 * @param rate     SYN-ACKs per second and prefix, to 10^6; 0: no limit until tg_prefix_rate()
 * @param burst    so many in a row, 1 to 10^6
 * @return 0 or -ENOMEM
 */
int tg_prefix_init(struct tg_prefixes *t, const struct tg_mem *mem, uint32_t buckets, uint32_t rate,
	uint32_t burst);

/**
 * Another limit, from now on. A bucket has at most the new burst; one that was never used is full.
 */
void tg_prefix_rate(struct tg_prefixes *t, uint32_t rate, uint32_t burst);

/** Gives the memory back. Safe when all is zero. */
void tg_prefix_fini(struct tg_prefixes *t, const struct tg_mem *mem);

/**
 * The prefix of an address, the other bits zero: what the hash is made of. IPv4 stays v4-mapped, so
 * prefixes of the two families are never equal.
 */
struct tg_addr tg_prefix_of(const struct tg_addr *a);

/**
 * Takes a token of the address's prefix: true when a SYN-ACK may leave, false when not.
 *
 * Tokens are counted in thousandths and time in milliseconds, so that nothing is rounded whatever
 * the rate is. An entry left alone for 49.7 days has that many fewer than it should: the error is
 * on the side of the limit, and gone within burst / rate seconds.
 *
 * @param hash  keyed, of tg_prefix_of(a): tg_secret_addr_hash()
 * @param now   not before that of an earlier call
 */
bool tg_prefix_take(struct tg_prefixes *t, const struct tg_addr *a, uint32_t hash, tg_ms now);

#endif
