/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ports and local addresses: see host.h.
 */
#include <errno.h>
#include <string.h>

#include "bytes.h"
#include "host.h"

#define SLOTS (2u * TG_LOCALS_MAX)
_Static_assert(SLOTS <= 512, "slot_of() has nine bits");

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

/*
 * Local addresses are configured, not attacked: a plain mix will do. The last byte, in which those
 * of one network differ, is the highest of the number: only the top bits of the product know it.
 */
static unsigned
slot_of(const struct tg_addr *a)
{
	uint64_t hi, lo;

	memcpy(&hi, a->b, 8);
	memcpy(&lo, a->b + 8, 8);
	return (unsigned)(((hi ^ lo) * UINT64_C(0x9e3779b97f4a7c15)) >> 55) % SLOTS;
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

/* Every source is asked for this: one look, however many addresses there are. */
static bool
is_broadcast(const struct tg_host *h, const struct tg_addr *addr)
{
	for (unsigned i = slot_of(addr);; i = (i + 1) % SLOTS) {
		unsigned n = h->broadcast_slot[i];

		if (n == 0)
			return false;
		if (memcmp(&h->local[n - 1].broadcast, addr, sizeof(*addr)) == 0)
			return true;
	}
}

/* Into the first free slot behind its own; both tables are half empty at least. */
static void
take_slot(uint16_t slot[SLOTS], const struct tg_addr *addr, unsigned local)
{
	unsigned i = slot_of(addr);

	while (slot[i] != 0)
		i = (i + 1) % SLOTS;
	slot[i] = (uint16_t)(local + 1);
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
	return ip_version == 4 && is_broadcast(h, addr) ? TG_ADDR_GROUP : TG_ADDR_UNICAST;
}

int
tg_host_add_addr(struct tg_host *h, uint16_t port, const struct tg_addr *addr, uint8_t prefix_len)
{
	bool v4 = tg_addr_is_v4(addr);
	bool broadcast = v4 && prefix_len > 0 && prefix_len < 31;
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
	if (broadcast) {
		uint32_t host_bits = UINT32_MAX >> prefix_len;

		l->broadcast = *addr;
		tg_put32(l->broadcast.b + 12, tg_get32(addr->b + 12) | host_bits);
		if (memcmp(&l->broadcast, addr, sizeof(*addr)) == 0)
			return -EINVAL;
	}
	/* Addresses of one network have one broadcast address between them. */
	if (broadcast && !is_broadcast(h, &l->broadcast))
		take_slot(h->broadcast_slot, &l->broadcast, h->locals);
	take_slot(h->local_slot, addr, h->locals);
	h->locals++;
	return 0;
}
