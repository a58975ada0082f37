/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Many short connections over a bad wire: all complete, and nothing of them stays behind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "world.h"

#define CLIENTS 300

static const struct link_config bad = {
	.delay = TG_MSEC, .drop = 30, .duplicate = 20, .reorder = 20, .flip = 20};

/* Fast Open of the listener; two clients of three use it then. */
enum fastopen { NO_FASTOPEN, AT_ONCE, LATE };

static void
crowd_of(uint64_t seed, enum peer_close close, unsigned syncookies, uint32_t backlog, tg_time gap,
	enum fastopen fo)
{
	struct world_config wc = {.link = bad, .seed = seed};
	struct peer_config pc;
	static struct world w;

	world_init(&w, &wc, CLIENTS);
	w.rig.cfg.max_conns = 512;
	w.rig.cfg.max_half_open = 512;
	w.rig.cfg.max_time_wait = 512;
	w.rig.cfg.syncookies = (uint8_t)syncookies;
	/* what a late copy of a bare cookie ACK opens, no one but this will ever close */
	w.idle_timeout_ms = 60000;
	w.fastopen = fo != NO_FASTOPEN;
	w.late = fo == LATE;
	world_open(&w, backlog);
	if (close != PEER_CLOSES_FIRST)
		w.echo.close_after = 100;
	for (unsigned i = 0; i < CLIENTS; i++) {
		world_peer_config(&w, i % 2 != 0, &pc);
		pc.ts = i % 3 != 0;
		pc.wscale = i % 5 == 0 ? -1 : 7;
		pc.bytes = 100;
		pc.close = close;
		pc.fastopen = fo != NO_FASTOPEN && i % 3 != 0;
		world_connect(&w, &pc);
		world_wait(&w, gap);
	}
	world_run(&w, 600 * TG_SEC);
	for (unsigned i = 0; i < CLIENTS; i++) {
		assert_int_equal(w.peer[i].state, PEER_DONE);
		assert_int_equal(peer_echoed(&w.peer[i]), 100);
	}
	/* a late copy of a segment that proves a cookie, or of a SYN with data (RFC 7413 2.1),
	 * opens its connection once more; only such ghosts may end badly */
	if (syncookies == 0 && fo == NO_FASTOPEN)
		assert_int_equal(w.echo.accepted, CLIENTS);
	assert_true(w.echo.failed <= w.echo.accepted - CLIENTS);
	world_wait(&w, 300 * TG_SEC);
	world_is_empty(&w);
	world_close(&w);
}

static void
crowd(uint64_t seed, enum peer_close close, unsigned syncookies, uint32_t backlog, tg_time gap)
{
	crowd_of(seed, close, syncookies, backlog, gap, NO_FASTOPEN);
}

static void
test_peer_closes_first(void **state)
{
	(void)state;
	crowd(100, PEER_CLOSES_FIRST, 0, 4096, 2 * TG_MSEC);
	crowd(101, PEER_CLOSES_FIRST, 1, 4096, 0);
}

static void
test_worker_closes_first(void **state)
{
	(void)state;
	crowd(110, PEER_CLOSES_SECOND, 0, 4096, 2 * TG_MSEC);
	crowd(111, PEER_CLOSES_SECOND, 1, 4096, 0);
}

static void
test_both_close(void **state)
{
	(void)state;
	crowd(120, PEER_CLOSES_EARLY, 0, 4096, 2 * TG_MSEC);
	crowd(121, PEER_CLOSES_EARLY, 2, 4096, 0);
}

static void
test_cookies(void **state)
{
	(void)state;
	crowd(130, PEER_CLOSES_FIRST, 2, 4096, TG_MSEC);
	crowd(131, PEER_CLOSES_SECOND, 2, 4096, TG_MSEC);
}

/* The queues are far too small: clients are dropped and come again. */
static void
test_small_queues(void **state)
{
	(void)state;
	crowd(140, PEER_CLOSES_FIRST, 0, 4, TG_MSEC / 10);
	crowd(141, PEER_CLOSES_FIRST, 1, 4, TG_MSEC / 10);
	crowd(142, PEER_CLOSES_SECOND, 1, 1, TG_MSEC / 10);
}

static void
test_fastopen(void **state)
{
	(void)state;
	crowd_of(150, PEER_CLOSES_FIRST, 0, 4096, 2 * TG_MSEC, AT_ONCE);
	crowd_of(151, PEER_CLOSES_SECOND, 0, 4096, 2 * TG_MSEC, AT_ONCE);
	crowd_of(152, PEER_CLOSES_EARLY, 1, 4096, 0, AT_ONCE);
	crowd_of(153, PEER_CLOSES_FIRST, 0, 4096, 2 * TG_MSEC, LATE);
	crowd_of(154, PEER_CLOSES_SECOND, 1, 4, TG_MSEC / 10, LATE);
	crowd_of(155, PEER_CLOSES_EARLY, 2, 4096, 2 * TG_MSEC, AT_ONCE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_peer_closes_first),
		cmocka_unit_test(test_worker_closes_first),
		cmocka_unit_test(test_both_close),
		cmocka_unit_test(test_cookies),
		cmocka_unit_test(test_small_queues),
		cmocka_unit_test(test_fastopen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
