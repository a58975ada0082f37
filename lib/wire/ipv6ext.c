/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv6: the fixed header, the walk over extension headers (RFC 8200 4), ICMPv6 and neighbour
 * discovery (RFC 4861).
 *
 * The walk looks at lengths only: what an option inside a hop-by-hop or destination header asks
 * for is not obeyed. It ends after 8 headers, twice what RFC 8200 4.1 recommends as an order, so
 * that a frame of 180 empty headers costs no more than one of 8.
 */
#include "bytes.h"
#include "csum.h"
#include "frame_internal.h"

static bool
is_unspecified(const struct tg_addr *a)
{
	static const struct tg_addr any;

	return memcmp(a, &any, sizeof(any)) == 0;
}

/* ff02::1:ff00:0/104 (RFC 4291 2.7.1). */
static bool
is_solicited_node(const struct tg_addr *a)
{
	static const uint8_t prefix[13] = {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff};

	return memcmp(a->b, prefix, sizeof(prefix)) == 0;
}

/* Every rule of RFC 4861 7.1.1; nd holds `len` bytes, checksum already good. */
static bool
nd_solicit_valid(const uint8_t *nd, uint32_t len, const struct tg_frame *f)
{
	bool dad = is_unspecified(&f->src);

	if (f->hop_limit != ND_HOP_LIMIT || nd[1] != 0 || len < ND_LEN)
		return false;
	if (nd[8] == 0xff) /* target multicast */
		return false;
	if (dad && !is_solicited_node(&f->dst))
		return false;
	for (uint32_t i = ND_LEN; i < len;) {
		uint32_t n;

		if (len - i < 8)
			return false;
		n = nd[i + 1] * 8u;
		if (n == 0 || n > len - i)
			return false;
		if (dad && nd[i] == ND_OPT_SOURCE_LL)
			return false;
		i += n;
	}
	return true;
}

static enum tg_frame_kind
parse_icmpv6(const struct tg_pkt *pkt, struct tg_frame *f, uint32_t end)
{
	const uint8_t *icmp = pkt->data + f->l4_off;
	uint32_t room = tg_frame_contiguous(pkt, f, end);
	uint32_t len = end - f->l4_off;
	uint64_t sum;

	if (room < ICMP_LEN)
		return tg_frame_is_bad(f, TG_BAD_ICMP);
	sum = tg_csum_pseudo(&f->src, &f->dst, PROTO_ICMPV6, len);
	if (tg_csum_fold(tg_frame_sum(sum, pkt, f->l4_off, end)) != 0xffff)
		return tg_frame_is_bad(f, TG_BAD_ICMP);
	f->payload_off = f->l4_off + ICMP_LEN;
	f->payload_len = len - ICMP_LEN;
	if (icmp[0] == ICMPV6_ECHO_REQUEST && icmp[1] == 0)
		return tg_frame_is(f, TG_FRAME_ICMP6_ECHO);
	if (icmp[0] != ICMPV6_ND_SOLICIT)
		return tg_frame_is(f, TG_FRAME_ICMP6_OTHER);
	/* Options are read too, so the whole message must be in the first segment. */
	if (room != len || !nd_solicit_valid(icmp, len, f))
		return tg_frame_is_bad(f, TG_BAD_ICMP);
	memcpy(f->target.b, icmp + 8, 16);
	f->payload_off = f->l4_off + ND_LEN;
	f->payload_len = len - ND_LEN;
	return tg_frame_is(f, TG_FRAME_ND_SOLICIT);
}

/*
 * A v4-mapped destination does not belong on a wire, and every table behind this room would take
 * it for the IPv4 address. (A v4-mapped source is left to admission, which counts it.)
 */
static bool
destination_is_v4(const struct tg_frame *f)
{
	return f->dst.b[0] == 0 && tg_addr_is_v4(&f->dst);
}

/* What the walk would find behind this header is known for all but its own kinds. */
static bool
may_be_tcp(uint8_t proto)
{
	return proto == PROTO_TCP || proto == EXT_HOP_BY_HOP || proto == EXT_ROUTING ||
		proto == EXT_FRAGMENT || proto == EXT_DEST;
}

/* Skips extension headers from f->l4_off on, whose number is `proto`. */
static enum tg_frame_kind
walk(const struct tg_pkt *pkt, struct tg_frame *f, uint32_t end, uint8_t proto, uint64_t addrs)
{
	for (unsigned count = 0;; count++) {
		const uint8_t *ext = pkt->data + f->l4_off;
		uint32_t room = tg_frame_contiguous(pkt, f, end);
		uint32_t len;

		f->payload_off = f->l4_off;
		f->payload_len = end - f->l4_off;
		switch (proto) {
		case PROTO_TCP:
			return tg_frame_tcp(pkt, f, end, addrs);
		case PROTO_ICMPV6:
			return parse_icmpv6(pkt, f, end);
		case EXT_FRAGMENT:
			if (room < EXT_UNIT)
				return tg_frame_is_bad(f, TG_BAD_IP_HEADER);
			f->may_be_tcp = may_be_tcp(ext[0]);
			return tg_frame_is(f, TG_FRAME_FRAGMENT);
		case EXT_HOP_BY_HOP:
			/* RFC 8200 4.3: directly behind the fixed header or not at all. */
			if (count != 0)
				return tg_frame_is_bad(f, TG_BAD_IP_HEADER);
			break;
		case EXT_ROUTING:
		case EXT_DEST:
			break;
		default:
			return tg_frame_is(f, TG_FRAME_OTHER);
		}
		if (count == EXT_HEADERS_MAX || room < EXT_UNIT)
			return tg_frame_is_bad(f, TG_BAD_IP_HEADER);
		len = (ext[1] + 1u) * EXT_UNIT;
		if (len > room)
			return tg_frame_is_bad(f, TG_BAD_IP_HEADER);
		/* Segments left: we are a stop on the way, not the destination, and never route. */
		if (proto == EXT_ROUTING && ext[3] != 0)
			return tg_frame_is(f, TG_FRAME_OTHER);
		proto = ext[0];
		f->l4_off = (uint16_t)(f->l4_off + len);
	}
}

enum tg_frame_kind
tg_frame_ipv6(const struct tg_pkt *pkt, struct tg_frame *f, uint32_t total)
{
	const uint8_t *ip = pkt->data + f->l3_off;
	unsigned room = pkt->len - f->l3_off;
	uint64_t addrs = 0;
	unsigned len;

	if (room < IPV6_LEN || ip[0] >> 4 != 6)
		return tg_frame_is_bad(f, TG_BAD_IP_HEADER);
	len = tg_get16(ip + 4);
	if (len > total - f->l3_off - IPV6_LEN)
		return tg_frame_is_bad(f, TG_BAD_IP_HEADER);
	/* Length 0 is a jumbogram (RFC 2675), 64 KiB and more: none of our ports takes one. */
	if (len == 0 && ip[6] != EXT_NONE)
		return tg_frame_is_bad(f, TG_BAD_IP_HEADER);
	f->ip_version = 6;
	f->ip_tos = (uint8_t)(ip[0] << 4 | ip[1] >> 4);
	f->hop_limit = ip[7];
	memcpy(f->src.b, ip + 8, 16);
	memcpy(f->dst.b, ip + 24, 16);
	f->l4_off = f->l3_off + IPV6_LEN;
	if (destination_is_v4(f))
		return tg_frame_is_bad(f, TG_BAD_IP_HEADER);
	for (unsigned i = 8; i < IPV6_LEN; i += 8)
		addrs = tg_csum_add8(addrs, ip + i);
	return walk(pkt, f, f->l4_off + len, ip[6], addrs);
}
