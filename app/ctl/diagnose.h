/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_CTL_DIAGNOSE_H
#define TIDEGATE_CTL_DIAGNOSE_H
/**
 * @file
 * What is wrong with a daemon, judged by two samples and by looks at its listeners between them.
 * Asks nobody, prints nothing.
 */
#include "sample.h"

/** Listeners that are watched, and things that can be found. */
#define WATCH_LISTENERS 256
#define FINDINGS_MAX    64

/** A listener over the time it was looked at. */
struct watched {
	char local[64]; /**< as the daemon writes it */
	bool dual_stack;
	unsigned looks;
	unsigned full;        /**< looks at which Recv-Q was at or over its bound */
	unsigned waiting;     /**< looks at which it was not empty */
	uint64_t peak;        /**< largest Recv-Q */
	uint64_t syn_peak;    /**< largest SYN queue */
	bool cookies;         /**< cookies were on at a look */
	json_t *first, *last; /**< rows of the first and the last look */
};

/** What was looked at. */
struct watch {
	struct sample first, last;
	unsigned listeners;
	struct watched listener[WATCH_LISTENERS];
};

/** Takes one look at listeners: the rows of a sample. */
void watch_look(struct watch *w, const json_t *listeners);

/** Frees everything in it. */
void watch_free(struct watch *w);

/** One thing found. */
struct finding {
	const char *id;    /**< a stable name for programs */
	const char *title; /**< what is wrong */
	char where[96];    /**< listener, shard or port; "" for the whole */
	char evidence[320];
	const char *advice;
};

/** All of them. */
struct findings {
	unsigned n;
	struct finding f[FINDINGS_MAX];
};

/** Judges. */
void diagnose(const struct watch *w, struct findings *out);

#endif
