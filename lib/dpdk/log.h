/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_DPDK_LOG_H
#define TG_DPDK_LOG_H
/**
 * @file
 * Log type "lib.tidegate" of rte_log. For what happens at start and stop; never for a packet.
 */
#include <rte_log.h>

/** The type's number. */
extern int tg_logtype;

/** One line; `level` is ERR, WARNING, NOTICE, INFO or DEBUG. */
#define TG_LOG(level, fmt, ...) \
	rte_log(RTE_LOG_##level, (uint32_t)tg_logtype, "tidegate: " fmt "\n", ##__VA_ARGS__)

#endif
