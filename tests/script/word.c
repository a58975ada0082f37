/* SPDX-License-Identifier: BSD-3-Clause */
#include "word.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"

static bool
unit_of(const char *s, tg_time *unit)
{
	static const struct {
		const char *name;
		tg_time ns;
	} units[] = {{"us", 1000}, {"ms", TG_MSEC}, {"s", TG_SEC}, {"min", 60 * TG_SEC}};

	for (unsigned i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(s, units[i].name) == 0) {
			*unit = units[i].ns;
			return true;
		}
	return false;
}

bool
when_parse(const char *word, struct when *w)
{
	unsigned long from, to;
	tg_time unit;
	char *end;

	memset(w, 0, sizeof(*w));
	w->relative = word[0] == '+';
	word += w->relative;
	if (!isdigit((unsigned char)word[0]))
		return false;
	from = to = strtoul(word, &end, 10);
	if (end[0] == '.' && end[1] == '.')
		to = strtoul(end + 2, &end, 10);
	if (!unit_of(end, &unit) || to < from)
		return false;
	w->given = true;
	w->at = from * unit;
	w->slack = (to - from) * unit;
	return true;
}

bool
vars_get(const struct vars *v, const char *name, uint32_t *value)
{
	for (unsigned i = 0; i < v->n; i++)
		if (strcmp(v->v[i].name, name) == 0) {
			*value = v->v[i].value;
			return true;
		}
	return false;
}

static void
give(struct vars *v, const char *name, uint32_t value)
{
	if (v->n == sizeof(v->v) / sizeof(v->v[0]))
		die("too many names");
	memcpy(v->v[v->n].name, name, sizeof(v->v[0].name));
	v->v[v->n++].value = value;
}

void
num_parse(const char *word, struct num *n)
{
	const char *p = word;
	bool minus = false;
	char *end;
	unsigned i = 0;

	memset(n, 0, sizeof(*n));
	if (strcmp(word, "*") == 0) {
		n->any = true;
		return;
	}
	if (isalpha((unsigned char)*p)) {
		while (isalnum((unsigned char)*p) || *p == '_') {
			if (i == sizeof(n->name) - 1)
				die("the name in %s is too long", word);
			n->name[i++] = *p++;
		}
		if (*p == 0)
			return;
		minus = *p == '-';
		if (*p != '+' && *p != '-')
			die("%s is no number", word);
		p++;
	}
	if (!isdigit((unsigned char)*p))
		die("%s is no number", word);
	n->lo = n->hi = (uint32_t)strtoul(p, &end, 0);
	if (end[0] == '.' && end[1] == '.' && isdigit((unsigned char)end[2]))
		n->hi = (uint32_t)strtoul(end + 2, &end, 0);
	if (*end != 0)
		die("%s is no number", word);
	if (minus) {
		uint32_t lo = n->lo;

		n->lo = 0 - n->hi;
		n->hi = 0 - lo;
	}
}

uint32_t
num_value(const struct num *n, const struct vars *v)
{
	uint32_t base = 0;

	if (n->any || n->lo != n->hi)
		die("a number to be sent must be one value");
	if (n->name[0] != 0 && !vars_get(v, n->name, &base))
		die("%s has no value yet", n->name);
	return base + n->lo;
}

bool
num_match(const struct num *n, struct vars *v, uint32_t value)
{
	uint32_t base = 0;

	if (n->any)
		return true;
	if (n->name[0] != 0 && !vars_get(v, n->name, &base)) {
		if (n->lo != n->hi)
			die("%s has no value yet", n->name);
		give(v, n->name, value - n->lo);
		return true;
	}
	return value - base - n->lo <= n->hi - n->lo;
}

uint32_t
word_number(const char *word, uint32_t min, uint32_t max)
{
	char *end;
	unsigned long x = strtoul(word, &end, 0);

	if (!isdigit((unsigned char)word[0]) || *end != 0)
		die("%s is no number", word);
	if (x < min || x > max)
		die("%s is not within %u to %u", word, min, max);
	return (uint32_t)x;
}

static int
hexval(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

unsigned
word_text(char *word, const uint8_t **out)
{
	char *to = word;

	*out = (const uint8_t *)word;
	for (const char *p = word + 1; *p != '"'; p++) {
		if (*p != '\\') {
			*to++ = *p;
			continue;
		}
		p++;
		if (*p == 'x' && hexval(p[1]) >= 0 && hexval(p[2]) >= 0) {
			*to++ = (char)(hexval(p[1]) << 4 | hexval(p[2]));
			p += 2;
		} else {
			*to++ = *p == 'n' ? '\n' : *p == 'r' ? '\r' : *p == 't' ? '\t' : *p;
		}
	}
	return (unsigned)((const uint8_t *)to - *out);
}

unsigned
word_hex(const char *word, uint8_t *out, unsigned cap)
{
	unsigned n = 0;

	for (; *word != 0; word += 2) {
		int hi = hexval(word[0]), lo = hi < 0 ? -1 : hexval(word[1]);

		if (lo < 0 || n == cap)
			die("%s is not hex, an even number of digits, or too long", word);
		out[n++] = (uint8_t)(hi << 4 | lo);
	}
	return n;
}

struct tg_addr
word_addr(const char *word)
{
	struct tg_addr a;
	uint8_t v4[4];

	if (inet_pton(AF_INET, word, v4) == 1)
		return tg_addr_v4(v4[0], v4[1], v4[2], v4[3]);
	if (inet_pton(AF_INET6, word, a.b) != 1)
		die("%s is no address", word);
	return a;
}

struct tg_endpoint
word_endpoint(const char *word)
{
	struct tg_endpoint e;
	const char *colon = strrchr(word, ':');
	char host[64];
	size_t n = colon != NULL ? (size_t)(colon - word) : 0;

	if (n == 0 || n >= sizeof(host))
		die("%s is no address:port", word);
	memcpy(host, word, n);
	host[n] = 0;
	if (host[0] == '[' && host[n - 1] == ']') {
		memmove(host, host + 1, n - 2);
		host[n - 2] = 0;
	}
	e.addr = word_addr(host);
	e.port = (uint16_t)word_number(colon + 1, 0, 65535);
	return e;
}

void
word_mac(const char *word, uint8_t mac[6])
{
	unsigned b[6];
	char behind;

	if (sscanf(word, "%x:%x:%x:%x:%x:%x%c", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5],
		    &behind) != 6)
		die("%s is no MAC address", word);
	for (unsigned i = 0; i < 6; i++)
		mac[i] = (uint8_t)b[i];
}
