/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_WIRE_FRAME_INTERNAL_H
#define TG_WIRE_FRAME_INTERNAL_H
/**
 * @file
 * What frame.c, ipv6ext.c and quote.c share: protocol numbers, and steps of the parser. Nobody
 * else includes this.
 */
#include "frame.h"

/** Header sizes in bytes, and numbers of ETHERTYPE and IP protocol registries. */
enum {
	ETH_LEN = 14,
	TAG_LEN = 4,
	ARP_LEN = 28,
	IPV4_LEN = 20,
	IPV6_LEN = 40,
	TCP_LEN = 20,
	ICMP_LEN = 8,
	ND_LEN = 24, /**< solicitation and advertisement, without options */

	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_ARP = 0x0806,
	ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_QINQ = 0x88a8,
	ETHERTYPE_IPV6 = 0x86dd,

	PROTO_ICMP = 1,
	PROTO_TCP = 6,
	PROTO_ICMPV6 = 58,

	ICMP_ECHO_REPLY = 0,
	ICMP_ECHO_REQUEST = 8,
	ICMPV6_ECHO_REQUEST = 128,
	ICMPV6_ECHO_REPLY = 129,
	ICMPV6_ND_SOLICIT = 135,
	ICMPV6_ND_ADVERT = 136,
	ND_OPT_SOURCE_LL = 1,
	ND_OPT_TARGET_LL = 2,
	ND_HOP_LIMIT = 255, /**< RFC 4861 7.1.1: nothing from beyond a router has it */
};

/** Extension header numbers (IANA protocol-numbers). */
enum {
	EXT_HOP_BY_HOP = 0,
	EXT_ROUTING = 43,
	EXT_FRAGMENT = 44,
	EXT_NONE = 59,
	EXT_DEST = 60,
	EXT_HEADERS_MAX = 8,
	EXT_UNIT = 8, /**< extension headers come in multiples of 8 bytes */
};

static inline enum tg_frame_kind
tg_frame_is(struct tg_frame *f, enum tg_frame_kind kind)
{
	f->kind = (uint8_t)kind;
	return kind;
}

static inline enum tg_frame_kind
tg_frame_is_bad(struct tg_frame *f, enum tg_frame_bad why)
{
	f->bad = (uint8_t)why;
	return tg_frame_is(f, TG_FRAME_BAD);
}

/** Bytes of the datagram ending at `end` that can be read at l4_off without leaving the segment. */
static inline uint32_t
tg_frame_contiguous(const struct tg_pkt *pkt, const struct tg_frame *f, uint32_t end)
{
	return (end < pkt->len ? end : pkt->len) - f->l4_off;
}

/** Adds bytes [off, end) of the chain to sum; off is even relative to the start of the sum. */
uint64_t tg_frame_sum(uint64_t sum, const struct tg_pkt *pkt, uint32_t off, uint32_t end);

/**
 * Parses TCP at f->l4_off; addresses are set.
 *
 * @param end    first byte behind the datagram, inside the chain; f->l4_off <= end, pkt->len
 * @param addrs  sum of both addresses, unfolded
 */
enum tg_frame_kind tg_frame_tcp(
	const struct tg_pkt *pkt, struct tg_frame *f, uint32_t end, uint64_t addrs);

/**
 * Parses IPv6 at f->l3_off <= pkt->len and what it carries.
 *
 * @param total  bytes of the whole chain
 */
enum tg_frame_kind tg_frame_ipv6(const struct tg_pkt *pkt, struct tg_frame *f, uint32_t total);

#endif
