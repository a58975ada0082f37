/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_diff.h"
#include "config_edit.h"
#include "locate.h"
#include "raw.h"
#include "value.h"

/* Longest key of an assignment, listener included. */
#define KEY_TEXT_MAX 128
/* Longest YAML of a listener: every key with a long value. */
#define YAML_MAX 4096

/* Gives each text a copy of its own. On failure texts not copied are NULL. */
static bool
own(char **text)
{
	char *was = *text;

	*text = was != NULL ? strdup(was) : NULL;
	return was == NULL || *text != NULL;
}

static bool
own_texts(struct config *n)
{
	bool ok = true;

	for (const struct key_section *s = key_sections; s->group != GROUP_COUNT; s++)
		for (unsigned i = 0; i < key_groups[s->group].nb_keys; i++)
			if (key_groups[s->group].keys[i].kind == KEY_TEXT)
				ok &= own(key_text(s, i, n));
	for (unsigned i = 0; i < n->nb_eal; i++)
		ok &= own(&n->eal[i]);
	for (unsigned i = 0; i < n->nb_listeners; i++)
		ok &= own(&n->listener[i].address);
	for (unsigned p = 0; p < n->nb_ports; p++) {
		struct config_port *port = &n->port[p];
		struct config_addr *addr = calloc(port->nb_addrs, sizeof(*addr));

		if (addr != NULL)
			memcpy(addr, port->addr, port->nb_addrs * sizeof(*addr));
		port->addr = addr;
		ok &= own(&port->device) && addr != NULL;
	}
	return ok;
}

/* A copy without text, which messages call `name`. */
static struct config *
copy(const struct config *c, const char *name, char *err)
{
	struct config *n = config_new(name, "", 0);

	if (n != NULL) {
		char *file = n->file, *text = n->text;

		*n = *c;
		n->file = file;
		n->text = text;
		n->text_len = 0;
		n->given_engine = 0;
		for (unsigned i = 0; i < n->nb_listeners; i++)
			n->listener[i].given = 0;
		if (own_texts(n))
			return n;
		config_free(n);
	}
	snprintf(err, CONFIG_ERROR_MAX, "%s: no memory", name);
	return NULL;
}

/* Hands out what was made when it is good. */
static int
finish(struct config *n, int rc, struct config **out, char *err)
{
	if (rc == 0)
		rc = config_check(n, err);
	if (rc != 0) {
		config_free(n);
		return -1;
	}
	*out = n;
	return 0;
}

void
config_print_endpoint(const struct config_listener *l, char out[CONFIG_ENDPOINT_MAX])
{
	const struct tg_addr *a = &l->how.local.addr;
	char text[INET6_ADDRSTRLEN] = "";
	bool v4 = tg_addr_is_v4(a);

	inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? a->b + 12 : a->b, text, sizeof(text));
	snprintf(out, CONFIG_ENDPOINT_MAX, v4 ? "%s:%u" : "[%s]:%u", text, l->how.local.port);
}

int
config_find_listener(const struct config *c, const char *endpoint)
{
	const char *colon = strrchr(endpoint, ':');
	char text[INET6_ADDRSTRLEN + 2], msg[VALUE_MESSAGE_MAX];
	struct tg_addr addr;
	uint64_t port;
	size_t n;

	if (colon == NULL || (size_t)(colon - endpoint) >= sizeof(text) ||
		value_uint(colon + 1, 1, 65535, &port, msg) != 0)
		return -1;
	n = (size_t)(colon - endpoint);
	memcpy(text, endpoint, n);
	text[n] = '\0';
	/* Brackets are IPv6's, and IPv6's alone: a colon more would be an address too. */
	if (n > 2 && text[0] == '[' && text[n - 1] == ']') {
		text[n - 1] = '\0';
		if (value_addr(text + 1, &addr) != 0 || tg_addr_is_v4(&addr))
			return -1;
	} else if (value_addr(text, &addr) != 0 || !tg_addr_is_v4(&addr)) {
		return -1;
	}
	for (unsigned i = 0; i < c->nb_listeners; i++)
		if (c->listener[i].how.local.port == port &&
			memcmp(&c->listener[i].how.local.addr, &addr, sizeof(addr)) == 0)
			return (int)i;
	return -1;
}

