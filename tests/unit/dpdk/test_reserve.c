/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A SYN flood while nothing can be sent: what of the mbufs is left for connections, ARP and ND.
 */
#include <errno.h>
#include <string.h>

#include "client.h"

#define PORT    5
#define MBUFS   255
#define RESERVE 64
/* A burst may pass between two looks at the pool, and 32 answers wait nevertheless. */
#define SLACK 32

struct scene {
	struct rte_mempool *pool;
	struct tg_shard *shard;
	struct tg_worker *worker;
	tg_conn conn;
	uint32_t snd; /* of the server in that connection */
	uint32_t flooded;
	unsigned runs;
};

/* A shard with one connection. */
static void
start(struct scene *sc, uint32_t reserve)
{
	struct tg_shard_config cfg = {.reserve = reserve};
	struct rte_mbuf *m;
	tg_listener l;

	memset(sc, 0, sizeof(*sc));
	sc->pool = rte_pktmbuf_pool_create(
		"reserve", MBUFS, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	assert_non_null(sc->pool);
	cfg.pool = sc->pool;
	sc->shard = client_shard_of(&cfg, PORT);
	sc->worker = client_listen(sc->shard, &sc->runs, &l);
	sc->snd = client_connect(sc->shard, PORT, sc->pool, TG_SEC);
	assert_int_equal(tg_accept(sc->worker, l, &sc->conn, 1), 1);
	while (tg_shard_output(sc->shard, PORT, &m, 1, TG_SEC) == 1)
		rte_pktmbuf_free(m);
	tg_shard_turn(sc->shard, TG_SEC, 1);
}

static void
end(struct scene *sc)
{
	tg_shard_destroy(sc->shard);
	assert_int_equal(rte_mempool_in_use_count(sc->pool), 0);
	rte_mempool_free(sc->pool);
}

static struct tg_glue_counts
counts(const struct scene *sc)
{
	struct tg_shard_stats st;

	tg_shard_get_stats(sc->shard, &st);
	return st.count;
}

static uint64_t
event(const struct scene *sc, enum tg_counter c)
{
	return tg_engine_counters(tg_shard_engine(sc->shard))->event[c];
}

/* A SYN of another peer: the client's, moved to an address and port of its own. */
static struct rte_mbuf *
stranger(struct scene *sc)
{
	struct rte_mbuf *m = client_tcp(sc->pool, RTE_TCP_SYN_FLAG, 77, 0, NULL, 0);
	struct client_frame *f = rte_pktmbuf_mtod(m, struct client_frame *);

	f->ip.src_addr = rte_cpu_to_be_32(UINT32_C(0xc6120000) + sc->flooded++);
	f->ip.hdr_checksum = 0;
	f->ip.hdr_checksum = rte_ipv4_cksum(&f->ip);
	f->tcp.cksum = 0;
	f->tcp.cksum = rte_ipv4_udptcp_cksum(&f->ip, &f->tcp);
	return m;
}

/*
 * The port receives n SYNs, as far as there are mbufs to receive into, and takes nothing to send.
 * Returns how many it could receive.
 */
static unsigned
flood(struct scene *sc, unsigned n, tg_time now)
{
	unsigned got = 0;

	while (got < n && rte_mempool_avail_count(sc->pool) > 0) {
		struct rte_mbuf *m = stranger(sc);

		assert_int_equal(tg_shard_input(sc->shard, PORT, &m, 1, &m, now), 0);
		got++;
		if (got % 32 == 0)
			tg_shard_turn(sc->shard, now, 1);
	}
	return got;
}

/* Everything that waits leaves; how many of them are of the connection, and ARP. */
static void
send_all(struct scene *sc, tg_time now, unsigned *conn, unsigned *arp, unsigned *first_conn)
{
	struct rte_mbuf *m[32];
	unsigned total = 0;
	uint16_t n;

	*conn = *arp = *first_conn = 0;
	while ((n = tg_shard_output(sc->shard, PORT, m, 32, now)) > 0)
		for (uint16_t i = 0; i < n; i++, total++) {
			const struct client_frame *f =
				rte_pktmbuf_mtod(m[i], struct client_frame *);

			if (f->eth.ether_type == rte_cpu_to_be_16(RTE_ETHER_TYPE_ARP))
				++*arp;
			else if ((f->tcp.tcp_flags & RTE_TCP_SYN_FLAG) == 0 && ++*conn == 1)
				*first_conn = total;
			rte_pktmbuf_free(m[i]);
		}
}

/* The peer's question, our answer and an ARP request, in the middle of it all. */
static void
connection_goes_on(struct scene *sc, tg_time now)
{
	struct rte_mbuf *m;
	char buf[8];

	m = client_tcp(sc->pool, RTE_TCP_ACK_FLAG | RTE_TCP_PSH_FLAG, 1001, sc->snd, "hello", 5);
	assert_int_equal(tg_shard_input(sc->shard, PORT, &m, 1, &m, now), 0);
	assert_int_equal(tg_recv(sc->worker, sc->conn, buf, sizeof(buf)), 5);
	assert_int_equal(tg_send(sc->worker, sc->conn, "world", 5), 5);
	m = client_arp(sc->pool);
	assert_int_equal(tg_shard_input(sc->shard, PORT, &m, 1, &m, now), 0);
}

static void
without_a_reserve_the_flood_takes_every_mbuf(void **state)
{
	struct scene sc;

	(void)state;
	start(&sc, 0);
	assert_int_equal(flood(&sc, 1000, TG_SEC), MBUFS);
	assert_int_equal(rte_mempool_avail_count(sc.pool), 0);
	assert_int_equal(tg_send(sc.worker, sc.conn, "world", 5), -EAGAIN);
	end(&sc);
}

static void
with_one_connections_and_arp_get_theirs(void **state)
{
	unsigned conn, arp, first_conn;
	struct scene sc;

	(void)state;
	start(&sc, RESERVE);
	assert_int_equal(flood(&sc, 1000, TG_SEC), 1000);
	assert_true(rte_mempool_avail_count(sc.pool) >= RESERVE - SLACK);
	assert_true(counts(&sc).tx_reserve >= 1000 - MBUFS);
	connection_goes_on(&sc, TG_SEC);
	assert_int_equal(flood(&sc, 1000, TG_SEC), 1000);
	send_all(&sc, TG_SEC, &conn, &arp, &first_conn);
	assert_int_equal(conn, 1);
	assert_int_equal(arp, 1);
	/* Not behind the answers to strangers, who may be many. */
	assert_true(first_conn < 32);
	assert_int_equal(counts(&sc).tx_stage_full, 0);
	/* Nothing waits any more: buffers are not short, and strangers get their answers. */
	tg_shard_turn(sc.shard, TG_SEC, 1);
	assert_int_equal(flood(&sc, 100, TG_SEC), 100);
	send_all(&sc, TG_SEC, &conn, &arp, &first_conn);
	assert_int_equal(conn + arp, 0);
	end(&sc);
}

static void
short_of_mbufs_no_synack_is_sent_again(void **state)
{
	struct rte_mbuf *taken[MBUFS], *m;
	unsigned n = MBUFS - RESERVE;
	struct scene sc;

	(void)state;
	start(&sc, RESERVE);
	assert_int_equal(flood(&sc, 10, TG_SEC), 10);
	while (tg_shard_output(sc.shard, PORT, &m, 1, TG_SEC) == 1)
		rte_pktmbuf_free(m);
	assert_int_equal(rte_pktmbuf_alloc_bulk(sc.pool, taken, n), 0);
	tg_shard_turn(sc.shard, 2 * TG_SEC + TG_MSEC, 2);
	assert_int_equal(tg_shard_output(sc.shard, PORT, &m, 1, 2 * TG_SEC + TG_MSEC), 0);
	assert_int_equal(event(&sc, TG_CNT_SYNACK_LOW), 10);
	/* One mbuf more than the reserve, and the next timeout sends it. */
	rte_pktmbuf_free(taken[--n]);
	tg_shard_turn(sc.shard, 4 * TG_SEC + 2 * TG_MSEC, 4);
	assert_int_equal(tg_shard_output(sc.shard, PORT, &m, 1, 4 * TG_SEC + 2 * TG_MSEC), 1);
	assert_int_equal(event(&sc, TG_CNT_SYN_RETRANS), 1);
	rte_pktmbuf_free(m);
	rte_pktmbuf_free_bulk(taken, n);
	end(&sc);
}

static void
places_are_kept_in_a_large_pool_too(void **state)
{
	struct tg_shard_config cfg = {.pool = *state};
	struct scene sc = {.pool = *state, .shard = client_shard_of(&cfg, PORT)};
	struct tg_worker *w;
	struct rte_mbuf *m;
	tg_listener l;

	w = client_listen(sc.shard, &sc.runs, &l);
	assert_non_null(w);
	assert_int_equal(flood(&sc, 500, TG_SEC), 500);
	assert_int_equal(counts(&sc).tx_reserve, 500 - (512 - 64));
	for (unsigned i = 0; i < 65; i++) {
		m = client_arp(sc.pool);
		assert_int_equal(tg_shard_input(sc.shard, PORT, &m, 1, &m, TG_SEC), 0);
	}
	assert_int_equal(counts(&sc).tx_stage_full, 1);
	tg_shard_destroy(sc.shard);
	assert_int_equal(test_in_use(*state), 0);
}

static void
a_full_burst_of_answers_leaves_room_for_connections(void **state)
{
	struct rte_mbuf *m[32];
	struct scene sc;
	unsigned conn = 0;

	(void)state;
	start(&sc, RESERVE);
	assert_int_equal(flood(&sc, 64, TG_SEC), 64);
	assert_int_equal(tg_send(sc.worker, sc.conn, "world", 5), 5);
	assert_int_equal(tg_shard_output(sc.shard, PORT, m, 32, TG_SEC), 32);
	for (unsigned i = 0; i < 32; i++)
		conn += (rte_pktmbuf_mtod(m[i], struct client_frame *)->tcp.tcp_flags &
				RTE_TCP_SYN_FLAG) == 0;
	assert_int_equal(conn, 1);
	rte_pktmbuf_free_bulk(m, 32);
	end(&sc);
}

static void
what_leaves_by_another_port_keeps_its_place_too(void **state)
{
	const struct tg_shard_port second = {.mac = {2, 0, 0, 0, 0, 7}, .mtu = 1500};
	unsigned conn, arp, first_conn;
	struct rte_mbuf *m[32];
	struct scene sc;

	(void)state;
	start(&sc, RESERVE);
	assert_int_equal(tg_shard_add_port_as(sc.shard, PORT + 1, &second), 0);
	assert_int_equal(flood(&sc, 1000, TG_SEC), 1000);
	assert_int_equal(tg_send(sc.worker, sc.conn, "world", 5), 5);
	/* Who asks for the second port's packets finds the first one's among them. */
	assert_int_equal(tg_shard_output(sc.shard, PORT + 1, m, 32, TG_SEC), 0);
	send_all(&sc, TG_SEC, &conn, &arp, &first_conn);
	assert_int_equal(conn, 1);
	end(&sc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_reserve_the_flood_takes_every_mbuf),
		cmocka_unit_test(with_one_connections_and_arp_get_theirs),
		cmocka_unit_test(short_of_mbufs_no_synack_is_sent_again),
		cmocka_unit_test(places_are_kept_in_a_large_pool_too),
		cmocka_unit_test(a_full_burst_of_answers_leaves_room_for_connections),
		cmocka_unit_test(what_leaves_by_another_port_keeps_its_place_too),
	};

	return cmocka_run_group_tests(tests, test_eal_setup, test_eal_teardown);
}
