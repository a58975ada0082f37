/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_CTL_SAMPLE_H
#define TIDEGATE_CTL_SAMPLE_H
/**
 * @file
 * What the daemon says at one moment, and figures from two of these.
 */
#include "ctl.h"

/** Parts of a sample; those an older daemon does not have, or refused, are NULL. */
struct sample {
	double at;         /**< monotonic seconds */
	json_t *counters;  /**< object */
	json_t *usage;     /**< object */
	json_t *info;      /**< object */
	json_t *shards;    /**< array of rows */
	json_t *ports;     /**< array of rows */
	json_t *listeners; /**< array of rows */
	char silent[256];  /**< why a question that shards answer was refused; "" when none was */
};

/** Monotonic seconds. */
double sample_now(void);

/** Sleeps. @return false when a signal ended it early */
bool sample_sleep(double seconds);

/**
 * Takes a sample. What the daemon refuses is left out.
 *
 * @return CTL_OK, or CTL_UNREACHABLE, which has been said; what was taken must be freed either way
 */
int sample_take(struct ctl *c, struct sample *s);

/** Takes the listeners alone; the rest of the sample is NULL. As sample_take(). */
int sample_listeners(struct ctl *c, struct sample *s);

/** Frees the parts. */
void sample_free(struct sample *s);

/** What a counter of /tidegate/counters grew by; all of it after a restart. */
uint64_t sample_delta(const struct sample *a, const struct sample *b, const char *key);

/** The row of an array whose member `key` is the same as that of `like`; NULL when there is none.
 */
const json_t *sample_same(const json_t *rows, const json_t *like, const char *key);

/** What a number of a row grew by, where `before` may be NULL. */
uint64_t sample_grown(const json_t *before, const json_t *now, const char *key);

/** Rates between two samples, per second. */
struct figures {
	double seconds;
	double received; /**< packets the loops took from the ports, or that engines got */
	double sent;
	double syns;      /**< SYNs to listeners: answered ones, and those dropped for being SYNs */
	double synacks;   /**< sent in answer to a packet, cookies included, resent ones not */
	double cookies;   /**< of these, SYN cookies */
	double completed; /**< handshakes */
	double dropped;   /**< packets, for any reason, those that never reached an engine too */
	double busy;      /**< share of the cycles of all shards, 0 to 1; -1: not known */
	double cycles;    /**< busy cycles for each packet received; -1: not known */
};

/**
 * Computes them. No counter is of SYNs alone, so that the packet path need not count twice:
 * SYN-ACKs are the answered packets less other answers (ARP, ND, echo, RST, challenge ACK), and
 * SYNs are these and those dropped as SYNs.
 */
void sample_figures(const struct sample *a, const struct sample *b, struct figures *f);

#endif
