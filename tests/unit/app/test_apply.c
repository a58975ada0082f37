/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A change is on every shard or on none: each call that can fail fails once, and so does each shard
 * that could stand still. Engines are lists of settings here, and a call to a shard is a call.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "apply.h"
#include "logging.h"
#include "support.h"

#define SHARDS 3
#define PORT   "ports: [{device: d0, addresses: [\"192.0.2.1/24\"]}]\n"

/* An engine: its settings and what it listens on; a handle is an index + 1. */
struct tg_engine {
	struct tg_engine_config cfg;
	struct tg_listener_config open[2 * CONFIG_LISTENERS];
	bool used[2 * CONFIG_LISTENERS];
	uint8_t seed, key[2];
};

struct tg_shard {
	struct tg_engine engine;
	unsigned workers;
};

static struct tg_shard shard[SHARDS], before[SHARDS];
static struct tg_loop loop[SHARDS];
static struct daemon d;
static char err[CONFIG_ERROR_MAX];
static int chance;       /* calls that can fail until one does; below 0: none does */
static int error;        /* what it says */
static unsigned ordered; /* lines of the log: none is expected */

/* True when this call is the one. */
static bool
fails(void)
{
	return chance >= 0 && chance-- == 0;
}

int
tg_shard_call(struct tg_shard *s, void (*fn)(struct tg_engine *e, void *arg), void *arg,
	unsigned timeout_ms)
{
	assert_true(timeout_ms >= 1000);
	if (error == -ETIMEDOUT && fails())
		return -ETIMEDOUT;
	fn(&s->engine, arg);
	return 0;
}

int
tg_engine_reconfigure(struct tg_engine *e, const struct tg_engine_config *cfg)
{
	if (error != -ETIMEDOUT && fails())
		return error;
	e->cfg = *cfg;
	return 0;
}

int
tg_listener_reconfigure(struct tg_engine *e, tg_listener l, const struct tg_listener_config *cfg)
{
	assert_true(l > 0 && e->used[l - 1]);
	assert_memory_equal(&e->open[l - 1].local, &cfg->local, sizeof(cfg->local));
	assert_non_null(cfg->worker);
	if (error != -ETIMEDOUT && fails())
		return error;
	e->open[l - 1] = *cfg;
	return 0;
}

void
tg_engine_config_init(struct tg_engine_config *cfg)
{
	memset(cfg, 0, sizeof(*cfg));
	cfg->max_conns = 100;
}

void
tg_listener_config_init(struct tg_listener_config *cfg)
{
	memset(cfg, 0, sizeof(*cfg));
	cfg->backlog = 4096;
}

static bool
overlap(const struct tg_listener_config *a, const struct tg_listener_config *b)
{
	struct config_listener x = {.how = *a}, y = {.how = *b};

	return config_conflict(&x, &y);
}

int
tg_listen(struct tg_engine *e, const struct tg_listener_config *cfg, tg_listener *out)
{
	unsigned at = 2 * CONFIG_LISTENERS, n = 0;

	assert_non_null(cfg->worker);
	if (error != -ETIMEDOUT && fails())
		return error;
	for (unsigned i = 0; i < 2 * CONFIG_LISTENERS; i++) {
		n += e->used[i];
		if (e->used[i] && overlap(&e->open[i], cfg))
			return -EADDRINUSE;
		if (!e->used[i] && at == 2 * CONFIG_LISTENERS)
			at = i;
	}
	if (n == CONFIG_LISTENERS)
		return -ENOSPC;
	e->used[at] = true;
	e->open[at] = *cfg;
	*out = at + 1;
	return 0;
}

int
tg_unlisten(struct tg_engine *e, tg_listener l)
{
	assert_true(l > 0 && e->used[l - 1]);
	e->used[l - 1] = false;
	return 0;
}

void
tg_engine_rotate(struct tg_engine *e, const uint8_t cookie_seed[32])
{
	e->seed = cookie_seed[0];
}

void
tg_engine_rotate_fastopen(struct tg_engine *e, const uint8_t key[16])
{
	e->key[1] = e->key[0];
	e->key[0] = key[0];
}

int
tg_shard_add_worker(struct tg_shard *s, const struct tg_inline_worker *iw, struct tg_worker **out)
{
	assert_non_null(iw->ctx);
	*out = (struct tg_worker *)(void *)&s->engine.key[s->workers++ % 2];
	return 0;
}

void
tg_worker_set_name(struct tg_worker *w, const char *name)
{
	assert_non_null(w);
	assert_non_null(name);
}

void
service_run(struct tg_worker *w, void *ctx)
{
	(void)w;
	(void)ctx;
	fail();
}

int
service_create(
	enum service_kind kind, uint32_t max_conns, struct http_use *use, struct service **out)
{
	static const struct service_ops ops = {.name = "fake"};

