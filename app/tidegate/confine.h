/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_APP_CONFINE_H
#define TIDEGATE_APP_CONFINE_H
/**
 * @file
 * When the daemon gives up what: the order of privileges.h, dontdump.h and seccomp_filter.h, and
 * the service manager's watchdog. Main thread only.
 */
#include "daemon.h"
#include "eal_args.h"

/**
 * Before EAL starts, so that its threads inherit it.
 *
 * @param eal  what EAL is to be started with
 * @param p    filled in; goes to confine() later
 * @param err  CONFIG_ERROR_MAX bytes
 * @return 0; -1 with err filled: the configuration's fault
 */
int confine_early(
	const struct config *c, const struct eal_args *eal, struct privileges *p, char *err);

/**
 * Ports and listeners are open and all helpers are started; no packet has been looked at yet. From
 * here on nothing that wants root works.
 *
 * @param err  CONFIG_ERROR_MAX bytes
 * @return 0; -1 with err filled: the process must end
 */
int confine(struct daemon *d, char *err);

/** The loops run: pings the service manager's watchdog as long as all of them turn. */
void confine_watch(struct daemon *d);

/**
 * The loops have ended, or confine() failed: no more pings; what the ports need to be closed comes
 * back.
 */
void confine_end(struct daemon *d);

#endif
