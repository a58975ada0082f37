/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a reload sees between two files: what it can follow, and the one line that refuses the rest.
 */
#include <stdio.h>
#include <stdlib.h>

#include "config_diff.h"
#include "schema.h"
#include "support.h"

#define PORT      "ports: [{device: d0, addresses: [\"192.0.2.1/24\", \"2001:db8::1/64\"]}]\n"
#define LISTENERS "listeners: [" A ", " B "]\n"
#define A         "{address: \"0.0.0.0\", port: 80, service: http}"
#define B         "{address: \"::\", dual_stack: yes, port: 7, service: echo}"

static struct config_diff d;
static char err[CONFIG_ERROR_MAX];

static struct config *
load(const char *text)
{
	struct config *c;

	if (config_parse("t.yaml", text, strlen(text), &c, err) != 0)
		fail_msg("%s", err);
	return c;
}

/* Compares two files; what is expected to be said. */
static void
told(const char *old, const char *new, const char *what)
{
	struct config *a = load(old), *b = load(new);

	err[0] = '\0';
	if (config_diff(a, b, &d, err) != 0)
		fail_msg("%s", err);
	assert_string_equal(d.what, what);
	config_free(a);
	config_free(b);
}

static void
refused(const char *old, const char *new, const char *message)
{
	struct config *a = load(old), *b = load(new);

	assert_int_equal(config_diff(a, b, &d, err), -1);
	assert_string_equal(err, message);
	config_free(a);
	config_free(b);
}

static void
equal_files_are_equal(void **state)
{
	(void)state;
	told(PORT LISTENERS, PORT LISTENERS, "");
	assert_false(d.top || d.engine || d.secret || d.http || d.log);
	assert_int_equal(d.nb_gone + d.nb_added + d.nb_changed, 0);
	/* A default written out, another order, another spelling. */
	told(PORT LISTENERS,
		"shards: 1\nlog: {level: info}\nengine: {syncookies: 1}\ndrain: 5000ms\n" PORT
		"listeners: [{address: \"0::0\", dual_stack: on, port: 7, service: echo}, " A "]\n",
		"");
}

static void
live_keys_are_told_by_kind(void **state)
{
	(void)state;
	told(PORT LISTENERS, "drain: 1s\nidle_sleep: 1us\n" PORT LISTENERS, "drain, idle_sleep");
	assert_true(d.top && !d.engine && !d.secret && !d.http && !d.log);
	told(PORT LISTENERS, "engine: {syncookies: 2, rcvbuf: 8192}\n" PORT LISTENERS,
		"engine.syncookies, engine.rcvbuf");
	assert_true(!d.top && d.engine && !d.secret && !d.http && !d.log);
	told("http: {root_page: /a}\n" PORT LISTENERS, "http: {root_page: /b}\n" PORT LISTENERS,
		"http.root_page");
	assert_true(!d.top && !d.engine && !d.secret && d.http && !d.log);
	told(PORT LISTENERS, "log: {level: debug, syslog: yes}\n" PORT LISTENERS,
		"log.level, log.syslog");
	assert_true(!d.top && !d.engine && !d.secret && !d.http && d.log);
	told(PORT LISTENERS, "engine: {cookie_seed_file: /s}\n" PORT LISTENERS,
		"engine.cookie_seed_file");
	assert_true(!d.engine && d.secret);
}

/* Its text is wiped when it was read, so the key itself is compared. */
static void
fastopen_keys_are_compared(void **state)
{
	static const char *const key = "engine: {fastopen_key: 00000000-00000000-00000000-00000001}"
				       "\n" PORT LISTENERS;
	static const char *const other =
		"engine: {fastopen_key: 00000000-00000000-00000000-00000002}\n" PORT LISTENERS;

	(void)state;
	told(key, key, "");
	assert_false(d.secret);
	told(key, other, "engine.fastopen_key");
	assert_true(d.secret);
	told(PORT LISTENERS, other, "engine.fastopen_key");
	assert_true(d.secret);
}

static void
listeners_are_told_apart_by_where_they_listen(void **state)
{
	(void)state;
	told(PORT LISTENERS,
		PORT "listeners: [{address: \"::\", dual_stack: yes, port: 7, service: discard,\n"
		     "  backlog: 5}, {address: 192.0.2.1, port: 81, service: echo}]\n",
		"[::]:7 service, [::]:7 backlog, added 192.0.2.1:81, removed 0.0.0.0:80");
	assert_int_equal(d.nb_changed, 1);
	assert_int_equal(d.changed[0].old, 1);
	assert_int_equal(d.changed[0].new, 0);
	assert_int_equal(d.nb_added, 1);
	assert_int_equal(d.added[0], 1);
	assert_int_equal(d.nb_gone, 1);
	assert_int_equal(d.gone[0], 0);
	/* Whether it takes IPv4 too is part of what it is. */
	told(PORT "listeners: [{address: \"::\", port: 7, service: echo}]\n",
		PORT "listeners: [" B "]\n", "added [::]:7, removed [::]:7");
	assert_int_equal(d.nb_changed, 0);
}

