/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * greet: a line for everyone who connects, before the client has said anything, as SMTP and SSH
 * begin. What comes in is thrown away. Only with a service like this does a client notice that its
 * last ACK was lost: it has nothing to send that would carry the ACK again.
 */
#include "services.h"

static const char greeting[] = "220 tidegate ready\r\n";

/* A connection's send queue is empty when it opens, and at least 4096 bytes long. */
static void
opened(struct service *s, struct conn_node *n)
{
	tg_send(s->worker, n->conn, greeting, sizeof(greeting) - 1);
}

const struct service_ops greet_ops = {
	.name = "greet",
	.node_size = sizeof(struct conn_node),
	.opened = opened,
	.ready = discard_ready,
	.drain = discard_drain,
};
