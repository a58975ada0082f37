/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every class of configuration error, with the exact line it is told in; and what a good file
 * comes to. The example file is loaded too: it must name every key and tell the true defaults.
 */
#include <stdio.h>
#include <stdlib.h>

#include "config.h"
#include "schema.h"
#include "seccomp_filter.h"
#include "support.h"
#include "value.h"

/* Shortest good file, in pieces. */
#define PORT     "ports: [{device: d0, addresses: [\"192.0.2.1/24\"]}]\n"
#define LISTENER "listeners: [{address: \"0.0.0.0\", port: 80, service: http}]\n"

static char err[CONFIG_ERROR_MAX];

static struct config *
good(const char *text)
{
	struct config *c;

	err[0] = '\0';
	if (config_parse("t.yaml", text, strlen(text), &c, err) != 0)
		fail_msg("%s", err);
	return c;
}

static void
bad(const char *text, const char *message)
{
	struct config *c;

	assert_int_equal(config_parse("t.yaml", text, strlen(text), &c, err), -1);
	assert_null(c);
	assert_string_equal(err, message);
	assert_null(strchr(err, '\n'));
}

static void
the_shortest_file_gets_defaults(void **state)
{
	struct tg_engine_config engine;
	struct config *c = good(PORT LISTENER);
	struct tg_addr v4 = tg_addr_v4(192, 0, 2, 1);

	(void)state;
	tg_engine_config_init(&engine);
	assert_memory_equal(&c->engine, &engine, sizeof(engine));
	assert_int_equal(c->shards, 1);
	assert_int_equal(c->drain_ms, 5000);
	assert_int_equal(c->idle_sleep_us, 0);
	assert_int_equal(c->mbufs, 0);
	assert_int_equal(c->descriptors, 1024);
	assert_int_equal(c->nb_ports, 1);
	assert_string_equal(c->port[0].device, "d0");
	assert_int_equal(c->port[0].mtu, 0);
	assert_int_equal(c->port[0].nb_addrs, 1);
	assert_memory_equal(&c->port[0].addr[0].addr, &v4, sizeof(v4));
	assert_int_equal(c->port[0].addr[0].prefix_len, 24);
	assert_int_equal(c->nb_listeners, 1);
	assert_int_equal(c->listener[0].how.local.port, 80);
	assert_int_equal(c->listener[0].service, SERVICE_HTTP);
	assert_int_equal(c->listener[0].how.backlog, 4096);
	assert_int_equal(c->listener[0].how.idle_timeout_ms, 0);
	assert_true(c->listener[0].how.nodelay);
	assert_false(c->listener[0].how.dual_stack);
	assert_int_equal(c->listener[0].how.fastopen_qlen, 256);
	assert_false(c->reassemble);
	assert_int_equal(c->fragments_max, 256);
	assert_int_equal(c->fragments_timeout_ms, 5000);
	assert_null(c->process.user);
	assert_int_equal(c->process.seccomp, SECCOMP_NO);
	assert_true(c->process.dontdump);
	assert_null(c->cookie_seed_file);
	assert_null(c->fastopen_key_file);
	assert_false(c->listener[0].how.options.keepalive);
	assert_int_equal(c->listener[0].how.options.keep_idle_s, 7200);
	assert_int_equal(c->listener[0].how.options.keep_interval_s, 75);
	assert_int_equal(c->listener[0].how.options.keep_count, 9);
	assert_int_equal(c->listener[0].how.options.hop_limit, 0);
	assert_int_equal(c->listener[0].how.options.dscp, TG_DSCP_ENGINE);
	assert_int_equal(c->engine.hop_limit, 64);
	config_free(c);
}

static void
options_of_connections_arrive(void **state)
{
	struct config *c =
		good("engine: {hop_limit: 255, dscp: 63}\n" PORT
		     "listeners: [{address: \"::\", port: 7, service: echo,\n"
		     "  keepalive: yes, keepalive_idle: 1m, keepalive_interval: 32767s,\n"
		     "  keepalive_count: 127, user_timeout: 1500ms, window_clamp: 1152,\n"
		     "  hop_limit: 1, dscp: 46},\n"
		     " {address: \"::\", port: 8, service: echo, window_clamp: none,\n"
		     "  hop_limit: engine, dscp: engine}]\n");
	const struct tg_conn_options *o = &c->listener[0].how.options;

	(void)state;
	assert_int_equal(c->engine.hop_limit, 255);
	assert_int_equal(c->engine.dscp, 63);
	assert_true(o->keepalive);
	assert_int_equal(o->keep_idle_s, 60);
	assert_int_equal(o->keep_interval_s, 32767);
	assert_int_equal(o->keep_count, 127);
	assert_int_equal(o->user_timeout_ms, 1500);
	assert_int_equal(o->window_clamp, 1152);
	assert_int_equal(o->hop_limit, 1);
	assert_int_equal(o->dscp, 46);
	o = &c->listener[1].how.options;
	assert_int_equal(o->window_clamp, 0);
	assert_int_equal(o->hop_limit, 0);
	assert_int_equal(o->dscp, TG_DSCP_ENGINE);
	config_free(c);
}

