/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Settings that change at random while streams run, also over a bad wire: every client gets its
 * bytes back, none is lost, and the books balance at every step (rig_check).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "world.h"

#define CLIENTS 24
#define BYTES   60000

static const struct link_config bad = {
	.delay = 5 * TG_MSEC, .drop = 10, .duplicate = 10, .reorder = 10, .flip = 10, .mark = 10};

/*
 * Of a client that was answered with a cookie only the first segment can prove it: what comes
 * behind it gets a RST when that is lost. So where there are cookies nothing is.
 */
static const struct link_config good = {.delay = 5 * TG_MSEC, .mark = 10};

static struct rng rng;

static uint32_t
below(uint32_t n)
{
	return rng_below(&rng, n);
}

static void
other_settings(struct world *w, bool cookies)
{
	static const uint32_t size[] = {4096, 16384, 65536, 262144, 1048576};
	struct tg_engine_config *c = &w->rig.cfg;

	c->syncookies = (uint8_t)(cookies ? below(5) : below(2) * TG_SYNCOOKIES_MONITOR);
	c->accept_full = (uint8_t)below(2);
	c->accept_exact = below(2) != 0;
	c->somaxconn = 1 + below(CLIENTS);
	c->max_syn_backlog = 8 + below(64);
	c->synack_prefix_rate = below(3) == 0 ? 100 : 0;
	c->cookie_check_rate = below(3) == 0 ? 1000 : 0;
	c->synack_retries = (uint8_t)(3 + below(4));
	c->rto_min_ms = 50 + below(400);
	c->delayed_ack_ms = below(200);
	c->time_wait_ms = below(60000);
	c->fin_timeout_ms = 20000 + below(40000);
	c->rcvbuf = size[below(5)];
	c->sndbuf = size[below(5)];
	c->rst_rate = below(2000);
	c->timestamps = below(2) != 0;
	c->sack = below(2) != 0;
	c->window_scaling = below(2) != 0;
	c->ecn = below(2) != 0;
	c->hop_limit = (uint8_t)(64 + below(3));
	c->dscp = (uint8_t)below(64);
	assert_int_equal(tg_engine_reconfigure(w->rig.e, c), 0);
}

static void
other_rules(struct world *w, unsigned i)
{
	struct tg_listener_config *l = &w->lcfg[i];

	l->backlog = 1 + below(CLIENTS);
	l->single_queue = below(5) == 0;
	l->syn_backlog = below(2) == 0 ? 0 : 1 + below(CLIENTS);
	l->nodelay = below(2) != 0;
	l->defer_accept_s = below(3) == 0 ? 1 + below(5) : 0;
	l->defer_mode = (uint8_t)below(3);
	l->defer_cookies = below(2) != 0;
	l->fastopen = (uint8_t)(below(2) == 0 ? TG_FASTOPEN_OFF : TG_FASTOPEN_NO_COOKIE);
	l->fastopen_late = below(2) != 0;
	l->fastopen_qlen = 1 + below(8);
	l->options.window_clamp = below(2) * (4000 + below(60000));
	l->options.keepalive = below(2) != 0;
	assert_int_equal(tg_listener_reconfigure(w->rig.e, w->listener[i], l), 0);
}

/* A secret is kept for two minutes: no client waits that long with a cookie. */
static void
other_secret(struct world *w, tg_time *last)
{
	uint8_t seed[32];

	if (w->rig.now < *last + 120 * TG_SEC)
		return;
	*last = w->rig.now;
	memset(seed, (int)below(256), sizeof(seed));
	tg_engine_rotate(w->rig.e, seed);
}

static bool
all_done(const struct world *w)
{
	for (unsigned i = 0; i < w->peers; i++)
		if (w->peer[i].state != PEER_DONE)
			return false;
	return w->peers == CLIENTS;
}

static void
play(uint64_t seed)
{
	const bool cookies = seed % 2 == 0;
	struct world_config wc = {.link = cookies ? good : bad, .seed = seed};
	struct peer_config pc;
	static struct world w;
	tg_time secret = 0, end;

	rng.at = seed;
	world_init(&w, &wc, CLIENTS);
	w.rig.cfg.rcvbuf = w.rig.cfg.sndbuf = 262144;
	w.rig.cfg.max_segments = 16384;
	w.rig.cfg.syncookies = TG_SYNCOOKIES_OFF;
	w.rig.cfg.max_conns = w.rig.cfg.max_half_open = w.rig.cfg.max_time_wait = 256;
	/* what a late copy of a SYN or a cookie's ACK opens, no one but this will ever close */
	w.idle_timeout_ms = 300000;
	world_open(&w, CLIENTS);
	w.rig.shrunk = true;
	end = w.rig.now + 3600 * TG_SEC;
	while (!all_done(&w) && w.rig.now < end) {
		if (w.peers < CLIENTS) {
			world_peer_config(&w, w.peers % 2 != 0, &pc);
			pc.bytes = BYTES;
			pc.ts = below(3) != 0;
			pc.wscale = below(4) == 0 ? -1 : (int)below(10);
			pc.ecn = below(2) != 0;
			pc.fastopen = below(3) == 0;
			world_connect(&w, &pc);
		}
		switch (below(4)) {
		case 0:
			other_settings(&w, cookies);
			break;
		case 1:
			other_secret(&w, &secret);
			break;
		default:
			other_rules(&w, below(2));
		}
		world_wait(&w, below(300) * TG_MSEC);
	}
	for (unsigned i = 0; i < CLIENTS; i++) {
		assert_int_equal(w.peer[i].state, PEER_DONE);
		assert_int_equal(peer_echoed(&w.peer[i]), BYTES);
	}
	world_wait(&w, 900 * TG_SEC);
	world_is_empty(&w);
	world_close(&w);
}

static void
nobody_is_lost_when_settings_change(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++)
		play(seed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_is_lost_when_settings_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
