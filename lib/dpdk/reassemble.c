/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Notes kept in the mbufs while the table has them: l3_len is not 0 in the first segment of each
 * fragment and 0 in all others, so fragments in a chain can be counted; hash.usr has the fragment's
 * ECN bits.
 */
#include <string.h>

#include <rte_ip_frag.h>
#include <rte_malloc.h>
#include <rte_prefetch.h>

#include "fragment.h"
#include "mbuf.h"
#include "reassemble.h"

/* Places of a bucket: with a place for two datagrams each, two full buckets are a rare thing. */
#define BUCKET_PLACES 8
/* mbufs prefetched while others are freed. */
#define FREE_AHEAD 3
/* ECN bits of a packet that met congestion (RFC 3168 5). */
#define ECN_CE 3

struct tg_reassembly {
	struct rte_ip_frag_tbl *table;
	const struct tg_engine *engine;
	struct tg_glue_counts *count;
	struct rte_mempool *pool;
	uint64_t held; /* fragments in the table */
	bool low;      /* buffers are short */
	struct rte_ip_frag_death_row row;
};

struct tg_reassembly *
tg_reassembly_create(const struct tg_engine *engine, struct tg_glue_counts *count,
	struct rte_mempool *pool, uint32_t max, uint32_t timeout_ms, int socket_id)
{
	uint32_t buckets = (max + BUCKET_PLACES - 1) / BUCKET_PLACES;
	struct tg_reassembly *r =
		rte_zmalloc_socket("tidegate", sizeof(*r), RTE_CACHE_LINE_SIZE, socket_id);

	if (r == NULL)
		return NULL;
	/* The table only compares and adds times: its cycles are our nanoseconds. */
	r->table = rte_ip_frag_table_create(
		buckets, BUCKET_PLACES, max, timeout_ms * TG_MSEC, socket_id);
	if (r->table == NULL) {
		rte_free(r);
		return NULL;
	}
	r->engine = engine;
	r->count = count;
	r->pool = pool;
	return r;
}

void
tg_reassembly_destroy(struct tg_reassembly *r)
{
	if (r == NULL)
		return;
	rte_ip_frag_free_death_row(&r->row, FREE_AHEAD);
	rte_ip_frag_table_destroy(r->table);
	rte_free(r);
}

uint64_t
tg_reassembly_held(const struct tg_reassembly *r)
{
	return __atomic_load_n(&r->held, __ATOMIC_RELAXED);
}

/* Fragments a chain was made of. */
static unsigned
fragments_in(const struct rte_mbuf *m)
{
	unsigned n = 0;

	for (; m != NULL; m = m->next)
		n += m->l3_len != 0;
	return n;
}

/* Whether a segment is part of what the table gave up. */
static bool
on_row(const struct rte_ip_frag_death_row *row, const struct rte_mbuf *m)
{
	for (uint32_t i = 0; i < row->cnt; i++)
		for (const struct rte_mbuf *s = row->row[i]; s != NULL; s = s->next)
			if (s == m)
				return true;
	return false;
}

/* Frees what the table gave up. Returns how many fragments that were. */
static unsigned
free_row(struct tg_reassembly *r)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < r->row.cnt; i++)
		n += fragments_in(r->row.row[i]);
	r->held -= n;
	rte_ip_frag_free_death_row(&r->row, FREE_AHEAD);
	return n;
}

/*
 * The table says nothing about why it gave up, but it can be told: with the newest fragment among
 * what it gave up, alone, there was no place; with others of its datagram, they do not fit. Without
 * it, an older datagram had timed out and made room.
 */
static void
settle(struct tg_reassembly *r, const struct rte_mbuf *newest)
{
	bool refused;
	unsigned n;

	if (likely(r->row.cnt == 0))
		return;
	refused = on_row(&r->row, newest);
	n = free_row(r);
	if (!refused)
		r->count->fragments_drop_timeout += n;
	else if (n == 1)
		r->count->fragments_drop_no_room++;
	else
		r->count->fragments_drop_overlap += n;
}

/*
 * What the fragments' ECN bits come to (RFC 3168 5.3): CE in one is CE for all, unless another one
 * said that its sender knows no ECN. Returns false when they contradict each other.
 */
static bool
merge_ecn(const struct rte_mbuf *m, bool *ce)
{
	bool not_ect = false;

	*ce = false;
	for (; m != NULL; m = m->next) {
		if (m->l3_len == 0)
			continue;
		*ce |= m->hash.usr == ECN_CE;
		not_ect |= m->hash.usr == 0;
	}
	return !(*ce && not_ect);
}

/* Makes an ordinary received packet of a chain the table has put together. */
static struct rte_mbuf *
finish(struct tg_reassembly *r, struct rte_mbuf *m, const struct tg_fragment *f)
{
	unsigned n = fragments_in(m);
	void *ip;
	bool ce;

	r->held -= n;
	if (!merge_ecn(m, &ce)) {
		r->count->fragments_drop_bad += n;
		rte_pktmbuf_free(m);
		return NULL;
	}
	ip = rte_pktmbuf_mtod_offset(m, void *, m->l2_len);
	if (f->ip_version == 4) {
		struct rte_ipv4_hdr *v4 = ip;

		if (ce)
			v4->type_of_service |= ECN_CE;
		v4->hdr_checksum = 0;
		v4->hdr_checksum = rte_ipv4_cksum(v4);
	} else if (ce) {
		((struct rte_ipv6_hdr *)ip)->vtc_flow |=
			rte_cpu_to_be_32((uint32_t)ECN_CE << RTE_IPV6_HDR_TC_SHIFT);
	}
	/* What the port said was said of a fragment. */
	m->ol_flags &= ~(
		RTE_MBUF_F_RX_IP_CKSUM_MASK | RTE_MBUF_F_RX_L4_CKSUM_MASK | RTE_MBUF_F_RX_RSS_HASH);
	m->packet_type = RTE_PTYPE_UNKNOWN;
	for (struct rte_mbuf *s = m; s != NULL; s = s->next)
		s->tx_offload = 0;
	r->count->fragments_used += n;
	r->count->fragments_reassembled++;
	return m;
}

