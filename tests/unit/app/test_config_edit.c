/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Configurations made by commands: each goes through the schema and the checks of a file, and the
 * one it was made from stays as it is.
 */
#include <stdio.h>
#include <stdlib.h>

#include "config_diff.h"
#include "config_edit.h"
#include "support.h"

static const char file[] =
	"engine: {syncookies: adaptive, syncookies_start: 50, cookie_seed_file: /s,\n"
	"  fastopen_key: 00112233-44556677-8899aabb-ccddeeff}\n"
	"eal: [\"--no-huge\"]\n"
	"http: {root_page: /p}\n"
	"ports: [{device: d0, addresses: [\"192.0.2.1/24\", \"2001:db8::1/64\"]}]\n"
	"listeners:\n"
	"  - {address: 192.0.2.1, port: 80, service: http, defer_accept: 3s,\n"
	"     defer_accept_mode: linux}\n"
	"  - {address: \"::\", dual_stack: yes, port: 7, service: echo}\n";

static struct config *base;
static char err[CONFIG_ERROR_MAX];

static int
setup(void **state)
{
	(void)state;
	return config_parse("t.yaml", file, strlen(file), &base, err);
}

static int
teardown(void **state)
{
	(void)state;
	config_free(base);
	return 0;
}

/* What became different, or the message. */
static const char *
outcome(int (*make)(const struct config *, const char *, struct config **, char *), const char *how)
{
	static struct config_diff d;
	struct config *c = NULL;

	if (make(base, how, &c, err) != 0) {
		assert_null(c);
		assert_null(strchr(err, '\n'));
		return err;
	}
	if (config_diff(base, c, &d, err) != 0)
		fail_msg("%s", err);
	config_free(c);
	return d.what;
}

#define set(how)     outcome(config_set, how)
#define added(how)   outcome(config_add_listener, how)
#define removed(how) outcome(config_remove_listener, how)

static void
keys_are_set_by_their_path(void **state)
{
	struct config *c;

	(void)state;
	assert_string_equal(set("engine.syncookies=2"), "engine.syncookies");
	assert_string_equal(set("drain=1m"), "drain");
	assert_string_equal(set("log.level=debug"), "log.level");
	assert_string_equal(set("http.root_page=/a=b"), "http.root_page");
	assert_string_equal(set("engine.cookie_seed_file=/t"), "engine.cookie_seed_file");
	assert_string_equal(set("listeners[0].backlog=512"), "192.0.2.1:80 backlog");
	assert_string_equal(set("listeners[1].service=discard"), "[::]:7 service");
	assert_string_equal(set("192.0.2.1:80 backlog=512"), "192.0.2.1:80 backlog");
	assert_string_equal(set("[::]:7 idle_timeout=1h"), "[::]:7 idle_timeout");
	assert_string_equal(set("engine.syncookies=adaptive"), "");

	assert_int_equal(config_set(base, "listeners[1].backlog=77", &c, err), 0);
	assert_int_equal(c->listener[1].how.backlog, 77);
	assert_int_equal(base->listener[1].how.backlog, 4096);
	assert_string_equal(c->listener[0].address, "192.0.2.1");
	assert_ptr_not_equal(c->listener[0].address, base->listener[0].address);
	assert_int_equal(c->port[0].nb_addrs, 2);
	config_free(c);
}

/* What stands in the file beside it is no mistake of who sets a key. */
static void
a_key_that_needed_another_does_not_stand_in_the_way(void **state)
{
	(void)state;
	assert_string_equal(set("engine.syncookies=1"), "engine.syncookies");
	assert_string_equal(set("192.0.2.1:80 defer_accept=0s"), "192.0.2.1:80 defer_accept");
	assert_string_equal(set("[::]:7 keepalive_idle=5s"),
		"set: listeners[1].keepalive_idle: has no effect without keepalive: yes; set that, "
		"or leave this out");
	assert_string_equal(set("engine.syncookies_stop=60"),
		"set: engine.syncookies_stop: stop (60) is above start (50); use a syncookies_stop "
		"up to syncookies_start");
}

