/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>

#include "daemon.h"

/* What all shards together hold and did. */
struct left {
	struct tg_counters counters;
	uint64_t conns, segments, time_wait;
	struct tg_glue_counts glue;
	uint64_t tx_dropped, rx_foreign;
	bool accounted;
};

/*
 * What the port gave is what the engine got, but for copies that found no buffer and for fragments,
 * of which it got the datagrams; and each fragment is accounted for too.
 */
static bool
glue_accounted(uint64_t rx, uint64_t received, const struct tg_shard_stats *st)
{
	const struct tg_glue_counts *g = &st->count;

	return rx + g->fragments_reassembled == received + g->rx_no_copy + g->fragments_received &&
		g->fragments_received ==
		g->fragments_used + st->fragments_held + g->fragments_drop_bad +
			g->fragments_drop_tiny + g->fragments_drop_overlap +
			g->fragments_drop_no_room + g->fragments_drop_timeout;
}

static void
look_at(const struct daemon_shard *ds, struct left *l)
{
	const struct tg_counters *c = tg_engine_counters(tg_shard_engine(ds->shard));
	struct tg_engine_usage u;
	struct tg_shard_stats st;
	uint64_t sum = 0;

	tg_engine_usage(tg_shard_engine(ds->shard), &u);
	tg_shard_get_stats(ds->shard, &st);
	for (unsigned i = 0; i < TG_DISP_COUNT; i++) {
		sum += c->disposition[i];
		l->counters.disposition[i] += c->disposition[i];
	}
	for (unsigned i = 0; i < TG_CNT_COUNT; i++)
		l->counters.event[i] += c->event[i];
	l->counters.received += c->received;
	if (sum != c->received || !glue_accounted(ds->loop->stats.rx, c->received, &st))
		l->accounted = false;
	l->conns += u.conns + u.half_open;
	l->time_wait += u.time_wait;
	/* Queues by the engine's own count, and mbufs by the glue's: the larger one is the truth.
	 */
	l->segments +=
		(u.segments > st.held ? u.segments : st.held) + st.staged + st.fragments_held;
#define X(f, t) l->glue.f += st.count.f;
	TG_GLUE_LIST(X)
#undef X
	l->tx_dropped += st.count.tx_stage_full + st.count.tx_no_room + ds->loop->stats.tx_dropped;
	l->rx_foreign += ds->loop->stats.rx_foreign;
}

static void
print_count(const char *name, uint64_t v)
{
	if (v != 0)
		printf("count: %s %" PRIu64 "\n", name, v);
}

static void
print_counts(const struct left *l)
{
	print_count("received", l->counters.received);
	for (unsigned i = 0; i < TG_DISP_COUNT; i++)
		print_count(tg_disposition_name(i), l->counters.disposition[i]);
	for (unsigned i = 0; i < TG_CNT_COUNT; i++)
		print_count(tg_counter_name(i), l->counters.event[i]);
#define X(f, t) print_count(#f, l->glue.f);
	TG_GLUE_LIST(X)
#undef X
}

bool
report(const struct daemon *d)
{
	struct left l = {.accounted = true};
	const char *exempt = NULL;
	unsigned avail = rte_mempool_avail_count(d->pool);
	bool ok;

	for (unsigned i = 0; i < d->nb_shards; i++)
		look_at(&d->shard[i], &l);
	for (unsigned i = 0; i < d->config->nb_ports; i++)
		if (d->port[i].keeps_mbufs)
			exempt = d->port[i].driver;
	ok = l.conns == 0 && l.segments == 0 && l.accounted &&
		(exempt != NULL || avail == d->pool->size);
	print_counts(&l);
	printf("exit: conns=%" PRIu64 " segments=%" PRIu64 " pool=%u/%u accounted=%s "
	       "time_wait=%" PRIu64 " tx_dropped=%" PRIu64 "%s%s\n",
		l.conns, l.segments, avail, d->pool->size, l.accounted ? "yes" : "no", l.time_wait,
		l.tx_dropped, exempt != NULL ? " pool_exempt=" : "", exempt != NULL ? exempt : "");
	return ok;
}
