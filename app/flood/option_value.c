/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "option_value.h"

/* Longest list that is taken apart. */
#define LIST_MAX 1024
#define RATE_MAX 1e9

bool
value_word(const char *text, const char *const words[], uint8_t *out)
{
	for (unsigned i = 0; words[i] != NULL; i++)
		if (strcmp(text, words[i]) == 0) {
			*out = (uint8_t)i;
			return true;
		}
	return false;
}

bool
value_seed(const char *text, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 0);
	return *text != '\0' && *text != '-' && *end == '\0' && errno == 0;
}

bool
value_number(const char *text, unsigned min, unsigned max, unsigned *out)
{
	uint64_t v;

	if (!value_seed(text, &v) || v < min || v > max)
		return false;
	*out = (unsigned)v;
	return true;
}

bool
value_number16(const char *text, unsigned min, unsigned max, uint16_t *out)
{
	unsigned v;

	if (!value_number(text, min, max, &v))
		return false;
	*out = (uint16_t)v;
	return true;
}

/* A finite number that is not negative; *end is what stands behind it. */
static bool
decimal(const char *text, double *out, char **end)
{
	*out = strtod(text, end);
	return *end != text && isfinite(*out) && *out >= 0;
}

bool
value_rate(const char *text, double *out)
{
	char *end;

	if (strcmp(text, "max") == 0) {
		*out = 0;
		return true;
	}
	if (!decimal(text, out, &end))
		return false;
	if (*end == 'k')
		*out *= 1e3;
	else if (*end == 'M')
		*out *= 1e6;
	if (*end == 'k' || *end == 'M')
		end++;
	return *end == '\0' && *out <= RATE_MAX;
}

bool
value_share(const char *text, double *out)
{
	char *end;

	if (!decimal(text, out, &end) || strcmp(end, "%") != 0 || *out < 1 || *out > 1000)
		return false;
	*out /= 100;
	return true;
}

bool
value_seconds(const char *text, double min, double max, double *out)
{
	char *end;

	if (!decimal(text, out, &end))
		return false;
	if (strcmp(end, "ms") == 0)
		*out /= 1000;
	else if (*end != '\0' && strcmp(end, "s") != 0)
		return false;
	return *out >= min && *out <= max;
}

/* Walks a list with commas in a copy of its own; false when one of it is refused. */
static bool
each(const char *text, bool (*take)(char *word, void *ctx), void *ctx)
{
	char copy[LIST_MAX], *save, *word;

	if (strlen(text) >= sizeof(copy) || *text == '\0')
		return false;
	strcpy(copy, text);
	for (word = strtok_r(copy, ",", &save); word != NULL; word = strtok_r(NULL, ",", &save))
		if (!take(word, ctx))
			return false;
	return true;
}

static bool
take_step(char *word, void *ctx)
{
	struct flood_options *o = ctx;

	if (o->steps == FLOOD_STEPS || !value_rate(word, &o->step[o->steps]) ||
		o->step[o->steps] <= 0 ||
		(o->steps > 0 && o->step[o->steps] <= o->step[o->steps - 1]))
		return false;
	o->steps++;
	return true;
}

bool
value_sweep(const char *text, struct flood_options *o)
{
	char from[32], to[32];
	unsigned steps;
	double a, b;

	o->steps = 0;
	if (strchr(text, ':') == NULL)
		return each(text, take_step, o);
	if (sscanf(text, "%31[^:]:%31[^:]:%u", from, to, &steps) != 3 || !value_rate(from, &a) ||
		!value_rate(to, &b) || a <= 0 || b <= a || steps < 2 || steps > FLOOD_STEPS)
		return false;
	for (unsigned i = 0; i < steps; i++)
		o->step[i] = a * pow(b / a, (double)i / (steps - 1));
	o->steps = steps;
	return true;
}

static bool
take_kind(char *word, void *ctx)
{
	struct flood_options *o = ctx;
	char *colon = strchr(word, ':');
	unsigned parts = 1;

	if (colon != NULL) {
		*colon = '\0';
		if (!value_number(colon + 1, 1, 250, &parts))
			return false;
	}
	for (unsigned k = 0; k < FLOOD_KINDS; k++)
		if (strcmp(word, flood_kind_name(k)) == 0) {
			o->mix.part[k] = (uint8_t)parts;
			return true;
		}
	return false;
}

bool
value_kinds(const char *text, struct flood_options *o)
{
	memset(o->mix.part, 0, sizeof(o->mix.part));
	o->no_flood = strcmp(text, "none") == 0;
	/* With "none" nothing is written, but a mix must have something in it. */
	o->mix.part[FLOOD_SYN] = o->no_flood;
	return o->no_flood || each(text, take_kind, o);
}

bool
value_addr(const char *text, struct tg_addr *out)
{
	uint8_t v4[4];

	if (inet_pton(AF_INET, text, v4) == 1) {
		*out = tg_addr_v4(v4[0], v4[1], v4[2], v4[3]);
		return true;
	}
	return inet_pton(AF_INET6, text, out->b) == 1 && !tg_addr_is_v4(out);
}

bool
value_prefix(const char *text, struct flood_prefix *out)
{
	char addr[64];
	const char *slash = strchr(text, '/');
	size_t n = slash != NULL ? (size_t)(slash - text) : strlen(text);
	unsigned bits, len;

	if (n >= sizeof(addr))
		return false;
	memcpy(addr, text, n);
	addr[n] = '\0';
	if (!value_addr(addr, &out->base))
		return false;
	bits = tg_addr_is_v4(&out->base) ? 32 : 128;
	len = bits;
	if (slash != NULL && !value_number(slash + 1, 0, bits, &len))
		return false;
	out->len = (uint8_t)len;
	return true;
}

static bool
take_prefix(char *word, void *ctx)
{
	struct flood_mix_config *mix = ctx;

	return mix->prefixes < FLOOD_PREFIXES && value_prefix(word, &mix->prefix[mix->prefixes++]);
}

bool
value_prefixes(const char *text, struct flood_mix_config *out)
{
	return each(text, take_prefix, out);
}

bool
value_pci(const char *text)
{
	unsigned domain, bus, dev, fn;
	char rest;

	return sscanf(text, "%4x:%2x:%2x.%1x%c", &domain, &bus, &dev, &fn, &rest) == 4 ||
		sscanf(text, "%2x:%2x.%1x%c", &bus, &dev, &fn, &rest) == 3;
}

bool
value_mac(const char *text, uint8_t out[6])
{
	unsigned b[6];
	char rest;

	if (strlen(text) != 17 ||
		sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%c", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5],
			&rest) != 6)
		return false;
	for (unsigned i = 0; i < 6; i++)
		out[i] = (uint8_t)b[i];
	return true;
}

static bool
take_contender(char *word, void *ctx)
{
	for (unsigned c = 0; c < CONTENDERS; c++)
		if (strcmp(word, flood_contender_name(c)) == 0) {
			*(uint32_t *)ctx |= 1u << c;
			return true;
		}
	return false;
}

bool
value_contenders(const char *text, uint32_t *out)
{
	return each(text, take_contender, out);
}

bool
value_cores(const char *text, int *generator, int *listener)
{
	unsigned g, l;
	char rest;

	if (sscanf(text, "%u,%u%c", &g, &l, &rest) != 2 || g > 1023 || l > 1023)
		return false;
	*generator = (int)g;
	*listener = (int)l;
	return true;
}

bool
value_picture(const char *text)
{
	size_t n = strlen(text);

	return n > 4 && (strcmp(text + n - 4, ".svg") == 0 || strcmp(text + n - 4, ".png") == 0);
}