	(void)kind;
	assert_true(max_conns > 0);
	*out = calloc(1, sizeof(**out));
	(*out)->ops = &ops;
	(*out)->use = use;
	return *out != NULL ? 0 : -ENOMEM;
}

void
service_destroy(struct service *s)
{
	free(s);
}

void
log_line(enum log_kind kind, enum config_log_level level, const char *fmt, ...)
{
	(void)kind;
	(void)level;
	(void)fmt;
	ordered++;
}

static struct config *
load(const char *text)
{
	struct config *c;

	if (config_parse("t.yaml", text, strlen(text), &c, err) != 0)
		fail_msg("%s", err);
	return c;
}

/* A daemon that runs this. */
static void
run_daemon(const char *text)
{
	struct http_pages *none = NULL;

	memset(shard, 0, sizeof(shard));
	memset(&d, 0, sizeof(d));
	chance = -1;
	error = 0;
	d.config = load(text);
	d.pages = page_set_make(none, SHARDS);
	d.nb_shards = SHARDS;
	for (unsigned s = 0; s < SHARDS; s++) {
		struct daemon_shard *ds = &d.shard[s];

		ds->shard = &shard[s];
		ds->loop = &loop[s];
		loop[s].drain_ms = d.config->drain_ms;
		shard[s].engine.cfg = d.config->engine;
		for (unsigned i = 0; i < d.config->nb_listeners; i++) {
			enum service_kind k = d.config->listener[i].service;
			struct tg_listener_config how = d.config->listener[i].how;

			if (ds->service[k] == NULL) {
				struct tg_inline_worker iw = {.ctx = ds};

				assert_int_equal(
					service_create(k, 1, &d.pages->use[s], &ds->service[k]), 0);
				tg_shard_add_worker(&shard[s], &iw, &ds->worker[k]);
			}
			how.worker = ds->worker[k];
			assert_int_equal(tg_listen(&shard[s].engine, &how, &ds->listener[i]), 0);
		}
	}
}

static void
end_daemon(void)
{
	for (unsigned s = 0; s < SHARDS; s++)
		for (unsigned k = 0; k < SERVICE_KINDS; k++)
			free(d.shard[s].service[k]);
	page_set_free(d.pages);
	config_free(d.config);
}

/* That shard listens on what the configuration says, as it says, and every handle leads there. */
static void
is_as(unsigned s, const struct config *c)
{
	const struct tg_engine *e = &shard[s].engine;
	unsigned n = 0;

	assert_int_equal(e->cfg.rst_rate, c->engine.rst_rate);
	for (unsigned i = 0; i < 2 * CONFIG_LISTENERS; i++)
		n += e->used[i];
	assert_int_equal(n, c->nb_listeners);
	for (unsigned i = 0; i < c->nb_listeners; i++) {
		tg_listener h = d.shard[s].listener[i];

		assert_true(h > 0 && e->used[h - 1]);
		assert_memory_equal(&e->open[h - 1].local, &c->listener[i].how.local,
			sizeof(c->listener[i].how.local));
		assert_int_equal(e->open[h - 1].backlog, c->listener[i].how.backlog);
		assert_int_equal(e->open[h - 1].dual_stack, c->listener[i].how.dual_stack);
	}
}

/* Goes from one file to another, with the n-th call that can fail failing. False: none did. */
static bool
attempt(const char *from, const char *to, int how, int n)
{
	struct change ch = {.rotate_seed = true, .rotate_fastopen = true};
	struct config *new = load(to);
	bool failed;
	int rc;

	run_daemon(from);
	memcpy(before, shard, sizeof(shard));
	ch.new = new;
	ch.engine = new->engine;
	ch.engine.cookie_seed[0] = 7;
	ch.engine.fastopen_keys = 2;
	ch.engine.fastopen_key[0][0] = 8;
	ch.engine.fastopen_key[1][0] = 9;
	if (config_diff(d.config, new, &ch.diff, err) != 0)
		fail_msg("%s", err);
	error = how;
	chance = n;
	ordered = 0;
	rc = apply(&d, &ch, err);
	failed = chance < 0 && n >= 0;
	for (unsigned s = 0; s < SHARDS; s++) {
		is_as(s, rc == 0 ? new : d.config);
		assert_int_equal(shard[s].engine.seed, rc == 0 ? 7 : 0);
		assert_int_equal(shard[s].engine.key[0], rc == 0 ? 8 : 0);
		assert_int_equal(shard[s].engine.key[1], rc == 0 ? 9 : 0);
		assert_int_equal(loop[s].drain_ms, rc == 0 ? new->drain_ms : d.config->drain_ms);
	}
	if (failed) {
		assert_int_equal(rc, how == -ETIMEDOUT ? -EBUSY : -EINVAL);
		assert_non_null(strstr(err, "nothing has changed"));
	} else {
		assert_int_equal(rc, 0);
	}
	end_daemon();
	config_free(new);
	return failed;
}

