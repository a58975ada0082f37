/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_APP_CONFIG_EDIT_H
#define TIDEGATE_APP_CONFIG_EDIT_H
/**
 * @file
 * A configuration made from another one: what commands change while the daemon runs.
 *
 * What they make went through the same schema, values and checks as a file. It has no text, so
 * messages name the command in place of a file, and keys count as not given but the one that is
 * set: a rule is about what somebody wrote, and a command can take nothing back.
 */
#include "config.h"

/**
 * Sets one key.
 *
 * @param assignment  "engine.syncookies=2", "listeners[0].backlog=512" or
 *                    "192.0.2.1:80 backlog=512"
 * @param out         config_free() it
 * @param err         CONFIG_ERROR_MAX bytes
 * @return 0; -1 with err filled
 */
int config_set(const struct config *c, const char *assignment, struct config **out, char *err);

/**
 * Adds a listener behind the others.
 *
 * @param yaml  as in a file, as a flow mapping: {address: 192.0.2.1, port: 81, service: echo}
 */
int config_add_listener(const struct config *c, const char *yaml, struct config **out, char *err);

/**
 * Takes a listener away.
 *
 * @param endpoint  "192.0.2.1:80" or "[2001:db8::1]:80"
 */
int config_remove_listener(
	const struct config *c, const char *endpoint, struct config **out, char *err);

/**
 * The listener of an address and port, as config_print_endpoint() writes them.
 *
 * @return its index; -1: none, or not an address and port
 */
int config_find_listener(const struct config *c, const char *endpoint);

#endif