static void
every_value_arrives(void **state)
{
	struct config *c = good(
		"shards: 2\n"
		"cpus: [3, 1]\n"
		"eal: [\"--no-huge\", -m, \"64\"]\n"
		"drain: 1500ms\n"
		"idle_sleep: 50us\n"
		"mbufs: 4096\n"
		"mbufs_reserve: 2048\n"
		"descriptors: 512\n"
		"http: {root_page: /tmp/x, content_type: text/plain}\n"
		"process: {user: tide, group: gate, seccomp: kill, dontdump: no}\n"
		"engine: {syncookies: 2, synack_retries: 255, synack_rto: 3s, somaxconn: 128,\n"
		"  abort_on_overflow: yes, closed_port: drop, rst_rate: 0, max_conns: 1,\n"
		"  max_half_open: 2, max_time_wait: 3, max_segments: 4, rcvbuf: 4096,\n"
		"  sndbuf: 8192, rto_min: 1s, delayed_ack: 0ms, retries: 1, orphan_retries: 30,\n"
		"  fin_timeout: 1m, time_wait: 240s, timestamps: no, sack: off,\n"
		"  window_scaling: false}\n"
		"ports: [{device: \"net_null0,no-rx=1\", mtu: 9000,\n"
		"         addresses: [\"192.0.2.1/24\", \"2001:db8::1/64\"]}]\n"
		"listeners: [{address: \"::\", dual_stack: yes, port: 7, service: echo,\n"
		"  backlog: 5, idle_timeout: 1m, nodelay: no},\n"
		"  {address: \"192.0.2.1\", port: 7, service: discard}]\n");

	(void)state;
	assert_int_equal(c->shards, 2);
	assert_int_equal(c->nb_cpus, 2);
	assert_int_equal(c->cpu[0], 3);
	assert_int_equal(c->cpu[1], 1);
	assert_int_equal(c->nb_eal, 3);
	assert_string_equal(c->eal[2], "64");
	assert_int_equal(c->drain_ms, 1500);
	assert_int_equal(c->idle_sleep_us, 50);
	assert_int_equal(c->mbufs, 4096);
	assert_int_equal(c->mbufs_reserve, 2048);
	assert_int_equal(c->descriptors, 512);
	assert_string_equal(c->http.root_page, "/tmp/x");
	assert_string_equal(c->http.content_type, "text/plain");
	assert_string_equal(c->process.user, "tide");
	assert_string_equal(c->process.group, "gate");
	assert_int_equal(c->process.seccomp, SECCOMP_KILL);
	assert_false(c->process.dontdump);
	assert_int_equal(c->engine.syncookies, 2);
	assert_int_equal(c->engine.synack_retries, 255);
	assert_int_equal(c->engine.synack_rto_ms, 3000);
	assert_int_equal(c->engine.somaxconn, 128);
	assert_true(c->engine.abort_on_overflow);
	assert_true(c->engine.closed_port_drop);
	assert_int_equal(c->engine.rst_rate, 0);
	assert_int_equal(c->engine.max_conns, 1);
	assert_int_equal(c->engine.max_half_open, 2);
	assert_int_equal(c->engine.max_time_wait, 3);
	assert_int_equal(c->engine.max_segments, 4);
	assert_int_equal(c->engine.rcvbuf, 4096);
	assert_int_equal(c->engine.sndbuf, 8192);
	assert_int_equal(c->engine.rto_min_ms, 1000);
	assert_int_equal(c->engine.delayed_ack_ms, 0);
	assert_int_equal(c->engine.retries, 1);
	assert_int_equal(c->engine.orphan_retries, 30);
	assert_int_equal(c->engine.fin_timeout_ms, 60000);
	assert_int_equal(c->engine.time_wait_ms, 240000);
	assert_false(c->engine.timestamps);
	assert_false(c->engine.sack);
	assert_false(c->engine.window_scaling);
	assert_int_equal(c->port[0].mtu, 9000);
	assert_int_equal(c->port[0].nb_addrs, 2);
	assert_true(c->listener[0].how.dual_stack);
	assert_int_equal(c->listener[0].how.backlog, 5);
	assert_int_equal(c->listener[0].how.idle_timeout_ms, 60000);
	assert_false(c->listener[0].how.nodelay);
	assert_int_equal(c->listener[1].service, SERVICE_DISCARD);
	config_free(c);
}

static void
every_value_of_the_listener_contract_arrives(void **state)
{
	struct config *c = good(
		"fragments: reassemble\n"
		"fragments_max: 7\n"
		"fragments_timeout: 2s\n"
		"engine: {syncookies: adaptive, syncookies_start: 80, syncookies_stop: 80,\n"
		"  max_syn_backlog: 99, accept_bound: exact, accept_full_policy: young,\n"
		"  proven_peers: 11, proven_lifetime: 576h, synack_prefix_rate: 12,\n"
		"  synack_prefix_burst: 13, synack_prefix_buckets: 64, cookie_check_rate: 14,\n"
		"  cookie_seed_file: /s, fastopen_key_file: /k, ecn: no}\n" PORT
		"listeners: [{address: \"::\", port: 7, service: echo, syn_backlog: auto,\n"
		"  defer_accept: 65535s, defer_accept_mode: legacy, defer_accept_cookies: accept,\n"
		"  fastopen: cookie, fastopen_qlen: 3, fastopen_deliver: after-handshake,\n"
		"  fastopen_under_flood: yes},\n"
		"  {address: \"::\", port: 8, service: echo, queue_model: single,\n"
		"  fastopen: no-cookie, defer_accept: 1m, defer_accept_mode: linux},\n"
		"  {address: \"::\", port: 9, service: echo, syn_backlog: 17}]\n");
	const struct tg_listener_config *l = &c->listener[0].how;

	(void)state;
	assert_true(c->reassemble);
	assert_int_equal(c->fragments_max, 7);
	assert_int_equal(c->fragments_timeout_ms, 2000);
	assert_int_equal(c->engine.syncookies, TG_SYNCOOKIES_ADAPTIVE);
	assert_int_equal(c->engine.syncookies_start, 80);
	assert_int_equal(c->engine.syncookies_stop, 80);
	assert_int_equal(c->engine.max_syn_backlog, 99);
	assert_true(c->engine.accept_exact);
	assert_int_equal(c->engine.accept_full, TG_ACCEPT_FULL_YOUNG);
	assert_int_equal(c->engine.proven_peers, 11);
	assert_int_equal(c->engine.proven_ms, 576 * 3600000);
	assert_int_equal(c->engine.synack_prefix_rate, 12);
	assert_int_equal(c->engine.synack_prefix_burst, 13);
	assert_int_equal(c->engine.synack_prefix_buckets, 64);
	assert_int_equal(c->engine.cookie_check_rate, 14);
	assert_string_equal(c->cookie_seed_file, "/s");
	assert_string_equal(c->fastopen_key_file, "/k");
	assert_false(c->engine.ecn);
	assert_int_equal(l->syn_backlog, TG_SYN_BACKLOG_AUTO);
	assert_int_equal(l->defer_accept_s, 65535);
	assert_int_equal(l->defer_mode, TG_DEFER_LEGACY);
	assert_true(l->defer_cookies);
	assert_int_equal(l->fastopen, TG_FASTOPEN_COOKIE);
	assert_int_equal(l->fastopen_qlen, 3);
	assert_true(l->fastopen_late);
	assert_true(l->fastopen_under_flood);
	assert_false(l->single_queue);
	assert_true(c->listener[1].how.single_queue);
	assert_int_equal(c->listener[1].how.fastopen, TG_FASTOPEN_NO_COOKIE);
	assert_int_equal(c->listener[1].how.defer_accept_s, 60);
	assert_int_equal(c->listener[1].how.defer_mode, TG_DEFER_LINUX);
	assert_int_equal(c->listener[2].how.syn_backlog, 17);
	config_free(c);
}

