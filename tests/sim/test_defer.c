/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Deferred accept over a bad wire, in all three modes: clients that speak at once, after a while,
 * too late, and never. Whoever speaks is served, every deferral ends, and nothing stays behind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "world.h"

#define CLIENTS 200

static const struct link_config bad = {
	.delay = TG_MSEC, .drop = 30, .duplicate = 20, .reorder = 20, .flip = 20};

/* A crowd. */
struct crowd {
	uint64_t seed;
	uint8_t mode;
	uint8_t syncookies;
	uint32_t wait_s;
	uint32_t backlog;
	uint64_t bytes;
	tg_time hold; /* the worker is away for so long */
	unsigned manner;
};

/* At once, within the wait, after it, never. */
static tg_time
think(const struct crowd *c, unsigned i)
{
	const tg_time wait = c->wait_s * TG_SEC;

	switch (i % 4) {
	case 0:
		return 0;
	case 1:
		return TG_MSEC + wait * (i % 32) / 40;
	case 2:
		return wait + wait * (i % 32) / 10;
	default:
		return TG_TIME_NEVER;
	}
}

static bool
speaks(unsigned i)
{
	return i % 4 != 3;
}

static void
everyone_who_spoke_was_served(const struct world *w, uint64_t bytes)
{
	for (unsigned i = 0; i < CLIENTS; i++) {
		const struct peer *p = &w->peer[i];

		if (!speaks(i))
			continue;
		assert_int_equal(p->state, PEER_DONE);
		assert_int_equal(peer_echoed(p), bytes);
	}
}

static void
nothing_is_left(struct world *w)
{
	world_is_empty(w);
	assert_true(tg_engine_deadline(w->rig.e, w->rig.now) == TG_TIME_NEVER);
}

static void
play(const struct crowd *c)
{
	struct world_config wc = {.link = bad, .seed = c->seed, .manner = &rig_manners[c->manner]};
	const struct tg_counters *counters;
	struct tg_engine_usage u;
	struct peer_config pc;
	static struct world w;

	world_init(&w, &wc, CLIENTS);
	w.rig.cfg.max_conns = w.rig.cfg.max_half_open = w.rig.cfg.max_time_wait = 512;
	w.rig.cfg.syncookies = c->syncookies;
	w.idle_timeout_ms = 60000; /* ends connections to clients that never say anything */
	w.defer_accept_s = c->wait_s;
	w.defer_mode = c->mode;
	w.syn_backlog = 512;
	world_open(&w, c->backlog);
	counters = tg_engine_counters(w.rig.e);
	w.hold_worker = c->hold != 0;
	for (unsigned i = 0; i < CLIENTS; i++) {
		world_peer_config(&w, i % 2 != 0, &pc);
		pc.ts = i % 3 != 0;
		pc.bytes = c->bytes;
		pc.think = think(c, i);
		world_connect(&w, &pc);
		world_wait(&w, TG_MSEC);
	}
	world_wait(&w, c->hold);
	w.hold_worker = false;
	echo_run(&w.echo);
	world_wait(&w, 120 * TG_SEC);
	everyone_who_spoke_was_served(&w, c->bytes);
	tg_engine_usage(w.rig.e, &u);
	/* every deferral has ended: 63 s after the SYN-ACK the last entry is given up */
	assert_int_equal(u.half_open, 0);
	if (c->syncookies == TG_SYNCOOKIES_OFF) {
		/* the silent ones came in too, and nobody twice */
		assert_int_equal(w.echo.accepted, CLIENTS);
		assert_int_equal(counters->event[TG_CNT_PASSIVE_OPENS], CLIENTS);
		assert_int_equal(
			counters->event[TG_CNT_DEFER_ACCEPT_DROP] > 0, c->mode != TG_DEFER_SILENT);
	} else {
		/* a bare ACK makes no connection of a cookie */
		assert_true(counters->event[TG_CNT_DEFER_ACCEPT_DROP] >= CLIENTS / 4);
		assert_true(w.echo.accepted >= CLIENTS * 3 / 4);
	}
	world_wait(&w, 300 * TG_SEC);
	nothing_is_left(&w);
	world_close(&w);
}

static void
test_modes(void **state)
{
	(void)state;
	for (uint8_t mode = TG_DEFER_SILENT; mode <= TG_DEFER_LEGACY; mode++)
		for (unsigned i = 0; i < 4; i++)
			play(&(struct crowd){.seed = 200 + 10 * mode + i,
				.mode = mode,
				.wait_s = 1 + 2 * i,
				.backlog = 4096,
				.bytes = 3000,
				.manner = i});
}

/* The wait goes over the wrap of 32-bit milliseconds, off the tick. */
static void
test_wrap(void **state)
{
	(void)state;
	for (uint8_t mode = TG_DEFER_SILENT; mode <= TG_DEFER_LEGACY; mode++)
		play(&(struct crowd){.seed = 230 + mode,
			.mode = mode,
			.wait_s = 4,
			.backlog = 4096,
			.bytes = 3000,
			.manner = 4});
}

/* Deferrals end while nobody accepts; then there is room. */
static void
test_full_queue(void **state)
{
	(void)state;
	for (uint8_t mode = TG_DEFER_SILENT; mode <= TG_DEFER_LEGACY; mode++) {
		/* the worker comes back before anyone is given up */
		play(&(struct crowd){.seed = 240 + mode,
			.mode = mode,
			.wait_s = 2,
			.backlog = 8,
			.bytes = 3000,
			.hold = 6 * TG_SEC});
	}
}

/* One segment each: with the first one lost, a second proves nothing and is answered by a RST. */
static void
test_cookies(void **state)
{
	(void)state;
	for (uint8_t mode = TG_DEFER_SILENT; mode <= TG_DEFER_LEGACY; mode++)
		play(&(struct crowd){.seed = 250 + mode,
			.mode = mode,
			.syncookies = TG_SYNCOOKIES_ALWAYS,
			.wait_s = 3,
			.backlog = 4096,
			.bytes = 500});
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_full_queue),
		cmocka_unit_test(test_cookies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
