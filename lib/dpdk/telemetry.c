/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The telemetry commands. They run on DPDK's telemetry threads.
 *
 * Counters are words with one writer, so they are read where they lie. Queues and connections are
 * asked for through the shard's mailbox. An answer holds one page: DPDK 22.11 cuts its JSON off at
 * 16 KiB, and a row takes up to 775 bytes (a listener) or 490 (a connection).
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <rte_telemetry.h>

#include "capture_control.h"
#include "rows.h"
#include "shard.h"
#include "snapshot.h"

/* Questions for one page of connections: each looks at 4096 pool slots. */
#define EMPTY_ANSWERS 256
/* Loops on a page, of up to 400 bytes each. */
#define PAGE_LOOPS 32
/* Bytes on a page of ports; one takes so many, and more for each queue. */
#define PAGE_BYTES  15000
#define PORT_BYTES  700
#define QUEUE_BYTES 22

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
	const struct tg_shown *shown;
	unsigned from, to; /* [from, to) */
};

static int
scope_of(bool one, uint64_t shard, struct scope *sc)
{
	sc->from = 0;
	sc->to = TG_SHOWN_MAX;
	if (!one)
		return 0;
	if (shard >= TG_SHOWN_MAX || sc->shown->shard[shard] == NULL)
		return -ENOENT;
	sc->from = (unsigned)shard;
	sc->to = (unsigned)shard + 1;
	return 0;
}

static void
row_event(void *ctx, const char *name, uint64_t value)
{
	tg_row_u64(ctx, name, value);
}

static int
show_counters(struct rte_tel_data *d, const struct scope *sc)
{
	struct tg_snapshot_counters sum = {0};

	for (unsigned i = sc->from; i < sc->to; i++)
		if (sc->shown->shard[i] != NULL)
			tg_snapshot_add_counters(sc->shown->shard[i], &sum);
	tg_row_u64(d, "shards", sum.shards);
	tg_row_u64(d, "received", sum.engine.received);
	for (unsigned i = 0; i < TG_DISP_COUNT; i++)
		tg_row_u64(d, tg_disposition_name(i), sum.engine.disposition[i]);
	tg_snapshot_each_event(&sum, row_event, d);
	tg_row_u64(d, "fragments_held", sum.fragments_held);
	return 0;
}

