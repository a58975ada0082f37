/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "value.h"

/* Units of time, in microseconds, small ones first. */
static const struct {
	const char *name;
	uint64_t us;
} units[] = {{"us", 1}, {"ms", 1000}, {"s", 1000000}, {"m", 60000000}, {"h", 3600000000}};

#define UNITS (sizeof(units) / sizeof(units[0]))

/* Texts in messages are cut here: a message is one line. */
#define SHOWN 40

static int
say(char *msg, const char *text, const char *wrong, const char *right)
{
	char shown[SHOWN + 1];
	size_t n = 0;

	for (; text[n] != '\0' && n < SHOWN; n++)
		shown[n] = text[n] >= ' ' && text[n] != 127 ? text[n] : '?';
	shown[n] = '\0';
	snprintf(msg, VALUE_MESSAGE_MAX, "\"%s\" %s; %s", shown, wrong, right);
	return -1;
}

/* Leading digits. Returns what follows, or NULL: no digit, or more than 64 bits hold. */
static const char *
digits(const char *s, uint64_t *out)
{
	uint64_t v = 0;

	if (*s < '0' || *s > '9')
		return NULL;
	for (; *s >= '0' && *s <= '9'; s++) {
		unsigned d = (unsigned)(*s - '0');

		if (v > (UINT64_MAX - d) / 10)
			return NULL;
		v = v * 10 + d;
	}
	*out = v;
	return s;
}

int
value_uint(const char *text, uint64_t lo, uint64_t hi, uint64_t *out, char *msg)
{
	const char *rest = digits(text, out);
	char range[80];

	snprintf(range, sizeof(range), "use a whole number from %" PRIu64 " to %" PRIu64, lo, hi);
	if (rest == NULL || *rest != '\0')
		return say(msg, text, "is not a number", range);
	if (*out < lo || *out > hi)
		return say(msg, text, "is out of range", range);
	return 0;
}

/* A number, or a word that stands for one. */
static int
read_uint(const struct key *key, const char *text, uint64_t *out, char *msg)
{
	const char *rest;
	char right[160] = "use";

	if (key->choices == NULL)
		return value_uint(text, key->min, key->max, out, msg);
	for (unsigned i = 0; key->choices[i] != NULL; i++) {
		size_t n = strlen(right);

		if (strcmp(text, key->choices[i]) == 0) {
			*out = key->meant[i];
			return 0;
		}
		snprintf(right + n, sizeof(right) - n, "%s %s", i == 0 ? "" : ",", key->choices[i]);
	}
	rest = digits(text, out);
	snprintf(right + strlen(right), sizeof(right) - strlen(right),
		" or a whole number from %" PRIu64 " to %" PRIu64, key->min, key->max);
	if (rest == NULL || *rest != '\0')
		return say(msg, text, "is unknown", right);
	if (*out < key->min || *out > key->max)
		return say(msg, text, "is out of range", right);
	return 0;
}

/* A time in its largest unit that is exact: "0s", "200ms", "2m". */
static void
print_time(uint64_t us, char *out, size_t size)
{
	unsigned u = UNITS - 1;

	while (u > 0 && us % units[u].us != 0)
		u--;
	if (us == 0)
		u = 2;
	snprintf(out, size, "%" PRIu64 "%s", us / units[u].us, units[u].name);
}

static int
read_time(const struct key *key, const char *text, uint64_t *out, char *msg)
{
	uint64_t step = key->kind == KEY_TIME_S ? 1000000 : key->kind == KEY_TIME_MS ? 1000 : 1;
	uint64_t v = 0;
	const char *unit = digits(text, &v);
	char lo[32], hi[32], range[120];
	unsigned u = 0;

	print_time(key->min, lo, sizeof(lo));
	print_time(key->max, hi, sizeof(hi));
	snprintf(range, sizeof(range), "use a time with a unit (us, ms, s, m, h) from %s to %s", lo,
		hi);
	if (unit == NULL)
		return say(msg, text, "is not a time", range);
	if (*unit == '\0')
		return say(msg, text, "has no unit", range);
	while (u < UNITS && strcmp(unit, units[u].name) != 0)
		u++;
	if (u == UNITS)
		return say(msg, text, "is not a time", range);
	/* First compared without the product, which may not fit. */
	if (v > key->max / units[u].us || v * units[u].us < key->min)
		return say(msg, text, "is out of range", range);
	v *= units[u].us;
	if (v % step != 0)
		return say(msg, text,
			key->kind == KEY_TIME_S ? "is no whole number of seconds"
						: "is no whole number of milliseconds",
			range);
	*out = v / step;
	return 0;
}

