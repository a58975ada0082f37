/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fragments before a shard: what is put together comes to the worker byte for byte, what does not
 * fit is dropped for a reason that has a name, and whatever comes, every fragment is accounted for
 * and every mbuf comes back.
 */
#include <errno.h>
#include <string.h>

#include <rte_ip_frag.h>

#include "client.h"

#define PORT    5
#define TABLE   16   /* datagrams */
#define TIMEOUT 5000 /* ms */
#define RESERVE 64   /* buffers */
#define DATA    3000 /* bytes of a segment: more than fits into one mbuf */

/* A datagram before it is cut: what stands before its payload, and the payload. */
struct datagram {
	uint8_t head[64];
	uint16_t l2_len, head_len;
	uint8_t payload[20 + DATA];
	uint16_t len;
	bool ipv6;
};

static uint8_t data[DATA];
static struct rte_mempool *pool;
static struct tg_shard *shard;
static struct tg_worker *worker;
static tg_listener listener;
static tg_conn conn;
static uint32_t next_ack;
static uint64_t given; /* packets given to the shard */
static tg_time now;

static struct tg_glue_counts
counts(void)
{
	struct tg_shard_stats st;

	tg_shard_get_stats(shard, &st);
	return st.count;
}

static uint64_t
held(void)
{
	struct tg_shard_stats st;

	tg_shard_get_stats(shard, &st);
	return st.fragments_held;
}

/* The equations of docs/counters.md. */
static void
accounted(void)
{
	const struct tg_counters *c = tg_engine_counters(tg_shard_engine(shard));
	struct tg_glue_counts g = counts();
	uint64_t sum = 0;

	for (unsigned i = 0; i < TG_DISP_COUNT; i++)
		sum += c->disposition[i];
	assert_int_equal(c->received, sum);
	assert_int_equal(
		given, c->received + g.rx_no_copy + g.fragments_received - g.fragments_reassembled);
	assert_int_equal(g.fragments_received,
		g.fragments_used + held() + g.fragments_drop_bad + g.fragments_drop_tiny +
			g.fragments_drop_overlap + g.fragments_drop_no_room +
			g.fragments_drop_timeout);
}

/* Whose shard keeps so many buffers in reserve. */
static int
set_up_reserve(void **state, uint32_t reserve)
{
	struct tg_shard_config sc = {.pool = *state,
		.reserve = reserve,
		.reassemble = true,
		.fragments_max = TABLE,
		.fragments_timeout_ms = TIMEOUT};
	struct tg_addr v6 = {{0x20, 0x01, 0x0d, 0xb8, [15] = 1}};
	static unsigned runs;

	pool = *state;
	now = TG_SEC;
	shard = client_shard_of(&sc, PORT);
	assert_int_equal(tg_engine_add_addr(tg_shard_engine(shard), PORT, &v6, 64), 0);
	worker = client_listen(shard, &runs, &listener);
	next_ack = client_connect(shard, PORT, *state, now);
	assert_int_equal(tg_accept(worker, listener, &conn, 1), 1);
	given = 2;
	return 0;
}

static int
set_up(void **state)
{
	return set_up_reserve(state, 0);
}

static int
set_up_with_reserve(void **state)
{
	return set_up_reserve(state, RESERVE);
}

static int
tear_down(void **state)
{
	(void)state;
	accounted();
	tg_shard_destroy(shard);
	return test_in_use(pool) == 0 ? 0 : -1;
}

static void
give(struct rte_mbuf *m)
{
	given++;
	assert_int_equal(tg_shard_input(shard, PORT, &m, 1, &m, now), 0);
}

