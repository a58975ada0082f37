/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "history.h"
#include "names.h"
#include "sample.h"
#include "text.h"

double
sample_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

bool
sample_sleep(double seconds)
{
	struct timespec t = {.tv_sec = (time_t)seconds};

	t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
	return nanosleep(&t, NULL) == 0;
}

/* One question; a refusal leaves NULL. `shards` says that shards answer it, not the daemon. */
static int
ask(struct ctl *c, struct sample *s, const char *command, bool shards, json_t **out)
{
	enum client_result r = client_ask(&c->client, command, out);

	if (r == CLIENT_REFUSED && shards)
		text_clean(c->client.error, s->silent, sizeof(s->silent));
	if (r != CLIENT_LOST)
		return CTL_OK;
	ctl_error(c, "%s", c->client.error);
	return CTL_UNREACHABLE;
}

static void
append(json_t *rows, const json_t *list)
{
	const char *name;
	json_t *row;
	size_t i;

	if (json_is_array(list)) {
		json_array_foreach(list, i, row) json_array_append(rows, row);
		return;
	}
	json_object_foreach((json_t *)list, name, row) json_array_append(rows, row);
}

static int
ask_rows(struct ctl *c, struct sample *s, const char *command, const char *key, bool shards,
	json_t **out)
{
	uint64_t at = 0, next = 0;
	char question[64];

	*out = NULL;
	do {
		json_t *page;
		int rc;

		at = next;
		snprintf(question, sizeof(question), "%s%s%.0lu", command, at != 0 ? "," : "",
			(unsigned long)at);
		rc = ask(c, s, question, shards, &page);
		if (rc != CTL_OK || page == NULL)
			return rc;
		if (*out == NULL)
			*out = json_array();
		append(*out, json_object_get(page, key));
		next = text_u64(page, "next");
		json_decref(page);
	} while (next > at);
	return CTL_OK;
}

int
sample_take(struct ctl *c, struct sample *s)
{
	int rc;

	*s = (struct sample){.at = sample_now()};
	if (c->client.fd < 0) {
		/* the first question says what is wrong with the connection */
		rc = ctl_ask(c, "/tidegate/counters", &s->counters);
		if (rc != CTL_OK)
			return rc;
	} else {
		rc = ask(c, s, "/tidegate/counters", false, &s->counters);
	}
	if (rc == CTL_OK)
		rc = ask_rows(c, s, "/tidegate/shards", "shards", false, &s->shards);
	if (rc == CTL_OK)
		rc = ask_rows(c, s, "/tidegate/ports", "ports", false, &s->ports);
	if (rc == CTL_OK)
		rc = ask(c, s, "/tidegate/info", false, &s->info);
	if (rc == CTL_OK)
		rc = ask_rows(c, s, "/tidegate/listeners", "listeners", true, &s->listeners);
	/* a shard that stands still costs a second for each question: one is enough */
	if (rc == CTL_OK && s->silent[0] == '\0')
		rc = ask(c, s, "/tidegate/usage", true, &s->usage);
	return rc;
}

int
sample_listeners(struct ctl *c, struct sample *s)
{
	*s = (struct sample){.at = sample_now()};
	return ask_rows(c, s, "/tidegate/listeners", "listeners", true, &s->listeners);
}

void
sample_free(struct sample *s)
{
	json_decref(s->counters);
	json_decref(s->usage);
	json_decref(s->info);
	json_decref(s->shards);
	json_decref(s->ports);
	json_decref(s->listeners);
	*s = (struct sample){0};
}

uint64_t
sample_delta(const struct sample *a, const struct sample *b, const char *key)
{
	return history_delta(a->counters, b->counters, key);
}

const json_t *
sample_same(const json_t *rows, const json_t *like, const char *key)
{
	const json_t *row;
	size_t i;

	json_array_foreach(
		(json_t *)rows, i, row) if (json_equal(json_object_get(row, key),
						    json_object_get(like, key))) return row;
	return NULL;
}

uint64_t
sample_grown(const json_t *before, const json_t *now, const char *key)
{
	return history_delta(before, now, key);
}

/* A number of all rows together, as it grew. */
static double
grown(const json_t *before, const json_t *now, const char *same, const char *key)
{
	const json_t *row;
	double sum = 0;
	size_t i;

	json_array_foreach((json_t *)now, i, row) sum +=
		(double)sample_grown(sample_same(before, row, same), row, key);
	return sum;
}

static double
sum_of(const struct sample *a, const struct sample *b, const char *const keys[])
{
	double sum = 0;

	for (; *keys != NULL; keys++)
		sum += (double)sample_delta(a, b, *keys);
	return sum;
}

static double
all_drops(const struct sample *a, const struct sample *b)
{
	double sum = 0;

	for (const struct name *n = names; n->key != NULL; n++)
		if (n->kind == NAME_DROP || n->kind == NAME_LOSS)
			sum += (double)sample_delta(a, b, n->key);
	sum += grown(a->shards, b->shards, "shard", "tx_dropped");
	sum += grown(a->ports, b->ports, "port", "imissed");
	sum += grown(a->ports, b->ports, "port", "ierrors");
	sum += grown(a->ports, b->ports, "port", "rx_nombuf");
	return sum;
}

void
sample_figures(const struct sample *a, const struct sample *b, struct figures *f)
{
	static const char *const other_answers[] = {
		"ArpReplies", "NdAdverts", "IcmpEchoReps", "OutRsts", "TCPChallengeACK", NULL};
	static const char *const syn_drops[] = {
		"drop_synq_full", "drop_syn_rate", "drop_unproven", "drop_prefix_limit", NULL};
	double s = b->at > a->at ? b->at - a->at : 1, busy, idle, rx;

	*f = (struct figures){.seconds = s, .busy = -1, .cycles = -1};
	rx = b->shards != NULL ? grown(a->shards, b->shards, "shard", "rx")
			       : (double)sample_delta(a, b, "received");
	f->received = rx / s;
	f->sent = b->shards != NULL ? grown(a->shards, b->shards, "shard", "tx") / s : 0;
	f->synacks = (double)sample_delta(a, b, "answered") - sum_of(a, b, other_answers);
	f->synacks = f->synacks > 0 ? f->synacks / s : 0;
	f->cookies = (double)sample_delta(a, b, "SyncookiesSent") / s;
	if (f->synacks < f->cookies)
		f->synacks = f->cookies;
	f->syns = f->synacks + sum_of(a, b, syn_drops) / s;
	f->completed = (double)sample_delta(a, b, "PassiveOpens") / s;
	f->dropped = all_drops(a, b) / s;
	busy = grown(a->shards, b->shards, "shard", "busy_cycles");
	idle = grown(a->shards, b->shards, "shard", "idle_cycles");
	if (busy + idle > 0)
		f->busy = busy / (busy + idle);
	if (busy > 0 && rx > 0)
		f->cycles = busy / rx;
}
