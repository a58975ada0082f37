/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Captures: what is kept of which packets, the ring, and the one capture of a process.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "capture.h"
#include "capture_control.h"
#include "client.h"
#include "shard.h"

#define PORT    3
#define SNAPLEN 200
#define BIT(d)  (UINT64_C(1) << TG_DISP_##d)

static struct rte_mempool *pool;
static struct tg_shard *shard;
static tg_time now;

static int
set_up(void **state)
{
	(void)state;
	shard = client_shard(pool, PORT);
	now = TG_SEC;
	return 0;
}

static void
flush(void)
{
	struct rte_mbuf *m[32];
	uint16_t n;

	while ((n = tg_shard_output(shard, PORT, m, 32, now)) != 0)
		rte_pktmbuf_free_bulk(m, n);
}

static int
take_down(void **state)
{
	(void)state;
	flush();
	tg_shard_destroy(shard);
	return test_in_use(pool) == 0 ? 0 : -1;
}

static void
arm(uint64_t want, uint16_t snaplen, uint32_t seconds)
{
	shard->capture = tg_capture_create(want, snaplen, seconds);
	assert_non_null(shard->capture);
}

/* Gives one to the shard; foreign ones are freed. */
static void
give(struct rte_mbuf *m)
{
	if (tg_shard_input(shard, PORT, &m, 1, &m, now) == 1)
		rte_pktmbuf_free(m);
}

static struct rte_mbuf *
syn(void)
{
	return client_tcp(pool, RTE_TCP_SYN_FLAG, 7, 0, NULL, 0);
}

/* The oldest one; it must be there. */
static const struct tg_captured *
first(void)
{
	const struct tg_captured *p = tg_capture_peek(shard->capture);

	assert_non_null(p);
	return p;
}

static void
expect_empty(void)
{
	assert_null(tg_capture_peek(shard->capture));
}

static void
an_answered_packet_is_kept_as_it_came(void **state)
{
	struct rte_mbuf *was = syn();
	struct timespec ts;

	(void)state;
	arm(BIT(ANSWERED), SNAPLEN, 60);
	clock_gettime(CLOCK_REALTIME, &ts);
	give(syn()); /* a RST is written over it */
	assert_int_equal(first()->disposition, TG_DISP_ANSWERED);
	assert_int_equal(first()->len, was->pkt_len);
	assert_int_equal(first()->caplen, was->pkt_len);
	assert_memory_equal(first()->data, rte_pktmbuf_mtod(was, void *), was->pkt_len);
	assert_in_range(first()->ns / TG_SEC, ts.tv_sec, ts.tv_sec + 60);
	tg_capture_pop(shard->capture);
	expect_empty();
	rte_pktmbuf_free(was);
}

static void
only_what_is_wanted_is_kept(void **state)
{
	struct rte_mbuf *m = syn();
	uint64_t ns;

	(void)state;
	arm(BIT(DROP_TCP_CSUM) | BIT(PASSED), SNAPLEN, 60);
	give(syn());
	give(client_arp(pool));
	expect_empty();
	rte_pktmbuf_mtod(m, struct client_frame *)->tcp.cksum ^= 1;
	give(m);
	now += 5;
	give(client_udp(pool));
	assert_int_equal(first()->disposition, TG_DISP_DROP_TCP_CSUM);
	ns = first()->ns;
	tg_capture_pop(shard->capture);
	assert_int_equal(first()->disposition, TG_DISP_PASSED);
	assert_int_equal(first()->ns, ns + 5);
	tg_capture_pop(shard->capture);
	expect_empty();
}

static void
long_packets_are_cut_off(void **state)
{
	uint8_t data[500];
	struct rte_mbuf *m;

	(void)state;
	for (unsigned i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)i;
	arm(BIT(PASSED), 90, 60);
	m = client_udp(pool);
	memcpy(rte_pktmbuf_append(m, 8), data, 8);
	test_append(pool, m, 0x77, 100);
	give(m);
	assert_int_equal(first()->len, 74 + 8 + 100);
	assert_int_equal(first()->caplen, 90);
	assert_memory_equal(first()->data + 74, data, 8);
	for (unsigned i = 82; i < 90; i++)
		assert_int_equal(first()->data[i], 0x77);
}

