/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_DPDK_RSS_H
#define TG_DPDK_RSS_H
/**
 * @file
 * How a port really spreads packets over its queues, as far as its driver tells.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A port's state, read back after it was configured. */
struct tg_rss {
	bool hash_known;     /**< the driver says which functions it hashes with */
	uint64_t hash;       /**< RTE_ETH_RSS_* */
	uint16_t table_size; /**< entries of the redirection table; 0: not known */
	uint16_t queues;     /**< different queues that stand in it */
};

/** Reads the state of a started port. */
void tg_rss_read(uint16_t port, struct tg_rss *out);

/** What the state means. */
enum tg_rss_verdict {
	TG_RSS_ONE_QUEUE, /**< nothing to spread */
	TG_RSS_GOOD,      /**< hashes with TCP ports, and every queue gets its share */
	TG_RSS_HASH_ONLY, /**< the same, but the table cannot be read */
	TG_RSS_ADDRESSES, /**< hashes with addresses alone: one client comes to one shard */
	TG_RSS_FEWER,     /**< fewer queues in the table than there are */
	TG_RSS_OFF,       /**< the driver says that it does not hash */
	TG_RSS_UNKNOWN,   /**< the driver says nothing */
};

/** Judges it, for a port with so many queues. */
enum tg_rss_verdict tg_rss_judge(const struct tg_rss *rss, unsigned queues);

/** Writes the names of hash functions, "ipv4 ipv4-tcp"; "none" without any. */
void tg_rss_names(uint64_t hash, char *out, size_t size);

#endif
