/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "progress.h"

#define EVERY (250 * TG_MSEC)

static volatile sig_atomic_t stopping;

static void
on_signal(int sig)
{
	(void)sig;
	stopping = 1;
}

void
stop_catch(void)
{
	struct sigaction sa = {.sa_handler = on_signal, .sa_flags = SA_RESETHAND | SA_RESTART};

	sigemptyset(&sa.sa_mask);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
}

bool
stop_wanted(void)
{
	return stopping != 0;
}

void
progress_start(struct progress *p, const char *what, bool quiet)
{
	memset(p, 0, sizeof(*p));
	p->out = !quiet && isatty(STDERR_FILENO) ? stderr : NULL;
	p->what = what;
	p->next = EVERY;
}

static double
rate(uint64_t now, uint64_t before, tg_time span)
{
	return span != 0 ? (double)(now - before) * 1e9 / (double)span : 0;
}

void
progress_tick(struct progress *p, const struct progress_now *n)
{
	double left = n->end > n->now ? (double)(n->end - n->now) / 1e9 : 0;
	tg_time span = n->now - p->at;
	int width;

	if (n->now < p->next || p->out == NULL)
		return;
	width = fprintf(p->out, "\r%s: %.3f M/s, SYN-ACK %.3f M/s", p->what,
		rate(n->sent, p->sent, span) / 1e6, rate(n->synacks, p->synacks, span) / 1e6);
	if (n->decided != 0)
		width += fprintf(p->out, ", honest %.1f %% of %" PRIu64,
			100.0 * (double)n->succeeded / (double)n->decided, n->decided);
	width += fprintf(p->out, ", %.0f s left", left);
	/* What is left of a longer line before. */
	fprintf(p->out, "%*s", (int)p->width > width ? (int)p->width - width : 0, "");
	fflush(p->out);
	p->width = (uint64_t)(width > 0 ? width : 0);
	p->at = n->now;
	p->next = n->now + EVERY;
	p->sent = n->sent;
	p->synacks = n->synacks;
}

void
progress_end(struct progress *p)
{
	if (p->out == NULL || p->width == 0)
		return;
	fprintf(p->out, "\r%*s\r", (int)p->width, "");
	fflush(p->out);
	p->width = 0;
}
