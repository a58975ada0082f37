/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Long streams through the echo service over bad wires, in virtual time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "world.h"

#define MIB (UINT64_C(1) << 20)

/* 1 % of the frames dropped, doubled, out of order, with one bit changed, with a mark of
 * congestion. */
static const struct link_config bad = {
	.delay = TG_MSEC, .drop = 10, .duplicate = 10, .reorder = 10, .flip = 10, .mark = 10};

/* TG_SIM_MIB shortens the long run, for builds whose every byte costs ten times as much. */
static uint64_t
long_stream(void)
{
	const char *s = getenv("TG_SIM_MIB");

	return (s != NULL ? (uint64_t)atoi(s) : 64) * MIB;
}

static void
finish(struct world *w)
{
	const struct tg_counters *c = tg_engine_counters(w->rig.e);

	for (unsigned i = 0; i < w->peers; i++) {
		assert_int_equal(w->peer[i].state, PEER_DONE);
		assert_int_equal(peer_echoed(&w->peer[i]), w->peer[i].cfg.bytes);
	}
	/* the last ACK may still be under way, TIME_WAIT runs out */
	world_wait(w, 200 * TG_SEC);
	world_is_empty(w);
	assert_int_equal(w->echo.failed, 0);
	assert_int_equal(c->event[TG_CNT_PASSIVE_OPENS], w->peers);
	world_close(w);
}

static void
stream(uint64_t seed, uint64_t bytes, bool v6, bool ts, enum peer_close close, int wscale)
{
	struct world_config wc = {.link = bad, .seed = seed};
	struct peer_config pc;
	static struct world w;

	world_init(&w, &wc, 1);
	w.rig.cfg.rcvbuf = w.rig.cfg.sndbuf = 262144;
	w.rig.cfg.max_segments = 4096;
	w.fastopen = seed % 2 == 0;
	w.late = seed % 4 == 0;
	world_open(&w, 16);
	world_peer_config(&w, v6, &pc);
	pc.fastopen = w.fastopen;
	pc.bytes = bytes;
	pc.ts = ts;
	pc.close = close;
	pc.wscale = wscale;
	pc.ecn = true;
	if (close == PEER_CLOSES_SECOND)
		w.echo.close_after = bytes;
	world_connect(&w, &pc);
	world_run(&w, 3600 * TG_SEC);
	print_message("seed %llu: %llu MiB, %.1f s of virtual time, %llu segments sent again by "
		      "us, %llu by the client\n",
		(unsigned long long)seed, (unsigned long long)(bytes / MIB),
		(double)(w.rig.now - w.rig.manner->start) / 1e9,
		(unsigned long long)tg_engine_counters(w.rig.e)->event[TG_CNT_RETRANS_SEGS],
		(unsigned long long)w.peer[0].rexmts);
	finish(&w);
}

static void
test_long_stream(void **state)
{
	(void)state;
	stream(1, long_stream(), false, true, PEER_CLOSES_FIRST, 7);
}

static void
test_variations(void **state)
{
	(void)state;
	for (uint64_t seed = 2; seed < 14; seed++)
		stream(seed, MIB, seed % 2 != 0, seed % 3 != 0, (enum peer_close)(seed % 3),
			seed % 4 == 0 ? -1 : (int)seed % 9);
}

/*
 * A wire that marks and loses nothing: the stream arrives without one segment sent twice, and both
 * sides say what RFC 3168 has them say. One that marks everything slows it down to two segments,
 * and it arrives nonetheless.
 */
