/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>

#include "commands.h"
#include "text.h"

/* A row of the table: how much is in use of how much. */
static void
pool(struct text_table *t, const char *name, const json_t *j, const char *key, const char *max_key,
	const char *text)
{
	uint64_t used = text_u64(j, key), max = text_u64(j, max_key);

	text_table_add(t, "%s", name);
	text_table_add(t, "%" PRIu64, used);
	text_table_add(t, "%" PRIu64, max);
	text_table_add(t, "%.1f%%", max != 0 ? 100.0 * (double)used / (double)max : 0.0);
	text_table_add(t, "%s", text);
}

static void
print(const json_t *j)
{
	static const char *const titles[] = {"<Pool", "Used", "Size", "Fill", "<What"};
	struct text_table *t = text_table_new(5, titles);

	pool(t, "conns", j, "conns", "max_conns", "connections");
	pool(t, "half_open", j, "half_open", "max_half_open", "SYN-queue entries of all listeners");
	pool(t, "time_wait", j, "time_wait", "max_time_wait", "TIME_WAIT entries");
	pool(t, "segments", j, "segments", "max_segments", "buffers in send and receive queues");
	text_table_print(t, stdout);
}

static int
run(struct ctl *c, int argc, char *argv[])
{
	static const struct option longs[] = {{"core", required_argument, NULL, 'c'}, {0}};
	char question[64] = "/tidegate/usage";
	uint64_t shard;
	int option;

	while ((option = ctl_getopt(c, argc, argv, "c:", longs)) != -1) {
		if (option == '?')
			return CTL_USAGE;
		if (!text_number(optarg, 0, UINT32_MAX, &shard))
			return ctl_wrong(c, "--core %s: the number of a shard is meant", optarg);
		snprintf(question, sizeof(question), "/tidegate/usage,%" PRIu64, shard);
	}
	if (ctl_no_words(c, argc, argv) != CTL_OK)
		return CTL_USAGE;
	return ctl_show(c, question, print);
}

const struct ctl_command cmd_usage = {
	.name = "usage",
	.synopsis = "[-c SHARD]",
	.summary = "How full the pools are",
	.help = "  -c, --core SHARD      of one shard (default: all together)\n",
	.run = run,
};