/* Index of a name in a group, or -1. */
static int
key_index(enum key_group_index g, const char *name)
{
	for (unsigned i = 0; i < key_groups[g].nb_keys; i++)
		if (strcmp(key_groups[g].keys[i].name, name) == 0)
			return (int)i;
	return -1;
}

static int
unknown(const struct config *c, enum key_group_index g, const char *path, char *err)
{
	const char *dot = strrchr(path, '.'), *name = dot != NULL ? dot + 1 : path;
	char known[1024] = "";
	size_t n = 0;

	for (const char *const *list = key_groups[g].nested; *list != NULL; list++)
		if (strcmp(*list, name) == 0)
			return config_error(
				c, err, path, "is no single value; change it in the file");
	for (unsigned i = 0; i < key_groups[g].nb_keys && n < sizeof(known); i++)
		n += (size_t)snprintf(known + n, sizeof(known) - n, "%s%s", i == 0 ? "" : ", ",
			key_groups[g].keys[i].name);
	return config_error(c, err, path, "unknown key; known here: %s", known);
}

/* Reads a value into its place. */
static int
put(struct config *n, enum key_group_index g, void *base, const char *path, const char *name,
	const char *value, uint64_t *given, char *err)
{
	char msg[VALUE_MESSAGE_MAX];
	int i = key_index(g, name);

	if (i < 0)
		return unknown(n, g, path, err);
	if (!key_is_live(g, (unsigned)i))
		return config_error(n, err, path, "cannot change without a restart");
	if (value_read(&key_groups[g].keys[i], value, base, msg) != 0)
		return config_error(n, err, path, "%s", msg);
	*given |= UINT64_C(1) << i;
	return 0;
}

static int
set_listener(struct config *n, unsigned i, const char *name, const char *value, char *err)
{
	struct config_listener *l = &n->listener[i];
	char path[KEY_TEXT_MAX + 32];

	snprintf(path, sizeof(path), "listeners[%u].%s", i, name);
	if (put(n, GROUP_LISTENER, l, path, name, value, &l->given, err) != 0)
		return -1;
	return config_place_listener(n, i, err);
}

/* "listeners[3].backlog": what follows the dot, or NULL when it begins otherwise. */
static const char *
listener_by_index(const char *key, unsigned *i)
{
	int end = 0;

	if (sscanf(key, "listeners[%9u].%n", i, &end) != 1 || end == 0 || key[10] < '0' ||
		key[10] > '9')
		return NULL;
	return key + end;
}

/* A key of a section: "drain", "engine.rst_rate". */
static int
set_single(struct config *n, const char *key, const char *value, char *err)
{
	const char *dot = strchr(key, '.');
	const char *name = dot != NULL ? dot + 1 : key;
	size_t len = dot != NULL ? (size_t)(dot - key) : 0;

	if (strncmp(key, "ports[", 6) == 0)
		return config_error(n, err, key, "cannot change without a restart");
	for (const struct key_section *s = key_sections; s->group != GROUP_COUNT; s++) {
		const char *path = key_groups[s->group].path;
		uint64_t ignored = 0;

		if (strlen(path) != len || strncmp(path, key, len) != 0)
			continue;
		return put(n, s->group, (char *)n + s->base, key, name, value,
			s->group == GROUP_ENGINE ? &n->given_engine : &ignored, err);
	}
	return config_error(n, err, key,
		"no such section; use a key as in the file: engine.syncookies, log.level, "
		"listeners[0].backlog, or ADDRESS:PORT backlog");
}

static int
set_key(struct config *n, char *key, const char *value, char *err)
{
	char *space = strchr(key, ' ');
	const char *name;
	unsigned i;
	int at;

	if (space != NULL) {
		*space = '\0';
		at = config_find_listener(n, key);
		if (at < 0)
			return config_error(n, err, key,
				"there is no such listener; use ADDRESS:PORT as "
				"/tidegate/listeners shows it");
		return set_listener(n, (unsigned)at, space + 1, value, err);
	}
	name = listener_by_index(key, &i);
	if (name == NULL)
		return set_single(n, key, value, err);
	if (i >= n->nb_listeners)
		return config_error(
			n, err, key, "there are %u listeners, counted from 0", n->nb_listeners);
	return set_listener(n, i, name, value, err);
}

