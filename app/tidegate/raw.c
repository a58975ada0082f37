/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cyaml/cyaml.h>

#include "raw.h"
#include "secret_pages.h"

/* Longest single value; the schema's own limits are tighter. */
#define VALUE_MAX 4096
/* Deepest nesting of our keys, with room to spare. */
#define PATH_PARTS 8

/* The schema in libcyaml's form. Its texts are those of key_groups. */
struct shape {
	cyaml_schema_field_t top[GROUP_KEYS_MAX + 8];
	cyaml_schema_field_t engine[GROUP_KEYS_MAX + 1];
	cyaml_schema_field_t http[GROUP_KEYS_MAX + 1];
	cyaml_schema_field_t log[GROUP_KEYS_MAX + 1];
	cyaml_schema_field_t metrics[GROUP_KEYS_MAX + 1];
	cyaml_schema_field_t exception[GROUP_KEYS_MAX + 2];
	cyaml_schema_field_t capture[GROUP_KEYS_MAX + 1];
	cyaml_schema_field_t process[GROUP_KEYS_MAX + 1];
	cyaml_schema_field_t port[GROUP_KEYS_MAX + 2];
	cyaml_schema_field_t listener[GROUP_KEYS_MAX + 1];
	cyaml_schema_value_t text_entry, port_entry, listener_entry, root;
};

/* What libcyaml said while it failed. */
struct complaint {
	char what[256];            /* its first line */
	char part[PATH_PARTS][96]; /* where, innermost first: ".key" or "[n]" */
	unsigned parts;
};

static unsigned
add_keys(cyaml_schema_field_t *f, enum key_group_index g)
{
	unsigned i;

	for (i = 0; i < key_groups[g].nb_keys; i++)
		f[i] = (cyaml_schema_field_t){
			.key = key_groups[g].keys[i].name,
			.data_offset = (uint32_t)(i * sizeof(char *)),
			.value = {.type = CYAML_STRING,
				.flags = CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
				.data_size = sizeof(char),
				.string = {.min = 0, .max = VALUE_MAX}},
		};
	return i;
}

static cyaml_schema_field_t
list_field(const char *key, size_t offset, size_t count_offset, const cyaml_schema_value_t *entry,
	size_t entry_size, uint32_t max)
{
	return (cyaml_schema_field_t){
		.key = key,
		.data_offset = (uint32_t)offset,
		.count_offset = (uint32_t)count_offset,
		.count_size = sizeof(uint32_t),
		.value = {.type = CYAML_SEQUENCE,
			.flags = CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
			.data_size = (uint32_t)entry_size,
			.sequence = {.entry = entry, .min = 0, .max = max}},
	};
}

static cyaml_schema_field_t
group_field(const char *key, size_t offset, const cyaml_schema_field_t *fields)
{
	return (cyaml_schema_field_t){
		.key = key,
		.data_offset = (uint32_t)offset,
		.value = {.type = CYAML_MAPPING,
			.flags = CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
			.data_size = sizeof(struct raw_group),
			.mapping = {.fields = fields}},
	};
}

static cyaml_schema_value_t
entry_of(const cyaml_schema_field_t *fields, size_t size)
{
	return (cyaml_schema_value_t){.type = CYAML_MAPPING,
		.flags = CYAML_FLAG_DEFAULT,
		.data_size = (uint32_t)size,
		.mapping = {.fields = fields}};
}

