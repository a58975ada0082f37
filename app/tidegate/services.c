/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>

#include "services.h"

/* Events and connections taken at a time. */
#define EVENT_BURST 32
/* Rounds in one turn: what is left stays pending and comes with the next turn. */
#define EVENT_ROUNDS 8

static const struct service_ops *const all_ops[SERVICE_KINDS] = {
	[SERVICE_ECHO] = &echo_ops,
	[SERVICE_DISCARD] = &discard_ops,
	[SERVICE_HTTP] = &http_ops,
	[SERVICE_GREET] = &greet_ops,
};

int
service_create(
	enum service_kind kind, uint32_t max_conns, struct http_use *use, struct service **out)
{
	struct service *s = calloc(1, sizeof(*s));

	*out = NULL;
	if (s == NULL)
		return -ENOMEM;
	s->ops = all_ops[kind];
	s->use = use;
	if (conns_init(&s->conns, max_conns, s->ops->node_size) != 0) {
		free(s);
		return -ENOMEM;
	}
	*out = s;
	return 0;
}

void
service_destroy(struct service *s)
{
	if (s == NULL)
		return;
	conns_fini(&s->conns);
	free(s);
}

void
service_close(struct service *s, struct conn_node *n)
{
	if (s->ops->closed != NULL)
		s->ops->closed(s, n);
	tg_close(s->worker, n->conn);
	conns_put(&s->conns, n);
}

static void
open_conn(struct service *s, tg_conn c)
{
	struct conn_node *n = conns_get(&s->conns, c);

	/* A record for each of the engine's entries: this is for a service used otherwise. */
	if (n == NULL) {
		tg_abort(s->worker, c);
		return;
	}
	tg_set_user(s->worker, c, n);
	if (s->ops->opened != NULL)
		s->ops->opened(s, n);
}

static void
accept_all(struct service *s, tg_listener l)
{
	tg_conn c[EVENT_BURST];
	unsigned n;

	do {
		n = tg_accept(s->worker, l, c, EVENT_BURST);
		for (unsigned i = 0; i < n; i++)
			open_conn(s, c[i]);
	} while (n == EVENT_BURST);
}

static void
drain_all(struct service *s)
{
	struct conn_node *next;

	s->draining = true;
	for (struct conn_node *n = s->conns.live.next; n != &s->conns.live; n = next) {
		next = n->next;
		s->ops->drain(s, n);
	}
}

static void
handle(struct service *s, const struct tg_event *ev)
{
	struct conn_node *n;

	if (ev->what & TG_EV_DRAIN)
		drain_all(s);
	if (ev->what & TG_EV_ACCEPT)
		accept_all(s, ev->listener);
	if (ev->conn == 0)
		return;
	/* Not ev->user: an event before this one in the burst may have closed the connection. */
	n = tg_user(s->worker, ev->conn);
	if (n == NULL)
		return;
	if (ev->what & TG_EV_CLOSED)
		service_close(s, n);
	else
		s->ops->ready(s, n);
}

void
service_run(struct tg_worker *w, void *ctx)
{
	struct service *s = ctx;
	struct tg_event ev[EVENT_BURST];
	unsigned n = EVENT_BURST;

	s->worker = w;
	for (unsigned round = 0; round < EVENT_ROUNDS && n == EVENT_BURST; round++) {
		n = tg_worker_events(w, ev, EVENT_BURST);
		for (unsigned i = 0; i < n; i++)
			handle(s, &ev[i]);
	}
}
