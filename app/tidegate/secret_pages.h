/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_APP_SECRET_PAGES_H
#define TIDEGATE_APP_SECRET_PAGES_H
/**
 * @file
 * Memory for what may hold a key: in no core dump, and wiped when it goes.
 */
#include <stddef.h>

/**
 * Zeroed pages of their own, left out of core dumps.
 *
 * @param size  bytes, not 0
 * @return NULL: no memory
 */
void *secret_pages_get(size_t size);

/**
 * Wipes them and gives them back. NULL does nothing.
 *
 * @param size  as it was asked for
 */
void secret_pages_put(void *p, size_t size);

/**
 * realloc() that wipes what it leaves; size 0 frees. For libraries that take a function for memory.
 *
 * @param ctx  not used
 */
void *secret_realloc(void *ctx, void *p, size_t size);

#endif
