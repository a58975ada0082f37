/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_DPDK_MBUF_H
#define TG_DPDK_MBUF_H
/**
 * @file
 * rte_mbuf <-> tg_pkt.
 *
 * The engine owns what it keeps segment by segment and may release a segment while it still works
 * on the burst. So a chain is taken apart before the engine sees it, and put together again when
 * it comes back.
 */
#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include <tidegate/dpdk.h>

/** Packets converted together: the engine's own group size. */
#define TG_BURST 32
/** Segments of one packet at most: 64 KiB in segments of 2 KiB. */
#define TG_PKT_SEGS 32
/** Segments after the first, over all packets of a burst. */
#define TG_BURST_SEGS 64
/** Bytes that must be contiguous at the start: all headers the engine looks at. */
#define TG_HEADER_BYTES 256

/** Packets on their way through the engine. */
struct tg_rx_burst {
	unsigned n;                           /**< packets */
	unsigned segs;                        /**< entries used in seg */
	struct tg_pkt pkt[TG_BURST];          /**< what the engine gets */
	struct tg_pkt seg[TG_BURST_SEGS];     /**< second and later segments */
	struct rte_mbuf *mseg[TG_BURST_SEGS]; /**< their mbufs */
	struct rte_mbuf *m[TG_BURST];         /**< first segments */
	struct rte_mbuf *original[TG_BURST];  /**< of which m is a copy, or NULL */
	uint16_t first_seg[TG_BURST];         /**< first index in seg */
	uint16_t nb_segs[TG_BURST];           /**< segments, the first included */
};

/** What became of an mbuf given to tg_rx_add(). */
enum tg_rx_added {
	TG_RX_ADDED,   /**< in the burst */
	TG_RX_FULL,    /**< no room: work the burst off and add it again */
	TG_RX_NO_COPY, /**< needed a copy and there was no buffer; still the caller's */
};

/** Whether nobody else looks at any of a chain's buffers: no indirect or shared segment. */
bool tg_mbuf_is_ours_alone(const struct rte_mbuf *m);

/** Empties a burst. */
static inline void
tg_rx_reset(struct tg_rx_burst *b)
{
	b->n = 0;
	b->segs = 0;
}

/** A segment as the engine sees it, with nothing said of it yet. */
static inline void
tg_rx_describe(struct tg_pkt *p, const struct rte_mbuf *m, uint16_t port)
{
	p->buf = (void *)(uintptr_t)m;
	p->data = rte_pktmbuf_mtod(m, uint8_t *);
	p->next = NULL;
	p->len = m->data_len;
	p->headroom = m->data_off;
	p->tailroom = (uint16_t)(m->buf_len - m->data_off - m->data_len);
	p->port = port;
	p->flags = 0;
	p->vlan_tci = 0;
	p->l2_len = 0;
	p->l4_len = 0;
	p->l3_len = 0;
}

/** tg_rx_add() of any mbuf. */
enum tg_rx_added tg_rx_add_any(
	struct tg_rx_burst *b, struct rte_mbuf *m, uint16_t port, struct rte_mempool *pool);

/**
 * Adds a received mbuf. Inline for those of one segment that nobody else has and of which the port
 * says nothing: two calls for each packet were a third of all the glue.
 *
 * @param pool  where a copy comes from, when one is needed
 */
static inline enum tg_rx_added
tg_rx_add(struct tg_rx_burst *b, struct rte_mbuf *m, uint16_t port, struct rte_mempool *pool)
{
	const uint64_t said = RTE_MBUF_F_RX_IP_CKSUM_MASK | RTE_MBUF_F_RX_L4_CKSUM_MASK |
		RTE_MBUF_F_RX_VLAN_STRIPPED | RTE_MBUF_F_RX_QINQ_STRIPPED | RTE_MBUF_F_INDIRECT |
		RTE_MBUF_F_EXTERNAL;
	unsigned i = b->n;

	if (unlikely(i == TG_BURST || m->nb_segs != 1 || (m->ol_flags & said) != 0 ||
		    b->segs + TG_PKT_SEGS > TG_BURST_SEGS + 1 || rte_mbuf_refcnt_read(m) != 1))
		return tg_rx_add_any(b, m, port, pool);
	tg_rx_describe(&b->pkt[i], m, port);
	rte_prefetch0(b->pkt[i].data);
	b->pkt[i].vlan_tci = m->vlan_tci;
	b->m[i] = m;
	b->original[i] = NULL;
	b->nb_segs[i] = 1;
	b->n = i + 1;
	return TG_RX_ADDED;
}

/** After TG_PASS: the mbuf as it was received. */
struct rte_mbuf *tg_rx_pass(struct tg_rx_burst *b, unsigned i);

/** After TG_DROP: the mbuf to free, chained again (a copy's original is freed here). */
struct rte_mbuf *tg_rx_drop(struct tg_rx_burst *b, unsigned i);

/** After TG_KEEP: the number of mbufs that are the engine's now (a copy's original is freed). */
unsigned tg_rx_keep(struct tg_rx_burst *b, unsigned i);

/** The segment's place and length in its mbuf. */
static inline void
tg_mbuf_lengths(struct rte_mbuf *m, const struct tg_pkt *p)
{
	m->data_off = (uint16_t)(p->data - (uint8_t *)m->buf_addr);
	m->data_len = p->len;
}

/** tg_rx_reply() of any packet. */
struct rte_mbuf *tg_rx_reply_any(struct tg_rx_burst *b, unsigned i, bool tx_vlan);

/**
 * After TG_REPLY: the mbuf to send.
 *
 * @param tx_vlan  as tg_tx_mbuf()
 * @return NULL when a tag found no headroom (freed)
 */
static inline struct rte_mbuf *
tg_rx_reply(struct tg_rx_burst *b, unsigned i, bool tx_vlan)
{
	const struct tg_pkt *p = &b->pkt[i];
	struct rte_mbuf *m = b->m[i];

	if (unlikely(b->nb_segs[i] != 1 || b->original[i] != NULL ||
		    (p->flags & (TG_TX_IP_CSUM | TG_TX_TCP_CSUM | TG_PKT_VLAN_STRIPPED)) != 0))
		return tg_rx_reply_any(b, i, tx_vlan);
	tg_mbuf_lengths(m, p);
	m->pkt_len = m->data_len;
	m->tx_offload = 0;
	m->ol_flags = 0;
	return m;
}

/**
 * A packet of tg_engine_output() as an mbuf, offload flags set.
 *
 * @param p        one buffer, an mbuf of tg_env.buf_alloc: a single segment
 * @param tx_vlan  the port inserts a tag itself; else it is written into the packet
 * @return the mbuf; NULL when a tag found no headroom (freed)
 */
struct rte_mbuf *tg_tx_mbuf(const struct tg_pkt *p, bool tx_vlan);

#endif
