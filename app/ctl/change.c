/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "change.h"
#include "endpoint.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyz"
#define DIGITS  "0123456789"

/* Text that grows in place. */
struct text {
	char *out;
	size_t size, at;
	int rc;
};

__attribute__((format(printf, 2, 3))) static void
put(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (t->rc != 0)
		return;
	va_start(ap, fmt);
	n = vsnprintf(t->out + t->at, t->size - t->at, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= t->size - t->at)
		t->rc = -EINVAL;
	else
		t->at += (size_t)n;
}

/* A double-quoted scalar of YAML. Control characters have no place in a value. */
static void
put_quoted(struct text *t, const char *s)
{
	put(t, "\"");
	for (; *s != '\0'; s++) {
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			t->rc = -EINVAL;
		put(t, "%s%c", *s == '"' || *s == '\\' ? "\\" : "", *s);
	}
	put(t, "\"");
}

/* One address with a port, nothing about a prefix. */
static int
one_endpoint(const char *word, struct endpoint *e)
{
	if (!endpoint_parse(word, e) || !e->has_port || e->port == 0 ||
		(!e->any && e->prefix != 128))
		return -EINVAL;
	return 0;
}

static void
address_text(const struct endpoint *e, char out[INET6_ADDRSTRLEN])
{
	if (e->v4)
		inet_ntop(AF_INET, e->addr + 12, out, INET6_ADDRSTRLEN);
	else
		inet_ntop(AF_INET6, e->addr, out, INET6_ADDRSTRLEN);
}

/* The length of KEY in KEY=VALUE; 0: it is none. */
static size_t
key_length(const char *word, const char *characters)
{
	size_t n = strspn(word, characters);

	return word[n] == '=' ? n : 0;
}

int
change_listener(const char *word, char *out, size_t size, const char **err)
{
	struct text t = {.out = out, .size = size};
	char address[INET6_ADDRSTRLEN];
	struct endpoint e;

	*err = word;
	if (one_endpoint(word, &e) != 0)
		return -EINVAL;
	address_text(&e, address); /* "*" is "::", as the daemon has a listener of both families */
	put(&t, e.v4 ? "%s:%u" : "[%s]:%u", address, e.port);
	return t.rc;
}

int
change_listen_add(int words, char *const word[], char *out, size_t size, const char **err)
{
	struct text t = {.out = out, .size = size};
	char address[INET6_ADDRSTRLEN];
	struct endpoint e;

	*err = words < 1 ? "ADDRESS:PORT is missing" : words < 2 ? "SERVICE is missing" : word[0];
	if (words < 2 || one_endpoint(word[0], &e) != 0)
		return -EINVAL;
	address_text(&e, address);
	put(&t, "{address: \"%s\", port: %u, ", address, e.port);
	if (e.any)
		put(&t, "dual_stack: yes, ");
	*err = word[1];
	if (word[1][strspn(word[1], LETTERS DIGITS "_-")] != '\0')
		return -EINVAL;
	put(&t, "service: \"%s\"", word[1]);
	for (int i = 2; i < words && t.rc == 0; i++) {
		size_t n = key_length(word[i], LETTERS DIGITS "_");

		*err = word[i];
		if (n == 0)
			return -EINVAL;
		put(&t, ", %.*s: ", (int)n, word[i]);
		put_quoted(&t, word[i] + n + 1);
	}
	put(&t, "}");
	return t.rc;
}

int
change_set(int words, char *const word[], char *out, size_t size, const char **err)
{
	struct text t = {.out = out, .size = size};
	char listener[INET6_ADDRSTRLEN + 16];
	const char *pair = word[words - 1];

	if (words == 2 && change_listener(word[0], listener, sizeof(listener), err) != 0)
		return -EINVAL;
	*err = pair;
	if (key_length(pair, LETTERS DIGITS "_.[]") == 0)
		return -EINVAL;
	for (const char *s = pair; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return -EINVAL;
	put(&t, "%s%s%s", words == 2 ? listener : "", words == 2 ? " " : "", pair);
	return t.rc;
}
