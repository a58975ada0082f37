/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_TEST_CTL_SUPPORT_H
#define TG_TEST_CTL_SUPPORT_H
/**
 * @file
 * What the tests of tidegatectl include.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

/** JSON with ' in place of ", so that it can stand in C. */
static inline json_t *
json(const char *text)
{
	char copy[4096];
	json_t *j;

	assert_true(strlen(text) < sizeof(copy));
	strcpy(copy, text);
	for (char *s = copy; *s != '\0'; s++)
		if (*s == '\'')
			*s = '"';
	j = json_loads(copy, 0, NULL);
	assert_non_null(j);
	return j;
}

#endif
