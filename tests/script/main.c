/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Plays packet scripts in every manner; TAP on stdout.
 *
 *     play [-m MANNER] [-c] FILE...
 *
 * -m plays in one manner only; -c asks in addition that the scripts, taken together, have produced
 * every disposition and every counter there is.
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "player.h"

static jmp_buf failed;
static char fail_text[8192];

static void
on_die(const char *text)
{
	(void)snprintf(fail_text, sizeof(fail_text), "%s", text);
	longjmp(failed, 1);
}

/* What all scripts together have moved. */
static struct tg_counters seen;

static void
add_seen(const struct tg_counters *c)
{
	for (unsigned i = 0; i < TG_DISP_COUNT; i++)
		seen.disposition[i] += c->disposition[i];
	for (unsigned i = 0; i < TG_CNT_COUNT; i++)
		seen.event[i] += c->event[i];
}

/* Prints a text of several lines as TAP diagnostics. */
static void
diagnose(const char *path, unsigned line, const char *manner, const char *text)
{
	printf("# %s:%u: (%s)\n#   ", path, line, manner);
	for (; *text != 0; text++) {
		putchar(*text);
		if (*text == '\n')
			printf("# ");
	}
	printf("\n");
}

static bool
play_one(const char *path, const struct rig_manner *m)
{
	static struct player p;
	static struct script s;
	struct tg_counters c;

	memset(&p, 0, sizeof(p));
	memset(&s, 0, sizeof(s));
	memset(&c, 0, sizeof(c));
	if (setjmp(failed) != 0) {
		unsigned line = p.line != NULL ? p.line->no : 0;

		diagnose(path, line, m->name, fail_text);
		/* what a failing engine holds is left alone: it may be in any state */
		return false;
	}
	script_read(&s, path);
	(void)player_run(&p, &s, m, &c);
	add_seen(&c);
	player_free(&p);
	script_free(&s);
	return true;
}

static const char *
story_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static bool
check_coverage(void)
{
	bool ok = true;

	for (unsigned i = 0; i < TG_DISP_COUNT; i++)
		if (seen.disposition[i] == 0) {
			printf("# no script ends with the disposition %s\n", tg_disposition_name(i));
			ok = false;
		}
	for (unsigned i = 0; i < TG_CNT_COUNT; i++)
		if (seen.event[i] == 0) {
			printf("# no script moves the counter %s\n", tg_counter_name(i));
			ok = false;
		}
	return ok;
}

int
main(int argc, char **argv)
{
	const char *manner = NULL;
	bool coverage = false, all = true;
	int first = 1, n = 0;

	for (; first < argc && argv[first][0] == '-'; first++) {
		if (strcmp(argv[first], "-c") == 0)
			coverage = true;
		else if (strcmp(argv[first], "-m") == 0 && first + 1 < argc)
			manner = argv[++first];
	}
	die_hook = on_die;
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("1..%d\n", argc - first + coverage);
	for (int i = first; i < argc; i++) {
		bool ok = true;

		for (unsigned m = 0; m < rig_manner_count; m++)
			if (manner == NULL || strcmp(manner, rig_manners[m].name) == 0)
				ok = play_one(argv[i], &rig_manners[m]) && ok;
		printf("%s %d - %s\n", ok ? "ok" : "not ok", ++n, story_name(argv[i]));
		all = all && ok;
	}
	if (coverage) {
		bool ok = check_coverage();

		printf("%s %d - every disposition and counter\n", ok ? "ok" : "not ok", ++n);
		all = all && ok;
	}
	return all ? 0 : 1;
}
