/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_net.h>

#include "exception.h"
#include "shard.h"

/* Flags that say what an mbuf is, not what is in it. */
#define KIND_FLAGS (RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL)
/* Types of ICMPv6 that are neighbour discovery, redirects included (RFC 4861 4). */
#define ND_FIRST 133
#define ND_LAST  137

/*
 * What a packet may take of the rate when there is more than that. Strangers can send UDP and echo
 * requests by the million; an operator's ssh is TCP, and needs ARP or neighbour discovery, which
 * only neighbours send.
 */
enum urgency {
	FIRST,  /* TCP: all of the burst */
	SECOND, /* ARP and neighbour discovery: three quarters */
	LAST,   /* everything else: half */
};

void
tg_exception_join(struct tg_exception *x, struct tg_shard *shard, const struct tg_port *wire,
	const struct tg_exception_port *device, uint16_t queue, uint32_t rate, uint32_t burst)
{
	memset(x, 0, sizeof(*x));
	x->shard = shard;
	x->wire = wire->id;
	x->device = device->port.id;
	x->queue = queue;
	x->mac = wire->mac;
	tg_tokens_init(&x->to, rate, burst, 0);
	tg_tokens_init(&x->from, rate, burst, 0);
}

/* Where the TCP or UDP checksum of a packet is, or NULL: it has none, or it is not in one piece. */
static uint16_t *
checksum_field(struct rte_mbuf *m, uint32_t ptype, uint32_t l4)
{
	switch (ptype & RTE_PTYPE_L4_MASK) {
	case RTE_PTYPE_L4_TCP:
		l4 += offsetof(struct rte_tcp_hdr, cksum);
		break;
	case RTE_PTYPE_L4_UDP:
		l4 += offsetof(struct rte_udp_hdr, dgram_cksum);
		break;
	default:
		return NULL;
	}
	return l4 + sizeof(uint16_t) <= m->data_len ? rte_pktmbuf_mtod_offset(m, uint16_t *, l4)
						    : NULL;
}

/* Fills in a checksum that the sender has left to hardware which is not there. */
static void
finish_checksum(struct rte_mbuf *m)
{
	struct rte_net_hdr_lens len;
	uint32_t ptype = rte_net_get_ptype(m, &len, RTE_PTYPE_ALL_MASK);
	uint16_t l4 = (uint16_t)(len.l2_len + len.l3_len);
	void *ip = rte_pktmbuf_mtod_offset(m, void *, len.l2_len);
	uint16_t *sum = checksum_field(m, ptype, l4);

	if (sum == NULL)
		return;
	*sum = 0;
	*sum = RTE_ETH_IS_IPV4_HDR(ptype) ? rte_ipv4_udptcp_cksum_mbuf(m, ip, l4)
					  : rte_ipv6_udptcp_cksum_mbuf(m, ip, l4);
}

/* Puts back one tag, outermost. */
static bool
put_tag(struct rte_mbuf *m, uint16_t tci)
{
	struct rte_mbuf *same = m;

	m->vlan_tci = tci;
	return rte_vlan_insert(&same) == 0;
}

/*
 * Makes a packet what it was, or has to be, on the wire: tags in it, checksums in it, nothing left
 * to an offload. False: it cannot be done.
 */
static bool
complete(struct rte_mbuf *m)
{
	uint64_t ol = m->ol_flags;

	if (unlikely(ol & (RTE_MBUF_F_RX_VLAN_STRIPPED | RTE_MBUF_F_RX_QINQ_STRIPPED)) &&
		!tg_mbuf_is_ours_alone(m))
		return false;
	if (unlikely((ol & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_NONE)) {
		if (!tg_mbuf_is_ours_alone(m))
			return false;
		finish_checksum(m);
	}
	if (unlikely(ol & RTE_MBUF_F_RX_QINQ_STRIPPED)) {
		if (!put_tag(m, m->vlan_tci) || !put_tag(m, m->vlan_tci_outer))
			return false;
	} else if (unlikely(ol & RTE_MBUF_F_RX_VLAN_STRIPPED)) {
		if (!put_tag(m, m->vlan_tci))
			return false;
	}
	m->ol_flags = ol & KIND_FLAGS;
	m->tx_offload = 0;
	return true;
}

/* Completes a burst, drops what cannot be. Returns how many are left, in order. */
static uint16_t
complete_all(struct tg_exception *x, struct rte_mbuf *m[], uint16_t n)
{
	uint16_t k = 0;

	for (uint16_t i = 0; i < n; i++) {
		if (likely(complete(m[i]))) {
			m[k++] = m[i];
			continue;
		}
		x->shard->count.exception_dropped++;
		rte_pktmbuf_free(m[i]);
	}
	return k;
}

/* The kernel would drop these itself, but of our rate. */
static bool
is_other_hosts(const struct tg_exception *x, const struct rte_mbuf *m)
{
	const struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, const struct rte_ether_hdr *);

	return m->data_len >= sizeof(*eth) && rte_is_unicast_ether_addr(&eth->dst_addr) &&
		!rte_is_same_ether_addr(&eth->dst_addr, &x->mac);
}

/*
 * Hands over. A driver stops at the first packet it does not want (too long), and takes none when
 * the interface is down or full: so one is left out, and at the second refusal all are.
 */
