/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "top.h"

/* Listeners put in order; what comes on top is not shown. */
#define LISTENERS_MAX 512
/* Columns before a sparkline. */
#define SPARK_AT 24

/* A listener with what it did in the interval. */
struct row {
	const json_t *now;
	double opens;
	enum top_sort sort;
};

const char *
top_sort_name(enum top_sort s)
{
	static const char *const name[TOP_SORTS] = {"Recv-Q", "SynQ", "opens", "address"};

	return name[s];
}

void
top_add(struct top *t, const struct figures *f)
{
	if (t->intervals == TOP_HISTORY)
		memmove(t->history, t->history + 1, (TOP_HISTORY - 1) * sizeof(t->history[0]));
	else
		t->intervals++;
	t->history[t->intervals - 1] = *f;
}

void
top_spark(const double v[], unsigned n, bool ascii, char *out, size_t size)
{
	static const char *const blocks[] = {" ", "\u2581", "\u2582", "\u2583", "\u2584", "\u2585",
		"\u2586", "\u2587", "\u2588"};
	static const char *const letters[] = {" ", ".", ":", "-", "=", "+", "*", "%", "#"};
	double peak = 0;
	size_t at = 0;

	for (unsigned i = 0; i < n; i++)
		peak = v[i] > peak ? v[i] : peak;
	for (unsigned i = 0; i < n && at + 4 < size; i++) {
		unsigned level = peak > 0 && v[i] > 0 ? 1 + (unsigned)(v[i] / peak * 7) : 0;

		at += (size_t)snprintf(out + at, size - at, "%s",
			(ascii ? letters : blocks)[level <= 8 ? level : 8]);
	}
	out[at < size ? at : size - 1] = '\0';
}

/* Adds a line, cut to the width: what is shown has one column for each character. */
__attribute__((format(printf, 4, 5))) static void
line(struct top_picture *p, unsigned width, bool strong, const char *fmt, ...)
{
	char raw[TOP_LINE_MAX];
	struct top_line *l;
	unsigned columns = 0;
	va_list ap;
	char *s;

	if (p->lines == TOP_LINES)
		return;
	l = &p->line[p->lines++];
	l->strong = strong;
	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	text_clean(raw, l->text, sizeof(l->text));
	for (s = l->text; *s != '\0'; s++)
		if (((unsigned char)*s & 0xc0) != 0x80 && ++columns > width)
			break;
	*s = '\0';
}

static void
draw_head(const struct top *t, const struct sample *b, unsigned width, struct top_picture *p)
{
	uint64_t up = text_u64(b->info, "uptime_s");

	line(p, width, true, "tidegate %s  %s  up %" PRIu64 "d %02u:%02u:%02u  every %.1f s%s",
		t->name, text_str(b->info, "state", ""), up / 86400, (unsigned)(up / 3600 % 24),
		(unsigned)(up / 60 % 60), (unsigned)(up % 60), t->every,
		t->paused ? "  PAUSED" : "");
	if (b->usage != NULL)
		line(p, width, false,
			"conns %" PRIu64 "/%" PRIu64 "  half-open %" PRIu64 "/%" PRIu64
			"  time-wait %" PRIu64 "/%" PRIu64 "  buffers %" PRIu64 "/%" PRIu64,
			text_u64(b->usage, "conns"), text_u64(b->usage, "max_conns"),
			text_u64(b->usage, "half_open"), text_u64(b->usage, "max_half_open"),
			text_u64(b->usage, "time_wait"), text_u64(b->usage, "max_time_wait"),
			text_u64(b->usage, "segments"), text_u64(b->usage, "max_segments"));
	if (b->silent[0] != '\0')
		line(p, width, true, "!! %s", b->silent);
	if (text_u64(b->info, "flood") != 0)
		line(p, width, true, "!! flood: SYN cookies answer");
}

static void
draw_rate(
	const struct top *t, const char *name, size_t offset, unsigned width, struct top_picture *p)
{
	double v[TOP_HISTORY], now = 0;
	char spark[TOP_LINE_MAX], number[16];
	unsigned n = t->intervals, room = width > SPARK_AT ? width - SPARK_AT : 0;
	unsigned skip = n > room ? n - room : 0;

	for (unsigned i = skip; i < n; i++)
		now = v[i - skip] = *(const double *)((const char *)&t->history[i] + offset);
	top_spark(v, n - skip, t->ascii, spark, sizeof(spark));
	line(p, width, false, "%-14s %7s  %s", name, text_short(now, number), spark);
}

