/* SPDX-License-Identifier: BSD-3-Clause */
#include <fnmatch.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "commands.h"
#include "history.h"
#include "names.h"
#include "sample.h"
#include "text.h"

enum { OPT_EXPLAIN = 1000, OPT_COUNT };

/* One run. */
struct nstat {
	struct ctl *c;
	bool absolute, zeros, quiet, keep, reset, explain;
	uint64_t every_ms; /* 0: since the last time */
	uint64_t count;    /* intervals; 0: until it is ended */
	unsigned patterns;
	char *const *pattern;
};

static bool
wanted(const struct nstat *n, const char *key)
{
	for (unsigned i = 0; i < n->patterns; i++)
		if (fnmatch(n->pattern[i], key, FNM_CASEFOLD) == 0)
			return true;
	return n->patterns == 0;
}

/* What is held now, and no count. */
static bool
is_count(const char *key)
{
	return strcmp(key, "shards") != 0 && strcmp(key, "fragments_held") != 0;
}

static void
print_json(const struct nstat *n, const json_t *before, const json_t *now, double seconds)
{
	json_t *whole = json_object(), *list = json_object();
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)now, key, v)
	{
		uint64_t d = n->absolute ? text_u64(now, key) : history_delta(before, now, key);

		if (is_count(key) && json_is_integer(v) && wanted(n, key) && (d != 0 || n->zeros))
			json_object_set_new(list, key, json_integer((json_int_t)d));
	}
	if (seconds > 0)
		json_object_set_new(whole, "seconds", json_real(seconds));
	json_object_set_new(whole, "absolute", json_boolean(n->absolute));
	json_object_set_new(whole, "counters", list);
	ctl_print_json(whole);
}

static void
print(const struct nstat *n, const json_t *before, const json_t *now, double seconds)
{
	const char *key;
	json_t *v;

	if (n->c->json) {
		print_json(n, before, now, seconds);
		return;
	}
	if (n->absolute || seconds <= 0)
		puts("#tidegate: since its start");
	else
		printf("#tidegate: in %.1f s, and per second\n", seconds);
	json_object_foreach((json_t *)now, key, v)
	{
		uint64_t d = n->absolute ? text_u64(now, key) : history_delta(before, now, key);
		const char *text = n->explain ? name_text(key) : NULL;
		char clean[64];

		if (!is_count(key) || !json_is_integer(v) || !wanted(n, key) ||
			(d == 0 && !n->zeros))
			continue;
		printf("%-28s %15" PRIu64, text_clean(key, clean, sizeof(clean)), d);
		if (!n->absolute && seconds > 0)
			printf(" %12.1f", (double)d / seconds);
		printf("%s%s\n", text != NULL ? "  " : "", text != NULL ? text : "");
	}
}

/* Once for every interval, until a signal or a lost daemon ends it; the history is left alone. */
static int
every(struct nstat *n)
{
	double began = sample_now();
	json_t *before, *now;
	int rc = ctl_ask(n->c, "/tidegate/counters", &before);

	while (rc == CTL_OK && sample_sleep((double)n->every_ms / 1e3)) {
		double t = sample_now();

		rc = ctl_ask(n->c, "/tidegate/counters", &now);
		if (rc != CTL_OK)
			break;
		print(n, before, now, t - began);
		fflush(stdout);
		json_decref(before);
		before = now;
		began = t;
		if (ferror(stdout) != 0)
			break;
		if (n->count != 0 && --n->count == 0)
			break;
	}
	json_decref(before);
	return rc;
}

static double
wall(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int
since_last(struct nstat *n)
{
	const char *name = n->c->socket != NULL ? n->c->socket : n->c->prefix;
	struct history h;
	const char *err;
	json_t *now;
	int rc = ctl_ask(n->c, "/tidegate/counters", &now);

	if (rc != CTL_OK)
		return rc;
	if (history_open(&h, name, n->c->client.pid, &err) != 0) {
		ctl_error(n->c, "%s: %s, so it is not used: increments are since the start", h.path,
			err);
		h = (struct history){.fd = -1};
	}
	if (!n->quiet)
		print(n, n->reset ? NULL : h.before, now,
			h.before != NULL && !n->reset ? wall() - h.at : 0);
	if (h.fd >= 0 && !n->keep && history_write(&h, n->c->client.pid, wall(), now) != 0)
		ctl_error(n->c, "%s: could not be written", h.path);
	history_close(&h);
	json_decref(now);
	return CTL_OK;
}

static int
run(struct ctl *c, int argc, char *argv[])
{
	static const struct option longs[] = {{"absolute", no_argument, NULL, 'a'},
		{"zeros", no_argument, NULL, 'z'}, {"reset", no_argument, NULL, 'r'},
		{"nooutput", no_argument, NULL, 'n'}, {"noupdate", no_argument, NULL, 's'},
		{"interval", required_argument, NULL, 'd'},
		{"count", required_argument, NULL, OPT_COUNT},
		{"explain", no_argument, NULL, OPT_EXPLAIN}, {0}};
	struct nstat n = {.c = c};
	int option;

	while ((option = ctl_getopt(c, argc, argv, "azrnsd:", longs)) != -1) {
		switch (option) {
		case 'a':
			n.absolute = true;
			break;
		case 'z':
			n.zeros = true;
			break;
		case 'r':
			n.reset = true;
			break;
		case 'n':
			n.quiet = true;
			break;
		case 's':
			n.keep = true;
			break;
		case 'd':
			if (!text_seconds(optarg, 10, 86400000, &n.every_ms))
				return ctl_wrong(c,
					"--interval %s: seconds are meant, 0.01 to 86400", optarg);
			break;
		case OPT_COUNT:
			if (!text_number(optarg, 1, UINT32_MAX, &n.count))
				return ctl_wrong(c, "--count %s: a number is meant", optarg);
			break;
		case OPT_EXPLAIN:
			n.explain = true;
			break;
		default:
			return CTL_USAGE;
		}
	}
	if (n.count != 0 && n.every_ms == 0)
		return ctl_wrong(c, "--count is of intervals: -d SECONDS is missing");
	n.patterns = (unsigned)(argc - optind);
	n.pattern = argv + optind;
	return n.every_ms != 0 ? every(&n) : since_last(&n);
}

const struct ctl_command cmd_nstat = {
	.name = "nstat",
	.synopsis = "[-azrns] [-d SECONDS [--count COUNT]] [PATTERN...]",
	.summary = "Counters, and what they grew by since the last call",
	.help = "  -a, --absolute        since the start of the daemon\n"
		"  -z, --zeros           counters that are zero too\n"
		"  -r, --reset           forget the last call: increments are since the start\n"
		"  -n, --nooutput        only remember the counters\n"
		"  -s, --noupdate        do not remember them\n"
		"  -d, --interval SECONDS  what they grow by in every SECONDS, until interrupted\n"
		"      --count COUNT     with -d: end after so many\n"
		"      --explain         a line of text behind each\n"
		"\n"
		"PATTERN is a name with * and ?, in either case: tidegatectl nstat 'Listen*' "
		"drop_*\n"
		"The last call is remembered for each user and prefix in $XDG_RUNTIME_DIR or /tmp; "
		"a\n"
		"daemon that was started anew begins at zero. docs/counters.md explains the "
		"names.\n"
		"\n",
	.run = run,
};
