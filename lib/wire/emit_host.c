/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Replies of a host, written over their requests: ARP, ICMP and ICMPv6 echo, neighbour
 * advertisement. Only frames that tg_frame_parse() accepted come here, so offsets are inside the
 * first segment. None of this is a hot path; all checksums are computed here.
 */
#include "emit.h"

#include <errno.h>
#include <stddef.h>

#include "bytes.h"
#include "csum.h"
#include "frame_internal.h"

enum {
	HOP_LIMIT = 64,
	IPV4_DONT_FRAGMENT = 0x4000,
	ARP_OP_REPLY = 2,
	ND_FLAG_SOLICITED = 0x40,
	ND_FLAG_OVERRIDE = 0x20,
	ND_LL_LEN = 8, /**< target link-layer address option */
};

/* Back to where the frame came from; tags stay where they stand. */
static void
turn_l2(struct tg_pkt *pkt, const struct tg_frame *f, const uint8_t mac[6])
{
	memcpy(pkt->data, f->l2.src, 6);
	memcpy(pkt->data + 6, mac, 6);
	pkt->flags &= TG_PKT_VLAN_STRIPPED;
}

static void
put_csum(uint8_t *p, uint64_t sum)
{
	uint16_t csum = (uint16_t)~tg_csum_fold(sum);

	memcpy(p, &csum, sizeof(csum));
}

void
tg_emit_arp_reply(struct tg_pkt *pkt, const struct tg_frame *f, const uint8_t mac[6])
{
	uint8_t *arp = pkt->data + f->l3_off;

	turn_l2(pkt, f, mac);
	tg_put16(arp + 6, ARP_OP_REPLY);
	memcpy(arp + 18, arp + 8, 6); /* the sender's hardware address becomes the target's */
	memcpy(arp + 8, mac, 6);
	memcpy(arp + 14, f->dst.b + 12, 4);
	memcpy(arp + 24, f->src.b + 12, 4);
}

/*
 * Takes IPv4 options or IPv6 extension headers out from behind a fixed header of `fixed` bytes: a
 * stranger's source route or router alert is not ours to repeat.
 *
 * Returns the bytes taken out.
 */
static unsigned
strip_options(struct tg_pkt *pkt, const struct tg_frame *f, unsigned fixed)
{
	unsigned to = f->l3_off + fixed;
	unsigned gone = f->l4_off - to;

	if (gone == 0)
		return 0;
	memmove(pkt->data + to, pkt->data + f->l4_off, pkt->len - f->l4_off);
	pkt->len = (uint16_t)(pkt->len - gone);
	pkt->tailroom = (uint16_t)(pkt->tailroom + gone);
	return gone;
}

static void
put_ipv6(uint8_t *ip, uint8_t tos, unsigned len, uint8_t hop_limit)
{
	tg_put32(ip, 0x60000000u | (uint32_t)tos << 20);
	tg_put16(ip + 4, (uint16_t)len);
	ip[6] = PROTO_ICMPV6;
	ip[7] = hop_limit;
}

/*
 * Changes the type of an echo message and its checksum with it (RFC 1624 eqn. 3), so that payload
 * is not read, wherever in a chain it lies. Swapping the addresses does not change the
 * pseudo-header's sum.
 */
static void
turn_type(uint8_t *icmp, uint8_t type)
{
	uint16_t old_word, new_word, csum;

	memcpy(&old_word, icmp, 2);
	icmp[0] = type;
	memcpy(&new_word, icmp, 2);
	memcpy(&csum, icmp + 2, 2);
	csum = (uint16_t)~tg_csum_fold((uint64_t)(uint16_t)~csum + (uint16_t)~old_word + new_word);
	/*
	 * A reply of zero bytes throughout has the checksum 0xffff, and the equation cannot tell it
	 * from one whose words sum to 0xffff. Both verify with 0xffff.
	 */
	if (csum == 0)
		csum = 0xffff;
	memcpy(icmp + 2, &csum, 2);
}

void
tg_emit_echo_reply(struct tg_pkt *pkt, const struct tg_frame *f, const uint8_t mac[6])
{
	uint8_t *ip = pkt->data + f->l3_off;

	turn_l2(pkt, f, mac);
	if (f->kind == TG_FRAME_ICMP_ECHO) {
		unsigned gone = strip_options(pkt, f, IPV4_LEN);

		ip[0] = 0x45;
		tg_put16(ip + 2, (uint16_t)(tg_get16(ip + 2) - gone));
		tg_put16(ip + 6, IPV4_DONT_FRAGMENT);
		ip[8] = HOP_LIMIT;
		tg_put16(ip + 10, 0);
		memcpy(ip + 12, f->dst.b + 12, 4);
		memcpy(ip + 16, f->src.b + 12, 4);
		put_csum(ip + 10, tg_csum_add(0, ip, IPV4_LEN));
		turn_type(ip + IPV4_LEN, ICMP_ECHO_REPLY);
	} else {
		unsigned gone = strip_options(pkt, f, IPV6_LEN);

		put_ipv6(ip, f->ip_tos, tg_get16(ip + 4) - gone, HOP_LIMIT);
		memcpy(ip + 8, f->dst.b, 16);
		memcpy(ip + 24, f->src.b, 16);
		turn_type(ip + IPV6_LEN, ICMPV6_ECHO_REPLY);
	}
}

int
tg_emit_nd_advert(struct tg_pkt *pkt, const struct tg_frame *f, const uint8_t mac[6])
{
	static const struct tg_addr any;
	static const struct tg_addr all_nodes = {
		{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
	static const uint8_t all_nodes_mac[6] = {0x33, 0x33, 0, 0, 0, 1};
	bool dad = memcmp(&f->src, &any, sizeof(any)) == 0;
	const struct tg_addr *to = dad ? &all_nodes : &f->src;
	unsigned room = (unsigned)pkt->len + pkt->tailroom;
	unsigned len = f->l3_off + IPV6_LEN + ND_LEN + ND_LL_LEN;
	uint8_t *ip = pkt->data + f->l3_off;
	uint8_t *nd = ip + IPV6_LEN;
	uint64_t sum;

	if (len > room || pkt->next != NULL)
		return -ENOSPC;
	turn_l2(pkt, f, mac);
	if (dad)
		memcpy(pkt->data, all_nodes_mac, 6);
	put_ipv6(ip, 0, ND_LEN + ND_LL_LEN, ND_HOP_LIMIT);
	memcpy(ip + 8, f->target.b, 16);
	memcpy(ip + 24, to->b, 16);
	nd[0] = ICMPV6_ND_ADVERT;
	nd[1] = 0;
	tg_put16(nd + 2, 0);
	tg_put32(nd + 4, (uint32_t)(ND_FLAG_OVERRIDE | (dad ? 0 : ND_FLAG_SOLICITED)) << 24);
	memcpy(nd + 8, f->target.b, 16);
	nd[24] = ND_OPT_TARGET_LL;
	nd[25] = 1; /* in units of 8 bytes */
	memcpy(nd + 26, mac, 6);
	sum = tg_csum_pseudo(&f->target, to, PROTO_ICMPV6, ND_LEN + ND_LL_LEN);
	put_csum(nd + 2, tg_csum_add(sum, nd, ND_LEN + ND_LL_LEN));
	pkt->len = (uint16_t)len;
	pkt->tailroom = (uint16_t)(room - len);
	return 0;
}
