/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "schema.h"
#include "config.h"

#define COUNT(a)    (sizeof(a) / sizeof((a)[0]))
#define SIZE(s, f)  sizeof(((struct s *)0)->f)
#define PLACE(s, f) .size = SIZE(s, f), .offset = offsetof(struct s, f)
#define MS(n)       ((uint64_t)(n)*1000)
#define SEC(n)      ((uint64_t)(n)*1000000)
#define TABLE_MAX   (1 << 24)
#define BACKLOG_MAX (1 << 20)
#define BUFFER_MAX  (1 << 26)

/* clang-format off: one key, one line */
#define UINT(n, s, f, lo, hi)                                                  \
	{                                                                      \
		.name = n, .kind = KEY_UINT, PLACE(s, f), .min = lo, .max = hi \
	}
#define BOOL(n, s, f)                                    \
	{                                                \
		.name = n, .kind = KEY_BOOL, PLACE(s, f) \
	}
#define TIME(n, s, f, lo, hi)                                                     \
	{                                                                         \
		.name = n, .kind = KEY_TIME_MS, PLACE(s, f), .min = lo, .max = hi \
	}
#define CHOICE(n, s, f, w)                                               \
	{                                                                \
		.name = n, .kind = KEY_CHOICE, PLACE(s, f), .choices = w \
	}
#define FLAG(n, s, f, w)                                               \
	{                                                              \
		.name = n, .kind = KEY_FLAG, PLACE(s, f), .choices = w \
	}
/* What memory was made by: a number that stays. */
#define FIXED(n, s, f, lo, hi)                                                  \
	{                                                                       \
		.name = n, .kind = KEY_UINT, PLACE(s, f), .min = lo, .max = hi, \
		.when = WHEN_RESTART                                            \
	}
#define TEXT(n, s, f, hi)                                                     \
	{                                                                     \
		.name = n, .kind = KEY_TEXT, PLACE(s, f), .min = 1, .max = hi \
	}
#define MUST(...)                          \
	{                                  \
		.required = 1, __VA_ARGS__ \
	}

static const char *const service_words[] = {"echo", "discard", "http", "greet", "hold", NULL};
static const char *const closed_port_words[] = {"reset", "drop", NULL};
static const char *const fragments_words[] = {"drop", "reassemble", NULL};
/* In the order of enum config_log_level. */
static const char *const log_level_words[] = {"error", "warning", "notice", "info", "debug", NULL};
/* In the order of enum tg_syncookies, and so on: a word's place is its number. */
static const char *const syncookies_words[] = {"0", "1", "2", "adaptive", "monitor", NULL};
static const char *const accept_bound_words[] = {"linux", "exact", NULL};
static const char *const accept_full_words[] = {"always", "young", NULL};
static const char *const queue_model_words[] = {"two", "single", NULL};
static const char *const syn_backlog_words[] = {"linux", "auto", NULL};
static const uint32_t syn_backlog_meant[] = {0, TG_SYN_BACKLOG_AUTO};
static const char *const defer_mode_words[] = {"silent", "linux", "legacy", NULL};
static const char *const defer_cookies_words[] = {"ignore-bare-ack", "accept", NULL};
static const char *const window_clamp_words[] = {"none", NULL};
static const uint32_t window_clamp_meant[] = {0};
static const char *const engines_words[] = {"engine", NULL};
static const uint32_t hop_limit_meant[] = {0};
static const uint32_t dscp_meant[] = {TG_DSCP_ENGINE};
/* In the order of enum tg_exception_kind. */
static const char *const exception_words[] = {"auto", "vhost-net", "tap", NULL};
static const char *const closed_ports_words[] = {"tidegate", "kernel", NULL};
static const char *const seccomp_words[] = {"no", "log", "errno", "kill", "yes", NULL};
static const char *const fastopen_words[] = {"off", "cookie", "no-cookie", NULL};
static const char *const fastopen_deliver_words[] = {"at-once", "after-handshake", NULL};

