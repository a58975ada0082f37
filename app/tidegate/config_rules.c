/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A key that has no effect where it stands is a misunderstanding, and is told: whoever wrote it
 * expects it to do something. Only keys that stand in the file count, never defaults.
 */
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "schema.h"

/* A key that is only good beside another. */
struct needs {
	const char *key;
	const char *other; /* what the message asks for */
};

/* The first of the keys that stands in the file refuses it. */
static int
refuse(const struct config *c, enum key_group_index g, const char *path, uint64_t given,
	const struct needs rule[], char *err)
{
	char where[128];

	for (; rule->key != NULL; rule++) {
		if ((given & key_bit(g, rule->key)) == 0)
			continue;
		snprintf(where, sizeof(where), "%s%s%s", path, *path == '\0' ? "" : ".", rule->key);
		return config_error(c, err, where,
			"has no effect without %s; set that, or leave this out", rule->other);
	}
	return 0;
}

static int
check_top(const struct config *c, char *err)
{
	static const struct needs reassembly[] = {
		{"fragments_max", "fragments: reassemble"},
		{"fragments_timeout", "fragments: reassemble"},
		{NULL, NULL},
	};

	if (c->mbufs != 0 && c->mbufs_reserve > c->mbufs / 2)
		return config_error(c, err, "mbufs_reserve",
			"%u is more than half of mbufs, %u; use less, or more mbufs",
			c->mbufs_reserve, c->mbufs);
	if (!c->reassemble)
		return refuse(c, GROUP_TOP, "", c->given, reassembly, err);
	/*
	 * Fragments have no ports to be spread by, so they would be put together on another
	 * shard than the connection is on, and answered there with a RST.
	 */
	if (c->shards > 1)
		return config_error(c, err, "fragments",
			"reassemble works on one shard, and there are %u; use shards: 1, or drop",
			c->shards);
	return 0;
}

static int
check_engine(const struct config *c, char *err)
{
	static const struct needs adaptive[] = {
		{"syncookies_start", "syncookies: adaptive"},
		{"syncookies_stop", "syncookies: adaptive"},
		{NULL, NULL},
	};
	static const struct needs prefix_rate[] = {
		{"synack_prefix_burst", "synack_prefix_rate above 0"},
		{"synack_prefix_buckets", "synack_prefix_rate above 0"},
		{NULL, NULL},
	};
	static const struct needs proven[] = {
		{"proven_lifetime", "proven_peers above 0"},
		{NULL, NULL},
	};
	const struct tg_engine_config *e = &c->engine;

	if (e->syncookies != TG_SYNCOOKIES_ADAPTIVE &&
		refuse(c, GROUP_ENGINE, "engine", c->given_engine, adaptive, err) != 0)
		return -1;
	if (e->syncookies_stop > e->syncookies_start)
		/* The path is that of the key which stands in the file. */
		return config_error(c, err,
			(c->given_engine & key_bit(GROUP_ENGINE, "syncookies_stop")) != 0
				? "engine.syncookies_stop"
				: "engine.syncookies_start",
			"stop (%u) is above start (%u); use a syncookies_stop up to "
			"syncookies_start",
			e->syncookies_stop, e->syncookies_start);
	if (e->synack_prefix_rate == 0 &&
		refuse(c, GROUP_ENGINE, "engine", c->given_engine, prefix_rate, err) != 0)
		return -1;
	if (e->proven_peers == 0 &&
		refuse(c, GROUP_ENGINE, "engine", c->given_engine, proven, err) != 0)
		return -1;
	if (c->fastopen_key != NULL && c->fastopen_key_file != NULL)
		return config_error(c, err, "engine.fastopen_key_file",
			"stands beside fastopen_key; use one of them");
	return 0;
}

static int
check_process(const struct config *c, char *err)
{
	static const struct needs user[] = {
		{"group", "user"},
		{NULL, NULL},
	};

	if (c->process.user == NULL)
		return refuse(c, GROUP_PROCESS, "process", c->given_process, user, err);
	return 0;
}

