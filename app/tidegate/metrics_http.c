/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libmicrohttpd drops a connection on which nothing comes for a while, but one that sends a byte
 * now and then may stay for ever, and sixteen of those would keep everybody else out. So the loop
 * is our own, and cuts off whoever has had METRICS_REQUEST_MS for a request.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <microhttpd.h>

#include "metrics_http.h"

/* Bytes for what a connection sends and its headers; more is refused with 431. */
#define CONNECTION_BYTES 8192
/* Longest wait of a turn: so late may a deadline be noticed. */
#define TURN_MS 500

/* A connection, from accept() to close(). */
struct guest {
	int fd; /* -1: free place */
	int64_t since;
};

struct metrics_http {
	struct MHD_Daemon *mhd;
	int epoll;
	struct metrics_handler handler;
	struct guest guest[METRICS_CONNECTIONS];
};

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int
fd_of(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *i =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);

	return i != NULL ? i->connect_fd : -1;
}

static void
on_connection(void *ctx, struct MHD_Connection *c, void **socket_ctx,
	enum MHD_ConnectionNotificationCode code)
{
	struct metrics_http *h = ctx;
	struct guest *g = *socket_ctx;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (g != NULL)
			g->fd = -1;
		return;
	}
	for (unsigned i = 0; i < METRICS_CONNECTIONS; i++)
		if (h->guest[i].fd < 0) {
			h->guest[i] = (struct guest){fd_of(c), now_ms()};
			*socket_ctx = &h->guest[i];
			return;
		}
}

static void
on_completed(void *ctx, struct MHD_Connection *c, void **req, enum MHD_RequestTerminationCode why)
{
	const union MHD_ConnectionInfo *i =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct guest *g = i != NULL ? i->socket_context : NULL;

	(void)ctx;
	(void)req;
	(void)why;
	if (g != NULL)
		g->since = now_ms();
}

static struct metrics_answer
not_allowed(void)
{
	static const char text[] = "only GET and HEAD\n";

	return (struct metrics_answer){MHD_HTTP_METHOD_NOT_ALLOWED, "text/plain; charset=utf-8",
		strdup(text), sizeof(text) - 1};
}

static enum MHD_Result
on_request(void *ctx, struct MHD_Connection *c, const char *url, const char *method,
	const char *version, const char *upload, size_t *upload_size, void **req)
{
	struct metrics_http *h = ctx;
	struct MHD_Response *r;
	struct metrics_answer a;
	enum MHD_Result rc;

	(void)version;
	(void)upload;
	if (*req == NULL) {
		/* Only the header is there: what follows is thrown away before there is an answer.
		 */
		*req = h;
		return MHD_YES;
	}
	if (*upload_size != 0) {
		*upload_size = 0;
		return MHD_YES;
	}
	if (strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0)
		a = h->handler.get(h->handler.ctx, url,
			MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT));
	else
		a = not_allowed();
	if (a.body == NULL)
		return MHD_NO;
	r = MHD_create_response_from_buffer(a.len, a.body, MHD_RESPMEM_MUST_FREE);
	if (r == NULL) {
		free(a.body);
		return MHD_NO;
	}
	MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, a.content_type);
	if (a.status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	rc = MHD_queue_response(c, a.status, r);
	MHD_destroy_response(r);
	return rc;
}

struct metrics_http *
metrics_http_create(int fd, const struct metrics_handler *handler)
{
	struct metrics_http *h = calloc(1, sizeof(*h));
	const union MHD_DaemonInfo *info;

	if (h == NULL) {
		close(fd);
		return NULL;
	}
	h->handler = *handler;
	for (unsigned i = 0; i < METRICS_CONNECTIONS; i++)
		h->guest[i].fd = -1;
	h->mhd = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, h,
		MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)METRICS_CONNECTIONS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)CONNECTION_BYTES, MHD_OPTION_NOTIFY_CONNECTION, on_connection, h,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, h, MHD_OPTION_END);
	if (h->mhd == NULL) {
		close(fd);
		free(h);
		return NULL;
	}
	info = MHD_get_daemon_info(h->mhd, MHD_DAEMON_INFO_EPOLL_FD);
	h->epoll = info != NULL ? info->epoll_fd : -1;
	return h;
}

/* libmicrohttpd sees the end of a connection that was shut down, and closes it. */
static void
cut_off(struct metrics_http *h)
{
	int64_t now = now_ms();

	for (unsigned i = 0; i < METRICS_CONNECTIONS; i++)
		if (h->guest[i].fd >= 0 && now - h->guest[i].since > METRICS_REQUEST_MS)
			shutdown(h->guest[i].fd, SHUT_RDWR);
}

void
metrics_http_turn(struct metrics_http *h, int wake)
{
	struct pollfd p[2] = {{.fd = h->epoll, .events = POLLIN}, {.fd = wake, .events = POLLIN}};
	unsigned MHD_LONG_LONG wait = TURN_MS;

	if (MHD_get_timeout(h->mhd, &wait) != MHD_YES || wait > TURN_MS)
		wait = TURN_MS;
	poll(p, 2, (int)wait);
	MHD_run(h->mhd);
	cut_off(h);
}

void
metrics_http_destroy(struct metrics_http *h)
{
	if (h == NULL)
		return;
	MHD_stop_daemon(h->mhd);
	free(h);
}
