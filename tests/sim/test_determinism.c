/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An engine is a function of (packets, time, configuration, seed): the same in, the same out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "world.h"

#define CLIENTS 16

/* What came out of a run. */
struct outcome {
	uint64_t hash;
	uint64_t sent;
	struct tg_counters counters;
	uint32_t isn[CLIENTS];
};

static void
play(uint64_t world_seed, uint8_t engine_seed, const struct rig_manner *m, struct outcome *o)
{
	struct world_config wc = {
		.link = {.delay = TG_MSEC, .drop = 20, .duplicate = 20, .reorder = 20, .flip = 20},
		.seed = world_seed,
		.manner = m};
	struct peer_config pc;
	static struct world w;

	world_init(&w, &wc, CLIENTS);
	memset(w.rig.cfg.seed, engine_seed, sizeof(w.rig.cfg.seed));
	/* the first clients get entries, the others cookies */
	world_open(&w, 8);
	for (unsigned i = 0; i < CLIENTS; i++) {
		world_peer_config(&w, i % 2 != 0, &pc);
		pc.bytes = 30000;
		pc.ts = i % 4 < 2;
		pc.close = i % 3 == 0 ? PEER_CLOSES_EARLY : PEER_CLOSES_FIRST;
		world_connect(&w, &pc);
	}
	world_run(&w, 600 * TG_SEC);
	world_wait(&w, 100 * TG_SEC);
	memset(o, 0, sizeof(*o));
	o->hash = w.hash;
	o->sent = w.rig.sent;
	o->counters = *tg_engine_counters(w.rig.e);
	for (unsigned i = 0; i < CLIENTS; i++)
		o->isn[i] = w.peer[i].irs;
	world_close(&w);
}

static void
test_same_twice(void **state)
{
	struct outcome a, b;

	(void)state;
	for (uint64_t seed = 1; seed <= 5; seed++) {
		play(seed, 1, NULL, &a);
		play(seed, 1, NULL, &b);
		assert_true(a.sent > 500);
		assert_true(a.hash == b.hash);
		assert_memory_equal(&a, &b, sizeof(a));
	}
}

/* What is sent does not depend on who computes the checksums, nor on the room in the buffers. */
static void
test_same_in_every_manner(void **state)
{
	struct outcome a, b;

	(void)state;
	play(7, 1, NULL, &a);
	for (unsigned i = 0; i < rig_manner_count; i++) {
		if (rig_manners[i].start != rig_manners[0].start)
			continue;
		play(7, 1, &rig_manners[i], &b);
		assert_true(a.hash == b.hash);
	}
}

static void
test_other_seed(void **state)
{
	struct outcome a, b;

	(void)state;
	play(1, 1, NULL, &a);
	play(1, 2, NULL, &b);
	assert_true(a.hash != b.hash);
	for (unsigned i = 0; i < CLIENTS; i++)
		assert_int_not_equal(a.isn[i], b.isn[i]);
}

/* RFC 6528 3: the ISNs of different tuples have nothing to do with one another. */
static void
test_isns_unrelated(void **state)
{
	unsigned close = 0;
	struct outcome a;

	(void)state;
	play(1, 3, NULL, &a);
	for (unsigned i = 0; i < CLIENTS; i++)
		for (unsigned k = 0; k < i; k++) {
			uint32_t d = a.isn[i] - a.isn[k];

			/* nearer than 2^24 happens once in 128 pairs by chance */
			close += d < 1u << 24 || 0 - d < 1u << 24;
		}
	assert_true(close <= 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_twice),
		cmocka_unit_test(test_same_in_every_manner),
		cmocka_unit_test(test_other_seed),
		cmocka_unit_test(test_isns_unrelated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
