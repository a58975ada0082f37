/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The telemetry commands. They run on DPDK's telemetry threads.
 *
 * Counters are words with one writer, so they are read where they lie. Queues and connections are
 * asked for through the shard's mailbox. An answer holds one page: DPDK 22.11 cuts its JSON off at
 * 16 KiB, and a row takes up to 750 bytes (a listener) or 490 (a connection).
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <rte_telemetry.h>

#include "rows.h"
#include "shard.h"

/* Shards shown at most: as many as an engine can have siblings. */
#define MAX_SHARDS 256
/* How long a shard may take to answer before its loop counts as standing still. */
#define ANSWER_MS 1000
/* Questions for one page of connections: each looks at 4096 pool slots. */
#define EMPTY_ANSWERS 256
/* Different listeners over all shards. */
#define MAX_ROWS 512

/* Telemetry commands have no context argument, so the shards they show are found here. */
static struct {
	pthread_mutex_t lock; /* held while a command runs: a removed shard is not looked at */
	struct tg_shard *shard[MAX_SHARDS];
} shown = {.lock = PTHREAD_MUTEX_INITIALIZER};

int
tg_telemetry_add_shard(struct tg_shard *s)
{
	int rc = 0;

	if (s->number >= MAX_SHARDS)
		return -ENOSPC;
	pthread_mutex_lock(&shown.lock);
	if (shown.shard[s->number] != NULL)
		rc = -EEXIST;
	else
		shown.shard[s->number] = s;
	pthread_mutex_unlock(&shown.lock);
	return rc;
}

void
tg_telemetry_remove_shard(struct tg_shard *s)
{
	pthread_mutex_lock(&shown.lock);
	if (s->number < MAX_SHARDS && shown.shard[s->number] == s)
		shown.shard[s->number] = NULL;
	pthread_mutex_unlock(&shown.lock);
}

/* Reads "A,B,..." into at most n numbers. Returns how many there are, -EINVAL for other text. */
static int
numbers(const char *params, uint64_t out[], int n)
{
	int k = 0;

	while (params != NULL && *params != '\0') {
		char *end;

		if (k == n || *params < '0' || *params > '9')
			return -EINVAL;
		errno = 0;
		out[k++] = strtoull(params, &end, 10);
		if (errno != 0 || (*end != '\0' && *end != ','))
			return -EINVAL;
		params = *end == ',' ? end + 1 : end;
	}
	return k;
}

/* The shards a command is about: all, or one. */
struct scope {
	unsigned from, to; /* [from, to) */
};

static int
scope_of(bool one, uint64_t shard, struct scope *sc)
{
	sc->from = 0;
	sc->to = MAX_SHARDS;
	if (!one)
		return 0;
	if (shard >= MAX_SHARDS || shown.shard[shard] == NULL)
		return -ENOENT;
	sc->from = (unsigned)shard;
	sc->to = (unsigned)shard + 1;
	return 0;
}

