/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>

#include "health.h"
#include "rows.h"
#include "scrape.h"

/* Whether a shard may be asked: one that is known to stand still would only take a second. */
static bool
turns(const struct tg_shown *shown, unsigned number)
{
	struct tg_snapshot_loop loop;

	if (shown->loop[number] == NULL)
		return true;
	tg_snapshot_loop(shown->loop[number], &loop);
	return loop.running && loop.turn_age_ms < HEALTH_TURN_MS;
}

static unsigned
gather_loops(const struct tg_shown *shown, struct tg_snapshot_loop loops[])
{
	unsigned n = 0;

	for (unsigned i = 0; i < TG_SHOWN_MAX; i++)
		if (shown->loop[i] != NULL)
			tg_snapshot_loop(shown->loop[i], &loops[n++]);
	return n;
}

static void
set_label(char *label, unsigned number)
{
	snprintf(label, sizeof(scrape_label), "%u", number);
}

/* The listeners of a shard, behind those that are there. */
static bool
gather_listeners(struct scrape *s, struct tg_shard *shard, unsigned number)
{
	struct tg_listener_info *rows = calloc(TG_SNAPSHOT_LISTENERS, sizeof(*rows));
	struct scrape_listener *more = NULL;
	unsigned n = 0;

	if (rows != NULL && tg_snapshot_add_listeners(shard, rows, &n) == 0)
		more = realloc(s->listener, (s->nb_listeners + n + 1) * sizeof(*more));
	if (more != NULL)
		s->listener = more;
	for (unsigned i = 0; more != NULL && i < n; i++) {
		struct scrape_listener *l = &more[s->nb_listeners++];

		l->info = rows[i];
		set_label(l->shard, number);
		tg_print_endpoint(&rows[i].local, l->local, sizeof(l->local));
	}
	free(rows);
	return more != NULL;
}

static void
gather_shard(struct scrape *s, const struct tg_shown *shown, unsigned number)
{
	struct tg_shard *shard = shown->shard[number];
	unsigned i = s->nb_shards++;

	set_label(s->shard_label[i], number);
	tg_snapshot_add_counters(shard, &s->counters[i]);
	s->answered[i] = turns(shown, number) &&
		tg_snapshot_usage(shard, &s->usage[s->nb_usages]) == 0 &&
		gather_listeners(s, shard, number);
	if (s->answered[i])
		set_label(s->usage_label[s->nb_usages++], number);
}

void
scrape_gather(struct scrape *s)
{
	const struct tg_shown *shown = tg_shown_hold();
	int id = tg_snapshot_next_port(shown, 0);

	for (unsigned i = 0; i < TG_SHOWN_MAX; i++)
		if (shown->shard[i] != NULL)
			gather_shard(s, shown, i);
	s->nb_loops = gather_loops(shown, s->loop);
	for (; id >= 0; id = tg_snapshot_next_port(shown, (unsigned)id + 1)) {
		set_label(s->port_label[s->nb_ports], (unsigned)id);
		tg_snapshot_port(shown, (uint16_t)id, &s->port[s->nb_ports++]);
	}
	tg_shown_release();
	for (unsigned i = 0; i < s->nb_loops; i++)
		set_label(s->loop_label[i], s->loop[i].shard);
}

void
scrape_release(struct scrape *s)
{
	free(s->listener);
}

unsigned
scrape_loops(struct tg_snapshot_loop loops[])
{
	unsigned n = gather_loops(tg_shown_hold(), loops);

	tg_shown_release();
	return n;
}
