/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>

#include "commands.h"
#include "diagnose.h"
#include "text.h"

/* Between two looks at the listeners. */
#define LOOK_S 0.1

/* Looks at the listeners until `end`; shards that stand still are not asked again. */
static int
look(struct ctl *c, struct watch *w, double end)
{
	bool silent = w->first.silent[0] != '\0';

	watch_look(w, w->first.listeners);
	while (sample_now() < end) {
		double left = end - sample_now();
		struct sample s;
		int rc;

		if (!sample_sleep(left < LOOK_S ? left : LOOK_S))
			break;
		if (silent)
			continue;
		rc = sample_listeners(c, &s);
		if (rc != CTL_OK)
			return rc;
		watch_look(w, s.listeners);
		silent = s.silent[0] != '\0';
		sample_free(&s);
	}
	return CTL_OK;
}

static void
print_json(const struct findings *all, double seconds)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < all->n; i++) {
		const struct finding *f = &all->f[i];
		char where[sizeof(f->where)], evidence[sizeof(f->evidence)];

		json_array_append_new(list,
			json_pack("{s:s, s:s, s:s, s:s, s:s}", "id", f->id, "title", f->title,
				"where", text_clean(f->where, where, sizeof(where)), "evidence",
				text_clean(f->evidence, evidence, sizeof(evidence)), "advice",
				f->advice));
	}
	ctl_print_json(json_pack("{s:f, s:o}", "seconds", seconds, "findings", list));
}

static void
print(const struct findings *all, double seconds)
{
	char clean[sizeof(all->f[0].evidence)];

	if (all->n == 0)
		printf("nothing found in %.1f s\n", seconds);
	for (unsigned i = 0; i < all->n; i++) {
		const struct finding *f = &all->f[i];

		printf("%s%s: %s", i != 0 ? "\n" : "", f->id, f->title);
		if (f->where[0] != '\0')
			printf(": %s", text_clean(f->where, clean, sizeof(clean)));
		printf("\n  seen:   %s\n", text_clean(f->evidence, clean, sizeof(clean)));
		printf("  advice: %s\n", f->advice);
	}
}

static int
judge(struct ctl *c, struct watch *w, double seconds)
{
	struct findings *all;
	int rc = sample_take(c, &w->first);

	if (rc == CTL_OK)
		rc = look(c, w, sample_now() + seconds);
	if (rc == CTL_OK)
		rc = sample_take(c, &w->last);
	if (rc != CTL_OK)
		return rc;
	watch_look(w, w->last.listeners);
	all = calloc(1, sizeof(*all));
	if (all == NULL) {
		ctl_error(c, "no memory");
		return CTL_NO;
	}
	diagnose(w, all);
	if (c->json)
		print_json(all, w->last.at - w->first.at);
	else
		print(all, w->last.at - w->first.at);
	rc = all->n != 0 ? CTL_NO : CTL_OK;
	free(all);
	return rc;
}

static int
run(struct ctl *c, int argc, char *argv[])
{
	static const struct option longs[] = {{"interval", required_argument, NULL, 'd'}, {0}};
	uint64_t ms = 3000;
	struct watch *w;
	int option, rc;

	while ((option = ctl_getopt(c, argc, argv, "d:", longs)) != -1) {
		if (option == '?')
			return CTL_USAGE;
		if (!text_seconds(optarg, 500, 3600000, &ms))
			return ctl_wrong(
				c, "--interval %s: seconds are meant, 0.5 to 3600", optarg);
	}
	if (ctl_no_words(c, argc, argv) != CTL_OK)
		return CTL_USAGE;
	w = calloc(1, sizeof(*w));
	if (w == NULL) {
		ctl_error(c, "no memory");
		return CTL_NO;
	}
	rc = judge(c, w, (double)ms / 1e3);
	watch_free(w);
	free(w);
	return rc;
}

const struct ctl_command cmd_diagnose = {
	.name = "diagnose",
	.synopsis = "[-d SECONDS]",
	.summary = "Looks for what is wrong, and says what to do",
	.help = "  -d, --interval SECONDS  look for so long (default 3)\n"
		"\n"
		"What it can find: backlog too small, a worker that takes no connections, a shard\n"
		"that stands still, a SYN flood, wrong checksums, one queue that gets everything,\n"
		"link down, a full receive ring, damaged packets, no mbufs, no connection entries, "
		"a\n"
		"core without time left, a port that does not take what is sent. Trouble shows "
		"while\n"
		"it lasts: call it then.\n"
		"Exit status 0: nothing was found; 1: something was.\n"
		"\n",
	.run = run,
};