static int
show_usage(struct rte_tel_data *d, const struct scope *sc)
{
	struct tg_engine_usage sum = {0};

	for (unsigned i = sc->from; i < sc->to; i++) {
		struct tg_engine_usage u;
		int rc;

		if (sc->shown->shard[i] == NULL)
			continue;
		rc = tg_snapshot_usage(sc->shown->shard[i], &u);
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

/* All listeners of the scope. Returns the number of rows or -ETIMEDOUT. */
static int
gather_listeners(const struct scope *sc, struct tg_listener_info rows[])
{
	unsigned n = 0;

	for (unsigned i = sc->from; i < sc->to; i++) {
		int rc = 0;

		if (sc->shown->shard[i] != NULL)
			rc = tg_snapshot_add_listeners(sc->shown->shard[i], rows, &n);
		if (rc != 0)
			return rc;
	}
	return (int)n;
}

static int
show_listeners(struct rte_tel_data *d, const struct scope *sc, uint64_t start)
{
	struct tg_listener_info *rows = calloc(TG_SNAPSHOT_LISTENERS, sizeof(*rows));
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
	k = tg_mailbox_ask(&s->mailbox, TG_MAIL_CONN, cursor, TG_SNAPSHOT_MS);
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
show_conns(struct rte_tel_data *d, const struct tg_shown *shown, uint64_t at)
{
	struct rte_tel_data *list = tg_rows_new(d, "conns");
	unsigned i = at >> 32 < TG_SHOWN_MAX ? (unsigned)(at >> 32) : TG_SHOWN_MAX;
	uint32_t cursor = (uint32_t)at;
	int k = 0;

	if (list == NULL)
		return -ENOMEM;
	for (unsigned asked = 0; i < TG_SHOWN_MAX && k == 0 && asked < EMPTY_ANSWERS;) {
		struct tg_shard *s = shown->shard[i];

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
	while (i < TG_SHOWN_MAX && (shown->shard[i] == NULL || cursor == UINT32_MAX)) {
		i++;
		cursor = 0;
	}
	if (i < TG_SHOWN_MAX)
		tg_row_u64(d, "next", (uint64_t)i << 32 | cursor);
	return 0;
}

static int
show_loops(struct rte_tel_data *d, const struct tg_shown *shown, uint64_t start)
{
	struct rte_tel_data *list = tg_rows_new(d, "shards");
	unsigned n = 0;

	if (list == NULL)
		return -ENOMEM;
	for (uint64_t i = start; i < TG_SHOWN_MAX; i++) {
		struct tg_snapshot_loop loop;
		struct rte_tel_data *row;

		if (shown->loop[i] == NULL)
			continue;
		if (n == PAGE_LOOPS) {
			tg_row_u64(d, "next", i);
			break;
		}
		row = tg_row_new(list, n++);
		if (row == NULL)
			return -ENOMEM;
		tg_snapshot_loop(shown->loop[i], &loop);
		tg_row_loop(row, &loop);
	}
	return 0;
}

static int
show_ports(struct rte_tel_data *d, const struct tg_shown *shown, uint64_t start)
{
	struct rte_tel_data *list = tg_rows_new(d, "ports");
	struct tg_snapshot_port port;
	unsigned n = 0, bytes = 0;
	int id = start <= UINT16_MAX ? tg_snapshot_next_port(shown, (unsigned)start) : -1;

	if (list == NULL)
		return -ENOMEM;
	for (; id >= 0; id = tg_snapshot_next_port(shown, (unsigned)id + 1)) {
		struct rte_tel_data *row;

		tg_snapshot_port(shown, (uint16_t)id, &port);
		bytes += PORT_BYTES + port.queues * QUEUE_BYTES;
		if (n != 0 && bytes > PAGE_BYTES) {
			tg_row_u64(d, "next", (uint64_t)id);
			break;
		}
		row = tg_row_new(list, n++);
		if (row == NULL || tg_row_port(row, &port) != 0)
			return -ENOMEM;
	}
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

/* One command; n of its parameters are there. */
static int
answer(struct rte_tel_data *d, const char *what, struct scope *sc, const uint64_t p[], int n)
{
	int rc;

	if (strcmp(what, "conns") == 0)
		return show_conns(d, sc->shown, p[0]);
	if (strcmp(what, "shards") == 0)
		return show_loops(d, sc->shown, p[0]);
	if (strcmp(what, "ports") == 0)
		return show_ports(d, sc->shown, p[0]);
	if (strcmp(what, "listeners") == 0) {
		rc = scope_of(n > 1, p[1], sc);
		return rc != 0 ? rc : show_listeners(d, sc, p[0]);
	}
	rc = scope_of(n > 0, p[0], sc);
	if (rc != 0)
		return rc;
	return strcmp(what, "usage") == 0 ? show_usage(d, sc) : show_counters(d, sc);
}

static int
command(const char *cmd, const char *params, struct rte_tel_data *d)
{
	uint64_t p[2] = {0, 0};
	struct scope sc;
	int n = numbers(params, p, 2);
	int rc = n < 0 ? n : 0;

	rte_tel_data_start_dict(d);
	sc.shown = tg_shown_hold();
	if (rc == 0)
		rc = answer(d, cmd + strlen("/tidegate/"), &sc, p, n);
	tg_shown_release();
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
		{"/tidegate/shards",
			"The loops: packets, busy and idle cycles, age of the turn, 32 a "
			"page. Parameter: where to go on (\"next\")"},
		{"/tidegate/ports",
			"The ports and their statistics. Parameter: where to go on (\"next\")"},
	};

	for (unsigned i = 0; i < RTE_DIM(commands); i++) {
		int rc = rte_telemetry_register_cmd(commands[i].cmd, command, commands[i].help);

		if (rc != 0)
			return rc;
	}
	return tg_capture_telemetry();
}
