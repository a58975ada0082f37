/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine_util.h"

#include <errno.h>

static int
try_config(const struct tg_engine_config *cfg, struct tenv *t)
{
	struct tg_engine_config c = *cfg;
	struct tg_engine *e = NULL;
	int rc;

	c.env = t->env;
	rc = tg_engine_create(&c, &e);
	if (rc == 0)
		tg_engine_destroy(e);
	else
		assert_null(e);
	tenv_check_empty(t);
	return rc;
}

/** Small tables, so that a row costs nothing. */
static void
small(struct tg_engine_config *c)
{
	tg_engine_config_init(c);
	c->max_conns = c->max_half_open = c->max_time_wait = c->max_segments = 4;
}

#define IN(field, v)                                     \
	do {                                             \
		small(&c);                               \
		c.field = v;                             \
		assert_int_equal(try_config(&c, &t), 0); \
	} while (0)
#define OUT(field, v)                                          \
	do {                                                   \
		small(&c);                                     \
		c.field = v;                                   \
		assert_int_equal(try_config(&c, &t), -EINVAL); \
	} while (0)
#define RANGE(field, least, most)       \
	do {                            \
		IN(field, least);       \
		IN(field, most);        \
		OUT(field, (least)-1);  \
		OUT(field, (most) + 1); \
	} while (0)

static void
every_setting_has_its_range(void **state)
{
	struct tg_engine_config c;
	struct tenv t;

	(void)state;
	tenv_init(&t);
	small(&c);
	assert_int_equal(try_config(&c, &t), 0);
	RANGE(shards, 1, 256);
	RANGE(buf_size, TG_BUF_MIN, UINT16_MAX);
	RANGE(somaxconn, 1, 1u << 20);
	RANGE(retries, 1, 30);
	RANGE(orphan_retries, 1, 30);
	RANGE(synack_rto_ms, 100, 120000);
	RANGE(rto_min_ms, 1, 60000);
	RANGE(rcvbuf, 4096, 1u << 26);
	RANGE(sndbuf, 4096, 1u << 26);
	OUT(max_conns, 0);
	OUT(max_conns, (1u << 24) + 1);
	OUT(max_half_open, 0);
	OUT(max_half_open, (1u << 24) + 1);
	OUT(max_time_wait, 0);
	OUT(max_time_wait, (1u << 24) + 1);
	OUT(max_segments, 0);
	OUT(max_segments, (1u << 24) + 1);
	IN(max_conns, 1);
	IN(max_half_open, 1);
	IN(max_time_wait, 1);
	IN(max_segments, 1);
	IN(syncookies, TG_SYNCOOKIES_ALWAYS);
	IN(syncookies, TG_SYNCOOKIES_MONITOR);
	OUT(syncookies, TG_SYNCOOKIES_MONITOR + 1);
	RANGE(max_syn_backlog, 1, 1u << 20);
	RANGE(proven_ms, 1000, INT32_MAX - 1);
	RANGE(synack_prefix_burst, 1, 1000000);
	RANGE(synack_prefix_buckets, 64, 1u << 20);
	IN(synack_prefix_rate, 1000000);
	OUT(synack_prefix_rate, 1000001);
	IN(proven_peers, 0);
	OUT(proven_peers, (1u << 20) + 1);
	IN(accept_full, TG_ACCEPT_FULL_YOUNG);
	OUT(accept_full, TG_ACCEPT_FULL_YOUNG + 1);
	IN(syncookies_stop, 75);
	OUT(syncookies_stop, 76);
	IN(syncookies_start, 100);
	OUT(syncookies_start, 101);
	OUT(syncookies_start, 24); /* below stop */
	IN(synack_retries, 0);
	IN(synack_retries, 255);
	IN(delayed_ack_ms, 0);
	IN(delayed_ack_ms, 500);
	OUT(delayed_ack_ms, 501);
	IN(time_wait_ms, 0);
	IN(time_wait_ms, 240000);
	OUT(time_wait_ms, 240001);
	OUT(shard, 1); /* of 1 */
	IN(fastopen_keys, 2);
	OUT(fastopen_keys, 3);
	IN(rst_rate, 0);
	IN(rst_rate, UINT32_MAX);
}

