/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_SCRIPT_SCRIPT_H
#define TG_SCRIPT_SCRIPT_H
/**
 * @file
 * A packet script as lines of words. What the words mean is the player's business.
 */
#include "word.h"

/** A line: [time] [client] verb [words]. */
struct line {
	unsigned no;      /**< in the file */
	const char *text; /**< as written, repeat counters filled in */
	struct when when;
	const char *who;  /**< the client it is about; "" is the default one */
	const char *verb; /**< NULL: a time alone */
	unsigned argc;
	char **argv;
};

/** A script. */
struct script {
	const char *path;
	unsigned lines;
	struct line *line;
	struct chunk *chunks; /**< all memory of the lines */
};

/**
 * Reads a file: comments and `\` at line ends taken away, `repeat` loops unrolled, words split.
 * Fails through die() with the line.
 */
void script_read(struct script *s, const char *path);

/** Releases it. */
void script_free(struct script *s);

#endif
