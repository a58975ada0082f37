/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>

#include "commands.h"
#include "sample.h"
#include "text.h"

static void
print(const struct sample *a, const struct sample *b)
{
	static const char *const titles[] = {"Shard", "Lcore", "CPU", "Busy", "Cycles/packet",
		"Packets/s", "Received", "Sent", "Not ours", "Tx dropped", "Turn age"};
	struct text_table *t = text_table_new(11, titles);
	const json_t *row;
	size_t i;

	json_array_foreach(b->shards, i, row)
	{
		const json_t *before = sample_same(a->shards, row, "shard");
		double busy = (double)sample_grown(before, row, "busy_cycles");
		double idle = (double)sample_grown(before, row, "idle_cycles");
		double rx = (double)sample_grown(before, row, "rx"), s = b->at - a->at;

		text_table_add(t, "%" PRIu64, text_u64(row, "shard"));
		text_table_add(t, "%" PRIu64, text_u64(row, "lcore"));
		text_table_add(t, "%" PRIu64, text_u64(row, "cpu"));
		text_table_add(t, "%.1f%%", busy + idle > 0 ? 100 * busy / (busy + idle) : 0.0);
		if (rx > 0)
			text_table_add(t, "%.0f", busy / rx);
		else
			text_table_add(t, "-");
		text_table_add(t, "%.0f", s > 0 ? rx / s : 0.0);
		text_table_add(t, "%" PRIu64, text_u64(row, "rx"));
		text_table_add(t, "%" PRIu64, text_u64(row, "tx"));
		text_table_add(t, "%" PRIu64, text_u64(row, "rx_foreign"));
		text_table_add(t, "%" PRIu64, text_u64(row, "tx_dropped"));
		text_table_add(t, "%" PRIu64 " ms", text_u64(row, "turn_age_ms"));
	}
	text_table_print(t, stdout);
}

static int
run(struct ctl *c, int argc, char *argv[])
{
	static const struct option longs[] = {{"interval", required_argument, NULL, 'd'}, {0}};
	struct sample a = {0}, b = {0};
	uint64_t every_ms = 200;
	json_t *j;
	int option, rc;

	while ((option = ctl_getopt(c, argc, argv, "d:", longs)) != -1) {
		if (option == '?')
			return CTL_USAGE;
		if (!text_seconds(optarg, 10, 3600000, &every_ms))
			return ctl_wrong(
				c, "--interval %s: seconds are meant, 0.01 to 3600", optarg);
	}
	if (ctl_no_words(c, argc, argv) != CTL_OK)
		return CTL_USAGE;
	rc = ctl_ask(c, "/tidegate/shards", &j);
	if (rc != CTL_OK)
		return rc;
	if (c->json)
		return ctl_print_json(j);
	json_decref(j);
	rc = sample_take(c, &a);
	if (rc == CTL_OK && sample_sleep((double)every_ms / 1e3))
		rc = sample_take(c, &b);
	if (rc == CTL_OK)
		print(&a, &b);
	sample_free(&a);
	sample_free(&b);
	return rc;
}

const struct ctl_command cmd_shards = {
	.name = "shards",
	.synopsis = "[-d SECONDS]",
	.summary = "Shards: their cores, load, and packets",
	.help = "  -d, --interval SECONDS  measure load and rates for so long (default 0.2)\n"
		"\n"
		"Busy is the share of cycles that went into packets and timers: the CPU itself is\n"
		"always at 100 % in a polling process. Turn age is the time since the loop last "
		"began\n"
		"a turn; more than some milliseconds means that it stands still.\n"
		"\n",
	.run = run,
};