static void
a_tag_that_was_taken_off_is_put_back(void **state)
{
	static const uint8_t tag[] = {0x81, 0, 0x60, 7, 8, 0};
	struct rte_mbuf *m = syn();

	(void)state;
	arm(~UINT64_C(0), SNAPLEN, 60);
	m->ol_flags = RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
	m->vlan_tci = 0x6007;
	give(m);
	assert_int_equal(first()->len, 58);
	assert_int_equal(first()->caplen, 58);
	assert_memory_equal(first()->data + 12, tag, sizeof(tag));
}

static void
a_full_ring_is_counted_and_goes_on(void **state)
{
	(void)state;
	arm(BIT(PASSED), SNAPLEN, 60);
	for (unsigned i = 0; i < TG_CAPTURE_SLOTS + 10; i++)
		give(client_udp(pool));
	assert_int_equal(tg_capture_missed(shard->capture), 10);
	tg_capture_pop(shard->capture);
	give(client_udp(pool));
	assert_int_equal(tg_capture_missed(shard->capture), 10);
	for (unsigned i = 0; i < TG_CAPTURE_SLOTS; i++) {
		first();
		tg_capture_pop(shard->capture);
	}
	expect_empty();
}

static void
it_ends_by_itself(void **state)
{
	(void)state;
	arm(BIT(PASSED), SNAPLEN, 2);
	now += 100 * TG_SEC; /* the time counts from the first burst */
	give(client_udp(pool));
	now += 2 * TG_SEC - 1;
	give(client_udp(pool));
	now += 1;
	give(client_udp(pool));
	first();
	tg_capture_pop(shard->capture);
	first();
	tg_capture_pop(shard->capture);
	expect_empty();
}

static void
sets_of_dispositions_are_read(void **state)
{
	static const char *const WRONG[] = {"", "+", "drop_", "drop", "dro", "allx", "drops+",
		"+all", "nonsense", "passed+nonsense", "passed+", "Passed"};
	uint64_t want, all = (UINT64_C(1) << TG_DISP_COUNT) - 1;

	(void)state;
	assert_int_equal(tg_capture_want("all", &want), 0);
	assert_int_equal(want, all);
	assert_int_equal(tg_capture_want("drops", &want), 0);
	assert_int_equal(want, all & ~(BIT(PASSED) | BIT(ANSWERED) | BIT(DELIVERED)));
	assert_int_equal(tg_capture_want("passed+drop_land", &want), 0);
	assert_int_equal(want, BIT(PASSED) | BIT(DROP_LAND));
	assert_int_equal(tg_capture_want("land", &want), 0);
	assert_int_equal(want, BIT(DROP_LAND));
	for (unsigned i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++)
		assert_int_equal(tg_capture_want(WRONG[i], &want), -EINVAL);
}

/* A loop on a thread of its own, which takes in so many packets as it is asked to. */
static struct {
	pthread_t thread;
	unsigned wanted;
	bool end;
} loop;

static void *
run_loop(void *arg)
{
	(void)arg;
	while (!__atomic_load_n(&loop.end, __ATOMIC_ACQUIRE)) {
		tg_shard_turn(shard, now, 0);
		while (__atomic_load_n(&loop.wanted, __ATOMIC_ACQUIRE) != 0) {
			give(client_udp(pool));
			__atomic_fetch_sub(&loop.wanted, 1, __ATOMIC_RELEASE);
		}
	}
	return NULL;
}

static void
loop_takes(unsigned n)
{
	__atomic_store_n(&loop.wanted, n, __ATOMIC_RELEASE);
	while (__atomic_load_n(&loop.wanted, __ATOMIC_ACQUIRE) != 0)
		;
}

static void
begin_loop(void)
{
	loop.end = false;
	assert_int_equal(pthread_create(&loop.thread, NULL, run_loop, NULL), 0);
}

static void
end_loop(void)
{
	__atomic_store_n(&loop.end, true, __ATOMIC_RELEASE);
	assert_int_equal(pthread_join(loop.thread, NULL), 0);
}

