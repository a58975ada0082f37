/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the engine remembers of remote addresses: who completed a handshake, and how many SYN-ACKs
 * a prefix got.
 */
#include "engine_internal.h"

bool
tg_peer_known(const struct tg_engine *e, const struct tg_addr *a)
{
	return tg_peers_known(&e->peers, a, tg_secret_addr_hash(&e->secret, a), e->now);
}

void
tg_peer_remember(struct tg_engine *e, const struct tg_addr *a)
{
	tg_peers_note(&e->peers, a, tg_secret_addr_hash(&e->secret, a), e->now);
}

bool
tg_synack_take(struct tg_engine *e, const struct tg_addr *a)
{
	struct tg_addr prefix;

	prefix = tg_prefix_of(a);
	if (tg_prefix_take(
		    &e->prefixes, a, tg_secret_addr_hash(&e->secret, &prefix), tg_ms_of(e->now)))
		return true;
	tg_engine_count(e, TG_CNT_SYNACK_PREFIX_LIMIT);
	return false;
}
