/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FLOOD_CONTENDER_H
#define FLOOD_CONTENDER_H
/**
 * @file
 * Whoever is flooded over veth: tidegate, or the kernel with a plain server. Started anew in a
 * fresh namespace for each run, so that its counters are those of the run.
 *
 * On dport it echoes, on dport + 1 it greets.
 */
#include "netns.h"
#include "process.h"
#include "result.h"

/** Addresses in the namespaces: documentation prefixes of RFC 5737 and 3849. */
#define VETH_SERVER4    "192.0.2.1"
#define VETH_GENERATOR4 "192.0.2.2"
#define VETH_SERVER6    "2001:db8::1"
#define VETH_GENERATOR6 "2001:db8::2"

/** A contender that runs. */
struct contender {
	const struct flood_options *o;
	const struct netns_wire *wire;
	uint8_t who;     /**< enum flood_contender */
	int cpu;         /**< its CPU */
	bool shares_cpu; /**< NAPI threads use that CPU too */
	struct process process;
	char detail[64]; /**< how it runs, for struct flood_result */
};

/**
 * Starts a contender and waits until it is ready.
 *
 * @param c    o, wire, who and cpu are set, the rest is zero
 * @param err  SETUP_ERROR bytes, filled on failure
 * @return 0 or a negative errno; on failure nothing runs
 */
int contender_start(struct contender *c, char *err);

/** Ends it and adds what it has counted to r (NULL: nobody asks). */
void contender_stop(struct contender *c, struct flood_result *r);

/* The kinds; contender_start() and contender_stop() choose. */
int contender_tidegate_start(struct contender *c, char *err);
void contender_tidegate_stop(struct contender *c, struct flood_result *r);
int contender_kernel_start(struct contender *c, char *err);
void contender_kernel_stop(struct contender *c, struct flood_result *r);

#endif
