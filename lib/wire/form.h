/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_WIRE_FORM_H
#define TG_WIRE_FORM_H
/**
 * @file
 * Printed forms of SYN-ACKs: what is the same in all answers to SYNs with the same options.
 *
 * A form is made by tg_emit_answer() itself, from a segment whose addresses, ports, numbers and
 * timestamps are zero, so it cannot differ from what that writes. Filling it in over a plain SYN
 * costs a fifth.
 */
#include <stdint.h>

#include <tidegate/pkt.h>

#include "emit.h"
#include "plain.h"

/** Most bytes of a form: IPv6, TCP, and the options that a SYN-ACK with a cookie may have. */
#define TG_FORM_MAX (40 + 20 + 20)

/** A form. */
struct tg_form {
	uint8_t head[TG_FORM_MAX]; /**< from the IP header on, checksums included */
	uint8_t mac[6];            /**< our address on the port it is for */
	uint32_t ip_sum;           /**< sum of what the IP header's checksum covers in head */
	uint32_t tcp_sum; /**< the same for TCP's, or the pseudo-header's with the offload */
	uint16_t tx;      /**< TG_TX_*: what is left to the port */
	uint8_t l3_len;
	uint8_t l4_len;
	bool ts; /**< it has timestamps: at 28 and 32 of the TCP header */
};

/** Makes the form of a SYN-ACK whose numbers and timestamps are zero. @param mac  our address */
void tg_form_make(struct tg_form *fm, const struct tg_segment *s, bool v6, const uint8_t mac[6],
	unsigned offload);

/** Bytes of the answer from the IP header on. */
static inline unsigned
tg_form_size(const struct tg_form *fm)
{
	return (unsigned)fm->l3_len + fm->l4_len;
}

/* Offsets in a TCP header: behind MSS come SACK-permitted or NOPs, the kind, then these. */
enum {
	TG_FORM_TSVAL = 28,
	TG_FORM_TSECR = 32,
};

static inline void
tg_form_sum(uint8_t *p, uint16_t csum)
{
	memcpy(p, &csum, sizeof(csum));
}

/* Turns addresses round; returns their sum. */
static inline uint64_t
tg_form_ipv4(uint8_t *ip, const struct tg_form *fm)
{
	uint32_t src = tg_load32(ip + 12), dst = tg_load32(ip + 16);
	uint64_t addrs = (uint64_t)src + dst;

	memcpy(ip, fm->head, 12);
	if (!(fm->tx & TG_TX_IP_CSUM))
		tg_form_sum(ip + 10, (uint16_t)~tg_csum_fold(fm->ip_sum + addrs));
	tg_store32(ip + 12, dst);
	tg_store32(ip + 16, src);
	return addrs;
}

static inline uint64_t
tg_form_ipv6(uint8_t *ip, const struct tg_form *fm)
{
	uint64_t sum = 0, w[4];

	memcpy(w, ip + 8, sizeof(w));
	for (unsigned i = 0; i < 4; i++)
		sum += (w[i] & UINT32_MAX) + (w[i] >> 32);
	memcpy(ip, fm->head, 8);
	memcpy(ip + 8, w + 2, 16);
	memcpy(ip + 24, w, 16);
	return sum;
}

/**
 * Fills a form in over the plain SYN it answers.
 *
 * @param pkt    has tg_form_size() bytes at p->ip
 * @param v6     p->v6, known when this is compiled
 * @param seq    our ISN
 * @param tsval  our timestamp, with fm->ts
 * @param tsecr  the SYN's timestamp as it lies in memory, with fm->ts
 */
static inline __attribute__((always_inline)) void
tg_form_write(struct tg_pkt *pkt, const struct tg_plain *p, bool v6, const struct tg_form *fm,
	uint32_t seq, uint32_t tsval, uint32_t tsecr)
{
	const uint8_t *head = fm->head + (v6 ? IPV6_LEN : IPV4_LEN);
	uint8_t *data = pkt->data, *ip = p->ip, *tcp = ip + (v6 ? IPV6_LEN : IPV4_LEN);
	uint32_t ports = tg_load32(tcp), irs = tg_get32(tcp + 4);
	const unsigned tx = fm->tx, l4_len = fm->l4_len;
	unsigned len;
	uint64_t sum, numbers;

	memcpy(data, data + 6, 6);
	memcpy(data + 6, fm->mac, 6);
	sum = fm->tcp_sum + (v6 ? tg_form_ipv6(ip, fm) : tg_form_ipv4(ip, fm));
	numbers = tg_store32(tcp, ports << 16 | ports >> 16);
	numbers += tg_store_be32(tcp + 4, seq);
	numbers += tg_store_be32(tcp + 8, irs + 1);
	memcpy(tcp + 12, head + 12, 12); /* flags, window, no urgent data, MSS */
	if (fm->ts) {
		memcpy(tcp + 24, head + 24, 4);
		numbers += tg_store_be32(tcp + TG_FORM_TSVAL, tsval);
		numbers += tg_store32(tcp + TG_FORM_TSECR, tsecr);
		if (l4_len > TG_FORM_TSECR + 4)
			memcpy(tcp + TG_FORM_TSECR + 4, head + TG_FORM_TSECR + 4, 4);
	} else {
		for (unsigned i = 24; i < l4_len; i += 4)
			memcpy(tcp + i, head + i, 4);
	}
	if (tx & TG_TX_TCP_CSUM)
		tg_form_sum(tcp + 16, tg_csum_fold(sum));
	else
		tg_form_sum(tcp + 16, (uint16_t)~tg_csum_fold(sum + numbers));
	pkt->flags = (uint16_t)((pkt->flags & TG_PKT_VLAN_STRIPPED) | tx);
	pkt->l2_len = (uint8_t)(ip - data);
	pkt->l3_len = (uint16_t)(tcp - ip);
	pkt->l4_len = (uint8_t)l4_len;
	len = (unsigned)(tcp - data) + l4_len;
	pkt->tailroom = (uint16_t)(pkt->len + pkt->tailroom - len);
	pkt->len = (uint16_t)len;
}

#endif
