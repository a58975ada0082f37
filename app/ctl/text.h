/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_CTL_TEXT_H
#define TIDEGATE_CTL_TEXT_H
/**
 * @file
 * Text for a terminal: tables, numbers, and strings of the daemon made harmless.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

/**
 * Copies a string with everything that could move a cursor replaced by '?': control characters,
 * DEL, the C1 controls U+0080 to U+009F, and bytes that are not UTF-8. Cut to fit, between
 * characters.
 *
 * @param size  of out, 1 or more
 * @return out
 */
char *text_clean(const char *s, char *out, size_t size);

/** A number of an object; 0 when it is missing, negative or no whole number. */
uint64_t text_u64(const json_t *object, const char *key);

/** A string of an object, as it came; `missing` when there is none. Valid as long as the object. */
const char *text_str(const json_t *object, const char *key, const char *missing);

/** A table whose columns are as wide as their widest cell. */
struct text_table;

/**
 * Makes a table.
 *
 * @param titles  one for each column; one that begins with '<' is aligned to the left
 * @return the caller's until text_table_print(); NULL: no memory
 */
struct text_table *text_table_new(unsigned columns, const char *const titles[]);

/** Adds a cell, row by row; what is in it is cleaned. NULL as table does nothing. */
void text_table_add(struct text_table *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/** Adds a line of its own below the last whole row, cleaned as a cell is; one for each row. */
void text_table_note(struct text_table *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/** Prints titles and rows, and frees the table. NULL does nothing. */
void text_table_print(struct text_table *t, FILE *to);

/** 1234567 as "1.23M": at most 6 characters. @return out, which has room for 16 */
char *text_short(double v, char out[16]);

/** Reads a whole number of decimal digits, from min to max. */
bool text_number(const char *s, uint64_t min, uint64_t max, uint64_t *out);

/** Reads seconds with up to three decimals as ms, from min_ms to max_ms. */
bool text_seconds(const char *s, uint64_t min_ms, uint64_t max_ms, uint64_t *ms);

#endif
