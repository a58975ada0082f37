/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ways back to peers: see host.h and docs/decisions/0005-paths-not-neighbours.md.
 */
#include <string.h>

#include "host.h"

/*
 * A stripped tag is the outermost one: paths see the stack as it was on the wire. False when that
 * is deeper than a path remembers: with a tag left out, an answer would reach somebody else.
 */
static bool
path_of(const struct tg_pkt *pkt, const struct tg_frame *f, struct tg_path *p)
{
	unsigned n = 0;

	memset(p, 0, sizeof(*p));
	p->port = pkt->port;
	if (pkt->flags & TG_PKT_VLAN_STRIPPED) {
		p->tpid[0] = 0x8100;
		p->tci[0] = pkt->vlan_tci;
		n = 1;
	}
	if (n + f->l2.tags > TG_VLAN_MAX)
		return false;
	for (unsigned i = 0; i < f->l2.tags; i++, n++) {
		p->tpid[n] = f->l2.tpid[i];
		p->tci[n] = f->l2.tci[i];
	}
	p->tags = (uint8_t)n;
	return true;
}

/*
 * VLANs 1 to 1024 of a port have a slot each. The upper four bits of a tag, which peers choose, go
 * elsewhere: all priorities of one VLAN in the slots next to each other would crowd out the others.
 */
static unsigned
path_home(const struct tg_path *p)
{
	unsigned vids = (p->tci[0] & 0xfffu) * 7 + (p->tci[1] & 0xfffu) * 131;
	unsigned priorities = (p->tci[0] >> 12) * 317u + (p->tci[1] >> 12) * 173u;

	return (p->port * 31u + vids + priorities) % TG_PATHS_MAX;
}

static bool
path_equal(const struct tg_path *a, const struct tg_path *b)
{
	return a->port == b->port && a->tags == b->tags &&
		memcmp(a->tpid, b->tpid, sizeof(a->tpid)) == 0 &&
		memcmp(a->tci, b->tci, sizeof(a->tci)) == 0;
}

bool
tg_path_matches(
	const struct tg_host *h, uint16_t path, const struct tg_pkt *pkt, const struct tg_frame *f)
{
	const struct tg_path *p = &h->path[path];
	struct tg_path q;

	if (p->tags == 0 && f->l2.tags == 0 && (pkt->flags & TG_PKT_VLAN_STRIPPED) == 0)
		return p->port == pkt->port;
	return path_of(pkt, f, &q) && path_equal(p, &q);
}

uint16_t
tg_path_get(struct tg_host *h, const struct tg_pkt *pkt, const struct tg_frame *f)
{
	unsigned home, i, free_slot = TG_PATH_NONE;
	struct tg_path q;

	if (h->path[h->last_path].refs > 0 && tg_path_matches(h, h->last_path, pkt, f)) {
		h->path[h->last_path].refs++;
		return h->last_path;
	}
	if (!path_of(pkt, f, &q))
		return TG_PATH_NONE;
	home = path_home(&q);
	/*
	 * Slots become free in any order, so the probe cannot stop at a free one: it is bounded to
	 * 16 slots instead. 16 stacks in one neighbourhood are a trunk with a few hundred VLANs
	 * in use at once; beyond that a SYN is refused and counted (DropNoLink).
	 */
	for (unsigned n = 0; n < 16; n++) {
		i = (home + n) % TG_PATHS_MAX;
		if (h->path[i].refs == 0) {
			if (free_slot == TG_PATH_NONE)
				free_slot = i;
		} else if (path_equal(&h->path[i], &q)) {
			h->path[i].refs++;
			h->last_path = (uint16_t)i;
			return (uint16_t)i;
		}
	}
	if (free_slot == TG_PATH_NONE)
		return TG_PATH_NONE;
	q.refs = 1;
	h->path[free_slot] = q;
	h->last_path = (uint16_t)free_slot;
	return (uint16_t)free_slot;
}

void
tg_path_follow(struct tg_host *h, uint16_t *path, uint8_t mac[6], const struct tg_pkt *pkt,
	const struct tg_frame *f)
{
	if (!tg_path_matches(h, *path, pkt, f)) {
		uint16_t now = tg_path_get(h, pkt, f);

		if (now == TG_PATH_NONE)
			return;
		tg_path_put(h, *path);
		*path = now;
	}
	memcpy(mac, f->l2.src, 6);
}

uint16_t
tg_path_l2(const struct tg_host *h, uint16_t path, const uint8_t peer_mac[6], struct tg_l2 *l2)
{
	const struct tg_path *p = &h->path[path];

	memcpy(l2->dst, peer_mac, 6);
	memcpy(l2->src, h->port[p->port].mac, 6);
	memcpy(l2->tpid, p->tpid, sizeof(l2->tpid));
	memcpy(l2->tci, p->tci, sizeof(l2->tci));
	l2->tags = p->tags;
	return p->port;
}
