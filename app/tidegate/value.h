/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_APP_VALUE_H
#define TIDEGATE_APP_VALUE_H
/**
 * @file
 * The text of one value.
 */
#include <tidegate/types.h>

#include "schema.h"

/** Bytes of a message, the end included. */
#define VALUE_MESSAGE_MAX 256

/**
 * Reads a value and puts it at its place.
 *
 * @param key   tells kind, range and place
 * @param text  as it stands in the file
 * @param base  the struct of the key's group; an earlier text there is freed
 * @param msg   VALUE_MESSAGE_MAX bytes: on failure what is wrong and what would be right
 * @return 0; -1 with msg filled
 */
int value_read(const struct key *key, const char *text, void *base, char *msg);

/** A whole number from lo to hi. @return 0; -1 with msg filled */
int value_uint(const char *text, uint64_t lo, uint64_t hi, uint64_t *out, char *msg);

/** An IPv4 or IPv6 address. @return 0; -1 */
int value_addr(const char *text, struct tg_addr *out);

/** An address with a prefix length, "192.0.2.1/24" or "2001:db8::1/64". @return 0; -1 */
int value_prefix(const char *text, struct tg_addr *out, uint8_t *prefix_len);

#endif
