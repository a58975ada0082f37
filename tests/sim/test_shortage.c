/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every allocation fails once: memory at creation, packet buffers at any time.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "world.h"

/* tg_engine_create: the i-th allocation fails, for every i: -ENOMEM, and nothing is kept. */
static void
test_create(void **state)
{
	unsigned i;

	(void)state;
	for (i = 1;; i++) {
		struct tg_engine *e = NULL;
		struct rig r;
		int rc;

		rig_init(&r, &rig_manners[0]);
		r.tenv.mem_fail_at = i;
		r.cfg.env = r.tenv.env;
		r.cfg.now = r.now;
		r.cfg.wall_s = r.wall0;
		rc = tg_engine_create(&r.cfg, &e);
		if (rc == 0) {
			tg_engine_destroy(e);
			tenv_check_empty(&r.tenv);
			break;
		}
		assert_int_equal(rc, -ENOMEM);
		assert_null(e);
		assert_int_equal(r.tenv.mem_calls, i);
		tenv_check_empty(&r.tenv);
	}
	assert_true(i > 3);
}

/* The defaults are those the semantics name, and make an engine. */
static void
test_defaults(void **state)
{
	struct tg_engine *e = NULL;
	struct rig r;

	(void)state;
	rig_init(&r, &rig_manners[0]);
	memset(&r.cfg, 0xa5, sizeof(r.cfg));
	tg_engine_config_init(&r.cfg);
	assert_int_equal(r.cfg.somaxconn, 4096);
	assert_int_equal(r.cfg.synack_retries, 5);
	assert_int_equal(r.cfg.synack_rto_ms, 1000);
	assert_int_equal(r.cfg.rto_min_ms, 200);
	assert_int_equal(r.cfg.delayed_ack_ms, 40);
	assert_int_equal(r.cfg.time_wait_ms, 60000);
	assert_int_equal(r.cfg.shards, 1);
	assert_true(r.cfg.timestamps && r.cfg.sack && r.cfg.window_scaling);
	assert_false(r.cfg.abort_on_overflow || r.cfg.closed_port_drop);
	assert_null(r.cfg.env.alloc);
	r.cfg.max_conns = r.cfg.max_half_open = r.cfg.max_time_wait = r.cfg.max_segments = 16;
	r.cfg.env = r.tenv.env;
	assert_int_equal(tg_engine_create(&r.cfg, &e), 0);
	tg_engine_destroy(e);
	tenv_check_empty(&r.tenv);
}

/* A value out of its range is refused before anything is allocated. */
static void
test_invalid(void **state)
{
	struct tg_engine *e = NULL;
	struct rig r;

	(void)state;
	rig_init(&r, &rig_manners[0]);
	r.cfg.env = r.tenv.env;
	r.cfg.max_conns = 0;
	assert_int_equal(tg_engine_create(&r.cfg, &e), -EINVAL);
	r.cfg.max_conns = (1u << 24) + 1;
	assert_int_equal(tg_engine_create(&r.cfg, &e), -EINVAL);
	r.cfg.max_conns = 64;
	r.cfg.rcvbuf = 4095;
	assert_int_equal(tg_engine_create(&r.cfg, &e), -EINVAL);
	r.cfg.rcvbuf = 65536;
	r.cfg.shard = 1;
	assert_int_equal(tg_engine_create(&r.cfg, &e), -EINVAL);
	r.cfg.shard = 0;
	r.cfg.synack_rto_ms = 99;
	assert_int_equal(tg_engine_create(&r.cfg, &e), -EINVAL);
	assert_null(e);
	tenv_check_empty(&r.tenv);
}

/*
 * Two clients, echo, both orders of closing, a few frames lost so that timers fire.
 * Returns the calls of buf_alloc made.
 */
static uint32_t
scenario(uint32_t fail_at, uint32_t fail_count)
{
	struct world_config wc = {.link = {.delay = 5 * TG_MSEC, .drop = 60}, .seed = 9};
	struct tg_engine_usage u;
	struct peer_config pc;
	uint32_t mem_calls, buf_calls;
	static struct world w;

	world_init(&w, &wc, 2);
	w.rig.tenv.buf_fail_at = fail_at;
	w.rig.tenv.buf_fail_count = fail_count;
	world_open(&w, 16);
	mem_calls = w.rig.tenv.mem_calls;
	world_peer_config(&w, false, &pc);
	pc.bytes = 20000;
	world_connect(&w, &pc);
	world_peer_config(&w, true, &pc);
	pc.bytes = 5000;
	pc.close = PEER_CLOSES_EARLY;
	world_connect(&w, &pc);
	world_run(&w, 600 * TG_SEC);
	world_wait(&w, 200 * TG_SEC);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(w.peer[i].state, PEER_DONE);
		assert_int_equal(peer_echoed(&w.peer[i]), w.peer[i].cfg.bytes);
	}
	tg_engine_usage(w.rig.e, &u);
	assert_int_equal(u.conns, 0);
	assert_int_equal(u.segments, 0);
	/* everything was allocated at creation */
	assert_int_equal(w.rig.tenv.mem_calls, mem_calls);
	buf_calls = w.rig.tenv.buf_calls;
	world_close(&w);
	return buf_calls;
}

static void
test_buffer(void **state)
{
	uint32_t calls = scenario(0, 0);

	(void)state;
	assert_true(calls > 20);
	for (uint32_t i = 1; i <= calls; i++)
		scenario(i, 1);
}

/* The pool is empty for a while, from any moment on. */
static void
test_outage(void **state)
{
	uint32_t calls = scenario(0, 0);

	(void)state;
	for (uint32_t i = 1; i <= calls; i += 3)
		scenario(i, 50);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_create),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_invalid),
		cmocka_unit_test(test_buffer),
		cmocka_unit_test(test_outage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