static void
the_environment_must_be_whole(void **state)
{
	struct tg_engine_config c;
	struct tg_engine *e = NULL;
	struct tenv t;

	(void)state;
	tenv_init(&t);
	for (unsigned i = 0; i < 4; i++) {
		small(&c);
		c.env = t.env;
		if (i == 0)
			c.env.alloc = NULL;
		else if (i == 1)
			c.env.free = NULL;
		else if (i == 2)
			c.env.buf_alloc = NULL;
		else
			c.env.buf_free = NULL;
		assert_int_equal(tg_engine_create(&c, &e), -EINVAL);
	}
	assert_int_equal(t.mem_calls, 0);
}

static void
every_failing_allocation_is_enomem_and_nothing_is_kept(void **state)
{
	struct tg_engine_config c;
	struct tenv t;
	uint32_t i = 0;
	int rc;

	(void)state;
	small(&c);
	do {
		tenv_init(&t);
		t.mem_fail_at = ++i;
		rc = try_config(&c, &t);
		assert_true(rc == 0 || rc == -ENOMEM);
	} while (rc != 0);
	assert_true(i > 5); /* engine, four pools, flow table */
}

static void
nothing_is_allocated_after_creation(void **state)
{
	struct client c;
	tg_listener l;
	uint32_t calls;
	struct rig r;

	(void)state;
	bench_init(&r);
	bench_open(&r);
	calls = r.tenv.mem_calls;
	l = bench_listen(&r, r.w, 80, 10);
	c = client_of(&r, 1, 80);
	client_opens(&c);
	client_sends(&c, SEG_A | SEG_P, 100);
	tg_close(r.w, accept_one(r.w, l));
	rig_turn(&r);
	assert_int_equal(r.tenv.mem_calls, calls);
	rig_close(&r);
}

static void
ports_are_checked(void **state)
{
	const uint8_t mac[6] = {2, 0, 0, 0, 0, 7}, group[6] = {1, 0, 0, 0, 0, 7};
	struct rig r;

	(void)state;
	bench_init(&r);
	bench_open(&r);
	assert_int_equal(tg_engine_add_port(r.e, 64, mac, 1500, 0), -EINVAL);
	assert_int_equal(tg_engine_add_port(r.e, UINT16_MAX, mac, 1500, 0), -EINVAL);
	assert_int_equal(tg_engine_add_port(r.e, 1, mac, 575, 0), -EINVAL);
	assert_int_equal(tg_engine_add_port(r.e, 1, mac, 9217, 0), -EINVAL);
	assert_int_equal(tg_engine_add_port(r.e, 1, group, 1500, 0), -EINVAL);
	assert_int_equal(tg_engine_add_port(r.e, 0, mac, 1500, 0), -EEXIST);
	assert_int_equal(tg_engine_add_port(r.e, 1, mac, 576, 0), 0);
	assert_int_equal(tg_engine_add_port(r.e, 63, mac, 9216, 0), 0);
	rig_close(&r);
}

