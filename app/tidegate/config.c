/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "fastopen_key.h"
#include "locate.h"
#include "raw.h"
#include "secret_pages.h"
#include "value.h"

int
config_error(const struct config *c, char *err, const char *path, const char *fmt, ...)
{
	size_t line = locate_path(c->text, c->text_len, path, strstr(fmt, "twice") != NULL);
	int n;
	va_list ap;

	if (line != 0)
		n = snprintf(err, CONFIG_ERROR_MAX, "%s:%zu: ", c->file, line);
	else
		n = snprintf(err, CONFIG_ERROR_MAX, "%s: ", c->file);
	if (n < CONFIG_ERROR_MAX && *path != '\0')
		n += snprintf(err + n, (size_t)(CONFIG_ERROR_MAX - n), "%s: ", path);
	if (n < CONFIG_ERROR_MAX) {
		va_start(ap, fmt);
		vsnprintf(err + n, (size_t)(CONFIG_ERROR_MAX - n), fmt, ap);
		va_end(ap);
	}
	return -1;
}

/* "engine" and "synack_rto" -> "engine.synack_rto" */
static void
join(char *out, size_t size, const char *group, const char *key)
{
	snprintf(out, size, "%s%s%s", group, *group == '\0' ? "" : ".", key);
}

/* Reads the single values of one mapping into the struct that holds them; notes which there are. */
static int
read_group(const struct config *c, enum key_group_index g, const char *path,
	const struct raw_group *raw, void *base, uint64_t *given, char *err)
{
	const struct key_group *group = &key_groups[g];
	char where[160], msg[VALUE_MESSAGE_MAX];

	for (unsigned i = 0; i < group->nb_keys; i++) {
		const struct key *k = &group->keys[i];
		const char *text = raw != NULL ? raw->v[i] : NULL;

		join(where, sizeof(where), path, k->name);
		if (text == NULL && k->required)
			return config_error(c, err, where, "is missing");
		if (text == NULL)
			continue;
		if (value_read(k, text, base, msg) != 0)
			return config_error(c, err, where, "%s", msg);
		*given |= UINT64_C(1) << i;
	}
	return 0;
}

static int
read_cpus(struct config *c, const struct raw *raw, char *err)
{
	char where[32], msg[VALUE_MESSAGE_MAX];
	uint64_t v;

	for (uint32_t i = 0; i < raw->nb_cpus; i++) {
		snprintf(where, sizeof(where), "cpus[%u]", i);
		if (value_uint(raw->cpus[i], 0, 1023, &v, msg) != 0)
			return config_error(c, err, where, "%s", msg);
		c->cpu[c->nb_cpus++] = (uint32_t)v;
	}
	return 0;
}

static int
read_eal(struct config *c, const struct raw *raw, char *err)
{
	for (uint32_t i = 0; i < raw->nb_eal; i++) {
		c->eal[c->nb_eal] = strdup(raw->eal[i]);
		if (c->eal[c->nb_eal] == NULL)
			return config_error(c, err, "eal", "no memory");
		c->nb_eal++;
	}
	return 0;
}

static int
read_exception(struct config *c, const struct raw_exception *raw, char *err)
{
	char where[64], msg[VALUE_MESSAGE_MAX];
	uint64_t v;

	if (raw == NULL)
		return 0;
	if (read_group(c, GROUP_EXCEPTION, "exception", &raw->keys, c, &c->given_exception, err) !=
		0)
		return -1;
	for (uint32_t i = 0; i < raw->nb_kernel_ports; i++) {
		snprintf(where, sizeof(where), "exception.kernel_ports[%u]", i);
		if (value_uint(raw->kernel_ports[i], 1, 65535, &v, msg) != 0)
			return config_error(c, err, where, "%s", msg);
		c->engine.pass_port[c->engine.pass_ports++] = (uint16_t)v;
	}
	return 0;
}

