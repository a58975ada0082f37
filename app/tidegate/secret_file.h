/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_APP_SECRET_FILE_H
#define TIDEGATE_APP_SECRET_FILE_H
/**
 * @file
 * Files with secrets: read only when nobody else could have read or written them.
 */
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** Bytes of a message, the end included. */
#define SECRET_MESSAGE_MAX 256
/** Largest secret file in bytes: no secret is longer than a line. */
#define SECRET_FILE_MAX 256

/**
 * Reads a secret: a regular file owned by root, the running user or the one it is to become, mode
 * 0600 or 0400, of at most SECRET_FILE_MAX bytes.
 *
 * A symbolic link is followed: what is checked is the file that was opened, and whoever could
 * turn the link round can only lead to another file that passes the checks. Secrets that an
 * orchestrator mounts are links, so refusing them would cost more than it protects.
 *
 * @param owner  the user it is to become, see privileges_owner()
 * @param buf    SECRET_FILE_MAX bytes; the caller wipes them
 * @param len    bytes read
 * @param msg    SECRET_MESSAGE_MAX bytes: on failure what is wrong, to stand behind the file's
 * name; nothing of the content
 * @return 0; -1 with msg filled (buf is wiped)
 */
int secret_file_read(const char *path, uid_t owner, uint8_t *buf, size_t *len, char *msg);

/**
 * Reads a seed: 64 hex digits with blanks and newlines around them, or exactly 32 raw bytes.
 *
 * @param owner  as above
 * @param seed   wiped by the caller
 * @param msg    as above
 * @return 0; -1 with msg filled
 */
int secret_seed_read(const char *path, uid_t owner, uint8_t seed[32], char *msg);

/**
 * Reads Fast Open keys, written as fastopen_key.h tells, with blanks and newlines around them.
 *
 * @param owner  as above
 * @param key    current and previous; wiped by the caller
 * @param msg    as above
 * @return keys, 1 or 2; -1 with msg filled
 */
int secret_fastopen_read(const char *path, uid_t owner, uint8_t key[2][16], char *msg);

#endif