int
config_set(const struct config *c, const char *assignment, struct config **out, char *err)
{
	const char *equals = strchr(assignment, '=');
	char key[KEY_TEXT_MAX];
	struct config *n;
	int rc;

	*out = NULL;
	if (equals == NULL || equals == assignment ||
		(size_t)(equals - assignment) >= sizeof(key)) {
		snprintf(err, CONFIG_ERROR_MAX,
			"set: no assignment; use KEY=VALUE, such as engine.syncookies=2");
		return -1;
	}
	memcpy(key, assignment, (size_t)(equals - assignment));
	key[equals - assignment] = '\0';
	n = copy(c, "set", err);
	if (n == NULL)
		return -1;
	rc = set_key(n, key, equals + 1, err);
	if (rc == 0)
		rc = config_place_fastopen_key(n, err);
	return finish(n, rc, out, err);
}

/* The one listener of a text, at place 0 of an otherwise empty configuration. */
static int
parse_listener(struct config *one, char *err)
{
	const char *problem;
	struct raw *raw = NULL;
	int rc = 0;

	if (locate_syntax_error(one->text, one->text_len, &problem) != 0) {
		snprintf(err, CONFIG_ERROR_MAX, "listen_add: not valid YAML: %s", problem);
		return -1;
	}
	if (raw_load(one, &raw, err) != 0)
		return -1;
	if (raw->nb_listeners != 1 || raw->nb_ports != 0)
		rc = config_error(one, err, "",
			"one listener, please: {address: 192.0.2.1, port: 81, service: echo}");
	else
		rc = config_read_listener(one, 0, &raw->listeners[0], err);
	raw_free(raw);
	return rc;
}

int
config_add_listener(const struct config *c, const char *yaml, struct config **out, char *err)
{
	struct config *n = copy(c, "listen_add", err), *one = NULL;
	char text[YAML_MAX + 32];
	int rc = -1, len = snprintf(text, sizeof(text), "listeners: [%s]\n", yaml);

	*out = NULL;
	if (n == NULL)
		goto out;
	if (len < 0 || (size_t)len >= sizeof(text) || strchr(yaml, '\n') != NULL) {
		snprintf(err, CONFIG_ERROR_MAX, "listen_add: use one line of at most %d bytes",
			YAML_MAX);
	} else if ((one = config_new("listen_add", text, (size_t)len)) == NULL) {
		snprintf(err, CONFIG_ERROR_MAX, "listen_add: no memory");
	} else {
		rc = parse_listener(one, err);
	}
	if (rc == 0 && n->nb_listeners == CONFIG_LISTENERS)
		rc = config_error(
			n, err, "listeners", "there are %d, no more is possible", CONFIG_LISTENERS);
	if (rc == 0) {
		n->listener[n->nb_listeners++] = one->listener[0];
		one->nb_listeners = 0;
	}
	rc = finish(n, rc, out, err);
out:
	config_free(one);
	return rc;
}

int
config_remove_listener(const struct config *c, const char *endpoint, struct config **out, char *err)
{
	struct config *n = copy(c, "listen_del", err);
	int at, rc = 0;

	*out = NULL;
	if (n == NULL)
		return -1;
	at = config_find_listener(n, endpoint);
	if (at < 0) {
		rc = config_error(n, err, "",
			"there is no such listener; use ADDRESS:PORT as /tidegate/listeners shows "
			"it");
	} else if (n->nb_listeners == 1) {
		rc = config_error(
			n, err, "", "it is the last listener; /tidegate/drain stops the daemon");
	} else {
		free(n->listener[at].address);
		memmove(&n->listener[at], &n->listener[at + 1],
			(--n->nb_listeners - (unsigned)at) * sizeof(n->listener[0]));
	}
	return finish(n, rc, out, err);
}