/* The words are numbers, and the numbers are words. */
static void
syncookies_by_number_and_by_word(void **state)
{
	static const char *const words[] = {"0", "1", "2", "adaptive", "monitor"};

	(void)state;
	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		char text[256];
		struct config *c;

		snprintf(text, sizeof(text), "engine: {syncookies: %s}\n" PORT LISTENER, words[i]);
		c = good(text);
		assert_int_equal(c->engine.syncookies, i);
		config_free(c);
	}
	bad("engine: {syncookies: 3}\n" PORT LISTENER,
		"t.yaml:1: engine.syncookies: \"3\" is unknown; use one of: 0, 1, 2, adaptive, "
		"monitor");
}

static void
a_fast_open_key_is_read_and_its_text_forgotten(void **state)
{
	static const uint8_t first[4] = {0x33, 0x22, 0x11, 0x00};
	struct config *c = good("engine: {fastopen_key: \"00112233-44556677-8899aabb-ccddeeff,"
				"0f0e0d0c-0b0a0908-07060504-03020100\"}\n" PORT LISTENER);

	(void)state;
	assert_int_equal(c->engine.fastopen_keys, 2);
	assert_memory_equal(c->engine.fastopen_key[0], first, 4);
	assert_int_equal(c->engine.fastopen_key[0][15], 0xcc);
	assert_int_equal(c->engine.fastopen_key[1][0], 0x0c);
	assert_string_equal(c->fastopen_key, "");
	config_free(c);
	/* Of a wrong one nothing is shown. */
	bad("engine:\n  fastopen_key: 00112233-44556677-8899aabb-ccddeef\n" PORT LISTENER,
		"t.yaml:2: engine.fastopen_key: is no Fast Open key; use four groups of 8 hex "
		"digits "
		"with dashes, or two such keys with a comma: the current and the previous one");
}

/* LISTENER with more keys. */
#define LISTENER_WITH(more)                                                 \
	"listeners:\n  - {address: \"0.0.0.0\", port: 80, service: http}\n" \
	"  - address: \"0.0.0.0\"\n    port: 81\n    service: http\n    " more "\n"

