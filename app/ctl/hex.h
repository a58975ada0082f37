/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_CTL_HEX_H
#define TIDEGATE_CTL_HEX_H
/**
 * @file
 * Bytes that come as hex digits.
 */
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

static inline int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/** Reads a text of lower-case digits. @return bytes; -1: it is none, or longer than `room` bytes */
static inline ssize_t
hex_decode(const char *text, uint8_t *out, size_t room)
{
	size_t n = 0;

	for (; *text != '\0'; text += 2, n++) {
		int high = hex_digit(text[0]);
		int low = high >= 0 ? hex_digit(text[1]) : -1;

		if (low < 0 || n == room)
			return -1;
		out[n] = (uint8_t)(high << 4 | low);
	}
	return (ssize_t)n;
}

#endif
