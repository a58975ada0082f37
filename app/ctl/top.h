/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_CTL_TOP_H
#define TIDEGATE_CTL_TOP_H
/**
 * @file
 * The picture `tidegatectl top` shows, as lines of text; knows no terminal.
 */
#include "sample.h"

/** Intervals a sparkline can go back. */
#define TOP_HISTORY 128
/** Lines of a picture. */
#define TOP_LINES 128
/** Bytes of a line: 240 columns of three bytes. */
#define TOP_LINE_MAX 724

enum top_sort {
	TOP_BY_RECV_Q,
	TOP_BY_SYN_Q,
	TOP_BY_OPENS,
	TOP_BY_ADDRESS,
	TOP_SORTS,
};

/** A line. */
struct top_line {
	char text[TOP_LINE_MAX]; /**< UTF-8 or ASCII, nothing that moves a cursor */
	bool strong;             /**< a heading */
};

/** A picture. */
struct top_picture {
	unsigned lines;
	struct top_line line[TOP_LINES];
};

/** What it shows. */
struct top {
	const char *name; /**< of the daemon: its prefix */
	bool ascii;       /**< no UTF-8 */
	bool paused;
	enum top_sort sort;
	double every;                        /**< seconds */
	unsigned intervals;                  /**< in history, up to TOP_HISTORY */
	struct figures history[TOP_HISTORY]; /**< newest last */
};

/** Takes the figures of one more interval. */
void top_add(struct top *t, const struct figures *f);

/**
 * Draws.
 *
 * @param a, b    the last two samples
 * @param width   columns, 40 to 240
 * @param height  lines, 0: as many as it takes
 */
void top_draw(const struct top *t, const struct sample *a, const struct sample *b, unsigned width,
	unsigned height, struct top_picture *p);

/** Draws a curve of n values, the last one at the right, in as many columns; scaled to its peak. */
void top_spark(const double v[], unsigned n, bool ascii, char *out, size_t size);

/** The name of an order. */
const char *top_sort_name(enum top_sort s);

#endif
