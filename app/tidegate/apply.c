/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply.h"
#include "logging.h"

/* How long a shard may take to begin: its turns are microseconds, so it stands still after that. */
#define CALL_MS 2000

/* The change as one shard goes through it. */
struct pass {
	struct daemon *d;
	const struct change *ch;
	struct daemon_shard *ds;
	const bool *late;                    /* by index of the new listeners: opened second */
	struct service *made[SERVICE_KINDS]; /* services this shard had not, until they are its */
	tg_listener next[CONFIG_LISTENERS];  /* handles, in the order of the new listeners */
	unsigned changed;                    /* listeners changed so far */
	bool engine;                         /* so are the engine's settings */
	int rc;
	char where[32]; /* what failed */
};

static void
fail(struct pass *p, int rc, const char *what, unsigned i)
{
	p->rc = rc;
	snprintf(p->where, sizeof(p->where), what, i);
}

static int
change_listener(struct pass *p, struct tg_engine *e, const struct config_pair *at, bool back)
{
	const struct config_listener *l =
		back ? &p->d->config->listener[at->old] : &p->ch->new->listener[at->new];
	struct tg_listener_config how = l->how;

	how.worker = p->ds->worker[l->service];
	return tg_listener_reconfigure(e, p->ds->listener[at->old], &how);
}

static int
open_listener(
	struct pass *p, struct tg_engine *e, const struct config_listener *l, tg_listener *handle)
{
	struct tg_listener_config how = l->how;
	int rc;

	how.worker = p->ds->worker[l->service];
	rc = tg_listen(e, &how, handle);
	if (rc != 0)
		*handle = 0;
	return rc;
}

/* The new listeners of one step. @return 0 or what went wrong with the last one */
static int
open_listeners(struct pass *p, struct tg_engine *e, bool late)
{
	for (unsigned k = 0; k < p->ch->diff.nb_added; k++) {
		unsigned i = p->ch->diff.added[k];
		int rc;

		if (p->late[i] != late)
			continue;
		rc = open_listener(p, e, &p->ch->new->listener[i], &p->next[i]);
		if (rc != 0) {
			fail(p, rc, "listeners[%u]", i);
			return rc;
		}
	}
	return 0;
}

static void
close_listeners(struct pass *p, struct tg_engine *e, bool late)
{
	for (unsigned k = 0; k < p->ch->diff.nb_added; k++) {
		unsigned i = p->ch->diff.added[k];

		if (p->late[i] != late || p->next[i] == 0)
			continue;
		tg_unlisten(e, p->next[i]);
		p->next[i] = 0;
	}
}

/* Takes back what begin() did, as far as it came. */
static void
take_back(struct tg_engine *e, void *arg)
{
	struct pass *p = arg;
	int rc = 0;

	close_listeners(p, e, false);
	while (p->changed > 0)
		rc |= change_listener(p, e, &p->ch->diff.changed[--p->changed], true);
	if (p->engine) {
		struct tg_engine_config was = p->d->config->engine;

		was.cookie_seed_shared = p->d->config->cookie_seed_file != NULL;
		rc |= tg_engine_reconfigure(e, &was);
		explicit_bzero(&was, sizeof(was));
	}
	p->engine = false;
	if (rc != 0)
		fail(p, rc, "engine", 0);
}

/* A service this shard had no listener for. The shard has room for every kind. */
static int
add_services(struct pass *p)
{
	for (unsigned k = 0; k < SERVICE_KINDS; k++) {
		struct tg_inline_worker iw = {.run = service_run, .ctx = p->made[k]};
		int rc;

		if (p->made[k] == NULL)
			continue;
		rc = tg_shard_add_worker(p->ds->shard, &iw, &p->ds->worker[k]);
		if (rc != 0)
			return rc;
		tg_worker_set_name(p->ds->worker[k], p->made[k]->ops->name);
		p->ds->service[k] = p->made[k];
		p->made[k] = NULL;
	}
	return 0;
}