static const struct key top_keys[] = {
	UINT("shards", config, shards, 1, CONFIG_SHARDS),
	{.name = "drain",
		.kind = KEY_TIME_MS,
		PLACE(config, drain_ms),
		.max = SEC(3600),
		.when = WHEN_LIVE},
	{.name = "idle_sleep",
		.kind = KEY_TIME_US,
		PLACE(config, idle_sleep_us),
		.max = MS(10),
		.when = WHEN_LIVE},
	UINT("mbufs", config, mbufs, 512, 1 << 23),
	UINT("mbufs_reserve", config, mbufs_reserve, 0, 1 << 22),
	UINT("descriptors", config, descriptors, 32, 32768),
	FLAG("fragments", config, reassemble, fragments_words),
	UINT("fragments_max", config, fragments_max, 1, 65536),
	TIME("fragments_timeout", config, fragments_timeout_ms, MS(100), SEC(120)),
};

static const struct key engine_keys[] = {
	CHOICE("syncookies", config, engine.syncookies, syncookies_words),
	UINT("syncookies_start", config, engine.syncookies_start, 1, 100),
	UINT("syncookies_stop", config, engine.syncookies_stop, 0, 100),
	UINT("synack_retries", config, engine.synack_retries, 0, 255),
	{.name = "synack_rto",
		.kind = KEY_TIME_MS,
		PLACE(config, engine.synack_rto_ms),
		.min = MS(100),
		.max = SEC(120),
		.when = WHEN_RESTART},
	UINT("somaxconn", config, engine.somaxconn, 1, BACKLOG_MAX),
	UINT("max_syn_backlog", config, engine.max_syn_backlog, 1, BACKLOG_MAX),
	FLAG("accept_bound", config, engine.accept_exact, accept_bound_words),
	CHOICE("accept_full_policy", config, engine.accept_full, accept_full_words),
	BOOL("abort_on_overflow", config, engine.abort_on_overflow),
	FLAG("closed_port", config, engine.closed_port_drop, closed_port_words),
	UINT("rst_rate", config, engine.rst_rate, 0, UINT32_MAX),
	FIXED("proven_peers", config, engine.proven_peers, 0, BACKLOG_MAX),
	TIME("proven_lifetime", config, engine.proven_ms, SEC(1), SEC(576 * 3600)),
	UINT("synack_prefix_rate", config, engine.synack_prefix_rate, 0, 1000000),
	UINT("synack_prefix_burst", config, engine.synack_prefix_burst, 1, 1000000),
	FIXED("synack_prefix_buckets", config, engine.synack_prefix_buckets, 64, BACKLOG_MAX),
	UINT("cookie_check_rate", config, engine.cookie_check_rate, 0, UINT32_MAX),
	TEXT("cookie_seed_file", config, cookie_seed_file, 4095),
	{.name = "fastopen_key",
		.kind = KEY_TEXT,
		PLACE(config, fastopen_key),
		.min = 1,
		.max = 100,
		.secret = true},
	TEXT("fastopen_key_file", config, fastopen_key_file, 4095),
	FIXED("max_conns", config, engine.max_conns, 1, TABLE_MAX),
	FIXED("max_half_open", config, engine.max_half_open, 1, TABLE_MAX),
	FIXED("max_time_wait", config, engine.max_time_wait, 1, TABLE_MAX),
	FIXED("max_segments", config, engine.max_segments, 1, TABLE_MAX),
	UINT("rcvbuf", config, engine.rcvbuf, 4096, BUFFER_MAX),
	UINT("sndbuf", config, engine.sndbuf, 4096, BUFFER_MAX),
	TIME("rto_min", config, engine.rto_min_ms, MS(1), SEC(60)),
	TIME("delayed_ack", config, engine.delayed_ack_ms, 0, MS(500)),
	UINT("retries", config, engine.retries, 1, 30),
	UINT("orphan_retries", config, engine.orphan_retries, 1, 30),
	TIME("fin_timeout", config, engine.fin_timeout_ms, 0, SEC(3600)),
	TIME("time_wait", config, engine.time_wait_ms, 0, SEC(240)),
	BOOL("timestamps", config, engine.timestamps),
	BOOL("sack", config, engine.sack),
	BOOL("window_scaling", config, engine.window_scaling),
	BOOL("ecn", config, engine.ecn),
	UINT("hop_limit", config, engine.hop_limit, 1, 255),
	UINT("dscp", config, engine.dscp, 0, 63),
};

