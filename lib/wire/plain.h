/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_WIRE_PLAIN_H
#define TG_WIRE_PLAIN_H
/**
 * @file
 * Plain TCP segments: the shape that nearly all of a flood has, recognised in place.
 *
 * Plain is: one buffer; to our MAC from a station's; at most one VLAN tag; IPv4 without options,
 * not a fragment, or IPv6 without extension headers; a source that may be anybody's; TCP with both
 * checksums right. tg_frame_parse() would say TG_FRAME_TCP of every plain segment and nothing here
 * is said of others, so a segment that is not plain, for whatever reason, goes there. Everything is
 * inline: called, it took twice the time.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <tidegate/pkt.h>
#include <tidegate/types.h>

#include "bytes.h"
#include "csum.h"
#include "frame.h"
#include "frame_internal.h"

/** Inlined whatever it costs: then what is constant for a family is a constant. */
#define TG_PLAIN_INLINE static inline __attribute__((always_inline))

/** A plain segment. Pointers into the packet; fields are read there, until it is overwritten. */
struct tg_plain {
	uint8_t *ip;      /**< IP header */
	uint8_t *addrs;   /**< source and destination address in it: 8 bytes, or 32 with v6 */
	uint8_t *tcp;     /**< TCP header: ip + 20, or + 40 with v6 */
	uint16_t tcp_len; /**< TCP header and payload in bytes */
	uint8_t hlen;     /**< TCP header with options in bytes, 20 to 60 */
	bool v6;
	bool damaged; /**< set when only the TCP checksum was wrong */
};

/** A constant as it lies in memory. */
#define TG_BE16(x) __builtin_bswap16((uint16_t)(x))
#define TG_BE32(x) __builtin_bswap32((uint32_t)(x))

/** Destination address: 4 bytes, or 16 with v6. */
TG_PLAIN_INLINE const uint8_t *
tg_plain_dst(const struct tg_plain *p, bool v6)
{
	return p->addrs + (v6 ? 16 : 4);
}

/** enum tg_tcp_flags. */
TG_PLAIN_INLINE unsigned
tg_plain_flags(const struct tg_plain *p)
{
	return tg_get16(p->tcp + 12) & 0x1ff;
}

/** Source or destination address as everybody else has it: in one store, see map_v4() in frame.c.
 */
TG_PLAIN_INLINE void
tg_plain_addr(bool v6, const uint8_t *at, struct tg_addr *a)
{
	if (v6) {
		memcpy(a->b, at, sizeof(a->b));
	} else {
		const tg_words x = {0, tg_v4_mapped(tg_load32(at))};

		memcpy(a->b, &x, sizeof(x));
	}
}

/*
 * 1.0.0.0 to 126.255.255.255 or 128.0.0.0 to 223.255.255.255: a subset of what classify_v4() lets
 * pass. Whether it is one of our own is not known here.
 */
TG_PLAIN_INLINE bool
tg_plain_source4(const uint8_t *ip)
{
	uint8_t first = ip[12];

	return (uint8_t)(first - 1) < 223 && first != 127;
}

/* Neither multicast nor in ::/64, where all that is forbidden lies. */
TG_PLAIN_INLINE bool
tg_plain_source6(const uint8_t *ip)
{
	return ip[8] != 0xff && tg_load64(ip + 8) != 0;
}

/* The TCP part, of known length: header length and checksum. */
TG_PLAIN_INLINE bool
tg_plain_tcp(const struct tg_pkt *pkt, struct tg_plain *p, uint64_t addrs)
{
	const uint8_t *tcp = p->tcp;
	uint64_t sum;

	p->hlen = (uint8_t)((tcp[12] & 0xf0) >> 2);
	if (p->hlen < TCP_LEN || p->hlen > p->tcp_len)
		return false;
	if (pkt->flags & TG_RX_L4_CSUM_GOOD)
		return true;
	sum = tg_csum_header(addrs, tcp, p->hlen);
	sum = tg_csum_carry(
		sum, (uint64_t)__builtin_bswap16(PROTO_TCP) + __builtin_bswap16(p->tcp_len));
	if (p->tcp_len != p->hlen)
		sum = tg_csum_add(sum, tcp + p->hlen, (size_t)p->tcp_len - p->hlen);
	if (tg_csum_fold(sum) == 0xffff)
		return true;
	p->damaged = true;
	return false;
}

/** Second step: IPv4 and TCP. */
TG_PLAIN_INLINE bool
tg_plain_ipv4(const struct tg_pkt *pkt, struct tg_plain *p)
{
	const uint8_t *ip = p->ip;
	unsigned room = pkt->len - (unsigned)(ip - pkt->data);
	unsigned total = tg_get16(ip + 2);

	/* Fragment offset and more-fragments, any TTL, TCP. */
	if (room < IPV4_LEN + TCP_LEN || ip[0] != 0x45 ||
		total - (IPV4_LEN + TCP_LEN) > room - (IPV4_LEN + TCP_LEN) ||
		(tg_load32(ip + 6) & TG_BE32(0x3fff00ff)) != TG_BE32(PROTO_TCP) ||
		!tg_plain_source4(ip))
		return false;
	if (!(pkt->flags & TG_RX_IP_CSUM_GOOD) &&
		tg_csum_fold(tg_csum_header(0, ip, IPV4_LEN)) != 0xffff)
		return false;
	p->v6 = false;
	p->addrs = p->ip + 12;
	p->tcp = p->ip + IPV4_LEN;
	p->tcp_len = (uint16_t)(total - IPV4_LEN);
	return tg_plain_tcp(pkt, p, tg_load64(ip + 12));
}

