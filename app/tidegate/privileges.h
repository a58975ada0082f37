/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_APP_PRIVILEGES_H
#define TIDEGATE_APP_PRIVILEGES_H
/**
 * @file
 * From root to a user without capabilities, on every thread.
 *
 * EAL's threads exist by the time ports are open, and to the kernel user ids and capabilities are a
 * thread's own. glibc's setresuid() sets them on all threads, and with the last user id 0 the
 * kernel takes a thread's capabilities away, unless the thread had asked to keep them. Only the
 * main thread asks, when a driver's end needs one; it then holds that one, and holds it permitted,
 * not effective, until privileges_raise().
 */
#include <sys/types.h>

#include "config.h"

/** Who the process is to become. */
struct privileges {
	bool change; /**< false: it stays who it is, nothing else is set */
	bool raised; /**< dropped, and CAP_NET_ADMIN is kept for the end */
	uid_t uid;
	gid_t gid;
};

/**
 * Looks up process.user and process.group, and whether the process may become them.
 *
 * @param out  set on success; NULL: only looks
 * @param err  CONFIG_ERROR_MAX bytes
 * @return 0; -1 with err filled: no such user or group, or neither root nor that user already
 */
int privileges_find(const struct config *c, struct privileges *out, char *err);

/**
 * User beside root and the running one who may own secret files: process.user.
 *
 * @return (uid_t)-1 when there is none
 */
uid_t privileges_owner(const struct config *c);

/**
 * Before EAL starts its threads, which inherit it: no program that is executed from now on gains
 * anything (PR_SET_NO_NEW_PRIVS, empty bounding set). What the process can do itself stays.
 *
 * @return 0 or a negative errno
 */
int privileges_limit(const struct privileges *p);

/**
 * Becomes the user, on all threads, and looks at every thread whether it has.
 *
 * @param runtime_dir     EAL's directory of this process: becomes the user's, see runtime_dir.h
 * @param keep_net_admin  the main thread, which must be the caller, keeps CAP_NET_ADMIN for
 *                        privileges_raise()
 * @param why             on failure: what failed
 * @return 0 or a negative errno
 */
int privileges_drop(
	struct privileges *p, const char *runtime_dir, bool keep_net_admin, const char **why);

/** Before ports close: makes a kept CAP_NET_ADMIN effective, on the thread that dropped. */
void privileges_raise(const struct privileges *p);

#endif