static void
addresses_are_checked(void **state)
{
	static const uint8_t BAD[][4] = {{0, 0, 0, 0}, {127, 0, 0, 1}, {224, 0, 0, 1},
		{255, 255, 255, 255}, {240, 0, 0, 1}, {10, 0, 1, 255}};
	struct tg_addr a, v6 = {{0xfd, [15] = 2}}, group = {{0xff, 2, [15] = 1}}, any = {{0}};
	const uint8_t mac[6] = {2, 0, 0, 0, 0, 7};
	struct rig r;

	(void)state;
	bench_init(&r);
	bench_open(&r);
	for (unsigned i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		a = tg_addr_v4(BAD[i][0], BAD[i][1], BAD[i][2], BAD[i][3]);
		assert_int_equal(tg_engine_add_addr(r.e, 0, &a, 24), -EINVAL);
	}
	a = tg_addr_v4(10, 0, 1, 1);
	assert_int_equal(tg_engine_add_addr(r.e, 1, &a, 24), -EINVAL); /* no such port */
	assert_int_equal(tg_engine_add_addr(r.e, 64, &a, 24), -EINVAL);
	assert_int_equal(tg_engine_add_addr(r.e, 0, &a, 33), -EINVAL);
	assert_int_equal(tg_engine_add_addr(r.e, 0, &v6, 129), -EINVAL);
	assert_int_equal(tg_engine_add_addr(r.e, 0, &group, 64), -EINVAL);
	assert_int_equal(tg_engine_add_addr(r.e, 0, &any, 64), -EINVAL);
	assert_int_equal(tg_engine_add_port(r.e, 1, mac, 1279, 0), 0);
	assert_int_equal(tg_engine_add_addr(r.e, 1, &v6, 64), -EINVAL); /* RFC 8200 5 */
	assert_int_equal(tg_engine_add_addr(r.e, 0, &a, 24), 0);
	assert_int_equal(tg_engine_add_addr(r.e, 0, &a, 24), -EEXIST);
	for (unsigned i = 3; i < 256; i++) {
		a = tg_addr_v4(10, 1, (uint8_t)(i >> 4), (uint8_t)(i & 15));
		assert_int_equal(tg_engine_add_addr(r.e, 0, &a, 0), 0);
	}
	a = tg_addr_v4(10, 2, 0, 1);
	assert_int_equal(tg_engine_add_addr(r.e, 0, &a, 0), -ENOSPC);
	rig_close(&r);
}

static int
try_listen(struct rig *r, struct tg_listener_config *cfg, tg_listener *l)
{
	*l = 0;
	return tg_listen(r->e, cfg, l);
}

static void
listeners_are_checked(void **state)
{
	struct tg_listener_config cfg;
	struct rig r, other;
	tg_listener l;

	(void)state;
	bench_init(&r);
	bench_open(&r);
	bench_init(&other);
	bench_open(&other);
	tg_listener_config_init(&cfg);
	cfg.local.port = 80;
	assert_int_equal(try_listen(&r, &cfg, &l), -EINVAL); /* no worker */
	cfg.worker = other.w;
	assert_int_equal(try_listen(&r, &cfg, &l), -EINVAL); /* of another engine */
	cfg.worker = r.w;
	cfg.local.port = 0;
	assert_int_equal(try_listen(&r, &cfg, &l), -EINVAL);
	cfg.local.port = 80;
	cfg.backlog = 0;
	assert_int_equal(try_listen(&r, &cfg, &l), -EINVAL);
	cfg.backlog = (1u << 20) + 1;
	assert_int_equal(try_listen(&r, &cfg, &l), -EINVAL);
	cfg.backlog = 1u << 20;
	cfg.idle_timeout_ms = INT32_MAX;
	assert_int_equal(try_listen(&r, &cfg, &l), -EINVAL);
	cfg.idle_timeout_ms = INT32_MAX - 1;
	cfg.dual_stack = true; /* of an IPv4 address */
	assert_int_equal(try_listen(&r, &cfg, &l), -EINVAL);
	cfg.dual_stack = false;
	cfg.local.addr = tg_addr_v4(10, 0, 0, 3);
	assert_int_equal(try_listen(&r, &cfg, &l), -EADDRNOTAVAIL);
	cfg.local.addr = tg_addr_v4(10, 0, 0, 1);
	assert_int_equal(try_listen(&r, &cfg, &l), 0);
	assert_int_equal(try_listen(&r, &cfg, &l), -EADDRINUSE);
	cfg.local.addr = tg_addr_v4(0, 0, 0, 0); /* a wildcard beside it is fine */
	assert_int_equal(try_listen(&r, &cfg, &l), 0);
	memset(&cfg.local.addr, 0, sizeof(cfg.local.addr));
	cfg.dual_stack = true;
	assert_int_equal(try_listen(&r, &cfg, &l), -EADDRINUSE); /* overlaps the IPv4 one */
	cfg.dual_stack = false;
	assert_int_equal(try_listen(&r, &cfg, &l), 0);
	rig_close(&other);
	rig_close(&r);
}

