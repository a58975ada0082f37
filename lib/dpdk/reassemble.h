/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_DPDK_REASSEMBLE_H
#define TG_DPDK_REASSEMBLE_H
/**
 * @file
 * IP reassembly in front of an engine, with DPDK's fragment table (librte_ip_frag).
 *
 * Fragments of TCP segments for local addresses are taken out of a burst and collected; when the
 * last one of a datagram is there, the datagram takes its place. Everything else stays as it is:
 * fragments that are damaged, of other protocols or for others are the engine's to count or pass
 * on.
 *
 * Bounded: `max` datagrams, each of RTE_LIBRTE_IP_FRAG_MAX_FRAG fragments (8 as Debian builds it).
 * What the table does by itself: a set whose fragments overlap, repeat, leave a hole between the
 * first and the last, or are too many, is dropped as a whole (so nothing can overwrite what came
 * before, RFC 5722); when no place is free, or the two hash buckets a datagram may be in are full,
 * the new fragment is dropped, never an old one.
 */
#include <tidegate/dpdk.h>

/** Counts and fragments of one shard. */
struct tg_reassembly;

/**
 * Makes an empty table.
 *
 * @param engine      tells local addresses; must outlive the table
 * @param count       its fragments_ fields are counted up
 * @param pool        where copies of shared mbufs come from
 * @param max         datagrams at a time, 1 to 65536
 * @param timeout_ms  age at which an incomplete one is dropped, 1 to 2^31 - 1
 * @return NULL: no memory
 */
struct tg_reassembly *tg_reassembly_create(const struct tg_engine *engine,
	struct tg_glue_counts *count, struct rte_mempool *pool, uint32_t max, uint32_t timeout_ms,
	int socket_id);

/** Frees the table and every mbuf in it. NULL does nothing. */
void tg_reassembly_destroy(struct tg_reassembly *r);

/**
 * Takes fragments out of a burst and puts whole datagrams in.
 *
 * A datagram is a chain with its headers in the first segment, lengths and IPv4 checksum of one
 * piece, and without the port's checksum verdicts.
 *
 * @param pkts  n mbufs; what is left stands at the start, in order
 * @return mbufs left
 */
uint16_t tg_reassembly_burst(
	struct tg_reassembly *r, struct rte_mbuf *pkts[], uint16_t n, tg_time now);

/** While buffers are short no fragment is taken in: fragments_drop_no_room. Off at first. */
void tg_reassembly_set_low(struct tg_reassembly *r, bool low);

/** Drops some of what is too old: about 30 datagrams at most. Call once a turn. */
void tg_reassembly_expire(struct tg_reassembly *r, tg_time now);

/** Drops all fragments held; they count as timed out. */
void tg_reassembly_flush(struct tg_reassembly *r);

/** Fragments held now. */
uint64_t tg_reassembly_held(const struct tg_reassembly *r);

#endif
