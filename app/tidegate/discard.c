/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * discard (RFC 863): what comes in is thrown away, nothing is answered.
 */
#include <errno.h>

#include "services.h"

static void
ready(struct service *s, struct conn_node *n)
{
	const uint8_t *p;
	int len;

	while ((len = tg_peek(s->worker, n->conn, &p)) > 0)
		tg_consume(s->worker, n->conn, (uint32_t)len);
	if (len != -EAGAIN)
		service_close(s, n);
}

/* Our half ends now; the peer may go on until it ends its own. */
static void
drain(struct service *s, struct conn_node *n)
{
	tg_shutdown(s->worker, n->conn);
	ready(s, n);
}

const struct service_ops discard_ops = {
	.name = "discard",
	.node_size = sizeof(struct conn_node),
	.ready = ready,
	.drain = drain,
};