/*
 * A fragment with nothing before and nothing behind it (RFC 6946): is never put together with
 * others of its identification. Loses its fragment header.
 */
static struct rte_mbuf *
unwrap(struct tg_reassembly *r, struct rte_mbuf *m, const struct tg_fragment *f)
{
	const uint16_t ext = sizeof(struct rte_ipv6_fragment_ext);
	uint8_t *d = rte_pktmbuf_mtod(m, uint8_t *);
	struct rte_ipv6_hdr *ip;

	memmove(d + ext, d, f->l2_len + sizeof(*ip));
	rte_pktmbuf_adj(m, ext);
	ip = rte_pktmbuf_mtod_offset(m, struct rte_ipv6_hdr *, f->l2_len);
	ip->proto = IPPROTO_TCP;
	ip->payload_len = rte_cpu_to_be_16(f->len);
	m->l2_len = f->l2_len;
	return finish(r, m, f);
}

/* Cuts off what stands behind the IP packet. False when that is more than padding. */
static bool
cut_padding(struct rte_mbuf *m, const struct tg_fragment *f)
{
	uint32_t end = (uint32_t)f->l2_len + f->l3_len + f->len;

	return m->pkt_len == end || rte_pktmbuf_trim(m, (uint16_t)(m->pkt_len - end)) == 0;
}

/* Leaves the notes that are described above. */
static void
mark(struct rte_mbuf *m, const struct tg_fragment *f)
{
	for (struct rte_mbuf *s = m; s != NULL; s = s->next)
		s->tx_offload = 0;
	m->l2_len = f->l2_len;
	m->l3_len = f->l3_len;
	m->hash.usr = f->ecn;
}

/* Takes one fragment. Returns the datagram when it was the last one missing, else NULL. */
static struct rte_mbuf *
collect(struct tg_reassembly *r, struct rte_mbuf *m, const struct tg_fragment *f, tg_time now)
{
	struct rte_mbuf *whole;
	void *ip;

	mark(m, f);
	r->held++;
	if (f->ip_version == 6 && f->off == 0 && !f->more)
		return unwrap(r, m, f);
	ip = rte_pktmbuf_mtod_offset(m, void *, f->l2_len);
	if (f->ip_version == 4)
		whole = rte_ipv4_frag_reassemble_packet(r->table, &r->row, m, now, ip);
	else
		whole = rte_ipv6_frag_reassemble_packet(
			r->table, &r->row, m, now, ip, (void *)((struct rte_ipv6_hdr *)ip + 1));
	settle(r, m);
	return whole != NULL ? finish(r, whole, f) : NULL;
}

/* Receives one packet. Returns what the engine should see in its place, or NULL. */
static struct rte_mbuf *
receive(struct tg_reassembly *r, struct rte_mbuf *m, tg_time now)
{
	struct tg_fragment f;
	uint64_t *drop = NULL;

	if (!tg_fragment_find(m, &f) || !tg_engine_has_addr(r->engine, &f.dst))
		return m;
	r->count->fragments_received++;
	switch (tg_fragment_judge(m, &f)) {
	case TG_FRAGMENT_TINY:
		drop = &r->count->fragments_drop_tiny;
		break;
	case TG_FRAGMENT_BAD:
		drop = &r->count->fragments_drop_bad;
		break;
	case TG_FRAGMENT_GOOD:
		if (unlikely(r->low)) {
			drop = &r->count->fragments_drop_no_room;
			break;
		}
		/* The table writes into its mbufs, and answers are written over them. */
		if (!tg_mbuf_is_ours_alone(m)) {
			struct rte_mbuf *copy = rte_pktmbuf_copy(m, r->pool, 0, UINT32_MAX);

			if (copy == NULL) {
				drop = &r->count->fragments_drop_no_room;
				break;
			}
			rte_pktmbuf_free(m);
			m = copy;
		}
		if (cut_padding(m, &f))
			return collect(r, m, &f, now);
		drop = &r->count->fragments_drop_bad;
		break;
	}
	++*drop;
	rte_pktmbuf_free(m);
	return NULL;
}

uint16_t
tg_reassembly_burst(struct tg_reassembly *r, struct rte_mbuf *pkts[], uint16_t n, tg_time now)
{
	uint16_t left = 0;

	/* The look below is the first touch of the packets: none of them should wait for memory. */
	for (uint16_t i = 0; i < n; i++)
		rte_prefetch0(rte_pktmbuf_mtod(pkts[i], void *));
	for (uint16_t i = 0; i < n; i++) {
		struct rte_mbuf *m = pkts[i];

		if (unlikely(tg_fragment_maybe(m)))
			m = receive(r, m, now);
		if (likely(m != NULL))
			pkts[left++] = m;
	}
	return left;
}

void
tg_reassembly_set_low(struct tg_reassembly *r, bool low)
{
	r->low = low;
}

void
tg_reassembly_expire(struct tg_reassembly *r, tg_time now)
{
	if (likely(r->held == 0))
		return;
	rte_ip_frag_table_del_expired_entries(r->table, &r->row, now);
	r->count->fragments_drop_timeout += free_row(r);
}

void
tg_reassembly_flush(struct tg_reassembly *r)
{
	uint64_t before;

	do {
		before = r->held;
		tg_reassembly_expire(r, UINT64_MAX);
	} while (r->held != before);
}
