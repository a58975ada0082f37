/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>

#include "commands.h"
#include "text.h"

static void
print(const json_t *j)
{
	static const struct {
		const char *key, *text;
	} strings[] = {{"version", "version"}, {"config", "configuration"}, {"state", "state"},
		{"log_level", "log level"}};
	uint64_t up = text_u64(j, "uptime_s");
	char clean[512];

	for (unsigned i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		printf("%-14s %s\n", strings[i].text,
			text_clean(text_str(j, strings[i].key, "-"), clean, sizeof(clean)));
	printf("%-14s %" PRIu64 "\n", "process", text_u64(j, "pid"));
	printf("%-14s %" PRIu64 "d %02u:%02u:%02u\n", "up for", up / 86400,
		(unsigned)(up / 3600 % 24), (unsigned)(up / 60 % 60), (unsigned)(up % 60));
	printf("%-14s %" PRIu64 "%s\n", "generation", text_u64(j, "generation"),
		text_u64(j, "generation") == 1 ? " (as started)" : "");
	printf("%-14s %s\n", "flood", text_u64(j, "flood") != 0 ? "yes" : "no");
}

static int
run(struct ctl *c, int argc, char *argv[])
{
	if (ctl_no_options(c, argc, argv) != CTL_OK || ctl_no_words(c, argc, argv) != CTL_OK)
		return CTL_USAGE;
	return ctl_show(c, "/tidegate/info", print);
}

const struct ctl_command cmd_info = {
	.name = "info",
	.synopsis = "",
	.summary = "Version, process, configuration file, state",
	.help = "Generation counts the configurations: 1 is that of the start, each change adds "
		"one.\n\n",
	.run = run,
};
