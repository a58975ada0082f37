/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_DPDK_FRAGMENT_H
#define TG_DPDK_FRAGMENT_H
/**
 * @file
 * Which received mbufs are IP fragments of a TCP segment, and which of these are fit to be put
 * together.
 */
#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>

#include <tidegate/types.h>

/** A fragment of a TCP segment. Offsets and lengths in bytes. */
struct tg_fragment {
	struct tg_addr dst;
	uint16_t l2_len;    /**< Ethernet header and tags: 14, 18 or 22 */
	uint16_t l3_len;    /**< IPv4 header with options; IPv6 and fragment header */
	uint16_t off;       /**< where it belongs in the datagram's payload */
	uint16_t len;       /**< its part of that */
	uint8_t ip_version; /**< 4 or 6 */
	uint8_t ecn;        /**< its two bits (RFC 3168) */
	bool more;          /**< others follow */
};

/** What can be wrong with a single fragment. */
enum tg_fragment_fault {
	TG_FRAGMENT_GOOD,
	TG_FRAGMENT_BAD,  /**< empty, its end at no multiple of 8, or beyond 65535 bytes */
	TG_FRAGMENT_TINY, /**< the first one without, or a later one inside, the TCP header */
};

/**
 * The cheap first look, at two fields that parsing reads next anyway: false for nearly all packets
 * that are no fragments.
 */
static inline bool
tg_fragment_maybe(const struct rte_mbuf *m)
{
	const uint8_t *d = rte_pktmbuf_mtod(m, const uint8_t *);
	uint16_t type, w;

	if (m->data_len < sizeof(struct rte_ether_hdr) + sizeof(struct rte_ipv4_hdr))
		return false;
	memcpy(&type, d + 12, sizeof(type));
	memcpy(&w, d + 20, sizeof(w)); /* IPv4: flags and offset. IPv6: next header, hop limit */
	if (type == RTE_BE16(RTE_ETHER_TYPE_IPV4))
		return (w & RTE_BE16(RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK)) != 0;
	if (type == RTE_BE16(RTE_ETHER_TYPE_IPV6))
		return d[20] == IPPROTO_FRAGMENT;
	return type == RTE_BE16(RTE_ETHER_TYPE_VLAN) || type == RTE_BE16(RTE_ETHER_TYPE_QINQ);
}

/**
 * Looks whether an mbuf is a fragment of a TCP segment, behind up to two VLAN tags, IP header whole
 * and checksum right. An IPv6 fragment header counts directly behind the IPv6 header, with TCP as
 * its next header.
 *
 * @param f  filled when it is
 * @return false for anything else, damage included: the engine has a name for that
 */
bool tg_fragment_find(const struct rte_mbuf *m, struct tg_fragment *f);

/**
 * Judges a fragment by itself (RFC 1858, RFC 3128, RFC 8200 4.5): a TCP header must come whole, in
 * the first fragment, so that no later one can complete or change it.
 */
enum tg_fragment_fault tg_fragment_judge(const struct rte_mbuf *m, const struct tg_fragment *f);

#endif
