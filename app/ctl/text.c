/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define COLUMNS_MAX 24
#define CELL_MAX    256

/* A cell; the last one of a row may have a line below it. */
struct cell {
	char *text;
	char *note;
};

struct text_table {
	unsigned columns;
	unsigned cells;
	unsigned room;
	const char *const *titles;
	unsigned width[COLUMNS_MAX];
	struct cell *cell;
	bool broken; /* no memory: nothing more is taken */
};

/* Bytes of the UTF-8 character at s, 0 when there is none that may be shown. */
static unsigned
shown(const unsigned char *s)
{
	uint32_t c;
	unsigned n;

	if (s[0] < 0x80)
		return s[0] >= 0x20 && s[0] != 0x7f;
	n = s[0] >= 0xf0 && s[0] < 0xf5 ? 4 : s[0] >= 0xe0 && s[0] < 0xf0 ? 3 : 2;
	if (s[0] < 0xc2 || s[0] >= 0xf5)
		return 0;
	c = s[0] & (0xffu >> (n + 1));
	for (unsigned i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3fu);
	}
	/* C1 controls; overlong forms; surrogates; marks that turn the direction of a line */
	if (c < 0xa0 || (n == 3 && c < 0x800) || (n == 4 && (c < 0x10000 || c > 0x10ffff)) ||
		(c >= 0xd800 && c < 0xe000) || (c >= 0x2028 && c <= 0x202e) ||
		(c >= 0x2066 && c <= 0x2069))
		return 0;
	return n;
}

char *
text_clean(const char *s, char *out, size_t size)
{
	size_t at = 0;

	while (*s != '\0') {
		unsigned n = shown((const unsigned char *)s);

		if (at + (n != 0 ? n : 1) >= size)
			break;
		if (n == 0) {
			out[at++] = '?';
			s++;
			continue;
		}
		memcpy(out + at, s, n);
		at += n;
		s += n;
	}
	out[at] = '\0';
	return out;
}

uint64_t
text_u64(const json_t *object, const char *key)
{
	json_int_t v = json_integer_value(json_object_get(object, key));

	return v > 0 ? (uint64_t)v : 0;
}

const char *
text_str(const json_t *object, const char *key, const char *missing)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s != NULL ? s : missing;
}

struct text_table *
text_table_new(unsigned columns, const char *const titles[])
{
	struct text_table *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->columns = columns < COLUMNS_MAX ? columns : COLUMNS_MAX;
	t->titles = titles;
	for (unsigned i = 0; i < t->columns; i++)
		t->width[i] = (unsigned)strlen(titles[i]) - (titles[i][0] == '<');
	return t;
}

/* Characters, not bytes: every shown character takes one column here. */
static unsigned
width_of(const char *s)
{
	unsigned n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

/* A cleaned copy of a text; NULL, and the table broken, without memory. */
__attribute__((format(printf, 2, 0))) static char *
cleaned(struct text_table *t, const char *fmt, va_list ap)
{
	char raw[CELL_MAX], clean[CELL_MAX], *copy;

	vsnprintf(raw, sizeof(raw), fmt, ap);
	copy = strdup(text_clean(raw, clean, sizeof(clean)));
	t->broken = copy == NULL;
	return copy;
}

/* Room for one more cell. */
static bool
grow(struct text_table *t)
{
	unsigned room = t->room != 0 ? 2 * t->room : 64;
	struct cell *cell;

	if (t->cells < t->room)
		return true;
	cell = realloc(t->cell, room * sizeof(*cell));
	t->broken = cell == NULL;
	if (t->broken)
		return false;
	t->cell = cell;
	t->room = room;
	return true;
}

void
text_table_add(struct text_table *t, const char *fmt, ...)
{
	va_list ap;
	unsigned w;

	if (t == NULL || t->broken || !grow(t))
		return;
	t->cell[t->cells] = (struct cell){0};
	va_start(ap, fmt);
	t->cell[t->cells].text = cleaned(t, fmt, ap);
	va_end(ap);
	if (t->broken)
		return;
	w = width_of(t->cell[t->cells].text);
	if (w > t->width[t->cells % t->columns])
		t->width[t->cells % t->columns] = w;
	t->cells++;
}

void
text_table_note(struct text_table *t, const char *fmt, ...)
{
	va_list ap;

	if (t == NULL || t->broken || t->cells == 0)
		return;
	va_start(ap, fmt);
	free(t->cell[t->cells - 1].note);
	t->cell[t->cells - 1].note = cleaned(t, fmt, ap);
	va_end(ap);
}

/* Nothing is filled up behind the last column. */
static void
print_cell(const struct text_table *t, unsigned column, const char *s, FILE *to)
{
	unsigned pad = t->width[column] - width_of(s);
	bool left = t->titles[column][0] == '<', last = column + 1 == t->columns;

	fprintf(to, "%s%*s%s%*s%s", column == 0 ? "" : "  ", left ? 0 : (int)pad, "", s,
		left && !last ? (int)pad : 0, "", last ? "\n" : "");
}

void
text_table_print(struct text_table *t, FILE *to)
{
	if (t == NULL)
		return;
	for (unsigned i = 0; i < t->columns; i++)
		print_cell(t, i, t->titles[i] + (t->titles[i][0] == '<'), to);
	for (unsigned i = 0; i < t->cells; i++) {
		/* a row that ran out of memory is not shown */
		if (i - i % t->columns + t->columns <= t->cells)
			print_cell(t, i % t->columns, t->cell[i].text, to);
		if (t->cell[i].note != NULL)
			fprintf(to, "\t%s\n", t->cell[i].note);
		free(t->cell[i].text);
		free(t->cell[i].note);
	}
	if (t->broken)
		fputs("tidegatectl: no memory: rows are missing\n", stderr);
	free(t->cell);
	free(t);
}

char *
text_short(double v, char out[16])
{
	static const char unit[] = " kMGTPE";
	unsigned u = 0;

	while (v >= 999.5 && u + 2 < sizeof(unit)) {
		v /= 1000;
		u++;
	}
	if (u == 0)
		snprintf(out, 16, "%.*f", v > 0 && v < 9.95 && v != (double)(long)v ? 1 : 0, v);
	else
		snprintf(out, 16, "%.*f%c", v < 9.995 ? 2 : v < 99.95 ? 1 : 0, v, unit[u]);
	return out;
}

bool
text_number(const char *s, uint64_t min, uint64_t max, uint64_t *out)
{
	char *end;

	if (!isdigit((unsigned char)*s))
		return false;
	errno = 0;
	*out = strtoull(s, &end, 10);
	return errno == 0 && *end == '\0' && *out >= min && *out <= max;
}

bool
text_seconds(const char *s, uint64_t min_ms, uint64_t max_ms, uint64_t *ms)
{
	unsigned scale = 1000;

	*ms = 0;
	if (!isdigit((unsigned char)*s))
		return false;
	for (; isdigit((unsigned char)*s); s++) {
		*ms = *ms * 10 + (uint64_t)(*s - '0') * 1000;
		if (*ms > max_ms)
			return false;
	}
	if (*s == '.')
		for (s++; isdigit((unsigned char)*s) && scale > 1; s++) {
			scale /= 10;
			*ms += (uint64_t)(*s - '0') * scale;
		}
	return *s == '\0' && *ms >= min_ms && *ms <= max_ms;
}
