/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_TIDEGATE_H
#define TIDEGATE_TIDEGATE_H
/**
 * @file
 * The core in one include. An application on DPDK includes <tidegate/dpdk.h> instead.
 */
#include "counters.h"
#include "engine.h"
#include "info.h"
#include "pkt.h"
#include "types.h"
#include "worker.h"

#endif
