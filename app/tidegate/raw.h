/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_APP_RAW_H
#define TIDEGATE_APP_RAW_H
/**
 * @file
 * The configuration as texts: libcyaml has seen to structure and key names, nothing else.
 *
 * libcyaml would also read numbers, but takes "3s" for 3 and any word for true. So every single
 * value is a text for it, and value.c is strict.
 */
#include "config.h"
#include "schema.h"

/** A mapping of single values, in the order of its key_groups entry; NULL: key not there. */
struct raw_group {
	char *v[GROUP_KEYS_MAX];
};

/** A port. */
struct raw_port {
	struct raw_group keys;
	char **addresses;
	uint32_t nb_addresses;
};

/** The exception path. */
struct raw_exception {
	struct raw_group keys;
	char **kernel_ports;
	uint32_t nb_kernel_ports;
};

/** The file. */
struct raw {
	struct raw_group keys;
	struct raw_group *engine; /**< NULL: not there */
	struct raw_group *http;
	struct raw_group *log;
	struct raw_group *metrics;
	struct raw_exception *exception;
	struct raw_group *capture;
	struct raw_group *process;
	char **cpus;
	uint32_t nb_cpus;
	char **eal;
	uint32_t nb_eal;
	struct raw_port *ports;
	uint32_t nb_ports;
	struct raw_group *listeners;
	uint32_t nb_listeners;
};

/**
 * Reads c->text.
 *
 * @param out  raw_free() it
 * @return 0; -1 with err filled
 */
int raw_load(const struct config *c, struct raw **out, char *err);

/** Frees it. */
void raw_free(struct raw *raw);

#endif