static void
one_capture_at_a_time(void **state)
{
	const struct tg_capture_request r = {
		.want = BIT(PASSED), .snaplen = 64, .seconds = 60, .count = 50};
	uint8_t page[TG_CAPTURE_PAGE_MIN];
	struct tg_capture_status st;
	size_t n, all = 0;
	uint32_t id, other;

	(void)state;
	assert_int_equal(tg_capture_start(&r, &id), -ENOENT); /* no shard is shown */
	assert_int_equal(tg_telemetry_add_shard(shard), 0);
	assert_int_equal(tg_capture_start(&r, &id), -ETIMEDOUT);
	assert_null(shard->capture);
	begin_loop();
	assert_int_equal(tg_capture_start(&r, &id), 0);
	assert_int_equal(tg_capture_start(&r, &other), -EBUSY);
	assert_int_equal(tg_capture_read(id + 1, page, sizeof(page), &n), -ENOENT);
	assert_int_equal(tg_capture_read(0, page, sizeof(page), &n), -ENOENT);
	assert_int_equal(tg_capture_read(id, page, sizeof(page) - 1, &n), -EINVAL);
	loop_takes(60);
	assert_int_equal(tg_capture_status(id, &st), 0);
	assert_int_equal(st.written, 0);
	assert_int_equal(st.over, 0);
	do {
		assert_int_equal(tg_capture_read(id, page, sizeof(page), &n), 0);
		all += n;
	} while (n != 0);
	/* Header, interface, and 50 packets of 32 + 64 + comment 12 + end 4 bytes. */
	assert_int_equal(all, 44 + 44 + 50 * 112);
	assert_int_equal(tg_capture_stop(id, &st), 0);
	assert_int_equal(st.written, 50);
	assert_int_equal(st.over, 1);
	assert_null(shard->capture);
	assert_int_equal(tg_capture_stop(id, &st), -ENOENT);
	assert_int_equal(tg_capture_status(id, &st), -ENOENT);

	/* A shard that goes takes its ring along. */
	assert_int_equal(tg_capture_start(&r, &other), 0);
	assert_int_not_equal(other, id);
	tg_telemetry_remove_shard(shard);
	end_loop();
	assert_int_equal(tg_capture_read(other, page, sizeof(page), &n), 0);
	assert_int_equal(tg_capture_stop(other, &st), 0);
	assert_non_null(shard->capture);
}

static void
refuses_what_it_cannot_do(void **state)
{
	const struct tg_capture_request good = {
		.want = 1, .snaplen = 64, .seconds = 60, .count = 50};
	struct tg_capture_request r;
	uint32_t id;

	(void)state;
	r = good, r.want = 0;
	assert_int_equal(tg_capture_start(&r, &id), -EINVAL);
	r = good, r.snaplen = TG_CAPTURE_SNAPLEN_MIN - 1;
	assert_int_equal(tg_capture_start(&r, &id), -EINVAL);
	r = good, r.snaplen = TG_CAPTURE_SNAPLEN_MAX + 1;
	assert_int_equal(tg_capture_start(&r, &id), -EINVAL);
	r = good, r.seconds = 0;
	assert_int_equal(tg_capture_start(&r, &id), -EINVAL);
	r = good, r.seconds = TG_CAPTURE_SECONDS_MAX + 1;
	assert_int_equal(tg_capture_start(&r, &id), -EINVAL);
	r = good, r.count = 0;
	assert_int_equal(tg_capture_start(&r, &id), -EINVAL);
	r = good, r.count = TG_CAPTURE_COUNT_MAX + 1;
	assert_int_equal(tg_capture_start(&r, &id), -EINVAL);
}

static int
set_up_all(void **state)
{
	if (test_eal_setup(state) != 0)
		return -1;
	pool = *state;
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, take_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_answered_packet_is_kept_as_it_came),
		TEST(only_what_is_wanted_is_kept),
		TEST(long_packets_are_cut_off),
		TEST(a_tag_that_was_taken_off_is_put_back),
		TEST(a_full_ring_is_counted_and_goes_on),
		TEST(it_ends_by_itself),
		TEST(sets_of_dispositions_are_read),
		TEST(one_capture_at_a_time),
		TEST(refuses_what_it_cannot_do),
	};

	return cmocka_run_group_tests(tests, set_up_all, test_eal_teardown);
}
