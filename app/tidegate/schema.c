/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>

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
#define TEXT(n, s, f, hi)                                                     \
	{                                                                     \
		.name = n, .kind = KEY_TEXT, PLACE(s, f), .min = 1, .max = hi \
	}
#define MUST(...)                          \
	{                                  \
		.required = 1, __VA_ARGS__ \
	}

static const char *const service_words[] = {"echo", "discard", "http", NULL};
static const char *const closed_port_words[] = {"reset", "drop", NULL};

static const struct key top_keys[] = {
	UINT("shards", config, shards, 1, CONFIG_SHARDS),
	TIME("drain", config, drain_ms, 0, SEC(3600)),
	{.name = "idle_sleep", .kind = KEY_TIME_US, PLACE(config, idle_sleep_us), .max = MS(10)},
	UINT("mbufs", config, mbufs, 512, 1 << 23),
	UINT("descriptors", config, descriptors, 32, 32768),
};

static const struct key engine_keys[] = {
	UINT("syncookies", tg_engine_config, syncookies, 0, 2),
	UINT("synack_retries", tg_engine_config, synack_retries, 0, 255),
	TIME("synack_rto", tg_engine_config, synack_rto_ms, MS(100), SEC(120)),
	UINT("somaxconn", tg_engine_config, somaxconn, 1, BACKLOG_MAX),
	BOOL("abort_on_overflow", tg_engine_config, abort_on_overflow),
	{.name = "closed_port",
		.kind = KEY_CHOICE,
		PLACE(tg_engine_config, closed_port_drop),
		.choices = closed_port_words},
	UINT("rst_rate", tg_engine_config, rst_rate, 0, UINT32_MAX),
	UINT("max_conns", tg_engine_config, max_conns, 1, TABLE_MAX),
	UINT("max_half_open", tg_engine_config, max_half_open, 1, TABLE_MAX),
	UINT("max_time_wait", tg_engine_config, max_time_wait, 1, TABLE_MAX),
	UINT("max_segments", tg_engine_config, max_segments, 1, TABLE_MAX),
	UINT("rcvbuf", tg_engine_config, rcvbuf, 4096, BUFFER_MAX),
	UINT("sndbuf", tg_engine_config, sndbuf, 4096, BUFFER_MAX),
	TIME("rto_min", tg_engine_config, rto_min_ms, MS(1), SEC(60)),
	TIME("delayed_ack", tg_engine_config, delayed_ack_ms, 0, MS(500)),
	UINT("retries", tg_engine_config, retries, 1, 30),
	UINT("orphan_retries", tg_engine_config, orphan_retries, 1, 30),
	TIME("fin_timeout", tg_engine_config, fin_timeout_ms, 0, SEC(3600)),
	TIME("time_wait", tg_engine_config, time_wait_ms, 0, SEC(240)),
	BOOL("timestamps", tg_engine_config, timestamps),
	BOOL("sack", tg_engine_config, sack),
	BOOL("window_scaling", tg_engine_config, window_scaling),
};

static const struct key http_keys[] = {
	TEXT("root_page", config_http, root_page, 4095),
	TEXT("content_type", config_http, content_type, 100),
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
	UINT("backlog", config_listener, backlog, 1, BACKLOG_MAX),
	TIME("idle_timeout", config_listener, idle_timeout_ms, 0, SEC(86400)),
	BOOL("nodelay", config_listener, nodelay),
	BOOL("dual_stack", config_listener, dual_stack),
};
/* clang-format on */

static const char *const none[] = {NULL};
static const char *const top_nested[] = {
	"cpus", "eal", "engine", "http", "ports", "listeners", NULL};
static const char *const port_nested[] = {"addresses", NULL};

const struct key_group key_groups[] = {
	[GROUP_TOP] = {"", top_keys, COUNT(top_keys), top_nested},
	[GROUP_ENGINE] = {"engine", engine_keys, COUNT(engine_keys), none},
	[GROUP_HTTP] = {"http", http_keys, COUNT(http_keys), none},
	[GROUP_PORT] = {"ports[]", port_keys, COUNT(port_keys), port_nested},
	[GROUP_LISTENER] = {"listeners[]", listener_keys, COUNT(listener_keys), none},
	[GROUP_COUNT] = {NULL, NULL, 0, NULL},
};

static_assert(COUNT(top_keys) <= GROUP_KEYS_MAX && COUNT(engine_keys) <= GROUP_KEYS_MAX &&
		COUNT(listener_keys) <= GROUP_KEYS_MAX,
	"raw groups in config.c have room for every key");