static void
marked(uint64_t seed, bool v6, unsigned syncookies, bool ts, uint32_t mark)
{
	struct world_config wc = {.link = {.delay = 5 * TG_MSEC, .mark = mark}, .seed = seed};
	const struct tg_counters *c;
	struct peer_config pc;
	static struct world w;

	world_init(&w, &wc, 1);
	w.rig.cfg.syncookies = (uint8_t)syncookies;
	w.rig.cfg.rcvbuf = w.rig.cfg.sndbuf = 262144;
	w.rig.cfg.max_segments = 4096;
	world_open(&w, 16);
	world_peer_config(&w, v6, &pc);
	pc.bytes = MIB / 2;
	pc.ts = ts;
	pc.ecn = true;
	world_connect(&w, &pc);
	world_run(&w, 3600 * TG_SEC);
	c = tg_engine_counters(w.rig.e);
	assert_int_equal(c->event[TG_CNT_RETRANS_SEGS], 0);
	assert_int_equal(w.peer[0].rexmts, 0);
	assert_true(w.peer[0].ecn_ok == (syncookies != TG_SYNCOOKIES_ALWAYS || ts));
	if (w.peer[0].ecn_ok) {
		assert_true(w.to_peers.marked > 0 && w.to_engine.marked > 0);
		assert_int_equal(w.peer[0].ces, w.to_peers.marked);
		/* a cut a window, and at least one: each told by one CWR, but perhaps the last */
		assert_true(w.peer[0].cwrs > 0 && w.peer[0].cwrs <= w.peer[0].ces);
		assert_true(w.peer[0].echoes > 0 && w.peer[0].echoes <= w.to_engine.marked);
	} else {
		assert_int_equal(w.to_peers.marked + w.to_engine.marked, 0);
		assert_int_equal(w.peer[0].cwrs + w.peer[0].echoes, 0);
	}
	finish(&w);
}

static void
test_marks(void **state)
{
	(void)state;
	for (uint64_t seed = 50; seed < 58; seed++)
		marked(seed, seed % 2 != 0, TG_SYNCOOKIES_OFF, seed % 4 < 2, seed < 54 ? 20 : 200);
	marked(58, false, TG_SYNCOOKIES_ALWAYS, true, 50);
	marked(59, true, TG_SYNCOOKIES_ALWAYS, false, 50);
	marked(60, false, TG_SYNCOOKIES_OFF, true, 1000);
}

/* A client whose application reads slowly: windows shut and open on both sides, updates get lost.
 */
static void
test_slow_reader(void **state)
{
	struct world_config wc = {.link = bad};
	struct peer_config pc;
	static struct world w;

	(void)state;
	for (wc.seed = 20; wc.seed < 24; wc.seed++) {
		world_init(&w, &wc, 1);
		w.rig.cfg.rcvbuf = w.rig.cfg.sndbuf = 16384;
		world_open(&w, 16);
		world_peer_config(&w, false, &pc);
		pc.bytes = MIB / 2;
		pc.rcvbuf = 8192;
		pc.read_rate = wc.seed % 2 == 0 ? 100 : 1000;
		pc.wscale = wc.seed < 22 ? -1 : 2;
		world_connect(&w, &pc);
		world_run(&w, 3600 * TG_SEC);
		finish(&w);
	}
}

/* The service sleeps for seconds on end: the engine's windows shut and must open again. */
static void
test_slow_worker(void **state)
{
	struct world_config wc = {.link = bad, .seed = 30};
	struct peer_config pc;
	static struct world w;

	(void)state;
	world_init(&w, &wc, 4);
	w.rig.cfg.rcvbuf = w.rig.cfg.sndbuf = 16384;
	world_open(&w, 16);
	for (unsigned i = 0; i < 4; i++) {
		world_peer_config(&w, i % 2 != 0, &pc);
		pc.bytes = MIB / 16;
		world_connect(&w, &pc);
	}
	for (unsigned i = 0; i < 20; i++) {
		w.hold_worker = true;
		world_wait(&w, 3 * TG_SEC);
		w.hold_worker = false;
		world_wait(&w, 20 * TG_MSEC);
	}
	world_run(&w, 3600 * TG_SEC);
	finish(&w);
}

/* Half of the frames are lost: nobody enjoys it, it works. */
static void
test_terrible_wire(void **state)
{
	struct world_config wc = {
		.link = {.delay = 20 * TG_MSEC, .drop = 300, .reorder = 100}, .seed = 40};
	struct peer_config pc;
	static struct world w;

	(void)state;
	world_init(&w, &wc, 1);
	world_open(&w, 16);
	world_peer_config(&w, false, &pc);
	pc.bytes = 20000;
	world_connect(&w, &pc);
	world_run(&w, 36000 * TG_SEC);
	finish(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_variations),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_slow_reader),
		cmocka_unit_test(test_slow_worker),
		cmocka_unit_test(test_terrible_wire),
		cmocka_unit_test(test_long_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
