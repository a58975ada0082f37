/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tidegate: the command line.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "devices.h"
#include "privileges.h"
#include "run.h"
#include "secrets.h"

#ifndef TIDEGATE_VERSION
#error "the build gives TIDEGATE_VERSION"
#endif

static const char usage[] =
	"usage: tidegate -c FILE [-- EAL arguments]\n"
	"       tidegate --check -c FILE\n"
	"\n"
	"  -c, --config FILE  YAML configuration; config/tidegate.yaml describes every key\n"
	"      --check        validate FILE and exit: 0 when it is good, 2 when not; EAL is not\n"
	"                     started, a device or user missing here is only noted\n"
	"  -h, --help         this text\n"
	"  -V, --version      the version\n"
	"\n"
	"SIGINT or SIGTERM stops: listeners close, connections get `drain` seconds to finish,\n"
	"then FIN, then RST; a second signal resets them at once. SIGHUP reads FILE again and\n"
	"changes what can change without a restart, or nothing. The exit report goes to stdout.\n"
	"\n"
	"exit status: 0 clean stop; 1 runtime failure, or something was left over at exit;\n"
	"2 wrong command line or configuration.\n";

enum { OPT_CHECK = 256 };

static const struct option options[] = {
	{"config", required_argument, NULL, 'c'},
	{"check", no_argument, NULL, OPT_CHECK},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0},
};

/* What the command line says. */
struct command {
	const char *file;
	bool check;
};

/* Reads the command line. Returns -1 to go on, else the exit status. */
static int
read_command(int argc, char **argv, struct command *cmd)
{
	int o;

	opterr = 0;
	/* '+': what stands behind the options is EAL's, even if it looks like one of ours. */
	while ((o = getopt_long(argc, argv, "+c:hV", options, NULL)) != -1) {
		switch (o) {
		case 'c':
			cmd->file = optarg;
			break;
		case OPT_CHECK:
			cmd->check = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return EXIT_CLEAN;
		case 'V':
			puts("tidegate " TIDEGATE_VERSION);
			return EXIT_CLEAN;
		default:
			/* optind has gone on, but not past one of several short options. */
			fprintf(stderr,
				"tidegate: %s: unknown option, or its value is missing; --help "
				"tells more\n",
				argv[optind - 1]);
			return EXIT_CONFIG;
		}
	}
	if (optind < argc && strcmp(argv[optind - 1], "--") != 0) {
		fprintf(stderr, "tidegate: unexpected argument %s; EAL arguments stand after --\n",
			argv[optind]);
		return EXIT_CONFIG;
	}
	if (cmd->file == NULL) {
		fprintf(stderr, "tidegate: no configuration; use -c FILE (--help tells more)\n");
		return EXIT_CONFIG;
	}
	return -1;
}

static int
check(const struct config *c)
{
	char err[CONFIG_ERROR_MAX];

	/* The file may be meant for another machine. */
	if (devices_check(c, err) != 0)
		printf("note: %s\n", err);
	if (privileges_find(c, NULL, err) != 0)
		printf("note: %s\n", err);
	printf("%s: ok\n", c->file);
	return EXIT_CLEAN;
}

int
main(int argc, char **argv)
{
	struct command cmd = {0};
	struct http_pages *pages = NULL;
	struct config *c = NULL;
	char err[CONFIG_ERROR_MAX];
	int status = read_command(argc, argv, &cmd);

	if (status >= 0)
		return status;
	/* Scripts read our lines while we run. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (config_load(cmd.file, &c, err) != 0 || http_pages_make(c, &pages, err) != 0) {
		fprintf(stderr, "tidegate: %s\n", err);
		status = EXIT_CONFIG;
	} else if (secrets_check(c, err) != 0) {
		/* Before EAL takes its seconds and its memory. */
		fprintf(stderr, "tidegate: %s\n", err);
		status = EXIT_CONFIG;
	} else if (cmd.check) {
		status = check(c);
	} else {
		return run(c, pages, argc - optind, argv + optind);
	}
	http_pages_free(pages);
	config_free(c);
	return status;
}
