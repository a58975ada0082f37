/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_APP_OPENMETRICS_H
#define TIDEGATE_APP_OPENMETRICS_H
/**
 * @file
 * Writes OpenMetrics text 1.0.0, or Prometheus' older text format 0.0.4 where a client wants that.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/** Kinds of families. */
enum om_type {
	OM_COUNTER,
	OM_GAUGE,
	OM_INFO, /**< its labels say it, the value is 1 */
};

/** A text being written. */
struct om {
	FILE *out;
	bool old; /**< format 0.0.4 */
	/* The family that samples belong to. */
	const char *name;
	enum om_type type;
};

/** A label. */
struct om_label {
	const char *name;
	const char *value; /**< any text; what must be escaped is */
};

/**
 * Chooses the format by a request's Accept field: OpenMetrics, unless it likes text/plain better.
 *
 * @param accept  NULL: there is none
 * @return true for format 0.0.4
 */
bool om_wants_old(const char *accept);

/** The Content-Type of a format. Static text. */
const char *om_content_type(bool old);

/**
 * Begins a family: its samples follow, and nothing else does until the next.
 *
 * @param name  without "_total" or "_info"; outlives the samples
 * @param unit  NULL, or what the name ends in behind a "_", as OpenMetrics wants it
 * @param help  one line
 */
void om_family(
	struct om *o, const char *name, enum om_type type, const char *unit, const char *help);

/** A sample with n labels. */
void om_sample(struct om *o, const struct om_label *labels, unsigned n, uint64_t value);

/** The same in thousandths. */
void om_sample_milli(struct om *o, const struct om_label *labels, unsigned n, uint64_t thousandths);

/** Ends the text. */
void om_end(struct om *o);

#endif
