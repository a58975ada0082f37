/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TCP segments: values to bytes.
 *
 * Headers are built as 32-bit words in registers and each word is added to its checksum on the way
 * to memory. Summing the finished header afterwards reads it with wider loads than the stores were,
 * which waits for the stores: that took a quarter longer (`tests/run.sh --bench` prints what it
 * takes).
 */
#include "emit.h"

#include <stddef.h>

#include "bytes.h"
#include "csum.h"
#include "frame_internal.h"

enum {
	IPV4_DONT_FRAGMENT = 0x4000,
	TCP_FLAGS_MASK = 0x1ff,
};

/* Copies an address of 16 bytes; returns the sum of its words. */
static inline uint64_t
copy_addr(uint8_t *p, const struct tg_addr *a)
{
	uint64_t hi, lo;

	memcpy(&hi, a->b, 8);
	memcpy(&lo, a->b + 8, 8);
	memcpy(p, &hi, 8);
	memcpy(p + 8, &lo, 8);
	return (hi & UINT32_MAX) + (hi >> 32) + (lo & UINT32_MAX) + (lo >> 32);
}

static inline bool
segment_is_v4(const struct tg_segment *s)
{
	return tg_addr_is_v4(&s->src) && tg_addr_is_v4(&s->dst);
}

static inline unsigned
l2_size(const struct tg_l2 *l2)
{
	return ETH_LEN + TAG_LEN * (l2->tags <= TG_VLAN_MAX ? l2->tags : TG_VLAN_MAX);
}

/* Writes l2_size() bytes of Ethernet header. */
static inline uint8_t *
put_l2(uint8_t *p, const struct tg_l2 *l2, uint16_t type)
{
	unsigned tags = l2->tags <= TG_VLAN_MAX ? l2->tags : TG_VLAN_MAX;

	memcpy(p, l2->dst, 6);
	memcpy(p + 6, l2->src, 6);
	p += 12;
	for (unsigned i = 0; i < tags; i++, p += TAG_LEN)
		tg_put32(p, (uint32_t)l2->tpid[i] << 16 | l2->tci[i]);
	tg_put16(p, type);
	return p + 2;
}

/* Where a segment goes: what of its headers is not in the segment itself when it is an answer. */
struct ends {
	const struct tg_addr *src, *dst;
	uint16_t sport, dport;
};

/* Writes an IPv4 header around a TCP segment of `len` bytes; returns the pseudo-header sum. */
static inline uint64_t
put_ipv4(uint8_t *ip, const struct ends *to, const struct tg_segment *s, unsigned len, bool offload)
{
	uint64_t addrs = tg_store_be32(ip + 12, tg_get32(to->src->b + 12));
	uint64_t sum;
	uint16_t csum = 0;

	addrs += tg_store_be32(ip + 16, tg_get32(to->dst->b + 12));
	sum = addrs;
	sum += tg_store_be32(ip, 0x45000000u | (uint32_t)s->tos << 16 | (uint16_t)(IPV4_LEN + len));
	sum += tg_store_be32(ip + 4, (uint32_t)s->ip_id << 16 | IPV4_DONT_FRAGMENT);
	sum += tg_store_be32(ip + 8, (uint32_t)s->ttl << 24 | (uint32_t)PROTO_TCP << 16);
	if (!offload)
		csum = (uint16_t)~tg_csum_fold(sum);
	memcpy(ip + 10, &csum, sizeof(csum));
	return addrs;
}

/* The same for IPv6; the flow label is zero. */
static inline uint64_t
put_ipv6(uint8_t *ip, const struct ends *to, const struct tg_segment *s, unsigned len)
{
	uint64_t addrs;

	tg_put32(ip, 0x60000000u | (uint32_t)s->tos << 20);
	tg_put32(ip + 4, (uint32_t)len << 16 | (uint32_t)PROTO_TCP << 8 | s->ttl);
	addrs = copy_addr(ip + 8, to->src);
	return addrs + copy_addr(ip + 24, to->dst);
}

/* Writes options; adds them to sum. */
static inline unsigned
put_options(uint8_t *p, const struct tg_tcpopt *o, uint64_t *sum)
{
	unsigned n = tg_tcpopt_write_usual(p, o, sum);

	if (o->present & TG_OPT_REST) {
		unsigned rest = tg_tcpopt_write_rest(p + n, o, n);

		for (unsigned end = n + rest; n < end; n += 4)
			*sum += tg_load32(p + n);
	}
	return n;
}

