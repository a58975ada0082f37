/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The exception path between two ports made of rings: what the "wire" and the "kernel" send and get
 * can be seen and filled up.
 */
#include <stdio.h>
#include <string.h>

#include <rte_eth_ring.h>
#include <rte_ethdev.h>

#include "client.h"
#include "exception.h"
#include "shard.h"

#define RATE     1000
#define BURST    64
#define PATIENCE (10 * TG_MSEC)
/* Packets a ring holds. */
#define PLACES 63

/* A port whose other end is the test. */
struct end {
	uint16_t id;
	struct rte_ring *in;  /* what the port receives */
	struct rte_ring *out; /* what it has sent */
};

static struct end wire, kernel;
static struct rte_mempool *pool;
static struct tg_shard *shard;
static struct tg_exception x;
static tg_time now;
static const uint8_t MAC[6] = {2, 0, 0, 0, 0, 1};

static void
make_end(struct end *e, const char *name, unsigned places)
{
	const struct rte_eth_conf conf = {0};
	char ring[RTE_RING_NAMESIZE];
	int id;

	snprintf(ring, sizeof(ring), "%s-in", name);
	e->in = rte_ring_create(ring, places + 1, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	snprintf(ring, sizeof(ring), "%s-out", name);
	e->out = rte_ring_create(ring, places + 1, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	assert_non_null(e->in);
	assert_non_null(e->out);
	id = rte_eth_from_rings(name, &e->in, 1, &e->out, 1, 0);
	assert_true(id >= 0);
	e->id = (uint16_t)id;
	assert_int_equal(rte_eth_dev_configure(e->id, 1, 1, &conf), 0);
	assert_int_equal(rte_eth_rx_queue_setup(e->id, 0, 64, 0, NULL, pool), 0);
	assert_int_equal(rte_eth_tx_queue_setup(e->id, 0, 64, 0, NULL), 0);
	assert_int_equal(rte_eth_dev_start(e->id), 0);
}

static void
end_end(struct end *e)
{
	rte_eth_dev_stop(e->id);
	rte_eth_dev_close(e->id);
	rte_ring_free(e->in);
	rte_ring_free(e->out);
}

/* What a port has sent: freed. */
static unsigned
sent(struct end *e)
{
	struct rte_mbuf *m;
	unsigned n = 0;

	while (rte_ring_dequeue(e->out, (void **)&m) == 0) {
		rte_pktmbuf_free(m);
		n++;
	}
	return n;
}

static struct rte_mbuf *
sent_one(struct end *e)
{
	void *m = NULL;

	assert_int_equal(rte_ring_dequeue(e->out, &m), 0);
	return m;
}

static struct rte_mbuf *
packet(void)
{
	return client_tcp(pool, RTE_TCP_SYN_FLAG, 1, 0, "abc", 3);
}

static void
to_kernel(unsigned n)
{
	struct rte_mbuf *m[TG_EXCEPTION_BURST];

	for (unsigned i = 0; i < n; i++)
		m[i] = packet();
	tg_exception_to_kernel(&x, m, (uint16_t)n, now);
}

static void
to_kernel_one(struct rte_mbuf *m)
{
	tg_exception_to_kernel(&x, &m, 1, now);
}

static void
kernel_sends(unsigned n)
{
	while (n-- > 0)
		assert_int_equal(rte_ring_enqueue(kernel.in, packet()), 0);
}

static struct tg_glue_counts
counts(void)
{
	struct tg_shard_stats st;

	tg_shard_get_stats(shard, &st);
	return st.count;
}

static int
set_up(void **state)
{
	struct tg_exception_port device = {.port = {.id = kernel.id}};
	struct tg_port port = {.id = wire.id};

	(void)state;
	memcpy(port.mac.addr_bytes, MAC, sizeof(MAC));
	shard = client_shard(pool, 0);
	tg_exception_join(&x, shard, &port, &device, 0, RATE, BURST);
	now = TG_SEC;
	return 0;
}

static int
take_down(void **state)
{
	(void)state;
	tg_exception_flush(&x);
	tg_shard_destroy(shard);
	sent(&wire);
	sent(&kernel);
	return test_in_use(pool) == 0 ? 0 : -1;
}

static void
packets_go_both_ways_unchanged(void **state)
{
	struct rte_mbuf *was = packet(), *m;

	(void)state;
	to_kernel(3);
	assert_int_equal(counts().exception_rx, 3);
	m = sent_one(&kernel);
	assert_int_equal(m->pkt_len, was->pkt_len);
	assert_memory_equal(rte_pktmbuf_mtod(m, void *), rte_pktmbuf_mtod(was, void *), m->pkt_len);
	rte_pktmbuf_free(m);
	assert_int_equal(sent(&kernel), 2);

	assert_false(tg_exception_from_kernel(&x, now, PATIENCE));
	kernel_sends(3);
	assert_true(tg_exception_from_kernel(&x, now, PATIENCE));
	assert_int_equal(counts().exception_tx, 3);
	m = sent_one(&wire);
	assert_memory_equal(rte_pktmbuf_mtod(m, void *), rte_pktmbuf_mtod(was, void *), m->pkt_len);
	rte_pktmbuf_free(m);
	assert_int_equal(sent(&wire), 2);
	assert_int_equal(counts().exception_dropped, 0);
	rte_pktmbuf_free(was);
}

static void
the_rate_holds_both_ways(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++)
		to_kernel(32);
	assert_int_equal(sent(&kernel), PLACES);
	assert_int_equal(counts().exception_rx, PLACES);
	assert_int_equal(counts().exception_dropped, BURST - PLACES);
	assert_int_equal(counts().exception_limited, 128 - BURST);
	now += 5 * TG_MSEC;
	to_kernel(32);
	assert_int_equal(sent(&kernel), 5);

	/* Over the rate the kernel's packets wait in its interface. */
	for (unsigned i = 0; i < 3; i++) {
		kernel_sends(32);
		tg_exception_from_kernel(&x, now, PATIENCE);
	}
	assert_int_equal(sent(&wire), PLACES);
	tg_exception_from_kernel(&x, now, PATIENCE);
	assert_int_equal(sent(&wire), BURST - PLACES);
	assert_false(tg_exception_from_kernel(&x, now, PATIENCE));
	assert_int_equal(rte_ring_count(kernel.in), 32);
	now += TG_SEC;
	assert_true(tg_exception_from_kernel(&x, now, PATIENCE));
	assert_int_equal(sent(&wire), 32);
	assert_int_equal(counts().exception_tx, BURST + 32);
}

/* A packet of a flood, behind a tag when asked. */
static struct rte_mbuf *
udp(bool tagged)
{
	struct rte_mbuf *m = client_udp(pool);

	if (tagged) {
		m->vlan_tci = 5;
		assert_int_equal(rte_vlan_insert(&m), 0);
	}
	return m;
}

static struct rte_mbuf *
icmp6(uint8_t type)
{
	uint8_t bytes[80] = {2, 0, 0, 0, 0, 1, [12] = 0x86, 0xdd, 0x60, [20] = 58, [54] = type};

	return test_mbuf(pool, bytes, sizeof(bytes));
}

static void
a_flood_leaves_a_part_of_the_rate_to_tcp_and_arp(void **state)
{
	struct rte_mbuf *m = packet();

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		to_kernel_one(udp(i % 2 != 0));
		to_kernel_one(icmp6(128));
	}
	assert_int_equal(sent(&kernel), BURST / 2);
	for (unsigned i = 0; i < 1000; i++) {
		to_kernel_one(client_arp(pool));
		to_kernel_one(icmp6(135));
	}
	assert_int_equal(sent(&kernel), BURST / 4);
	m->vlan_tci = 5;
	assert_int_equal(rte_vlan_insert(&m), 0);
	to_kernel_one(m);
	to_kernel(31);
	assert_int_equal(sent(&kernel), BURST / 4);
	assert_int_equal(counts().exception_limited, 4000 - 3 * BURST / 4 + 32 - BURST / 4);

	/* What comes in again is TCP's and ARP's first. */
	for (unsigned i = 0; i < 40; i++) {
		now += TG_MSEC;
		to_kernel_one(udp(false));
		to_kernel(1);
	}
	assert_int_equal(sent(&kernel), 40);
	assert_int_equal(counts().exception_limited, 4000 - 3 * BURST / 4 + 32 - BURST / 4 + 40);
	/* And a flood alone gets all of the rate. */
	for (unsigned i = 0; i < 60; i++) {
		now += TG_MSEC;
		to_kernel_one(udp(false));
		to_kernel_one(udp(false));
	}
	assert_int_equal(sent(&kernel), 60 - BURST / 2);
}

