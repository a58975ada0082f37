/* SPDX-License-Identifier: BSD-3-Clause */
#include "script.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"

#define TEXT_MAX  8192
#define WORDS_MAX 64
#define BODY_MAX  64
#define NAMES_MAX 2048

struct chunk {
	struct chunk *next;
	/* bytes follow */
};

/* What reading needs to remember. */
struct reader {
	struct script *s;
	FILE *f;
	unsigned no;
	unsigned names;
	char *name[NAMES_MAX]; /* clients declared so far */
};

static void *
keep(struct script *s, const void *p, size_t n)
{
	struct chunk *c = malloc(sizeof(*c) + n);

	if (c == NULL)
		die("the test itself is out of memory");
	c->next = s->chunks;
	s->chunks = c;
	memcpy(c + 1, p, n);
	return c + 1;
}

/* One line of the file, continuation lines joined, comment and white space at its end cut off. */
static bool
next_line(struct reader *r, char *text)
{
	size_t n = 0;
	bool quoted = false;

	for (;;) {
		if (fgets(text + n, (int)(TEXT_MAX - n), r->f) == NULL)
			return n > 0;
		r->no++;
		n += strlen(text + n);
		if (n >= TEXT_MAX - 1)
			die("%s:%u: line too long", r->s->path, r->no);
		while (n > 0 && isspace((unsigned char)text[n - 1]))
			text[--n] = 0;
		if (n == 0 || text[n - 1] != '\\')
			break;
		text[n - 1] = ' ';
	}
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\\' && quoted && i + 1 < n)
			i++;
		else if (text[i] == '"')
			quoted = !quoted;
		else if (text[i] == '#' && !quoted)
			n = i;
	}
	if (quoted)
		die("%s:%u: text without its end", r->s->path, r->no);
	while (n > 0 && isspace((unsigned char)text[n - 1]))
		n--;
	text[n] = 0;
	return true;
}

/* A word starts at p: returns its end. */
static char *
word_end(char *p)
{
	if (*p == '"') {
		for (p++; *p != 0 && *p != '"'; p++)
			if (*p == '\\' && p[1] != 0)
				p++;
		return *p == 0 ? p : p + 1;
	}
	/* an option list is one word; `<` with a space behind it is a direction */
	if (*p == '<' && !isspace((unsigned char)p[1]) && p[1] != 0) {
		p += strcspn(p, ">");
		return *p == 0 ? p : p + 1;
	}
	while (*p != 0 && !isspace((unsigned char)*p))
		p++;
	return p;
}

static unsigned
split(char *p, char *word[])
{
	unsigned n = 0;

	for (;;) {
		char *end;

		while (isspace((unsigned char)*p))
			p++;
		if (*p == 0)
			return n;
		if (n == WORDS_MAX)
			die("too many words in a line");
		end = word_end(p);
		word[n++] = p;
		if (*end == 0)
			return n;
		if (!isspace((unsigned char)*end))
			die("a space is missing behind %.*s", (int)(end - p), p);
		*end = 0;
		p = end + 1;
	}
}

static bool
is_name(const struct reader *r, const char *word)
{
	for (unsigned i = 0; i < r->names; i++)
		if (strcmp(r->name[i], word) == 0)
			return true;
	return false;
}

static void
add(struct reader *r, unsigned no, const char *text)
{
	struct script *s = r->s;
	char *word[WORDS_MAX];
	struct line l = {.no = no, .who = ""};
	unsigned n, i = 0;

	while (isspace((unsigned char)*text))
		text++;
	if (*text == 0)
		return;
	l.text = keep(s, text, strlen(text) + 1);
	n = split(keep(s, text, strlen(text) + 1), word);
	if (i < n && when_parse(word[i], &l.when))
		i++;
	if (i < n && is_name(r, word[i]))
		l.who = word[i++];
	if (i < n)
		l.verb = word[i++];
	l.argc = n - i;
	l.argv = keep(s, word + i, (n - i) * sizeof(word[0]));
	if (l.verb != NULL && strcmp(l.verb, "client") == 0 && l.argc > 0 && r->names < NAMES_MAX &&
		!is_name(r, l.argv[0]))
		r->name[r->names++] = l.argv[0];
	if (s->lines % 64 == 0) {
		s->line = realloc(s->line, (s->lines + 64) * sizeof(l));
		if (s->line == NULL)
			die("the test itself is out of memory");
	}
	s->line[s->lines++] = l;
}

/* Fills `{i}`, `{i*7}`, `{i+3}`, `{i*7+3}` in. */
static void
substitute(const char *from, char *to, unsigned i)
{
	size_t n = 0;

	while (*from != 0) {
		unsigned mul = 1, plus = 0;
		const char *p = from + 2;
		char *end;

		if (n > TEXT_MAX - 16)
			die("line too long");
		if (from[0] != '{' || from[1] != 'i') {
			to[n++] = *from++;
			continue;
		}
		if (*p == '*') {
			mul = (unsigned)strtoul(p + 1, &end, 10);
			p = end;
		}
		if (*p == '+') {
			plus = (unsigned)strtoul(p + 1, &end, 10);
			p = end;
		}
		if (*p != '}')
			die("a counter is {i}, {i*N}, {i+N} or {i*N+M}");
		n += (size_t)snprintf(to + n, 16, "%u", i * mul + plus);
		from = p + 1;
	}
	to[n] = 0;
}

/* repeat FROM..TO, lines, end */
static void
repeat(struct reader *r, const char *range)
{
	struct {
		unsigned no;
		char *text;
	} body[BODY_MAX];
	char text[TEXT_MAX], filled[TEXT_MAX];
	unsigned n = 0, from, to, start = r->no;

	if (sscanf(range, "%u..%u", &from, &to) != 2)
		die("%s:%u: repeat FROM..TO", r->s->path, r->no);
	for (;;) {
		if (!next_line(r, text))
			die("%s:%u: repeat without end", r->s->path, start);
		if (strcmp(text + strspn(text, " \t"), "end") == 0)
			break;
		if (n == BODY_MAX)
			die("%s:%u: repeat is too long", r->s->path, start);
		body[n].no = r->no;
		body[n++].text = keep(r->s, text, strlen(text) + 1);
	}
	for (unsigned i = from; i <= to; i++)
		for (unsigned k = 0; k < n; k++) {
			substitute(body[k].text, filled, i);
			add(r, body[k].no, filled);
		}
}

void
script_read(struct script *s, const char *path)
{
	static struct reader r;
	char text[TEXT_MAX];

	memset(s, 0, sizeof(*s));
	memset(&r, 0, sizeof(r));
	r.s = s;
	s->path = path;
	r.f = fopen(path, "r");
	if (r.f == NULL)
		die("%s: cannot be opened", path);
	while (next_line(&r, text)) {
		const char *p = text + strspn(text, " \t");

		if (strncmp(p, "repeat ", 7) == 0)
			repeat(&r, p + 7);
		else
			add(&r, r.no, p);
	}
	fclose(r.f);
}

void
script_free(struct script *s)
{
	while (s->chunks != NULL) {
		struct chunk *c = s->chunks;

		s->chunks = c->next;
		free(c);
	}
	free(s->line);
	memset(s, 0, sizeof(*s));
}
