/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Creation, settings and end of an engine: see <tidegate/engine.h>.
 */
#include <errno.h>
#include <string.h>

#include "close.h"
#include "engine_internal.h"

#define POOL_MAX (UINT32_C(1) << 24)

void
tg_engine_config_init(struct tg_engine_config *cfg)
{
	memset(cfg, 0, sizeof(*cfg));
	cfg->shards = 1;
	cfg->max_conns = 65536;
	cfg->max_half_open = 16384;
	cfg->max_time_wait = 32768;
	cfg->max_segments = 65536;
	cfg->buf_size = TG_BUF_MIN;
	cfg->somaxconn = 4096;
	cfg->max_syn_backlog = 1024;
	cfg->syncookies = TG_SYNCOOKIES_FULL;
	cfg->syncookies_start = 75;
	cfg->syncookies_stop = 25;
	cfg->proven_peers = 4096;
	cfg->proven_ms = 3600000;
	cfg->synack_prefix_burst = 256;
	cfg->synack_prefix_buckets = 16384;
	cfg->synack_retries = 5;
	cfg->retries = 15;
	cfg->orphan_retries = 8;
	cfg->synack_rto_ms = 1000;
	cfg->rto_min_ms = 200;
	cfg->delayed_ack_ms = 40;
	cfg->time_wait_ms = 60000;
	cfg->fin_timeout_ms = 60000;
	cfg->rcvbuf = 262144;
	cfg->sndbuf = 262144;
	cfg->rst_rate = 1000;
	cfg->timestamps = true;
	cfg->sack = true;
	cfg->window_scaling = true;
	cfg->ecn = true;
	cfg->hop_limit = 64; /* RFC 1700, and everybody since */
}

static bool
between(uint32_t v, uint32_t least, uint32_t most)
{
	return v >= least && v <= most;
}

static bool
config_ok(const struct tg_engine_config *c)
{
	return c->env.alloc != NULL && c->env.free != NULL && c->env.buf_alloc != NULL &&
		c->env.buf_free != NULL && between(c->shards, 1, 256) && c->shard < c->shards &&
		between(c->max_conns, 1, POOL_MAX) && between(c->max_half_open, 1, POOL_MAX) &&
		between(c->max_time_wait, 1, POOL_MAX) && between(c->max_segments, 1, POOL_MAX) &&
		between(c->buf_size, TG_BUF_MIN, UINT16_MAX) &&
		between(c->somaxconn, 1, 1u << 20) && between(c->max_syn_backlog, 1, 1u << 20) &&
		c->syncookies <= TG_SYNCOOKIES_MONITOR && between(c->syncookies_start, 1, 100) &&
		c->syncookies_stop <= c->syncookies_start &&
		c->accept_full <= TG_ACCEPT_FULL_YOUNG && c->proven_peers <= 1u << 20 &&
		between(c->proven_ms, 1000, INT32_MAX - 1) && c->synack_prefix_rate <= 1000000 &&
		between(c->synack_prefix_burst, 1, 1000000) &&
		between(c->synack_prefix_buckets, 64, 1u << 20) && between(c->retries, 1, 30) &&
		between(c->orphan_retries, 1, 30) &&
		between(c->synack_rto_ms, 100, TG_SYNACK_RTO_MAX) &&
		between(c->rto_min_ms, 1, 60000) && c->delayed_ack_ms <= 500 &&
		c->time_wait_ms <= 240000 && c->fin_timeout_ms <= 3600000 &&
		between(c->rcvbuf, 4096, 1u << 26) && between(c->sndbuf, 4096, 1u << 26) &&
		c->fastopen_keys <= 2 && c->hop_limit != 0 && c->dscp <= 63 &&
		c->pass_ports <= TG_PASS_PORTS_MAX;
}

/* The smallest shift with which the whole receive buffer can be offered (RFC 7323 2.3). */
static uint8_t
window_shift(uint32_t rcvbuf)
{
	uint8_t shift = 0;

	while (shift < TG_WSCALE_MAX && rcvbuf >> shift > UINT16_MAX)
		shift++;
	return shift;
}

/* Derives the keys; no seed and no key stays behind in the copy of the settings. */
static void
init_secrets(struct tg_engine *e)
{
	struct tg_engine_config *c = &e->cfg;

	tg_secret_init(&e->secret, c->seed, c->cookie_seed_shared ? c->cookie_seed : NULL,
		c->wall_s, true);
	for (e->fastopen.n = 0; e->fastopen.n < c->fastopen_keys; e->fastopen.n++)
		memcpy(e->fastopen.key[e->fastopen.n], c->fastopen_key[e->fastopen.n],
			sizeof(e->fastopen.key[0]));
	if (e->fastopen.n == 0) {
		tg_secret_fastopen_key(&e->secret, e->fastopen.key[0]);
		e->fastopen.n = 1;
	}
	memset(c->seed, 0, sizeof(c->seed));
	memset(c->cookie_seed, 0, sizeof(c->cookie_seed));
	memset(c->fastopen_key, 0, sizeof(c->fastopen_key));
}

