/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ethernet, VLAN tags, ARP, IPv4, ICMP and TCP: bytes to values.
 *
 * Two bounds hold at every step. A header byte is read only inside the first segment (pkt->len);
 * a length is believed only inside the whole chain (total, then end). IPv6 is in ipv6ext.c.
 */
#include "frame.h"

#include <stddef.h>

#include "bytes.h"
#include "csum.h"
#include "frame_internal.h"

/** ARP hardware type, operation (RFC 826). */
enum {
	ARP_HTYPE_ETHERNET = 1,
	ARP_OP_REQUEST = 1,
};

/** IPv4 flags and fragment offset: more fragments 0x2000, offset 0x1fff (RFC 791 3.1). */
#define IPV4_FRAGMENT_MASK 0x3fff

/*
 * In one store of 16 bytes, which serves a load of any size behind it: one that spans several
 * stores in flight would wait for all of them to reach the cache.
 */
static inline void
map_v4(struct tg_addr *a, const uint8_t *p)
{
	uint32_t raw;
	tg_words x;

	memcpy(&raw, p, sizeof(raw));
	x = (tg_words){0, tg_v4_mapped(raw)};
	memcpy(a->b, &x, sizeof(x));
}

static uint32_t
chain_len(const struct tg_pkt *pkt)
{
	uint32_t n = pkt->len;

	while ((pkt = pkt->next) != NULL)
		n += pkt->len;
	return n;
}

uint64_t
tg_frame_sum(uint64_t sum, const struct tg_pkt *pkt, uint32_t off, uint32_t end)
{
	const uint32_t start = off;
	uint32_t base = 0; /* position of pkt->data in the chain */

	if (end <= pkt->len)
		return tg_csum_add(sum, pkt->data + off, end - off);
	for (; pkt != NULL && off < end; base += pkt->len, pkt = pkt->next) {
		uint32_t stop = base + pkt->len < end ? base + pkt->len : end;

		if (stop <= off)
			continue;
		sum = tg_csum_add_at(sum, pkt->data + (off - base), stop - off, off - start);
		off = stop;
	}
	return sum;
}

/* Is the checksum of a TCP segment right? Its header lies whole in the first segment. */
static inline bool
tcp_sum_good(const struct tg_pkt *pkt, const struct tg_frame *f, unsigned hlen, uint32_t end,
	uint64_t addrs)
{
	const uint32_t len = end - f->l4_off, body = f->l4_off + hlen;
	uint64_t sum = tg_csum_header(addrs, pkt->data + f->l4_off, hlen);

	/* The rest of the pseudo-header. A length of 32 bits (IPv6) is two words. */
	sum = tg_csum_carry(sum,
		(uint64_t)__builtin_bswap16(PROTO_TCP) + __builtin_bswap16((uint16_t)len) +
			__builtin_bswap16((uint16_t)(len >> 16)));
	if (end != body)
		sum = tg_frame_sum(sum, pkt, body, end);
	return tg_csum_fold(sum) == 0xffff;
}

enum tg_frame_kind
tg_frame_tcp(const struct tg_pkt *pkt, struct tg_frame *f, uint32_t end, uint64_t addrs)
{
	const uint8_t *tcp = pkt->data + f->l4_off;
	uint32_t room = tg_frame_contiguous(pkt, f, end);
	uint32_t len = end - f->l4_off;
	unsigned hlen;

	if (room < TCP_LEN)
		return tg_frame_is_bad(f, TG_BAD_TCP_HEADER);
	hlen = (tcp[12] >> 4) * 4u;
	if (hlen < TCP_LEN || hlen > room)
		return tg_frame_is_bad(f, TG_BAD_TCP_HEADER);
	if (pkt->flags & TG_RX_L4_CSUM_BAD)
		return tg_frame_is_bad(f, TG_BAD_TCP_CSUM);
	if (!(pkt->flags & TG_RX_L4_CSUM_GOOD) && !tcp_sum_good(pkt, f, hlen, end, addrs))
		return tg_frame_is_bad(f, TG_BAD_TCP_CSUM);
	f->sport = tg_get16(tcp);
	f->dport = tg_get16(tcp + 2);
	f->seq = tg_get32(tcp + 4);
	f->ack = tg_get32(tcp + 8);
	f->flags = tg_get16(tcp + 12) & 0x1ff;
	f->wnd = tg_get16(tcp + 14);
	f->payload_off = (uint16_t)(f->l4_off + hlen);
	f->payload_len = len - hlen;
	return tg_frame_is(f, TG_FRAME_TCP);
}

