/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * http: one static page over HTTP/1.1 and 1.0, with keep-alive and pipelining.
 *
 * One answer of a connection is under way at a time; while it does not fit into the send queue
 * the next request stays in the receive queue, so a client that does not read is slowed down by
 * the window, and a connection costs one small record whatever it does.
 */
#include <errno.h>
#include <string.h>

#include "http_request.h"
#include "services.h"

/* Connections that may linger at a time: as service.linger has places. */
#define LINGER_MAX (sizeof(((struct service *)0)->linger) / sizeof(struct conn_node *))
/* Bytes thrown away of a lingering connection before it is closed all the same. */
#define LINGER_BYTES (256u << 10)

/* A connection's record. */
struct http_conn {
	struct conn_node node;
	struct http_request request;
	const struct http_reply *reply; /* being sent, or NULL */
	struct http_use *use;           /* whose it is */
	uint32_t sent;                  /* bytes of it */
	uint32_t end;                   /* where it ends: HEAD gets less */
	uint32_t swallowed;             /* bytes thrown away while lingering */
	bool last;                      /* close after this answer */
	bool error;                     /* the client may still be sending what nobody reads */
	bool lingering;
};

static void
opened(struct service *s, struct conn_node *n)
{
	(void)s;
	http_request_init(&((struct http_conn *)n)->request);
}

/*
 * Counts answers under way. One writer, so no locked operation; released, so that who reads 0 may
 * free what was sent.
 */
static void
count_replies(struct http_use *use, uint32_t n)
{
	__atomic_store_n(&use->replies, use->replies + n, __ATOMIC_RELEASE);
}

/* The answer is sent, or never will be. */
static void
end_reply(struct http_conn *h)
{
	h->reply = NULL;
	count_replies(h->use, UINT32_MAX);
}

static void
closed(struct service *s, struct conn_node *n)
{
	struct http_conn *h = (struct http_conn *)n;

	if (h->reply != NULL)
		end_reply(h);
	for (unsigned i = 0; i < LINGER_MAX; i++)
		if (s->linger[i] == n)
			s->linger[i] = NULL;
}

/*
 * Closing while the client still sends would answer its bytes with a RST, and a RST can make it
 * lose an answer it has not read yet. So our half is closed, and what comes is thrown away until
 * its end. No service has a clock: places are limited instead, the oldest makes room.
 */
static void
linger(struct service *s, struct http_conn *h)
{
	unsigned i = s->linger_next++ % LINGER_MAX;

	if (s->linger[i] != NULL)
		service_close(s, s->linger[i]);
	s->linger[i] = &h->node;
	h->lingering = true;
	tg_shutdown(s->worker, h->node.conn);
}

/* True when the connection is over and closed: h is gone. */
static bool
swallow(struct service *s, struct http_conn *h)
{
	const uint8_t *p;
	int n;

	while ((n = tg_peek(s->worker, h->node.conn, &p)) > 0) {
		tg_consume(s->worker, h->node.conn, (uint32_t)n);
		h->swallowed += (uint32_t)n;
		if (h->swallowed > LINGER_BYTES)
			break;
	}
	if (n == -EAGAIN)
		return false;
	service_close(s, &h->node);
	return true;
}

/* The last answer is in the send queue. */
static void
end_politely(struct service *s, struct http_conn *h)
{
	const uint8_t *p;
	int n = tg_peek(s->worker, h->node.conn, &p);

	if (n > 0 || (n == -EAGAIN && h->error)) {
		linger(s, h);
		swallow(s, h);
		return;
	}
	service_close(s, &h->node);
}

/* Goes on sending. True when the whole answer is in the send queue. */
static bool
send_reply(struct service *s, struct http_conn *h)
{
	while (h->sent < h->end) {
		int n = tg_send(
			s->worker, h->node.conn, h->reply->bytes + h->sent, h->end - h->sent);

		if (n <= 0)
			return false; /* TG_EV_WRITE or TG_EV_CLOSED will come */
		h->sent += (uint32_t)n;
	}
	end_reply(h);
	return true;
}

static void
begin_reply(struct service *s, struct http_conn *h)
{
	struct http_answer a = http_request_answer(&h->request);

	h->error = h->request.bad;
	h->last = s->draining || a.mode == HTTP_CLOSE;
	h->use = s->use;
	count_replies(h->use, 1);
	h->reply = &h->use->pages->reply[a.status][h->last ? HTTP_CLOSE : a.mode];
	h->end = a.head ? h->reply->head_len : h->reply->len;
	h->sent = 0;
}

/* Reads up to the next request that wants an answer. False: nothing to do, or h is gone. */
static bool
read_request(struct service *s, struct http_conn *h)
{
	const uint8_t *p;
	int n;

	while ((n = tg_peek(s->worker, h->node.conn, &p)) > 0) {
		size_t used = http_request_feed(&h->request, p, (size_t)n);

		tg_consume(s->worker, h->node.conn, (uint32_t)used);
		if (h->request.complete || h->request.bad) {
			begin_reply(s, h);
			return true;
		}
	}
	if (n != -EAGAIN)
		service_close(s, &h->node);
	return false;
}

static void
ready(struct service *s, struct conn_node *n)
{
	struct http_conn *h = (struct http_conn *)n;

	if (h->lingering) {
		swallow(s, h);
		return;
	}
	for (;;) {
		if (h->reply == NULL && !read_request(s, h))
			return;
		if (!send_reply(s, h))
			return;
		if (h->last) {
			end_politely(s, h);
			return;
		}
		http_request_next(&h->request);
	}
}

static void
drain(struct service *s, struct conn_node *n)
{
	struct http_conn *h = (struct http_conn *)n;
	const uint8_t *p;

	if (h->lingering || h->reply != NULL || h->request.begun)
		return;
	if (tg_peek(s->worker, n->conn, &p) == -EAGAIN)
		service_close(s, n);
}

const struct service_ops http_ops = {
	.name = "http",
	.node_size = sizeof(struct http_conn),
	.opened = opened,
	.ready = ready,
	.drain = drain,
	.closed = closed,
};
