/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_APP_PAGE_SET_H
#define TIDEGATE_APP_PAGE_SET_H
/**
 * @file
 * The answers of the http service, shared by all shards, and those of earlier configurations that
 * clients still read from.
 */
#include "http_pages.h"

/** One set of answers. */
struct page_set {
	struct page_set *next; /**< the one before it */
	struct http_pages *pages;
	unsigned nb_uses;
	bool kept; /**< a shard did not go over to the next one: freed at the end only */
	struct http_use use[]; /**< one for each shard */
};

/**
 * Makes a set.
 *
 * @param pages    the set's from here on, also on failure
 * @param nb_uses  shards
 * @return NULL: no memory
 */
struct page_set *page_set_make(struct http_pages *pages, unsigned nb_uses);

/** Frees a set and all before it. NULL does nothing. */
void page_set_free(struct page_set *s);

/**
 * Frees sets that nobody reads from any more.
 *
 * @param now  the set that shards use; those behind it were used before
 */
void page_set_reap(struct page_set *now);

#endif