static int
read_port(struct config *c, uint32_t i, const struct raw_port *raw, char *err)
{
	struct config_port *p = &c->port[i];
	char path[32], where[64];
	uint64_t given = 0;

	snprintf(path, sizeof(path), "ports[%u]", i);
	c->nb_ports = i + 1;
	if (read_group(c, GROUP_PORT, path, &raw->keys, p, &given, err) != 0)
		return -1;
	join(where, sizeof(where), path, "addresses");
	if (raw->nb_addresses == 0)
		return config_error(c, err, where, "is missing; name at least one address");
	p->addr = calloc(raw->nb_addresses, sizeof(*p->addr));
	if (p->addr == NULL)
		return config_error(c, err, where, "no memory");
	for (uint32_t k = 0; k < raw->nb_addresses; k++) {
		struct config_addr *a = &p->addr[k];

		snprintf(where, sizeof(where), "%s.addresses[%u]", path, k);
		if (value_prefix(raw->addresses[k], &a->addr, &a->prefix_len) != 0)
			return config_error(c, err, where,
				"\"%.60s\" is no address with prefix length; use one such as "
				"192.0.2.1/24 or 2001:db8::1/64",
				raw->addresses[k]);
		p->nb_addrs = k + 1;
	}
	return 0;
}

int
config_place_listener(struct config *c, uint32_t i, char *err)
{
	struct config_listener *l = &c->listener[i];
	char where[64];

	l->how.local.port = (uint16_t)l->port;
	snprintf(where, sizeof(where), "listeners[%u].address", i);
	if (value_addr(l->address, &l->how.local.addr) != 0)
		return config_error(c, err, where,
			"\"%s\" is no address; use one such as 0.0.0.0, ::, 192.0.2.1 or "
			"2001:db8::1",
			l->address);
	return 0;
}

int
config_read_listener(struct config *c, uint32_t i, const struct raw_group *raw, char *err)
{
	struct config_listener *l = &c->listener[i];
	char path[32];

	tg_listener_config_init(&l->how);
	l->how.fastopen_qlen = CONFIG_FASTOPEN_QLEN;
	snprintf(path, sizeof(path), "listeners[%u]", i);
	c->nb_listeners = i + 1;
	if (read_group(c, GROUP_LISTENER, path, raw, l, &l->given, err) != 0)
		return -1;
	return config_place_listener(c, i, err);
}

/* The section is what switches it on, empty or not. */
static int
read_metrics(struct config *c, const struct raw_group *raw, char *err)
{
	struct config_metrics *m = &c->metrics;
	uint64_t given = 0;

	m->on = raw != NULL;
	if (read_group(c, GROUP_METRICS, "metrics", raw, m, &given, err) != 0)
		return -1;
	if (value_addr(m->address != NULL ? m->address : "127.0.0.1", &m->addr) != 0)
		return config_error(c, err, "metrics.address",
			"\"%s\" is no address; use one of this host's, such as 127.0.0.1 or ::1",
			m->address);
	return 0;
}

int
config_place_fastopen_key(struct config *c, char *err)
{
	int n;

	/* Empty: it was placed before. */
	if (c->fastopen_key == NULL || *c->fastopen_key == '\0')
		return 0;
	n = fastopen_key_read(c->fastopen_key, c->engine.fastopen_key);
	explicit_bzero(c->fastopen_key, strlen(c->fastopen_key));
	if (n < 0)
		/* The message does not repeat what may be most of a secret. */
		return config_error(c, err, "engine.fastopen_key", FASTOPEN_KEY_WRONG);
	c->engine.fastopen_keys = (uint8_t)n;
	return 0;
}

static int
read_all(struct config *c, const struct raw *raw, char *err)
{
	uint64_t ignored = 0;

	if (read_group(c, GROUP_TOP, "", &raw->keys, c, &c->given, err) != 0 ||
		read_group(c, GROUP_ENGINE, "engine", raw->engine, c, &c->given_engine, err) != 0 ||
		read_group(c, GROUP_HTTP, "http", raw->http, &c->http, &ignored, err) != 0 ||
		read_group(c, GROUP_LOG, "log", raw->log, &c->log, &ignored, err) != 0 ||
		read_metrics(c, raw->metrics, err) != 0 ||
		read_exception(c, raw->exception, err) != 0 ||
		read_group(c, GROUP_CAPTURE, "capture", raw->capture, c, &ignored, err) != 0 ||
		read_group(c, GROUP_PROCESS, "process", raw->process, &c->process,
			&c->given_process, err) != 0 ||
		config_place_fastopen_key(c, err) != 0 || read_cpus(c, raw, err) != 0 ||
		read_eal(c, raw, err) != 0)
		return -1;
	for (uint32_t i = 0; i < raw->nb_ports; i++)
		if (read_port(c, i, &raw->ports[i], err) != 0)
			return -1;
	for (uint32_t i = 0; i < raw->nb_listeners; i++)
		if (config_read_listener(c, i, &raw->listeners[i], err) != 0)
			return -1;
	return 0;
}

