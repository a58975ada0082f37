/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_APP_LOCATE_H
#define TIDEGATE_APP_LOCATE_H
/**
 * @file
 * Where in a YAML text something stands. Only used to say what is wrong.
 */
#include <stddef.h>

/**
 * Looks for a syntax error, and for a second document, which nothing would read.
 *
 * @param problem  set to static text
 * @return 0 when there is none, else its line, from 1 on
 */
size_t locate_syntax_error(const char *text, size_t len, const char **problem);

/**
 * Finds a key or list entry.
 *
 * @param path  such as "listeners[1].port"; of what is not there, the nearest thing around it
 * @param last  when the key is there twice, the second one
 * @return its line, from 1 on; 0 when the path is empty or nothing of it is there
 */
size_t locate_path(const char *text, size_t len, const char *path, int last);

#endif
