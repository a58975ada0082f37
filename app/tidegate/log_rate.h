/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_APP_LOG_RATE_H
#define TIDEGATE_APP_LOG_RATE_H
/**
 * @file
 * How many lines of one kind may be written.
 */
#include <stdbool.h>
#include <stdint.h>

/** Lines of one kind in one second. */
#define LOG_RATE 10

/** The lines of one kind. All zero at first. */
struct log_rate {
	uint64_t second;   /**< of the last line that was written */
	unsigned lines;    /**< written in it */
	unsigned left_out; /**< since somebody was told */
};

/**
 * Asks for one line.
 *
 * @param second  now, in whole seconds of any clock that does not go back
 * @return true: write it; false: it is counted as left out
 */
static inline bool
log_rate_take(struct log_rate *r, uint64_t second)
{
	if (r->second != second) {
		r->second = second;
		r->lines = 0;
	}
	if (r->lines == LOG_RATE) {
		r->left_out++;
		return false;
	}
	r->lines++;
	return true;
}

/** Lines left out since the last call; from now on they are told. */
static inline unsigned
log_rate_told(struct log_rate *r)
{
	unsigned n = r->left_out;

	r->left_out = 0;
	return n;
}

#endif
