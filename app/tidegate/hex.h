/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_APP_HEX_H
#define TIDEGATE_APP_HEX_H
/**
 * @file
 * Hex digits, whatever the locale.
 */

/** Value of a hex digit; -1 for any other character, the end of a text among them. */
static inline int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

#endif