/* Makes the shape; s must stay where it is. */
static void
make_shape(struct shape *s)
{
	cyaml_schema_field_t *f;

	memset(s, 0, sizeof(*s));
	s->text_entry = (cyaml_schema_value_t){.type = CYAML_STRING,
		.flags = CYAML_FLAG_POINTER,
		.data_size = sizeof(char),
		.string = {.min = 0, .max = VALUE_MAX}};
	add_keys(s->engine, GROUP_ENGINE);
	add_keys(s->http, GROUP_HTTP);
	add_keys(s->log, GROUP_LOG);
	add_keys(s->metrics, GROUP_METRICS);
	add_keys(s->process, GROUP_PROCESS);
	add_keys(s->listener, GROUP_LISTENER);
	add_keys(s->capture, GROUP_CAPTURE);
	f = s->exception + add_keys(s->exception, GROUP_EXCEPTION);
	*f = list_field("kernel_ports", offsetof(struct raw_exception, kernel_ports),
		offsetof(struct raw_exception, nb_kernel_ports), &s->text_entry, sizeof(char *),
		TG_PASS_PORTS_MAX);
	f = s->port + add_keys(s->port, GROUP_PORT);
	*f = list_field("addresses", offsetof(struct raw_port, addresses),
		offsetof(struct raw_port, nb_addresses), &s->text_entry, sizeof(char *),
		CONFIG_ADDRS);
	s->port_entry = entry_of(s->port, sizeof(struct raw_port));
	s->listener_entry = entry_of(s->listener, sizeof(struct raw_group));

	f = s->top + add_keys(s->top, GROUP_TOP);
	*f++ = list_field("cpus", offsetof(struct raw, cpus), offsetof(struct raw, nb_cpus),
		&s->text_entry, sizeof(char *), CONFIG_SHARDS);
	*f++ = list_field("eal", offsetof(struct raw, eal), offsetof(struct raw, nb_eal),
		&s->text_entry, sizeof(char *), CONFIG_EAL_ARGS);
	*f++ = group_field("engine", offsetof(struct raw, engine), s->engine);
	*f++ = group_field("http", offsetof(struct raw, http), s->http);
	*f++ = group_field("log", offsetof(struct raw, log), s->log);
	*f++ = group_field("metrics", offsetof(struct raw, metrics), s->metrics);
	*f = group_field("exception", offsetof(struct raw, exception), s->exception);
	f++->value.data_size = sizeof(struct raw_exception);
	*f++ = group_field("capture", offsetof(struct raw, capture), s->capture);
	*f++ = group_field("process", offsetof(struct raw, process), s->process);
	*f++ = list_field("ports", offsetof(struct raw, ports), offsetof(struct raw, nb_ports),
		&s->port_entry, sizeof(struct raw_port), CONFIG_PORTS);
	*f++ = list_field("listeners", offsetof(struct raw, listeners),
		offsetof(struct raw, nb_listeners), &s->listener_entry, sizeof(struct raw_group),
		CONFIG_LISTENERS);
	s->root = entry_of(s->top, sizeof(struct raw));
	s->root.flags = CYAML_FLAG_POINTER;
}

/* Takes one line of libcyaml's: what first, then a way back from the inside out. */
static void
listen_in(cyaml_log_t level, void *ctx, const char *fmt, va_list args)
{
	struct complaint *c = ctx;
	char line[256], name[64];
	unsigned n;

	if (level < CYAML_LOG_ERROR)
		return;
	vsnprintf(line, sizeof(line), fmt, args);
	line[strcspn(line, "\n")] = '\0';
	if (strncmp(line, "Load: ", 6) == 0) {
		if (c->what[0] != '\0' || strcmp(line, "Load: Backtrace:") == 0)
			return;
		snprintf(c->what, sizeof(c->what), "%s", line);
	} else if (c->parts == PATH_PARTS) {
		return;
	} else if (sscanf(line, " in mapping field '%63[^']'", name) == 1) {
		snprintf(c->part[c->parts++], sizeof(c->part[0]), ".%s", name);
	} else if (sscanf(line, " in sequence entry '%u'", &n) == 1) {
		/* libcyaml counts entries it is inside of from 1. */
		snprintf(c->part[c->parts++], sizeof(c->part[0]), "[%u]", n == 0 ? 0 : n - 1);
	}
}

static void
print_path(const struct complaint *c, unsigned from, char *path, size_t size)
{
	path[0] = '\0';
	for (unsigned i = c->parts; i > from; i--) {
		const char *p = c->part[i - 1];
		size_t n = strlen(path);

		snprintf(path + n, size - n, "%s", n == 0 && *p == '.' ? p + 1 : p);
	}
}

/* The group a path leads to: its indices do not matter. */
static const struct key_group *
group_of(const char *path)
{
	char bare[256];
	size_t n = 0;

	for (; *path != '\0' && n < sizeof(bare) - 1; path++)
		if (*path < '0' || *path > '9')
			bare[n++] = *path;
	bare[n] = '\0';
	for (const struct key_group *g = key_groups; g->path != NULL; g++)
		if (strcmp(g->path, bare) == 0)
			return g;
	return NULL;
}