/* First step: what can be taken back. */
static void
begin(struct tg_engine *e, void *arg)
{
	struct pass *p = arg;
	const struct config_diff *diff = &p->ch->diff;
	int rc = add_services(p);

	if (rc != 0)
		fail(p, rc, "listeners", 0);
	if (rc == 0 && (diff->engine || diff->secret)) {
		rc = tg_engine_reconfigure(e, &p->ch->engine);
		p->engine = rc == 0;
		if (rc != 0)
			fail(p, rc, "engine", 0);
	}
	while (rc == 0 && p->changed < diff->nb_changed) {
		const struct config_pair *at = &diff->changed[p->changed];

		rc = change_listener(p, e, at, false);
		if (rc != 0)
			fail(p, rc, "listeners[%u]", at->new);
		else
			p->changed++;
	}
	if (rc == 0)
		rc = open_listeners(p, e, false);
	if (rc != 0) {
		char where[sizeof(p->where)];

		memcpy(where, p->where, sizeof(where));
		take_back(e, p);
		memcpy(p->where, where, sizeof(where));
		p->rc = rc;
	}
}

/* Opens again what made room. Settings are those it had, so it fits where it was. */
static void
make_room_back(struct tg_engine *e, void *arg)
{
	struct pass *p = arg;

	close_listeners(p, e, true);
	for (unsigned k = 0; k < p->ch->diff.nb_gone; k++) {
		unsigned i = p->ch->diff.gone[k];
		int rc = open_listener(p, e, &p->d->config->listener[i], &p->ds->listener[i]);

		if (rc != 0)
			fail(p, rc, "listeners[%u]", i);
	}
}

/* Second step: what goes, and what could not come before. */
static void
make_room(struct tg_engine *e, void *arg)
{
	struct pass *p = arg;
	int rc;

	for (unsigned k = 0; k < p->ch->diff.nb_gone; k++)
		tg_unlisten(e, p->ds->listener[p->ch->diff.gone[k]]);
	rc = open_listeners(p, e, true);
	if (rc != 0) {
		char where[sizeof(p->where)];

		memcpy(where, p->where, sizeof(where));
		make_room_back(e, p);
		memcpy(p->where, where, sizeof(where));
		p->rc = rc;
	}
}

/* Two keys: the previous one first, so that it is the previous one. */
static void
rotate_fastopen(struct tg_engine *e, const struct tg_engine_config *ec)
{
	for (unsigned k = ec->fastopen_keys; k > 0; k--)
		tg_engine_rotate_fastopen(e, ec->fastopen_key[k - 1]);
}

/* Last step: what cannot fail. */
static void
settle(struct tg_engine *e, void *arg)
{
	struct pass *p = arg;
	const struct change *ch = p->ch;
	struct daemon_shard *ds = p->ds;

	ds->loop->drain_ms = ch->new->drain_ms;
	ds->loop->idle_sleep_us = ch->new->idle_sleep_us;
	if (ch->pages != NULL && ds->service[SERVICE_HTTP] != NULL)
		ds->service[SERVICE_HTTP]->use = &ch->pages->use[ds - p->d->shard];
	if (ch->rotate_seed)
		tg_engine_rotate(e, ch->engine.cookie_seed);
	if (ch->rotate_fastopen)
		rotate_fastopen(e, &ch->engine);
}

/*
 * New listeners that have to wait until others are gone: their place is taken, or the table has no
 * room for both.
 */
static void
find_late(const struct config *old, const struct change *ch, bool late[])
{
	unsigned places = CONFIG_LISTENERS - old->nb_listeners;

	for (unsigned k = 0; k < ch->diff.nb_added; k++) {
		unsigned i = ch->diff.added[k];

		for (unsigned g = 0; g < ch->diff.nb_gone && !late[i]; g++)
			late[i] = config_conflict(
				&ch->new->listener[i], &old->listener[ch->diff.gone[g]]);
		if (late[i])
			continue;
		if (places == 0)
			late[i] = true;
		else
			places--;
	}
}

/* Listeners that stay keep their handle. */
static void
carry_over(struct pass *p)
{
	const struct config *old = p->d->config, *new = p->ch->new;

	for (unsigned i = 0; i < new->nb_listeners; i++)
		for (unsigned k = 0; k < old->nb_listeners; k++)
			if (config_same_listener(&new->listener[i], &old->listener[k]))
				p->next[i] = p->ds->listener[k];
}