static void
a_burst_of_one_is_anybodys(void **state)
{
	(void)state;
	tg_tokens_init(&x.to, RATE, 1, now);
	to_kernel_one(udp(false));
	to_kernel_one(udp(false));
	assert_int_equal(sent(&kernel), 1);
	assert_int_equal(counts().exception_limited, 1);
}

static void
other_stations_packets_do_not_use_up_the_rate(void **state)
{
	struct rte_mbuf *m;

	(void)state;
	for (unsigned i = 0; i < 2 * BURST; i++) {
		m = packet();
		rte_pktmbuf_mtod(m, struct rte_ether_hdr *)->dst_addr.addr_bytes[5] = 9;
		to_kernel_one(m);
	}
	assert_int_equal(counts().exception_other_host, 2 * BURST);
	to_kernel_one(client_arp(pool)); /* to all */
	m = packet();
	rte_pktmbuf_mtod(m, struct rte_ether_hdr *)->dst_addr.addr_bytes[0] = 0x33;
	to_kernel_one(m); /* to a group */
	assert_int_equal(sent(&kernel), 2);
	/* Too short for an address: the kernel's to judge. */
	to_kernel_one(test_mbuf(pool, MAC, 6));
	assert_int_equal(sent(&kernel), 1);
}

static void
what_the_interface_does_not_take_is_dropped(void **state)
{
	(void)state;
	to_kernel(32);
	to_kernel(31);
	to_kernel(1);
	assert_int_equal(counts().exception_dropped, 1);
	assert_int_equal(counts().exception_rx, PLACES);
	assert_int_equal(sent(&kernel), PLACES);
}

