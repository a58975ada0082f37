/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Printed forms of SYN-ACKs: see form.h.
 */
#include "form.h"

/* Offsets in a TCP header: behind MSS come SACK-permitted or NOPs, the kind, then these. */
enum {
	TSVAL = 28,
	TSECR = 32,
};

void
tg_form_make(struct tg_form *fm, const struct tg_segment *s, bool v6, unsigned offload)
{
	const struct tg_frame nobody = {.ip_version = v6 ? 6 : 4, .l3_off = ETH_LEN};
	uint8_t room[ETH_LEN + TG_FORM_MAX] = {0};
	struct tg_pkt pkt = {.data = room};
	uint16_t csum;

	tg_emit_answer(&pkt, &nobody, s, room, offload);
	memset(fm, 0, sizeof(*fm));
	memcpy(fm->head, room + ETH_LEN, pkt.len - ETH_LEN);
	fm->tx = pkt.flags;
	fm->l3_len = (uint8_t)pkt.l3_len;
	fm->l4_len = pkt.l4_len;
	fm->ts = (s->opt.present & TG_OPT_TS) != 0;
	memcpy(&csum, fm->head + 10, sizeof(csum));
	fm->ip_sum = (uint16_t)~csum;
	memcpy(&csum, fm->head + fm->l3_len + 16, sizeof(csum));
	fm->tcp_sum = offload & TG_OFFLOAD_TCP ? csum : (uint16_t)~csum;
}

static inline uint64_t
store32(uint8_t *p, uint32_t v)
{
	memcpy(p, &v, sizeof(v));
	return v;
}

static inline void
put_sum(uint8_t *p, uint16_t csum)
{
	memcpy(p, &csum, sizeof(csum));
}

/* Turns addresses round; returns their sum. */
static inline uint64_t
fill_ipv4(uint8_t *ip, const struct tg_form *fm)
{
	uint32_t src = tg_plain_load32(ip + 12), dst = tg_plain_load32(ip + 16);
	uint64_t addrs = (uint64_t)src + dst;

	memcpy(ip, fm->head, 12);
	if (!(fm->tx & TG_TX_IP_CSUM))
		put_sum(ip + 10, (uint16_t)~tg_csum_fold(fm->ip_sum + addrs));
	store32(ip + 12, dst);
	store32(ip + 16, src);
	return addrs;
}

static inline uint64_t
fill_ipv6(uint8_t *ip, const struct tg_form *fm)
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

void
tg_form_write(struct tg_pkt *pkt, const struct tg_plain *p, const struct tg_form *fm,
	const uint8_t mac[6], uint32_t seq, uint32_t tsval, uint32_t tsecr)
{
	const uint8_t *head = fm->head + fm->l3_len;
	uint32_t ports = tg_plain_load32(p->tcp), irs = tg_get32(p->tcp + 4);
	uint8_t *tcp = p->tcp;
	unsigned len;
	uint64_t sum, numbers;

	memcpy(pkt->data, pkt->data + 6, 6);
	memcpy(pkt->data + 6, mac, 6);
	sum = fm->tcp_sum + (p->v6 ? fill_ipv6(p->ip, fm) : fill_ipv4(p->ip, fm));
	numbers = store32(tcp, ports << 16 | ports >> 16);
	numbers += store32(tcp + 4, __builtin_bswap32(seq));
	numbers += store32(tcp + 8, __builtin_bswap32(irs + 1));
	memcpy(tcp + 12, head + 12, 12); /* flags, window, no urgent data, MSS */
	if (fm->ts) {
		memcpy(tcp + 24, head + 24, 4);
		numbers += store32(tcp + TSVAL, __builtin_bswap32(tsval));
		numbers += store32(tcp + TSECR, __builtin_bswap32(tsecr));
		if (fm->l4_len > TSECR + 4)
			memcpy(tcp + TSECR + 4, head + TSECR + 4, 4);
	} else {
		for (unsigned i = 24; i < fm->l4_len; i += 4)
			memcpy(tcp + i, head + i, 4);
	}
	if (fm->tx & TG_TX_TCP_CSUM)
		put_sum(tcp + 16, tg_csum_fold(sum));
	else
		put_sum(tcp + 16, (uint16_t)~tg_csum_fold(sum + numbers));
	pkt->flags = (uint16_t)((pkt->flags & TG_PKT_VLAN_STRIPPED) | fm->tx);
	pkt->l2_len = (uint8_t)(p->ip - pkt->data);
	pkt->l3_len = fm->l3_len;
	pkt->l4_len = fm->l4_len;
	len = pkt->l2_len + tg_form_size(fm);
	pkt->tailroom = (uint16_t)(pkt->len + pkt->tailroom - len);
	pkt->len = (uint16_t)len;
}
