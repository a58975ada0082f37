/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_LISTEN_PEERS_H
#define TG_LISTEN_PEERS_H
/**
 * @file
 * Peers that completed a handshake lately: with cookies off, the last quarter of the SYN queue is
 * theirs (listener-semantics section 3, rule 4).
 *
 * Bounded memory: a table of sets of four, sized at start. A peer's set is given by a keyed hash of
 * its address, so nobody can choose whom he drives out; a full set forgets whom it has not seen for
 * the longest time. Only a completed handshake writes, so spoofed SYNs change nothing.
 *
 * Time is tg_time here, not tg_ms: it must not wrap. An entry may lie for months without anyone
 * asking for it, and with 32 bits of milliseconds a peer of 49.7 days ago would be one of today.
 * Nothing has to sweep the table for that, and an idle engine may sleep. It costs 4 bytes an entry.
 */
#include <stdbool.h>
#include <stdint.h>

#include <tidegate/types.h>

#include "pool.h"

struct tg_peer_set;

/** The memory. All zero: nobody is known, nothing is remembered. */
struct tg_peers {
	struct tg_peer_set *set;
	uint32_t sets;
	tg_time lifetime; /**< in nanoseconds */
};

/**
 * Sizes the memory: 24 bytes for each address, one allocation.
 *
 * @param entries      addresses, 0 to 2^20, rounded up to a multiple of 4; 0: all zero, nothing is
 *                     allocated
 * @param lifetime_ms  for so long a peer is known after its last handshake
 * @return 0 or -ENOMEM
 */
int tg_peers_init(
	struct tg_peers *p, const struct tg_mem *mem, uint32_t entries, uint32_t lifetime_ms);

/** Another lifetime, for those who are known already too. */
static inline void
tg_peers_live(struct tg_peers *p, uint32_t lifetime_ms)
{
	p->lifetime = lifetime_ms * TG_MSEC;
}

/** Gives the memory back. Safe when all is zero. */
void tg_peers_fini(struct tg_peers *p, const struct tg_mem *mem);

/**
 * A peer completed a handshake.
 *
 * @param hash  keyed, of the address: tg_secret_addr_hash()
 * @param now   in nanoseconds
 */
void tg_peers_note(struct tg_peers *p, const struct tg_addr *a, uint32_t hash, tg_time now);

/** Whether the peer's last handshake was completed less than the lifetime ago. */
bool tg_peers_known(const struct tg_peers *p, const struct tg_addr *a, uint32_t hash, tg_time now);

#endif