/* The connection's next data segment, DATA bytes of a pattern, IPv4. */
static void
next_segment(struct datagram *d)
{
	struct rte_mbuf *m =
		client_tcp(pool, RTE_TCP_ACK_FLAG | RTE_TCP_PSH_FLAG, 1001, next_ack, NULL, 0);
	struct client_frame f = *rte_pktmbuf_mtod(m, struct client_frame *);
	uint8_t packet[sizeof(f.ip) + sizeof(d->payload)];

	rte_pktmbuf_free(m);
	memset(d, 0, sizeof(*d));
	f.ip.total_length = rte_cpu_to_be_16((uint16_t)sizeof(packet));
	f.tcp.cksum = 0;
	memcpy(packet, &f.ip, sizeof(f.ip));
	memcpy(packet + sizeof(f.ip), &f.tcp, sizeof(f.tcp));
	memcpy(packet + sizeof(f.ip) + sizeof(f.tcp), data, DATA);
	f.tcp.cksum = rte_ipv4_udptcp_cksum((struct rte_ipv4_hdr *)packet, packet + sizeof(f.ip));
	d->l2_len = sizeof(f.eth);
	d->head_len = sizeof(f.eth) + sizeof(f.ip);
	memcpy(d->head, &f, d->head_len);
	memcpy(d->payload, &f.tcp, sizeof(f.tcp));
	memcpy(d->payload + sizeof(f.tcp), data, DATA);
	d->len = sizeof(f.tcp) + DATA;
}

/* A SYN over IPv6 with padding behind its header, so that it can be cut. */
static void
syn_v6(struct datagram *d)
{
	struct datagram v4;
	struct rte_ipv6_hdr ip = {
		.vtc_flow = RTE_BE32(6u << 28), .proto = IPPROTO_TCP, .hop_limits = 64};
	struct rte_tcp_hdr *tcp = (struct rte_tcp_hdr *)d->payload;

	next_segment(&v4);
	memset(d, 0, sizeof(*d));
	d->ipv6 = true;
	d->l2_len = 14;
	d->head_len = 14 + sizeof(ip) + sizeof(struct rte_ipv6_fragment_ext);
	memcpy(d->head, v4.head, 12);
	memcpy(d->head + 12, "\x86\xdd", 2);
	memcpy(ip.src_addr, "\x20\x01\x0d\xb8", 4);
	memcpy(ip.dst_addr, "\x20\x01\x0d\xb8", 4);
	ip.src_addr[15] = 2;
	ip.dst_addr[15] = 1;
	d->len = 400;
	memcpy(d->payload, v4.payload, sizeof(*tcp));
	tcp->tcp_flags = RTE_TCP_SYN_FLAG;
	tcp->cksum = 0;
	ip.payload_len = rte_cpu_to_be_16(d->len);
	tcp->cksum = rte_ipv6_udptcp_cksum(&ip, tcp);
	memcpy(d->head + 14, &ip, sizeof(ip));
}

/* Puts VLAN tags into the head of a datagram. */
static void
tag(struct datagram *d, uint16_t type, uint16_t vid)
{
	uint8_t t[4] = {(uint8_t)(type >> 8), (uint8_t)type, (uint8_t)(vid >> 8), (uint8_t)vid};

	memmove(d->head + 16, d->head + 12, d->head_len - 12);
	memcpy(d->head + 12, t, 4);
	d->l2_len += 4;
	d->head_len += 4;
}

/* A fragment that says `off`, `len` and `more`, with the bytes that stand there. */
static struct rte_mbuf *
piece_ecn(const struct datagram *d, uint16_t id, uint16_t off, uint16_t len, bool more, uint8_t ecn)
{
	uint8_t bytes[64 + sizeof(d->payload)] = {0};
	uint8_t *ip = bytes + d->l2_len;

	memcpy(bytes, d->head, d->head_len);
	if (off + len <= (int)sizeof(d->payload))
		memcpy(bytes + d->head_len, d->payload + off, len);
	if (d->ipv6) {
		struct rte_ipv6_hdr *h = (struct rte_ipv6_hdr *)ip;
		struct rte_ipv6_fragment_ext *x = (struct rte_ipv6_fragment_ext *)(h + 1);

		h->proto = IPPROTO_FRAGMENT;
		h->payload_len = rte_cpu_to_be_16((uint16_t)(len + sizeof(*x)));
		h->vtc_flow |= rte_cpu_to_be_32((uint32_t)ecn << 20);
		x->next_header = IPPROTO_TCP;
		x->reserved = 0;
		x->frag_data = rte_cpu_to_be_16((uint16_t)(off | more));
		x->id = id;
	} else {
		struct rte_ipv4_hdr *h = (struct rte_ipv4_hdr *)ip;

		h->total_length = rte_cpu_to_be_16((uint16_t)(sizeof(*h) + len));
		h->packet_id = id;
		h->fragment_offset = rte_cpu_to_be_16((uint16_t)(off / 8 | more << 13));
		h->type_of_service = ecn;
		h->hdr_checksum = 0;
		h->hdr_checksum = rte_ipv4_cksum(h);
	}
	return test_mbuf(pool, bytes, (uint16_t)(d->head_len + len));
}

