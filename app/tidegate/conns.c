/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conns.h"

int
conns_init(struct conns *cs, uint32_t capacity, size_t size)
{
	memset(cs, 0, sizeof(*cs));
	cs->size = (size + 15) & ~(size_t)15;
	cs->capacity = capacity;
	cs->memory = calloc(capacity, cs->size);
	cs->live.next = cs->live.prev = &cs->live;
	return cs->memory != NULL ? 0 : -ENOMEM;
}

void
conns_fini(struct conns *cs)
{
	free(cs->memory);
	memset(cs, 0, sizeof(*cs));
}

struct conn_node *
conns_get(struct conns *cs, tg_conn c)
{
	struct conn_node *n = cs->free;

	if (n != NULL)
		cs->free = n->next;
	else if (cs->fresh < cs->capacity)
		n = (struct conn_node *)(void *)(cs->memory + cs->size * cs->fresh++);
	else
		return NULL;
	memset(n, 0, cs->size);
	n->conn = c;
	n->prev = cs->live.prev;
	n->next = &cs->live;
	n->prev->next = n;
	n->next->prev = n;
	cs->used++;
	return n;
}

void
conns_put(struct conns *cs, struct conn_node *n)
{
	n->prev->next = n->next;
	n->next->prev = n->prev;
	n->conn = 0;
	n->next = cs->free;
	cs->free = n;
	cs->used--;
}
