/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ports, local addresses and paths: see host.h.
 */
#include <errno.h>
#include <string.h>

#include "bytes.h"
#include "host.h"

#define SLOTS (2u * TG_LOCALS_MAX)

void
tg_host_init(struct tg_host *h)
{
	memset(h, 0, sizeof(*h));
}

int
tg_host_add_port(
	struct tg_host *h, uint16_t port, const uint8_t mac[6], uint16_t mtu, uint16_t offload)
{
	if (port >= TG_PORTS_MAX || mtu < 576 || mtu > 9216 || (mac[0] & 1) != 0)
		return -EINVAL;
	if (h->port[port].used)
		return -EEXIST;
	h->port[port].used = true;
	memcpy(h->port[port].mac, mac, 6);
	h->port[port].mtu = mtu;
	h->port[port].offload = offload & (TG_OFFLOAD_IP | TG_OFFLOAD_TCP);
	return 0;
}

/* Local addresses are configured, not attacked: a plain mix of the last bytes will do. */
static unsigned
slot_of(const struct tg_addr *a)
{
	uint64_t hi, lo;

	memcpy(&hi, a->b, 8);
	memcpy(&lo, a->b + 8, 8);
	return (unsigned)(((hi ^ lo) * UINT64_C(0x9e3779b97f4a7c15)) >> 40) % SLOTS;
}

int
tg_host_find(const struct tg_host *h, const struct tg_addr *addr)
{
	for (unsigned i = slot_of(addr);; i = (i + 1) % SLOTS) {
		unsigned n = h->local_slot[i];

		if (n == 0)
			return -1;
		if (memcmp(&h->local[n - 1].addr, addr, sizeof(*addr)) == 0)
			return (int)n - 1;
	}
}

static enum tg_addr_kind
classify_v4(const uint8_t *b)
{
	if (b[0] == 0 || b[0] == 127)
		return TG_ADDR_FORBIDDEN;
	if (b[0] >= 224 && b[0] < 240)
		return TG_ADDR_GROUP;
	if (b[0] >= 240) /* class E was never assigned; its last address is the limited broadcast */
		return (b[0] & b[1] & b[2] & b[3]) == 255 ? TG_ADDR_GROUP : TG_ADDR_FORBIDDEN;
	return TG_ADDR_UNICAST;
}

static enum tg_addr_kind
classify_v6(const uint8_t *b)
{
	uint64_t hi, lo;

	if (b[0] == 0xff)
		return TG_ADDR_GROUP;
	hi = (uint64_t)tg_get32(b) << 32 | tg_get32(b + 4);
	lo = (uint64_t)tg_get32(b + 8) << 32 | tg_get32(b + 12);
	if (hi == 0 && (lo <= 1 || lo >> 32 == 0xffff))
		return TG_ADDR_FORBIDDEN;
	return TG_ADDR_UNICAST;
}

enum tg_addr_kind
tg_host_classify(const struct tg_host *h, const struct tg_addr *addr, unsigned ip_version)
{
	enum tg_addr_kind kind = ip_version == 4 ? classify_v4(addr->b + 12) : classify_v6(addr->b);

	if (kind != TG_ADDR_UNICAST)
		return kind;
	if (tg_host_find(h, addr) >= 0)
		return TG_ADDR_LOCAL;
	if (ip_version == 4)
		for (unsigned i = 0; i < h->locals; i++)
			if (memcmp(&h->local[i].broadcast, addr, sizeof(*addr)) == 0)
				return TG_ADDR_GROUP;
	return TG_ADDR_UNICAST;
}

int
tg_host_add_addr(struct tg_host *h, uint16_t port, const struct tg_addr *addr, uint8_t prefix_len)
{
	bool v4 = tg_addr_is_v4(addr);
	struct tg_local *l;
	unsigned i;

	if (port >= TG_PORTS_MAX || !h->port[port].used || prefix_len > (v4 ? 32 : 128))
		return -EINVAL;
	if (!v4 && h->port[port].mtu < 1280)
		return -EINVAL; /* RFC 8200 5 */
	if (tg_host_find(h, addr) >= 0)
		return -EEXIST;
	if (tg_host_classify(h, addr, v4 ? 4 : 6) != TG_ADDR_UNICAST)
		return -EINVAL;
	if (h->locals == TG_LOCALS_MAX)
		return -ENOSPC;
	l = &h->local[h->locals];
	memset(l, 0, sizeof(*l));
	l->addr = *addr;
	l->port = port;
	if (v4 && prefix_len > 0 && prefix_len < 31) {
		uint32_t host_bits = UINT32_MAX >> prefix_len;

		l->broadcast = *addr;
		tg_put32(l->broadcast.b + 12, tg_get32(addr->b + 12) | host_bits);
		if (memcmp(&l->broadcast, addr, sizeof(*addr)) == 0)
			return -EINVAL;
	}
	for (i = slot_of(addr); h->local_slot[i] != 0; i = (i + 1) % SLOTS)
		;
	h->local_slot[i] = (uint16_t)(h->locals + 1);
	h->locals++;
	return 0;
}

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
tg_path_put(struct tg_host *h, uint16_t path)
{
	h->path[path].refs--;
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

void
tg_reply_init(const struct tg_host *h, const struct tg_pkt *pkt, const struct tg_frame *f,
	struct tg_segment *s)
{
	s->l2 = f->l2;
	memcpy(s->l2.dst, f->l2.src, 6);
	memcpy(s->l2.src, h->port[pkt->port].mac, 6);
	s->src = f->dst;
	s->dst = f->src;
	s->sport = f->dport;
	s->dport = f->sport;
	s->seq = 0;
	s->ack = 0;
	s->flags = 0;
	s->wnd = 0;
	s->tos = 0;
	s->ip_id = 0;
	s->opt.present = 0;
}

int
tg_reply_write(const struct tg_host *h, struct tg_pkt *pkt, const struct tg_segment *s)
{
	unsigned size = tg_emit_tcp_size(s);

	if (size > (unsigned)pkt->len + pkt->tailroom)
		return -ENOSPC;
	pkt->tailroom = (uint16_t)(pkt->len + pkt->tailroom - size);
	pkt->next = NULL;
	tg_emit_tcp(pkt, s, 0, 0, h->port[pkt->port].offload);
	return 0;
}
