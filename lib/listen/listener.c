/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of listeners: see listener.h.
 */
#include <errno.h>
#include <string.h>

#include "defer.h"
#include "listener.h"

#define SYN_BACKLOG_MIN 64 /* of TG_SYN_BACKLOG_AUTO (listener-semantics section 1) */
#define BACKLOG_MAX     (1u << 20)

#define BUCKETS (2u * TG_LISTENERS_MAX)
_Static_assert(BUCKETS <= 512, "bucket_of() has nine bits");

/*
 * Of a port, and of an exact address beside it. Both are configured, not attacked. The last byte of
 * an address is the highest of the number: only the top bits of the product know all of it.
 */
static unsigned
bucket_of(uint64_t addr, uint16_t port)
{
	return (unsigned)(((addr ^ port) * UINT64_C(0x9e3779b97f4a7c15)) >> 55) % BUCKETS;
}

/* What an exact address adds; nothing for a wildcard, so that all of a port are in one bucket. */
static uint64_t
fold(const struct tg_addr *a)
{
	uint64_t hi, lo;

	memcpy(&hi, a->b, 8);
	memcpy(&lo, a->b + 8, 8);
	return hi ^ lo;
}

static bool
is_wildcard_v6(const struct tg_addr *a)
{
	static const struct tg_addr any6;

	return memcmp(a, &any6, sizeof(any6)) == 0;
}

static bool
is_wildcard_v4(const struct tg_addr *a)
{
	const struct tg_addr any4 = tg_addr_v4(0, 0, 0, 0);

	return memcmp(a, &any4, sizeof(any4)) == 0;
}

void
tg_listeners_init(struct tg_listeners *t)
{
	memset(t, 0, sizeof(*t));
}

tg_listener
tg_lsn_handle(const struct tg_listeners *t, uint32_t idx)
{
	return (uint32_t)t->lsn[idx].generation << 16 | (idx + 1);
}

uint32_t
tg_lsn_index(const struct tg_listeners *t, tg_listener h)
{
	uint32_t idx = (h & 0xffff) - 1;

	if (idx >= TG_LISTENERS_MAX || !t->lsn[idx].used || t->lsn[idx].generation != h >> 16)
		return TG_NONE;
	return idx;
}

uint32_t
tg_share_of(uint32_t bound, uint16_t shard, uint16_t shards)
{
	uint32_t share = bound / shards + (shard < bound % shards ? 1 : 0);

	return share > 0 ? share : 1;
}

/* Two listeners of one port clash when some address would reach both with the same rank. */
static bool
clashes(const struct tg_lsn *l, const struct tg_listener_config *cfg)
{
	if (l->local.port != cfg->local.port)
		return false;
	if (memcmp(&l->local.addr, &cfg->local.addr, sizeof(struct tg_addr)) == 0)
		return true;
	return (l->dual_stack && is_wildcard_v4(&cfg->local.addr)) ||
		(cfg->dual_stack && is_wildcard_v4(&l->local.addr));
}

/* This shard's bounds (listener-semantics section 1). */
static void
size_queues(struct tg_lsn *l, const struct tg_listener_config *cfg, const struct tg_share *share)
{
	uint32_t accept = cfg->backlog < share->somaxconn ? cfg->backlog : share->somaxconn;
	uint32_t syn = accept;

	if (cfg->syn_backlog == TG_SYN_BACKLOG_AUTO)
		syn = share->max_syn_backlog > SYN_BACKLOG_MIN ? share->max_syn_backlog
							       : SYN_BACKLOG_MIN;
	else if (cfg->syn_backlog != 0)
		syn = cfg->syn_backlog;
	if (cfg->single_queue)
		syn = accept;
	l->single_queue = cfg->single_queue;
	l->accept_bound = tg_share_of(accept, share->shard, share->shards);
	l->accept_holds = l->accept_bound + (share->accept_exact || cfg->single_queue ? 0 : 1);
	l->syn_bound = tg_share_of(syn, share->shard, share->shards);
	l->syn_reserve = tg_share_of(share->max_syn_backlog, share->shard, share->shards);
}

static bool
fastopen_ok(const struct tg_listener_config *cfg)
{
	return cfg->fastopen == TG_FASTOPEN_OFF ||
		(cfg->fastopen <= TG_FASTOPEN_NO_COOKIE && cfg->fastopen_qlen >= 1 &&
			cfg->fastopen_qlen <= 1u << 20);
}

bool
tg_lsn_config_ok(const struct tg_listener_config *cfg)
{
	return cfg->local.port != 0 && cfg->backlog != 0 && cfg->backlog <= BACKLOG_MAX &&
		(!cfg->dual_stack || is_wildcard_v6(&cfg->local.addr)) &&
		(cfg->syn_backlog <= BACKLOG_MAX || cfg->syn_backlog == TG_SYN_BACKLOG_AUTO) &&
		cfg->defer_accept_s <= UINT16_MAX && cfg->defer_mode <= TG_DEFER_LEGACY &&
		fastopen_ok(cfg);
}

bool
tg_lsn_same_place(const struct tg_lsn *l, const struct tg_listener_config *cfg)
{
	return l->local.port == cfg->local.port && l->dual_stack == cfg->dual_stack &&
		memcmp(&l->local.addr, &cfg->local.addr, sizeof(l->local.addr)) == 0;
}

