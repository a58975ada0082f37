/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_CTL_FILTER_H
#define TIDEGATE_CTL_FILTER_H
/**
 * @file
 * Which listeners and connections `tidegatectl ss` shows: a small part of what ss(8) understands.
 *
 *     FILTER  := [(state | exclude) STATE]... [EXPR]
 *     EXPR    := TERM { [and | or] TERM }         a term after a term is an `and`; and binds closer
 *     TERM    := [not | !] TERM | ( EXPR )
 *              | (sport | dport | port) [OP] [:]NUMBER
 *              | (src | dst) [=|!=] ENDPOINT | ENDPOINT
 *     OP      := = == eq  != ne  < lt  > gt  <= le  >= ge
 *
 * `port` and an endpoint by itself match either side.
 */
#include <stdbool.h>
#include <stdint.h>

#include "endpoint.h"

/** Nodes of an expression. */
#define FILTER_NODES 64

enum filter_kind {
	FILTER_ALL,
	FILTER_AND,
	FILTER_OR,
	FILTER_NOT,
	FILTER_PORT,
	FILTER_ADDRESS,
};

enum filter_side {
	FILTER_LOCAL = 1,
	FILTER_PEER = 2,
	FILTER_EITHER = 3,
};

enum filter_op {
	FILTER_EQ,
	FILTER_NE,
	FILTER_LT,
	FILTER_GT,
	FILTER_LE,
	FILTER_GE,
};

struct filter_node {
	uint8_t kind; /**< enum filter_kind */
	uint8_t side; /**< enum filter_side */
	uint8_t op;   /**< enum filter_op, of FILTER_PORT */
	uint8_t a, b; /**< nodes of AND, OR, NOT */
	uint16_t port;
	struct endpoint endpoint;
};

/** A filter: states as bits of enum tg_state's order, and an expression. */
struct filter {
	unsigned states; /**< 0: none was named */
	unsigned excluded;
	unsigned nodes;
	uint8_t root;
	struct filter_node node[FILTER_NODES];
};

/** Bit of a state by the daemon's name for it ("ESTAB"), 0 for a name not known. */
unsigned filter_state_bit(const char *name);

/** States that can be named, for a completion: NULL behind the last. */
extern const char *const filter_states[];

/**
 * Reads a filter.
 *
 * @param err  set on failure: the word that is not understood, or what is missing
 * @return 0 or -EINVAL
 */
int filter_parse(struct filter *f, int words, char *const word[], const char **err);

/** Whether the expression (not the state) holds for a pair of endpoints. */
bool filter_matches(
	const struct filter *f, const struct endpoint *local, const struct endpoint *peer);

/** `ss -l`: LISTEN; `ss`: what is left without it, half-open and TIME_WAIT entries; `ss -a`: all.
 */
#define FILTER_LISTENING        (1u << 1)
#define FILTER_EVERY            0x3ffu
#define FILTER_ESTABLISHED_KIND (FILTER_EVERY & ~(1u << 0 | 1u << 1 | 1u << 2 | 1u << 9))

#endif
