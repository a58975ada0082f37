/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_CTL_CHANGE_H
#define TIDEGATE_CTL_CHANGE_H
/**
 * @file
 * What is asked of the daemon by the commands that change it, put together from an operator's
 * words.
 */
#include <stddef.h>

/**
 * A listener as a YAML flow mapping, for /tidegate/listen_add: {address: "192.0.2.1", port: 81,
 * service: "echo"}. Every value is quoted, so that nothing in it can be YAML.
 *
 * @param words  ADDRESS:PORT SERVICE KEY=VALUE...; *:PORT is the wildcard of both families
 * @param err    set on failure: the word that is not understood, or what is missing
 * @return 0 or -EINVAL
 */
int change_listen_add(int words, char *const word[], char *out, size_t size, const char **err);

/**
 * [LISTENER] KEY=VALUE, for /tidegate/set.
 *
 * @return as change_listen_add()
 */
int change_set(int words, char *const word[], char *out, size_t size, const char **err);

/** ADDRESS:PORT as the daemon writes it, for /tidegate/listen_del. Returns as change_listen_add()
 */
int change_listener(const char *word, char *out, size_t size, const char **err);

#endif
