/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_APP_SERVICES_H
#define TIDEGATE_APP_SERVICES_H
/**
 * @file
 * What the services share: the event loop of a worker and the records of its connections. They
 * use tidegate/worker.h and nothing else of tidegate.
 */
#include <tidegate/worker.h>

#include "config.h"
#include "conns.h"

struct service;
struct http_use;

/** How a service is made. */
struct service_ops {
	const char *name;
	size_t node_size; /**< bytes of a connection's record */
	/** A connection was accepted; its record is zero behind the node. May be NULL. */
	void (*opened)(struct service *s, struct conn_node *n);
	/** Something can be read, or written again, or the service asks itself to go on. */
	void (*ready)(struct service *s, struct conn_node *n);
	/** The engine is stopping: close it when idle, else finish what is under way. */
	void (*drain)(struct service *s, struct conn_node *n);
	/** The record is about to be put back. May be NULL. */
	void (*closed)(struct service *s, struct conn_node *n);
};

/** One service on one shard. */
struct service {
	const struct service_ops *ops;
	struct tg_worker *worker; /**< set before the first event */
	struct conns conns;
	bool draining;
	struct http_use *use;         /**< http: what to answer; may be changed between bursts */
	struct conn_node *linger[16]; /**< http: see http.c */
	unsigned linger_next;
};

/**
 * Makes a service.
 *
 * @param max_conns  connections the engine can have
 * @param use        for SERVICE_HTTP: this service's alone; must live as long as it is used or
 *                   answers are under way
 * @return 0 or -ENOMEM
 */
int service_create(
	enum service_kind kind, uint32_t max_conns, struct http_use *use, struct service **out);

/** Ends a service, after its engine. NULL does nothing. */
void service_destroy(struct service *s);

/** Handles events: the run function of the inline worker; ctx is the service. */
void service_run(struct tg_worker *w, void *ctx);

/** Closes a connection and puts its record back: n is gone. */
void service_close(struct service *s, struct conn_node *n);

/** Throws away what has come in; closes at its end or after an error (discard.c). */
void discard_ready(struct service *s, struct conn_node *n);

/** Our half ends now; the peer may go on until it ends its own (discard.c). */
void discard_drain(struct service *s, struct conn_node *n);

extern const struct service_ops echo_ops;
extern const struct service_ops discard_ops;
extern const struct service_ops http_ops;
extern const struct service_ops greet_ops;

#endif
