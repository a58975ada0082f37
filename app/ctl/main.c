/* SPDX-License-Identifier: BSD-3-Clause */
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "ctl.h"

#ifndef TIDEGATE_VERSION
#error "the build gives TIDEGATE_VERSION"
#endif

/* Longest wait for one answer unless --timeout says otherwise: a shard may take a second of it. */
#define TIMEOUT_MS 5000

static void
help_all(void)
{
	fputs("usage: tidegatectl [-f PREFIX | --socket PATH] [--json] [--timeout SECONDS] COMMAND "
	      "[ARGUMENT...]\n"
	      "       tidegatectl COMMAND --help\n"
	      "       tidegatectl --version\n"
	      "\n"
	      "Looks into a running tidegate, and changes it.\n"
	      "\n",
		stdout);
	for (unsigned i = 0; ctl_commands[i] != NULL; i++)
		printf("  %-10s %s\n", ctl_commands[i]->name, ctl_commands[i]->summary);
	fputs("\n"
	      "Exit status: 0 done; 1 the daemon refused, or something was found; 2 wrong use;\n"
	      "3 the daemon cannot be reached or does not answer.\n",
		stdout);
}

/* Whether help is asked for, anywhere before "--". */
static bool
wants_help(int argc, char *argv[])
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

static const struct ctl_command *
find(const char *name)
{
	for (unsigned i = 0; ctl_commands[i] != NULL; i++)
		if (strcmp(ctl_commands[i]->name, name) == 0)
			return ctl_commands[i];
	return NULL;
}

/* Options before the command. Returns -1 to go on, or an exit status. */
static int
leading(struct ctl *c, int argc, char *argv[])
{
	enum { OPT_COMMANDS = 1000 };
	static const struct option longs[] = {
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{"commands", no_argument, NULL, OPT_COMMANDS},
		{0},
	};
	int option;

	while ((option = ctl_getopt(c, argc, argv, "hV", longs)) != -1) {
		switch (option) {
		case 'h':
			help_all();
			return CTL_OK;
		case 'V':
			puts("tidegatectl " TIDEGATE_VERSION);
			return CTL_OK;
		case OPT_COMMANDS:
			for (unsigned i = 0; ctl_commands[i] != NULL; i++)
				puts(ctl_commands[i]->name);
			return CTL_OK;
		default:
			return CTL_USAGE;
		}
	}
	return optind < argc ? -1 : ctl_wrong(c, "a command is missing");
}

int
main(int argc, char *argv[])
{
	struct ctl c = {.prefix = "tidegate", .timeout_ms = TIMEOUT_MS, .client.fd = -1};
	int first, status;

	setlocale(LC_ALL, "");
	setlocale(LC_NUMERIC, "C"); /* figures are read by programs too */
	status = leading(&c, argc, argv);
	if (status >= 0)
		return status;
	first = optind;
	c.command = find(argv[first]);
	if (c.command == NULL)
		return ctl_wrong(&c, "%s: no such command", argv[first]);
	if (wants_help(argc - first, argv + first)) {
		ctl_help(c.command);
		return CTL_OK;
	}
	optind = 0; /* glibc: begin anew, with another array */
	status = c.command->run(&c, argc - first, argv + first);
	client_close(&c.client);
	/* What was not written must not look like success; a reader that left early ended us. */
	if (fflush(stdout) != 0 || ferror(stdout) != 0)
		return CTL_NO;
	return status;
}
