/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_CTL_COMPLETE_H
#define TIDEGATE_CTL_COMPLETE_H
/**
 * @file
 * What a shell may put behind a half-written command line: config/completions/tidegatectl asks.
 */
#include "ctl.h"

/**
 * Prints what the last word can become, one candidate a line; nothing when that is anything.
 *
 * @param words  of the command line behind "tidegatectl", the last one perhaps empty
 * @return CTL_OK, whatever the daemon says: a completion has nobody to tell
 */
int complete(struct ctl *c, int words, char *word[]);

#endif
