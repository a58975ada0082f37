/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Peers that completed a handshake: see peers.h.
 */
#include <errno.h>
#include <string.h>

#include "peers.h"

enum { WAYS = 4 };

/** Four peers; `at` is when they were last noted, 0 where there is none. */
struct tg_peer_set {
	tg_time at[WAYS];
	struct tg_addr addr[WAYS];
};
_Static_assert(sizeof(struct tg_peer_set) == 24 * WAYS, "24 bytes a peer");

int
tg_peers_init(struct tg_peers *p, const struct tg_mem *mem, uint32_t entries, uint32_t lifetime_ms)
{
	memset(p, 0, sizeof(*p));
	tg_peers_live(p, lifetime_ms);
	if (entries == 0)
		return 0;
	p->sets = (entries + WAYS - 1) / WAYS;
	p->set = mem->alloc(mem->ctx, p->sets * sizeof(*p->set), 64);
	if (p->set == NULL) {
		p->sets = 0;
		return -ENOMEM;
	}
	return 0;
}

void
tg_peers_fini(struct tg_peers *p, const struct tg_mem *mem)
{
	if (p->set != NULL)
		mem->free(mem->ctx, p->set, p->sets * sizeof(*p->set));
	memset(p, 0, sizeof(*p));
}

/* The hash as a fraction of 2^32 times the number of sets. There is at least one. */
static struct tg_peer_set *
set_of(const struct tg_peers *p, uint32_t hash)
{
	return &p->set[(uint64_t)hash * p->sets >> 32];
}

/* The peer's place in its set, or WAYS. */
static unsigned
find(const struct tg_peer_set *s, const struct tg_addr *a)
{
	unsigned i = 0;

	while (i < WAYS && (s->at[i] == 0 || memcmp(&s->addr[i], a, sizeof(*a)) != 0))
		i++;
	return i;
}

void
tg_peers_note(struct tg_peers *p, const struct tg_addr *a, uint32_t hash, tg_time now)
{
	struct tg_peer_set *s;
	unsigned i;

	if (p->sets == 0)
		return;
	s = set_of(p, hash);
	i = find(s, a);
	if (i == WAYS) {
		/* An empty place has time 0: the oldest. */
		i = 0;
		for (unsigned k = 1; k < WAYS; k++)
			if (s->at[k] < s->at[i])
				i = k;
		s->addr[i] = *a;
	}
	s->at[i] = now != 0 ? now : 1;
}

bool
tg_peers_known(const struct tg_peers *p, const struct tg_addr *a, uint32_t hash, tg_time now)
{
	const struct tg_peer_set *s;
	unsigned i;

	if (p->sets == 0)
		return false;
	s = set_of(p, hash);
	i = find(s, a);
	return i < WAYS && now < s->at[i] + p->lifetime;
}