static enum tg_frame_kind
parse_icmp(const struct tg_pkt *pkt, struct tg_frame *f, uint32_t end)
{
	const uint8_t *icmp = pkt->data + f->l4_off;

	if (tg_frame_contiguous(pkt, f, end) < ICMP_LEN)
		return tg_frame_is_bad(f, TG_BAD_ICMP);
	/* The port's verdict is about TCP; drivers differ in what they say of ICMP. */
	if (tg_csum_fold(tg_frame_sum(0, pkt, f->l4_off, end)) != 0xffff)
		return tg_frame_is_bad(f, TG_BAD_ICMP);
	f->payload_off = f->l4_off + ICMP_LEN;
	f->payload_len = end - f->payload_off;
	if (icmp[0] == ICMP_ECHO_REQUEST && icmp[1] == 0)
		return tg_frame_is(f, TG_FRAME_ICMP_ECHO);
	return tg_frame_is(f, TG_FRAME_ICMP_OTHER);
}

static enum tg_frame_kind
parse_ipv4(const struct tg_pkt *pkt, struct tg_frame *f, uint32_t total)
{
	const uint8_t *ip = pkt->data + f->l3_off;
	unsigned room = pkt->len - f->l3_off;
	unsigned hlen, dgram;
	uint32_t end;

	if (room < IPV4_LEN || ip[0] >> 4 != 4)
		return tg_frame_is_bad(f, TG_BAD_IP_HEADER);
	hlen = (ip[0] & 15) * 4u;
	dgram = tg_get16(ip + 2);
	if (hlen < IPV4_LEN || hlen > room || dgram < hlen || dgram > total - f->l3_off)
		return tg_frame_is_bad(f, TG_BAD_IP_HEADER);
	if (pkt->flags & TG_RX_IP_CSUM_BAD)
		return tg_frame_is_bad(f, TG_BAD_IP_CSUM);
	if (!(pkt->flags & TG_RX_IP_CSUM_GOOD) &&
		tg_csum_fold(tg_csum_header(0, ip, hlen)) != 0xffff)
		return tg_frame_is_bad(f, TG_BAD_IP_CSUM);
	f->ip_version = 4;
	f->ip_tos = ip[1];
	f->hop_limit = ip[8];
	map_v4(&f->src, ip + 12);
	map_v4(&f->dst, ip + 16);
	f->l4_off = (uint16_t)(f->l3_off + hlen);
	end = f->l3_off + dgram;
	if (tg_get16(ip + 6) & IPV4_FRAGMENT_MASK) {
		f->payload_off = f->l4_off;
		f->payload_len = end - f->l4_off;
		f->may_be_tcp = ip[9] == PROTO_TCP;
		return tg_frame_is(f, TG_FRAME_FRAGMENT);
	}
	switch (ip[9]) {
	case PROTO_TCP:
		return tg_frame_tcp(pkt, f, end, tg_csum_add8(0, ip + 12));
	case PROTO_ICMP:
		return parse_icmp(pkt, f, end);
	default:
		f->payload_off = f->l4_off;
		f->payload_len = end - f->l4_off;
		return tg_frame_is(f, TG_FRAME_OTHER);
	}
}

static enum tg_frame_kind
parse_arp(const struct tg_pkt *pkt, struct tg_frame *f)
{
	const uint8_t *arp = pkt->data + f->l3_off;

	if (pkt->len - f->l3_off < ARP_LEN || arp[4] != 6 || arp[5] != 4)
		return tg_frame_is_bad(f, TG_BAD_ARP);
	map_v4(&f->src, arp + 14);
	map_v4(&f->dst, arp + 24);
	if (tg_get16(arp) == ARP_HTYPE_ETHERNET && tg_get16(arp + 2) == ETHERTYPE_IPV4 &&
		tg_get16(arp + 6) == ARP_OP_REQUEST)
		return tg_frame_is(f, TG_FRAME_ARP_REQUEST);
	return tg_frame_is(f, TG_FRAME_ARP_OTHER);
}

enum tg_frame_kind
tg_frame_parse(const struct tg_pkt *pkt, struct tg_frame *f)
{
	const uint8_t *p = pkt->data;
	unsigned off = ETH_LEN;
	uint16_t type;

	/* The addresses behind are written whole where they are meaningful. */
	memset(f, 0, offsetof(struct tg_frame, src));
	memset(&f->l2, 0, sizeof(f->l2));
	if (pkt->len < ETH_LEN)
		return tg_frame_is_bad(f, TG_BAD_ETH);
	memcpy(&f->l2, p, 12); /* dst, src */
	type = tg_get16(p + 12);
	while ((type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ) && f->l2.tags < TG_VLAN_MAX) {
		if (pkt->len - off < TAG_LEN)
			return tg_frame_is_bad(f, TG_BAD_ETH);
		f->l2.tpid[f->l2.tags] = type;
		f->l2.tci[f->l2.tags] = tg_get16(p + off);
		f->l2.tags++;
		type = tg_get16(p + off + 2);
		off += TAG_LEN;
	}
	f->l3_off = (uint16_t)off;
	switch (type) {
	case ETHERTYPE_IPV4:
		return parse_ipv4(pkt, f, chain_len(pkt));
	case ETHERTYPE_IPV6:
		return tg_frame_ipv6(pkt, f, chain_len(pkt));
	case ETHERTYPE_ARP:
		return parse_arp(pkt, f);
	default:
		return tg_frame_is(f, TG_FRAME_OTHER);
	}
}
