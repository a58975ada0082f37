/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_TEST_DIE_H
#define TG_TEST_DIE_H
/**
 * @file
 * How the harness fails: one text, said once.
 */

/** Fails the test with a text. Does not return. */
_Noreturn void die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/**
 * Where the text goes, for a runner that goes on with its next test: must not return (longjmp).
 * NULL, the default: printed to stderr, then abort().
 */
extern void (*die_hook)(const char *text);

#endif
