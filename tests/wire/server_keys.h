/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SERVER_KEYS_H
#define SERVER_KEYS_H
/**
 * @file
 * Settings by name, as the orders of tidegate_server spell them.
 */
#include <tidegate/engine.h>

/** Reads exactly len bytes of hexadecimal digits. @return false when text is anything else */
bool server_hex(const char *text, uint8_t *out, size_t len);

/** Sets a field of the engine's configuration. @return false for an unknown key or a bad value */
bool server_set_engine(struct tg_engine_config *c, const char *key, const char *value);

/** The same for a listener; `syn_backlog` knows `auto`. */
bool server_set_listener(struct tg_listener_config *c, const char *key, const char *value);

#endif