static void
keys_without_effect_are_refused(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"engine:\n  syncookies: 1\n  syncookies_start: 75\n" PORT LISTENER,
			"t.yaml:3: engine.syncookies_start: has no effect without syncookies: "
			"adaptive; set that, or leave this out"},
		{"engine:\n  syncookies_stop: 25\n" PORT LISTENER,
			"t.yaml:2: engine.syncookies_stop: has no effect without syncookies: "
			"adaptive; set that, or leave this out"},
		{"engine:\n  syncookies: adaptive\n  syncookies_start: 20\n"
		 "  syncookies_stop: 21\n" PORT LISTENER,
			"t.yaml:4: engine.syncookies_stop: stop (21) is above start (20); use a "
			"syncookies_stop up to syncookies_start"},
		{"engine:\n  syncookies: adaptive\n  syncookies_start: 20\n" PORT LISTENER,
			"t.yaml:3: engine.syncookies_start: stop (25) is above start (20); use a "
			"syncookies_stop up to syncookies_start"},
		{"engine:\n  synack_prefix_burst: 5\n" PORT LISTENER,
			"t.yaml:2: engine.synack_prefix_burst: has no effect without "
			"synack_prefix_rate above 0; set that, or leave this out"},
		{"engine:\n  synack_prefix_rate: 0\n  synack_prefix_buckets: 64\n" PORT LISTENER,
			"t.yaml:3: engine.synack_prefix_buckets: has no effect without "
			"synack_prefix_rate above 0; set that, or leave this out"},
		{"engine:\n  proven_peers: 0\n  proven_lifetime: 1h\n" PORT LISTENER,
			"t.yaml:3: engine.proven_lifetime: has no effect without proven_peers "
			"above "
			"0; set that, or leave this out"},
		{"engine:\n  fastopen_key: 00112233-44556677-8899aabb-ccddeeff\n"
		 "  fastopen_key_file: /k\n" PORT LISTENER,
			"t.yaml:3: engine.fastopen_key_file: stands beside fastopen_key; use one "
			"of "
			"them"},
		{PORT LISTENER_WITH("queue_model: single\n    syn_backlog: linux"),
			"t.yaml:8: listeners[1].syn_backlog: has no effect without queue_model: "
			"two; "
			"set that, or leave this out"},
		{PORT LISTENER_WITH("defer_accept_mode: linux"),
			"t.yaml:7: listeners[1].defer_accept_mode: has no effect without "
			"defer_accept above 0s; set that, or leave this out"},
		{PORT LISTENER_WITH("defer_accept: 0s\n    defer_accept_cookies: accept"),
			"t.yaml:8: listeners[1].defer_accept_cookies: has no effect without "
			"defer_accept above 0s; set that, or leave this out"},
		{PORT LISTENER_WITH("fastopen_qlen: 5"),
			"t.yaml:7: listeners[1].fastopen_qlen: has no effect without fastopen: "
			"cookie or no-cookie; set that, or leave this out"},
		{PORT LISTENER_WITH("fastopen: off\n    fastopen_deliver: at-once"),
			"t.yaml:8: listeners[1].fastopen_deliver: has no effect without fastopen: "
			"cookie or no-cookie; set that, or leave this out"},
		{PORT LISTENER_WITH("fastopen: no-cookie\n    fastopen_under_flood: yes"),
			"t.yaml:8: listeners[1].fastopen_under_flood: has no effect without "
			"fastopen: cookie; set that, or leave this out"},
		{PORT LISTENER_WITH("fastopen: cookie\n    fastopen_qlen: 0"),
			"t.yaml:8: listeners[1].fastopen_qlen: \"0\" is out of range; use a whole "
			"number from 1 to 1048576"},
		{PORT LISTENER_WITH("keepalive_idle: 5s"),
			"t.yaml:7: listeners[1].keepalive_idle: has no effect without keepalive: "
			"yes; set that, or leave this out"},
		{PORT LISTENER_WITH("keepalive: no\n    keepalive_count: 3"),
			"t.yaml:8: listeners[1].keepalive_count: has no effect without keepalive: "
			"yes; set that, or leave this out"},
		{PORT LISTENER_WITH("keepalive: no\n    keepalive_interval: 3s"),
			"t.yaml:8: listeners[1].keepalive_interval: has no effect without "
			"keepalive: yes; set that, or leave this out"},
		{PORT LISTENER_WITH("window_clamp: 1151"),
			"t.yaml:7: listeners[1].window_clamp: \"1151\" is out of range; use none "
			"or a whole number from 1152 to 67108864"},
		{PORT LISTENER_WITH("syn_backlog: 0"),
			"t.yaml:7: listeners[1].syn_backlog: \"0\" is out of range; use linux, "
			"auto "
			"or a whole number from 1 to 1048576"},
		{PORT LISTENER_WITH("defer_accept: 1500ms"),
			"t.yaml:7: listeners[1].defer_accept: \"1500ms\" is no whole number of "
			"seconds; use a time with a unit (us, ms, s, m, h) from 0s to 65535s"},
		{"fragments_max: 5\n" PORT LISTENER,
			"t.yaml:1: fragments_max: has no effect without fragments: reassemble; set "
			"that, or leave this out"},
		{"fragments_timeout: 5s\nfragments: drop\n" PORT LISTENER,
			"t.yaml:1: fragments_timeout: has no effect without fragments: reassemble; "
			"set that, or leave this out"},
		{"mbufs_reserve: 513\nmbufs: 1024\n" PORT LISTENER,
			"t.yaml:1: mbufs_reserve: 513 is more than half of mbufs, 1024; use less, "
			"or more mbufs"},
		{"shards: 2\nfragments: reassemble\n" PORT LISTENER,
			"t.yaml:2: fragments: reassemble works on one shard, and there are 2; use "
			"shards: 1, or drop"},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		bad(cases[i].text, cases[i].message);
	config_free(
		good("engine: {syncookies: adaptive, syncookies_start: 20, syncookies_stop: 20, "
		     "synack_prefix_rate: 1, synack_prefix_burst: 1}\n" PORT LISTENER));
}

/* The section switches metrics on; what it leaves out has its default. */
static void
metrics_are_off_unless_there(void **state)
{
	struct tg_addr v4 = tg_addr_v4(127, 0, 0, 1);
	struct config *c = good(PORT LISTENER);

	(void)state;
	assert_false(c->metrics.on);
	config_free(c);
	c = good(PORT LISTENER "metrics: {}\n");
	assert_true(c->metrics.on);
	assert_memory_equal(&c->metrics.addr, &v4, sizeof(v4));
	assert_int_equal(c->metrics.port, 9464);
	config_free(c);
	c = good(PORT LISTENER "metrics: {address: \"::1\", port: 9}\n");
	assert_true(c->metrics.on);
	assert_int_equal(c->metrics.addr.b[15], 1);
	assert_int_equal(c->metrics.addr.b[12], 0);
	assert_int_equal(c->metrics.port, 9);
	config_free(c);
	bad(PORT LISTENER "metrics:\n  address: localhost\n",
		"t.yaml:4: metrics.address: \"localhost\" is no address; use one of this host's, "
		"such as 127.0.0.1 or ::1");
	bad(PORT LISTENER "metrics: {port: 0}\n",
		"t.yaml:3: metrics.port: \"0\" is out of range; use a whole number from 1 to "
		"65535");
	bad(PORT LISTENER "metrics: {prot: 1}\n",
		"t.yaml:3: metrics.prot: unknown key; known here: address, port");
	bad(PORT LISTENER "metrics: yes\n",
		"t.yaml:3: metrics: a single value stands here; use a mapping (lines of \"key: "
		"value\")");
}

static void
what_the_process_gives_up(void **state)
{
	static const char *const words[] = {"no", "log", "errno", "kill", "yes"};

	(void)state;
	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		char text[256];
		struct config *c;

		snprintf(text, sizeof(text), "process: {seccomp: %s}\n" PORT LISTENER, words[i]);
		c = good(text);
		assert_int_equal(c->process.seccomp, i);
		config_free(c);
	}
	bad("process: {seccomp: maybe}\n" PORT LISTENER,
		"t.yaml:1: process.seccomp: \"maybe\" is unknown; use one of: no, log, errno, "
		"kill, yes");
	bad("process: {group: daemon}\n" PORT LISTENER,
		"t.yaml:1: process.group: has no effect without user; set that, or leave this out");
	bad("process:\n    user: x\n    chroot: /\n" PORT LISTENER,
		"t.yaml:3: process.chroot: unknown key; known here: user, group, seccomp, "
		"dontdump");
	bad("process: {user: \"\"}\n" PORT LISTENER,
		"t.yaml:1: process.user: \"\" is empty; use 1 to 32 printable characters");
}

