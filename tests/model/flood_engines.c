/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two engines alike: see flood_engines.h.
 */
#include "flood_engines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flood_traffic.h"

struct tg_engine *engine[2];
struct tg_worker *worker[2][2];
tg_listener listener[2][LISTENERS];
tg_time now;
int64_t wall_off;

/* A buffer of either engine. */
struct buf {
	uint8_t bytes[TG_BUF_MIN];
};

static unsigned
below(unsigned n)
{
	return traffic_below(n);
}

static void *
mem_alloc(void *ctx, size_t size, size_t align)
{
	void *p = aligned_alloc(align, (size + align - 1) / align * align);

	(void)ctx;
	assert_non_null(p);
	return memset(p, 0, size);
}

static void
mem_free(void *ctx, void *p, size_t size)
{
	(void)ctx;
	(void)size;
	free(p);
}

static unsigned
buf_alloc(void *ctx, struct tg_buf out[], unsigned n)
{
	(void)ctx;
	for (unsigned i = 0; i < n; i++) {
		struct buf *b = calloc(1, sizeof(*b));

		assert_non_null(b);
		out[i] = (struct tg_buf){b, b->bytes, sizeof(b->bytes)};
	}
	return n;
}

static void
buf_free(void *ctx, void *const buf[], unsigned n)
{
	(void)ctx;
	for (unsigned i = 0; i < n; i++)
		free(buf[i]);
}

/* Settings that the short way asks about, or should. */
static void
settings(struct tg_engine_config *c)
{
	static const uint8_t modes[] = {TG_SYNCOOKIES_ALWAYS, TG_SYNCOOKIES_ALWAYS,
		TG_SYNCOOKIES_FULL, TG_SYNCOOKIES_FULL, TG_SYNCOOKIES_ADAPTIVE, TG_SYNCOOKIES_OFF,
		TG_SYNCOOKIES_MONITOR};

	tg_engine_config_init(c);
	c->env = (struct tg_env){NULL, mem_alloc, mem_free, buf_alloc, buf_free};
	c->now = now;
	c->wall_s = 1700000000;
	c->max_conns = 1 + below(200);
	c->max_half_open = 1 + below(below(2) == 0 ? 60 : 2000);
	c->max_time_wait = 16;
	c->syncookies = modes[below(sizeof(modes))];
	c->rst_rate = below(3) == 0 ? 0 : below(200);
	c->timestamps = below(4) != 0;
	c->sack = below(4) != 0;
	c->window_scaling = below(4) != 0;
	c->ecn = below(2) != 0;
	c->closed_port_drop = below(3) == 0;
	c->closed_port_pass = below(8) == 0;
	c->pass_ports = below(8) == 0;
	c->pass_port[0] = 81;
	c->abort_on_overflow = below(2) != 0;
	c->accept_full = (uint8_t)below(2);
	c->accept_exact = below(2) != 0;
	c->cookie_seed_shared = below(4) == 0;
	c->cookie_check_rate = below(4) == 0 ? 20 : 0;
	c->synack_prefix_rate = below(4) == 0 ? 5 : 0;
	c->synack_prefix_burst = 1 + below(50);
	c->rcvbuf = below(2) != 0 ? 4096 : 262144;
	for (unsigned i = 0; i < sizeof(c->seed); i++)
		c->seed[i] = (uint8_t)traffic_any();
}

static void
listen_on(unsigned k, unsigned i, const struct tg_listener_config *lc)
{
	struct tg_listener_config own = *lc;

	own.worker = worker[k][lc->worker->number];
	assert_int_equal(tg_listen(engine[k], &own, &listener[k][i]), 0);
}

/* What SYN-ACKs of one listener say of us, another's do not. */
static void
some_face(struct tg_listener_config *lc)
{
	lc->options.hop_limit = (uint8_t)(below(2) * 99);
	lc->options.dscp = below(2) == 0 ? TG_DSCP_ENGINE : 46;
	lc->options.window_clamp = below(2) * 2000;
}

/* What connections begin with, worker and timers included. worker: the first engine's. */
static void
some_start(struct tg_listener_config *lc)
{
	lc->worker = worker[0][below(3) == 0];
	lc->nodelay = below(3) != 0;
	lc->idle_timeout_ms = below(12) == 0 ? 5000 : 0;
	lc->options.keepalive = below(12) == 0;
}

/* The last is at an address of its own, on the port of another. */
static void
some_listener(struct tg_listener_config *lc, unsigned i)
{
	tg_listener_config_init(lc);
	lc->local.port = (uint16_t)(80 + i);
	if (i == LISTENERS - 1) {
		lc->local.port = 80;
		lc->local.addr = traffic_addr(false, 0);
	} else if (below(3) != 0) {
		memset(&lc->local.addr, 0, sizeof(lc->local.addr));
		lc->dual_stack = below(3) != 0;
	}
	lc->backlog = 1 + below(30);
	lc->syn_backlog = 1 + below(below(3) == 0 ? 500 : 10);
	lc->single_queue = below(6) == 0;
	lc->defer_accept_s = below(6) == 0 ? 3 : 0;
	lc->fastopen = below(4) == 0 ? TG_FASTOPEN_COOKIE : TG_FASTOPEN_OFF;
	lc->fastopen_qlen = 5;
	lc->fastopen_under_flood = below(2) != 0;
	some_face(lc);
	some_start(lc);
}