static int
check_listener(const struct config *c, unsigned i, char *err)
{
	static const struct needs two_queues[] = {
		{"syn_backlog", "queue_model: two"},
		{NULL, NULL},
	};
	static const struct needs defer[] = {
		{"defer_accept_mode", "defer_accept above 0s"},
		{"defer_accept_cookies", "defer_accept above 0s"},
		{NULL, NULL},
	};
	static const struct needs fastopen[] = {
		{"fastopen_qlen", "fastopen: cookie or no-cookie"},
		{"fastopen_deliver", "fastopen: cookie or no-cookie"},
		{"fastopen_under_flood", "fastopen: cookie"},
		{NULL, NULL},
	};
	static const struct needs keepalive[] = {
		{"keepalive_idle", "keepalive: yes"},
		{"keepalive_interval", "keepalive: yes"},
		{"keepalive_count", "keepalive: yes"},
		{NULL, NULL},
	};
	const struct config_listener *l = &c->listener[i];
	char path[32];

	snprintf(path, sizeof(path), "listeners[%u]", i);
	if (l->how.single_queue && refuse(c, GROUP_LISTENER, path, l->given, two_queues, err) != 0)
		return -1;
	if (l->how.defer_accept_s == 0 &&
		refuse(c, GROUP_LISTENER, path, l->given, defer, err) != 0)
		return -1;
	if (l->how.fastopen == TG_FASTOPEN_OFF &&
		refuse(c, GROUP_LISTENER, path, l->given, fastopen, err) != 0)
		return -1;
	if (!l->how.options.keepalive &&
		refuse(c, GROUP_LISTENER, path, l->given, keepalive, err) != 0)
		return -1;
	/* Without cookies nothing proves a source, and a flood is when that matters. */
	if (l->how.fastopen == TG_FASTOPEN_NO_COOKIE && l->how.fastopen_under_flood)
		return refuse(c, GROUP_LISTENER, path, l->given, &fastopen[2], err);
	return 0;
}

/* Whether a service of ours listens on this port, on whatever address. */
static bool
is_listened_on(const struct config *c, uint16_t port)
{
	for (unsigned i = 0; i < c->nb_listeners; i++)
		if (c->listener[i].port == port)
			return true;
	return false;
}

/* One %d at most, for the number of the port, and no character that an interface cannot have. */
static int
check_interface(const struct config *c, char *err)
{
	const char *name = c->exception.interface;
	const char *number = strstr(name, "%d");
	size_t longest = strlen(name);

	if (strcspn(name, " /:\t") != longest || strcmp(name, ".") == 0 ||
		strcmp(name, "..") == 0 || strspn(name, "%") == longest ||
		(strchr(name, '%') != NULL &&
			(number == NULL || strchr(name, '%') != number ||
				strchr(number + 1, '%') != NULL)))
		return config_error(c, err, "exception.interface",
			"\"%s\" is no name of an interface; use one such as tgx0, or tgx%%d, where "
			"%%d "
			"is the number of the port",
			name);
	if (number == NULL && c->nb_ports > 1)
		return config_error(c, err, "exception.interface",
			"%u ports want interfaces of their own; use %%d for the number of the "
			"port, as "
			"in tgx%%d",
			c->nb_ports);
	return 0;
}

static int
check_exception(const struct config *c, char *err)
{
	char where[64];

	if (c->exception.interface == NULL)
		return 0;
	if (check_interface(c, err) != 0)
		return -1;
	if (c->engine.closed_port_pass && c->engine.pass_ports != 0)
		return config_error(c, err, "exception.kernel_ports",
			"has no effect beside closed_ports: kernel; use one of them");
	for (unsigned i = 0; i < c->engine.pass_ports; i++) {
		snprintf(where, sizeof(where), "exception.kernel_ports[%u]", i);
		if (is_listened_on(c, c->engine.pass_port[i]))
			return config_error(c, err, where,
				"%u is a listener's port; a packet for it is never the kernel's",
				c->engine.pass_port[i]);
	}
	return 0;
}

/* A second process needs memory that it can map. */
static int
check_capture(const struct config *c, char *err)
{
	if (!c->capture.pdump)
		return 0;
	for (unsigned i = 0; i < c->nb_eal; i++)
		if (strcmp(c->eal[i], "--no-huge") == 0 || strcmp(c->eal[i], "--in-memory") == 0 ||
			strcmp(c->eal[i], "--no-shconf") == 0 ||
			strcmp(c->eal[i], "--huge-unlink") == 0)
			return config_error(c, err, "capture.pdump",
				"dpdk-dumpcap attaches as a second process, which %s does not let "
				"in; take that out of eal, or set pdump: no",
				c->eal[i]);
	return 0;
}

int
config_rules(const struct config *c, char *err)
{
	if (check_top(c, err) != 0 || check_engine(c, err) != 0 || check_exception(c, err) != 0 ||
		check_capture(c, err) != 0 || check_process(c, err) != 0)
		return -1;
	for (unsigned i = 0; i < c->nb_listeners; i++)
		if (check_listener(c, i, err) != 0)
			return -1;
	return 0;
}