static const struct key http_keys[] = {
	TEXT("root_page", config_http, root_page, 4095),
	TEXT("content_type", config_http, content_type, 100),
};

static const struct key log_keys[] = {
	CHOICE("level", config_log, level, log_level_words),
	BOOL("syslog", config_log, syslog),
};

static const struct key metrics_keys[] = {
	TEXT("address", config_metrics, address, 45),
	UINT("port", config_metrics, port, 1, 65535),
};

static const struct key exception_keys[] = {
	MUST(.name = "interface", .kind = KEY_TEXT, PLACE(config, exception.interface), .min = 1,
		.max = CONFIG_INTERFACE_MAX),
	CHOICE("device", config, exception.device, exception_words),
	UINT("rate", config, exception.rate, 1, 10000000),
	UINT("burst", config, exception.burst, 1, 65536),
	FLAG("closed_ports", config, engine.closed_port_pass, closed_ports_words),
};

static const struct key capture_keys[] = {
	BOOL("pdump", config, capture.pdump),
};

static const struct key process_keys[] = {
	TEXT("user", config_process, user, 32),
	TEXT("group", config_process, group, 32),
	CHOICE("seccomp", config_process, seccomp, seccomp_words),
	BOOL("dontdump", config_process, dontdump),
};

static const struct key port_keys[] = {
	MUST(.name = "device", .kind = KEY_TEXT, PLACE(config_port, device), .min = 1, .max = 255),
	UINT("mtu", config_port, mtu, 576, 9216),
};

static const struct key listener_keys[] = {
	MUST(.name = "address", .kind = KEY_TEXT, PLACE(config_listener, address), .min = 1,
		.max = 45),
	MUST(.name = "port", .kind = KEY_UINT, PLACE(config_listener, port), .min = 1,
		.max = 65535),
	MUST(.name = "service", .kind = KEY_CHOICE, PLACE(config_listener, service),
		.choices = service_words),
	UINT("backlog", config_listener, how.backlog, 1, BACKLOG_MAX),
	FLAG("queue_model", config_listener, how.single_queue, queue_model_words),
	{.name = "syn_backlog",
		.kind = KEY_UINT,
		PLACE(config_listener, how.syn_backlog),
		.min = 1,
		.max = BACKLOG_MAX,
		.choices = syn_backlog_words,
		.meant = syn_backlog_meant},
	TIME("idle_timeout", config_listener, how.idle_timeout_ms, 0, SEC(86400)),
	BOOL("nodelay", config_listener, how.nodelay),
	BOOL("dual_stack", config_listener, how.dual_stack),
	{.name = "defer_accept",
		.kind = KEY_TIME_S,
		PLACE(config_listener, how.defer_accept_s),
		.max = SEC(65535)},
	CHOICE("defer_accept_mode", config_listener, how.defer_mode, defer_mode_words),
	FLAG("defer_accept_cookies", config_listener, how.defer_cookies, defer_cookies_words),
	CHOICE("fastopen", config_listener, how.fastopen, fastopen_words),
	UINT("fastopen_qlen", config_listener, how.fastopen_qlen, 1, BACKLOG_MAX),
	FLAG("fastopen_deliver", config_listener, how.fastopen_late, fastopen_deliver_words),
	BOOL("fastopen_under_flood", config_listener, how.fastopen_under_flood),
	BOOL("keepalive", config_listener, how.options.keepalive),
	{.name = "keepalive_idle",
		.kind = KEY_TIME_S,
		PLACE(config_listener, how.options.keep_idle_s),
		.min = SEC(1),
		.max = SEC(32767)},
	{.name = "keepalive_interval",
		.kind = KEY_TIME_S,
		PLACE(config_listener, how.options.keep_interval_s),
		.min = SEC(1),
		.max = SEC(32767)},
	UINT("keepalive_count", config_listener, how.options.keep_count, 1, 127),
	TIME("user_timeout", config_listener, how.options.user_timeout_ms, 0, SEC(576 * 3600)),
	{.name = "window_clamp",
		.kind = KEY_UINT,
		PLACE(config_listener, how.options.window_clamp),
		.min = TG_WINDOW_CLAMP_MIN,
		.max = BUFFER_MAX,
		.choices = window_clamp_words,
		.meant = window_clamp_meant},
	{.name = "hop_limit",
		.kind = KEY_UINT,
		PLACE(config_listener, how.options.hop_limit),
		.min = 1,
		.max = 255,
		.choices = engines_words,
		.meant = hop_limit_meant},
	{.name = "dscp",
		.kind = KEY_UINT,
		PLACE(config_listener, how.options.dscp),
		.max = 63,
		.choices = engines_words,
		.meant = dscp_meant},
};
/* clang-format on */

