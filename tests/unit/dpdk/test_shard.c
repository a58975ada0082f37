/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "client.h"

#define PORT 5

static void
stats_are(struct tg_shard *s, uint64_t held, uint64_t staged, uint64_t stage_full)
{
	struct tg_shard_stats st;

	tg_shard_get_stats(s, &st);
	assert_int_equal(st.held, held);
	assert_int_equal(st.staged, staged);
	assert_int_equal(st.count.tx_stage_full, stage_full);
	assert_int_equal(st.count.rx_no_copy, 0);
	assert_int_equal(st.count.tx_no_room, 0);
}

static void
refuses_what_it_cannot_work_with(void **state)
{
	struct tg_shard_config sc = {.socket_id = SOCKET_ID_ANY};
	struct tg_shard_port sp = {.mtu = 1500, .mac = {2, 0, 0, 0, 0, 1}};
	struct rte_mempool *small = rte_pktmbuf_pool_create("small", 31, 0, 0, 1024, SOCKET_ID_ANY);
	struct tg_shard *s;

	tg_engine_config_init(&sc.engine);
	assert_int_equal(tg_shard_create(&sc, &s), -EINVAL);
	sc.pool = small;
	assert_int_equal(tg_shard_create(&sc, &s), -EINVAL);
	rte_mempool_free(small);
	sc.pool = *state;
	sc.engine.rto_min_ms = 0;
	assert_int_equal(tg_shard_create(&sc, &s), -EINVAL);
	sc.engine.rto_min_ms = 200;
	sc.engine.max_conns = 1 << 24; /* far more than the test's 128 MB */
	assert_int_equal(tg_shard_create(&sc, &s), -ENOMEM);

	s = client_shard(*state, PORT);
	assert_int_equal(tg_shard_add_port_as(s, PORT, &sp), -EEXIST);
	assert_int_equal(tg_shard_add_port_as(s, 64, &sp), -EINVAL);
	sp.mtu = 100;
	assert_int_equal(tg_shard_add_port_as(s, 6, &sp), -EINVAL);
	tg_shard_destroy(s);
	tg_shard_destroy(NULL);
}

static void
gives_back_what_is_not_its_own_in_order(void **state)
{
	struct tg_shard *s = client_shard(*state, PORT);
	struct rte_mbuf *in[100], *kept[50];
	unsigned k = 0;

	for (unsigned i = 0; i < 100; i++) {
		in[i] = i % 2 == 0 ? client_udp(*state) : client_arp(*state);
		if (i % 2 == 0)
			kept[k++] = in[i];
	}
	/* More than one group of 32, and the same array for both: the documented use. */
	assert_int_equal(tg_shard_input(s, PORT, in, 100, in, TG_SEC), 50);
	assert_memory_equal(in, kept, sizeof(kept));
	rte_pktmbuf_free_bulk(in, 50);
	stats_are(s, 0, 50, 0);
	assert_int_equal(tg_engine_counters(tg_shard_engine(s))->received, 100);
	tg_shard_destroy(s);
	assert_int_equal(test_in_use(*state), 0);
}

static void
leaves_ports_alone_it_was_not_told_of(void **state)
{
	struct tg_shard *s = client_shard(*state, PORT);
	struct rte_mbuf *m = client_arp(*state), *foreign = NULL, *out;

	assert_int_equal(tg_shard_input(s, PORT + 1, &m, 1, &foreign, TG_SEC), 1);
	assert_ptr_equal(foreign, m);
	assert_int_equal(tg_shard_input(s, 64, &m, 1, &foreign, TG_SEC), 1);
	assert_int_equal(tg_shard_output(s, PORT + 1, &out, 1, TG_SEC), 0);
	assert_int_equal(tg_shard_output(s, 64, &out, 1, TG_SEC), 0);
	assert_int_equal(tg_engine_counters(tg_shard_engine(s))->received, 0);
	rte_pktmbuf_free(m);
	tg_shard_destroy(s);
}

static void
answers_wait_for_output_and_are_bounded(void **state)
{
	struct tg_shard *s = client_shard(*state, PORT);
	struct rte_mbuf *out[600];
	uint16_t n = 0, k;

	for (unsigned i = 0; i < 520; i++) {
		struct rte_mbuf *m = client_arp(*state);

		assert_int_equal(tg_shard_input(s, PORT, &m, 1, &m, TG_SEC), 0);
	}
	stats_are(s, 0, 512, 8);
	assert_int_equal(test_in_use(*state), 512);
	while ((k = tg_shard_output(s, PORT, out + n, 100, TG_SEC)) != 0)
		n += k;
	assert_int_equal(n, 512);
	rte_pktmbuf_free_bulk(out, n);
	stats_are(s, 0, 0, 8);
	tg_shard_destroy(s);
}

static void
an_answer_is_written_over_its_question(void **state)
{
	struct tg_shard *s = client_shard(*state, PORT);
	struct rte_mbuf *m = client_arp(*state), *question = m, *answer;
	const uint8_t *b;

	assert_int_equal(tg_shard_input(s, PORT, &m, 1, &m, TG_SEC), 0);
	assert_int_equal(tg_shard_output(s, PORT, &answer, 1, TG_SEC), 1);
	assert_ptr_equal(answer, question);
	b = rte_pktmbuf_mtod(answer, const uint8_t *);
	assert_memory_equal(b, "\x02\0\0\0\0\x02\x02\0\0\0\0\x01\x08\x06", 14);
	assert_int_equal(b[21], 2);
	rte_pktmbuf_free(answer);
	tg_shard_destroy(s);
}

