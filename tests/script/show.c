/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "pat.h"

/* Growing text. */
struct text {
	char *at;
	unsigned left;
};

static void put(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void
put(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->at, t->left, fmt, ap);
	va_end(ap);
	if (n < 0 || (unsigned)n >= t->left)
		n = (int)t->left - 1;
	t->at += n;
	t->left -= (unsigned)n;
}

/* A number of our side: relative to the nearest ISS seen, when it is near one. */
static void
put_ours(struct text *t, const struct vars *v, uint32_t x)
{
	for (unsigned i = v->n; i-- > 0;) {
		uint32_t off = x - v->v[i].value;

		if (strncmp(v->v[i].name, "iss", 3) != 0 || off + 1000 >= 1u << 24)
			continue;
		if (off == 0)
			put(t, "%s", v->v[i].name);
		else if (off < 1u << 24)
			put(t, "%s+%u", v->v[i].name, off);
		else
			put(t, "%s-%u", v->v[i].name, 0 - off);
		return;
	}
	put(t, "%u", x);
}

static void
put_opt(struct text *t, const struct seg_opt *o)
{
	switch (o->kind) {
	case SEG_OPT_EOL:
		put(t, "eol");
		return;
	case SEG_OPT_NOP:
		put(t, "nop");
		return;
	case SEG_OPT_MSS:
		put(t, "mss %u", seg_raw16(o, 0));
		return;
	case SEG_OPT_WSCALE:
		put(t, "wscale %u", o->raw[0]);
		return;
	case SEG_OPT_SACK_OK:
		put(t, "sackOK");
		return;
	case SEG_OPT_TS:
		put(t, "ts %u %u", seg_raw32(o, 0), seg_raw32(o, 4));
		return;
	case SEG_OPT_SACK:
		put(t, "sack");
		for (unsigned i = 0; i + 4 <= o->len - 2u; i += 4)
			put(t, " %u", seg_raw32(o, i));
		return;
	default:
		put(t, "opt %u ", o->kind);
		for (unsigned i = 0; i + 2 < o->len; i++)
			put(t, "%02x", o->raw[i]);
	}
}

void
pat_show(const struct seg *s, const struct vars *v, bool from_us, char *out, unsigned cap)
{
	struct text t = {out, cap};

	out[0] = 0;
	for (unsigned i = 0; i < 9; i++)
		if ((s->flags & 1 << i) != 0)
			put(&t, "%c", "FSRPAUECN"[i]);
	put(&t, s->flags == 0 ? "- " : " ");
	if (from_us)
		put_ours(&t, v, s->seq);
	else
		put(&t, "%u", s->seq);
	if ((s->flags & SEG_A) != 0) {
		put(&t, " ack ");
		if (from_us)
			put(&t, "%u", s->ack);
		else
			put_ours(&t, v, s->ack);
	}
	put(&t, " win %u", s->win);
	if (s->len > 0)
		put(&t, " len %u", s->len);
	for (unsigned i = 0; i < s->opts; i++) {
		put(&t, i == 0 ? " <" : ",");
		put_opt(&t, &s->opt[i]);
	}
	if (s->opts > 0)
		put(&t, ">");
}
