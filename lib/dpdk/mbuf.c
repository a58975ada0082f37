/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_ether.h>
#include <rte_prefetch.h>

#include "mbuf.h"

/*
 * An answer is written over its question, and a kept segment becomes the engine's: both need a
 * buffer that nobody else looks at.
 */
bool
tg_mbuf_is_ours_alone(const struct rte_mbuf *m)
{
	for (; m != NULL; m = m->next)
		if (!RTE_MBUF_DIRECT(m) || rte_mbuf_refcnt_read(m) != 1)
			return false;
	return true;
}

static bool
needs_copy(const struct rte_mbuf *m)
{
	if (m->nb_segs > 1) {
		if (m->nb_segs > TG_PKT_SEGS)
			return true;
		if (m->data_len < TG_HEADER_BYTES && m->data_len < m->pkt_len)
			return true;
	}
	/* Two tags stripped: a tg_pkt has room for one beside the data. */
	if (m->ol_flags & RTE_MBUF_F_RX_QINQ_STRIPPED)
		return true;
	return !tg_mbuf_is_ours_alone(m);
}

/* A copy that is ours alone, with at most the outermost tag beside the data. */
static struct rte_mbuf *
copy_of(const struct rte_mbuf *m, struct rte_mempool *pool)
{
	struct rte_mbuf *c = rte_pktmbuf_copy(m, pool, 0, UINT32_MAX);

	if (c == NULL)
		return NULL;
	if (c->nb_segs > TG_PKT_SEGS) {
		rte_pktmbuf_free(c);
		return NULL;
	}
	if (c->ol_flags & RTE_MBUF_F_RX_QINQ_STRIPPED) {
		c->l2_len = 0;
		if (rte_vlan_insert(&c) != 0) { /* the inner tag, from vlan_tci */
			rte_pktmbuf_free(c);
			return NULL;
		}
		c->vlan_tci = m->vlan_tci_outer;
		c->ol_flags |= RTE_MBUF_F_RX_VLAN_STRIPPED;
	}
	return c;
}

/* The port's checksum verdicts in the engine's words. Unknown stays unsaid. */
static uint16_t
rx_flags(const struct rte_mbuf *m)
{
	uint64_t ol = m->ol_flags;
	uint64_t ip = ol & RTE_MBUF_F_RX_IP_CKSUM_MASK;
	uint64_t l4 = ol & RTE_MBUF_F_RX_L4_CKSUM_MASK;
	uint16_t f = 0;

	if ((ol &
		    (RTE_MBUF_F_RX_IP_CKSUM_MASK | RTE_MBUF_F_RX_L4_CKSUM_MASK |
			    RTE_MBUF_F_RX_VLAN_STRIPPED)) == 0)
		return 0;
	if (ip == RTE_MBUF_F_RX_IP_CKSUM_BAD)
		f |= TG_RX_IP_CSUM_BAD;
	else if (ip != RTE_MBUF_F_RX_IP_CKSUM_UNKNOWN)
		f |= TG_RX_IP_CSUM_GOOD;
	/*
	 * NONE means that the field is not filled in but the data is known to be intact, as
	 * between two virtual machines: as good as verified.
	 */
	if (l4 == RTE_MBUF_F_RX_L4_CKSUM_BAD)
		f |= TG_RX_L4_CSUM_BAD;
	else if (l4 != RTE_MBUF_F_RX_L4_CKSUM_UNKNOWN)
		f |= TG_RX_L4_CSUM_GOOD;
	if (ol & RTE_MBUF_F_RX_VLAN_STRIPPED)
		f |= TG_PKT_VLAN_STRIPPED;
	return f;
}

/* Takes a chain apart into b->seg; the first segment stays with the caller. */
static void
take_apart(struct tg_rx_burst *b, struct rte_mbuf *m, struct tg_pkt *p, uint16_t port)
{
	struct rte_mbuf *s = m->next;

	while (s != NULL) {
		struct rte_mbuf *next = s->next;
		struct tg_pkt *q = &b->seg[b->segs];

		tg_rx_describe(q, s, port);
		p->next = q;
		p = q;
		b->mseg[b->segs++] = s;
		s->next = NULL;
		s->nb_segs = 1;
		s = next;
	}
	m->next = NULL;
	m->nb_segs = 1;
	m->pkt_len = m->data_len;
}

