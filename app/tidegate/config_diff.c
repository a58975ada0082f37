/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config_diff.h"
#include "locate.h"
#include "schema.h"

/* A comparison under way. */
struct look {
	const struct config *old, *new;
	struct config_diff *d;
	char *err;
	unsigned refused; /* keys that cannot change and do */
};

static void add(char *line, const char *sep, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Appends to a line, behind sep when something stands there; what does not fit is cut. */
static void
add(char *line, const char *sep, const char *fmt, ...)
{
	size_t n = strlen(line);
	va_list ap;

	if (n != 0)
		n += (size_t)snprintf(line + n, CONFIG_ERROR_MAX - n, "%s", sep);
	if (n >= CONFIG_ERROR_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(line + n, CONFIG_ERROR_MAX - n, fmt, ap);
	va_end(ap);
}

/* Takes down a key that would need a restart: the first one in the form of every error. */
static void
refuse(struct look *l, const char *path)
{
	size_t line = locate_path(l->new->text, l->new->text_len, path, 0);

	if (l->refused++ == 0)
		config_error(l->new, l->err, path, "cannot change without a restart");
	else if (line != 0)
		add(l->err, l->refused == 2 ? "; nor can " : ", ", "%s (line %zu)", path, line);
	else
		add(l->err, l->refused == 2 ? "; nor can " : ", ", "%s", path);
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
same_value(const struct key *k, const void *a, const void *b)
{
	const char *pa = (const char *)a + k->offset, *pb = (const char *)b + k->offset;

	if (k->kind == KEY_TEXT)
		return same_text(
			*(char *const *)(const void *)pa, *(char *const *)(const void *)pb);
	return memcmp(pa, pb, k->size) == 0;
}

static bool
same_keys(const struct config *a, const struct config *b)
{
	return a->engine.fastopen_keys == b->engine.fastopen_keys &&
		memcmp(a->engine.fastopen_key, b->engine.fastopen_key,
			sizeof(a->engine.fastopen_key)) == 0;
}

/* Notes a live key of a section. */
static void
note(struct look *l, enum key_group_index g, const struct key *k, const char *path)
{
	struct config_diff *d = l->d;

	add(d->what, ", ", "%s", path);
	if (g == GROUP_TOP)
		d->top = true;
	else if (g == GROUP_HTTP)
		d->http = true;
	else if (g == GROUP_LOG)
		d->log = true;
	else if (k->kind == KEY_TEXT)
		d->secret = true; /* texts of the engine are names of secrets, or one */
	else
		d->engine = true;
}

static bool
same_in_section(const struct look *l, const struct key_section *s, unsigned i)
{
	const struct key *k = &key_groups[s->group].keys[i];

	/* Its text is wiped once it is read. */
	if (s->group == GROUP_ENGINE && strcmp(k->name, "fastopen_key") == 0)
		return same_keys(l->old, l->new);
	/* 0 is a value of its own beside "derived". */
	if (s->group == GROUP_TOP && strcmp(k->name, "mbufs_reserve") == 0 &&
		((l->old->given ^ l->new->given) & (UINT64_C(1) << i)) != 0)
		return false;
	return same_value(k, (const char *)l->old + s->base, (const char *)l->new + s->base);
}

static void
compare_section(struct look *l, const struct key_section *s)
{
	const struct key_group *g = &key_groups[s->group];
	char path[160];

	for (unsigned i = 0; i < g->nb_keys; i++) {
		if (same_in_section(l, s, i))
			continue;
		snprintf(path, sizeof(path), "%s%s%s", g->path, *g->path == '\0' ? "" : ".",
			g->keys[i].name);
		if (key_is_live(s->group, i))
			note(l, s->group, &g->keys[i], path);
		else
			refuse(l, path);
	}
}

static void
compare_lists(struct look *l)
{
	bool eal = l->old->nb_eal == l->new->nb_eal;

	if (l->old->nb_cpus != l->new->nb_cpus ||
		memcmp(l->old->cpu, l->new->cpu, l->new->nb_cpus * sizeof(l->new->cpu[0])) != 0)
		refuse(l, "cpus");
	for (unsigned i = 0; eal && i < l->new->nb_eal; i++)
		eal = strcmp(l->old->eal[i], l->new->eal[i]) == 0;
	if (!eal)
		refuse(l, "eal");
}

static bool
same_addrs(const struct config_port *a, const struct config_port *b)
{
	if (a->nb_addrs != b->nb_addrs)
		return false;
	for (unsigned i = 0; i < a->nb_addrs; i++)
		if (memcmp(&a->addr[i].addr, &b->addr[i].addr, sizeof(a->addr[i].addr)) != 0 ||
			a->addr[i].prefix_len != b->addr[i].prefix_len)
			return false;
	return true;
}

static void
compare_ports(struct look *l)
{
	const struct key_group *g = &key_groups[GROUP_PORT];
	char path[64];

	if (l->old->nb_ports != l->new->nb_ports) {
		refuse(l, "ports");
		return;
	}
	for (unsigned p = 0; p < l->new->nb_ports; p++) {
		const struct config_port *a = &l->old->port[p], *b = &l->new->port[p];

		for (unsigned i = 0; i < g->nb_keys; i++)
			if (!same_value(&g->keys[i], a, b)) {
				snprintf(path, sizeof(path), "ports[%u].%s", p, g->keys[i].name);
				refuse(l, path);
			}
		if (!same_addrs(a, b)) {
			snprintf(path, sizeof(path), "ports[%u].addresses", p);
			refuse(l, path);
		}
	}
}

bool
config_same_listener(const struct config_listener *a, const struct config_listener *b)
{
	return a->how.local.port == b->how.local.port && a->how.dual_stack == b->how.dual_stack &&
		memcmp(&a->how.local.addr, &b->how.local.addr, sizeof(a->how.local.addr)) == 0;
}

/* What is different about a listener that is in both. */
static void
compare_listener(struct look *l, unsigned old, unsigned new)
{
	const struct key_group *g = &key_groups[GROUP_LISTENER];
	const struct config_listener *a = &l->old->listener[old], *b = &l->new->listener[new];
	char name[CONFIG_ENDPOINT_MAX];
	bool differs = false;

	config_print_endpoint(b, name);
	for (unsigned i = 0; i < g->nb_keys; i++) {
		/* 0.0.0.0 and ::0 may be written in more than one way. */
		if (strcmp(g->keys[i].name, "address") == 0 || same_value(&g->keys[i], a, b))
			continue;
		add(l->d->what, ", ", "%s %s", name, g->keys[i].name);
		differs = true;
	}
	if (differs)
		l->d->changed[l->d->nb_changed++] =
			(struct config_pair){(uint16_t)old, (uint16_t) new};
}

static unsigned
find(const struct config *c, const struct config_listener *l)
{
	unsigned i = 0;

	while (i < c->nb_listeners && !config_same_listener(&c->listener[i], l))
		i++;
	return i;
}

static void
compare_listeners(struct look *l)
{
	char name[CONFIG_ENDPOINT_MAX];

	for (unsigned i = 0; i < l->new->nb_listeners; i++) {
		unsigned old = find(l->old, &l->new->listener[i]);

		if (old < l->old->nb_listeners) {
			compare_listener(l, old, i);
			continue;
		}
		config_print_endpoint(&l->new->listener[i], name);
		add(l->d->what, ", ", "added %s", name);
		l->d->added[l->d->nb_added++] = (uint16_t)i;
	}
	for (unsigned i = 0; i < l->old->nb_listeners; i++) {
		if (find(l->new, &l->old->listener[i]) < l->new->nb_listeners)
			continue;
		config_print_endpoint(&l->old->listener[i], name);
		add(l->d->what, ", ", "removed %s", name);
		l->d->gone[l->d->nb_gone++] = (uint16_t)i;
	}
}

int
config_diff(const struct config *old, const struct config *new, struct config_diff *d, char *err)
{
	struct look l = {.old = old, .new = new, .d = d, .err = err};

	memset(d, 0, sizeof(*d));
	for (const struct key_section *s = key_sections; s->group != GROUP_COUNT; s++)
		compare_section(&l, s);
	compare_lists(&l);
	compare_ports(&l);
	compare_listeners(&l);
	return l.refused == 0 ? 0 : -1;
}
