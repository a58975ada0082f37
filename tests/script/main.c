/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Plays packet scripts in every manner; TAP on stdout.
 *
 *     play [-m MANNER] [-c] FILE-OR-DIRECTORY...
 *
 * -m plays in one manner only; -c asks in addition that the scripts, taken together, have produced
 * every disposition and every counter there is.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
			printf("# no script ends with the disposition %s\n",
				tg_disposition_name(i));
			ok = false;
		}
	for (unsigned i = 0; i < TG_CNT_COUNT; i++)
		if (seen.event[i] == 0) {
			printf("# no script moves the counter %s\n", tg_counter_name(i));
			ok = false;
		}
	return ok;
}

/* Files to be played, directories resolved, in the order of their names. */
struct files {
	char **path;
	unsigned n;
};

static void
add_file(struct files *f, const char *dir, const char *name)
{
	size_t size = strlen(dir) + strlen(name) + 2;
	char *path = malloc(size);

	f->path = realloc(f->path, (f->n + 1) * sizeof(path));
	if (path == NULL || f->path == NULL)
		die("the test itself is out of memory");
	(void)snprintf(path, size, "%s%s%s", dir, dir[0] != 0 ? "/" : "", name);
	f->path[f->n++] = path;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
add_path(struct files *f, const char *path)
{
	DIR *d = opendir(path);
	const struct dirent *e;
	unsigned first = f->n;

	if (d == NULL) {
		add_file(f, "", path);
		return;
	}
	while ((e = readdir(d)) != NULL) {
		const char *dot = strrchr(e->d_name, '.');

		if (dot != NULL && strcmp(dot, ".tgs") == 0)
			add_file(f, path, e->d_name);
	}
	closedir(d);
	qsort(f->path + first, f->n - first, sizeof(f->path[0]), by_name);
}

int
main(int argc, char **argv)
{
	const char *manner = NULL;
	bool coverage = false, all = true;
	struct files f = {NULL, 0};
	unsigned n = 0;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-c") == 0)
			coverage = true;
		else if (strcmp(argv[i], "-m") == 0 && i + 1 < argc)
			manner = argv[++i];
		else
			add_path(&f, argv[i]);
	}
	die_hook = on_die;
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("1..%u\n", f.n + coverage);
	for (unsigned i = 0; i < f.n; i++) {
		bool ok = true;

		for (unsigned m = 0; m < rig_manner_count; m++)
			if (manner == NULL || strcmp(manner, rig_manners[m].name) == 0)
				ok = play_one(f.path[i], &rig_manners[m]) && ok;
		printf("%s %u - %s\n", ok ? "ok" : "not ok", ++n, story_name(f.path[i]));
		all = all && ok;
		free(f.path[i]);
	}
	free(f.path);
	if (coverage) {
		bool ok = check_coverage();

		printf("%s %u - every disposition and counter\n", ok ? "ok" : "not ok", ++n);
		all = all && ok;
	}
	/* what a failed script leaves behind has been said to be lost: no leak report on top of it
	 */
	if (!all) {
		fflush(stdout);
		_exit(1);
	}
	return 0;
}
