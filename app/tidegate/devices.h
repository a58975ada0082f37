/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_APP_DEVICES_H
#define TIDEGATE_APP_DEVICES_H
/**
 * @file
 * Whether the devices of the configuration are on this machine, as far as that can be told
 * without starting EAL.
 */
#include <stdbool.h>
#include <stddef.h>

#include "config.h"

/**
 * Looks for kernel interfaces ("iface=" of net_af_packet and net_af_xdp) and PCI addresses.
 *
 * @param err  CONFIG_ERROR_MAX bytes
 * @return 0 when none is known to be missing; -1 with err filled
 */
int devices_check(const struct config *c, char *err);

/**
 * Why DPDK may not have found a PCI device that is there: the driver it is bound to.
 *
 * @param device  as in the configuration
 * @param out     filled with the driver's name, "" when it has none; size bytes
 * @return true for a PCI device that is not in the hands of a driver DPDK works with
 */
bool devices_driver(const char *device, char *out, size_t size);

#endif
