/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Settings that change while the engine runs (config.c, listen.c): what packet scripts (rc_*.tgs)
 * do not see.
 */
#include "engine_util.h"

#include <errno.h>

#include "engine_internal.h"

static void
start(struct rig *r)
{
	bench_init(r);
	bench_open(r);
}

/* All of an engine but its counts and the time. */
static struct tg_engine *
picture_of(const struct rig *r)
{
	struct tg_engine *e = malloc(sizeof(*e));

	assert_non_null(e);
	memcpy(e, r->e, sizeof(*e));
	return e;
}

static void
taking_the_same_settings_changes_nothing(void **state)
{
	struct tg_engine *was;
	struct client c;
	tg_listener l;
	struct rig r;

	(void)state;
	start(&r);
	l = bench_listen(&r, r.w, 80, 10);
	c = client_of(&r, 1, 80);
	client_syn(&c);
	was = picture_of(&r);
	assert_int_equal(tg_engine_reconfigure(r.e, &r.cfg), 0);
	/* but that forms of SYN-ACKs are made anew */
	memcpy(r.e->printed, was->printed, sizeof(was->printed));
	r.e->printed_last = was->printed_last;
	assert_memory_equal(r.e, was, sizeof(*was));
	assert_int_equal(tg_unlisten(r.e, l), 0);
	free(was);
	rig_close(&r);
}

/* One value is out of its range, others are new and good. */
static void
a_wrong_value_changes_nothing(void **state)
{
	struct tg_engine_config c[14];
	struct tg_engine *was;
	struct rig r;

	(void)state;
	start(&r);
	bench_listen(&r, r.w, 80, 10);
	was = picture_of(&r);
	for (unsigned i = 0; i < 14; i++) {
		c[i] = r.cfg;
		c[i].hop_limit = 99;
		c[i].rst_rate = 7;
		c[i].somaxconn = 3;
		c[i].syncookies = TG_SYNCOOKIES_ALWAYS;
	}
	c[0].somaxconn = 0;
	c[1].max_syn_backlog = 0;
	c[2].syncookies = TG_SYNCOOKIES_MONITOR + 1;
	c[3].syncookies_start = 101;
	c[4].accept_full = TG_ACCEPT_FULL_YOUNG + 1;
	c[5].proven_ms = 999;
	c[6].synack_prefix_rate = 1000001;
	c[7].synack_prefix_burst = 0;
	c[8].retries = 0;
	c[9].rto_min_ms = 0;
	c[10].delayed_ack_ms = 501;
	c[11].rcvbuf = 4095;
	c[12].hop_limit = 0;
	c[13].dscp = 64;
	for (unsigned i = 0; i < 14; i++) {
		assert_int_equal(tg_engine_reconfigure(r.e, &c[i]), -EINVAL);
		assert_memory_equal(r.e, was, sizeof(*was));
	}
	free(was);
	rig_close(&r);
}

/* What is settled at creation is not even looked at. */
static void
what_is_settled_for_good_stays(void **state)
{
	struct tg_engine_config c;
	struct tg_engine *was;
	struct rig r;

	(void)state;
	start(&r);
	bench_listen(&r, r.w, 80, 10);
	was = picture_of(&r);
	c = r.cfg;
	memset(&c.env, 0, sizeof(c.env));
	memset(c.seed, 1, sizeof(c.seed));
	memset(c.cookie_seed, 2, sizeof(c.cookie_seed));
	memset(c.fastopen_key, 3, sizeof(c.fastopen_key));
	c.fastopen_keys = 3;
	c.wall_s = c.now = 77;
	c.shard = c.shards = 0;
	c.max_conns = c.max_half_open = c.max_time_wait = c.max_segments = 0;
	c.buf_size = c.synack_rto_ms = 0;
	c.proven_peers = UINT32_MAX;
	c.synack_prefix_buckets = 0;
	assert_int_equal(tg_engine_reconfigure(r.e, &c), 0);
	memcpy(r.e->printed, was->printed, sizeof(was->printed));
	assert_memory_equal(r.e, was, sizeof(*was));
	/* a larger buffer could need a larger scale, which others have been told already */
	c.rcvbuf = 1u << 26;
	assert_int_equal(tg_engine_reconfigure(r.e, &c), 0);
	assert_int_equal(r.e->conns.rcv_wscale, was->conns.rcv_wscale);
	assert_int_equal(r.e->synack.wscale, was->synack.wscale);
	free(was);
	rig_close(&r);
}

static void
a_listener_that_is_changed_keeps_its_counts_and_its_place(void **state)
{
	struct tg_listener_config cfg;
	struct tg_lsn was;
	tg_listener l;
	struct rig r;

	(void)state;
	start(&r);
	tg_listener_config_init(&cfg);
	cfg.local.port = 80;
	cfg.worker = r.w;
	assert_int_equal(tg_listen(r.e, &cfg, &l), 0);
	for (unsigned i = 0; i < 3; i++) {
		struct client c = client_of(&r, (uint16_t)(1 + i), 80);

		client_opens(&c);
	}
	was = r.e->listeners.lsn[0];
	assert_int_equal(tg_listener_reconfigure(r.e, l, &cfg), 0);
	assert_memory_equal(&r.e->listeners.lsn[0], &was, sizeof(was));
	cfg.defer_accept_s = 7;
	cfg.nodelay = false;
	assert_int_equal(tg_listener_reconfigure(r.e, l, &cfg), 0);
	assert_int_equal(r.e->listeners.lsn[0].passive_opens, 3);
	assert_int_equal(r.e->listeners.lsn[0].acceptq.count, 3);
	for (unsigned i = 0; i < 3; i++)
		accept_one(r.w, l);
	rig_close(&r);
}