/*
 * Writes all from the IP header on, and what the packet says of itself. Inlined four times, for
 * each family and for answers, so that what is constant there is constant here.
 */
static inline __attribute__((always_inline)) void
put_segment(struct tg_pkt *pkt, uint8_t *ip, bool v4, const struct ends *to,
	const struct tg_segment *s, unsigned payload_len, uint64_t payload_sum, unsigned offload)
{
	unsigned l3_len = v4 ? IPV4_LEN : IPV6_LEN;
	uint8_t *tcp = ip + l3_len;
	uint64_t sum, head = 0;
	unsigned hlen = TCP_LEN + put_options(tcp + TCP_LEN, &s->opt, &head);
	unsigned len = hlen + payload_len;
	unsigned tx = 0;
	uint32_t csum;

	head += tg_store_be32(tcp, (uint32_t)to->sport << 16 | to->dport);
	head += tg_store_be32(tcp + 4, s->seq);
	head += tg_store_be32(tcp + 8, s->ack);
	head += tg_store_be32(tcp + 12,
		(uint32_t)(hlen / 4) << 28 | (uint32_t)(s->flags & TCP_FLAGS_MASK) << 16 | s->wnd);
	if (v4)
		sum = put_ipv4(ip, to, s, len, (offload & TG_OFFLOAD_IP) != 0);
	else
		sum = put_ipv6(ip, to, s, len);
	/* Protocol and length are 16-bit words of the pseudo-header, in memory order. */
	sum += (uint64_t)__builtin_bswap16(PROTO_TCP) + __builtin_bswap16((uint16_t)len);
	if (offload & TG_OFFLOAD_TCP) {
		csum = tg_csum_fold(sum);
		tx = TG_TX_TCP_CSUM;
	} else {
		/* Folded first: a caller's sum may be any 64-bit value. */
		if (payload_len != 0)
			sum += tg_csum_fold(payload_sum);
		csum = (uint16_t)~tg_csum_fold(sum + head);
	}
	memcpy(tcp + 16, &csum, 2);
	tg_put16(tcp + 18, 0); /* urgent pointer: never used */

	if (v4)
		tx |= offload & TG_OFFLOAD_IP;
	else if (tx != 0)
		tx |= TG_TX_IPV6;
	pkt->flags = (uint16_t)((pkt->flags & TG_PKT_VLAN_STRIPPED) | tx);
	pkt->l2_len = (uint8_t)(ip - pkt->data);
	pkt->l3_len = (uint16_t)l3_len;
	pkt->l4_len = (uint8_t)hlen;
	pkt->len = (uint16_t)(tcp - pkt->data + len);
}

unsigned
tg_emit_tcp_size(const struct tg_segment *s)
{
	return l2_size(&s->l2) + (segment_is_v4(s) ? IPV4_LEN : IPV6_LEN) + TCP_LEN +
		tg_tcpopt_size(&s->opt);
}

void
tg_emit_tcp(struct tg_pkt *pkt, const struct tg_segment *s, unsigned payload_len,
	uint64_t payload_sum, unsigned offload)
{
	const struct ends to = {&s->src, &s->dst, s->sport, s->dport};
	bool v4 = segment_is_v4(s);
	uint8_t *ip = put_l2(pkt->data, &s->l2, v4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6);

	if (v4)
		put_segment(pkt, ip, true, &to, s, payload_len, payload_sum, offload);
	else
		put_segment(pkt, ip, false, &to, s, payload_len, payload_sum, offload);
}

unsigned
tg_emit_answer_size(const struct tg_frame *f, const struct tg_segment *s)
{
	return f->l3_off + (f->ip_version == 4 ? IPV4_LEN : IPV6_LEN) + TCP_LEN +
		tg_tcpopt_size(&s->opt);
}

void
tg_emit_answer(struct tg_pkt *pkt, const struct tg_frame *f, const struct tg_segment *s,
	const uint8_t mac[6], unsigned offload)
{
	const struct ends to = {&f->dst, &f->src, f->dport, f->sport};
	uint8_t *ip = pkt->data + f->l3_off;

	/* Tags and EtherType stay where they are. */
	memcpy(pkt->data, f->l2.src, 6);
	memcpy(pkt->data + 6, mac, 6);
	if (f->ip_version == 4)
		put_segment(pkt, ip, true, &to, s, 0, 0, offload);
	else
		put_segment(pkt, ip, false, &to, s, 0, 0, offload);
}