static void
print_known(const struct key_group *g, char *out, size_t size)
{
	size_t n = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < g->nb_keys && n < size; i++)
		n += (size_t)snprintf(
			out + n, size - n, "%s%s", n == 0 ? "" : ", ", g->keys[i].name);
	for (unsigned i = 0; g->nested[i] != NULL && n < size; i++)
		n += (size_t)snprintf(out + n, size - n, "%s%s", n == 0 ? "" : ", ", g->nested[i]);
}

static int
unknown_key(const struct config *conf, const struct complaint *c, const char *key, char *err)
{
	char group[256], path[384], known[1024];
	const struct key_group *g;

	print_path(c, 0, group, sizeof(group));
	snprintf(path, sizeof(path), "%s%s%.100s", group, group[0] == '\0' ? "" : ".", key);
	g = group_of(group);
	print_known(g != NULL ? g : &key_groups[GROUP_TOP], known, sizeof(known));
	return config_error(conf, err, path, "unknown key; known here: %s", known);
}

/* What stands where another kind of value should. */
static const char *
event_name(const char *what)
{
	if (strstr(what, "event: SEQUENCE_START") != NULL)
		return "a list";
	if (strstr(what, "event: MAPPING_START") != NULL)
		return "a mapping";
	if (strstr(what, "event: ALIAS") != NULL)
		return "an alias";
	return "a single value";
}

static int
wrong_shape(const struct config *conf, const char *path, const char *what, char *err)
{
	const char *want = "a single value";

	if (strstr(what, "Expecting SEQUENCE") != NULL)
		want = "a list";
	else if (strstr(what, "Expecting MAPPING") != NULL)
		want = "a mapping (lines of \"key: value\")";
	return config_error(conf, err, path, "%s stands here; use %s", event_name(what), want);
}

/* One line out of libcyaml's many. */
static int
translate(const struct config *conf, const struct complaint *c, cyaml_err_t e, char *err)
{
	const char *what = c->what;
	char path[256], key[128];
	unsigned max;

	if (strncmp(what, "Load: ", 6) == 0)
		what += 6;
	if (sscanf(what, "Unexpected key: %127[^\n]", key) == 1)
		return unknown_key(conf, c, key, err);
	print_path(c, 0, path, sizeof(path));
	if (strncmp(what, "Mapping field already seen", 26) == 0)
		return config_error(conf, err, path, "key given twice; use it once");
	if (sscanf(what, "Excessive entries (%u max)", &max) == 1) {
		print_path(c, 1, path, sizeof(path));
		return config_error(conf, err, path, "too many entries; use at most %u", max);
	}
	if (strncmp(what, "Expecting ", 10) == 0)
		return wrong_shape(conf, path, what, err);
	if (e == CYAML_ERR_ALIAS)
		return config_error(conf, err, path, "an alias stands here; write the value out");
	return config_error(conf, err, path, "%s", what[0] != '\0' ? what : cyaml_strerror(e));
}

int
raw_load(const struct config *c, struct raw **out, char *err)
{
	struct complaint complaint = {0};
	struct shape shape;
	cyaml_config_t conf = {
		.log_fn = listen_in,
		.log_ctx = &complaint,
		.mem_fn = secret_realloc,
		.log_level = CYAML_LOG_ERROR,
		.flags = CYAML_CFG_NO_ALIAS,
	};
	cyaml_err_t e;

	*out = NULL;
	make_shape(&shape);
	e = cyaml_load_data((const uint8_t *)c->text, c->text_len, &conf, &shape.root,
		(cyaml_data_t **)out, NULL);
	if (e != CYAML_OK)
		return translate(c, &complaint, e, err);
	if (*out == NULL)
		return config_error(c, err, "", "is empty; ports and listeners must be there");
	return 0;
}

void
raw_free(struct raw *raw)
{
	static const cyaml_config_t conf = {.mem_fn = secret_realloc};
	struct shape shape;

	make_shape(&shape);
	cyaml_free(&conf, &shape.root, raw, 0);
}
