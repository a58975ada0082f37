/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_APP_MACHINE_H
#define TIDEGATE_APP_MACHINE_H
/**
 * @file
 * What Linux tells of a CPU under /sys/devices/system/cpu.
 */
#include <stdbool.h>
#include <stddef.h>

/** Where that is. */
#define MACHINE_ROOT "/sys/devices/system/cpu"

/** A CPU. What is not told is 0 or empty. */
struct machine_cpu {
	char governor[32];        /**< cpufreq's: "performance", "powersave" ... */
	unsigned idle_latency_us; /**< to leave the deepest idle state that is allowed */
	char idle_state[32];      /**< its name */
	char siblings[64];        /**< list of CPUs that share its core, itself among them: "0,4" */
	bool isolated;            /**< kept free of other processes (isolcpus) */
};

/**
 * Looks at a CPU.
 *
 * @param root  MACHINE_ROOT, or a copy of it
 */
void machine_look(const char *root, unsigned cpu, struct machine_cpu *out);

/** Whether a list such as "0-3,8" has a number. */
bool machine_list_has(const char *list, unsigned n);

#endif