static int
init_tables(struct tg_engine *e)
{
	const struct tg_engine_config *c = &e->cfg;
	const struct tg_pool *pools[TG_FLOW_KINDS] = {
		[TG_FLOW_SYN] = &e->synq.pool,
		[TG_FLOW_CONN] = &e->conns.tcb,
		[TG_FLOW_TW] = &e->conns.tw.pool,
	};
	bool proven = c->syncookies == TG_SYNCOOKIES_OFF || c->syncookies == TG_SYNCOOKIES_MONITOR;
	int rc;

	rc = tg_peers_init(&e->peers, &e->mem, proven ? c->proven_peers : 0, c->proven_ms);
	if (rc == 0)
		rc = tg_prefix_init(&e->prefixes, &e->mem, c->synack_prefix_buckets,
			c->synack_prefix_rate, c->synack_prefix_burst);
	if (rc == 0)
		rc = tg_synq_init(
			&e->synq, &e->mem, c->max_half_open, c->synack_rto_ms, tg_ms_of(c->now));
	if (rc == 0)
		rc = tg_conns_init(&e->conns, &e->mem, c);
	if (rc == 0)
		rc = tg_flow_init(&e->flow, &e->mem,
			c->max_conns + c->max_half_open + c->max_time_wait, pools);
	return rc;
}

int
tg_engine_create(const struct tg_engine_config *cfg, struct tg_engine **out)
{
	struct tg_engine *e;
	struct tg_conns *cs;
	int rc;

	if (!config_ok(cfg))
		return -EINVAL;
	e = cfg->env.alloc(cfg->env.ctx, sizeof(*e), 64);
	if (e == NULL)
		return -ENOMEM;
	e->cfg = *cfg;
	init_secrets(e);
	e->mem = (struct tg_mem){cfg->env.ctx, cfg->env.alloc, cfg->env.free};
	e->now = cfg->now;
	tg_bucket_init(&e->rst, cfg->rst_rate, tg_ms_of(cfg->now));
	tg_bucket_init(&e->cookie_check, cfg->cookie_check_rate, tg_ms_of(cfg->now));
	e->admission = (struct tg_admission){
		.syncookies = cfg->syncookies,
		.start = cfg->syncookies_start,
		.stop = cfg->syncookies_stop,
		.accept_full = cfg->accept_full,
	};
	tg_host_init(&e->host);
	e->host.ttl = cfg->hop_limit;
	e->host.tos = (uint8_t)(cfg->dscp << 2);
	e->plain_local[0] = e->plain_local[1] = -1;
	tg_listeners_init(&e->listeners);
	cs = &e->conns;
	cs->flow = &e->flow;
	cs->host = &e->host;
	cs->counters = &e->counters;
	cs->env = cfg->env;
	cs->rcvbuf = cfg->rcvbuf;
	cs->sndbuf = cfg->sndbuf;
	cs->rto_min_ms = cfg->rto_min_ms;
	cs->delayed_ack_ms = cfg->delayed_ack_ms;
	cs->fin_timeout_ms = cfg->fin_timeout_ms;
	cs->retries = cfg->retries;
	cs->orphan_retries = cfg->orphan_retries;
	cs->synack_retries = cfg->synack_retries;
	cs->synack_rto_ms = cfg->synack_rto_ms;
	cs->synrcvd_over = tg_fastopen_over;
	cs->synrcvd_ctx = e;
	cs->buf_size = cfg->buf_size;
	cs->rcv_wscale = window_shift(cfg->rcvbuf);
	e->synack.wscale = cs->rcv_wscale;
	e->synack.wnd = (uint16_t)(cfg->rcvbuf < UINT16_MAX ? cfg->rcvbuf : UINT16_MAX);
	rc = init_tables(e);
	if (rc != 0) {
		tg_engine_destroy(e);
		return rc;
	}
	*out = e;
	return 0;
}

void
tg_engine_destroy(struct tg_engine *e)
{
	struct tg_mem mem = e->mem;

	if (e->conns.tcb.base != NULL && e->conns.segs.pool.base != NULL)
		tg_conns_fini(&e->conns, &mem);
	else
		tg_pool_fini(&e->conns.tcb, &mem);
	tg_peers_fini(&e->peers, &mem);
	tg_prefix_fini(&e->prefixes, &mem);
	tg_synq_fini(&e->synq, &mem);
	tg_flow_fini(&e->flow, &mem);
	tg_secret_wipe(&e->secret);
	tg_fastopen_wipe(&e->fastopen);
	mem.free(mem.ctx, e, sizeof(*e));
}

void
tg_engine_set_low(struct tg_engine *e, bool low)
{
	e->low = low;
}

void
tg_engine_rotate_fastopen(struct tg_engine *e, const uint8_t key[16])
{
	tg_fastopen_rotate(&e->fastopen, key);
}

int
tg_engine_add_port(
	struct tg_engine *e, uint16_t port, const uint8_t mac[6], uint16_t mtu, uint16_t offload)
{
	return tg_host_add_port(&e->host, port, mac, mtu, offload);
}

int
tg_engine_add_addr(
	struct tg_engine *e, uint16_t port, const struct tg_addr *addr, uint8_t prefix_len)
{
	return tg_host_add_addr(&e->host, port, addr, prefix_len);
}