/* Who waits is told to the new worker, and is its connection. */
static void
another_worker_has_what_nobody_accepted(void **state)
{
	struct tg_listener_config cfg;
	struct tg_event ev[4];
	struct tg_worker *w2;
	struct client c[2];
	tg_conn h[2];
	tg_listener l;
	uint8_t x[8];
	struct rig r;

	(void)state;
	start(&r);
	assert_int_equal(tg_worker_create(r.e, NULL, &w2), 0);
	tg_listener_config_init(&cfg);
	cfg.local.port = 80;
	cfg.worker = r.w;
	assert_int_equal(tg_listen(r.e, &cfg, &l), 0);
	for (unsigned i = 0; i < 2; i++) {
		c[i] = client_of(&r, (uint16_t)(1 + i), 80);
		client_opens(&c[i]);
	}
	h[0] = accept_one(r.w, l);
	tg_worker_events(r.w, ev, 4);
	cfg.worker = w2;
	assert_int_equal(tg_listener_reconfigure(r.e, l, &cfg), 0);
	assert_false(tg_worker_pending(r.w));
	assert_int_equal(tg_accept(r.w, l, &h[1], 1), 0);
	assert_int_equal(tg_worker_events(w2, ev, 4), 1);
	assert_int_equal(ev[0].what, TG_EV_ACCEPT);
	h[1] = accept_one(w2, l);
	for (unsigned i = 0; i < 2; i++) {
		struct tg_worker *own = i == 0 ? r.w : w2, *other = i == 0 ? w2 : r.w;

		client_sends(&c[i], SEG_A, 5);
		assert_true(tg_worker_pending(own));
		assert_false(tg_worker_pending(other));
		assert_int_equal(tg_worker_events(own, ev, 4), 1);
		assert_int_equal(tg_recv(other, h[i], x, 8), -EBADF);
		assert_int_equal(tg_recv(own, h[i], x, 8), 5);
	}
	forget_sent(&r);
	rig_close(&r);
}

static void
a_worker_of_another_engine_is_refused(void **state)
{
	struct tg_listener_config cfg;
	struct rig r, other;
	tg_listener l;

	(void)state;
	start(&r);
	start(&other);
	l = bench_listen(&r, r.w, 80, 10);
	tg_listener_config_init(&cfg);
	cfg.local.port = 80;
	cfg.worker = other.w;
	assert_int_equal(tg_listener_reconfigure(r.e, l, &cfg), -EINVAL);
	cfg.worker = NULL;
	assert_int_equal(tg_listener_reconfigure(r.e, l, &cfg), -EINVAL);
	cfg.worker = r.w;
	cfg.local.port = 81;
	assert_int_equal(tg_listener_reconfigure(r.e, l, &cfg), -EINVAL);
	cfg.local.port = 80;
	cfg.local.addr = tg_addr_v4(10, 0, 0, 1);
	assert_int_equal(tg_listener_reconfigure(r.e, l, &cfg), -EINVAL);
	assert_int_equal(tg_listener_reconfigure(r.e, l + 1, &cfg), -EBADF);
	rig_close(&r);
	rig_close(&other);
}

static uint32_t
references(const struct tg_engine *e)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < TG_OPTION_SETS; i++)
		n += e->conns.options.set[i].refs;
	return n;
}

/* With all sets of options in use neither call can do its work, and nothing has changed. */
static void
without_a_free_set_of_options_nothing_changes(void **state)
{
	struct tg_listener_config cfg;
	struct tg_engine_config c;
	struct tg_engine *was;
	struct tg_options o;
	tg_listener l;
	struct rig r;

	(void)state;
	start(&r);
	l = bench_listen(&r, r.w, 80, 10);
	bench_listen(&r, r.w, 81, 10);
	o = r.e->conns.options.base;
	for (o.idle_ms = 1; tg_options_get(&r.e->conns.options, &o) != TG_OPTIONS_NONE;)
		o.idle_ms++;
	was = picture_of(&r);
	c = r.cfg;
	c.hop_limit = 99;
	assert_int_equal(tg_engine_reconfigure(r.e, &c), -ENOSPC);
	assert_memory_equal(r.e, was, sizeof(*was));
	tg_listener_config_init(&cfg);
	cfg.local.port = 80;
	cfg.worker = r.w;
	cfg.options.hop_limit = 98;
	cfg.backlog = 3;
	assert_int_equal(tg_listener_reconfigure(r.e, l, &cfg), -ENOSPC);
	assert_memory_equal(r.e, was, sizeof(*was));
	/* room for one set, which both listeners share */
	tg_options_put(&r.e->conns.options, TG_OPTION_SETS - 1);
	assert_int_equal(tg_engine_reconfigure(r.e, &c), 0);
	assert_int_equal(references(r.e), references(was) - 1);
	assert_int_equal(r.e->listeners.lsn[0].synack.ttl, 99);
	assert_int_equal(r.e->listeners.lsn[1].synack.ttl, 99);
	free(was);
	rig_close(&r);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(taking_the_same_settings_changes_nothing),
		cmocka_unit_test(a_wrong_value_changes_nothing),
		cmocka_unit_test(what_is_settled_for_good_stays),
		cmocka_unit_test(a_listener_that_is_changed_keeps_its_counts_and_its_place),
		cmocka_unit_test(another_worker_has_what_nobody_accepted),
		cmocka_unit_test(a_worker_of_another_engine_is_refused),
		cmocka_unit_test(without_a_free_set_of_options_nothing_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
