/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include <rte_ethdev.h>

#include "rss.h"

/* Largest redirection table that is read, in groups of 64; others are not known. */
#define GROUPS_MAX 32

static void
read_table(uint16_t port, struct tg_rss *out)
{
	struct rte_eth_rss_reta_entry64 table[GROUPS_MAX];
	bool seen[RTE_MAX_QUEUES_PER_PORT] = {false};
	struct rte_eth_dev_info info;
	uint16_t size;

	if (rte_eth_dev_info_get(port, &info) != 0)
		return;
	size = info.reta_size;
	if (size == 0 || size > GROUPS_MAX * RTE_ETH_RETA_GROUP_SIZE)
		return;
	memset(table, 0, sizeof(table));
	for (uint16_t i = 0; i < size; i++)
		table[i / RTE_ETH_RETA_GROUP_SIZE].mask |= UINT64_C(1)
			<< (i % RTE_ETH_RETA_GROUP_SIZE);
	if (rte_eth_dev_rss_reta_query(port, table, size) != 0)
		return;
	out->table_size = size;
	for (uint16_t i = 0; i < size; i++) {
		uint16_t q = table[i / RTE_ETH_RETA_GROUP_SIZE].reta[i % RTE_ETH_RETA_GROUP_SIZE];

		if (q >= RTE_MAX_QUEUES_PER_PORT || seen[q])
			continue;
		seen[q] = true;
		out->queues++;
	}
}

void
tg_rss_read(uint16_t port, struct tg_rss *out)
{
	struct rte_eth_rss_conf conf = {0};

	memset(out, 0, sizeof(*out));
	out->hash_known = rte_eth_dev_rss_hash_conf_get(port, &conf) == 0;
	out->hash = out->hash_known ? conf.rss_hf : 0;
	read_table(port, out);
}

enum tg_rss_verdict
tg_rss_judge(const struct tg_rss *rss, unsigned queues)
{
	const uint64_t ports = RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_NONFRAG_IPV6_TCP |
		RTE_ETH_RSS_IPV6_TCP_EX;

	if (queues < 2)
		return TG_RSS_ONE_QUEUE;
	if (rss->table_size != 0 && rss->queues < queues)
		return TG_RSS_FEWER;
	if (!rss->hash_known)
		return TG_RSS_UNKNOWN;
	if (rss->hash == 0)
		return TG_RSS_OFF;
	if ((rss->hash & ports) == 0)
		return TG_RSS_ADDRESSES;
	return rss->table_size != 0 ? TG_RSS_GOOD : TG_RSS_HASH_ONLY;
}

void
tg_rss_names(uint64_t hash, char *out, size_t size)
{
	static const struct {
		uint64_t bit;
		const char *name;
	} names[] = {
		{RTE_ETH_RSS_IPV4, "ipv4"},
		{RTE_ETH_RSS_NONFRAG_IPV4_TCP, "ipv4-tcp"},
		{RTE_ETH_RSS_IPV6, "ipv6"},
		{RTE_ETH_RSS_NONFRAG_IPV6_TCP, "ipv6-tcp"},
		{RTE_ETH_RSS_IPV6_EX, "ipv6-ex"},
		{RTE_ETH_RSS_IPV6_TCP_EX, "ipv6-tcp-ex"},
	};
	size_t n = 0;

	snprintf(out, size, "none");
	for (unsigned i = 0; i < RTE_DIM(names) && n < size; i++) {
		if ((hash & names[i].bit) == 0)
			continue;
		n += (size_t)snprintf(out + n, size - n, "%s%s", n == 0 ? "" : " ", names[i].name);
		hash &= ~names[i].bit;
	}
	if (hash != 0 && n < size)
		snprintf(out + n, size - n, "%sothers", n == 0 ? "" : " ");
}
