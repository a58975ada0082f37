/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ports and local addresses: see host.h.
 */
#include <errno.h>
#include <string.h>

#include "bytes.h"
#include "host.h"

void
tg_host_init(struct tg_host *h)
{
	memset(h, 0, sizeof(*h));
	h->ttl = 64; /* RFC 1700, and everybody since */
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

unsigned
tg_host_probe(const struct tg_host *h, const struct tg_addr *addr, unsigned i)
{
	for (;; i = (i + 1) % TG_SLOTS) {
		unsigned n = h->slot[i];
		const struct tg_local *l;

		if (n == 0)
			return 0;
		l = &h->local[(n & ~TG_SLOT_BROADCAST) - 1];
		if (memcmp(n & TG_SLOT_BROADCAST ? &l->broadcast : &l->addr, addr, sizeof(*addr)) ==
			0)
			return n;
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
	unsigned place;

	if (kind != TG_ADDR_UNICAST)
		return kind;
	place = tg_host_place(h, addr);
	if (place == 0)
		return TG_ADDR_UNICAST;
	return place & TG_SLOT_BROADCAST ? TG_ADDR_GROUP : TG_ADDR_LOCAL;
}

static bool
is_unspecified(const struct tg_addr *a)
{
	static const struct tg_addr any;

	return memcmp(a, &any, sizeof(any)) == 0;
}

static void
take_slot(struct tg_host *h, const struct tg_addr *addr, unsigned what)
{
	unsigned i = tg_host_slot_of(addr);

	while (h->slot[i] != 0)
		i = (i + 1) % TG_SLOTS;
	h->slot[i] = (uint16_t)what;
}

int
tg_host_add_addr(struct tg_host *h, uint16_t port, const struct tg_addr *addr, uint8_t prefix_len)
{
	bool v4 = tg_addr_is_v4(addr);
	struct tg_local *l;

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
	h->locals++;
	take_slot(h, addr, h->locals);
	/* Several addresses of one network have one broadcast address. */
	if (!is_unspecified(&l->broadcast) && tg_host_place(h, &l->broadcast) == 0)
		take_slot(h, &l->broadcast, h->locals | TG_SLOT_BROADCAST);
	return 0;
}
