/* SPDX-License-Identifier: BSD-3-Clause */
#include <curses.h>
#include <langinfo.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "text.h"
#include "top.h"

enum { OPT_ASCII = 1000 };

#define WIDTH_MIN 40
#define WIDTH_MAX 240
/* A resize that comes just before getch() wakes nobody: it is seen so much later, paused or not. */
#define PAUSED_MS 500
#define EVERY_MIN 0.1
#define EVERY_MAX 3600.0

/* One run. */
struct view {
	struct ctl *c;
	struct top top;
	struct sample a, b;
	struct top_picture picture;
	uint64_t rounds; /* 0: until it is ended */
	bool batch;
};

/* The next interval's sample; the one before becomes `a`. */
static int
step(struct view *v)
{
	struct sample next;
	struct figures f;
	int rc = sample_take(v->c, &next);

	if (rc != CTL_OK) {
		sample_free(&next);
		return rc;
	}
	sample_free(&v->a);
	v->a = v->b;
	v->b = next;
	sample_figures(&v->a, &v->b, &f);
	top_add(&v->top, &f);
	return CTL_OK;
}

static unsigned
columns(void)
{
	const char *s = getenv("COLUMNS");
	uint64_t n;

	return s != NULL && text_number(s, WIDTH_MIN, WIDTH_MAX, &n) ? (unsigned)n : 80;
}

static json_t *
figures_json(const struct figures *f)
{
	return json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "seconds",
		f->seconds, "received_per_s", f->received, "sent_per_s", f->sent, "syns_per_s",
		f->syns, "synacks_per_s", f->synacks, "cookies_per_s", f->cookies,
		"completed_per_s", f->completed, "dropped_per_s", f->dropped, "busy", f->busy,
		"cycles_per_packet", f->cycles);
}

static void
print_json(const struct view *v)
{
	json_t *j = json_object();
	const struct {
		const char *name;
		json_t *part;
	} parts[] = {{"usage", v->b.usage}, {"shards", v->b.shards}, {"listeners", v->b.listeners}};

	json_object_set_new(j, "rates", figures_json(&v->top.history[v->top.intervals - 1]));
	for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (parts[i].part != NULL)
			json_object_set(j, parts[i].name, parts[i].part);
	ctl_print_json(j);
}

static int
batch(struct view *v)
{
	int rc = CTL_OK;

	for (uint64_t i = 0; rc == CTL_OK && (v->rounds == 0 || i < v->rounds); i++) {
		if (!sample_sleep(v->top.every))
			break;
		rc = step(v);
		if (rc != CTL_OK)
			break;
		if (v->c->json) {
			print_json(v);
		} else {
			top_draw(&v->top, &v->a, &v->b, columns(), 0, &v->picture);
			for (unsigned k = 0; k < v->picture.lines; k++)
				puts(v->picture.line[k].text);
			putchar('\n');
		}
		if (fflush(stdout) != 0)
			break;
	}
	return rc;
}

static void
show(struct view *v)
{
	int rows, cols;

	getmaxyx(stdscr, rows, cols);
	erase();
	if (rows < 2 || cols < 2)
		return;
	top_draw(&v->top, &v->a, &v->b, (unsigned)(cols < WIDTH_MAX ? cols : WIDTH_MAX),
		(unsigned)rows - 1, &v->picture);
	for (unsigned i = 0; i < v->picture.lines; i++) {
		attrset(v->picture.line[i].strong ? A_BOLD : A_NORMAL);
		mvaddstr((int)i, 0, v->picture.line[i].text);
	}
	attrset(A_REVERSE);
	mvprintw(rows - 1, 0, "%.*s", cols - 1, "q quit  p pause  s sort  + - interval");
	attrset(A_NORMAL);
	if (cols > 60)
		printw("  by %s", top_sort_name(v->top.sort));
	refresh();
}

/* Waits for the end of an interval, and does what keys say. Returns false to quit. */
static bool
wait_for_keys(struct view *v, double end)
{
	for (;;) {
		double left = end - sample_now();
		int key;

		if (left <= 0 && !v->top.paused)
			return true;
		timeout(v->top.paused ? PAUSED_MS : (int)(left * 1000) + 1);
		key = getch();
		switch (key) {
		case 'q':
		case 'Q':
		case 3:
			return false;
		case 'p':
		case ' ':
			v->top.paused = !v->top.paused;
			break;
		case 's':
			v->top.sort = (v->top.sort + 1) % TOP_SORTS;
			break;
		case '+':
		case '-':
			v->top.every *= key == '+' ? 2 : 0.5;
			v->top.every = v->top.every < EVERY_MIN ? EVERY_MIN
				: v->top.every > EVERY_MAX      ? EVERY_MAX
								: v->top.every;
			break;
		case ERR:
			/* the interval has ended, a signal came, or the terminal is gone: then
			 * nothing would wait any more */
			if (!isatty(STDIN_FILENO))
				return false;
			continue;
		default:
			break; /* KEY_RESIZE too: draw again */
		}
		show(v);
	}
}

