/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FLOOD_REPORT_H
#define FLOOD_REPORT_H
/**
 * @file
 * A campaign as text, as JSON, and as a picture.
 */
#include <stdio.h>

#include "campaign.h"

/** The table, ratios between contenders, drops by reason and cycles by stage. */
void report_text(const struct campaign *c, FILE *out);

/** Everything. @return 0, or a negative errno when the file cannot be written */
int report_json(const struct campaign *c, const char *file);

/**
 * Honest success and p99 of the first byte over the rate, through gnuplot.
 *
 * @param file  .svg or .png
 * @param err   SETUP_ERROR bytes
 * @return 0, or a negative errno with err filled
 */
int report_plot(const struct campaign *c, const char *file, char *err);

/** A rate ("812.5 k", "14.880 M") and a time ("23 us", "1.25 ms"); 16 bytes of room. */
const char *report_rate(double per_second, char *room);
const char *report_time(uint64_t ns, char *room);

#endif
