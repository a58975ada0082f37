/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_APP_FASTOPEN_KEY_H
#define TIDEGATE_APP_FASTOPEN_KEY_H
/**
 * @file
 * Fast Open keys as Linux writes them in /proc/sys/net/ipv4/tcp_fastopen_key, so that one line
 * configures Linux and tidegate servers behind one address.
 */
#include <stdint.h>

/** What is wrong with a text that is no key, and what would be right. */
#define FASTOPEN_KEY_WRONG                                                      \
	"is no Fast Open key; use four groups of 8 hex digits with dashes, or " \
	"two such keys with a comma: the current and the previous one"

/**
 * Reads "XXXXXXXX-XXXXXXXX-XXXXXXXX-XXXXXXXX" or two of them, "CURRENT,PREVIOUS".
 *
 * Each group is a 32-bit number whose little-endian bytes are four bytes of the key: a key that
 * begins "00112233" begins with the bytes 33 22 11 00.
 *
 * @param text  no blanks in it
 * @param key   filled: current, previous
 * @return keys, 1 or 2; -1 when it is something else (key is all zero then)
 */
int fastopen_key_read(const char *text, uint8_t key[2][16]);

#endif