static int
live(struct view *v)
{
	SCREEN *screen = newterm(NULL, stdout, stdin);
	uint64_t i = 0;
	int rc = CTL_OK;

	if (screen == NULL) {
		ctl_error(v->c, "this terminal (TERM=%s) is not known: -b writes lines",
			getenv("TERM") != NULL ? getenv("TERM") : "");
		return CTL_NO;
	}
	cbreak();
	noecho();
	curs_set(0);
	keypad(stdscr, TRUE);
	do {
		show(v);
		if (!wait_for_keys(v, v->b.at + v->top.every))
			break;
		/* what goes wrong is said on stderr, after the screen is the shell's again */
		v->c->muted = true;
		rc = step(v);
		v->c->muted = false;
	} while (rc == CTL_OK && (v->rounds == 0 || ++i < v->rounds));
	endwin();
	delscreen(screen);
	if (rc != CTL_OK)
		ctl_error(v->c, "%s", v->c->client.error);
	return rc;
}

/* The time and size of what cannot be a terminal are asked for with -b. */
static int
start(struct view *v)
{
	int rc;

	if (!v->batch && !v->c->json && (!isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO)))
		return ctl_wrong(v->c, "not a terminal: -b writes lines");
	rc = sample_take(v->c, &v->b);
	if (rc != CTL_OK)
		return rc;
	return v->batch || v->c->json ? batch(v) : live(v);
}

static int
run(struct ctl *c, int argc, char *argv[])
{
	static const struct option longs[] = {{"batch", no_argument, NULL, 'b'},
		{"interval", required_argument, NULL, 'd'}, {"count", required_argument, NULL, 'n'},
		{"ascii", no_argument, NULL, OPT_ASCII}, {0}};
	struct view *v = calloc(1, sizeof(*v));
	uint64_t ms = 1000;
	int option, rc = -1;

	if (v == NULL)
		return CTL_NO;
	v->c = c;
	v->top.name = c->prefix;
	v->top.ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
	while (rc < 0 && (option = ctl_getopt(c, argc, argv, "bd:n:", longs)) != -1) {
		if (option == 'b')
			v->batch = true;
		else if (option == OPT_ASCII)
			v->top.ascii = true;
		else if (option == 'd' && !text_seconds(optarg, 100, 3600000, &ms))
			rc = ctl_wrong(c, "--interval %s: seconds are meant, 0.1 to 3600", optarg);
		else if (option == 'n' && !text_number(optarg, 1, UINT32_MAX, &v->rounds))
			rc = ctl_wrong(c, "--count %s: a number is meant", optarg);
		else if (option == '?')
			rc = CTL_USAGE;
	}
	if (rc < 0 && ctl_no_words(c, argc, argv) != CTL_OK)
		rc = CTL_USAGE;
	v->top.every = (double)ms / 1e3;
	v->top.name = c->prefix;
	if (rc < 0)
		rc = start(v);
	sample_free(&v->a);
	sample_free(&v->b);
	free(v);
	return rc;
}

const struct ctl_command cmd_top = {
	.name = "top",
	.synopsis = "[-b] [-d SECONDS] [-n COUNT] [--ascii]",
	.summary = "Live view: rates, queues, cookies, load of each core",
	.help = "  -b, --batch           lines in place of a screen, for scripts; also with "
		"--json\n"
		"  -d, --interval SECONDS  between two pictures (default 1)\n"
		"  -n, --count COUNT     end after so many\n"
		"      --ascii           no UTF-8, whatever the locale says\n"
		"\n"
		"Keys: q quit, p pause, s next order of listeners (Recv-Q, SynQ, opens, address), "
		"+ and\n"
		"- double and halve the interval.\n"
		"SYN-ACK/s are answered packets less other answers (ARP, ND, echo, RST, challenge\n"
		"ACKs); SYN/s are these and SYNs dropped. Busy and cycles for each packet are of "
		"the\n"
		"interval, not of the process: the CPU of a polling process is always at 100 %.\n"
		"\n",
	.run = run,
};
