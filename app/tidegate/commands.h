/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_APP_COMMANDS_H
#define TIDEGATE_APP_COMMANDS_H
/**
 * @file
 * The daemon's own telemetry commands: /tidegate/info, and those that change something
 * (docs/telemetry.md). They run on DPDK's telemetry threads and ask the main thread (control.h).
 */

/** Registers them, after rte_eal_init(). @return 0, or a negative errno */
int commands_init(void);

#endif
