/* SPDX-License-Identifier: BSD-3-Clause */
#include <netinet/in.h>
#include <string.h>

#include <rte_ip_frag.h>
#include <rte_tcp.h>

#include "fragment.h"

/* VLAN tags looked behind: as many as the engine does. */
#define TAGS_MAX 2

static bool
find_ipv4(const struct rte_mbuf *m, struct tg_fragment *f)
{
	const struct rte_ipv4_hdr *ip;
	uint64_t csum = m->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK;
	uint16_t total, flags;

	if (m->data_len < f->l2_len + sizeof(*ip))
		return false;
	ip = rte_pktmbuf_mtod_offset(m, const struct rte_ipv4_hdr *, f->l2_len);
	f->ip_version = 4;
	f->l3_len = rte_ipv4_hdr_len(ip);
	total = rte_be_to_cpu_16(ip->total_length);
	flags = rte_be_to_cpu_16(ip->fragment_offset);
	if (ip->version_ihl >> 4 != 4 || f->l3_len < sizeof(*ip) || total < f->l3_len ||
		f->l2_len + f->l3_len > m->data_len || f->l2_len + (uint32_t)total > m->pkt_len ||
		(flags & (RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK)) == 0 ||
		ip->next_proto_id != IPPROTO_TCP)
		return false;
	if (csum == RTE_MBUF_F_RX_IP_CKSUM_BAD ||
		(csum == RTE_MBUF_F_RX_IP_CKSUM_UNKNOWN && rte_ipv4_cksum(ip) != 0))
		return false;
	f->off = (uint16_t)((flags & RTE_IPV4_HDR_OFFSET_MASK) * RTE_IPV4_HDR_OFFSET_UNITS);
	f->len = (uint16_t)(total - f->l3_len);
	f->more = (flags & RTE_IPV4_HDR_MF_FLAG) != 0;
	f->ecn = ip->type_of_service & RTE_IPV4_HDR_ECN_MASK;
	memset(f->dst.b, 0, 10);
	f->dst.b[10] = f->dst.b[11] = 0xff;
	memcpy(f->dst.b + 12, &ip->dst_addr, 4);
	return true;
}

static bool
find_ipv6(const struct rte_mbuf *m, struct tg_fragment *f)
{
	const struct rte_ipv6_fragment_ext *ext;
	const struct rte_ipv6_hdr *ip;
	uint16_t payload, data;

	f->ip_version = 6;
	f->l3_len = sizeof(*ip) + sizeof(*ext);
	if (m->data_len < f->l2_len + f->l3_len)
		return false;
	ip = rte_pktmbuf_mtod_offset(m, const struct rte_ipv6_hdr *, f->l2_len);
	ext = (const struct rte_ipv6_fragment_ext *)(ip + 1);
	payload = rte_be_to_cpu_16(ip->payload_len);
	if (rte_be_to_cpu_32(ip->vtc_flow) >> 28 != 6 || ip->proto != IPPROTO_FRAGMENT ||
		payload < sizeof(*ext) || f->l2_len + sizeof(*ip) + payload > m->pkt_len ||
		ext->next_header != IPPROTO_TCP)
		return false;
	data = rte_be_to_cpu_16(ext->frag_data);
	f->off = data & RTE_IPV6_EHDR_FO_MASK;
	f->len = (uint16_t)(payload - sizeof(*ext));
	f->more = RTE_IPV6_GET_MF(data) != 0;
	f->ecn = rte_be_to_cpu_32(ip->vtc_flow) >> RTE_IPV6_HDR_TC_SHIFT & RTE_IPV4_HDR_ECN_MASK;
	memcpy(f->dst.b, &ip->dst_addr, sizeof(f->dst.b));
	/* A v4-mapped destination would be found as the IPv4 one it names. */
	return !tg_addr_is_v4(&f->dst);
}

bool
tg_fragment_find(const struct rte_mbuf *m, struct tg_fragment *f)
{
	const uint8_t *d = rte_pktmbuf_mtod(m, const uint8_t *);
	uint16_t at = 12;
	uint16_t type;

	for (unsigned tags = 0;; tags++, at += 4) {
		if (m->data_len < at + 2)
			return false;
		type = (uint16_t)(d[at] << 8 | d[at + 1]);
		if (type != RTE_ETHER_TYPE_VLAN && type != RTE_ETHER_TYPE_QINQ)
			break;
		if (tags == TAGS_MAX)
			return false;
	}
	f->l2_len = at + 2;
	if (type == RTE_ETHER_TYPE_IPV4)
		return find_ipv4(m, f);
	return type == RTE_ETHER_TYPE_IPV6 && find_ipv6(m, f);
}

enum tg_fragment_fault
tg_fragment_judge(const struct rte_mbuf *m, const struct tg_fragment *f)
{
	/* The IPv4 total length counts the first fragment's header, at most 60 bytes. */
	uint32_t most = f->ip_version == 4 ? UINT16_MAX - 60 : UINT16_MAX;
	uint16_t l4 = f->l2_len + f->l3_len;
	unsigned header;

	if (f->len == 0 || (f->more && f->len % RTE_IPV4_HDR_OFFSET_UNITS != 0) ||
		(uint32_t)f->off + f->len > most)
		return TG_FRAGMENT_BAD;
	if (f->off != 0)
		return f->off < sizeof(struct rte_tcp_hdr) ? TG_FRAGMENT_TINY : TG_FRAGMENT_GOOD;
	if (f->len < sizeof(struct rte_tcp_hdr) || m->data_len < l4 + sizeof(struct rte_tcp_hdr))
		return TG_FRAGMENT_TINY;
	header = (rte_pktmbuf_mtod_offset(m, const struct rte_tcp_hdr *, l4)->data_off >> 4) * 4u;
	return header > f->len ? TG_FRAGMENT_TINY : TG_FRAGMENT_GOOD;
}