bool
tg_engine_has_addr(const struct tg_engine *e, const struct tg_addr *addr)
{
	return tg_host_find(&e->host, addr) >= 0;
}

void
tg_listener_config_init(struct tg_listener_config *cfg)
{
	memset(cfg, 0, sizeof(*cfg));
	cfg->local.addr = tg_addr_v4(0, 0, 0, 0);
	cfg->backlog = 4096;
	cfg->nodelay = true;
	tg_options_tell(&tg_options_default, &cfg->options);
	cfg->options.hop_limit = 0;
	cfg->options.dscp = TG_DSCP_ENGINE;
}

/* What a listener's SYN-ACKs say of us, and its connections begin with. */
static void
set_options(struct tg_engine *e, struct tg_lsn *l, uint16_t idx)
{
	const struct tg_options *o = &e->conns.options.set[idx];

	l->options = idx;
	l->synack = e->synack;
	l->synack.ttl = o->ttl;
	l->synack.tos = o->tos;
	if (o->window < l->synack.wnd)
		l->synack.wnd = (uint16_t)o->window;
}

int
tg_listen(struct tg_engine *e, const struct tg_listener_config *cfg, tg_listener *out)
{
	const struct tg_share share = {
		.somaxconn = e->cfg.somaxconn,
		.max_syn_backlog = e->cfg.max_syn_backlog,
		.synack_rto_ms = e->cfg.synack_rto_ms,
		.shard = e->cfg.shard,
		.shards = e->cfg.shards,
		.accept_exact = e->cfg.accept_exact,
	};
	struct tg_options o;
	uint16_t options;
	uint32_t idx;
	int rc;

	if (cfg->worker == NULL || cfg->worker->engine != e ||
		tg_options_make(&e->conns.options, &cfg->options, cfg->idle_timeout_ms, &o) != 0)
		return -EINVAL;
	if (!tg_addr_is_any(&cfg->local.addr) && tg_host_find(&e->host, &cfg->local.addr) < 0)
		return -EADDRNOTAVAIL;
	options = tg_options_get(&e->conns.options, &o);
	if (options == TG_OPTIONS_NONE)
		return -ENOSPC;
	rc = tg_lsn_open(&e->listeners, cfg, &share, cfg->worker->number, &idx);
	if (rc != 0) {
		tg_options_put(&e->conns.options, options);
		return rc;
	}
	set_options(e, &e->listeners.lsn[idx], options);
	*out = tg_lsn_handle(&e->listeners, idx);
	return 0;
}

static void
remove_half_open_of(struct tg_engine *e, uint32_t lsn)
{
	/* Closing a listener is rare: every entry ever used is looked at. */
	for (uint32_t i = 0; i < e->synq.pool.fresh; i++) {
		const struct tg_half *h = tg_half_at(&e->synq, i);

		if (h->key.lport != 0 && h->key.free_use == lsn)
			tg_half_remove(e, i);
	}
}

static void
close_listener(struct tg_engine *e, uint32_t lsn)
{
	struct tg_lsn *l = &e->listeners.lsn[lsn];
	uint32_t idx;

	remove_half_open_of(e, lsn);
	while ((idx = tg_fifo_pop(&l->acceptq, &e->conns.tcb, TG_TCB_EVENT)) != TG_NONE)
		tg_conn_abort(&e->conns, tg_tcb_at(&e->conns, idx));
	tg_fastopen_unlisten(e, lsn);
	tg_options_put(&e->conns.options, l->options);
	e->worker[l->worker].acceptable[lsn / 64] &= ~(UINT64_C(1) << lsn % 64);
	tg_lsn_close(&e->listeners, lsn);
}

int
tg_unlisten(struct tg_engine *e, tg_listener h)
{
	uint32_t lsn = tg_lsn_index(&e->listeners, h);

	if (lsn == TG_NONE)
		return -EBADF;
	close_listener(e, lsn);
	return 0;
}

static void
close_listeners(struct tg_engine *e)
{
	for (uint32_t i = 0; i < TG_LISTENERS_MAX; i++)
		if (e->listeners.lsn[i].used)
			close_listener(e, i);
}

void
tg_engine_drain(struct tg_engine *e)
{
	close_listeners(e);
	for (unsigned i = 0; i < e->workers; i++)
		e->worker[i].drain = true;
}

void
tg_engine_finish(struct tg_engine *e)
{
	for (uint32_t i = 0; i < e->conns.tcb.fresh; i++)
		if (tg_tcb_at(&e->conns, i)->state != TG_CLOSED)
			tg_conn_shutdown(&e->conns, tg_tcb_at(&e->conns, i));
}

void
tg_engine_reset(struct tg_engine *e)
{
	close_listeners(e);
	for (uint32_t i = 0; i < e->conns.tcb.fresh; i++) {
		struct tg_tcb *t = tg_tcb_at(&e->conns, i);

		if (t->state != TG_CLOSED || (t->flags & (TG_TCB_DEAD | TG_TCB_RST_WANTED)) != 0)
			tg_conn_abort(&e->conns, t);
	}
}
