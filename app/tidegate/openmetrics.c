/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "openmetrics.h"

/* Longest element of an Accept field that is looked at. */
#define ELEMENT_MAX 128

/* The q parameter of an element in thousandths (RFC 9110 12.4.2), 1000 when there is none. */
static unsigned
quality(const char *params)
{
	const char *q;

	for (q = strchr(params, ';'); q != NULL; q = strchr(q, ';')) {
		q += 1 + strspn(q + 1, " \t");
		if ((*q == 'q' || *q == 'Q') && q[1] == '=') {
			double v = strtod(q + 2, NULL);

			return v >= 0 && v <= 1 ? (unsigned)(v * 1000) : 0;
		}
	}
	return 1000;
}

static bool
is_type(const char *element, const char *type)
{
	size_t n = strlen(type);

	return strncasecmp(element, type, n) == 0 &&
		(element[n] == '\0' || element[n] == ';' || isspace((unsigned char)element[n]));
}

/* How much each format is liked; a range that names neither counts for OpenMetrics. */
static void
weigh(const char *element, unsigned *open, unsigned *old)
{
	unsigned q = quality(element);

	if (is_type(element, "application/openmetrics-text") || is_type(element, "application/*") ||
		is_type(element, "*/*"))
		*open = q > *open ? q : *open;
	else if (is_type(element, "text/plain") || is_type(element, "text/*"))
		*old = q > *old ? q : *old;
}

bool
om_wants_old(const char *accept)
{
	unsigned open = 0, old = 0;

	while (accept != NULL && *accept != '\0') {
		char element[ELEMENT_MAX];
		size_t n;

		accept += strspn(accept, ", \t");
		n = strcspn(accept, ",");
		if (n > 0 && n < sizeof(element)) {
			memcpy(element, accept, n);
			element[n] = '\0';
			weigh(element, &open, &old);
		}
		accept += n;
	}
	return old > open;
}

const char *
om_content_type(bool old)
{
	return old ? "text/plain; version=0.0.4; charset=utf-8"
		   : "application/openmetrics-text; version=1.0.0; charset=utf-8";
}

/* A text with a backslash before what needs one. */
static void
escape(FILE *out, const char *text, bool quotes)
{
	for (; *text != '\0'; text++) {
		if (*text == '\n') {
			fputs("\\n", out);
			continue;
		}
		if (*text == '\\' || (*text == '"' && quotes))
			fputc('\\', out);
		fputc(*text, out);
	}
}

/* What the name of a sample has behind that of its family. */
static const char *
suffix(enum om_type type)
{
	return type == OM_COUNTER ? "_total" : type == OM_INFO ? "_info" : "";
}

void
om_family(struct om *o, const char *name, enum om_type type, const char *unit, const char *help)
{
	static const char *const types[] = {"counter", "gauge", "info"};
	/* The old format knows families by the names of their samples, and no info. */
	const char *behind = o->old ? suffix(type) : "";

	o->name = name;
	o->type = type;
	fprintf(o->out, "# TYPE %s%s %s\n", name, behind,
		o->old && type == OM_INFO ? "gauge" : types[type]);
	if (unit != NULL && !o->old)
		fprintf(o->out, "# UNIT %s %s\n", name, unit);
	fprintf(o->out, "# HELP %s%s ", name, behind);
	escape(o->out, help, !o->old);
	fputc('\n', o->out);
}

static void
begin_sample(struct om *o, const struct om_label *labels, unsigned n)
{
	fprintf(o->out, "%s%s", o->name, suffix(o->type));
	for (unsigned i = 0; i < n; i++) {
		fprintf(o->out, "%c%s=\"", i == 0 ? '{' : ',', labels[i].name);
		escape(o->out, labels[i].value, true);
		fputc('"', o->out);
	}
	if (n != 0)
		fputc('}', o->out);
}

void
om_sample(struct om *o, const struct om_label *labels, unsigned n, uint64_t value)
{
	begin_sample(o, labels, n);
	fprintf(o->out, " %" PRIu64 "\n", value);
}

void
om_sample_milli(struct om *o, const struct om_label *labels, unsigned n, uint64_t thousandths)
{
	begin_sample(o, labels, n);
	fprintf(o->out, " %" PRIu64 ".%03" PRIu64 "\n", thousandths / 1000, thousandths % 1000);
}

void
om_end(struct om *o)
{
	if (!o->old)
		fputs("# EOF\n", o->out);
}
