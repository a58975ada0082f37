/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_WIRE_BARE_H
#define TG_WIRE_BARE_H
/**
 * @file
 * Segments without payload and without VLAN tags, with timestamps as the only option: nearly all
 * that a connection sends besides data.
 *
 * What tg_emit_tcp() writes for the same values, inlined where the values are: they need not go
 * through a struct tg_segment, and half of them would wait there for the store buffer.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <tidegate/pkt.h>
#include <tidegate/types.h>

#include "bytes.h"
#include "csum.h"
#include "emit.h"
#include "frame_internal.h"
#include "tcpopt.h"

/** A segment to be written, of values and of where they stand. */
struct tg_bare {
	const uint8_t *peer_mac; /**< 6 bytes */
	const uint8_t *mac;      /**< 6 bytes: ours */
	const uint8_t *src;      /**< 16 bytes: an address, v4-mapped for IPv4 */
	const uint8_t *dst;      /**< the same */
	uint16_t sport;
	uint16_t dport;
	uint32_t seq;
	uint32_t ack;
	uint32_t tsval;
	uint32_t tsecr;
	uint16_t flags; /**< enum tg_tcp_flags */
	uint16_t wnd;
	uint8_t tos;
	uint8_t ttl;
	bool ts; /**< with timestamps */
	bool v6;
	uint16_t offload; /**< enum tg_csum_offload of the port */
};

/* Headers from IP on up to the TCP header; returns the sum of the addresses. */
static inline uint64_t
tg_bare_ipv4(uint8_t *ip, const struct tg_bare *b, unsigned len)
{
	uint64_t addrs, sum;
	uint16_t csum = 0;

	addrs = tg_store32(ip + 12, tg_load32(b->src + 12));
	addrs += tg_store32(ip + 16, tg_load32(b->dst + 12));
	sum = addrs;
	sum += tg_store_be32(ip, 0x45000000u | (uint32_t)b->tos << 16 | (IPV4_LEN + len));
	sum += tg_store_be32(ip + 4, 0x4000); /* identification 0, do not fragment */
	sum += tg_store_be32(ip + 8, (uint32_t)b->ttl << 24 | (uint32_t)PROTO_TCP << 16);
	if (!(b->offload & TG_OFFLOAD_IP))
		csum = (uint16_t)~tg_csum_fold(sum);
	memcpy(ip + 10, &csum, sizeof(csum));
	return addrs;
}

static inline uint64_t
tg_bare_ipv6(uint8_t *ip, const struct tg_bare *b, unsigned len)
{
	uint64_t sum = 0;

	tg_store_be32(ip, 0x60000000u | (uint32_t)b->tos << 20);
	tg_store_be32(ip + 4, (uint32_t)len << 16 | (uint32_t)PROTO_TCP << 8 | b->ttl);
	for (unsigned i = 0; i < 16; i += 4) {
		sum += tg_store32(ip + 8 + i, tg_load32(b->src + i));
		sum += tg_store32(ip + 24 + i, tg_load32(b->dst + i));
	}
	return sum;
}

/**
 * Writes a segment at pkt->data and says of it in pkt what tg_emit_tcp() would.
 *
 * @param pkt  data and tailroom describe an empty buffer with room for 86 bytes; tailroom is what
 * is left then
 */
static inline __attribute__((always_inline)) void
tg_bare_write(struct tg_pkt *pkt, const struct tg_bare *b)
{
	const unsigned l3_len = b->v6 ? IPV6_LEN : IPV4_LEN, hlen = TCP_LEN + (b->ts ? 12u : 0u);
	uint8_t *data = pkt->data, *ip = data + ETH_LEN, *tcp = ip + l3_len;
	unsigned tx = 0;
	uint64_t sum, head;
	uint16_t csum;

	memcpy(data, b->peer_mac, 6);
	memcpy(data + 6, b->mac, 6);
	tg_put16(data + 12, b->v6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4);
	sum = b->v6 ? tg_bare_ipv6(ip, b, hlen) : tg_bare_ipv4(ip, b, hlen);
	sum += (uint64_t)__builtin_bswap16(PROTO_TCP) + __builtin_bswap16((uint16_t)hlen);
	head = tg_store_be32(tcp, (uint32_t)b->sport << 16 | b->dport);
	head += tg_store_be32(tcp + 4, b->seq);
	head += tg_store_be32(tcp + 8, b->ack);
	head += tg_store_be32(tcp + 12, hlen / 4 << 28 | (b->flags & 0x1ffu) << 16 | b->wnd);
	if (b->ts) {
		head += tg_store_be32(tcp + 20, TG_OPT_TS_WORD);
		head += tg_store_be32(tcp + 24, b->tsval);
		head += tg_store_be32(tcp + 28, b->tsecr);
	}
	csum = (uint16_t)~tg_csum_fold(sum + head);
	if (b->offload & TG_OFFLOAD_TCP) {
		csum = tg_csum_fold(sum);
		tx = TG_TX_TCP_CSUM | (b->v6 ? TG_TX_IPV6 : 0);
	}
	memcpy(tcp + 16, &csum, sizeof(csum));
	tg_put16(tcp + 18, 0); /* urgent pointer: never used */
	if (!b->v6)
		tx |= b->offload & TG_OFFLOAD_IP;
	pkt->flags = (uint16_t)((pkt->flags & TG_PKT_VLAN_STRIPPED) | tx);
	pkt->l2_len = ETH_LEN;
	pkt->l3_len = (uint16_t)l3_len;
	pkt->l4_len = (uint8_t)hlen;
	pkt->len = (uint16_t)(ETH_LEN + l3_len + hlen);
	pkt->tailroom = (uint16_t)(pkt->tailroom - pkt->len);
}

#endif
