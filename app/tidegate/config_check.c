/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "config.h"

static bool
same_addr(const struct tg_addr *a, const struct tg_addr *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* Why no host may have this address, or NULL. */
static const char *
not_unicast(const struct tg_addr *a)
{
	const struct tg_addr loopback = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};

	if (tg_addr_is_any(a))
		return "is the wildcard";
	if (!tg_addr_is_v4(a)) {
		if (a->b[0] == 0xff)
			return "is a multicast address";
		return same_addr(a, &loopback) ? "is the loopback address" : NULL;
	}
	if (a->b[12] == 0)
		return "is in 0.0.0.0/8";
	if (a->b[12] == 127)
		return "is a loopback address";
	if (a->b[12] >= 240)
		return "is reserved";
	return a->b[12] >= 224 ? "is a multicast address" : NULL;
}

/* The host part is all zeros or all ones where a network has room for more than two hosts. */
static const char *
not_a_host(const struct config_addr *a)
{
	unsigned host = 32u - a->prefix_len;
	uint32_t v, mask;

	if (!tg_addr_is_v4(&a->addr) || host < 2)
		return NULL;
	v = (uint32_t)a->addr.b[12] << 24 | (uint32_t)a->addr.b[13] << 16 |
		(uint32_t)a->addr.b[14] << 8 | a->addr.b[15];
	mask = host == 32 ? UINT32_MAX : (UINT32_C(1) << host) - 1;
	if ((v & mask) == 0)
		return "is the network's own address";
	return (v & mask) == mask ? "is the network's broadcast address" : NULL;
}

/* Port and index of an address that was named before [p][k], or false. */
static bool
named_before(const struct config *c, unsigned p, unsigned k, unsigned *bp, unsigned *bk)
{
	for (*bp = 0; *bp <= p; (*bp)++)
		for (*bk = 0; *bk < c->port[*bp].nb_addrs; (*bk)++) {
			if (*bp == p && *bk == k)
				return false;
			if (same_addr(&c->port[*bp].addr[*bk].addr, &c->port[p].addr[k].addr))
				return true;
		}
	return false;
}

static int
check_addr(const struct config *c, unsigned p, unsigned k, char *err)
{
	const struct config_addr *a = &c->port[p].addr[k];
	const char *why = not_unicast(&a->addr);
	char where[64];
	unsigned bp, bk;

	snprintf(where, sizeof(where), "ports[%u].addresses[%u]", p, k);
	if (why == NULL)
		why = not_a_host(a);
	if (why != NULL)
		return config_error(c, err, where, "%s; use an address a host can have", why);
	if (named_before(c, p, k, &bp, &bk))
		return config_error(c, err, where,
			"duplicate address, ports[%u].addresses[%u] is the same; name it once", bp,
			bk);
	if (!tg_addr_is_v4(&a->addr) && c->port[p].mtu != 0 && c->port[p].mtu < 1280) {
		snprintf(where, sizeof(where), "ports[%u].mtu", p);
		return config_error(c, err, where,
			"%u is too small for the port's IPv6 addresses; use 1280 or more",
			c->port[p].mtu);
	}
	return 0;
}

static int
check_ports(const struct config *c, char *err)
{
	unsigned addrs = 0;
	char where[64];

	if (c->nb_ports == 0)
		return config_error(c, err, "ports", "is missing; name at least one port");
	for (unsigned p = 0; p < c->nb_ports; p++) {
		size_t n = strcspn(c->port[p].device, ",");

		snprintf(where, sizeof(where), "ports[%u].device", p);
		for (unsigned b = 0; b < p; b++)
			if (strcspn(c->port[b].device, ",") == n &&
				memcmp(c->port[b].device, c->port[p].device, n) == 0)
				return config_error(c, err, where,
					"%.*s is ports[%u].device already; name each device once",
					(int)n, c->port[p].device, b);
		for (unsigned k = 0; k < c->port[p].nb_addrs; k++)
			if (check_addr(c, p, k, err) != 0)
				return -1;
		addrs += c->port[p].nb_addrs;
		if (addrs > CONFIG_ADDRS)
			return config_error(c, err, "ports",
				"more than %d addresses in all; use fewer", CONFIG_ADDRS);
	}
	return 0;
}

static bool
is_local(const struct config *c, const struct tg_addr *a)
{
	for (unsigned p = 0; p < c->nb_ports; p++)
		for (unsigned k = 0; k < c->port[p].nb_addrs; k++)
			if (same_addr(&c->port[p].addr[k].addr, a))
				return true;
	return false;
}

/*
 * As tg_listen() sees it: the same address and port, or the IPv4 wildcard beside a dual-stack one.
 * An exact address beside a wildcard is no conflict, the exact one is looked at first.
 */
bool
config_conflict(const struct config_listener *a, const struct config_listener *b)
{
	if (a->how.local.port != b->how.local.port)
		return false;
	if (same_addr(&a->how.local.addr, &b->how.local.addr))
		return true;
	return tg_addr_is_any(&a->how.local.addr) && tg_addr_is_any(&b->how.local.addr) &&
		(a->how.dual_stack || b->how.dual_stack);
}

static int
check_listener(const struct config *c, unsigned i, char *err)
{
	const struct config_listener *l = &c->listener[i];
	char where[64];

	snprintf(where, sizeof(where), "listeners[%u].dual_stack", i);
	if (l->how.dual_stack &&
		(!tg_addr_is_any(&l->how.local.addr) || tg_addr_is_v4(&l->how.local.addr)))
		return config_error(
			c, err, where, "is for the IPv6 wildcard; use it with address \"::\"");
	snprintf(where, sizeof(where), "listeners[%u].address", i);
	if (!tg_addr_is_any(&l->how.local.addr) && !is_local(c, &l->how.local.addr))
		return config_error(c, err, where,
			"%s is no address of any port; use one of ports[].addresses, 0.0.0.0 or ::",
			l->address);
	snprintf(where, sizeof(where), "listeners[%u].port", i);
	for (unsigned b = 0; b < i; b++)
		if (config_conflict(l, &c->listener[b]))
			return config_error(c, err, where,
				"%u is in use by listeners[%u] (%s%s); use another port or address",
				l->how.local.port, b, c->listener[b].address,
				c->listener[b].how.dual_stack ? ", dual-stack" : "");
	return 0;
}

static int
check_cpus(const struct config *c, char *err)
{
	char where[32];

	if (c->nb_cpus == 0)
		return 0;
	if (c->nb_cpus != c->shards)
		return config_error(c, err, "cpus",
			"names %u CPUs for %u shards; name one for each shard", c->nb_cpus,
			c->shards);
	for (unsigned i = 0; i < c->nb_cpus; i++)
		for (unsigned b = 0; b < i; b++)
			if (c->cpu[i] == c->cpu[b]) {
				snprintf(where, sizeof(where), "cpus[%u]", i);
				return config_error(c, err, where,
					"CPU %u is cpus[%u] already; use another", c->cpu[i], b);
			}
	return 0;
}

int
config_check(const struct config *c, char *err)
{
	if (check_cpus(c, err) != 0 || check_ports(c, err) != 0)
		return -1;
	if (c->nb_listeners == 0)
		return config_error(c, err, "listeners", "is missing; name at least one listener");
	for (unsigned i = 0; i < c->nb_listeners; i++)
		if (check_listener(c, i, err) != 0)
			return -1;
	return config_rules(c, err);
}
