/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "shard.h"
#include "snapshot.h"

static uint64_t
word(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

void
tg_snapshot_add_counters(const struct tg_shard *s, struct tg_snapshot_counters *sum)
{
	const struct tg_counters *c = tg_engine_counters(s->engine);

	sum->shards++;
	sum->engine.received += word(&c->received);
	for (unsigned i = 0; i < TG_DISP_COUNT; i++)
		sum->engine.disposition[i] += word(&c->disposition[i]);
	for (unsigned i = 0; i < TG_CNT_COUNT; i++)
		sum->engine.event[i] += word(&c->event[i]);
#define X(f, t) sum->glue.f += word(&s->count.f);
	TG_GLUE_LIST(X)
#undef X
	if (s->reassembly != NULL)
		sum->fragments_held += tg_reassembly_held(s->reassembly);
}

void
tg_snapshot_each_event(const struct tg_snapshot_counters *c,
	void (*fn)(void *ctx, const char *name, uint64_t value), void *ctx)
{
	for (unsigned i = 0; i < TG_CNT_COUNT; i++)
		fn(ctx, tg_counter_name(i), c->engine.event[i]);
#define X(f, t) fn(ctx, #f, c->glue.f);
	TG_GLUE_LIST(X)
#undef X
}

int
tg_snapshot_usage(struct tg_shard *s, struct tg_engine_usage *out)
{
	uint32_t cursor = 0;
	int rc;

	pthread_mutex_lock(&s->asker);
	rc = tg_mailbox_ask(&s->mailbox, TG_MAIL_USAGE, &cursor, TG_SNAPSHOT_MS);
	*out = s->mailbox.usage;
	pthread_mutex_unlock(&s->asker);
	return rc < 0 ? rc : 0;
}

static void
merge_listener(struct tg_listener_info *sum, const struct tg_listener_info *l)
{
	sum->accept_queue += l->accept_queue;
	sum->accept_bound += l->accept_bound;
	sum->syn_queue += l->syn_queue;
	sum->syn_young += l->syn_young;
	sum->syn_acked += l->syn_acked;
	sum->syn_bound += l->syn_bound;
	sum->passive_opens += l->passive_opens;
	sum->overflows += l->overflows;
	sum->drops += l->drops;
	sum->cookies_sent += l->cookies_sent;
	sum->cookies_recv += l->cookies_recv;
	sum->cookies_failed += l->cookies_failed;
	sum->cookies_on |= l->cookies_on;
	sum->defer_drops += l->defer_drops;
	sum->fastopen_pending += l->fastopen_pending;
	sum->fastopen_bound += l->fastopen_bound;
	sum->fastopen_passive += l->fastopen_passive;
}

/* Adds a shard's listener to the row of the same address, or makes a row. */
static unsigned
add_listener(struct tg_listener_info rows[], unsigned n, const struct tg_listener_info *l)
{
	for (unsigned i = 0; i < n; i++)
		if (rows[i].local.port == l->local.port && rows[i].dual_stack == l->dual_stack &&
			memcmp(&rows[i].local.addr, &l->local.addr, sizeof(l->local.addr)) == 0) {
			merge_listener(&rows[i], l);
			return n;
		}
	if (n < TG_SNAPSHOT_LISTENERS)
		rows[n++] = *l;
	return n;
}

int
tg_snapshot_add_listeners(struct tg_shard *s, struct tg_listener_info rows[], unsigned *n)
{
	uint32_t cursor = 0;
	int k;

	do {
		pthread_mutex_lock(&s->asker);
		k = tg_mailbox_ask(&s->mailbox, TG_MAIL_LISTEN, &cursor, TG_SNAPSHOT_MS);
		for (int j = 0; j < k; j++)
			*n = add_listener(rows, *n, &s->mailbox.listener[j]);
		pthread_mutex_unlock(&s->asker);
	} while (k == TG_MAIL_LISTENERS);
	return k < 0 ? k : 0;
}