static void
wrong_assignments_are_told(void **state)
{
	static const char *const none =
		"set: no assignment; use KEY=VALUE, such as engine.syncookies=2";
	char long_key[400];

	(void)state;
	assert_string_equal(set(""), none);
	assert_string_equal(set("engine.syncookies"), none);
	assert_string_equal(set("=2"), none);
	memset(long_key, 'k', sizeof(long_key));
	memcpy(long_key + sizeof(long_key) - 3, "=1", 3);
	assert_string_equal(set(long_key), none);
	assert_string_equal(set("engine.syncookies=5"),
		"set: engine.syncookies: \"5\" is unknown; use one of: 0, 1, 2, adaptive, monitor");
	assert_string_equal(set("drain=3"),
		"set: drain: \"3\" has no unit; use a time with a unit (us, ms, s, m, h) from 0s "
		"to 1h");
	assert_string_equal(
		set("log.levels=debug"), "set: log.levels: unknown key; known here: level, syslog");
	assert_non_null(strstr(set("listeners[0].=1"), "set: listeners[0].: unknown key"));
	assert_non_null(strstr(set("nothing.x=1"), "set: nothing.x: no such section"));
	assert_string_equal(set("listeners[2].backlog=1"),
		"set: listeners[2].backlog: there are 2 listeners, counted from 0");
	assert_non_null(strstr(set("listeners[-1].backlog=1"), "no such section"));
	assert_non_null(strstr(set("listeners[0]x.backlog=1"), "no such section"));
	assert_non_null(strstr(set("10.0.0.1:80 backlog=1"), "there is no such listener"));
	assert_non_null(strstr(set("192.0.2.1:80  backlog=1"), "unknown key"));
	assert_string_equal(set("[192.0.2.1]:80 backlog=1"),
		"set: [192.0.2.1]:80: there is no such listener; use ADDRESS:PORT as "
		"/tidegate/listeners shows it");
}

static void
what_needs_a_restart_is_not_set(void **state)
{
	(void)state;
	assert_string_equal(set("shards=2"), "set: shards: cannot change without a restart");
	assert_string_equal(
		set("ports[0].mtu=1"), "set: ports[0].mtu: cannot change without a restart");
	/* Known, but lists and sections. */
	assert_string_equal(set("eal=x"), "set: eal: is no single value; change it in the file");
	assert_string_equal(set("exception.kernel_ports=22"),
		"set: exception.kernel_ports: is no single value; change it in the file");
	assert_string_equal(set("engine.max_conns=2"),
		"set: engine.max_conns: cannot change without a restart");
}

static void
a_fastopen_key_is_set(void **state)
{
	struct config *c;

	(void)state;
	assert_int_equal(config_set(base, "engine.fastopen_key=03020100-00000000-00000000-00000000",
				 &c, err),
		0);
	assert_int_equal(c->engine.fastopen_keys, 1);
	assert_int_equal(c->engine.fastopen_key[0][3], 3);
	assert_string_equal(c->fastopen_key, "");
	config_free(c);
	assert_non_null(strstr(set("engine.fastopen_key=1234"), "is no Fast Open key"));
	/* Three keys are one too many, and no message has a piece of them. */
	assert_string_equal(set("engine.fastopen_key=03020100-00000000-00000000-00000000,"
				"03020100-00000000-00000000-00000000,"
				"03020100-00000000-00000000-00000000"),
		"set: engine.fastopen_key: \"...\" is too long; use 1 to 100 printable characters");
	assert_null(strstr(set("engine.fastopen_key=0302\t0100"), "0302"));
	/* One that was not touched is still there after another change. */
	assert_int_equal(config_set(base, "drain=1s", &c, err), 0);
	assert_memory_equal(c->engine.fastopen_key, base->engine.fastopen_key, 32);
	config_free(c);
}

static void
listeners_are_added(void **state)
{
	struct config *c;

	(void)state;
	assert_string_equal(
		added("{address: 192.0.2.1, port: 81, service: echo}"), "added 192.0.2.1:81");
	assert_int_equal(config_add_listener(base,
				 "{address: \"2001:db8::1\", port: 9, service: discard,"
				 " backlog: 3}",
				 &c, err),
		0);
	assert_int_equal(c->nb_listeners, 3);
	assert_int_equal(c->listener[2].how.backlog, 3);
	assert_int_equal(c->listener[2].how.fastopen_qlen, CONFIG_FASTOPEN_QLEN);
	config_free(c);
}