static struct rte_mbuf *
piece(const struct datagram *d, uint16_t id, uint16_t off, uint16_t len, bool more)
{
	return piece_ecn(d, id, off, len, more, 0);
}

/* Gives a datagram's fragments of `size` bytes in an order: the n-th is order[n]. */
static void
give_pieces(const struct datagram *d, uint16_t id, uint16_t size, const uint8_t order[], unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint16_t off = order[i] * size;
		bool more = off + size < d->len;

		give(piece(d, id, off, more ? size : d->len - off, more));
	}
}

/* The worker has got the whole segment, once; the next one follows it. */
static void
delivered(void)
{
	static uint8_t got[DATA + 1];

	assert_int_equal(tg_recv(worker, conn, got, sizeof(got)), DATA);
	assert_memory_equal(got, data, DATA);
}

static void
puts_data_together_in_any_order(void **state)
{
	static const uint8_t orders[][4] = {{0, 1, 2}, {2, 1, 0}, {1, 2, 0}, {2, 0, 1}};

	(void)state;
	for (unsigned i = 0; i < RTE_DIM(orders); i++) {
		struct datagram d;

		tear_down(&(void *){pool});
		set_up(&(void *){pool});
		next_segment(&d);
		give_pieces(&d, 7, 1200, orders[i], 3);
		delivered();
		assert_int_equal(counts().fragments_used, 3);
		assert_int_equal(counts().fragments_reassembled, 1);
		assert_int_equal(held(), 0);
		accounted();
	}
}

static void
behind_one_and_two_tags(void **state)
{
	static const uint8_t order[] = {2, 1, 0};
	struct rte_mbuf *m;
	struct datagram d;

	(void)state;
	next_segment(&d);
	tag(&d, RTE_ETHER_TYPE_VLAN, 5);
	tag(&d, RTE_ETHER_TYPE_QINQ, 6);
	give_pieces(&d, 7, 1200, order, 3);
	delivered();
	/* Three tags are none of ours. */
	next_segment(&d);
	for (unsigned i = 0; i < 3; i++)
		tag(&d, RTE_ETHER_TYPE_VLAN, 5);
	m = piece(&d, 8, 0, 1200, true);
	given++;
	assert_int_equal(tg_shard_input(shard, PORT, &m, 1, &m, now), 1);
	rte_pktmbuf_free(m);
	assert_int_equal(counts().fragments_received, 3);
}

static void
puts_ipv6_together(void **state)
{
	static const uint8_t order[] = {1, 0};
	const struct tg_counters *c = tg_engine_counters(tg_shard_engine(shard));
	struct datagram d;
	struct rte_mbuf *m;

	(void)state;
	syn_v6(&d);
	give_pieces(&d, 7, 200, order, 2);
	assert_int_equal(counts().fragments_reassembled, 1);
	/* No listener for IPv6 here: a RST, since the SYN was understood. */
	assert_int_equal(tg_shard_output(shard, PORT, &m, 1, now), 1);
	rte_pktmbuf_free(m);
	assert_int_equal(c->event[TG_CNT_OUT_RSTS], 1);
}

static void
an_ipv6_datagram_of_one_fragment_waits_for_nobody(void **state)
{
	struct rte_mbuf *m;
	struct datagram d;

	(void)state;
	syn_v6(&d);
	give(piece(&d, 7, 0, 200, true));
	/* The same identification, but a datagram of its own (RFC 6946). */
	give(piece(&d, 7, 0, d.len, false));
	assert_int_equal(counts().fragments_reassembled, 1);
	assert_int_equal(held(), 1);
	assert_int_equal(tg_shard_output(shard, PORT, &m, 1, now), 1);
	rte_pktmbuf_free(m);
}

