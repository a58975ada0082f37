/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "page_set.h"

struct page_set *
page_set_make(struct http_pages *pages, unsigned nb_uses)
{
	/* Shards write to their use: each has a cache line, so the size is a multiple of one. */
	size_t head = (sizeof(struct page_set) + 63) & ~(size_t)63;
	size_t size = head + nb_uses * sizeof(struct http_use);
	struct page_set *s = aligned_alloc(64, size);

	if (s == NULL) {
		http_pages_free(pages);
		return NULL;
	}
	memset(s, 0, size);
	s->pages = pages;
	s->nb_uses = nb_uses;
	for (unsigned i = 0; i < nb_uses; i++)
		s->use[i].pages = pages;
	return s;
}

void
page_set_free(struct page_set *s)
{
	while (s != NULL) {
		struct page_set *next = s->next;

		http_pages_free(s->pages);
		free(s);
		s = next;
	}
}

/* A set that no shard uses gets no new answers under way: once it has none it never will. */
static bool
is_read(const struct page_set *s)
{
	for (unsigned i = 0; i < s->nb_uses; i++)
		if (__atomic_load_n(&s->use[i].replies, __ATOMIC_ACQUIRE) != 0)
			return true;
	return false;
}

void
page_set_reap(struct page_set *now)
{
	struct page_set **at = &now->next;

	while (*at != NULL) {
		struct page_set *s = *at;

		if (s->kept || is_read(s)) {
			at = &s->next;
			continue;
		}
		*at = s->next;
		s->next = NULL;
		page_set_free(s);
	}
}