static void
hand_over(struct tg_exception *x, struct rte_mbuf *m[], uint16_t n)
{
	struct tg_glue_counts *c = &x->shard->count;

	for (unsigned refused = 0; n > 0; refused++) {
		uint16_t sent = rte_eth_tx_burst(x->device, x->queue, m, n);
		uint16_t lost;

		c->exception_rx += sent;
		m += sent;
		n -= sent;
		lost = refused == 0 ? RTE_MIN(n, 1) : n;
		c->exception_dropped += lost;
		rte_pktmbuf_free_bulk(m, lost);
		m += lost;
		n -= lost;
	}
}

/* The bytes of a packet from `at` on when they are in one piece, or NULL. */
static const void *
bytes_at(const struct rte_mbuf *m, uint32_t at, uint32_t n)
{
	return at + n <= m->data_len ? rte_pktmbuf_mtod_offset(m, const void *, at) : NULL;
}

/* Protocol of an IPv6 packet without extension headers: those have nothing that is urgent here. */
static enum urgency
urgency_of_ipv6(const struct rte_mbuf *m, uint32_t at)
{
	const struct rte_ipv6_hdr *ip = bytes_at(m, at, sizeof(*ip) + 1);

	if (ip == NULL)
		return LAST;
	if (ip->proto == IPPROTO_TCP)
		return FIRST;
	if (ip->proto != IPPROTO_ICMPV6)
		return LAST;
	return *(const uint8_t *)(ip + 1) >= ND_FIRST && *(const uint8_t *)(ip + 1) <= ND_LAST
		? SECOND
		: LAST;
}

static enum urgency
urgency_of(const struct rte_mbuf *m)
{
	uint32_t at = 2 * RTE_ETHER_ADDR_LEN;
	const rte_be16_t *type = bytes_at(m, at, sizeof(*type));
	const struct rte_ipv4_hdr *ip;

	for (unsigned tags = 0; tags < 2 && type != NULL; tags++) {
		if (*type != RTE_BE16(RTE_ETHER_TYPE_VLAN) &&
			*type != RTE_BE16(RTE_ETHER_TYPE_QINQ))
			break;
		at += sizeof(struct rte_vlan_hdr);
		type = bytes_at(m, at, sizeof(*type));
	}
	if (type == NULL)
		return LAST;
	at += sizeof(*type);
	if (*type == RTE_BE16(RTE_ETHER_TYPE_IPV6))
		return urgency_of_ipv6(m, at);
	if (*type == RTE_BE16(RTE_ETHER_TYPE_ARP))
		return SECOND;
	ip = *type == RTE_BE16(RTE_ETHER_TYPE_IPV4) ? bytes_at(m, at, sizeof(*ip)) : NULL;
	return ip != NULL && ip->next_proto_id == IPPROTO_TCP ? FIRST : LAST;
}

/* Leaves those that the rate lets through, in order; frees and counts the others. */
static uint16_t
limit(struct tg_exception *x, struct rte_mbuf *m[], uint16_t n, tg_time now)
{
	uint32_t left = tg_tokens_left(&x->to, now), burst = (uint32_t)(x->to.depth / TG_SEC);
	/* So many tokens must stay behind a packet, by its urgency. */
	const uint32_t kept[] = {[FIRST] = 0, [SECOND] = burst / 4, [LAST] = burst / 2};
	uint16_t k = 0;

	for (uint16_t i = 0; i < n; i++) {
		if (left > 0 && left > kept[urgency_of(m[i])]) {
			left--;
			m[k++] = m[i];
			continue;
		}
		x->shard->count.exception_limited++;
		rte_pktmbuf_free(m[i]);
	}
	tg_tokens_take(&x->to, k, now);
	return k;
}

void
tg_exception_to_kernel(struct tg_exception *x, struct rte_mbuf *m[], uint16_t n, tg_time now)
{
	struct tg_glue_counts *c = &x->shard->count;
	uint16_t k = 0;

	for (uint16_t i = 0; i < n; i++) {
		if (likely(!is_other_hosts(x, m[i]))) {
			m[k++] = m[i];
			continue;
		}
		c->exception_other_host++;
		rte_pktmbuf_free(m[i]);
	}
	k = limit(x, m, k, now);
	if (unlikely(x->shard->low)) {
		c->exception_dropped += k;
		rte_pktmbuf_free_bulk(m, k);
		return;
	}
	hand_over(x, m, complete_all(x, m, k));
}

bool
tg_exception_from_kernel(struct tg_exception *x, tg_time now, tg_time patience)
{
	uint16_t n = x->nb_unsent, sent;

	if (n == 0) {
		uint32_t most = tg_tokens_left(&x->from, now);

		if (most == 0 || x->shard->low)
			return false;
		n = rte_eth_rx_burst(x->device, x->queue, x->unsent,
			(uint16_t)RTE_MIN(most, (uint32_t)TG_EXCEPTION_BURST));
		if (likely(n == 0))
			return false;
		tg_tokens_take(&x->from, n, now);
		n = complete_all(x, x->unsent, n);
		x->unsent_since = now;
	}
	sent = rte_eth_tx_burst(x->wire, x->queue, x->unsent, n);
	x->shard->count.exception_tx += sent;
	x->nb_unsent = n - sent;
	if (sent != 0) {
		x->unsent_since = now;
		memmove(x->unsent, x->unsent + sent, x->nb_unsent * sizeof(x->unsent[0]));
	} else if (now - x->unsent_since > patience) {
		tg_exception_flush(x);
	}
	return sent != 0;
}

void
tg_exception_flush(struct tg_exception *x)
{
	rte_pktmbuf_free_bulk(x->unsent, x->nb_unsent);
	x->shard->count.exception_dropped += x->nb_unsent;
	x->nb_unsent = 0;
}
