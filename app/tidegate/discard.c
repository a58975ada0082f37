/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * discard (RFC 863): what comes in is thrown away, nothing is answered.
 */
#include <errno.h>

#include "services.h"

void
discard_ready(struct service *s, struct conn_node *n)
{
	const uint8_t *p;
	int len;

	while ((len = tg_peek(s->worker, n->conn, &p)) > 0)
		tg_consume(s->worker, n->conn, (uint32_t)len);
	if (len != -EAGAIN)
		service_close(s, n);
}

void
discard_drain(struct service *s, struct conn_node *n)
{
	tg_shutdown(s->worker, n->conn);
	discard_ready(s, n);
}

const struct service_ops discard_ops = {
	.name = "discard",
	.node_size = sizeof(struct conn_node),
	.ready = discard_ready,
	.drain = discard_drain,
};
