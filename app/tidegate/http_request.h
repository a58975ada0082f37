/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_APP_HTTP_REQUEST_H
#define TIDEGATE_APP_HTTP_REQUEST_H
/**
 * @file
 * Requests, read from a stream of bytes one at a time. Nothing but a few bytes of each is kept.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <http_parser.h>

#include "http_pages.h"

/** Longest path that is told from others. */
#define HTTP_PATH_MAX 16

/** A request on its way in. */
struct http_request {
	http_parser parser;
	char path[HTTP_PATH_MAX]; /**< without query; not ended */
	uint8_t path_len;         /**< HTTP_PATH_MAX + 1: longer */
	uint8_t slashes;          /**< of an absolute form before its path */
	uint8_t field_len;        /**< bytes of the field name seen, up to 5 */
	bool in_value;            /**< the last piece of header was a value */
	bool in_query;
	bool maybe_host; /**< the field name so far begins "host" */
	bool host;       /**< there was a Host field */
	bool begun;      /**< some of it is here */
	bool complete;   /**< the answer is due */
	bool bad;        /**< not HTTP: answer 400 and read no more */
};

/** What to answer. */
struct http_answer {
	enum page_status status;
	enum http_mode mode;
	bool head; /**< header only */
};

/** Gets ready for the first request of a connection. */
void http_request_init(struct http_request *r);

/**
 * Reads bytes up to the end of one request; call again with the rest after http_request_next().
 *
 * @return bytes read; r->complete or r->bad is set when an answer is due
 */
size_t http_request_feed(struct http_request *r, const uint8_t *data, size_t len);

/** The answer to a request that is complete or bad. */
struct http_answer http_request_answer(const struct http_request *r);

/** Gets ready for the next request on the connection. */
void http_request_next(struct http_request *r);

#endif