static uint64_t
word(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

static void
sum_counters(const struct tg_shard *s, struct tg_counters *sum)
{
	const struct tg_counters *c = tg_engine_counters(s->engine);

	sum->received += word(&c->received);
	for (unsigned i = 0; i < TG_DISP_COUNT; i++)
		sum->disposition[i] += word(&c->disposition[i]);
	for (unsigned i = 0; i < TG_CNT_COUNT; i++)
		sum->event[i] += word(&c->event[i]);
}

static int
show_counters(struct rte_tel_data *d, const struct scope *sc)
{
	struct tg_counters sum = {0};
	struct tg_glue_counts glue = {0};
	uint64_t fragments_held = 0;
	unsigned shards = 0;

	for (unsigned i = sc->from; i < sc->to; i++) {
		const struct tg_shard *s = shown.shard[i];

		if (s == NULL)
			continue;
		shards++;
		sum_counters(s, &sum);
#define X(f, t) glue.f += word(&s->count.f);
		TG_GLUE_LIST(X)
#undef X
		if (s->reassembly != NULL)
			fragments_held += tg_reassembly_held(s->reassembly);
	}
	tg_row_u64(d, "shards", shards);
	tg_row_u64(d, "received", sum.received);
	for (unsigned i = 0; i < TG_DISP_COUNT; i++)
		tg_row_u64(d, tg_disposition_name(i), sum.disposition[i]);
	for (unsigned i = 0; i < TG_CNT_COUNT; i++)
		tg_row_u64(d, tg_counter_name(i), sum.event[i]);
#define X(f, t) tg_row_u64(d, #f, glue.f);
	TG_GLUE_LIST(X)
#undef X
	tg_row_u64(d, "fragments_held", fragments_held);
	return 0;
}

static int
show_usage(struct rte_tel_data *d, const struct scope *sc)
{
	struct tg_engine_usage sum = {0};

	for (unsigned i = sc->from; i < sc->to; i++) {
		struct tg_shard *s = shown.shard[i];
		struct tg_engine_usage u;
		uint32_t cursor = 0;
		int rc;

		if (s == NULL)
			continue;
		pthread_mutex_lock(&s->asker);
		rc = tg_mailbox_ask(&s->mailbox, TG_MAIL_USAGE, &cursor, ANSWER_MS);
		u = s->mailbox.usage;
		pthread_mutex_unlock(&s->asker);
		if (rc < 0)
			return rc;
		sum.conns += u.conns;
		sum.max_conns += u.max_conns;
		sum.half_open += u.half_open;
		sum.max_half_open += u.max_half_open;
		sum.time_wait += u.time_wait;
		sum.max_time_wait += u.max_time_wait;
		sum.segments += u.segments;
		sum.max_segments += u.max_segments;
	}
	tg_row_u64(d, "conns", sum.conns);
	tg_row_u64(d, "max_conns", sum.max_conns);
	tg_row_u64(d, "half_open", sum.half_open);
	tg_row_u64(d, "max_half_open", sum.max_half_open);
	tg_row_u64(d, "time_wait", sum.time_wait);
	tg_row_u64(d, "max_time_wait", sum.max_time_wait);
	tg_row_u64(d, "segments", sum.segments);
	tg_row_u64(d, "max_segments", sum.max_segments);
	return 0;
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
	if (n < MAX_ROWS)
		rows[n++] = *l;
	return n;
}

/* All listeners of the scope. Returns the number of rows or -ETIMEDOUT. */
static int
gather_listeners(const struct scope *sc, struct tg_listener_info rows[])
{
	unsigned n = 0;

	for (unsigned i = sc->from; i < sc->to; i++) {
		struct tg_shard *s = shown.shard[i];
		uint32_t cursor = 0;
		int k;

		if (s == NULL)
			continue;
		do {
			pthread_mutex_lock(&s->asker);
			k = tg_mailbox_ask(&s->mailbox, TG_MAIL_LISTEN, &cursor, ANSWER_MS);
			for (int j = 0; j < k; j++)
				n = add_listener(rows, n, &s->mailbox.listener[j]);
			pthread_mutex_unlock(&s->asker);
			if (k < 0)
				return k;
		} while (k == TG_MAIL_LISTENERS);
	}
	return (int)n;
}

static int
show_listeners(struct rte_tel_data *d, const struct scope *sc, uint64_t start)
{
	struct tg_listener_info *rows = calloc(MAX_ROWS, sizeof(*rows));
	struct rte_tel_data *list = tg_rows_new(d, "listeners");
	int n = -ENOMEM;

	if (rows != NULL && list != NULL)
		n = gather_listeners(sc, rows);
	for (uint64_t i = start; n > 0 && i < (uint64_t)n; i++) {
		struct rte_tel_data *row;

		if (i == start + TG_MAIL_LISTENERS) {
			tg_row_u64(d, "next", i);
			break;
		}
		row = tg_row_new(list, (unsigned)i);
		if (row == NULL)
			n = -ENOMEM;
		else
			tg_row_listener(row, &rows[i]);
	}
	free(rows);
	return n < 0 ? n : 0;
}

/* Rows of one answer of a shard. Returns their number or a negative errno. */
static int
show_some_conns(struct rte_tel_data *list, struct tg_shard *s, uint32_t *cursor)
{
	int k;

	pthread_mutex_lock(&s->asker);
	k = tg_mailbox_ask(&s->mailbox, TG_MAIL_CONN, cursor, ANSWER_MS);
	for (int j = 0; j < k; j++) {
		struct rte_tel_data *row = tg_row_new(list, (unsigned)j);

		if (row == NULL) {
			k = -ENOMEM;
			break;
		}
		tg_row_conn(row, &s->mailbox.conn[j], s->number);
	}
	pthread_mutex_unlock(&s->asker);
	return k;
}

/* One page from `at` on: the shard's number in the upper half, its cursor in the lower. */
static int
show_conns(struct rte_tel_data *d, uint64_t at)
{
	struct rte_tel_data *list = tg_rows_new(d, "conns");
	unsigned i = at >> 32 < MAX_SHARDS ? (unsigned)(at >> 32) : MAX_SHARDS;
	uint32_t cursor = (uint32_t)at;
	int k = 0;

	if (list == NULL)
		return -ENOMEM;
	for (unsigned asked = 0; i < MAX_SHARDS && k == 0 && asked < EMPTY_ANSWERS;) {
		struct tg_shard *s = shown.shard[i];

		if (s == NULL || cursor == UINT32_MAX) {
			i++;
			cursor = 0;
			continue;
		}
		asked++;
		k = show_some_conns(list, s, &cursor);
		if (k < 0)
			return k;
	}
	/* Whether another shard has anything is found out by asking for the next page. */
	while (i < MAX_SHARDS && (shown.shard[i] == NULL || cursor == UINT32_MAX)) {
		i++;
		cursor = 0;
	}
	if (i < MAX_SHARDS)
		tg_row_u64(d, "next", (uint64_t)i << 32 | cursor);
	return 0;
}

/* What an operator reads when there is no answer. */
static int
finish(struct rte_tel_data *d, int rc)
{
	if (rc == 0)
		return 0;
	rte_tel_data_start_dict(d);
	rte_tel_data_add_dict_string(d, "error",
		rc == -ETIMEDOUT        ? "the shard's loop did not answer for a second"
			: rc == -ENOENT ? "no such shard"
			: rc == -EINVAL ? "parameters are numbers, see /help"
					: strerror(-rc));
	return 0;
}

static int
command(const char *cmd, const char *params, struct rte_tel_data *d)
{
	uint64_t p[2] = {0, 0};
	struct scope sc;
	int n = numbers(params, p, 2);
	int rc = n < 0 ? n : 0;

	rte_tel_data_start_dict(d);
	pthread_mutex_lock(&shown.lock);
	if (rc == 0 && strcmp(cmd, "/tidegate/conns") == 0) {
		rc = show_conns(d, p[0]);
	} else if (rc == 0 && strcmp(cmd, "/tidegate/listeners") == 0) {
		rc = scope_of(n > 1, p[1], &sc);
		if (rc == 0)
			rc = show_listeners(d, &sc, p[0]);
	} else if (rc == 0) {
		rc = scope_of(n > 0, p[0], &sc);
		if (rc == 0)
			rc = strcmp(cmd, "/tidegate/usage") == 0 ? show_usage(d, &sc)
								 : show_counters(d, &sc);
	}
	pthread_mutex_unlock(&shown.lock);
	return finish(d, rc);
}

int
tg_telemetry_init(void)
{
	static const struct {
		const char *cmd;
		const char *help;
	} commands[] = {
		{"/tidegate/counters", "Counters, summed over shards. Parameter: one shard"},
		{"/tidegate/usage", "How full the engines are, summed. Parameter: one shard"},
		{"/tidegate/listeners",
			"Listeners and their queues, summed over shards, 20 a "
			"page. Parameters: first row (\"next\"), one shard"},
		{"/tidegate/conns",
			"Connections, half-open and TIME_WAIT entries, a page of up "
			"to 32. Parameter: where to go on (\"next\")"},
	};

	for (unsigned i = 0; i < RTE_DIM(commands); i++) {
		int rc = rte_telemetry_register_cmd(commands[i].cmd, command, commands[i].help);

		if (rc != 0)
			return rc;
	}
	return 0;
}
