/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_APP_RUNTIME_DIR_H
#define TIDEGATE_APP_RUNTIME_DIR_H
/**
 * @file
 * EAL's directory of one process, /run/dpdk/PREFIX: whose it is.
 *
 * Sockets in it are removed at the end, by a process that is root no more. So it becomes the user's
 * while the process runs. Then that user could leave links there, for the root of the next start
 * to write through. So it is taken back first, and what EAL would not have made is removed.
 */
#include <sys/types.h>

/** Most bytes of a path of it, the end included. */
#define RUNTIME_DIR_MAX 256

/**
 * Where EAL will make it: below RUNTIME_DIRECTORY of the environment, or /var/run.
 *
 * @param argv  EAL's arguments; --file-prefix names it, "rte" otherwise
 * @param path  RUNTIME_DIR_MAX bytes
 */
void runtime_dir_find(int argc, char *const argv[], char *path);

/**
 * Makes it root's again: nobody else can put anything there from then on. Removes links of both
 * kinds. It need not exist.
 *
 * @return 0 or a negative errno
 */
int runtime_dir_take_back(const char *path);

/**
 * Makes it a user's, with the files and sockets in it, and lets everybody pass the directory above,
 * which EAL makes 0700: a path is walked as a whole when a file is removed. It need not exist.
 *
 * @return 0 or a negative errno
 */
int runtime_dir_hand_over(const char *path, uid_t uid, gid_t gid);

#endif