static const char *const none[] = {NULL};
static const char *const top_nested[] = {"cpus", "eal", "engine", "http", "log", "metrics",
	"exception", "capture", "process", "ports", "listeners", NULL};
static const char *const exception_nested[] = {"kernel_ports", NULL};
static const char *const port_nested[] = {"addresses", NULL};

const struct key_group key_groups[] = {
	[GROUP_TOP] = {"", top_keys, COUNT(top_keys), top_nested, false},
	[GROUP_ENGINE] = {"engine", engine_keys, COUNT(engine_keys), none, true},
	[GROUP_HTTP] = {"http", http_keys, COUNT(http_keys), none, true},
	[GROUP_LOG] = {"log", log_keys, COUNT(log_keys), none, true},
	[GROUP_METRICS] = {"metrics", metrics_keys, COUNT(metrics_keys), none, false},
	[GROUP_EXCEPTION] = {"exception", exception_keys, COUNT(exception_keys), exception_nested,
		false},
	[GROUP_CAPTURE] = {"capture", capture_keys, COUNT(capture_keys), none, false},
	[GROUP_PROCESS] = {"process", process_keys, COUNT(process_keys), none, false},
	[GROUP_PORT] = {"ports[]", port_keys, COUNT(port_keys), port_nested, false},
	[GROUP_LISTENER] = {"listeners[]", listener_keys, COUNT(listener_keys), none, true},
	[GROUP_COUNT] = {NULL, NULL, 0, NULL, false},
};

const struct key_section key_sections[] = {
	{GROUP_TOP, 0},
	{GROUP_ENGINE, 0},
	{GROUP_HTTP, offsetof(struct config, http)},
	{GROUP_LOG, offsetof(struct config, log)},
	{GROUP_METRICS, offsetof(struct config, metrics)},
	{GROUP_EXCEPTION, 0},
	{GROUP_CAPTURE, 0},
	{GROUP_PROCESS, offsetof(struct config, process)},
	{GROUP_COUNT, 0},
};

/* All but ports, listeners and the end; a new group has a row of its own. */
static_assert(COUNT(key_sections) == GROUP_COUNT - 1,
	"a reload compares, and `set` copies, every group: name it in key_sections");

static_assert(COUNT(top_keys) <= GROUP_KEYS_MAX && COUNT(engine_keys) <= GROUP_KEYS_MAX &&
		COUNT(listener_keys) <= GROUP_KEYS_MAX,
	"raw groups in config.c have room for every key");

uint64_t
key_bit(enum key_group_index g, const char *name)
{
	for (unsigned i = 0; i < key_groups[g].nb_keys; i++)
		if (strcmp(key_groups[g].keys[i].name, name) == 0)
			return UINT64_C(1) << i;
	abort();
}

bool
key_is_live(enum key_group_index g, unsigned i)
{
	const struct key *k = &key_groups[g].keys[i];

	return k->when == WHEN_GROUP ? key_groups[g].live : k->when == WHEN_LIVE;
}
