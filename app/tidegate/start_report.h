/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_APP_START_REPORT_H
#define TIDEGATE_APP_START_REPORT_H
/**
 * @file
 * What tidegate found at its start and decided, for whoever reads its output: one line for each
 * fact, and warnings of what will hurt.
 */
#include "daemon.h"

/** Prints it. After setup(), before the loops run. */
void start_report(const struct daemon *d);

/** The CPU a shard is pinned to; -1: it may run on several. */
int start_cpu_of(const struct daemon_shard *ds);

/** Whether connections come to every shard although the port's driver tells nothing of RSS. */
const char *start_spread_by(const char *driver);

/** Prints "warning: " lines of what costs speed or connections, and "note: " lines of what may. */
void start_warnings(const struct daemon *d);

#endif
