/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_MODEL_QUEUE_WORLD_H
#define TG_MODEL_QUEUE_WORLD_H
/**
 * @file
 * An engine and its naive twin (queue_twin.h), told the same and compared.
 */
#include <stdbool.h>
#include <stdint.h>

#include "queue_twin.h"
#include "rig.h"

/** Bytes in a segment with data. */
#define DATA 100

/** What a client itself knows. */
struct knows {
	uint32_t isn;
	uint32_t iss;    /**< of the SYN-ACK of its entry */
	uint32_t cookie; /**< of the last cookie */
	uint64_t cookie_at;
	bool has_cookie;
	bool data; /**< was in the segment that made its connection */
	bool fin;
};

/** A run. */
struct world {
	uint64_t rand;
	struct rig rig;
	bool fleet;       /**< there is another machine with the same cookie seed: */
	struct rig other; /**< every SYN gets a cookie there */
	struct twin twin;
	tg_listener listener[LISTENERS];
	struct tg_listener_config lcfg[LISTENERS];
	struct knows k[CLIENTS];
	uint64_t synacks, rsts;
	uint64_t rotated;       /**< when the cookie secret was changed last, in ms */
	uint32_t seq_of_synack; /**< of the last one */
	uint64_t completed;     /**< how far runs get, to see that they are worth something */
};

/** A number below n; true once in n times. */
uint32_t below(struct world *w, uint32_t n);
bool once_in(struct world *w, uint32_t n);

/** Random settings, an engine, its listeners and clients. The same seed gives the same. */
void world_open(struct world *w, uint64_t seed);

/** Its end: nothing is left over. */
void world_close(struct world *w);

/** A listener closes and opens again with other rules. */
void world_reopen(struct world *w, unsigned lsn);

/** Other rules for one that is open, or for the engine, or another secret: nothing is lost. */
void world_change(struct world *w);

/** Both clocks go on, to a time in milliseconds. */
void world_until(struct world *w, uint64_t to);

/** A segment of client i. */
struct tg_verdict world_sends(
	struct world *w, unsigned i, unsigned flags, uint32_t seq, uint32_t ack, unsigned len);

/** The router sends client i's SYN to the other machine: its cookie is remembered. */
void world_cookie_of_other(struct world *w, unsigned i);

/** Its verdict and answer are what the twin says, or the test fails. A cookie is remembered. */
void world_expect(struct world *w, unsigned i, struct twin_answer a, struct tg_verdict v);

/** Fails when a number is not the twin's. `what` and `i` say which. */
void world_same(const char *what, unsigned i, uint64_t got, uint64_t twin);

/** Entry by entry, listener by listener. */
void world_compare(const struct world *w);

#endif