static void
draw_rates(const struct top *t, unsigned width, struct top_picture *p)
{
	static const struct {
		const char *name;
		size_t offset;
	} rates[] = {{"SYN/s", offsetof(struct figures, syns)},
		{"SYN-ACK/s", offsetof(struct figures, synacks)},
		{"cookies/s", offsetof(struct figures, cookies)},
		{"completed/s", offsetof(struct figures, completed)},
		{"packets in/s", offsetof(struct figures, received)},
		{"packets out/s", offsetof(struct figures, sent)},
		{"dropped/s", offsetof(struct figures, dropped)}};

	for (unsigned i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
		draw_rate(t, rates[i].name, rates[i].offset, width, p);
}

/* [#####.....] in `columns` columns, brackets included */
static const char *
bar(double share, unsigned columns, char *out)
{
	unsigned full = share <= 0 ? 0
		: share >= 1       ? columns - 2
				   : (unsigned)(share * (columns - 2) + 0.5);

	out[0] = '[';
	for (unsigned i = 0; i < columns - 2; i++)
		out[1 + i] = i < full ? '#' : '.';
	out[columns - 1] = ']';
	out[columns] = '\0';
	return out;
}

static void
draw_shards(const struct sample *a, const struct sample *b, unsigned width, unsigned max,
	struct top_picture *p)
{
	const json_t *row;
	size_t i;

	if (b->shards == NULL)
		return;
	line(p, width, true, "%5s %4s %6s %-12s %7s %8s %8s %9s", "shard", "cpu", "busy", "",
		"cyc/pkt", "in/s", "out/s", "turn age");
	json_array_foreach(b->shards, i, row)
	{
		const json_t *old = sample_same(a->shards, row, "shard");
		double busy = (double)sample_grown(old, row, "busy_cycles");
		double idle = (double)sample_grown(old, row, "idle_cycles");
		double rx = (double)sample_grown(old, row, "rx"), s = b->at - a->at;
		double tx = (double)sample_grown(old, row, "tx");
		double share = busy + idle > 0 ? busy / (busy + idle) : 0;
		char meter[16], in[16], out[16], cycles[16];

		if (i == max) {
			line(p, width, false, "      ... %zu more",
				json_array_size(b->shards) - max);
			break;
		}
		line(p, width, false,
			"%5" PRIu64 " %4" PRIu64 " %5.1f%% %s %7s %8s %8s %6" PRIu64 " ms",
			text_u64(row, "shard"), text_u64(row, "cpu"), 100 * share,
			bar(share, 12, meter), rx > 0 ? text_short(busy / rx, cycles) : "-",
			text_short(s > 0 ? rx / s : 0, in), text_short(s > 0 ? tx / s : 0, out),
			text_u64(row, "turn_age_ms"));
	}
}

static int
compare(const void *x, const void *y)
{
	const struct row *a = x, *b = y;
	double u = 0, v = 0;

	if (a->sort == TOP_BY_RECV_Q) {
		u = (double)text_u64(a->now, "recv_q");
		v = (double)text_u64(b->now, "recv_q");
	} else if (a->sort == TOP_BY_SYN_Q) {
		u = (double)text_u64(a->now, "syn_queue");
		v = (double)text_u64(b->now, "syn_queue");
	} else if (a->sort == TOP_BY_OPENS) {
		u = a->opens;
		v = b->opens;
	}
	if (u != v)
		return u < v ? 1 : -1;
	return strcmp(text_str(a->now, "local", ""), text_str(b->now, "local", ""));
}

static unsigned
order(const struct top *t, const struct sample *a, const struct sample *b, struct row rows[])
{
	double s = b->at > a->at ? b->at - a->at : 1;
	const json_t *row;
	unsigned n = 0;
	size_t i;

	json_array_foreach(b->listeners, i, row)
	{
		const json_t *old = sample_same(a->listeners, row, "local");

		if (n < LISTENERS_MAX)
			rows[n++] = (struct row){.now = row,
				.opens = (double)sample_grown(old, row, "passive_opens") / s,
				.sort = t->sort};
	}
	qsort(rows, n, sizeof(rows[0]), compare);
	return n;
}

static void
draw_listeners(const struct top *t, const struct sample *a, const struct sample *b, unsigned width,
	unsigned max, struct top_picture *p)
{
	struct row rows[LISTENERS_MAX];
	unsigned n = order(t, a, b, rows);

	line(p, width, true, "%-22s %15s %15s %8s %7s", "listener", "Recv-Q/Send-Q",
		"SynQ/SynBound", "opens/s", "cookies");
	for (unsigned i = 0; i < n; i++) {
		const json_t *l = rows[i].now;
		char accept[48], syn[48], opens[16];

		if (i == max) {
			line(p, width, false, "... %u more", n - max);
			break;
		}
		snprintf(accept, sizeof(accept), "%" PRIu64 "/%" PRIu64, text_u64(l, "recv_q"),
			text_u64(l, "send_q"));
		snprintf(syn, sizeof(syn), "%" PRIu64 "/%" PRIu64, text_u64(l, "syn_queue"),
			text_u64(l, "syn_bound"));
		line(p, width, false, "%-22s %15s %15s %8s %7s", text_str(l, "local", "?"), accept,
			syn, text_short(rows[i].opens, opens),
			text_u64(l, "cookies_on") != 0 ? "on" : "-");
	}
}

void
top_draw(const struct top *t, const struct sample *a, const struct sample *b, unsigned width,
	unsigned height, struct top_picture *p)
{
	size_t shards = json_array_size(b->shards);
	unsigned left, max_shards;

	p->lines = 0;
	draw_head(t, b, width, p);
	draw_rates(t, width, p);
	/* Of what is left, listeners get half at least; three lines are headings and "more". */
	left = height == 0 ? 2 * LISTENERS_MAX : height > p->lines + 4 ? height - p->lines - 4 : 0;
	max_shards = shards < left / 2 ? (unsigned)shards : left / 2;
	draw_shards(a, b, width, max_shards, p);
	left = height == 0 ? LISTENERS_MAX : height > p->lines + 2 ? height - p->lines - 2 : 0;
	draw_listeners(t, a, b, width, left, p);
	if (height != 0 && p->lines > height)
		p->lines = height;
}