static int
read_bool(const char *text, uint64_t *out, char *msg)
{
	static const char *const words[] = {"no", "yes", "false", "true", "off", "on"};

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(text, words[i]) == 0) {
			*out = i & 1;
			return 0;
		}
	return say(msg, text, "is neither yes nor no", "use yes or no (true, false, on, off)");
}

static int
read_choice(const struct key *key, const char *text, uint64_t *out, char *msg)
{
	char all[120] = "use one of:";

	for (unsigned i = 0; key->choices[i] != NULL; i++) {
		size_t n = strlen(all);

		if (strcmp(text, key->choices[i]) == 0) {
			*out = i;
			return 0;
		}
		snprintf(all + n, sizeof(all) - n, "%s %s", i == 0 ? "" : ",", key->choices[i]);
	}
	return say(msg, text, "is unknown", all);
}

static int
read_text(const struct key *key, const char *text, char **out, char *msg)
{
	const char *shown = key->secret ? "..." : text;
	size_t n = strlen(text);
	char range[80];
	char *copy;

	snprintf(range, sizeof(range), "use %" PRIu64 " to %" PRIu64 " printable characters",
		key->min, key->max);
	if (n < key->min || n > key->max)
		return say(msg, shown, n == 0 ? "is empty" : "is too long", range);
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 127)
			return say(msg, shown, "has a control character", range);
	copy = strdup(text);
	if (copy == NULL)
		return say(msg, shown, "cannot be kept", "no memory");
	free(*out);
	*out = copy;
	return 0;
}

/* Numbers are stored as wide as their field is; value_read()'s ranges see that they fit. */
static void
store(const struct key *key, void *base, uint64_t v)
{
	uint8_t *at = (uint8_t *)base + key->offset;
	uint8_t v8 = (uint8_t)v;
	uint16_t v16 = (uint16_t)v;
	uint32_t v32 = (uint32_t)v;
	bool b = v != 0;

	if (key->kind == KEY_BOOL || key->kind == KEY_FLAG)
		memcpy(at, &b, sizeof(b));
	else if (key->size == 1)
		memcpy(at, &v8, 1);
	else if (key->size == 2)
		memcpy(at, &v16, 2);
	else
		memcpy(at, &v32, 4);
}

int
value_read(const struct key *key, const char *text, void *base, char *msg)
{
	uint64_t v = 0;
	int rc = -1;

	switch (key->kind) {
	case KEY_UINT:
		rc = read_uint(key, text, &v, msg);
		break;
	case KEY_BOOL:
		rc = read_bool(text, &v, msg);
		break;
	case KEY_TIME_MS:
	case KEY_TIME_US:
	case KEY_TIME_S:
		rc = read_time(key, text, &v, msg);
		break;
	case KEY_CHOICE:
	case KEY_FLAG:
		rc = read_choice(key, text, &v, msg);
		break;
	case KEY_TEXT:
		return read_text(key, text, (char **)(void *)((char *)base + key->offset), msg);
	}
	if (rc == 0)
		store(key, base, v);
	return rc;
}

int
value_addr(const char *text, struct tg_addr *out)
{
	uint8_t v4[4];

	if (inet_pton(AF_INET, text, v4) == 1) {
		*out = tg_addr_v4(v4[0], v4[1], v4[2], v4[3]);
		return 0;
	}
	/* A v4-mapped one must be written as IPv4: one spelling for one address. */
	if (inet_pton(AF_INET6, text, out->b) == 1 && !tg_addr_is_v4(out))
		return 0;
	return -1;
}

int
value_prefix(const char *text, struct tg_addr *out, uint8_t *prefix_len)
{
	const char *slash = strchr(text, '/');
	char addr[INET6_ADDRSTRLEN];
	uint64_t len;
	const char *rest;

	if (slash == NULL || (size_t)(slash - text) >= sizeof(addr))
		return -1;
	memcpy(addr, text, (size_t)(slash - text));
	addr[slash - text] = '\0';
	rest = digits(slash + 1, &len);
	if (value_addr(addr, out) != 0 || rest == NULL || *rest != '\0')
		return -1;
	if (len > (tg_addr_is_v4(out) ? 32 : 128))
		return -1;
	*prefix_len = (uint8_t)len;
	return 0;
}