enum tg_rx_added
tg_rx_add_any(struct tg_rx_burst *b, struct rte_mbuf *m, uint16_t port, struct rte_mempool *pool)
{
	unsigned i = b->n;
	struct tg_pkt *p = &b->pkt[i];
	struct rte_mbuf *original = NULL;

	if (i == TG_BURST || b->segs + TG_PKT_SEGS > TG_BURST_SEGS + 1)
		return TG_RX_FULL;
	if (unlikely(needs_copy(m))) {
		original = m;
		m = copy_of(original, pool);
		if (m == NULL)
			return TG_RX_NO_COPY;
	}
	tg_rx_describe(p, m, port);
	rte_prefetch0(p->data);
	p->flags = rx_flags(m);
	p->vlan_tci = m->vlan_tci;
	b->m[i] = m;
	b->original[i] = original;
	b->first_seg[i] = (uint16_t)b->segs;
	b->nb_segs[i] = m->nb_segs;
	if (unlikely(m->nb_segs > 1))
		take_apart(b, m, p, port);
	b->n++;
	return TG_RX_ADDED;
}

/* Makes one chain of packet i again, with the lengths it came with. */
static struct rte_mbuf *
relink(struct tg_rx_burst *b, unsigned i)
{
	struct rte_mbuf *m = b->m[i];
	struct rte_mbuf *last = m;

	for (unsigned k = 1; k < b->nb_segs[i]; k++) {
		struct rte_mbuf *s = b->mseg[b->first_seg[i] + k - 1];

		last->next = s;
		last = s;
		m->pkt_len += s->data_len;
	}
	m->nb_segs = b->nb_segs[i];
	return m;
}

static void
free_original(struct tg_rx_burst *b, unsigned i)
{
	if (unlikely(b->original[i] != NULL)) {
		rte_pktmbuf_free(b->original[i]);
		b->original[i] = NULL;
	}
}

struct rte_mbuf *
tg_rx_pass(struct tg_rx_burst *b, unsigned i)
{
	struct rte_mbuf *m = relink(b, i);

	if (likely(b->original[i] == NULL))
		return m;
	rte_pktmbuf_free(m);
	return b->original[i];
}

struct rte_mbuf *
tg_rx_drop(struct tg_rx_burst *b, unsigned i)
{
	free_original(b, i);
	return relink(b, i);
}

unsigned
tg_rx_keep(struct tg_rx_burst *b, unsigned i)
{
	/* The mbufs themselves may be gone already: look at nothing but our own notes. */
	free_original(b, i);
	return b->nb_segs[i];
}

/* Offload flags and the outermost tag of a packet that is chained and has its lengths. */
static struct rte_mbuf *
dress(struct rte_mbuf *m, const struct tg_pkt *p, bool tx_vlan)
{
	uint64_t ol = 0;

	m->tx_offload = 0;
	if (p->flags & (TG_TX_IP_CSUM | TG_TX_TCP_CSUM)) {
		ol |= (p->flags & TG_TX_IPV6) ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4;
		if ((p->flags & (TG_TX_IP_CSUM | TG_TX_IPV6)) == TG_TX_IP_CSUM)
			ol |= RTE_MBUF_F_TX_IP_CKSUM;
		if (p->flags & TG_TX_TCP_CSUM)
			ol |= RTE_MBUF_F_TX_TCP_CKSUM;
		m->l2_len = p->l2_len;
		m->l3_len = p->l3_len;
		m->l4_len = p->l4_len;
	}
	m->ol_flags = ol;
	if (unlikely(p->flags & TG_PKT_VLAN_STRIPPED)) {
		m->vlan_tci = p->vlan_tci;
		if (tx_vlan) {
			m->ol_flags |= RTE_MBUF_F_TX_VLAN;
		} else if (rte_vlan_insert(&m) != 0) {
			rte_pktmbuf_free(m);
			return NULL;
		}
	}
	return m;
}

struct rte_mbuf *
tg_rx_reply_any(struct tg_rx_burst *b, unsigned i, bool tx_vlan)
{
	const struct tg_pkt *q = b->pkt[i].next;
	struct rte_mbuf *m = b->m[i];
	struct rte_mbuf *last = m;

	free_original(b, i);
	tg_mbuf_lengths(m, &b->pkt[i]);
	m->pkt_len = m->data_len;
	/* The answer may be shorter than the question: what it does not use is freed. */
	for (unsigned k = 1; unlikely(k < b->nb_segs[i]); k++) {
		struct rte_mbuf *s = b->mseg[b->first_seg[i] + k - 1];

		if (q == NULL || q->buf != s) {
			rte_pktmbuf_free_seg(s);
			continue;
		}
		tg_mbuf_lengths(s, q);
		last->next = s;
		last = s;
		m->nb_segs++;
		m->pkt_len += s->data_len;
		q = q->next;
	}
	return dress(m, &b->pkt[i], tx_vlan);
}

struct rte_mbuf *
tg_tx_mbuf(const struct tg_pkt *p, bool tx_vlan)
{
	struct rte_mbuf *m = p->buf;

	tg_mbuf_lengths(m, p);
	m->pkt_len = m->data_len;
	return dress(m, p, tx_vlan);
}