static void
what_needs_a_restart_is_named_with_its_line(void **state)
{
	(void)state;
	refused(PORT LISTENERS, "shards: 2\n" PORT LISTENERS,
		"t.yaml:1: shards: cannot change without a restart");
	refused(PORT LISTENERS, "shards: 2\ncpus: [0, 1]\nengine:\n  max_conns: 5\n" PORT LISTENERS,
		"t.yaml:1: shards: cannot change without a restart; nor can engine.max_conns "
		"(line 4), cpus (line 2)");
	/* What is not there any more has no line. */
	refused("descriptors: 64\n" PORT LISTENERS, "drain: 1s\n" PORT LISTENERS,
		"t.yaml: descriptors: cannot change without a restart");
	refused("mbufs_reserve: 0\n" PORT LISTENERS, PORT LISTENERS,
		"t.yaml: mbufs_reserve: cannot change without a restart");
	refused("eal: [a]\n" PORT LISTENERS, "eal: [b]\n" PORT LISTENERS,
		"t.yaml:1: eal: cannot change without a restart");
	refused("cpus: [1]\n" PORT LISTENERS, "cpus: [2]\n" PORT LISTENERS,
		"t.yaml:1: cpus: cannot change without a restart");
}

/* What stands in no single value: a section that is there and empty, a list. */
static void
other_sections_need_a_restart(void **state)
{
	(void)state;
	refused(PORT LISTENERS, "metrics: {}\n" PORT LISTENERS,
		"t.yaml:1: metrics: cannot change without a restart");
	refused("metrics: {}\n" PORT LISTENERS, "metrics: {address: \"::1\"}\n" PORT LISTENERS,
		"t.yaml:1: metrics.address: cannot change without a restart");
	refused("exception: {interface: x0, kernel_ports: [22]}\n" PORT LISTENERS,
		"exception: {interface: x0, kernel_ports: [23]}\n" PORT LISTENERS,
		"t.yaml:1: exception.kernel_ports: cannot change without a restart");
	refused("exception: {interface: x0}\n" PORT LISTENERS,
		"exception: {interface: x0, closed_ports: kernel}\n" PORT LISTENERS,
		"t.yaml:1: exception.closed_ports: cannot change without a restart");
	refused(PORT LISTENERS, "process: {seccomp: log}\n" PORT LISTENERS,
		"t.yaml:1: process.seccomp: cannot change without a restart");
}

static void
ports_need_a_restart(void **state)
{
	(void)state;
	refused(PORT "listeners: [" A "]\n",
		"ports:\n - device: d1\n   mtu: 1400\n   addresses: [\"192.0.2.1/24\"]\n"
		"listeners: [" A "]\n",
		"t.yaml:2: ports[0].device: cannot change without a restart; nor can ports[0].mtu "
		"(line 3), ports[0].addresses (line 4)");
	refused("ports: [{device: d0, addresses: [\"192.0.2.1/24\"]}]\nlisteners: [" A "]\n",
		"ports: [{device: d0, addresses: [\"192.0.2.1/25\"]}]\nlisteners: [" A "]\n",
		"t.yaml:1: ports[0].addresses: cannot change without a restart");
	refused(PORT "listeners: [" A "]\n",
		"ports: [{device: d0, addresses: [\"192.0.2.1/24\"]},\n"
		"  {device: d1, addresses: [\"192.0.2.2/24\"]}]\nlisteners: [" A "]\n",
		"t.yaml:1: ports: cannot change without a restart");
}

/* Every single key is one or the other, and the tables of memory are the other. */
static void
sizes_are_not_live(void **state)
{
	static const char *const sizes[] = {"proven_peers", "synack_prefix_buckets", "max_conns",
		"max_half_open", "max_time_wait", "max_segments", "synack_rto"};
	unsigned fixed = 0;

	(void)state;
	for (unsigned i = 0; i < key_groups[GROUP_ENGINE].nb_keys; i++)
		for (unsigned k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++)
			if (strcmp(key_groups[GROUP_ENGINE].keys[i].name, sizes[k]) == 0) {
				assert_false(key_is_live(GROUP_ENGINE, i));
				fixed++;
			}
	assert_int_equal(fixed, 7);
	for (unsigned i = 0; i < key_groups[GROUP_LISTENER].nb_keys; i++)
		assert_true(key_is_live(GROUP_LISTENER, i));
	for (unsigned i = 0; i < key_groups[GROUP_TOP].nb_keys; i++) {
		const char *name = key_groups[GROUP_TOP].keys[i].name;

		assert_int_equal(key_is_live(GROUP_TOP, i),
			strcmp(name, "drain") == 0 || strcmp(name, "idle_sleep") == 0);
	}
}

/* The line has an end, however many keys differ. */
static void
a_long_line_is_cut(void **state)
{
	static char text[CONFIG_FILE_MAX];
	int n = snprintf(text, sizeof(text), PORT "listeners:\n");
	struct config *a = load(PORT LISTENERS), *b;

	(void)state;
	for (unsigned i = 0; i < CONFIG_LISTENERS; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n,
			" - {address: \"2001:db8::1\", port: %u, service: echo}\n", 1000 + i);
	b = load(text);
	assert_int_equal(config_diff(a, b, &d, err), 0);
	assert_int_equal(d.nb_added, CONFIG_LISTENERS);
	assert_int_equal(d.nb_gone, 2);
	assert_int_equal(strlen(d.what), CONFIG_ERROR_MAX - 1);
	config_free(a);
	config_free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_files_are_equal),
		cmocka_unit_test(live_keys_are_told_by_kind),
		cmocka_unit_test(fastopen_keys_are_compared),
		cmocka_unit_test(listeners_are_told_apart_by_where_they_listen),
		cmocka_unit_test(what_needs_a_restart_is_named_with_its_line),
		cmocka_unit_test(other_sections_need_a_restart),
		cmocka_unit_test(ports_need_a_restart),
		cmocka_unit_test(sizes_are_not_live),
		cmocka_unit_test(a_long_line_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
