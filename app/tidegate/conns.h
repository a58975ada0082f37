/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_APP_CONNS_H
#define TIDEGATE_APP_CONNS_H
/**
 * @file
 * The connections of a service: one record each, from a pool made at start, all on a list.
 */
#include <tidegate/worker.h>

/** What every record begins with. */
struct conn_node {
	struct conn_node *next, *prev;
	tg_conn conn;
};

/** A pool of records and the list of those in use. */
struct conns {
	struct conn_node live; /**< head of the ring of records in use */
	struct conn_node *free;
	uint8_t *memory;
	size_t size;
	uint32_t capacity;
	uint32_t fresh; /**< records from here on were never used: untouched memory */
	uint32_t used;
};

/**
 * Makes a pool.
 *
 * @param capacity  records
 * @param size      bytes of a record, which begins with a struct conn_node
 * @return 0 or -ENOMEM
 */
int conns_init(struct conns *cs, uint32_t capacity, size_t size);

/** Gives the memory back. */
void conns_fini(struct conns *cs);

/** A record for a connection, all zero behind the node. NULL when all are in use. */
struct conn_node *conns_get(struct conns *cs, tg_conn c);

/** Puts a record back. */
void conns_put(struct conns *cs, struct conn_node *n);

#endif
