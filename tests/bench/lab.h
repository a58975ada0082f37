/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_BENCH_LAB_H
#define TG_BENCH_LAB_H
/**
 * @file
 * Engines for the benchmarks: port 0, our two addresses, 16 listeners on the IPv4 and IPv6
 * wildcard, defaults in everything else. No allocation of buffers: nothing on the stateless path
 * needs one.
 */
#include <stdint.h>

#include <tidegate/tidegate.h>

/** Listeners of a lab. */
#define LAB_LISTENERS 16

/** An engine and its virtual clock. */
struct lab {
	struct tg_engine *engine;
	struct tg_worker *worker;
	tg_listener listener[LAB_LISTENERS];
	tg_time now;
};

/**
 * Makes a lab in the middle of a flood: the SYN queue of the listener on FRAMES_PORT holds its one
 * entry, so it answers with cookies (`syncookies: 1`); the others have sent none.
 *
 * @param conns    connections established before anything is measured; entries for as many, or for
 *                 the default number if that is more
 * @param rst_rate RSTs per second to segments without connection; 0: the limiter is exhausted
 */
void lab_make(struct lab *lab, uint32_t conns, uint32_t rst_rate);

/** Ends it. */
void lab_free(struct lab *lab);

#endif
