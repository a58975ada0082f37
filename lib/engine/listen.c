/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Listeners of an engine: opened, changed, closed: see <tidegate/engine.h>.
 */
#include <errno.h>
#include <string.h>

#include "config.h"
#include "engine_internal.h"

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

/*
 * What a listener's SYN-ACKs say of us, and its connections begin with. A window that is offered is
 * not taken back (SHLD-14), but what it was is in no entry and no cookie: so for as long as these
 * may be answered, connections begin with the larger one.
 */
static void
settle_synack(struct tg_engine *e, struct tg_lsn *l)
{
	const struct tg_options *o = &e->conns.options.set[l->options];
	const uint16_t was = tg_lsn_offered(l, e->now);
	const tg_time span = tg_synq_span(&e->synq, e->cfg.synack_retries) * TG_MSEC;

	l->synack = e->synack;
	l->synack.ttl = o->ttl;
	l->synack.tos = o->tos;
	if (o->window < l->synack.wnd)
		l->synack.wnd = (uint16_t)o->window;
	if (l->synack.wnd < was) {
		l->wnd_was = was;
		l->wnd_until = e->now + (span > TG_COOKIE_LIFETIME ? span : TG_COOKIE_LIFETIME);
	}
}

/* A set for what a listener's settings say of connections. @return TG_OPTIONS_NONE: none is free */
static uint16_t
options_of(struct tg_engine *e, const struct tg_listener_config *cfg)
{
	struct tg_options o;

	tg_options_make(&e->conns.options, &cfg->options, cfg->idle_timeout_ms, &o);
	return tg_options_get(&e->conns.options, &o);
}

static bool
config_ok(const struct tg_engine *e, const struct tg_listener_config *cfg)
{
	struct tg_options o;

	return cfg->worker != NULL && cfg->worker->engine == e && tg_lsn_config_ok(cfg) &&
		tg_options_make(&e->conns.options, &cfg->options, cfg->idle_timeout_ms, &o) == 0;
}

int
tg_listen(struct tg_engine *e, const struct tg_listener_config *cfg, tg_listener *out)
{
	const struct tg_share share = tg_config_share(e);
	uint16_t options;
	uint32_t idx;
	int rc;

	if (!config_ok(e, cfg))
		return -EINVAL;
	if (!tg_addr_is_any(&cfg->local.addr) && tg_host_find(&e->host, &cfg->local.addr) < 0)
		return -EADDRNOTAVAIL;
	options = options_of(e, cfg);
	if (options == TG_OPTIONS_NONE)
		return -ENOSPC;
	rc = tg_lsn_open(&e->listeners, cfg, &share, cfg->worker->number, &idx);
	if (rc != 0) {
		tg_options_put(&e->conns.options, options);
		return rc;
	}
	e->listeners.lsn[idx].options = options;
	settle_synack(e, &e->listeners.lsn[idx]);
	*out = tg_lsn_handle(&e->listeners, idx);
	return 0;
}

/* Who waits to be accepted waits for the new worker. */
static void
change_worker(struct tg_engine *e, uint32_t lsn, uint8_t worker)
{
	struct tg_lsn *l = &e->listeners.lsn[lsn];
	const uint64_t bit = UINT64_C(1) << lsn % 64;

	if (l->worker == worker)
		return;
	e->worker[l->worker].acceptable[lsn / 64] &= ~bit;
	l->worker = worker;
	if (l->acceptq.count > 0)
		e->worker[worker].acceptable[lsn / 64] |= bit;
}

int
tg_listener_reconfigure(struct tg_engine *e, tg_listener h, const struct tg_listener_config *cfg)
{
	const struct tg_share share = tg_config_share(e);
	uint32_t lsn = tg_lsn_index(&e->listeners, h);
	struct tg_lsn *l;
	uint16_t options;

	if (lsn == TG_NONE)
		return -EBADF;
	l = &e->listeners.lsn[lsn];
	if (!config_ok(e, cfg) || !tg_lsn_same_place(l, cfg))
		return -EINVAL;
	options = options_of(e, cfg);
	if (options == TG_OPTIONS_NONE)
		return -ENOSPC;
	tg_options_put(&e->conns.options, l->options);
	l->options = options;
	tg_lsn_configure(l, cfg, &share);
	settle_synack(e, l);
	change_worker(e, lsn, cfg->worker->number);
	return 0;
}

int
tg_listeners_rebase(struct tg_engine *e, uint8_t hop_limit, uint8_t dscp)
{
	struct tg_option_table *all = &e->conns.options;
	const struct tg_options was = all->base;
	uint16_t set[TG_LISTENERS_MAX];
	uint32_t i;

	if (!tg_options_rebase(all, hop_limit, dscp))
		return 0;
	for (i = 0; i < TG_LISTENERS_MAX; i++) {
		const struct tg_lsn *l = &e->listeners.lsn[i];

		set[i] = l->used ? options_of(e, &l->cfg) : 0;
		if (set[i] == TG_OPTIONS_NONE)
			break;
	}
	if (i < TG_LISTENERS_MAX) {
		while (i-- > 0)
			if (e->listeners.lsn[i].used)
				tg_options_put(all, set[i]);
		all->base = was;
		return -ENOSPC;
	}
	while (i-- > 0) {
		struct tg_lsn *l = &e->listeners.lsn[i];

		if (!l->used)
			continue;
		tg_options_put(all, l->options);
		l->options = set[i];
	}
	return 0;
}

void
tg_listeners_settle(struct tg_engine *e)
{
	const struct tg_share share = tg_config_share(e);

	for (uint32_t i = 0; i < TG_LISTENERS_MAX; i++) {
		struct tg_lsn *l = &e->listeners.lsn[i];

		if (!l->used)
			continue;
		tg_lsn_settle(l, &share);
		settle_synack(e, l);
	}
}

int
tg_unlisten(struct tg_engine *e, tg_listener h)
{
	uint32_t lsn = tg_lsn_index(&e->listeners, h);

	if (lsn == TG_NONE)
		return -EBADF;
	tg_closing_begin(e, lsn);
	return 0;
}

void
tg_listeners_close(struct tg_engine *e)
{
	for (uint32_t i = 0; i < TG_LISTENERS_MAX; i++)
		if (e->listeners.lsn[i].used)
			tg_closing_begin(e, i);
}
