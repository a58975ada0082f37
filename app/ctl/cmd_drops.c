/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "commands.h"
#include "names.h"
#include "sample.h"
#include "text.h"

#define REASONS_MAX 96

/* One reason for packets to be lost. */
struct reason {
	const char *key;
	const char *text;
	uint64_t count;
};

struct reasons {
	unsigned n;
	struct reason r[REASONS_MAX];
};

/* What the ports and loops lose before or after the engines. */
static const struct {
	const char *part, *row, *key, *text;
} outside[] = {
	{"ports", "port", "imissed", "the port had no room: its ring is full"},
	{"ports", "port", "ierrors", "received damaged, says the port"},
	{"ports", "port", "rx_nombuf", "the port found no mbuf"},
	{"ports", "port", "oerrors", "could not be sent, says the port"},
	{"shards", "shard", "tx_dropped", "the port took no more to send"},
};

static void
add(struct reasons *all, const char *key, const char *text, uint64_t count, bool zeros)
{
	if ((count != 0 || zeros) && all->n < REASONS_MAX)
		all->r[all->n++] = (struct reason){key, text, count};
}

static int
larger_first(const void *a, const void *b)
{
	uint64_t x = ((const struct reason *)a)->count, y = ((const struct reason *)b)->count;

	return x < y ? 1 : x > y ? -1 : 0;
}

static void
gather(const struct sample *a, const struct sample *b, bool zeros, struct reasons *all)
{
	for (const struct name *n = names; n->key != NULL; n++)
		if (n->kind == NAME_DROP || n->kind == NAME_LOSS)
			add(all, n->key, n->text, sample_delta(a, b, n->key), zeros);
	for (unsigned i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
		const json_t *now = outside[i].part[0] == 'p' ? b->ports : b->shards;
		const json_t *before = outside[i].part[0] == 'p' ? a->ports : a->shards;
		const json_t *row;
		uint64_t sum = 0;
		size_t k;

		json_array_foreach((json_t *)now, k, row) sum +=
			sample_grown(sample_same(before, row, outside[i].row), row, outside[i].key);
		add(all, outside[i].key, outside[i].text, sum, zeros);
	}
	qsort(all->r, all->n, sizeof(all->r[0]), larger_first);
}

static void
print_json(const struct reasons *all, uint64_t received, double seconds)
{
	json_t *whole = json_object(), *list = json_array();

	if (seconds > 0)
		json_object_set_new(whole, "seconds", json_real(seconds));
	json_object_set_new(whole, "received", json_integer((json_int_t)received));
	for (unsigned i = 0; i < all->n; i++)
		json_array_append_new(list,
			json_pack("{s:s, s:I, s:s}", "reason", all->r[i].key, "count",
				(json_int_t)all->r[i].count, "text", all->r[i].text));
	json_object_set_new(whole, "drops", list);
	ctl_print_json(whole);
}

static void
print(const struct reasons *all, uint64_t received, double seconds)
{
	static const char *const titles[] = {"Drops", "Share", "<Reason", "<What it means"};
	static const char *const rate_titles[] = {
		"Drops", "Share", "Per second", "<Reason", "<What it means"};
	struct text_table *t;

	if (seconds > 0)
		printf("received: %" PRIu64 " packets in %.1f s\n", received, seconds);
	else
		printf("received: %" PRIu64 " packets since the start\n", received);
	if (all->n == 0) {
		puts("nothing was dropped");
		return;
	}
	t = seconds > 0 ? text_table_new(5, rate_titles) : text_table_new(4, titles);
	for (unsigned i = 0; i < all->n; i++) {
		const struct reason *r = &all->r[i];

		text_table_add(t, "%" PRIu64, r->count);
		text_table_add(t, "%.2f%%",
			received != 0 ? 100.0 * (double)r->count / (double)received : 0.0);
		if (seconds > 0)
			text_table_add(t, "%.1f", (double)r->count / seconds);
		text_table_add(t, "%s", r->key);
		text_table_add(t, "%s", r->text);
	}
	text_table_print(t, stdout);
}

static void
show(const struct ctl *c, const struct sample *a, const struct sample *b, bool zeros)
{
	struct reasons all = {0};
	double seconds = a->counters != NULL ? b->at - a->at : 0;

	gather(a, b, zeros, &all);
	if (c->json)
		print_json(&all, sample_delta(a, b, "received"), seconds);
	else
		print(&all, sample_delta(a, b, "received"), seconds);
	fflush(stdout);
}

static int
run(struct ctl *c, int argc, char *argv[])
{
	static const struct option longs[] = {{"zeros", no_argument, NULL, 'z'},
		{"interval", required_argument, NULL, 'd'}, {"count", required_argument, NULL, 'n'},
		{0}};
	struct sample before = {0}, now;
	uint64_t every_ms = 0, rounds = 0;
	bool zeros = false;
	int option, rc;

	while ((option = ctl_getopt(c, argc, argv, "zd:n:", longs)) != -1) {
		if (option == 'z')
			zeros = true;
		else if (option == 'd' && !text_seconds(optarg, 10, 86400000, &every_ms))
			return ctl_wrong(
				c, "--interval %s: seconds are meant, 0.01 to 86400", optarg);
		else if (option == 'n' && !text_number(optarg, 1, UINT32_MAX, &rounds))
			return ctl_wrong(c, "--count %s: a number is meant", optarg);
		else if (option == '?')
			return CTL_USAGE;
	}
	if (ctl_no_words(c, argc, argv) != CTL_OK)
		return CTL_USAGE;
	if (rounds != 0 && every_ms == 0)
		return ctl_wrong(c, "--count is of intervals: -d SECONDS is missing");
	rounds += rounds == 0;
	rc = every_ms != 0 ? sample_take(c, &before) : CTL_OK;
	for (uint64_t i = 0; i < rounds && rc == CTL_OK; i++) {
		if (every_ms != 0 && !sample_sleep((double)every_ms / 1e3))
			break;
		rc = sample_take(c, &now);
		if (rc == CTL_OK)
			show(c, &before, &now, zeros);
		if (every_ms != 0) {
			sample_free(&before);
			before = now;
		} else {
			sample_free(&now);
		}
	}
	sample_free(&before);
	return rc;
}

const struct ctl_command cmd_drops = {
	.name = "drops",
	.synopsis = "[-z] [-d SECONDS [-n COUNT]]",
	.summary = "Packets dropped, by reason",
	.help = "  -d, --interval SECONDS  of the next SECONDS, with rates; else since the start\n"
		"  -n, --count COUNT     so many intervals (default 1)\n"
		"  -z, --zeros           reasons that did not occur too\n"
		"\n"
		"Shares are of all packets received. imissed, ierrors and rx_nombuf were lost "
		"before\n"
		"tidegate saw them, and are not part of what was received.\n"
		"\n",
	.run = run,
};