/** Second step: IPv6 and TCP. */
TG_PLAIN_INLINE bool
tg_plain_ipv6(const struct tg_pkt *pkt, struct tg_plain *p)
{
	const uint8_t *ip = p->ip;
	unsigned room = pkt->len - (unsigned)(ip - pkt->data);
	uint64_t addrs = tg_load64(ip + 8);

	/* A destination in ::/64 may be v4-mapped, which tg_frame_parse() refuses. */
	if (room < IPV6_LEN + TCP_LEN || ip[0] >> 4 != 6 || ip[6] != PROTO_TCP ||
		!tg_plain_source6(ip) || tg_load64(ip + 24) == 0)
		return false;
	p->tcp_len = tg_get16(ip + 4);
	if (p->tcp_len < TCP_LEN || p->tcp_len > room - IPV6_LEN)
		return false;
	p->v6 = true;
	p->addrs = p->ip + 8;
	p->tcp = p->ip + IPV6_LEN;
	addrs = tg_csum_add8(addrs, ip + 16);
	addrs = tg_csum_add8(addrs, ip + 24);
	return tg_plain_tcp(pkt, p, tg_csum_add8(addrs, ip + 32));
}

/**
 * Is this a plain segment? First step: Ethernet. The next is tg_plain_ipv4() or tg_plain_ipv6().
 *
 * @param pkt  as received, not modified; its data is read inside len
 * @param mac  the port's address
 * @param p    ip is filled
 * @return the EtherType as it lies in memory, or 0: not plain
 */
TG_PLAIN_INLINE uint16_t
tg_plain_ethernet(const struct tg_pkt *pkt, const uint8_t mac[6], struct tg_plain *p)
{
	uint8_t *data = pkt->data;
	unsigned off = ETH_LEN;
	uint16_t type;

	if (pkt->len < ETH_LEN + IPV4_LEN + TCP_LEN || pkt->next != NULL ||
		(pkt->flags & (TG_RX_IP_CSUM_BAD | TG_RX_L4_CSUM_BAD)) != 0 ||
		memcmp(data, mac, 6) != 0 || (data[6] & 1) != 0)
		return 0;
	type = tg_load16(data + 12);
	if (type == TG_BE16(ETHERTYPE_VLAN) || type == TG_BE16(ETHERTYPE_QINQ)) {
		type = tg_load16(data + 16);
		off += TAG_LEN;
	}
	p->ip = data + off;
	return type;
}

/**
 * The same segment as a frame, for whoever wants to know more of it: what tg_frame_parse() would
 * say, from what is known already. Nothing is judged again.
 */
static inline void
tg_plain_frame(const struct tg_pkt *pkt, const struct tg_plain *p, struct tg_frame *f)
{
	const uint8_t *ip = p->ip, *tcp = p->tcp;

	f->kind = TG_FRAME_TCP;
	f->bad = TG_BAD_NONE;
	f->ip_version = p->v6 ? 6 : 4;
	f->ip_tos = p->v6 ? (uint8_t)(ip[0] << 4 | ip[1] >> 4) : ip[1];
	f->hop_limit = p->v6 ? ip[7] : ip[8];
	f->l3_off = (uint16_t)(ip - pkt->data);
	f->l4_off = (uint16_t)(tcp - pkt->data);
	f->payload_off = (uint16_t)(f->l4_off + p->hlen);
	f->payload_len = (uint32_t)p->tcp_len - p->hlen;
	f->sport = tg_get16(tcp);
	f->dport = tg_get16(tcp + 2);
	f->seq = tg_get32(tcp + 4);
	f->ack = tg_get32(tcp + 8);
	f->flags = (uint16_t)tg_plain_flags(p);
	f->wnd = tg_get16(tcp + 14);
	tg_plain_addr(p->v6, p->addrs, &f->src);
	tg_plain_addr(p->v6, tg_plain_dst(p, p->v6), &f->dst);
	memset(&f->l2, 0, sizeof(f->l2));
	memcpy(&f->l2, pkt->data, 12); /* dst, src */
	if (f->l3_off != ETH_LEN) {
		f->l2.tpid[0] = tg_get16(pkt->data + 12);
		f->l2.tci[0] = tg_get16(pkt->data + 14);
		f->l2.tags = 1;
	}
}

/** The same for a segment that was not plain, p->damaged; `damaged` must have been false before. */
static inline void
tg_plain_damaged(const struct tg_pkt *pkt, struct tg_frame *f)
{
	struct tg_pkt bad = *pkt;

	bad.flags |= TG_RX_IP_CSUM_GOOD | TG_RX_L4_CSUM_BAD;
	tg_frame_parse(&bad, f);
}

#endif