/* ::ffff:192.0.2.1 on the wire is not our IPv4 address, though it is written like it inside. */
static void
a_v4_mapped_destination_is_not_ours(void **state)
{
	const struct tg_counters *c = tg_engine_counters(tg_shard_engine(shard));
	struct tg_addr v4 = tg_addr_v4(192, 0, 2, 1);
	struct datagram d;

	(void)state;
	assert_true(tg_engine_has_addr(tg_shard_engine(shard), &v4));
	syn_v6(&d);
	memcpy(d.head + 14 + offsetof(struct rte_ipv6_hdr, dst_addr), &v4, sizeof(v4));
	give(piece(&d, 7, 0, 200, true));
	assert_int_equal(counts().fragments_received, 0);
	assert_int_equal(held(), 0);
	assert_int_equal(c->disposition[TG_DISP_DROP_IP_HEADER], 1);
}

static void
other_packets_pass_by_unchanged_and_in_order(void **state)
{
	const struct tg_counters *c = tg_engine_counters(tg_shard_engine(shard));
	struct rte_mbuf *in[6], *out[6];
	struct datagram d, other;
	struct rte_ipv4_hdr *ip;

	(void)state;
	next_segment(&d);
	other = d;
	ip = (struct rte_ipv4_hdr *)(other.head + 14);
	ip->dst_addr = rte_cpu_to_be_32(0xc0000209u); /* 192.0.2.9, somebody else */
	in[0] = client_udp(pool);
	in[1] = piece(&d, 7, 0, 1200, true);
	in[2] = piece(&other, 7, 0, 1200, true);
	in[3] = client_udp(pool);
	/* For us, but UDP; and one whose header was damaged. */
	in[4] = piece(&d, 9, 0, 1200, true);
	ip = rte_pktmbuf_mtod_offset(in[4], struct rte_ipv4_hdr *, 14);
	ip->next_proto_id = IPPROTO_UDP;
	ip->hdr_checksum = 0;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	in[5] = piece(&d, 7, 1200, 1200, true);
	rte_pktmbuf_mtod_offset(in[5], struct rte_ipv4_hdr *, 14)->time_to_live++;
	memcpy(out, in, sizeof(out));
	given += 6;
	assert_int_equal(tg_shard_input(shard, PORT, out, 6, out, now), 4);
	assert_ptr_equal(out[0], in[0]);
	assert_ptr_equal(out[1], in[2]);
	assert_ptr_equal(out[2], in[3]);
	assert_ptr_equal(out[3], in[4]);
	rte_pktmbuf_free_bulk(out, 4);
	assert_int_equal(counts().fragments_received, 1);
	assert_int_equal(held(), 1);
	assert_int_equal(c->disposition[TG_DISP_DROP_FRAGMENT], 0);
	assert_int_equal(c->disposition[TG_DISP_DROP_IP_CSUM], 1);
}

static void
what_overlaps_is_dropped_as_a_whole(void **state)
{
	static const struct {
		uint16_t off[4], len[4];
		unsigned n;
	} cases[] = {
		/* partly over the first, into the last, the same again, over the first again */
		{{0, 1192, 2392}, {1200, 1200, DATA + 20 - 2392}, 3},
		{{0, 1200, 2392}, {1200, 1200, DATA + 20 - 2392}, 3},
		{{0, 1200, 1200, 2400}, {1200, 1200, 1200, DATA + 20 - 2400}, 4},
		{{0, 0}, {1200, 1200}, 2},
		{{2400, 2400}, {DATA + 20 - 2400, DATA + 20 - 2400}, 2},
	};

	(void)state;
	for (unsigned i = 0; i < RTE_DIM(cases); i++) {
		uint64_t before = counts().fragments_drop_overlap;
		struct datagram d;
		uint8_t byte;

		next_segment(&d);
		for (unsigned k = 0; k < cases[i].n; k++)
			give(piece(&d, (uint16_t)(100 + i), cases[i].off[k], cases[i].len[k],
				cases[i].off[k] + cases[i].len[k] < d.len));
		assert_int_equal(counts().fragments_drop_overlap, before + cases[i].n);
		assert_int_equal(held(), 0);
		assert_int_equal(tg_recv(worker, conn, &byte, 1), -EAGAIN);
	}
	assert_int_equal(counts().fragments_reassembled, 0);
}

