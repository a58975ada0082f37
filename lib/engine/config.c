/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Settings of an engine: defaults, ranges, and what is derived from them, at creation and whenever
 * they change: see <tidegate/engine.h>.
 */
#include <errno.h>
#include <string.h>

#include "config.h"
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

bool
tg_config_ok(const struct tg_engine_config *c)
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
		c->fastopen_keys <= 2 && c->hop_limit != 0 && c->dscp <= 63;
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

/* What was settled at creation: memory, keys, and what peers were told for good. */
static void
keep_fixed(struct tg_engine_config *c, const struct tg_engine_config *was)
{
	c->env = was->env;
	memcpy(c->seed, was->seed, sizeof(c->seed));
	c->wall_s = was->wall_s;
	c->now = was->now;
	c->shard = was->shard;
	c->shards = was->shards;
	c->max_conns = was->max_conns;
	c->max_half_open = was->max_half_open;
	c->max_time_wait = was->max_time_wait;
	c->max_segments = was->max_segments;
	c->buf_size = was->buf_size;
	c->proven_peers = was->proven_peers;
	c->synack_prefix_buckets = was->synack_prefix_buckets;
	c->synack_rto_ms = was->synack_rto_ms;
	memcpy(c->cookie_seed, was->cookie_seed, sizeof(c->cookie_seed));
	memcpy(c->fastopen_key, was->fastopen_key, sizeof(c->fastopen_key));
	c->fastopen_keys = was->fastopen_keys;
}

struct tg_share
tg_config_share(const struct tg_engine *e)
{
	return (struct tg_share){
		.somaxconn = e->cfg.somaxconn,
		.max_syn_backlog = e->cfg.max_syn_backlog,
		.synack_rto_ms = e->cfg.synack_rto_ms,
		.shard = e->cfg.shard,
		.shards = e->cfg.shards,
		.accept_exact = e->cfg.accept_exact,
	};
}

void
tg_config_fix(struct tg_engine *e)
{
	const struct tg_engine_config *c = &e->cfg;
	struct tg_conns *cs = &e->conns;

	cs->env = c->env;
	cs->synack_rto_ms = c->synack_rto_ms;
	cs->buf_size = c->buf_size;
	cs->rcv_wscale = window_shift(c->rcvbuf);
	e->synack.wscale = cs->rcv_wscale;
	tg_bucket_init(&e->rst, c->rst_rate, tg_ms_of(c->now));
	tg_bucket_init(&e->cookie_check, c->cookie_check_rate, tg_ms_of(c->now));
}

void
tg_config_settle(struct tg_engine *e)
{
	const struct tg_engine_config *c = &e->cfg;
	struct tg_conns *cs = &e->conns;

	e->admission = (struct tg_admission){
		.syncookies = c->syncookies,
		.start = c->syncookies_start,
		.stop = c->syncookies_stop,
		.accept_full = c->accept_full,
	};
	e->host.ttl = c->hop_limit;
	e->host.tos = (uint8_t)(c->dscp << 2);
	e->synack.wnd = (uint16_t)(c->rcvbuf < UINT16_MAX ? c->rcvbuf : UINT16_MAX);
	cs->rcvbuf = c->rcvbuf;
	cs->sndbuf = c->sndbuf;
	cs->rto_min_ms = c->rto_min_ms;
	cs->delayed_ack_ms = c->delayed_ack_ms;
	cs->fin_timeout_ms = c->fin_timeout_ms;
	cs->retries = c->retries;
	cs->orphan_retries = c->orphan_retries;
	cs->synack_retries = c->synack_retries;
	cs->tw.wait_ms = c->time_wait_ms;
	tg_peers_live(&e->peers, c->proven_ms);
	tg_prefix_rate(&e->prefixes, c->synack_prefix_rate, c->synack_prefix_burst);
	/* Nothing of what is kept ready for SYNs is true any more. */
	tg_printed_forget(e);
}

/*
 * Cookies that are out are checked as long as they live, although the setting that had all of them
 * checked is gone.
 */
static void
follow_cookies(struct tg_engine *e, const struct tg_engine_config *was)
{
	const bool unshared = was->cookie_seed_shared && !e->cfg.cookie_seed_shared;

	for (uint32_t i = 0; i < TG_LISTENERS_MAX; i++) {
		struct tg_lsn *l = &e->listeners.lsn[i];

		if (unshared)
			l->cookie_until = e->now + TG_COOKIE_LIFETIME;
		if (e->cfg.syncookies != was->syncookies)
			l->cookies_on = false; /* ADAPTIVE begins anew */
	}
}

int
tg_engine_reconfigure(struct tg_engine *e, const struct tg_engine_config *cfg)
{
	const struct tg_engine_config was = e->cfg;
	struct tg_engine_config c = *cfg;
	int rc;

	keep_fixed(&c, &was);
	if (!tg_config_ok(&c))
		return -EINVAL;
	rc = tg_listeners_rebase(e, c.hop_limit, c.dscp);
	if (rc != 0)
		return rc;
	e->cfg = c;
	tg_config_settle(e);
	if (c.rst_rate != was.rst_rate)
		tg_bucket_init(&e->rst, c.rst_rate, tg_ms_of(e->now));
	if (c.cookie_check_rate != was.cookie_check_rate)
		tg_bucket_init(&e->cookie_check, c.cookie_check_rate, tg_ms_of(e->now));
	follow_cookies(e, &was);
	tg_listeners_settle(e);
	return 0;
}