static void
a_port_that_is_full_is_tried_again_for_a_while(void **state)
{
	(void)state;
	for (unsigned i = 0; i < PLACES; i++)
		assert_int_equal(rte_ring_enqueue(wire.out, packet()), 0);
	kernel_sends(10);
	assert_false(tg_exception_from_kernel(&x, now, PATIENCE));
	kernel_sends(5);
	assert_false(tg_exception_from_kernel(&x, now + PATIENCE, PATIENCE));
	assert_int_equal(x.nb_unsent, 10);
	/* One place: the clock begins again, and order is kept. */
	rte_pktmbuf_free(sent_one(&wire));
	assert_true(tg_exception_from_kernel(&x, now + PATIENCE, PATIENCE));
	assert_int_equal(x.nb_unsent, 9);
	assert_false(tg_exception_from_kernel(&x, now + 2 * PATIENCE, PATIENCE));
	assert_int_equal(x.nb_unsent, 9);
	assert_false(tg_exception_from_kernel(&x, now + 2 * PATIENCE + 1, PATIENCE));
	assert_int_equal(x.nb_unsent, 0);
	assert_int_equal(counts().exception_dropped, 9);
	assert_int_equal(counts().exception_tx, 1);
	sent(&wire);
	assert_true(tg_exception_from_kernel(&x, now + 3 * PATIENCE, PATIENCE));
	assert_int_equal(sent(&wire), 5);
}

static void
while_mbufs_are_short_nothing_is_taken(void **state)
{
	(void)state;
	shard->low = true;
	to_kernel(4);
	assert_int_equal(counts().exception_dropped, 4);
	kernel_sends(4);
	assert_false(tg_exception_from_kernel(&x, now, PATIENCE));
	assert_int_equal(rte_ring_count(kernel.in), 4);
	shard->low = false;
	assert_true(tg_exception_from_kernel(&x, now, PATIENCE));
	assert_int_equal(sent(&wire), 4);
}

/* The bytes behind the addresses. */
static void
expect_behind_addresses(struct rte_mbuf *m, const uint8_t *bytes, size_t n)
{
	assert_memory_equal(rte_pktmbuf_mtod_offset(m, uint8_t *, 12), bytes, n);
	assert_int_equal(m->ol_flags, 0);
	rte_pktmbuf_free(m);
}

