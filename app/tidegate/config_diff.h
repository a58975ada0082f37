/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_APP_CONFIG_DIFF_H
#define TIDEGATE_APP_CONFIG_DIFF_H
/**
 * @file
 * What is different between a running configuration and a new one.
 */
#include "config.h"

/** A listener that is in both, by its index in each. */
struct config_pair {
	uint16_t old, new;
};

/**
 * The differences, as far as a running daemon can follow them. Listeners are told apart by address,
 * port and dual_stack, wherever they stand in the list.
 */
struct config_diff {
	bool top;    /**< drain, idle_sleep */
	bool engine; /**< keys of the engine other than secrets */
	bool secret; /**< cookie_seed_file, fastopen_key, fastopen_key_file */
	bool http;
	bool log;
	unsigned nb_gone; /**< in the old one only, by index there */
	uint16_t gone[CONFIG_LISTENERS];
	unsigned nb_added; /**< in the new one only, by index there */
	uint16_t added[CONFIG_LISTENERS];
	unsigned nb_changed; /**< in both, with other settings */
	struct config_pair changed[CONFIG_LISTENERS];
	char what[CONFIG_ERROR_MAX]; /**< one line for people: keys and listeners; "" when equal */
};

/**
 * Compares two checked configurations.
 *
 * @param old  what runs
 * @param new  what shall run; messages name its file and lines
 * @param err  CONFIG_ERROR_MAX bytes
 * @return 0; -1 with err filled: something differs that cannot change without a restart, each such
 *         key is named
 */
int config_diff(
	const struct config *old, const struct config *new, struct config_diff *d, char *err);

/** Whether two are one listener: same address, port and dual_stack. */
bool config_same_listener(const struct config_listener *a, const struct config_listener *b);

/** Room for the text of a listener's address and port. */
#define CONFIG_ENDPOINT_MAX 64

/** "192.0.2.1:80" or "[2001:db8::1]:80", as config_find_listener() reads it. */
void config_print_endpoint(const struct config_listener *l, char out[CONFIG_ENDPOINT_MAX]);

#endif