static void
nine_fragments_are_one_too_many(void **state)
{
	static const uint8_t order[] = {0, 1, 2, 3, 4, 5, 6, 7, 8};
	struct datagram d;

	(void)state;
	next_segment(&d);
	d.len = 8 * 360;
	give_pieces(&d, 7, 360, order, 8);
	assert_int_equal(counts().fragments_reassembled, 1);
	d.len = 9 * 320;
	give_pieces(&d, 8, 320, order, 9);
	assert_int_equal(counts().fragments_reassembled, 1);
	assert_int_equal(counts().fragments_drop_overlap, RTE_LIBRTE_IP_FRAG_MAX_FRAG + 1 - 1);
	assert_int_equal(held(), 1); /* the last one, which came too late to be dropped with them */
}

static void
single_fragments_that_cannot_be_right(void **state)
{
	static const struct {
		uint16_t off, len;
		bool more;
		bool tiny;
	} cases[] = {
		{0, 16, true, true},        /* half a TCP header */
		{8, 1200, true, true},      /* the other half */
		{16, 1200, true, true},     /* its last bytes */
		{0, 1201, true, false},     /* the next one cannot begin there */
		{1200, 0, true, false},     /* nothing in it */
		{1200, 0, false, false},    /* nothing, and the end */
		{65528, 100, false, false}, /* ends behind the largest datagram */
		{65528, 8, false, false},   /* the same with the header of the first */
	};
	struct datagram d;

	(void)state;
	next_segment(&d);
	for (unsigned i = 0; i < RTE_DIM(cases); i++) {
		struct tg_glue_counts before = counts();

		give(piece(&d, (uint16_t)i, cases[i].off, cases[i].len, cases[i].more));
		assert_int_equal(
			counts().fragments_drop_tiny, before.fragments_drop_tiny + cases[i].tiny);
		assert_int_equal(
			counts().fragments_drop_bad, before.fragments_drop_bad + !cases[i].tiny);
	}
	/* A header that says it is longer than the first fragment. */
	d.payload[12] = 0xf0;
	give(piece(&d, 99, 0, 56, true));
	assert_int_equal(counts().fragments_drop_tiny, 4);
	give(piece(&d, 99, 0, 64, true));
	assert_int_equal(counts().fragments_drop_tiny, 4);
	assert_int_equal(held(), 1);
}

static void
a_flood_of_first_fragments_is_bounded_and_ends(void **state)
{
	static const uint8_t order[] = {0, 1, 2};
	struct datagram d;

	(void)state;
	next_segment(&d);
	for (uint16_t i = 0; i < 500; i++)
		give(piece(&d, (uint16_t)(1000 + i), 0, 1200, true));
	assert_int_equal(held(), TABLE);
	assert_int_equal(counts().fragments_drop_no_room, 500 - TABLE);
	accounted();

	/* What is there is given up when its time has come, not before, by the turn alone. */
	now += TIMEOUT * TG_MSEC;
	tg_shard_turn(shard, now, 1);
	assert_int_equal(held(), TABLE);
	tg_shard_turn(shard, now + 1, 1);
	assert_int_equal(held(), 0);
	assert_int_equal(counts().fragments_drop_timeout, TABLE);
	now++;
	give_pieces(&d, 7, 1200, order, 3);
	delivered();
}

/* Without a turn in between the table itself notices, and says nothing. */
static void
what_timed_out_makes_room_and_is_counted_so(void **state)
{
	struct datagram d;

	(void)state;
	next_segment(&d);
	for (uint16_t i = 0; i < TABLE; i++)
		give(piece(&d, (uint16_t)(1000 + i), 0, 1200, true));
	assert_int_equal(held(), TABLE);
	now += TIMEOUT * TG_MSEC + 1;
	give(piece(&d, 7, 0, 1200, true));
	assert_int_equal(counts().fragments_drop_timeout, 1);
	assert_int_equal(counts().fragments_drop_no_room, 0);
	assert_int_equal(held(), TABLE);
	/* The same datagram again after its time: the old part of it goes. */
	give(piece(&d, 1000 + TABLE - 1, 0, 1200, true));
	accounted();
	tg_shard_drop_fragments(shard);
	assert_int_equal(held(), 0);
}

