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

/**
 * Adds a received mbuf.
 *
 * @param pool  where a copy comes from, when one is needed
 */
enum tg_rx_added tg_rx_add(
	struct tg_rx_burst *b, struct rte_mbuf *m, uint16_t port, struct rte_mempool *pool);

/** After TG_PASS: the mbuf as it was received. */
struct rte_mbuf *tg_rx_pass(struct tg_rx_burst *b, unsigned i);

/** After TG_DROP: the mbuf to free, chained again (a copy's original is freed here). */
struct rte_mbuf *tg_rx_drop(struct tg_rx_burst *b, unsigned i);

/** After TG_KEEP: the number of mbufs that are the engine's now (a copy's original is freed). */
unsigned tg_rx_keep(struct tg_rx_burst *b, unsigned i);

/**
 * After TG_REPLY: the mbuf to send.
 *
 * @param tx_vlan  as tg_tx_mbuf()
 * @return NULL when a tag found no headroom (freed)
 */
struct rte_mbuf *tg_rx_reply(struct tg_rx_burst *b, unsigned i, bool tx_vlan);

/**
 * A packet of tg_engine_output() as an mbuf, offload flags set.
 *
 * @param p        one buffer, an mbuf of tg_env.buf_alloc: a single segment
 * @param tx_vlan  the port inserts a tag itself; else it is written into the packet
 * @return the mbuf; NULL when a tag found no headroom (freed)
 */
struct rte_mbuf *tg_tx_mbuf(const struct tg_pkt *p, bool tx_vlan);

#endif
