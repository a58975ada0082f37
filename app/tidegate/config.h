/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_APP_CONFIG_H
#define TIDEGATE_APP_CONFIG_H
/**
 * @file
 * The daemon's configuration: YAML in, one checked struct out, or one line that says what is wrong.
 *
 * config/tidegate.yaml describes every key. Files of this part:
 *
 *     schema.c        which keys there are, their kinds, ranges and places (one table)
 *     value.c         the text of one value -> number, time, yes or no
 *     locate.c        key path -> line of the file
 *     config.c        loads: libcyaml sees to structure, schema.c and value.c to values
 *     config_check.c  what no single value tells: duplicates, overlaps, families
 *     config_rules.c  keys that make no sense beside, or without, each other
 *     secret_pages.c  memory that is wiped, and in no core dump
 *     config_diff.c   what is different between two of them, and what of that needs a restart
 *     config_edit.c   one with a key, or a listener, changed
 *     secret_file.c   files only their owner may read
 *     secrets.c       which of them there are, and what stands in them
 */
#include <tidegate/tidegate.h>

/** Most ports, addresses, listeners: what an engine takes. */
#define CONFIG_PORTS     64
#define CONFIG_ADDRS     256
#define CONFIG_LISTENERS 256
/** Most shards. */
#define CONFIG_SHARDS 256
/** Most EAL arguments. */
#define CONFIG_EAL_ARGS 64
/** Largest file in bytes. */
#define CONFIG_FILE_MAX (1 << 20)
/** Bytes of an error line, the end included. */
#define CONFIG_ERROR_MAX 1536
/** fastopen_qlen of a listener that does not say. */
#define CONFIG_FASTOPEN_QLEN 256

/** Services a listener can have, as services.c lists them. */
enum service_kind {
	SERVICE_ECHO,
	SERVICE_DISCARD,
	SERVICE_HTTP,
	SERVICE_GREET,
	SERVICE_HOLD,
	SERVICE_KINDS,
};

/** A local address. */
struct config_addr {
	struct tg_addr addr;
	uint8_t prefix_len;
};

/** A port and its addresses. */
struct config_port {
	char *device;
	uint32_t mtu; /**< 0: as the port has it */
	unsigned nb_addrs;
	struct config_addr *addr;
};

/** A listener. */
struct config_listener {
	char *address; /**< as written */
	uint32_t port;
	uint32_t service;              /**< enum service_kind */
	struct tg_listener_config how; /**< worker is not set */
	uint64_t given;                /**< key_bit() of the keys that stand in the file */
};

/** Settings of the http service. */
struct config_http {
	char *root_page;    /**< file, or NULL for the built-in page */
	char *content_type; /**< NULL: text/html */
};

/** What the process gives up once it has started, see privileges.h, seccomp_filter.h, dontdump.h.
 */
struct config_process {
	char *user;       /**< NULL: it stays who it is */
	char *group;      /**< NULL: the user's own */
	uint32_t seccomp; /**< enum seccomp_action */
	bool dontdump;    /**< keys and packets are left out of core dumps */
};

/** Which lines are logged: these and more serious ones. */
enum config_log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_NOTICE,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

/** Settings of the log. */
struct config_log {
	uint32_t level; /**< enum config_log_level */
	bool syslog;    /**< to syslog in place of stdout and stderr */
};

/** Where metrics and health are served: on the host's own network, not on the ports. */
struct config_metrics {
	bool on;
	char *address; /**< as written; NULL: 127.0.0.1 */
	uint32_t port;
	struct tg_addr addr;
};

/** Longest name of an interface in the kernel. */
#define CONFIG_INTERFACE_MAX 15

/** The exception path; off without an interface. */
struct config_exception {
	char *interface; /**< name, or with %d for the number of the port; NULL: off */
	uint32_t device; /**< enum tg_exception_kind */
	uint32_t rate;   /**< packets per second on each shard and port, each direction */
	uint32_t burst;  /**< so many in a row */
};

