/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "text.h"

/* Options a command may have of its own. */
#define OPTIONS_MAX 32
#define SHORTS_MAX  64
/* Pages of one list: 10 million connections are 312,500 pages of 32. */
#define PAGES_MAX (1u << 24)

enum {
	OPT_SOCKET = 256,
	OPT_TIMEOUT,
};

static const struct option common[] = {
	{"file-prefix", required_argument, NULL, 'f'},
	{"socket", required_argument, NULL, OPT_SOCKET},
	{"json", no_argument, NULL, 'j'},
	{"timeout", required_argument, NULL, OPT_TIMEOUT},
};
#define COMMONS (sizeof(common) / sizeof(common[0]))

static void
say(const struct ctl *c, const char *fmt, va_list ap)
{
	char raw[2 * CLIENT_ERROR_MAX], clean[2 * CLIENT_ERROR_MAX];

	vsnprintf(raw, sizeof(raw), fmt, ap);
	fprintf(stderr, "tidegatectl%s%s: %s\n", c->command != NULL ? " " : "",
		c->command != NULL ? c->command->name : "", text_clean(raw, clean, sizeof(clean)));
}

void
ctl_error(const struct ctl *c, const char *fmt, ...)
{
	va_list ap;

	if (c->muted)
		return;
	va_start(ap, fmt);
	say(c, fmt, ap);
	va_end(ap);
}

int
ctl_wrong(const struct ctl *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(c, fmt, ap);
	va_end(ap);
	if (c->command != NULL)
		fprintf(stderr, "usage: tidegatectl %s %s\n", c->command->name,
			c->command->synopsis);
	else
		fputs("usage: tidegatectl [OPTION...] COMMAND [ARGUMENT...]\n", stderr);
	fprintf(stderr, "tidegatectl %s%s--help tells more\n",
		c->command != NULL ? c->command->name : "", c->command != NULL ? " " : "");
	return CTL_USAGE;
}

/* An option that every command has. Returns false for a wrong value, which has been said. */
static bool
take_common(struct ctl *c, int option)
{
	uint64_t ms;

	switch (option) {
	case 'f':
		if (*optarg == '\0' || strchr(optarg, '/') != NULL) {
			ctl_wrong(c, "--file-prefix %s: a name without slashes is meant", optarg);
			return false;
		}
		c->prefix = optarg;
		break;
	case 'j':
		c->json = true;
		break;
	case OPT_SOCKET:
		c->socket = optarg;
		break;
	default:
		if (!text_seconds(optarg, 1, 3600000, &ms)) {
			ctl_wrong(c, "--timeout %s: seconds are meant, 0.001 to 3600", optarg);
			return false;
		}
		c->timeout_ms = (unsigned)ms;
		c->timeout_given = true;
	}
	return true;
}

int
ctl_getopt(struct ctl *c, int argc, char *argv[], const char *shorts, const struct option longs[])
{
	struct option all[OPTIONS_MAX + COMMONS + 1] = {0};
	char letters[SHORTS_MAX];
	unsigned n = 0;
	int option;

	for (; longs[n].name != NULL && n < OPTIONS_MAX; n++)
		all[n] = longs[n];
	memcpy(all + n, common, sizeof(common));
	/* ':' first: a missing value is told from an unknown option, and getopt prints nothing;
	 * before the command only leading options are read */
	snprintf(letters, sizeof(letters), "%s:f:j%s", c->command == NULL ? "+" : "", shorts);
	for (;;) {
		option = getopt_long(argc, argv, letters, all, NULL);
		if (option == 'f' || option == 'j' || option == OPT_SOCKET ||
			option == OPT_TIMEOUT) {
			if (!take_common(c, option))
				return '?';
			continue;
		}
		if (option == ':')
			ctl_wrong(c, "%s: its value is missing", argv[optind - 1]);
		/* of a long option with a value that it does not take, the letter is a known one */
		else if (option == '?' && optopt > 0 && optopt < 256 &&
			(optopt == ':' || strchr(letters, optopt) == NULL))
			ctl_wrong(c, "-%c: no such option", optopt);
		else if (option == '?')
			ctl_wrong(c, "%s: no such option, or it takes no value", argv[optind - 1]);
		return option == ':' ? '?' : option;
	}
}

int
ctl_no_options(struct ctl *c, int argc, char *argv[])
{
	static const struct option none[] = {{0}};

	return ctl_getopt(c, argc, argv, "", none) == -1 ? CTL_OK : CTL_USAGE;
}