void
open_engines(void)
{
	static const uint16_t offloads[] = {
		0, 0, TG_TX_IP_CSUM, TG_TX_TCP_CSUM, TG_TX_IP_CSUM | TG_TX_TCP_CSUM};
	const struct tg_addr first4 = traffic_addr(false, 0), first6 = traffic_addr(true, 0);
	struct tg_engine_config cfg;
	struct tg_listener_config lc;
	uint16_t offload = offloads[below(5)];

	now = TG_SEC;
	wall_off = 0;
	settings(&cfg);
	for (unsigned k = 0; k < 2; k++) {
		assert_int_equal(tg_engine_create(&cfg, &engine[k]), 0);
		assert_int_equal(
			tg_engine_add_port(engine[k], 0, traffic_mac[0], 1500, offload), 0);
		assert_int_equal(tg_engine_add_port(engine[k], 1, traffic_mac[1], 9000, 0), 0);
		assert_int_equal(tg_engine_add_addr(engine[k], 0, &first4, 24), 0);
		assert_int_equal(tg_engine_add_addr(engine[k], 0, &first6, 64), 0);
		for (unsigned i = 0; i < 2; i++)
			assert_int_equal(tg_worker_create(engine[k], NULL, &worker[k][i]), 0);
	}
	for (unsigned i = 0; i < LISTENERS; i++) {
		some_listener(&lc, i);
		for (unsigned k = 0; k < 2; k++)
			listen_on(k, i, &lc);
	}
	engine[0]->plain_off = true;
}

void
open_or_close(unsigned i)
{
	struct tg_listener_config lc;

	some_listener(&lc, i);
	for (unsigned k = 0; k < 2; k++) {
		if (listener[k][i] == 0) {
			listen_on(k, i, &lc);
			continue;
		}
		assert_int_equal(tg_unlisten(engine[k], listener[k][i]), 0);
		listener[k][i] = 0;
	}
}

unsigned
accept_on(unsigned k, unsigned i, tg_conn conn[], unsigned cap)
{
	unsigned n = 0;

	for (unsigned w = 0; w < 2; w++) /* one of them has the listener */
		n += tg_accept(worker[k][w], listener[k][i], conn + n, cap - n);
	return n;
}

void
close_engines(void)
{
	for (unsigned k = 0; k < 2; k++)
		tg_engine_destroy(engine[k]);
}

/* Sizes and keys of the first ones are kept, whatever is said of them here. */
static void
change_settings(void)
{
	struct tg_engine_config c;
	int rc[2];

	if (below(2) != 0) {
		settings(&c);
		c.hop_limit = (uint8_t)(64 + below(2));
		c.dscp = (uint8_t)below(2);
	} else { /* only what a SYN-ACK's options hang on, so that it looks like one that is kept */
		c = engine[0]->cfg;
		c.timestamps = below(2) != 0;
		c.sack = below(2) != 0;
		c.window_scaling = below(2) != 0;
	}
	for (unsigned k = 0; k < 2; k++)
		rc[k] = tg_engine_reconfigure(engine[k], &c);
	assert_int_equal(rc[0], 0);
	assert_int_equal(rc[1], 0);
}

static void
change_listener(unsigned i)
{
	const struct tg_lsn *l;
	struct tg_listener_config lc;
	unsigned w;

	if (listener[0][i] == 0)
		return;
	l = &engine[0]->listeners.lsn[(listener[0][i] & 0xffff) - 1];
	if (below(2) != 0) {
		some_listener(&lc, i);
		lc.local = l->local;
		lc.dual_stack = l->dual_stack;
	} else { /* only what its connections do not look at in their options */
		lc = l->cfg;
		lc.nodelay = below(2) != 0;
		lc.worker = worker[0][below(2)];
	}
	w = lc.worker->number;
	for (unsigned k = 0; k < 2; k++) {
		lc.worker = worker[k][w];
		assert_int_equal(tg_listener_reconfigure(engine[k], listener[k][i], &lc), 0);
	}
}

static void
change_secret(void)
{
	uint8_t seed[32];

	for (unsigned i = 0; i < sizeof(seed); i++)
		seed[i] = (uint8_t)traffic_any();
	for (unsigned k = 0; k < 2; k++)
		tg_engine_rotate(engine[k], seed);
}

void
change(void)
{
	const struct tg_addr a = traffic_addr(below(2) != 0, below(TRAFFIC_ADDRS));
	uint16_t port = (uint16_t)below(TRAFFIC_PORTS), off = (uint16_t)(below(4) * TG_TX_IP_CSUM);
	uint16_t mtu = below(2) != 0 ? 9000 : 1400;
	uint8_t key[16] = {(uint8_t)traffic_any()};
	unsigned what = below(8);
	bool low = below(2) != 0;

	if (what == 3) /* a wall clock that is set: back and forth, by whole epochs and by less */
		wall_off += (int64_t)below(5 * TG_EPOCH_S) - 2 * TG_EPOCH_S;
	if (what == 5)
		change_settings();
	else if (what == 6)
		change_listener(below(LISTENERS));
	else if (what == 7)
		change_secret();
	for (unsigned k = 0; k < 2; k++) {
		if (what == 0) /* -EEXIST mostly; before its turn it was somebody else's */
			tg_engine_add_addr(engine[k], 0, &a, tg_addr_is_v4(&a) ? 24 : 64);
		else if (what == 1)
			tg_engine_add_port(engine[k], port, traffic_mac[port], mtu, off);
		else if (what == 2)
			tg_engine_rotate_fastopen(engine[k], key);
		else if (what == 4)
			tg_engine_set_low(engine[k], low);
	}
}
