/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_APP_METRICS_HTTP_H
#define TIDEGATE_APP_METRICS_HTTP_H
/**
 * @file
 * The HTTP server of the management side, on libmicrohttpd; one thread calls all of it.
 */
#include <stdbool.h>
#include <stddef.h>

/** Connections at a time; others wait in the kernel's queue. */
#define METRICS_CONNECTIONS 16
/** From a connection's begin, or its last answer, until the next answer has left. */
#define METRICS_REQUEST_MS 5000

/** An answer. */
struct metrics_answer {
	unsigned status;          /**< HTTP status */
	const char *content_type; /**< static text */
	char *body;               /**< from malloc(), the server's then; NULL: no memory */
	size_t len;
};

/** Makes answers. */
struct metrics_handler {
	/**
	 * @param path    of the URL, without query
	 * @param accept  the Accept field, NULL: none
	 */
	struct metrics_answer (*get)(void *ctx, const char *path, const char *accept);
	void *ctx;
};

/** The server. */
struct metrics_http;

/**
 * Makes a server on a listening socket.
 *
 * @param fd       the server's from now on, on failure too
 * @param handler  copied
 * @return NULL: no memory or descriptors
 */
struct metrics_http *metrics_http_create(int fd, const struct metrics_handler *handler);

/**
 * Waits up to half a second for something to do, or until `wake` can be read, and does it: bounded
 * work. Cuts off who takes longer than METRICS_REQUEST_MS.
 */
void metrics_http_turn(struct metrics_http *h, int wake);

/** Cuts all connections and ends it. NULL does nothing. */
void metrics_http_destroy(struct metrics_http *h);

#endif
