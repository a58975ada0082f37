/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>

#include "watch.h"

#define LINE_ROOM 256

/* What a second did to a spell. */
enum turn {
	SAME,
	BEGINS,
	ENDS,
};

/* Counts a second. n is what happened in it; it is part of the spell from `least` on. */
static enum turn
pass(struct watch_spell *sp, uint64_t n, uint64_t least)
{
	bool now = n >= least;

	if (!sp->on) {
		if (!now)
			return SAME;
		*sp = (struct watch_spell){.on = true, .long_s = 1, .total = n, .most = n};
		return BEGINS;
	}
	sp->long_s++;
	sp->total += n;
	if (n > sp->most)
		sp->most = n;
	sp->quiet_s = now ? 0 : sp->quiet_s + 1;
	if (sp->quiet_s < WATCH_QUIET_S)
		return SAME;
	sp->on = false;
	return ENDS;
}

/* Seconds it went on. */
static unsigned
lasted(const struct watch_spell *sp)
{
	return sp->long_s - sp->quiet_s;
}

static unsigned
percent(uint64_t part, uint64_t all)
{
	if (part >= all)
		return 100;
	/* Divided first where the product would not fit. */
	return (unsigned)(part > UINT64_MAX / 100 ? part / (all / 100) : part * 100 / all);
}

static void
look_at_flood(struct watch *w, const struct watch_sample *s, watch_say *say, void *ctx)
{
	uint64_t syns = s->no_place - w->last.no_place;
	uint64_t sent = s->cookies_sent - w->last.cookies_sent;
	uint64_t proven = s->cookies_recv - w->last.cookies_recv;
	char line[LINE_ROOM];
	enum turn t;

	/* Who answers the cookie is a client, however many there are. */
	t = pass(&w->flood, syns > proven ? syns - proven : 0,
		s->cookies_always ? WATCH_FLOOD_SYNS_ALWAYS : WATCH_FLOOD_SYNS);
	if (t == BEGINS) {
		w->flood_cookies = sent;
		snprintf(line, sizeof(line),
			"flood begins: %" PRIu64 " SYN/s that find no place, %u %% of them "
			"answered by a cookie",
			syns, percent(sent, syns));
		say(ctx, LOG_LEVEL_WARNING, line);
		return;
	}
	w->flood_cookies += sent;
	if (t != ENDS)
		return;
	snprintf(line, sizeof(line),
		"flood ends: %u s, %" PRIu64 " SYNs, at most %" PRIu64 "/s, %" PRIu64
		" answered by a cookie (%u %%)",
		lasted(&w->flood), w->flood.total, w->flood.most, w->flood_cookies,
		percent(w->flood_cookies, w->flood.total));
	say(ctx, LOG_LEVEL_NOTICE, line);
}

static void
look_at_overflow(struct watch *w, const struct watch_sample *s, watch_say *say, void *ctx)
{
	char line[LINE_ROOM];

	switch (pass(&w->overflow, s->overflows - w->last.overflows, 1)) {
	case BEGINS:
		snprintf(line, sizeof(line),
			"an accept queue overflows: %" PRIu64 " times in a second",
			w->overflow.total);
		say(ctx, LOG_LEVEL_WARNING, line);
		break;
	case ENDS:
		snprintf(line, sizeof(line),
			"accept queues have room again: %u s, %" PRIu64
			" overflows, at most %" PRIu64 "/s",
			lasted(&w->overflow), w->overflow.total, w->overflow.most);
		say(ctx, LOG_LEVEL_NOTICE, line);
		break;
	case SAME:
		break;
	}
}

static void
look_at_buffers(struct watch *w, const struct watch_sample *s, watch_say *say, void *ctx)
{
	uint64_t n = s->no_buffer - w->last.no_buffer;
	char line[LINE_ROOM];

	switch (pass(&w->shortage, s->short_of_mbufs && n == 0 ? 1 : n, 1)) {
	case BEGINS:
		say(ctx, LOG_LEVEL_WARNING,
			"mbufs are short: what is left is for connections, ARP and ND");
		break;
	case ENDS:
		snprintf(line, sizeof(line), "mbufs are enough again: %u s", lasted(&w->shortage));
		say(ctx, LOG_LEVEL_NOTICE, line);
		break;
	case SAME:
		break;
	}
}

void
watch_step(struct watch *w, const struct watch_sample *s, watch_say *say, void *ctx)
{
	if (w->started) {
		look_at_flood(w, s, say, ctx);
		look_at_overflow(w, s, say, ctx);
		look_at_buffers(w, s, say, ctx);
	}
	w->started = true;
	w->last = *s;
}