/*
 * Services that listeners want and the shard has not. Their memory is taken here, not there. A
 * service stays when the change is taken back, so it begins with the pages that stay: settle()
 * gives it the new ones.
 */
static int
make_services(struct pass *p)
{
	const struct config *c = p->ch->new;

	for (unsigned i = 0; i < c->nb_listeners; i++) {
		enum service_kind k = c->listener[i].service;

		if (p->ds->service[k] != NULL || p->made[k] != NULL)
			continue;
		if (service_create(k, p->d->config->engine.max_conns,
			    &p->d->pages->use[p->ds - p->d->shard], &p->made[k]) != 0)
			return -1;
	}
	return 0;
}

/* Goes through a step on shards 0 to n - 1. @return how many of them did it */
static unsigned
go(struct pass *all, unsigned n, void (*fn)(struct tg_engine *e, void *arg))
{
	for (unsigned i = 0; i < n; i++) {
		int rc = tg_shard_call(all[i].ds->shard, fn, &all[i], CALL_MS);

		if (rc != 0)
			fail(&all[i], rc, "shards", 0);
		if (all[i].rc != 0)
			return i;
	}
	return n;
}

/*
 * The same where there is no way back: a shard that stands still is left behind, and told.
 * @return whether all did it
 */
static bool
go_all(struct pass *all, unsigned n, void (*fn)(struct tg_engine *e, void *arg))
{
	bool did = true;

	for (unsigned i = 0; i < n; i++) {
		all[i].rc = 0;
		if (go(&all[i], 1, fn) == 1)
			continue;
		did = false;
		log_line(LOG_CONTROL, LOG_LEVEL_ERROR,
			"shard %u: %s: %s; its settings are not those of the others, restart",
			(unsigned)(all[i].ds - all[i].d->shard), all[i].where,
			strerror(-all[i].rc));
	}
	return did;
}

static int
say_failed(struct pass *all, unsigned i, char *err)
{
	const struct pass *p = &all[i];

	if (p->rc == -ETIMEDOUT) {
		config_error(p->ch->new, err, "",
			"shard %u does not answer, its loop stands still; nothing has changed", i);
		return -EBUSY;
	}
	config_error(p->ch->new, err, p->where, "shard %u refuses: %s; nothing has changed", i,
		p->rc == -ENOSPC ? "too many different options of connections" : strerror(-p->rc));
	return -EINVAL;
}

static int
steps(struct pass *all, unsigned n, char *err)
{
	bool room = all->ch->diff.nb_gone != 0;
	unsigned done = go(all, n, begin);
	int rc;

	if (done != n) {
		rc = say_failed(all, done, err);
		go_all(all, done, take_back);
		return rc;
	}
	if (room)
		done = go(all, n, make_room);
	if (done != n) {
		rc = say_failed(all, done, err);
		go_all(all, done, make_room_back);
		go_all(all, n, take_back);
		return rc;
	}
	/* Handles are the main thread's, and those of the listeners that are open now. */
	for (unsigned i = 0; i < n; i++)
		memcpy(all[i].ds->listener, all[i].next, sizeof(all[i].next));
	/* Who was left behind answers with the pages it had. */
	if (!go_all(all, n, settle) && all->ch->pages != NULL)
		all->d->pages->kept = true;
	return 0;
}

int
apply(struct daemon *d, const struct change *ch, char *err)
{
	struct pass *all = calloc(d->nb_shards, sizeof(*all));
	bool late[CONFIG_LISTENERS] = {false};
	int rc = 0;

	if (all == NULL)
		return config_error(ch->new, err, "", "no memory");
	find_late(d->config, ch, late);
	for (unsigned i = 0; i < d->nb_shards && rc == 0; i++) {
		all[i].d = d;
		all[i].ch = ch;
		all[i].ds = &d->shard[i];
		all[i].late = late;
		carry_over(&all[i]);
		rc = make_services(&all[i]);
	}
	if (rc != 0)
		rc = config_error(ch->new, err, "listeners", "no memory for a service");
	else
		rc = steps(all, d->nb_shards, err);
	for (unsigned i = 0; i < d->nb_shards; i++)
		for (unsigned k = 0; k < SERVICE_KINDS; k++)
			service_destroy(all[i].made[k]);
	free(all);
	return rc;
}