static void
tags_the_port_took_off_are_put_back(void **state)
{
	static const uint8_t ONE[] = {0x81, 0, 0x60, 7, 8, 0};
	static const uint8_t TWO[] = {0x81, 0, 0x20, 9, 0x81, 0, 0x60, 7, 8, 0};
	struct rte_mbuf *m = packet();

	(void)state;
	m->vlan_tci = 0x6007;
	m->ol_flags = RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
	to_kernel_one(m);
	expect_behind_addresses(sent_one(&kernel), ONE, sizeof(ONE));
	m = packet();
	m->vlan_tci = 0x6007;
	m->vlan_tci_outer = 0x2009;
	m->ol_flags = RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED | RTE_MBUF_F_RX_QINQ |
		RTE_MBUF_F_RX_QINQ_STRIPPED;
	to_kernel_one(m);
	expect_behind_addresses(sent_one(&kernel), TWO, sizeof(TWO));
	/* Somebody else holds the buffer too: it must not be written to. */
	m = packet();
	m->ol_flags = RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
	rte_mbuf_refcnt_update(m, 1);
	to_kernel_one(m);
	assert_int_equal(counts().exception_dropped, 1);
	rte_pktmbuf_free(m);
}

static void
unfinished_checksums_are_finished(void **state)
{
	struct rte_mbuf *m = packet();
	struct client_frame f = *rte_pktmbuf_mtod(m, struct client_frame *);
	uint16_t sum = f.tcp.cksum;

	(void)state;
	rte_pktmbuf_mtod(m, struct client_frame *)->tcp.cksum = 0x1234;
	m->ol_flags = RTE_MBUF_F_RX_L4_CKSUM_NONE;
	to_kernel_one(m);
	m = sent_one(&kernel);
	assert_int_equal(rte_pktmbuf_mtod(m, struct client_frame *)->tcp.cksum, sum);
	rte_pktmbuf_free(m);
	/* From the kernel as well; and a damaged one stays as it is. */
	m = packet();
	rte_pktmbuf_mtod(m, struct client_frame *)->tcp.cksum = 0x1234;
	m->ol_flags = RTE_MBUF_F_RX_L4_CKSUM_NONE;
	assert_int_equal(rte_ring_enqueue(kernel.in, m), 0);
	m = packet();
	rte_pktmbuf_mtod(m, struct client_frame *)->tcp.cksum = 0x1234;
	m->ol_flags = RTE_MBUF_F_RX_L4_CKSUM_BAD;
	assert_int_equal(rte_ring_enqueue(kernel.in, m), 0);
	assert_true(tg_exception_from_kernel(&x, now, PATIENCE));
	m = sent_one(&wire);
	assert_int_equal(rte_pktmbuf_mtod(m, struct client_frame *)->tcp.cksum, sum);
	rte_pktmbuf_free(m);
	m = sent_one(&wire);
	assert_int_equal(rte_pktmbuf_mtod(m, struct client_frame *)->tcp.cksum, 0x1234);
	assert_int_equal(m->ol_flags, 0);
	rte_pktmbuf_free(m);
	/* A header that is not there is not written to. */
	m = test_mbuf(pool, &f, 36);
	m->ol_flags = RTE_MBUF_F_RX_L4_CKSUM_NONE;
	to_kernel_one(m);
	assert_int_equal(sent(&kernel), 1);
}

static int
set_up_all(void **state)
{
	if (test_eal_setup(state) != 0)
		return -1;
	pool = *state;
	make_end(&wire, "wire", PLACES);
	make_end(&kernel, "kernel", PLACES);
	return 0;
}

static int
take_down_all(void **state)
{
	end_end(&wire);
	end_end(&kernel);
	return test_eal_teardown(state);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, take_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(packets_go_both_ways_unchanged),
		TEST(the_rate_holds_both_ways),
		TEST(a_flood_leaves_a_part_of_the_rate_to_tcp_and_arp),
		TEST(a_burst_of_one_is_anybodys),
		TEST(other_stations_packets_do_not_use_up_the_rate),
		TEST(what_the_interface_does_not_take_is_dropped),
		TEST(a_port_that_is_full_is_tried_again_for_a_while),
		TEST(while_mbufs_are_short_nothing_is_taken),
		TEST(tags_the_port_took_off_are_put_back),
		TEST(unfinished_checksums_are_finished),
	};

	return cmocka_run_group_tests(tests, set_up_all, take_down_all);
}
