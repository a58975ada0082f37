/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_APP_NOTIFY_H
#define TIDEGATE_APP_NOTIFY_H
/**
 * @file
 * What a service manager is told (sd_notify(3)). Without NOTIFY_SOCKET in the environment, or built
 * without libsystemd, all of this does nothing. Any thread.
 */
#include <stdint.h>

/** Ports are open and the loops turn; also after a reload. */
void notify_ready(void);

/** A reload begins; notify_ready() ends it, whether it was refused or not. */
void notify_reloading(void);

/** The drain begins. */
void notify_stopping(void);

/** The watchdog need not act: every loop turns. */
void notify_watchdog(void);

/** @return longest time between two notify_watchdog() that the manager takes, in us; 0: any */
uint64_t notify_watchdog_us(void);

#endif
