/* SPDX-License-Identifier: BSD-3-Clause */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "secret_pages.h"

void *
secret_pages_get(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	/* A kernel without core dumps refuses, and has nothing to leave it out of. */
	madvise(p, size, MADV_DONTDUMP);
	return p;
}

void
secret_pages_put(void *p, size_t size)
{
	if (p == NULL)
		return;
	explicit_bzero(p, size);
	munmap(p, size);
}

void *
secret_realloc(void *ctx, void *p, size_t size)
{
	size_t old = p != NULL ? malloc_usable_size(p) : 0;
	void *grown = NULL;

	(void)ctx;
	if (size != 0) {
		grown = malloc(size);
		if (grown == NULL)
			return NULL;
		if (p != NULL)
			memcpy(grown, p, old < size ? old : size);
	}
	if (p != NULL)
		explicit_bzero(p, old);
	free(p);
	return grown;
}
