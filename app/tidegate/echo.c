/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * echo (RFC 862): what comes in goes out again. Bytes stay in the receive queue until the send
 * queue takes them, so a client that does not read is slowed down by the window, and no memory is
 * needed here.
 */
#include <errno.h>

#include "services.h"

/* A connection's record. */
struct echo_conn {
	struct conn_node node;
	bool shut; /* our FIN is on its way: what still comes in is thrown away */
};

/* Throws away what was received. True at the end of the stream or when the connection is over. */
static bool
swallow(struct service *s, tg_conn c)
{
	const uint8_t *p;
	int n;

	while ((n = tg_peek(s->worker, c, &p)) > 0)
		tg_consume(s->worker, c, (uint32_t)n);
	return n != -EAGAIN;
}

/* Moves bytes back. Returns 0 when the stream ended, -EAGAIN when there is more to wait for. */
static int
pump(struct service *s, tg_conn c)
{
	const uint8_t *p;
	int n, sent;

	while ((n = tg_peek(s->worker, c, &p)) > 0) {
		sent = tg_send(s->worker, c, p, (uint32_t)n);
		if (sent < 0)
			return sent;
		tg_consume(s->worker, c, (uint32_t)sent);
		if (sent < n)
			return -EAGAIN;
	}
	return n;
}

/* True when nothing that came in waits to be sent back. */
static bool
is_even(struct service *s, tg_conn c)
{
	const uint8_t *p;

	return tg_peek(s->worker, c, &p) == -EAGAIN;
}

static void
ready(struct service *s, struct conn_node *n)
{
	struct echo_conn *e = (struct echo_conn *)n;

	if (e->shut) {
		if (swallow(s, n->conn))
			service_close(s, n);
		return;
	}
	if (pump(s, n->conn) != -EAGAIN) {
		service_close(s, n);
		return;
	}
	if (s->draining && is_even(s, n->conn)) {
		e->shut = true;
		tg_shutdown(s->worker, n->conn);
	}
}

const struct service_ops echo_ops = {
	.name = "echo",
	.node_size = sizeof(struct echo_conn),
	.ready = ready,
	.drain = ready,
};