/** What makes packets visible to others. */
struct config_capture {
	bool pdump; /**< dpdk-dumpcap may attach */
};

/** Everything. */
struct config {
	char *file; /**< name of the file, for messages */
	uint32_t shards;
	uint32_t drain_ms;
	uint32_t idle_sleep_us;
	uint32_t mbufs;         /**< 0: derived */
	uint32_t mbufs_reserve; /**< for connections, ARP and ND alone; not given: derived */
	uint32_t descriptors;
	bool reassemble;               /**< IP fragments are put together */
	uint32_t fragments_max;        /**< datagrams at a time, each shard */
	uint32_t fragments_timeout_ms; /**< for so long */
	char *cookie_seed_file;        /**< NULL: the seed is the system's */
	char *fastopen_key;            /**< as written, wiped once engine.fastopen_key is set */
	char *fastopen_key_file;
	unsigned nb_cpus;
	uint32_t cpu[CONFIG_SHARDS];
	unsigned nb_eal;
	char *eal[CONFIG_EAL_ARGS];
	struct tg_engine_config engine;
	uint64_t given;        /**< key_bit() of the top-level keys that stand in the file */
	uint64_t given_engine; /**< of those of the engine */
	struct config_http http;
	struct config_process process;
	uint64_t given_process; /**< of those of the process */
	struct config_log log;
	struct config_metrics metrics;
	struct config_exception exception;
	uint64_t given_exception; /**< of the keys of `exception` */
	struct config_capture capture;
	unsigned nb_ports;
	struct config_port port[CONFIG_PORTS];
	unsigned nb_listeners;
	struct config_listener listener[CONFIG_LISTENERS];

	char *text; /**< the file, kept to find the line of a key */
	size_t text_len;
};

/**
 * Loads and checks a file.
 *
 * @param out  set on success; config_free() it
 * @param err  CONFIG_ERROR_MAX bytes: on failure the one line to show, without newline
 * @return 0; -1 with err filled
 */
int config_load(const char *file, struct config **out, char *err);

/**
 * The same from memory.
 *
 * @param file  the name that messages show
 */
int config_parse(const char *file, const char *text, size_t len, struct config **out, char *err);

/**
 * An empty one, all zero but for its own copies of these. A key may come to stand in it: it is in
 * memory that no core dump holds, so none is made in another way.
 *
 * @return config_free() it; NULL: no memory
 */
struct config *config_new(const char *file, const char *text, size_t len);

/** Frees it. NULL does nothing. */
void config_free(struct config *c);

/**
 * Fills in an error line "FILE:LINE: PATH: message".
 *
 * @param path  key path such as listeners[1].port; "" for the whole file
 * @return -1
 */
int config_error(const struct config *c, char *err, const char *path, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/** Checks what no single value tells. @return 0; -1 with err filled */
int config_check(const struct config *c, char *err);

struct raw_group;

/**
 * Reads one listener into place i, which becomes the last one. Part of config_parse().
 *
 * @return 0; -1 with err filled
 */
int config_read_listener(struct config *c, uint32_t i, const struct raw_group *raw, char *err);

/** Fills in how.local of listener i from its address and port. @return 0; -1 with err filled */
int config_place_listener(struct config *c, uint32_t i, char *err);

/**
 * Moves a Fast Open key from its text to where the engine has it, and wipes the text.
 *
 * @return 0; -1 with err filled
 */
int config_place_fastopen_key(struct config *c, char *err);

/** Whether two listeners cannot be open at a time: tg_listen() says -EADDRINUSE. */
bool config_conflict(const struct config_listener *a, const struct config_listener *b);

/**
 * Checks that no key stands beside one that makes it meaningless. Part of config_check().
 *
 * @return 0; -1 with err filled
 */
int config_rules(const struct config *c, char *err);

#endif
