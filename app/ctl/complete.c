/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "complete.h"
#include "filter.h"
#include "names.h"
#include "schema.h"
#include "text.h"

/* A shell waits for us. */
#define TIMEOUT_MS 500

/* What is being completed. */
struct line {
	struct ctl *c;
	const char *last;   /* the word being written */
	const char *before; /* the one before it, an option or not; or "" */
	int words;          /* behind the command's name, options left out, the last one included */
	char *word[8];
};

static void
offer(const struct line *l, const char *candidate)
{
	if (strncmp(candidate, l->last, strlen(l->last)) == 0)
		puts(candidate);
}

static void
offer_all(const struct line *l, const char *const candidates[])
{
	for (; *candidates != NULL; candidates++)
		offer(l, *candidates);
}

/* Words between blanks. */
static void
offer_words(const struct line *l, const char *s)
{
	char w[64];
	int n = 0;

	for (; sscanf(s, " %63s%n", w, &n) == 1; s += n)
		offer(l, w);
}

/* The options in a help text: words at the start of its lines that begin with '-'. */
static void
offer_options(const struct line *l, const char *help)
{
	for (; help != NULL && *help != '\0'; help = strchr(help, '\n')) {
		char a[40], b[40];
		int n;

		help += *help == '\n';
		n = strncmp(help, "  ", 2) == 0 ? sscanf(help, " %39[-a-zA-Z], %39[-a-z]", a, b)
						: 0;
		if (n >= 1 && a[0] == '-')
			offer(l, a);
		if (n == 2 && b[0] == '-')
			offer(l, b);
	}
}

static int
offer_listener(void *ctx, const json_t *row)
{
	char clean[80];

	offer(ctx, text_clean(text_str(row, "local", ""), clean, sizeof(clean)));
	return CTL_OK;
}

static void
offer_listeners(struct line *l)
{
	l->c->timeout_ms = TIMEOUT_MS;
	l->c->muted = true;
	ctl_rows(l->c, "/tidegate/listeners", "listeners", NULL, offer_listener, l);
}

/* Keys of the configuration that have one value each, as KEY=; only those that can change now. */
static void
offer_keys(const struct line *l, const char *path, bool with_path, bool live)
{
	for (const struct key_group *g = key_groups; g->path != NULL; g++)
		for (unsigned i = 0; i < g->nb_keys; i++) {
			char text[128];
			const char *dot = with_path && *g->path != '\0' ? "." : "";

			if ((path != NULL && strcmp(g->path, path) != 0) ||
				(path == NULL && strchr(g->path, '[') != NULL) ||
				(live && !key_is_live((enum key_group_index)(g - key_groups), i)))
				continue;
			snprintf(text, sizeof(text), "%s%s%s=", with_path ? g->path : "", dot,
				g->keys[i].name);
			offer(l, text);
		}
}

static void
offer_services(const struct line *l)
{
	const struct key_group *g = &key_groups[GROUP_LISTENER];

	for (unsigned i = 0; i < g->nb_keys; i++)
		if (strcmp(g->keys[i].name, "service") == 0)
			offer_all(l, g->keys[i].choices);
}

/* Words of capture's --drops; of several with commas the last one. */
static void
offer_dispositions(const struct line *l)
{
	const char *comma = strrchr(l->last, ',');
	int before = comma != NULL ? (int)(comma + 1 - l->last) : 0;
	char text[256];

	for (const struct name *n = names; n->key != NULL; n++) {
		if (n->kind != NAME_DROP && n->kind != NAME_PACKETS)
			continue;
		snprintf(text, sizeof(text), "%.*s%s", before, l->last,
			n->key + (n->kind == NAME_DROP ? strlen("drop_") : 0));
		offer(l, text);
	}
	snprintf(text, sizeof(text), "%.*sany", before, l->last);
	offer(l, text);
	snprintf(text, sizeof(text), "%.*sall", before, l->last);
	offer(l, text);
}

static void
offer_arguments(struct line *l, const char *command)
{
	const char *first = l->words > 1 ? l->word[0] : "";
	const char *before = l->words > 1 ? l->word[l->words - 2] : "";

	if (strcmp(command, "capture") == 0) {
		if (strcmp(l->before, "-d") == 0 || strcmp(l->before, "--drops") == 0)
			offer_dispositions(l);
	} else if (strcmp(command, "nstat") == 0) {
		for (const struct name *n = names; n->key != NULL; n++)
			offer(l, n->key);
	} else if (strcmp(command, "ss") == 0) {
		if (strcmp(before, "state") == 0 || strcmp(before, "exclude") == 0)
			offer_all(l, filter_states);
		else
			offer_words(l, "state exclude sport dport port src dst and or not");
	} else if (strcmp(command, "set") == 0) {
		if (l->words == 1) {
			offer_keys(l, NULL, true, true);
			offer_listeners(l);
		} else {
			offer_keys(l, "listeners[]", false, true);
		}
	} else if (strcmp(first, "del") == 0) {
		offer_listeners(l);
	} else if (strcmp(first, "add") == 0) {
		if (l->words == 3)
			offer_services(l);
		else if (l->words > 3)
			offer_keys(l, "listeners[]", false, false);
	}
}

int
complete(struct ctl *c, int words, char *word[])
{
	struct line l = {.c = c,
		.last = words > 0 ? word[words - 1] : "",
		.before = words > 1 ? word[words - 2] : ""};
	const struct ctl_command *cmd = NULL;
	bool value = false;

	for (int i = 0; i < words; i++) {
		bool option = !value && word[i][0] == '-';

		if (value && i + 1 < words) {
			const char *opt = word[i - 1];

			if (strcmp(opt, "-f") == 0 || strcmp(opt, "--file-prefix") == 0)
				c->prefix = word[i];
			else if (strcmp(opt, "--socket") == 0)
				c->socket = word[i];
		} else if (!option && !value && cmd == NULL && i + 1 < words) {
			cmd = ctl_find(word[i]);
		} else if (!option && !value && cmd != NULL && l.words < 8) {
			l.word[l.words++] = word[i];
		}
		value = option &&
			(strcmp(word[i], "-f") == 0 || strcmp(word[i], "--file-prefix") == 0 ||
				strcmp(word[i], "--socket") == 0 ||
				strcmp(word[i], "--timeout") == 0);
		if (value && i + 2 == words)
			return CTL_OK; /* its value is anybody's guess */
	}
	if (l.last[0] == '-') {
		offer_options(&l, cmd != NULL ? cmd->help : "");
		offer_options(&l, ctl_common_help);
		return CTL_OK;
	}
	if (cmd == NULL) {
		for (unsigned i = 0; ctl_commands[i] != NULL; i++)
			offer(&l, ctl_commands[i]->name);
		return CTL_OK;
	}
	if (l.words <= 1 && cmd->words != NULL)
		offer_words(&l, cmd->words);
	offer_arguments(&l, cmd->name);
	return CTL_OK;
}
