/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "locate.h"

/* A walk over the events of a text. */
struct walk {
	yaml_parser_t parser;
	yaml_event_t event;
	bool loaded; /* event holds something */
	bool last;
	size_t line; /* best answer so far */
};

static bool
start(struct walk *w, const char *text, size_t len)
{
	memset(w, 0, sizeof(*w));
	if (!yaml_parser_initialize(&w->parser))
		return false;
	yaml_parser_set_input_string(&w->parser, (const unsigned char *)text, len);
	return true;
}

static bool
next(struct walk *w)
{
	if (w->loaded)
		yaml_event_delete(&w->event);
	w->loaded = yaml_parser_parse(&w->parser, &w->event) != 0;
	return w->loaded;
}

static void
stop(struct walk *w)
{
	if (w->loaded)
		yaml_event_delete(&w->event);
	yaml_parser_delete(&w->parser);
}

size_t
locate_syntax_error(const char *text, size_t len, const char **problem)
{
	struct walk w;
	size_t line = 0;
	unsigned documents = 0;

	*problem = "no memory";
	if (!start(&w, text, len))
		return 1;
	while (next(&w) && w.event.type != YAML_STREAM_END_EVENT && line == 0)
		if (w.event.type == YAML_DOCUMENT_START_EVENT && ++documents == 2) {
			*problem = "a second document begins here, one is read";
			line = w.event.start_mark.line + 1;
		}
	if (!w.loaded) {
		/* The texts of libyaml's problems are literals: they outlive the parser. */
		*problem = w.parser.problem != NULL ? w.parser.problem : "not readable";
		line = w.parser.problem_mark.line + 1;
	}
	stop(&w);
	return line;
}

/* Goes past the node whose first event is at hand, to its last event. */
static bool
skip(struct walk *w)
{
	int depth = 0;

	for (;;) {
		switch (w->event.type) {
		case YAML_MAPPING_START_EVENT:
		case YAML_SEQUENCE_START_EVENT:
			depth++;
			break;
		case YAML_MAPPING_END_EVENT:
		case YAML_SEQUENCE_END_EVENT:
			depth--;
			break;
		default:
			break;
		}
		if (depth == 0)
			return true;
		if (!next(w))
			return false;
	}
}

/* The part of path after this key, or NULL when path does not begin with it. */
static const char *
after_key(const char *path, const char *key)
{
	size_t n = strlen(key);

	if (n == 0 || strncmp(path, key, n) != 0)
		return NULL;
	if (path[n] == '.')
		return path + n + 1;
	return path[n] == '[' || path[n] == '\0' ? path + n : NULL;
}

/* The part of path after "[i]", or NULL. */
static const char *
after_index(const char *path, unsigned long i)
{
	char *end;

	if (*path != '[' || strtoul(path + 1, &end, 10) != i || *end != ']')
		return NULL;
	return end[1] == '.' ? end + 2 : end + 1;
}

/* Follows path into the node whose first event is at hand. Depth is that of the path. */
static bool
follow(struct walk *w, const char *path)
{
	bool mapping = w->event.type == YAML_MAPPING_START_EVENT;

	if (*path == '\0' || (!mapping && w->event.type != YAML_SEQUENCE_START_EVENT))
		return skip(w);
	for (unsigned long i = 0; next(w); i++) {
		const char *rest;

		if (w->event.type == YAML_MAPPING_END_EVENT ||
			w->event.type == YAML_SEQUENCE_END_EVENT)
			return true;
		if (!mapping)
			rest = after_index(path, i);
		else if (w->event.type == YAML_SCALAR_EVENT)
			rest = after_key(path, (const char *)w->event.data.scalar.value);
		else
			rest = NULL;
		if (rest != NULL)
			w->line = w->event.start_mark.line + 1;
		if (mapping && (!skip(w) || !next(w)))
			return false;
		if (rest == NULL) {
			if (!skip(w))
				return false;
			continue;
		}
		if (!follow(w, rest))
			return false;
		if (!w->last)
			return false; /* found: look no further */
	}
	return false;
}

size_t
locate_path(const char *text, size_t len, const char *path, int last)
{
	struct walk w;
	size_t line;

	if (*path == '\0' || !start(&w, text, len))
		return 0;
	w.last = last != 0;
	while (next(&w) && w.event.type != YAML_STREAM_END_EVENT)
		if (w.event.type == YAML_MAPPING_START_EVENT) {
			follow(&w, path);
			break;
		}
	line = w.line;
	stop(&w);
	return line;
}