static int
parse(struct config *c, char *err)
{
	struct raw *raw = NULL;
	const char *problem;
	size_t line = locate_syntax_error(c->text, c->text_len, &problem);
	int rc;

	if (line != 0) {
		snprintf(err, CONFIG_ERROR_MAX, "%s:%zu: not valid YAML: %s", c->file, line,
			problem);
		return -1;
	}
	if (raw_load(c, &raw, err) != 0)
		return -1;
	rc = read_all(c, raw, err);
	raw_free(raw);
	return rc == 0 ? config_check(c, err) : rc;
}

/* Defaults of what is not the engine's; config/tidegate.yaml tells the same. */
static void
set_defaults(struct config *c)
{
	c->shards = 1;
	c->drain_ms = 5000;
	c->descriptors = 1024;
	c->fragments_max = 256;
	c->fragments_timeout_ms = 5000;
	c->process.dontdump = true;
	c->log.level = LOG_LEVEL_INFO;
	c->metrics.port = 9464;
	c->exception.rate = 10000;
	c->exception.burst = 64;
	tg_engine_config_init(&c->engine);
}

struct config *
config_new(const char *file, const char *text, size_t len)
{
	struct config *c = secret_pages_get(sizeof(*c));

	if (c == NULL)
		return NULL;
	c->file = strdup(file);
	c->text = secret_pages_get(len + 1);
	c->text_len = len;
	if (c->file == NULL || c->text == NULL) {
		config_free(c);
		return NULL;
	}
	memcpy(c->text, text, len);
	return c;
}

int
config_parse(const char *file, const char *text, size_t len, struct config **out, char *err)
{
	struct config *c = config_new(file, text, len);

	*out = NULL;
	if (c == NULL) {
		snprintf(err, CONFIG_ERROR_MAX, "%s: no memory", file);
		return -1;
	}
	set_defaults(c);
	if (parse(c, err) != 0) {
		config_free(c);
		return -1;
	}
	*out = c;
	return 0;
}

int
config_load(const char *file, struct config **out, char *err)
{
	char *text = secret_pages_get(CONFIG_FILE_MAX + 1);
	FILE *f = fopen(file, "rb");
	size_t n = 0;
	int rc = -1;

	*out = NULL;
	if (f == NULL || text == NULL) {
		snprintf(err, CONFIG_ERROR_MAX, "%s: cannot be read: %s", file,
			f == NULL ? strerror(errno) : "no memory");
	} else {
		errno = 0;
		/* No copy of a key in a buffer that nobody wipes. */
		setvbuf(f, NULL, _IONBF, 0);
		n = fread(text, 1, CONFIG_FILE_MAX + 1, f);
		if (ferror(f))
			snprintf(err, CONFIG_ERROR_MAX, "%s: cannot be read: %s", file,
				strerror(errno));
		else if (n > CONFIG_FILE_MAX)
			snprintf(err, CONFIG_ERROR_MAX, "%s: is larger than 1 MiB", file);
		else
			rc = config_parse(file, text, n, out, err);
	}
	if (f != NULL)
		fclose(f);
	secret_pages_put(text, CONFIG_FILE_MAX + 1);
	return rc;
}

/* Texts of single values, whatever section they are in. */
static void
free_texts(struct config *c)
{
	for (const struct key_section *s = key_sections; s->group != GROUP_COUNT; s++)
		for (unsigned i = 0; i < key_groups[s->group].nb_keys; i++)
			if (key_groups[s->group].keys[i].kind == KEY_TEXT)
				free(*key_text(s, i, c));
}

void
config_free(struct config *c)
{
	if (c == NULL)
		return;
	for (unsigned i = 0; i < c->nb_eal; i++)
		free(c->eal[i]);
	for (unsigned i = 0; i < c->nb_ports; i++) {
		free(c->port[i].device);
		free(c->port[i].addr);
	}
	for (unsigned i = 0; i < c->nb_listeners; i++)
		free(c->listener[i].address);
	free_texts(c);
	/* A Fast Open key may stand in the text, and stands in the engine's settings. */
	secret_pages_put(c->text, c->text_len + 1);
	free(c->file);
	secret_pages_put(c, sizeof(*c));
}
