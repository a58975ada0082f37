/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The engine's two queues beside a naive twin (queue_twin.h): random settings, then random SYNs,
 * ACKs, data, RSTs, cookies of another machine, accepts, time steps and other settings. After each
 * the answer, every number of the listeners, the SYN-ACKs and RSTs sent, and who is accepted next
 * must be the same.
 *
 * Time moves in steps of 10 ms on a grid that misses the moment where 32-bit milliseconds are 0.
 *
 *     model_queue [SEED [RUNS]]   one run that failed, or many more than usual
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "die.h"
#include "queue_world.h"
#include "seg.h"

#define STEPS 500
/* Cookies are known to live so long at least; older ones are forgotten here. */
#define COOKIE_MS 30000

static void
syn(struct world *w, unsigned i)
{
	struct knows *k = &w->k[i];

	k->data = k->fin = false;
	if (once_in(w, 2)) {
		k->isn += 100000;
		k->has_cookie = false;
	}
	world_expect(w, i, twin_syn(&w->twin, i), world_sends(w, i, SEG_S, k->isn, 0, 0));
}

/* The last ACK of an entry or a cookie, or a wrong one. */
static void
ack(struct world *w, unsigned i)
{
	struct knows *k = &w->k[i];
	bool entry = w->twin.c[i].place != TWIN_NONE;
	bool cookie = k->has_cookie && w->twin.now < k->cookie_at + COOKIE_MS;
	bool wrong = once_in(w, 10), fin = once_in(w, 12), data = !fin && once_in(w, 3);
	uint32_t iss = entry && (!cookie || !once_in(w, 3)) ? k->iss : k->cookie;
	unsigned flags = SEG_A | (fin ? SEG_F : 0) | (data ? SEG_P : 0);
	struct twin_answer a;

	if (wrong || (!entry && !cookie))
		iss += 77;
	if (entry && iss == k->iss)
		a = twin_ack(&w->twin, i, !fin && !data);
	else
		a = twin_cookie(&w->twin, i, !fin && !data, cookie && iss == k->cookie);
	world_expect(w, i, a, world_sends(w, i, flags, k->isn + 1, iss + 1, data ? DATA : 0));
	if (w->twin.c[i].conn) {
		k->data = data;
		k->fin = fin;
		k->has_cookie = false;
	}
}

static void
client(struct world *w)
{
	unsigned i = below(w, CLIENTS);
	uint32_t isn = w->k[i].isn;

	if (w->twin.c[i].conn)
		return;
	if (w->fleet && once_in(w, 8)) {
		world_cookie_of_other(w, i);
		return;
	}
	if (w->twin.c[i].place == TWIN_NONE) {
		if (once_in(w, 3))
			ack(w, i);
		else
			syn(w, i);
		return;
	}
	switch (below(w, 24)) {
	case 0:
	case 1:
	case 2:
		world_expect(
			w, i, twin_syn_again(&w->twin, i), world_sends(w, i, SEG_S, isn, 0, 0));
		break;
	case 3:
		world_expect(w, i, twin_syn_other(&w->twin, i),
			world_sends(w, i, SEG_S, isn + 1000, 0, 0));
		break;
	case 4:
		world_expect(w, i, twin_rst(&w->twin, i), world_sends(w, i, SEG_R, isn + 1, 0, 0));
		break;
	case 5:
	case 6:
	case 7:
		break;
	default:
		ack(w, i);
	}
}

/* What arrived with the handshake is there; then the connection ends at once. */
static void
accept_one(struct world *w)
{
	unsigned lsn = below(w, LISTENERS);
	struct tg_worker *wk = w->rig.w;
	struct tg_conn_info info;
	uint8_t buf[2 * DATA];
	tg_conn conn;
	int i, n;

	i = twin_accept(&w->twin, lsn);
	world_same("accepted from", lsn, tg_accept(wk, w->listener[lsn], &conn, 1), i >= 0);
	if (i < 0)
		return;
	w->completed++;
	if (tg_get_info(wk, conn, &info) != 0)
		die("a connection just accepted is not there");
	world_same("accepted from", lsn, info.tuple.remote.port - 40000u, (unsigned)i);
	n = tg_recv(wk, conn, buf, sizeof(buf));
	if (n != (w->k[i].data ? DATA : w->k[i].fin ? 0 : -EAGAIN))
		die("client %d: reading gives %d", i, n);
	if (tg_abort(wk, conn) != 0)
		die("client %d cannot be aborted", i);
	w->twin.rsts++;
	rig_turn(&w->rig);
	twin_until(&w->twin, w->twin.now);
}

static void
time_passes(struct world *w)
{
	static const uint32_t most[] = {1, 10, 100, 100, 300, 300, 6000};

	world_until(w, w->twin.now + 10ull * (1 + below(w, most[below(w, 7)])));
}

/* Which run and step a failure belongs to. */
static uint64_t seed_now;
static unsigned step_now;

static void
fails(const char *text)
{
	fail_msg("seed %llu, step %u: %s", (unsigned long long)seed_now, step_now, text);
}

static uint64_t
play(uint64_t seed)
{
	static struct world w;
	struct tg_engine_usage u;

	seed_now = seed;
	step_now = 0;
	world_open(&w, seed);
	while (step_now++ < STEPS) {
		uint32_t what = below(&w, 304);

		if (what < 210)
			client(&w);
		else if (what < 246)
			accept_one(&w);
		else if (what < 297)
			time_passes(&w);
		else if (what < 301)
			world_reopen(&w, below(&w, LISTENERS));
		else
			world_change(&w);
		world_compare(&w);
	}
	/* every entry ends by itself */
	world_until(&w, w.twin.now + 600000);
	world_compare(&w);
	tg_engine_usage(w.rig.e, &u);
	world_same("entries at the end", 0, u.half_open, 0);
	world_close(&w);
	return w.completed;
}

/* From the command line. */
static uint64_t first = 1, runs = 300;

static void
the_queues_do_what_the_rules_say(void **state)
{
	uint64_t completed = 0;

	(void)state;
	for (uint64_t seed = first; seed < first + runs; seed++)
		completed += play(seed);
	/* most runs are alive to the end */
	if (runs > 100)
		assert_true(completed > 10 * runs);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_queues_do_what_the_rules_say),
	};

	if (argc > 1) {
		first = strtoull(argv[1], NULL, 0);
		runs = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	}
	die_hook = fails;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