int
ctl_no_words(const struct ctl *c, int argc, char *argv[])
{
	return optind < argc ? ctl_wrong(c, "%s: nothing more is expected", argv[optind]) : CTL_OK;
}

const char ctl_common_help[] =
	"  -j, --json            one JSON object, for programs\n"
	"  -f, --file-prefix PREFIX  the daemon's --file-prefix (default tidegate)\n"
	"      --socket PATH     its telemetry socket, in place of the prefix\n"
	"      --timeout SECONDS longest wait for one answer (default 5)\n"
	"  -h, --help\n"
	"\n"
	"Exit status: 0 done; 1 the daemon refused, or something was found; 2 wrong use;\n"
	"3 the daemon cannot be reached or does not answer.\n";

const struct ctl_command *
ctl_find(const char *name)
{
	for (unsigned i = 0; ctl_commands[i] != NULL; i++)
		if (strcmp(ctl_commands[i]->name, name) == 0)
			return ctl_commands[i];
	return NULL;
}

void
ctl_help(const struct ctl_command *cmd)
{
	printf("usage: tidegatectl %s %s\n\n%s.\n\n%s%s", cmd->name, cmd->synopsis, cmd->summary,
		cmd->help, ctl_common_help);
}

static int
connected(struct ctl *c)
{
	char path[256];

	if (c->client.fd >= 0)
		return CTL_OK;
	if (c->socket == NULL && client_path(c->prefix, path, sizeof(path)) != 0) {
		ctl_error(c, "%s: such a prefix makes no path", c->prefix);
		return CTL_UNREACHABLE;
	}
	if (client_open(&c->client, c->socket != NULL ? c->socket : path, c->timeout_ms) !=
		CLIENT_OK) {
		ctl_error(c, "%s", c->client.error);
		return CTL_UNREACHABLE;
	}
	return CTL_OK;
}

int
ctl_ask(struct ctl *c, const char *command, json_t **answer)
{
	enum client_result r;

	*answer = NULL;
	if (connected(c) != CTL_OK)
		return CTL_UNREACHABLE;
	r = client_ask(&c->client, command, answer);
	if (r == CLIENT_OK)
		return CTL_OK;
	ctl_error(c, "%s", c->client.error);
	return r == CLIENT_LOST ? CTL_UNREACHABLE : CTL_NO;
}

int
ctl_show(struct ctl *c, const char *command, void (*print)(const json_t *answer))
{
	json_t *j;
	int rc = ctl_ask(c, command, &j);

	if (rc != CTL_OK)
		return rc;
	if (c->json)
		return ctl_print_json(j);
	print(j);
	json_decref(j);
	return CTL_OK;
}

/* The rows of one page: an array, or an object whose names are of no interest. */
static int
each_row(const json_t *list, int (*row)(void *ctx, const json_t *row), void *ctx)
{
	int rc = CTL_OK;

	if (json_is_array(list)) {
		for (size_t i = 0; i < json_array_size(list) && rc == CTL_OK; i++)
			rc = row(ctx, json_array_get(list, i));
		return rc;
	}
	for (void *it = json_object_iter((json_t *)list); it != NULL && rc == CTL_OK;
		it = json_object_iter_next((json_t *)list, it))
		rc = row(ctx, json_object_iter_value(it));
	return rc;
}

int
ctl_rows(struct ctl *c, const char *command, const char *key, const char *tail,
	int (*row)(void *ctx, const json_t *row), void *ctx)
{
	char question[128];
	uint64_t at = 0;

	for (unsigned pages = 0; pages < PAGES_MAX; pages++) {
		json_t *page;
		uint64_t next;
		int rc;

		snprintf(question, sizeof(question), "%s,%" PRIu64 "%s%s", command, at,
			tail != NULL ? "," : "", tail != NULL ? tail : "");
		rc = ctl_ask(c, question, &page);
		if (rc == CTL_OK)
			rc = each_row(json_object_get(page, key), row, ctx);
		next = text_u64(page, "next");
		json_decref(page);
		if (rc != CTL_OK || next == 0)
			return rc;
		if (next <= at) {
			ctl_error(c, "%s: the pages go round in a circle", command);
			return CTL_UNREACHABLE;
		}
		at = next;
	}
	return CTL_OK;
}

int
ctl_print_json(json_t *value)
{
	json_dumpf(value, stdout, JSON_ENSURE_ASCII | JSON_ENCODE_ANY);
	putchar('\n');
	json_decref(value);
	return CTL_OK;
}