static void
a_connection_with_data_comes_to_the_worker(void **state)
{
	struct tg_shard *s = client_shard(*state, PORT);
	struct tg_event ev[4];
	struct tg_worker *w;
	struct rte_mbuf *m;
	unsigned runs = 0;
	tg_listener l;
	tg_conn c;
	char buf[16];
	uint32_t snd;

	w = client_listen(s, &runs, &l);
	tg_shard_turn(s, TG_SEC, 1);
	assert_int_equal(runs, 0);
	snd = client_connect(s, PORT, *state, TG_SEC);
	m = client_tcp(*state, RTE_TCP_ACK_FLAG | RTE_TCP_PSH_FLAG, 1001, snd, "hello", 5);
	assert_int_equal(tg_shard_input(s, PORT, &m, 1, &m, TG_SEC), 0);
	stats_are(s, 1, 0, 0);
	tg_shard_turn(s, TG_SEC, 1);
	assert_int_equal(runs, 1);
	assert_int_equal(tg_worker_events(w, ev, 4), 1);
	assert_int_equal(ev[0].what, TG_EV_ACCEPT);
	assert_int_equal(tg_accept(w, l, &c, 1), 1);
	assert_int_equal(tg_recv(w, c, buf, sizeof(buf)), 5);
	assert_memory_equal(buf, "hello", 5);
	assert_int_equal(tg_send(w, c, "world", 5), 5);

	/* The answer leaves through the connection's port, checksums right. */
	assert_int_equal(tg_shard_output(s, PORT, &m, 1, TG_SEC), 1);
	assert_int_equal(m->pkt_len, sizeof(struct client_frame) + 5);
	assert_memory_equal(rte_pktmbuf_mtod(m, char *) + sizeof(struct client_frame), "world", 5);
	assert_int_equal(rte_ipv4_udptcp_cksum(&rte_pktmbuf_mtod(m, struct client_frame *)->ip,
				 &rte_pktmbuf_mtod(m, struct client_frame *)->tcp),
		0);
	rte_pktmbuf_free(m);
	/* Everything a shard still holds goes with it. */
	tg_shard_destroy(s);
	assert_int_equal(test_in_use(*state), 0);
}

static void
what_the_engine_sends_waits_for_its_own_port(void **state)
{
	struct tg_shard *s = client_shard(*state, PORT);
	struct tg_shard_port sp = {.mtu = 1500, .mac = {2, 0, 0, 0, 0, 9}};
	struct tg_worker *w;
	struct rte_mbuf *m[4];
	unsigned runs = 0;
	tg_listener l;
	tg_conn c;

	assert_int_equal(tg_shard_add_port_as(s, PORT + 1, &sp), 0);
	w = client_listen(s, &runs, &l);
	client_connect(s, PORT, *state, TG_SEC);
	assert_int_equal(tg_accept(w, l, &c, 1), 1);
	assert_int_equal(tg_send(w, c, "hi", 2), 2);
	assert_int_equal(tg_shard_output(s, PORT + 1, m, 4, TG_SEC), 0);
	assert_int_equal(tg_shard_output(s, PORT, m, 4, TG_SEC), 1);
	rte_pktmbuf_free(m[0]);
	tg_shard_destroy(s);
	assert_int_equal(test_in_use(*state), 0);
}

static void
takes_sixteen_workers(void **state)
{
	struct tg_shard *s = client_shard(*state, PORT);
	struct tg_inline_worker iw = {0};
	struct tg_worker *w;

	for (unsigned i = 0; i < 16; i++)
		assert_int_equal(tg_shard_add_worker(s, &iw, &w), 0);
	assert_int_equal(tg_shard_add_worker(s, &iw, &w), -ENOSPC);
	tg_shard_destroy(s);
}

static void
telemetry_shows_a_shard_once(void **state)
{
	struct tg_shard *s = client_shard(*state, PORT), *twin = client_shard(*state, PORT);

	assert_int_equal(tg_telemetry_add_shard(s), 0);
	assert_int_equal(tg_telemetry_add_shard(s), -EEXIST);
	/* Both have number 0. Taking out one that is not there harms nobody. */
	assert_int_equal(tg_telemetry_add_shard(twin), -EEXIST);
	tg_telemetry_remove_shard(twin);
	assert_int_equal(tg_telemetry_add_shard(twin), -EEXIST);
	tg_telemetry_remove_shard(s);
	assert_int_equal(tg_telemetry_add_shard(twin), 0);
	tg_telemetry_remove_shard(twin);
	tg_shard_destroy(s);
	tg_shard_destroy(twin);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_what_it_cannot_work_with),
		cmocka_unit_test(gives_back_what_is_not_its_own_in_order),
		cmocka_unit_test(leaves_ports_alone_it_was_not_told_of),
		cmocka_unit_test(answers_wait_for_output_and_are_bounded),
		cmocka_unit_test(an_answer_is_written_over_its_question),
		cmocka_unit_test(a_connection_with_data_comes_to_the_worker),
		cmocka_unit_test(what_the_engine_sends_waits_for_its_own_port),
		cmocka_unit_test(takes_sixteen_workers),
		cmocka_unit_test(telemetry_shows_a_shard_once),
	};

	return cmocka_run_group_tests(tests, test_eal_setup, test_eal_teardown);
}
