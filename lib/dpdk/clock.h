/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_DPDK_CLOCK_H
#define TG_DPDK_CLOCK_H
/**
 * @file
 * The arithmetic of tg_clock, apart from the counter it reads.
 */
#include <tidegate/dpdk.h>

/** Nanoseconds per cycle as 32.32 fixed point, rounded to nearest; hz > 0. */
uint64_t tg_clock_mult(uint64_t hz);

/** Nanoseconds from c->tsc0 to tsc; tsc must not be before tsc0. */
tg_time tg_clock_at(const struct tg_clock *c, uint64_t tsc);

#endif
