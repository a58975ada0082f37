/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_APP_SECCOMP_FILTER_H
#define TIDEGATE_APP_SECCOMP_FILTER_H
/**
 * @file
 * A filter for the system calls of the running daemon.
 */
#include <stdbool.h>

/** What becomes of a call that is not on the list; process.seccomp's words in order. */
enum seccomp_action {
	SECCOMP_NO,
	SECCOMP_LOG,   /**< the kernel's log names it, and it goes on */
	SECCOMP_ERRNO, /**< EPERM */
	SECCOMP_KILL,  /**< SIGSYS ends the process */
	SECCOMP_YES,   /**< as SECCOMP_ERRNO */
};

/** Whether this tidegate was built with libseccomp. */
bool seccomp_filter_built(void);

/**
 * Puts the filter on every thread of the process, and on those it starts later. Cannot be undone.
 *
 * @return 0 or a negative errno; -ENOSYS: not built, or the kernel has none
 */
int seccomp_filter_apply(enum seccomp_action action);

#endif