static void
unknown_keys(void **state)
{
	struct config *c;

	(void)state;
	bad("shard: 1\n" PORT LISTENER,
		"t.yaml:1: shard: unknown key; known here: shards, drain, idle_sleep, mbufs, "
		"mbufs_reserve, descriptors, fragments, fragments_max, fragments_timeout, cpus, "
		"eal, engine, "
		"http, log, metrics, exception, capture, process, ports, listeners");
	bad(PORT LISTENER "http:\n    root_page: x\n    rootpage: y\n",
		"t.yaml:5: http.rootpage: unknown key; known here: root_page, content_type");
	bad(PORT "listeners:\n"
		 "  - {address: \"::\", port: 80, service: http}\n"
		 "  - address: \"::\"\n"
		 "    prot: 81\n",
		"t.yaml:5: listeners[1].prot: unknown key; known here: address, port, service, "
		"backlog, queue_model, syn_backlog, idle_timeout, nodelay, dual_stack, "
		"defer_accept, defer_accept_mode, defer_accept_cookies, fastopen, fastopen_qlen, "
		"fastopen_deliver, fastopen_under_flood, keepalive, keepalive_idle, "
		"keepalive_interval, keepalive_count, user_timeout, window_clamp, hop_limit, dscp");
	/* The longest list there is comes whole. */
	assert_int_equal(config_parse("t.yaml", "engine: {x: 1}\n" PORT LISTENER,
				 strlen("engine: {x: 1}\n" PORT LISTENER), &c, err),
		-1);
	assert_string_equal(err + strlen(err) - strlen(", dscp"), ", dscp");
	bad("ports:\n"
	    "  - device: d0\n"
	    "    address: x\n",
		"t.yaml:3: ports[0].address: unknown key; known here: device, mtu, addresses");
}

static void
wrong_types(void **state)
{
	(void)state;
	bad("shards: two\n" PORT LISTENER,
		"t.yaml:1: shards: \"two\" is not a number; use a whole number from 1 to 256");
	bad("shards: [1]\n" PORT LISTENER,
		"t.yaml:1: shards: a list stands here; use a single value");
	bad("shards: {a: 1}\n" PORT LISTENER,
		"t.yaml:1: shards: a mapping stands here; use a single value");
	bad("shards:\n" PORT LISTENER,
		"t.yaml:1: shards: \"\" is not a number; use a whole number from 1 to 256");
	bad(PORT "listeners: 80\n", "t.yaml:2: listeners: a single value stands here; use a list");
	bad("engine: 7\n" PORT LISTENER,
		"t.yaml:1: engine: a single value stands here; use a "
		"mapping (lines of \"key: value\")");
	bad("engine:\n  synack_rto: 3\n" PORT LISTENER,
		"t.yaml:2: engine.synack_rto: \"3\" has no unit; use a time with a unit (us, ms, "
		"s, "
		"m, h) from 100ms to 2m");
	bad("engine: {sack: 1}\n" PORT LISTENER,
		"t.yaml:1: engine.sack: \"1\" is neither yes nor no; use yes or no (true, false, "
		"on, off)");
	bad("ports: [{device: d0, addresses: [192.0.2.1]}]\n" LISTENER,
		"t.yaml:1: ports[0].addresses[0]: \"192.0.2.1\" is no address with prefix length; "
		"use one such as 192.0.2.1/24 or 2001:db8::1/64");
	bad(PORT "listeners: [{address: all, port: 80, service: http}]\n",
		"t.yaml:2: listeners[0].address: \"all\" is no address; use one such as 0.0.0.0, "
		"::, 192.0.2.1 or 2001:db8::1");
	bad(PORT "listeners: [{address: \"::\", port: 80, service: htpp}]\n",
		"t.yaml:2: listeners[0].service: \"htpp\" is unknown; use one of: echo, discard, "
		"http, greet, hold");
	bad("cpus: [x]\n" PORT LISTENER,
		"t.yaml:1: cpus[0]: \"x\" is not a number; use a whole number from 0 to 1023");
}

static void
out_of_range(void **state)
{
	(void)state;
	bad("shards: 257\n" PORT LISTENER,
		"t.yaml:1: shards: \"257\" is out of range; use a whole number from 1 to 256");
	bad(PORT "listeners:\n"
		 "  - {address: \"::\", port: 1, service: echo}\n"
		 "  - address: \"::\"\n"
		 "    port: 65536\n"
		 "    service: http\n",
		"t.yaml:5: listeners[1].port: \"65536\" is out of range; use a whole number from 1 "
		"to 65535");
	bad("drain: 2h\n" PORT LISTENER,
		"t.yaml:1: drain: \"2h\" is out of range; use a time with a unit (us, ms, s, m, h) "
		"from 0s to 1h");
	bad("ports: [{device: d0, mtu: 500, addresses: [\"192.0.2.1/24\"]}]\n" LISTENER,
		"t.yaml:1: ports[0].mtu: \"500\" is out of range; use a whole number from 576 to "
		"9216");
	bad("ports: [{device: d0, mtu: 1279, addresses: [\"2001:db8::1/64\"]}]\n" LISTENER,
		"t.yaml:1: ports[0].mtu: 1279 is too small for the port's IPv6 addresses; use 1280 "
		"or more");
}

static void
what_is_missing(void **state)
{
	(void)state;
	bad("", "t.yaml: is empty; ports and listeners must be there");
	bad("# nothing\n", "t.yaml: is empty; ports and listeners must be there");
	bad(LISTENER, "t.yaml: ports: is missing; name at least one port");
	bad(PORT, "t.yaml: listeners: is missing; name at least one listener");
	bad("ports: []\n" LISTENER, "t.yaml:1: ports: is missing; name at least one port");
	bad("ports:\n  - device: d0\n" LISTENER,
		"t.yaml:2: ports[0].addresses: is missing; name at least one address");
	bad("ports: [{addresses: [\"192.0.2.1/24\"]}]\n" LISTENER,
		"t.yaml:1: ports[0].device: is missing");
	bad(PORT "listeners:\n  - {port: 80, service: http}\n",
		"t.yaml:3: listeners[0].address: is missing");
}