static void
stopping_frees_everything(void **state)
{
	struct datagram d;

	(void)state;
	next_segment(&d);
	for (uint16_t i = 0; i < TABLE; i++)
		for (unsigned k = 0; k < 7; k++)
			give(piece(&d, (uint16_t)(1000 + i), (uint16_t)(k * 400), 400, true));
	assert_int_equal(held(), 7 * TABLE);
	tg_shard_drop_fragments(shard);
	assert_int_equal(held(), 0);
	assert_int_equal(counts().fragments_drop_timeout, 7 * TABLE);
	tg_shard_drop_fragments(shard);
	/* And so does the end of a shard that still holds some. */
	give(piece(&d, 1, 0, 400, true));
	assert_int_equal(held(), 1);
}

static void
congestion_marks_are_merged(void **state)
{
	struct datagram d;
	uint8_t byte;

	(void)state;
	/* CE and "no ECN" in one datagram: somebody has tampered (RFC 3168 5.3). */
	next_segment(&d);
	give(piece_ecn(&d, 7, 0, 1200, true, 0));
	give(piece_ecn(&d, 7, 1200, (uint16_t)(d.len - 1200), false, 3));
	assert_int_equal(counts().fragments_drop_bad, 2);
	assert_int_equal(tg_recv(worker, conn, &byte, 1), -EAGAIN);
	give(piece_ecn(&d, 8, 0, 1200, true, 2));
	give(piece_ecn(&d, 8, 1200, (uint16_t)(d.len - 1200), false, 3));
	assert_int_equal(counts().fragments_reassembled, 1);
	delivered();
}

static void
shared_padded_and_split_mbufs(void **state)
{
	struct rte_mbuf *m, *shared;
	struct datagram d;

	(void)state;
	next_segment(&d);
	/* Somebody else still looks at the first one: it is copied and stays what it was. */
	shared = piece(&d, 7, 0, 1200, true);
	rte_mbuf_refcnt_update(shared, 1);
	give(shared);
	assert_int_equal(rte_mbuf_refcnt_read(shared), 1);
	assert_int_equal(shared->pkt_len, 34 + 1200);
	rte_pktmbuf_free(shared);
	/* The second one's bytes lie in two mbufs. */
	m = piece(&d, 7, 1200, 1600, true);
	rte_pktmbuf_trim(m, 800);
	test_append(pool, m, 0, 800);
	memcpy(rte_pktmbuf_mtod(m->next, void *), d.payload + 2000, 800);
	give(m);
	/* The last one is padded, as short frames are. */
	m = piece(&d, 7, 2800, (uint16_t)(d.len - 2800), false);
	memset(rte_pktmbuf_append(m, 20), 0xee, 20);
	give(m);
	delivered();
	/* More behind the packet than padding in one mbuf. */
	m = piece(&d, 8, 0, 1200, true);
	test_append(pool, m, 0xee, 30);
	test_append(pool, m, 0xee, 30);
	give(m);
	assert_int_equal(counts().fragments_drop_bad, 1);
}

static void
without_a_buffer_for_the_copy_the_fragment_is_lost(void **state)
{
	struct rte_mbuf *m, *all[TEST_MBUFS];
	struct datagram d;
	unsigned n;

	(void)state;
	next_segment(&d);
	m = piece(&d, 7, 0, 1200, true);
	rte_mbuf_refcnt_update(m, 1);
	n = rte_mempool_avail_count(pool);
	assert_int_equal(rte_pktmbuf_alloc_bulk(pool, all, n), 0);
	give(m);
	assert_int_equal(counts().fragments_drop_no_room, 1);
	rte_pktmbuf_free_bulk(all, n);
	rte_pktmbuf_free(m);
}

/* Fragments may wait for long; the reserve is for connections. */
static void
short_of_buffers_no_fragment_is_kept(void **state)
{
	struct rte_mbuf *all[TEST_MBUFS];
	struct datagram d;
	unsigned n;

	(void)state;
	next_segment(&d);
	tg_shard_turn(shard, now, 1);
	give(piece(&d, 7, 0, 1200, true));
	assert_int_equal(held(), 1);
	n = rte_mempool_avail_count(pool) - RESERVE / 2;
	assert_int_equal(rte_pktmbuf_alloc_bulk(pool, all, n), 0);
	tg_shard_turn(shard, now, 1);
	give(piece(&d, 7, 1200, 1200, true));
	assert_int_equal(counts().fragments_drop_no_room, 1);
	assert_int_equal(held(), 1);
	rte_pktmbuf_free_bulk(all, n);
	/* Buffers are back: what comes again completes the datagram that waits. */
	tg_shard_turn(shard, now, 1);
	give(piece(&d, 7, 1200, 1200, true));
	give(piece(&d, 7, 2400, d.len - 2400, false));
	delivered();
}