static void
wrong_listeners_are_told(void **state)
{
	char many[8192];

	(void)state;
	assert_string_equal(added("{address: 192.0.2.1, port: 80, service: echo}"),
		"listen_add: listeners[2].port: 80 is in use by listeners[0] (192.0.2.1); use "
		"another port or address");
	assert_string_equal(added("{address: 192.0.2.1, service: echo}"),
		"listen_add:1: listeners[0].port: is missing");
	assert_non_null(strstr(added("{address: 192.0.2.1, prt: 80, service: echo}"),
		"listen_add:1: listeners[0].prt: unknown key; known here: address, port"));
	assert_non_null(strstr(added("{address: 192.0.2.9, port: 1, service: echo}"),
		"192.0.2.9 is no address of any port"));
	assert_non_null(strstr(added("{address"), "listen_add: not valid YAML: "));
	assert_non_null(strstr(added(""), "one listener, please"));
	assert_non_null(strstr(added("{address: 192.0.2.1, port: 81, service: echo}, "
				     "{address: 192.0.2.1, port: 82, service: echo}"),
		"one listener, please"));
	assert_non_null(strstr(added("echo"), "listeners[0]"));
	assert_non_null(strstr(added("{address: 192.0.2.1, port: 81,\nservice: echo}"),
		"listen_add: use one line"));
	memset(many, ' ', sizeof(many));
	many[sizeof(many) - 1] = '\0';
	assert_non_null(strstr(added(many), "listen_add: use one line"));
}

static void
listeners_are_removed(void **state)
{
	struct config *c;

	(void)state;
	assert_string_equal(removed("192.0.2.1:80"), "removed 192.0.2.1:80");
	assert_string_equal(removed("[::]:7"), "removed [::]:7");
	assert_string_equal(removed("[0::0]:7"), "removed [::]:7");
	for (const char *const *wrong = (const char *const[]){"", "80", ":80", "192.0.2.1",
		     "192.0.2.1:81", "192.0.2.1:80 ", "192.0.2.1:99999", ":::7", "[::]", "[]:7",
		     "[::]:7x", NULL};
		*wrong != NULL; wrong++)
		assert_string_equal(removed(*wrong),
			"listen_del: there is no such listener; use ADDRESS:PORT as "
			"/tidegate/listeners shows it");
	assert_int_equal(config_remove_listener(base, "192.0.2.1:80", &c, err), 0);
	config_free(base);
	base = c;
	assert_int_equal(base->nb_listeners, 1);
	assert_int_equal(base->listener[0].how.local.port, 7);
	assert_string_equal(removed("[::]:7"),
		"listen_del: it is the last listener; /tidegate/drain stops the daemon");
}

static void
a_full_table_takes_no_more(void **state)
{
	char one[80];
	struct config *c;

	(void)state;
	for (unsigned i = base->nb_listeners; i < CONFIG_LISTENERS; i++) {
		snprintf(one, sizeof(one), "{address: 192.0.2.1, port: %u, service: echo}",
			1000 + i);
		assert_int_equal(config_add_listener(base, one, &c, err), 0);
		config_free(base);
		base = c;
	}
	assert_string_equal(added("{address: 192.0.2.1, port: 9, service: echo}"),
		"listen_add: listeners: there are 256, no more is possible");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(keys_are_set_by_their_path, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_key_that_needed_another_does_not_stand_in_the_way, setup, teardown),
		cmocka_unit_test_setup_teardown(wrong_assignments_are_told, setup, teardown),
		cmocka_unit_test_setup_teardown(what_needs_a_restart_is_not_set, setup, teardown),
		cmocka_unit_test_setup_teardown(a_fastopen_key_is_set, setup, teardown),
		cmocka_unit_test_setup_teardown(listeners_are_added, setup, teardown),
		cmocka_unit_test_setup_teardown(wrong_listeners_are_told, setup, teardown),
		cmocka_unit_test_setup_teardown(listeners_are_removed, setup, teardown),
		cmocka_unit_test_setup_teardown(a_full_table_takes_no_more, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