static void
duplicates_and_overlaps(void **state)
{
	(void)state;
	bad("shards: 1\n" PORT LISTENER "shards: 2\n",
		"t.yaml:4: shards: key given twice; use it once");
	bad("ports:\n"
	    "  - {device: d0, addresses: [\"192.0.2.1/24\", \"192.0.2.2/24\"]}\n"
	    "  - {device: d1, addresses: [\"192.0.2.2/24\"]}\n" LISTENER,
		"t.yaml:3: ports[1].addresses[0]: duplicate address, ports[0].addresses[1] is the "
		"same; name it once");
	bad("ports:\n"
	    "  - {device: \"net_null0,a=1\", addresses: [\"192.0.2.1/24\"]}\n"
	    "  - {device: \"net_null0,a=2\", addresses: [\"192.0.2.2/24\"]}\n" LISTENER,
		"t.yaml:3: ports[1].device: net_null0 is ports[0].device already; name each device "
		"once");
	bad(PORT "listeners:\n"
		 "  - {address: \"0.0.0.0\", port: 80, service: http}\n"
		 "  - {address: \"0.0.0.0\", port: 80, service: echo}\n",
		"t.yaml:4: listeners[1].port: 80 is in use by listeners[0] (0.0.0.0); use another "
		"port or address");
	bad(PORT "listeners:\n"
		 "  - {address: \"::\", dual_stack: yes, port: 80, service: http}\n"
		 "  - {address: \"0.0.0.0\", port: 80, service: http}\n",
		"t.yaml:4: listeners[1].port: 80 is in use by listeners[0] (::, dual-stack); use "
		"another port or address");
	bad(PORT "listeners:\n"
		 "  - {address: \"0.0.0.0\", port: 80, service: http}\n"
		 "  - {address: \"::\", dual_stack: yes, port: 80, service: http}\n",
		"t.yaml:4: listeners[1].port: 80 is in use by listeners[0] (0.0.0.0); use another "
		"port or address");
	bad("shards: 2\ncpus: [1, 1]\n" PORT LISTENER,
		"t.yaml:2: cpus[1]: CPU 1 is cpus[0] already; use another");
	bad("shards: 2\ncpus: [1]\n" PORT LISTENER,
		"t.yaml:2: cpus: names 1 CPUs for 2 shards; name one for each shard");
}

static void
what_is_no_conflict(void **state)
{
	(void)state;
	/* IPv4 and IPv6 apart, and an exact address beside the wildcard of its family. */
	config_free(good(PORT "listeners:\n"
			      "  - {address: \"0.0.0.0\", port: 80, service: http}\n"
			      "  - {address: \"::\", port: 80, service: http}\n"
			      "  - {address: \"192.0.2.1\", port: 80, service: echo}\n"));
	config_free(good(PORT "listeners:\n"
			      "  - {address: \"::\", dual_stack: yes, port: 80, service: http}\n"
			      "  - {address: \"192.0.2.1\", port: 80, service: echo}\n"));
}

static void
addresses_no_host_can_have(void **state)
{
	static const struct {
		const char *addr, *why;
	} cases[] = {
		{"0.0.0.0/8", "is the wildcard"},
		{"0.1.2.3/8", "is in 0.0.0.0/8"},
		{"127.0.0.1/8", "is a loopback address"},
		{"224.0.0.1/24", "is a multicast address"},
		{"255.255.255.255/32", "is reserved"},
		{"192.0.2.0/24", "is the network's own address"},
		{"192.0.2.255/24", "is the network's broadcast address"},
		{"::/64", "is the wildcard"},
		{"::1/128", "is the loopback address"},
		{"ff02::1/64", "is a multicast address"},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[256], message[256];

		snprintf(text, sizeof(text), "ports: [{device: d0, addresses: [\"%s\"]}]\n%s",
			cases[i].addr, LISTENER);
		snprintf(message, sizeof(message),
			"t.yaml:1: ports[0].addresses[0]: %s; use an address a host can have",
			cases[i].why);
		bad(text, message);
	}
	config_free(good("ports: [{device: d0, addresses: [\"192.0.2.0/31\", \"10.1.0.255/32\", "
			 "\"10.0.1.0/16\"]}]\n" LISTENER));
}

static void
listeners_fit_their_ports(void **state)
{
	(void)state;
	bad(PORT "listeners: [{address: 192.0.2.9, port: 80, service: http}]\n",
		"t.yaml:2: listeners[0].address: 192.0.2.9 is no address of any port; use one of "
		"ports[].addresses, 0.0.0.0 or ::");
	bad(PORT "listeners: [{address: 0.0.0.0, dual_stack: yes, port: 80, service: http}]\n",
		"t.yaml:2: listeners[0].dual_stack: is for the IPv6 wildcard; use it with address "
		"\"::\"");
}

static void
not_yaml(void **state)
{
	(void)state;
	bad("a:\n  b: 1\n\tc: 2\n",
		"t.yaml:3: not valid YAML: found a tab character that violates indentation");
	bad("--- 1\n--- 2\n",
		"t.yaml:2: not valid YAML: a second document begins here, one is read");
	bad("- 1\n", "t.yaml: a list stands here; use a mapping (lines of \"key: value\")");
	bad("drain: &a 5s\nidle_sleep: *a\n" PORT LISTENER,
		"t.yaml:2: idle_sleep: an alias stands here; write the value out");
}

static void
too_much_of_it(void **state)
{
	char *text = malloc(1 << 16);
	size_t n;

	(void)state;
	n = (size_t)sprintf(text, "%seal: [", PORT LISTENER);
	for (unsigned i = 0; i <= CONFIG_EAL_ARGS; i++)
		n += (size_t)sprintf(text + n, "-v,");
	sprintf(text + n, "]\n");
	bad(text, "t.yaml:3: eal: too many entries; use at most 64");
	n = (size_t)sprintf(text, "%sports:\n", LISTENER);
	for (unsigned p = 0; p < 2; p++) {
		n += (size_t)sprintf(text + n, "  - {device: d%u, addresses: [", p);
		for (unsigned i = 1; i <= 129; i++)
			n += (size_t)sprintf(text + n, "\"10.%u.0.%u/16\",", p, i);
		n += (size_t)sprintf(text + n, "]}\n");
	}
	bad(text, "t.yaml:2: ports: more than 256 addresses in all; use fewer");
	free(text);
}

