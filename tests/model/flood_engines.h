/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_TEST_FLOOD_ENGINES_H
#define TG_TEST_FLOOD_ENGINES_H
/**
 * @file
 * The two engines of model_flood.c, with the same random settings, and what they are told while
 * they run.
 */
#include <stdint.h>

#include "engine_internal.h"

/** Listeners of each engine. */
#define LISTENERS 5

extern struct tg_engine *engine[2];        /**< long way only; short way too */
extern struct tg_worker *worker[2][2];     /**< two of each */
extern tg_listener listener[2][LISTENERS]; /**< 0: closed */
extern tg_time now;
extern int64_t wall_off; /**< seconds the wall clock was moved by */

/** Opens both, with listeners, at time 1 s. */
void open_engines(void);

/** Closes both. */
void close_engines(void);

/** tg_accept() of a listener's worker. */
unsigned accept_on(unsigned k, unsigned i, tg_conn conn[], unsigned cap);

/** A listener goes, or another one comes in its place. */
void open_or_close(unsigned i);

/** Tells both engines something new: an address, a port, a key, the wall clock, buffers. */
void change(void);

#endif