/* Random fragments of a few datagrams, most of which fit nowhere. */
static void
whatever_comes_is_accounted_for(void **state)
{
	uint64_t x = 88172645463325252u; /* xorshift64, so that every run is the same */
	struct datagram d[2];

	(void)state;
	next_segment(&d[0]);
	syn_v6(&d[1]);
	d[1].len = 400;
	for (unsigned i = 0; i < 50000; i++) {
		const struct datagram *one = &d[x >> 40 & 1];
		uint16_t off = (uint16_t)((x >> 8 & 7) * 56), len = (uint16_t)((x >> 12 & 3) * 56);
		struct rte_mbuf *m;

		if ((x >> 14 & 7) == 0)
			off = (uint16_t)(x >> 17);
		if ((x >> 50 & 15) == 0)
			off = 8;
		off &= 0xfff8;
		len += (x >> 41 & 15) == 0;
		m = piece_ecn(one, x >> 20 & 31, off, len, x >> 25 & 1, x >> 26 & 3);
		if ((x >> 28 & 63) == 0)
			rte_pktmbuf_trim(m, (uint16_t)((x >> 34) % m->pkt_len));
		give(m);
		/* Answers are not looked at, but must not pile up. */
		while (tg_shard_output(shard, PORT, &m, 1, now) == 1)
			rte_pktmbuf_free(m);
		assert_true(held() <= TABLE * RTE_LIBRTE_IP_FRAG_MAX_FRAG);
		if (i % 1000 == 0)
			accounted();
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		now += x % 20 * TG_MSEC;
		if (x % 50 == 0)
			tg_shard_turn(shard, now, 1);
	}
	assert_true(counts().fragments_reassembled > 10);
	assert_true(counts().fragments_drop_overlap > 100);
	assert_true(counts().fragments_drop_no_room > 100);
	assert_true(counts().fragments_drop_timeout > 100);
	assert_true(counts().fragments_drop_tiny > 100);
	assert_true(counts().fragments_drop_bad > 100);
}

static void
refuses_settings_out_of_range(void **state)
{
	static const struct {
		uint32_t max, timeout_ms;
	} cases[] = {{0, 1}, {65537, 1}, {1, 0}, {1, 1u << 31}};

	(void)state;
	for (unsigned i = 0; i < RTE_DIM(cases); i++) {
		struct tg_shard_config sc = {.pool = pool,
			.socket_id = SOCKET_ID_ANY,
			.reassemble = true,
			.fragments_max = cases[i].max,
			.fragments_timeout_ms = cases[i].timeout_ms};
		struct tg_shard *s;

		tg_engine_config_init(&sc.engine);
		sc.engine.max_conns = sc.engine.max_half_open = sc.engine.max_time_wait = 100;
		sc.engine.max_segments = 100;
		assert_int_equal(tg_shard_create(&sc, &s), -EINVAL);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(puts_data_together_in_any_order),
		TEST(behind_one_and_two_tags),
		TEST(puts_ipv6_together),
		TEST(an_ipv6_datagram_of_one_fragment_waits_for_nobody),
		TEST(a_v4_mapped_destination_is_not_ours),
		TEST(other_packets_pass_by_unchanged_and_in_order),
		TEST(what_overlaps_is_dropped_as_a_whole),
		TEST(nine_fragments_are_one_too_many),
		TEST(single_fragments_that_cannot_be_right),
		TEST(a_flood_of_first_fragments_is_bounded_and_ends),
		TEST(what_timed_out_makes_room_and_is_counted_so),
		TEST(stopping_frees_everything),
		TEST(congestion_marks_are_merged),
		TEST(shared_padded_and_split_mbufs),
		TEST(without_a_buffer_for_the_copy_the_fragment_is_lost),
		cmocka_unit_test_setup_teardown(
			short_of_buffers_no_fragment_is_kept, set_up_with_reserve, tear_down),
		TEST(whatever_comes_is_accounted_for),
		TEST(refuses_settings_out_of_range),
	};

	for (unsigned i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + i / 251);
	return cmocka_run_group_tests(tests, test_eal_setup, test_eal_teardown);
}