static void
files_that_cannot_be_read(void **state)
{
	struct config *c;

	(void)state;
	assert_int_equal(config_load("/nonexistent/t.yaml", &c, err), -1);
	assert_string_equal(err, "/nonexistent/t.yaml: cannot be read: No such file or directory");
	assert_int_equal(config_load("/", &c, err), -1);
	assert_string_equal(err, "/: cannot be read: Is a directory");
}

/* Damage anywhere must be survived, and told in one line when it matters. */
static void
survives_any_one_byte_of_damage(void **state)
{
	static const char text[] = "shards: 2\nengine: {syncookies: 1}\n" PORT LISTENER;
	static const char bytes[] = "\0\n\t:[]{}\"'#&*-,x9\xff";
	char copy[sizeof(text)];

	(void)state;
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		for (size_t k = 0; k < sizeof(bytes) - 1; k++) {
			struct config *c;

			memcpy(copy, text, sizeof(text));
			copy[i] = bytes[k];
			err[0] = '\0';
			if (config_parse("t.yaml", copy, sizeof(text) - 1, &c, err) == 0) {
				config_free(c);
				continue;
			}
			assert_int_not_equal(err[0], '\0');
			assert_null(strchr(err, '\n'));
		}
}

/* True when the example has a line, perhaps commented out, that begins with this key. */
static bool
example_names(const char *text, const char *key)
{
	size_t n = strlen(key);

	for (const char *p = text; (p = strstr(p, key)) != NULL; p += n) {
		const char *q = p;

		while (q > text && (q[-1] == ' ' || q[-1] == '#' || q[-1] == '-'))
			q--;
		if ((q == text || q[-1] == '\n') && p[n] == ':')
			return true;
	}
	return false;
}

static void
the_exception_path_and_capture_arrive(void **state)
{
	struct config *c = good(PORT LISTENER);

	(void)state;
	assert_null(c->exception.interface);
	assert_int_equal(c->exception.rate, 10000);
	assert_int_equal(c->exception.burst, 64);
	assert_int_equal(c->engine.pass_ports, 0);
	assert_false(c->engine.closed_port_pass);
	assert_false(c->capture.pdump);
	config_free(c);
	c = good("exception: {interface: \"x%dy\", device: tap, rate: 1, burst: 65536,\n"
		 "  kernel_ports: [22, 65535]}\n"
		 "capture: {pdump: yes}\n" PORT LISTENER);
	assert_string_equal(c->exception.interface, "x%dy");
	assert_int_equal(c->exception.device, 2);
	assert_int_equal(c->exception.rate, 1);
	assert_int_equal(c->exception.burst, 65536);
	assert_int_equal(c->engine.pass_ports, 2);
	assert_int_equal(c->engine.pass_port[0], 22);
	assert_int_equal(c->engine.pass_port[1], 65535);
	assert_true(c->capture.pdump);
	config_free(c);
	c = good("exception: {interface: tgx, closed_ports: kernel}\n" PORT LISTENER);
	assert_true(c->engine.closed_port_pass);
	config_free(c);
}

static void
an_exception_path_that_cannot_be_is_refused(void **state)
{
	(void)state;
	bad("exception: {rate: 5}\n" PORT LISTENER, "t.yaml:1: exception.interface: is missing");
	bad("exception:\n  interface: a b\n" PORT LISTENER,
		"t.yaml:2: exception.interface: \"a b\" is no name of an interface; use one such "
		"as tgx0, or tgx%d, where %d is the number of the port");
	bad("exception:\n  interface: a%s\n" PORT LISTENER,
		"t.yaml:2: exception.interface: \"a%s\" is no name of an interface; use one such "
		"as tgx0, or tgx%d, where %d is the number of the port");
	bad("exception:\n  interface: a%d%n\n" PORT LISTENER,
		"t.yaml:2: exception.interface: \"a%d%n\" is no name of an interface; use one such "
		"as tgx0, or tgx%d, where %d is the number of the port");
	bad("exception:\n  interface: tgx0\n"
	    "ports: [{device: net_null0, addresses: [\"192.0.2.1/24\"]},\n"
	    "  {device: net_null1, addresses: [\"192.0.3.1/24\"]}]\n" LISTENER,
		"t.yaml:2: exception.interface: 2 ports want interfaces of their own; use %d for "
		"the number of the port, as in tgx%d");
	bad("exception:\n  interface: tgx0\n  closed_ports: kernel\n  kernel_ports: [22]\n" PORT
			LISTENER,
		"t.yaml:4: exception.kernel_ports: has no effect beside closed_ports: kernel; use "
		"one of them");
	bad("exception:\n  interface: tgx0\n  kernel_ports: [22, 0]\n" PORT LISTENER,
		"t.yaml:3: exception.kernel_ports[1]: \"0\" is out of range; use a whole number "
		"from 1 to 65535");
	bad("exception:\n  interface: tgx0\n  kernel_ports: [22, 80]\n" PORT LISTENER,
		"t.yaml:3: exception.kernel_ports[1]: 80 is a listener's port; a packet for it is "
		"never the kernel's");
	bad("eal: [\"--no-huge\"]\ncapture:\n  pdump: yes\n" PORT LISTENER,
		"t.yaml:3: capture.pdump: dpdk-dumpcap attaches as a second process, which "
		"--no-huge does not let in; take that out of eal, or set pdump: no");
}