static void
there_are_256_listeners_and_closing_one_makes_room(void **state)
{
	struct tg_listener_config cfg;
	tg_listener l[257];
	struct rig r;

	(void)state;
	bench_init(&r);
	bench_open(&r);
	tg_listener_config_init(&cfg);
	cfg.worker = r.w;
	for (uint16_t i = 0; i < 256; i++)
		l[i] = bench_listen(&r, r.w, (uint16_t)(i + 1), 4);
	cfg.local.port = 300;
	assert_int_equal(try_listen(&r, &cfg, &l[256]), -ENOSPC);
	assert_int_equal(tg_unlisten(r.e, l[77]), 0);
	assert_int_equal(try_listen(&r, &cfg, &l[256]), 0);
	assert_int_equal(tg_unlisten(r.e, l[77]), -EBADF); /* the slot lives, the handle does not */
	assert_true(l[256] != l[77]);
	rig_close(&r);
}

static void
stale_and_hostile_listener_handles_are_ebadf(void **state)
{
	static const tg_listener BAD[] = {0, 1, 2, 256, 257, 0xffff, 0x10000, 0x1ffff, UINT32_MAX};
	tg_conn conn[4];
	struct rig r;
	tg_listener l;

	(void)state;
	bench_init(&r);
	bench_open(&r);
	for (unsigned i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		assert_int_equal(tg_unlisten(r.e, BAD[i]), -EBADF);
		assert_int_equal(tg_accept(r.w, BAD[i], conn, 4), 0);
	}
	for (unsigned i = 0; i < 10; i++) {
		struct client c = client_of(&r, (uint16_t)(i + 1), 80);

		l = bench_listen(&r, r.w, 80, 4); /* again at once */
		client_opens(&c);
		assert_int_equal(tg_unlisten(r.e, l), 0);
		assert_int_equal(tg_unlisten(r.e, l), -EBADF);
		assert_int_equal(tg_accept(r.w, l, conn, 4), 0);
		assert_false(tg_worker_pending(r.w)); /* the edge went with the listener */
		rig_turn(&r);
	}
	rig_close(&r);
}

static void
destroying_a_busy_engine_gives_everything_back(void **state)
{
	struct client c[5];
	struct rig r;
	tg_listener l;
	tg_conn h;

	(void)state;
	bench_init(&r);
	bench_open(&r);
	l = bench_listen(&r, r.w, 80, 10);
	for (uint16_t i = 0; i < 5; i++) {
		c[i] = client_of(&r, (uint16_t)(i + 1), 80);
		if (i == 0)
			client_syn(&c[i]);
		else
			client_opens(&c[i]);
		if (i > 1)
			client_sends(&c[i], SEG_A, 1000);
	}
	h = accept_one(r.w, l);
	assert_int_equal(tg_send(r.w, h, "abc", 3), 3);
	rig_close(&r); /* fails on any leak */
}

/* What the report at start shows is what was taken. */
static void
memory_is_told_to_the_byte(void **state)
{
	struct tg_engine_config c;
	struct tg_engine_memory m;
	struct tg_engine *e;
	struct tenv t;

	(void)state;
	for (unsigned all = 0; all < 2; all++) {
		tenv_init(&t);
		small(&c);
		c.max_conns = 100;
		c.syncookies = all ? TG_SYNCOOKIES_OFF : TG_SYNCOOKIES_FULL;
		c.synack_prefix_rate = all;
		c.env = t.env;
		assert_int_equal(tg_engine_create(&c, &e), 0);
		tg_engine_memory(e, &m);
		assert_int_equal(
			m.conns + m.half_open + m.time_wait + m.segments + m.flow + m.other,
			t.mem_bytes);
		assert_true(m.conns >= 100 * 128);
		tg_engine_destroy(e);
		tenv_check_empty(&t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_setting_has_its_range),
		cmocka_unit_test(the_environment_must_be_whole),
		cmocka_unit_test(every_failing_allocation_is_enomem_and_nothing_is_kept),
		cmocka_unit_test(nothing_is_allocated_after_creation),
		cmocka_unit_test(ports_are_checked),
		cmocka_unit_test(addresses_are_checked),
		cmocka_unit_test(listeners_are_checked),
		cmocka_unit_test(there_are_256_listeners_and_closing_one_makes_room),
		cmocka_unit_test(stale_and_hostile_listener_handles_are_ebadf),
		cmocka_unit_test(destroying_a_busy_engine_gives_everything_back),
		cmocka_unit_test(memory_is_told_to_the_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