static void
settle_fastopen(
	struct tg_lsn *l, const struct tg_listener_config *cfg, const struct tg_share *share)
{
	l->fastopen = cfg->fastopen;
	l->fastopen_late = cfg->fastopen_late;
	l->fastopen_under_flood = cfg->fastopen_under_flood;
	l->fastopenq.bound = cfg->fastopen == TG_FASTOPEN_OFF
		? 0
		: tg_share_of(cfg->fastopen_qlen, share->shard, share->shards);
}

void
tg_lsn_settle(struct tg_lsn *l, const struct tg_share *share)
{
	const struct tg_listener_config *cfg = &l->cfg;

	l->nodelay = cfg->nodelay;
	l->defer_accept_s = cfg->defer_accept_s;
	l->defer_mode = cfg->defer_mode;
	l->defer_cookies = cfg->defer_cookies;
	l->defer_timeouts = cfg->defer_mode == TG_DEFER_SILENT
		? 0
		: tg_defer_timeouts(cfg->defer_accept_s * 1000u, share->synack_rto_ms);
	settle_fastopen(l, cfg, share);
	size_queues(l, cfg, share);
}

void
tg_lsn_configure(
	struct tg_lsn *l, const struct tg_listener_config *cfg, const struct tg_share *share)
{
	l->cfg = *cfg;
	l->cfg.worker = NULL; /* its number is enough, and no pointer can be stale */
	tg_lsn_settle(l, share);
}

static uint16_t *
bucket_for(struct tg_listeners *t, const struct tg_lsn *l)
{
	uint64_t addr = l->wildcard != 0 ? 0 : fold(&l->local.addr);

	return &t->bucket[bucket_of(addr, l->local.port)];
}

int
tg_lsn_open(struct tg_listeners *t, const struct tg_listener_config *cfg,
	const struct tg_share *share, uint8_t worker, uint32_t *idx)
{
	uint32_t free_idx = TG_NONE;
	struct tg_lsn *l;
	uint16_t *b;

	if (!tg_lsn_config_ok(cfg))
		return -EINVAL;
	for (uint32_t i = 0; i < TG_LISTENERS_MAX; i++) {
		if (t->lsn[i].used) {
			if (clashes(&t->lsn[i], cfg))
				return -EADDRINUSE;
		} else if (free_idx == TG_NONE && !t->lsn[i].closing) {
			free_idx = i;
		}
	}
	if (free_idx == TG_NONE)
		return -ENOSPC;
	l = &t->lsn[free_idx];
	/* A new life for the slot; the generation alone goes on, so old handles stay stale. */
	*l = (struct tg_lsn){.generation = (uint16_t)(l->generation + 1)};
	l->used = true;
	l->local = cfg->local;
	l->dual_stack = cfg->dual_stack;
	l->wildcard = is_wildcard_v4(&cfg->local.addr) ? 4
		: is_wildcard_v6(&cfg->local.addr)     ? 6
						       : 0;
	l->worker = worker;
	tg_lsn_configure(l, cfg, share);
	tg_fifo_init(&l->acceptq);
	b = bucket_for(t, l);
	l->next = *b;
	*b = (uint16_t)(free_idx + 1);
	t->count++;
	t->exact += l->wildcard == 0;
	t->recent = 0;
	*idx = free_idx;
	return 0;
}

void
tg_lsn_close(struct tg_listeners *t, uint32_t idx)
{
	uint16_t *p = bucket_for(t, &t->lsn[idx]);

	while (*p != idx + 1)
		p = &t->lsn[*p - 1].next;
	*p = t->lsn[idx].next;
	t->lsn[idx].used = false;
	t->lsn[idx].closing = true;
	t->closing[idx / 64] |= UINT64_C(1) << idx % 64;
	t->count--;
	t->exact -= t->lsn[idx].wildcard == 0;
	t->recent = 0;
}

void
tg_lsn_free(struct tg_listeners *t, uint32_t idx)
{
	t->lsn[idx].closing = false;
	t->closing[idx / 64] &= ~(UINT64_C(1) << idx % 64);
}

static uint32_t
find_exact(const struct tg_listeners *t, const struct tg_addr *addr, uint16_t port)
{
	unsigned i = t->bucket[bucket_of(fold(addr), port)];

	for (; i != 0; i = t->lsn[i - 1].next) {
		const struct tg_lsn *l = &t->lsn[i - 1];

		if (l->local.port == port && memcmp(&l->local.addr, addr, sizeof(*addr)) == 0)
			return i - 1;
	}
	return TG_NONE;
}

/* There is one of a family and port at most: clashes(). */
static uint32_t
find_wildcard(const struct tg_listeners *t, uint8_t family, uint16_t port)
{
	unsigned i = t->bucket[bucket_of(0, port)];

	for (; i != 0; i = t->lsn[i - 1].next) {
		const struct tg_lsn *l = &t->lsn[i - 1];

		if (l->local.port == port && l->wildcard != 0 &&
			(l->wildcard == family || l->dual_stack))
			return i - 1;
	}
	return TG_NONE;
}

uint32_t
tg_lsn_find(const struct tg_listeners *t, const struct tg_addr *addr, uint16_t port)
{
	uint32_t idx = t->exact != 0 ? find_exact(t, addr, port) : TG_NONE;

	return idx != TG_NONE ? idx : find_wildcard(t, tg_addr_is_v4(addr) ? 4 : 6, port);
}

struct tg_lsn *
tg_lsn_remember(struct tg_listeners *t, uint32_t what, const struct tg_addr *addr, uint16_t port)
{
	uint32_t lsn = tg_lsn_find(t, addr, port);

	t->recent = what;
	t->recent_lsn = lsn != TG_NONE ? &t->lsn[lsn] : NULL;
	return t->recent_lsn;
}