/* Every single failure. Returns how many there can be. */
static int
attempt_all(const char *from, const char *to)
{
	int n = 0;

	assert_false(attempt(from, to, 0, -1));
	assert_int_equal(ordered, 0);
	while (attempt(from, to, -ENOSPC, n))
		n++;
	return n;
}

static const char one[] =
	"drain: 3s\n" PORT
	"listeners: [{address: \"::\", dual_stack: yes, port: 80, service: echo},\n"
	" {address: 192.0.2.1, port: 81, service: echo, backlog: 5},\n"
	" {address: 192.0.2.1, port: 82, service: echo}]\n";
static const char two[] =
	"engine: {rst_rate: 5}\n" PORT
	"listeners: [{address: 192.0.2.1, port: 81, service: greet, backlog: 9},\n"
	" {address: 192.0.2.1, port: 83, service: discard, backlog: 3},\n"
	" {address: 0.0.0.0, port: 80, service: discard}]\n";

static void
a_change_is_on_every_shard_or_on_none(void **state)
{
	(void)state;
	/* On each shard: the settings, a changed one, a new one, and one that had to wait. */
	assert_int_equal(attempt_all(one, two), SHARDS * 4);
	/* Back: settings, a changed one, one early (82), one late (80). */
	assert_int_equal(attempt_all(two, one), SHARDS * 4);
}

/* A shard that stands still in the first two steps; after them there is no way back. */
static void
a_shard_that_stands_still_stops_a_change(void **state)
{
	(void)state;
	for (int n = 0; n < 2 * SHARDS; n++)
		assert_true(attempt(one, two, -ETIMEDOUT, n));
}

/* New pages and the first listener that wants them, with the n-th call that can fail failing. */
static bool
first_http(int how, int n)
{
	struct change ch = {0};
	struct config *new = load(PORT "listeners:\n"
				       " - {address: 192.0.2.1, port: 81, service: echo}\n"
				       " - {address: 192.0.2.1, port: 80, service: http}\n");
	bool failed;
	int rc;

	run_daemon(PORT "listeners: [{address: 192.0.2.1, port: 81, service: echo}]\n");
	ch.new = new;
	ch.engine = new->engine;
	ch.pages = page_set_make(NULL, SHARDS);
	if (config_diff(d.config, new, &ch.diff, err) != 0)
		fail_msg("%s", err);
	error = how;
	chance = n;
	rc = apply(&d, &ch, err);
	failed = chance < 0;
	for (unsigned s = 0; s < SHARDS; s++) {
		const struct service *http = d.shard[s].service[SERVICE_HTTP];

		/* The new pages go when nothing has changed: nobody may have them then. */
		if (http != NULL && (rc != 0 || !d.pages->kept))
			assert_ptr_equal(http->use, rc == 0 ? &ch.pages->use[s] : &d.pages->use[s]);
	}
	if (rc == 0) {
		ch.pages->next = d.pages;
		d.pages = ch.pages;
		/* A shard that stands still in the last step has the old ones for good. */
		page_set_reap(d.pages);
		assert_int_equal(d.pages->next != NULL, failed);
		for (unsigned s = 0; s < SHARDS; s++)
			is_as(s, new);
	} else {
		page_set_free(ch.pages);
	}
	end_daemon();
	config_free(new);
	return failed;
}

static void
pages_that_nobody_took_are_nobodys(void **state)
{
	int n = 0;

	(void)state;
	while (first_http(-ENOSPC, n))
		n++;
	assert_int_equal(n, SHARDS);
	for (n = 0; first_http(-ETIMEDOUT, n); n++)
		;
	assert_int_equal(n, 2 * SHARDS);
}

static void
a_full_table_is_replaced(void **state)
{
	static char full[2][1 << 16];

	(void)state;
	for (unsigned f = 0; f < 2; f++) {
		int n = snprintf(full[f], sizeof(full[f]), PORT "listeners:\n");

		for (unsigned i = 0; i < CONFIG_LISTENERS; i++)
			n += snprintf(full[f] + n, sizeof(full[f]) - (size_t)n,
				" - {address: 192.0.2.1, port: %u, service: echo}\n",
				1000 * (f + 1) + i);
	}
	assert_false(attempt(full[0], full[1], 0, -1));
	assert_true(attempt(full[0], full[1], -ENOSPC, CONFIG_LISTENERS + 7));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_change_is_on_every_shard_or_on_none),
		cmocka_unit_test(a_shard_that_stands_still_stops_a_change),
		cmocka_unit_test(pages_that_nobody_took_are_nobodys),
		cmocka_unit_test(a_full_table_is_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