static void
the_example_names_every_key(void **state)
{
	struct config *c;

	(void)state;
	assert_int_equal(config_load(TEST_EXAMPLE, &c, err), 0);
	for (const struct key_group *g = key_groups; g->path != NULL; g++) {
		for (unsigned i = 0; i < g->nb_keys; i++)
			if (!example_names(c->text, g->keys[i].name))
				fail_msg(
					"the example lacks %s of \"%s\"", g->keys[i].name, g->path);
		for (unsigned i = 0; g->nested[i] != NULL; i++)
			if (!example_names(c->text, g->nested[i]))
				fail_msg("the example lacks %s of \"%s\"", g->nested[i], g->path);
	}
	config_free(c);
}

static void
the_example_tells_the_true_defaults(void **state)
{
	struct config *example, *defaults = good(PORT LISTENER);

	(void)state;
	assert_int_equal(config_load(TEST_EXAMPLE, &example, err), 0);
	assert_memory_equal(&example->engine, &defaults->engine, sizeof(example->engine));
	assert_int_equal(example->shards, defaults->shards);
	assert_int_equal(example->drain_ms, defaults->drain_ms);
	assert_int_equal(example->idle_sleep_us, defaults->idle_sleep_us);
	assert_int_equal(example->descriptors, defaults->descriptors);
	assert_int_equal(example->reassemble, defaults->reassemble);
	assert_int_equal(example->fragments_max, defaults->fragments_max);
	assert_int_equal(example->fragments_timeout_ms, defaults->fragments_timeout_ms);
	/* The first listener differs from the defaults where it says so. */
	example->listener[0].how.local = defaults->listener[0].how.local;
	example->listener[0].how.dual_stack = defaults->listener[0].how.dual_stack;
	example->listener[0].how.idle_timeout_ms = defaults->listener[0].how.idle_timeout_ms;
	assert_memory_equal(&example->listener[0].how, &defaults->listener[0].how,
		sizeof(example->listener[0].how));
	assert_int_equal(example->listener[0].how.backlog, defaults->listener[0].how.backlog);
	assert_int_equal(example->listener[0].how.nodelay, defaults->listener[0].how.nodelay);
	config_free(example);
	config_free(defaults);
}

/* Copies what stands behind "# KEY: " where a line of the example begins so. */
static bool
commented_out(const char *text, const char *key, char *value, size_t size)
{
	char line[128];
	const char *at;
	size_t n;

	snprintf(line, sizeof(line), "# %s: ", key);
	for (at = text; (at = strstr(at, line)) != NULL; at++) {
		const char *start = at;

		while (start > text && start[-1] == ' ')
			start--;
		if (start == text || start[-1] == '\n')
			break;
	}
	if (at == NULL)
		return false;
	at += strlen(line);
	n = strcspn(at, "\n");
	assert_true(n < size);
	memcpy(value, at, n);
	value[n] = '\0';
	return true;
}

/* What is commented out, since it stands alone only beside another key, has its default too. */
static void
the_example_tells_the_true_defaults_of_what_is_commented_out(void **state)
{
	struct config *example, *defaults = good(PORT LISTENER);
	unsigned found = 0;

	(void)state;
	assert_int_equal(config_load(TEST_EXAMPLE, &example, err), 0);
	for (unsigned g = 0; g < GROUP_COUNT; g++)
		for (unsigned i = 0; i < key_groups[g].nb_keys; i++) {
			const struct key *k = &key_groups[g].keys[i];
			struct config_listener l = defaults->listener[0];
			struct config before = *defaults;
			char value[128], msg[VALUE_MESSAGE_MAX];

			/* Texts have no default, and those of mbufs are derived. */
			if (k->kind == KEY_TEXT || strncmp(k->name, "mbufs", 5) == 0 ||
				!commented_out(example->text, k->name, value, sizeof(value)))
				continue;
			found++;
			assert_true(g == GROUP_TOP || g == GROUP_ENGINE || g == GROUP_EXCEPTION ||
				g == GROUP_CAPTURE || g == GROUP_PROCESS || g == GROUP_LISTENER);
			if (value_read(k, value,
				    g == GROUP_LISTENER          ? (void *)&l
					    : g == GROUP_PROCESS ? (void *)&before.process
								 : (void *)&before,
				    msg) != 0)
				fail_msg("%s: %s", k->name, msg);
			if (memcmp(&l, &defaults->listener[0], sizeof(l)) != 0 ||
				memcmp(&before, defaults, sizeof(before)) != 0)
				fail_msg("the example has \"%s\" for %s", value, k->name);
		}
	assert_int_equal(found, 21);
	config_free(example);
	config_free(defaults);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_shortest_file_gets_defaults),
		cmocka_unit_test(every_value_arrives),
		cmocka_unit_test(options_of_connections_arrive),
		cmocka_unit_test(every_value_of_the_listener_contract_arrives),
		cmocka_unit_test(syncookies_by_number_and_by_word),
		cmocka_unit_test(a_fast_open_key_is_read_and_its_text_forgotten),
		cmocka_unit_test(keys_without_effect_are_refused),
		cmocka_unit_test(what_the_process_gives_up),
		cmocka_unit_test(unknown_keys),
		cmocka_unit_test(wrong_types),
		cmocka_unit_test(out_of_range),
		cmocka_unit_test(what_is_missing),
		cmocka_unit_test(duplicates_and_overlaps),
		cmocka_unit_test(what_is_no_conflict),
		cmocka_unit_test(addresses_no_host_can_have),
		cmocka_unit_test(listeners_fit_their_ports),
		cmocka_unit_test(not_yaml),
		cmocka_unit_test(too_much_of_it),
		cmocka_unit_test(files_that_cannot_be_read),
		cmocka_unit_test(survives_any_one_byte_of_damage),
		cmocka_unit_test(metrics_are_off_unless_there),
		cmocka_unit_test(the_exception_path_and_capture_arrive),
		cmocka_unit_test(an_exception_path_that_cannot_be_is_refused),
		cmocka_unit_test(the_example_names_every_key),
		cmocka_unit_test(the_example_tells_the_true_defaults),
		cmocka_unit_test(the_example_tells_the_true_defaults_of_what_is_commented_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
