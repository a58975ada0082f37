/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Creation, secrets and end of an engine: see <tidegate/engine.h>.
 */
#include <errno.h>
#include <string.h>

#include "block.h"
#include "close.h"
#include "config.h"
#include "engine_internal.h"

/* What tg_engine_reset() leaves of closed listeners in one go; any number will do. */
#define RESET_GROUP 65536

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
	tg_wipe(c->seed, sizeof(c->seed));
	tg_wipe(c->cookie_seed, sizeof(c->cookie_seed));
	tg_wipe(c->fastopen_key, sizeof(c->fastopen_key));
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
	int rc;

	rc = tg_peers_init(&e->peers, &e->mem, c->proven_peers, c->proven_ms);
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

	if (!tg_config_ok(cfg))
		return -EINVAL;
	e = cfg->env.alloc(cfg->env.ctx, sizeof(*e), 64);
	if (e == NULL)
		return -ENOMEM;
	e->cfg = *cfg;
	init_secrets(e);
	e->mem = (struct tg_mem){cfg->env.ctx, cfg->env.alloc, cfg->env.free};
	e->now = cfg->now;
	tg_host_init(&e->host);
	e->plain_local[0] = e->plain_local[1] = -1;
	tg_listeners_init(&e->listeners);
	cs = &e->conns;
	cs->flow = &e->flow;
	cs->host = &e->host;
	cs->counters = &e->counters;
	cs->synrcvd_over = tg_fastopen_over;
	cs->synrcvd_ctx = e;
	tg_config_fix(e);
	rc = init_tables(e);
	if (rc != 0) {
		tg_engine_destroy(e);
		return rc;
	}
	tg_config_settle(e);
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
	e->cfg.fastopen_keys = e->fastopen.n; /* given, not derived, from now on */
}

void
tg_engine_rotate(struct tg_engine *e, const uint8_t cookie_seed[32])
{
	uint8_t key[16];

	tg_secret_rotate(&e->secret, cookie_seed);
	/* Keys and masks of what is kept ready for SYNs. */
	tg_printed_forget(e);
	if (e->cfg.fastopen_keys != 0)
		return;
	tg_secret_fastopen_key(&e->secret, key);
	tg_fastopen_rotate(&e->fastopen, key);
	tg_wipe(key, sizeof(key));
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
tg_engine_drain(struct tg_engine *e)
{
	tg_listeners_close(e);
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
	tg_listeners_close(e);
	while (tg_lsn_any_closing(&e->listeners))
		tg_closing_work(e, RESET_GROUP);
	for (uint32_t i = 0; i < e->conns.tcb.fresh; i++) {
		struct tg_tcb *t = tg_tcb_at(&e->conns, i);

		if (t->state != TG_CLOSED || (t->flags & (TG_TCB_DEAD | TG_TCB_RST_WANTED)) != 0)
			tg_conn_abort(&e->conns, t);
	}
}
